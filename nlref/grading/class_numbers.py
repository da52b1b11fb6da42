"""What a class did, in numbers: distribution, hardest exercises and criteria, mistakes by name, who needs a person.

Collected submission by submission, so that a class of any size costs a few numbers for each learner.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any

from nlref.grading.report import Row, exercise_names
from nlref.grading.result import SubmissionResult


@dataclass
class ExerciseNumbers:
    """One exercise in the class.

    Attributes
        points: what it is worth.
        scores: how many submissions got all points, some, none, and how many wait for a person.
        mean: of those that are graded, in points.
        criteria: by name, how many submissions lost points by it.
        mistakes: by name, who was recognised to have made it.
        reasons: in how many submissions points are missing for this reason.
        private_only: who fails on private inputs alone.
    """

    points: float
    full: int = 0
    partial: int = 0
    zero: int = 0
    waiting: int = 0
    mean: float = 0.0
    criteria: Counter[str] = field(default_factory=Counter)
    mistakes: dict[str, list[str]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    private_only: list[str] = field(default_factory=list)

    @property
    def difficulty(self) -> float:
        """The share of the points that was not earned, from 0 to 1."""
        return 1 - self.mean / self.points if self.points else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain Python types."""
        counts = {
            name: getattr(self, name) for name in ("points", "full", "partial", "zero", "waiting", "mean")
        }
        named = {
            "criteria": dict(self.criteria),
            "reasons": dict(self.reasons),
            "mistakes": dict(self.mistakes),
        }
        return {**counts, **named, "private_only": list(self.private_only)}


@dataclass
class ClassNumbers:
    """One assignment in the class; :meth:`add` takes one submission after the other.

    Attributes
        points: what the assignment is worth.
        totals: by student, what counts in the gradebook.
        exercises: in the instructor's order.
        isolation: how many submissions ran under it.
        problems: by student, why a notebook could not be graded.
        waiting: by student, what a person has yet to grade.
        repaired, suspicious: by student, a sentence each.
        notes: by exercise and sentence, in whose submissions there is something that the instructor should know.
    """

    points: float
    totals: dict[str, float] = field(default_factory=dict)
    exercises: dict[str, ExerciseNumbers] = field(default_factory=dict)
    isolation: Counter[str] = field(default_factory=Counter)
    problems: dict[str, list[str]] = field(default_factory=dict)
    waiting: dict[str, tuple[str, ...]] = field(default_factory=dict)
    repaired: dict[str, tuple[str, ...]] = field(default_factory=dict)
    suspicious: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _solutions: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: Row, result: SubmissionResult) -> None:
        """Count one submission: its row in the report and what the grader found."""
        student, names = row.student, exercise_names(result)
        self.totals[student] = row.total
        self.isolation[result.isolation] += 1
        for notebook in result.notebooks:
            if notebook.problem:
                self.problems.setdefault(student, []).append(f"{notebook.name}.ipynb: {notebook.problem}")
            for grade_id, digest in notebook.solutions.items():
                where = grade_id if len(result.notebooks) == 1 else f"{notebook.name}/{grade_id}"
                self._solutions[where, digest].append(student)
            for cell in notebook.cells:
                name = names[notebook.name, cell.grade_id]
                exercise = self.exercises.setdefault(name, ExerciseNumbers(cell.points))
                self._count(exercise, row.scores.get(name), cell.points)
                if notebook.problem:
                    continue
                if cell.reason:
                    exercise.reasons[cell.reason] += 1
                exercise.criteria.update(_lost(cell.criteria))
                if cell.mistake:
                    exercise.mistakes.setdefault(cell.mistake, []).append(student)
                if cell.private_only:
                    exercise.private_only.append(student)
                if cell.note:
                    self.notes.setdefault((name, cell.note), []).append(student)
        for kept, sentences in (
            (self.waiting, row.needs_manual_grade),
            (self.repaired, row.repairs),
            (self.suspicious, row.suspicious),
        ):
            if sentences:
                kept[student] = sentences

    @staticmethod
    def _count(exercise: ExerciseNumbers, score: float | None, points: float) -> None:
        if score is None:
            exercise.waiting += 1
            return
        if score >= points:
            exercise.full += 1
        elif score > 0:
            exercise.partial += 1
        else:
            exercise.zero += 1
        graded = exercise.full + exercise.partial + exercise.zero
        exercise.mean += (score - exercise.mean) / graded

    @property
    def identical(self) -> list[tuple[str, list[str]]]:
        """Solution cells that are the same in normal form: the cell, and whose; the smallest groups first."""
        groups = [(where, who) for (where, _), who in self._solutions.items() if len(who) > 1]
        return sorted(groups, key=lambda group: (len(group[1]), group[0], group[1]))

    @property
    def mistakes(self) -> list[tuple[str, str, list[str]]]:
        """Exercise, mistake and who made it; the commonest first."""
        found = [(name, m, who) for name, e in self.exercises.items() for m, who in e.mistakes.items()]
        return sorted(found, key=lambda one: -len(one[2]))

    @property
    def criteria(self) -> list[tuple[str, str, int]]:
        """Exercise, criterion and how many lost points by it; the hardest first."""
        found = [(name, c, n) for name, e in self.exercises.items() for c, n in e.criteria.items()]
        return sorted(found, key=lambda one: -one[2])

    def summary(self) -> dict[str, float]:
        """Count, mean, median, smallest and largest total; zeros for a class of nobody."""
        totals = list(self.totals.values()) or [0.0]
        return {
            "submissions": len(self.totals),
            "mean": mean(totals),
            "median": median(totals),
            "lowest": min(totals),
            "highest": max(totals),
        }

    def bins(self, most: int = 13) -> list[tuple[float, float, int]]:
        """The distribution: lower and upper end of each bin in points, and how many totals are in it."""
        return histogram(list(self.totals.values()), self.points, most)

    def to_dict(self) -> dict[str, Any]:
        """Plain Python types."""
        return {
            **self.summary(),
            "points": self.points,
            "distribution": [{"from": low, "to": high, "count": count} for low, high, count in self.bins()],
            "exercises": {name: exercise.to_dict() for name, exercise in self.exercises.items()},
            "identical": [{"cell": cell, "students": who} for cell, who in self.identical],
            "isolation": dict(self.isolation),
        }


def _lost(criteria: Sequence[tuple[str, float, float]]) -> Iterator[str]:
    """The criteria that cost points: of a question none, and where no value is right, not those that follow from it."""
    if len(criteria) < 2:
        return
    for name, score, points in criteria:
        if score < points:
            yield name
            if name == "values" and score == 0:
                return


def histogram(totals: Sequence[float], points: float, most: int) -> list[tuple[float, float, int]]:
    """Totals in bins of equal, round width; the last one includes what is worth all points and more.

    >>> histogram([0, 4, 5, 10], 10, most=2)
    [(0, 5, 2), (5, 10, 2)]
    """
    if points <= 0:
        return []
    width = next(w for w in (step * 10**k for k in range(-3, 9) for step in (1, 2, 5)) if points / w <= most)
    count = -int(-points // width)
    counts = [0] * count
    for total in totals:
        counts[min(count - 1, max(0, int(total // width)))] += 1
    return [(n * width, min((n + 1) * width, max(points, width)), c) for n, c in enumerate(counts)]
