"""What a check found: plain data with a text, a page and a number."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = 1


@dataclass(frozen=True)
class CriterionResult:
    """One criterion's verdict.

    Attributes
        name: the criterion, such as ``"shape"``.
        score, points: what was earned, of how much.
        passed: whether it holds. A criterion that holds may still score 0 while no values are right.
        message: what failed and what was observed, in plain text with ``code``; empty if there is nothing to say.
        mistake: the name of the known mistake that it was recognised as, or ``None``.
    """

    name: str
    score: float
    points: float
    passed: bool
    message: str = ""
    mistake: str | None = None


@dataclass(frozen=True, repr=False)
class CheckResult:
    """The outcome of ``check``, ``predict`` or ``choose``.

    ``repr(result)`` is the score as a number, which is what nbgrader reads as partial credit; ``str(result)`` is
    the report as text; a notebook shows it as a page.

    Attributes
        exercise: the exercise's id.
        score, points: what was earned, of how much.
        criteria: one :class:`CriterionResult` each.
        attempted: ``False`` while the released stub is unchanged.
        private_only: it fails on private inputs alone, which is a defect of the public ones.
        note: what is said besides the criteria, such as the explanation of a question.
        picture: an SVG of the learner's function beside the reference, or ``None``; not part of ``to_dict``.
    """

    exercise: str
    score: float
    points: float
    criteria: tuple[CriterionResult, ...]
    attempted: bool = True
    private_only: bool = False
    note: str = ""
    picture: str | None = field(default=None, compare=False)

    @property
    def passed(self) -> bool:
        """Whether all points were earned."""
        return self.score >= self.points

    @property
    def mistake(self) -> str | None:
        """The name of the first known mistake that was recognised, or ``None``."""
        return next((criterion.mistake for criterion in self.criteria if criterion.mistake), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain Python types only; :meth:`from_dict` takes it back."""
        content = asdict(self)
        del content["picture"]
        content["criteria"] = [asdict(criterion) for criterion in self.criteria]
        return {"schema": SCHEMA, **content, "passed": self.passed, "mistake": self.mistake}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "CheckResult":
        """The result that :meth:`to_dict` wrote; ``ValueError`` if it was written by another schema."""
        if content.get("schema") != SCHEMA:
            raise ValueError(
                f"this result has schema {content.get('schema')!r}; this version of nlref reads schema {SCHEMA}"
            )
        fields = {
            key: content[key] for key in ("exercise", "score", "points", "attempted", "private_only", "note")
        }
        return cls(criteria=tuple(CriterionResult(**c) for c in content["criteria"]), **fields)

    def __repr__(self) -> str:
        return repr(float(self.score))

    def __str__(self) -> str:
        lines = [f"{self.exercise}: {number(self.score)} of {number(self.points)} points"]
        if not self.attempted:
            lines[0] += ", not attempted yet"
        for criterion in self.criteria:
            mark = "✓" if criterion.passed else "✗" if self.attempted else "·"
            points = f"{number(criterion.score)}/{number(criterion.points)}"
            lines.append(f"  {mark} {criterion.name} ({points})")
            lines.extend(f"      {line}" for line in criterion.message.splitlines())
        if self.note:
            lines.extend(f"  {line}" for line in self.note.splitlines())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from nlref.checks.page import render

        return render(self)


def number(value: float) -> str:
    """A score without needless zeros: 5, 2.5, 1.25."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
