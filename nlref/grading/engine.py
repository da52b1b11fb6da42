"""Grades one submission: the learner's cells in the sandbox, the instructor's tests out here, on remote names.

The cells run in the order in which they stand. A learner's cell runs in the sandboxed session; a helper cell of the
instructor runs there and here; a test cell runs here alone, at the point where it stands, so that a later redefinition
does what it does in nbgrader. A session that dies (memory, ``os._exit``, an endless loop that cannot be stopped) is
begun again with the cells before it, so that it costs the exercise that killed it and no other.

What a learner must not see stays unseen until everything that they will see is recorded: at its place a test cell runs
as it was released, and ``check`` asks the public inputs. Then, in the same session, come hidden tests and private
inputs, of which only the verdict is kept. Code that remembers what it was asked has nowhere left to tell it. Where the
verdict is worse than what the public part gave, the notebook runs once more from its beginning with every test in full
where it stands, all outputs thrown away, and that decides: a function that is spoiled by later cells loses nothing.

How a test cell scores
    an error                                      0
    no value at the end, no error                 all points
    a number in [0, points] at the end            that many
    NaN, an infinity, a number out of range       0 (nbgrader: all points, or no grade at all)
    the result of ``check``, ``predict``, ``choose``   its score, wherever in the cell it was made
    anything else at the end                      all points if the instructor's own solution shows something of
                                                  that kind there too, else 0 (nbgrader: all points)
    a warning, or text on stderr                  nothing (nbgrader: 0)
    points that only an empty answer, NaN, changed
    test data or StopIteration earned             0, unless the instructor's solution does the same (``witness``)
"""

import ast
import builtins
import importlib
import math
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from IPython.core.inputtransformer2 import TransformerManager

from nlref.checks import CheckResult, Exercise, Outcome, call_locally, evaluate, find, without_private
from nlref.grading.assignment import Assignment, MasterCell, MasterNotebook, same_text
from nlref.grading.exchange import FileExchange, uses_files
from nlref.grading.notebook import Graded, autograded_notebook
from nlref.grading.opening import opening_of
from nlref.grading.proxies import remote_of
from nlref.grading.remote import (
    RemoteNamespace,
    TestRun,
    call_each_remotely,
    call_remotely,
    names_defined,
    value_of,
)
from nlref.grading.result import CellResult, NotebookResult, SubmissionResult
from nlref.grading.sandbox import CellRun, Limits, Sandbox, Session, SessionLost
from nlref.grading.scratch import Scratch
from nlref.grading.submission import Cell, Submission, UnreadableNotebook, parse_notebook, repair
from nlref.grading.witness import SENTENCES, SUBSTITUTES, Witness

RESTARTS = 12

# What a lesson may import from nlref besides the checks: it shows something, and there is nobody to look.
_SHOWS = ("explore", "hint", "progress", "reveal")

_ERRORS = frozenset(
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
)
_CHECKS = ("check", "predict", "choose")
_RAN_INSIDE = (
    "it ran inside the learner's process, as its metadata asks: what it found is the word of that process"
)
_WORD = re.compile(r"[^\W\d]\w*")


class Engine:
    """One warm sandbox for one assignment. A context manager; not for use by two threads at once.

    Parameters
        assignment: the instructor's version.
        isolation: ``"bubblewrap"``, or ``"none"`` to run learners' code unconfined as the present user.
        limits: what one submission may use.

    Raises
        SandboxUnavailable: bubblewrap or user namespaces are missing here.
    """

    def __init__(
        self,
        assignment: Assignment,
        *,
        isolation: str = "bubblewrap",
        limits: Limits | None = None,
    ) -> None:
        self.assignment = assignment
        self.isolation = isolation
        self.limits = limits or Limits()
        self.sandbox = Sandbox(assignment.profile, self.limits, isolation, assignment.packages)
        self._model: dict[tuple[str, str | None], Graded] | None = None
        self._own_sides: dict[str, _OwnSide] = {}

    def __enter__(self) -> "Engine":
        with ExitStack() as stack:
            self._files = stack.enter_context(Scratch())
            for name, content in self.assignment.files.items():
                path = self._files / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            stack.enter_context(self.sandbox)
            self._own = stack.pop_all()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._own.__exit__(*exception)

    def grade(self, submission: Submission) -> SubmissionResult:
        """Grade every notebook of the assignment; what a submission lacks or breaks costs it points, nothing else."""
        began = time.perf_counter()
        files, remarks = {**submission.files, **self.assignment.files}, list(submission.remarks)
        size, room = sum(map(len, files.values())), self.limits.scratch_bytes // 2
        if size > room:
            files = dict(self.assignment.files)
            remarks.append(
                f"the files beside the notebooks have {size / 1e6:.0f} MB, {room / 1e6:.0f} MB is the limit: left out"
            )
        notebooks = []
        for name, master in self.assignment.notebooks.items():
            if name in submission.notebooks:
                notebooks.append(self.grade_notebook(master, submission.notebooks[name], files, remarks))
            else:
                notebooks.append(ungraded(master, "it was not submitted"))
        return SubmissionResult(
            student=submission.student,
            assignment=submission.assignment,
            notebooks=tuple(notebooks),
            digest=submission.digest,
            isolation=self.isolation,
            seconds=time.perf_counter() - began,
            remarks=tuple(remarks),
        )

    def grade_notebook(
        self,
        master: MasterNotebook,
        content: bytes | str,
        files: Mapping[str, bytes],
        remarks: Sequence[str] = (),
    ) -> NotebookResult:
        """Read, repair and grade one notebook; ``remarks`` about the folder stand in it with what was mended."""
        try:
            cells, mended = parse_notebook(content)
        except UnreadableNotebook as unreadable:
            return ungraded(master, str(unreadable), show=True)
        repaired = repair(master, cells)
        graded = self.grade_cells(master, repaired.cells, files)
        repairs = (*mended, *repaired.repairs)
        return NotebookResult(
            name=master.name,
            cells=_in_order(master, graded),
            unanswered=_unanswered(master, repaired.cells),
            repairs=repairs,
            content=autograded_notebook(master, graded, (*remarks, *repairs)),
        )

    def grade_cells(
        self, master: MasterNotebook, cells: Sequence[Cell], files: Mapping[str, bytes]
    ) -> list[Graded]:
        """Run repaired cells in order and grade those that are to be graded."""
        with self._inside():
            with _Run(self, master, cells, files, full=False) as run:
                graded = run.grade()
                verdicts = run.verdicts()
                fatal = run.fatal
            if verdicts is None:
                with _Run(self, master, cells, files, full=True, fatal=fatal) as run:
                    verdicts = dict(enumerate(run.grade()))
            return [_settled(item, verdicts.get(place)) for place, item in enumerate(graded)]

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """The instructor's tests see the instructor's files, and nlref's checks are the grader's."""
        before, path = os.getcwd(), list(sys.path)
        os.chdir(self._files)
        sys.path.insert(0, str(self._files))
        try:
            with warnings.catch_warnings():
                # A learner's warning reaches the tests as a warning; it must not become an error there.
                warnings.simplefilter("default")
                yield
        finally:
            sys.path[:] = path
            os.chdir(before)

    def own_side(self, master: MasterNotebook) -> "_OwnSide":
        """What the instructor's side of a notebook is made of."""
        if master.name not in self._own_sides:
            self._own_sides[master.name] = _OwnSide.of(master)
        return self._own_sides[master.name]

    def model(self, master: MasterNotebook, cell: MasterCell) -> Graded | None:
        """What a test cell does when the instructor's own solution is tested; ``None`` if that is not known."""
        if not self.assignment.answers_known:
            return None
        if self._model is None:
            self._model = {}
            for name, notebook in self.assignment.with_answers().notebooks.items():
                own = [
                    Cell(c.cell_type, c.source, c.grade_id, c if c.grade_id else None) for c in notebook.cells
                ]
                with _Run(self, notebook, own, self.assignment.files, full=True, recording=True) as run:
                    for graded in run.grade():
                        if graded.cell.master is not None and graded.cell.master.is_test:
                            self._model[name, graded.cell.master.grade_id] = graded
        return self._model.get((master.name, cell.grade_id))


@dataclass(frozen=True)
class _OwnSide:
    """What the instructor's cells of one notebook define, read off once: for the namespace of the tests."""

    defines: Mapping[str, str]
    star_imports: Sequence[str]

    @classmethod
    def of(cls, master: MasterNotebook) -> "_OwnSide":
        code = [cell for cell in master.cells if cell.cell_type == "code"]
        sources = [cell.source if cell.answer is None else cell.answer for cell in code if not cell.is_test]
        given = [cell.source for cell in code if not cell.solution and not cell.grade]
        return cls(names_defined(sources), [line for source in given for line in star_imports(source)])


@dataclass(frozen=True)
class _Withheld:
    """A test cell whose hidden part is still to come.

    Attributes
        shown: what it gave without that part.
        checks: what it handed to ``check``, and what came of it.
        whole: the cell has to run again; otherwise asking its check's private inputs is enough.
        after: how many of the learner's cells had run before it.
    """

    place: int
    shown: Graded
    checks: Sequence[tuple[Any, CheckResult]]
    whole: bool
    after: int


_RUNS_TEXT = re.compile(r"\b(?:eval|exec|compile|doctest)\b")


class _Run:
    """One notebook being graded: the session, the trusted namespace, and how to begin both again.

    With ``full`` tests run whole and ``check`` asks private inputs too; without, both as a learner may see them.
    ``recording`` is for the instructor's own solution: it keeps what kinds of answers the tests get.
    """

    def __init__(
        self,
        engine: Engine,
        master: MasterNotebook,
        cells: Sequence[Cell],
        files: Mapping[str, bytes],
        *,
        full: bool,
        fatal: Iterable[int] = (),
        recording: bool = False,
    ) -> None:
        self.full = full
        self.recording = recording
        self.engine = engine
        self.master = master
        self.cells = cells
        self.files = files
        self.spent = 0.0  # by sessions that have ended
        self.fatal: set[int] = set(fatal)
        shown = [cell.released for cell in master.cells if cell.shows_only]
        self.only_show = {
            place
            for place, cell in enumerate(cells)
            if cell.master is None and any(same_text(cell.source, text) for text in shown)
        }
        self.died_in: int | None = None
        self.unwritten = False
        self.restarts = 0
        self.ended = ""
        self.results: list[CheckResult] = []
        self.asked: list[Any] = []
        self.private = full
        self.withheld: list[_Withheld] = []
        tests = (cell.source for cell in master.cells if cell.is_test)
        self._exchange = FileExchange(files, engine.assignment.files) if uses_files(tests) else None
        self.own_names = _grader_names(self)
        self._session: Session | None = None
        self._opened: Mapping[int, CellRun] = {}
        self._names: RemoteNamespace | None = None

    def __enter__(self) -> "_Run":
        if self._exchange is not None:
            self._exchange.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._close()
        if self._exchange is not None:
            self._exchange.__exit__(*exception)

    def _close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            if self._names is not None:
                self._names.close()
                self._names = None
            self.asked.clear()
            self.spent += session.limits.notebook_seconds - session.seconds_left
            session.close()

    def _time_is_over(self) -> bool:
        limit = self.engine.limits.notebook_seconds
        return self.spent + (limit - self._session.seconds_left if self._session else 0.0) > limit

    def grade(self) -> list[Graded]:
        with _checks_of_the_grader(self.own_names):
            return [self._cell(place, cell) for place, cell in enumerate(self.cells)]

    def _cell(self, place: int, cell: Cell) -> Graded:
        master = cell.master
        if cell.cell_type != "code":
            return Graded(cell, result=_by_person(cell))
        if master is not None and master.is_test:
            return self._test(place, cell, master)
        if place in self.only_show:
            return Graded(cell)
        if not self._ready(place):
            return Graded(cell, result=_by_person(cell), ended=self.ended)
        assert self._session is not None
        run = self._opened.get(place) or self._session.run_cell(cell.source)
        if not self._session.alive:
            suspected = self.died_in is not None
            self._blame(place)
            if suspected:
                return self._cell(place, cell)
        elif master is not None and master.is_helper:
            self._helper(master)
        return Graded(cell, outputs=list(run.outputs), error=run.error, result=_by_person(cell))

    def _helper(self, master: MasterCell) -> None:
        """The instructor's read-only code, on this side too; what it fails to define must not come from the learner."""
        assert self._names is not None
        run = self._names.run_local(master.source)
        if run.error:
            for name in names_defined([master.source]).keys() - self._names.namespace.keys():
                missing = _Missing(name, run.error)
                self._names.namespace["__missing__"] = lambda _, missing=missing: missing
                self._names.run_local(f"@__missing__\ndef {name}(): ...")

    def _test(self, place: int, cell: Cell, master: MasterCell) -> Graded:
        if not self._ready(place):
            result = CellResult(master.grade_id or "", 0.0, master.points, self.ended)
            return Graded(cell, result=result, ended=self.ended)
        assert self._session is not None
        after = self._session.cells
        graded, value = self._tried(place, cell, master, full=self.full)
        if self._session.alive:
            self.died_in = None
        elif self.died_in is None:
            self.died_in = place
        else:
            self._blame(place)
            return self._test(place, cell, master)
        if not self.full and self._session.alive:
            self._withhold(place, graded, value, after)
        return graded

    def _tried(self, place: int, cell: Cell, master: MasterCell, *, full: bool) -> tuple[Graded, Any]:
        """A test cell run once in the session as it is, and the value that it ended in."""
        assert self._names is not None
        self.results.clear()
        self.asked.clear()
        self.private = full
        self.unwritten = self._is_unwritten(place)
        source = master.released if master.hides and not full else master.source
        if master.runs_inside:
            run = self._run_inside(source)
        else:
            run = self._names.run_test(source, names=self._names_for_text(master), recording=self.recording)
        error = run.error
        if error and full and run.traceback:
            error = _without_secrets(error, master)
        score, reason = self._score(master, error, run.value)
        checked = self.results[-1] if self.results else None
        if score and not self.recording and not self.results:
            score, reason = self._doubted(place, master, source, run.witness, score, reason)
        result = CellResult(
            grade_id=master.grade_id or "",
            score=score,
            points=master.points,
            reason=reason,
            private_only=any(result.private_only for result in self.results),
            note=_RAN_INSIDE
            if master.runs_inside
            else _other_points(checked, master)
            if checked is not None
            else "",
        )
        graded = Graded(
            cell,
            outputs=list(run.outputs),
            error=error,
            result=result,
            checked=checked,
            number=_is_number(run.value) or bool(self.results),
            witness=run.witness,
        )
        return graded, run.value

    def _run_inside(self, source: str) -> TestRun:
        """A test that asks to run in the learner's process: what that process says of it, errors and last value."""
        assert self._session is not None
        defines = self.engine.own_side(self.master).defines
        ours = [name for name in _CHECKS if defines.get(name) == f"import nlref:{name}"]
        if any(name in _WORD.findall(source) for name in ours):
            return TestRun(error=f"ValueError: {', '.join(ours)} cannot run inside the learner's process")
        run = self._session.run_cell(source)
        shown = [output["data"] for output in run.outputs if output["output_type"] == "execute_result"]
        traceback = [run.error] if run.error and not run.died and not run.timed_out else []
        value = _number_in(shown[-1].get("text/plain", "")) if shown else None
        return TestRun(run.outputs, run.error, traceback, value, run.timed_out, run.died, run.seconds)

    def _names_for_text(self, master: MasterCell) -> set[str]:
        """The variables of a test that a learner's text may read, where the test evaluates it: those that the
        instructor's own reads."""
        if self.recording or not _RUNS_TEXT.search(master.source):
            return set()
        model = self.engine.model(self.master, master)
        return set() if model is None else model.witness.names

    def _doubted(
        self, place: int, master: MasterCell, source: str, witness: Witness, score: float, reason: str
    ) -> tuple[float, str]:
        """The score, if it stands without what the instructor's solution does not do either; else what is left."""
        model = self.engine.model(self.master, master) if witness.kinds else None
        if model is None or not (doubts := witness.not_allowed_by(model.witness)):
            return score, reason
        for number in SUBSTITUTES:
            if score:
                left = self._score_against(place, master, source, model.witness, number)
                if left < score:
                    score, reason = left, SENTENCES[doubts[0]]
        return score, reason

    def _score_against(
        self, place: int, master: MasterCell, source: str, model: Witness, number: float
    ) -> float:
        """What a test cell scores in a new session with ``number`` in the place of nothing."""
        with _Run(self.engine, self.master, self.cells, self.files, full=False, fatal=self.fatal) as again:
            if not again._ready(place, tests=True):
                return 0.0
            assert again._names is not None
            run = again._names.run_test(source, names=model.names, against=(model, number))
            return again._score(master, run.error, run.value)[0]

    def _withhold(self, place: int, graded: Graded, value: Any, after: int) -> None:
        """Note what of a test cell was not run at its place."""
        master = self.cells[place].master
        assert master is not None
        private = self.engine.assignment.private_seed is not None
        checks = [
            (obj, result)
            for obj, result in zip(self.asked, self.results, strict=True)
            if private and result.score > 0 and isinstance(find(result.exercise), Exercise)
        ]
        # A cell that does more with a check than to end in it must see its whole result.
        whole = master.hides or len(self.results) != 1 or type(value) is not CheckResult
        if master.hides or (checks and not graded.error):
            self.withheld.append(_Withheld(place, graded, checks, whole, after))

    def verdicts(self) -> dict[int, Graded] | None:
        """What the hidden parts say of the session as it stands at its end; ``None`` if that is not certain.

        Certain is only what agrees with the public part: anything else may have been done to the functions later.
        """
        found: dict[int, Graded] = {}
        with _checks_of_the_grader(self.own_names):
            for held in self.withheld:
                if self._session is None or not self._session.alive or self._time_is_over():
                    return None
                verdict = self._in_whole(held) if held.whole else self._in_private(held)
                if verdict is None:
                    return None
                found[held.place] = verdict
        return found

    def _in_whole(self, held: _Withheld) -> Graded | None:
        assert self._session is not None
        cell, shown = self.cells[held.place], held.shown
        assert cell.master is not None
        assert shown.result is not None
        words = set(_WORD.findall(cell.master.source))
        if any(last > held.after and name in words for name, last in self._session.rebound.items()):
            return None
        verdict, _ = self._tried(held.place, cell, cell.master, full=True)
        assert verdict.result is not None
        if verdict.error and _kind_of(verdict.error) == _kind_of(shown.error):
            return verdict
        return verdict if (verdict.result.score or 0.0) >= (shown.result.score or 0.0) else None

    def _in_private(self, held: _Withheld) -> Graded | None:
        for obj, shown in held.checks:
            try:
                verdict = evaluate(
                    shown.exercise,
                    obj,
                    call=_call,
                    call_each=_call_each,
                    private_seed=self.engine.assignment.private_seed,
                    points=shown.points,
                    public=False,
                )
            except (SessionLost, Exception):
                return None  # where the test stands the same is met again, and costs what it must
            if any(
                one.passed > other.passed for one, other in zip(shown.criteria, verdict.criteria, strict=True)
            ):
                return None
        return held.shown

    def _blame(self, place: int) -> None:
        """Leave out of later sessions what ended this one.

        That is the cell at ``place``, unless a test ended the session before: then what that test tests may have left a
        process in which nothing works, and is left out first.
        """
        if self.died_in is None:
            self.fatal.add(place)
        else:
            self.fatal.update(self._own_cells(self.died_in))
            self.died_in = None

    def _own_cells(self, place: int) -> list[int]:
        """The learner's cells between a test and the one before it."""
        own: list[int] = []
        for before in range(place - 1, -1, -1):
            master = self.cells[before].master
            if master is not None and master.is_test:
                break
            if self.cells[before].cell_type == "code" and not (master is not None and master.is_helper):
                own.append(before)
        return own

    def _is_unwritten(self, place: int) -> bool:
        """Whether the solution above a test is as it was released."""
        own = [self.cells[before] for before in self._own_cells(place)]
        solutions = [cell for cell in own if cell.master is not None and cell.master.solution]
        return bool(solutions) and all(
            cell.master.untouched(cell.source) for cell in solutions if cell.master
        )

    def _score(self, master: MasterCell, error: str | None, value: Any) -> tuple[float, str]:
        points = master.points
        if error:
            return 0.0, one_sentence(error)
        if self.results and not _is_number(value):
            checked = value if type(value) is CheckResult else self.results[-1]
            score, reason = _in_range(checked.score, points)
            if not reason and score < points:
                reason = _other_points(checked, master) if checked.passed else why(checked)
            return score, reason
        if value is None:
            return points, ""
        if _is_number(value):
            score, reason = _in_range(value, points)
            return score, reason or (
                "" if score >= points else f"the test gave {score:g} of {points:g} points"
            )
        model = self.engine.model(self.master, master)
        if model is None or model.number or model.error:
            return 0.0, f"the test ended in {_kind(value)} where a number of points belongs"
        return points, ""

    def _ready(self, place: int, *, tests: bool = False) -> bool:
        """See to a live session that has run every cell before ``place``; ``False`` if there is none to be had.

        ``tests`` runs the tests before it too, which may define what later ones use.
        """
        while not self.ended:
            if self._session is not None and self._session.alive:
                return True
            self._close()
            if self._time_is_over():
                seconds = self.engine.limits.notebook_seconds
                self.ended = f"the notebook's {seconds:g} seconds were used up before this cell"
            elif self.restarts > RESTARTS:
                self.ended = "the notebook's process ended too often before this cell"
            else:
                self.restarts += 1
                self._begin(place, tests=tests)
        return False

    def _begin(self, place: int, *, tests: bool = False) -> None:
        opening = opening_of(
            self.master, self.cells, lambda cell: cell in self.fatal or cell in self.only_show
        )
        self._session = self.engine.sandbox.session(self.files, [self.cells[cell].source for cell in opening])
        self._opened = dict(zip(opening, self._session.opened, strict=False))
        self._names = RemoteNamespace(
            self._session,
            source_name=self.master.name,
            expected=self.engine.own_side(self.master).defines,
            files=self._exchange,
        )
        for statement in self.engine.own_side(self.master).star_imports:
            self._names.run_local(statement)
        for before, cell in enumerate(self.cells[:place]):
            master = cell.master
            if cell.cell_type == "code" and master is not None and master.is_test and tests:
                self._names.run_test(master.released if master.hides else master.source)
                if not self._session.alive:
                    return
            if cell.cell_type != "code" or (master is not None and master.is_test):
                continue
            if before in self.fatal or before in self.only_show:
                continue
            if before not in self._opened:
                self._session.run_cell(cell.source)
            if self._session.alive and master is not None and master.is_helper:
                self._helper(master)
            if not self._session.alive:
                self._blame(before)
                return


def _settled(shown: Graded, verdict: Graded | None) -> Graded:
    """What is shown of a test cell, with the score of the verdict on it and none of its words."""
    if verdict is None or shown.result is None or verdict.result is None:
        return shown
    one, other = shown.result, verdict.result
    if one.score == other.score and bool(shown.error) == bool(verdict.error):
        return shown
    master = shown.cell.master
    if (other.score or 0.0) > (one.score or 0.0) and master is not None and not master.hides:
        return shown  # the public part is the part that a learner can count on
    checked, reason = shown.checked, other.reason
    if shown.checked is not None and verdict.checked is not None:
        checked = without_private(shown.checked, verdict.checked)
        if not verdict.error and not checked.passed:
            reason = why(checked)
    result = replace(
        other,
        reason=reason,
        private_only=checked.private_only if checked is not None else False,
        note=one.note,
    )
    return replace(shown, result=result, checked=checked, error=verdict.error)


def _without_secrets(error: str, master: MasterCell) -> str:
    """An error in a hidden test: in the words that the instructor wrote there, or in none.

    A learner's function may have put anything that it was asked into the text, or into the name of the error.
    """
    name, _, text = error.partition(": ")
    if text and text in master.source and name in _ERRORS:
        return error
    return f"{name if name in _ERRORS else 'Error'}: a hidden test failed"


def _kind_of(error: str | None) -> str:
    return (error or "").partition(":")[0]


def ungraded(master: MasterNotebook, problem: str, *, show: bool = False) -> NotebookResult:
    """Zero for a whole notebook, with the reason; ``show`` makes a page that says so."""
    results = tuple(CellResult(cell.grade_id or "", 0.0, cell.points, problem) for cell in master.graded)
    cells = [
        Graded(
            Cell(
                cell.cell_type,
                cell.released if cell.is_test else cell.source,
                cell.grade_id,
                cell if cell.grade_id else None,
            ),
            result=next((result for result in results if result.grade_id == cell.grade_id), None),
            ended=problem,
        )
        for cell in master.cells
    ]
    return NotebookResult(
        name=master.name,
        cells=results,
        problem=problem,
        content=autograded_notebook(master, cells, (f"This notebook could not be graded: {problem}",))
        if show
        else b"",
    )


def _in_order(master: MasterNotebook, graded: Sequence[Graded]) -> tuple[CellResult, ...]:
    """A result for each graded cell, in the instructor's order; one that none was found for is 0."""
    found = {g.result.grade_id: g.result for g in graded if g.result is not None}
    return tuple(
        found.get(cell.grade_id or "")
        or CellResult(cell.grade_id or "", None if cell.task else 0.0, cell.points, "the cell was not found")
        for cell in master.graded
    )


def _by_person(cell: Cell) -> CellResult | None:
    """What nbgrader gives a cell that a person grades: 0 if it is untouched, else nothing yet."""
    master = cell.master
    if master is None or not (master.is_manual or master.task):
        return None
    if master.is_manual and (cell.restored or master.untouched(cell.source)):
        return CellResult(master.grade_id or "", 0.0, master.points, "not answered")
    return CellResult(master.grade_id or "", None, master.points)


def _unanswered(master: MasterNotebook, cells: Sequence[Cell]) -> tuple[str, ...]:
    texts = {cell.master.grade_id: cell.source for cell in cells if cell.master is not None}
    return tuple(
        cell.grade_id
        for cell in master.cells
        if cell.solution and cell.grade_id and cell.untouched(texts.get(cell.grade_id, cell.released))
    )


# Scores


def _is_number(value: Any) -> bool:
    return issubclass(type(value), Real | np.number | np.bool_)


def _number_in(text: str) -> float | bool | str:
    """The number that a notebook shows as its result, such as ``2.5`` or ``np.float64(2.5)``; else the text."""
    found = re.fullmatch(r"(?:np\.\w+\()?(.+?)\)?", text.strip())
    shown = found[1] if found else text
    if shown in ("True", "False"):
        return shown == "True"
    try:
        return float(shown)
    except ValueError:
        return text


def _in_range(value: Any, points: float) -> tuple[float, str]:
    if isinstance(value, bool | np.bool_):
        return (points, "") if value else (0.0, "the test ended in False")
    try:
        score = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0, f"the test ended in {_kind(value)}, which is no number of points"
    if not math.isfinite(score):
        return 0.0, f"the test ended in {score}, which is no number of points"
    if not 0 <= score <= points:
        return 0.0, f"the test ended in {score:g}, which is not between 0 and {points:g} points"
    return score, ""


def why(result: CheckResult) -> str:
    """The first thing that a check found wrong, in one sentence."""
    if not result.attempted:
        return "not attempted"
    for criterion in result.criteria:
        if criterion.score < criterion.points and criterion.message and not criterion.passed:
            name = f" ({criterion.mistake})" if criterion.mistake else ""
            return one_sentence(criterion.message) + name
    failed = [criterion.name for criterion in result.criteria if criterion.score < criterion.points]
    return f"points were lost for {', '.join(failed)}" if failed else one_sentence(result.note)


def _other_points(result: CheckResult, master: MasterCell) -> str:
    """What the instructor should mend if a check and its cell disagree about the points."""
    if result.points == master.points:
        return ""
    ours, theirs = f"{master.points:g}", f"{result.points:g}"
    return f"the check is worth {theirs} points and its cell {ours}: call it with points={ours}"


def one_sentence(text: str, limit: int = 200) -> str:
    """The first line of a text, made short and printable."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = "".join(c if c.isprintable() else "�" for c in line).rstrip(".")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _kind(value: Any) -> str:
    noun = type(value).__name__
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


# The instructor's side


def star_imports(source: str) -> list[str]:
    """The statements ``from ... import *`` of a cell: the only imports whose names cannot be read off."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the instructor's own spelling, which is not graded
            tree = ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return []
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return [ast.unparse(node) for node in imports if any(alias.name == "*" for alias in node.names)]


class _Missing:
    """Stands for a name that the instructor's own cell failed to define: every use of it says so."""

    def __init__(self, name: str, error: str) -> None:
        object.__setattr__(
            self, "_says", f"{name} is not defined: the instructor's cell failed ({one_sentence(error)})"
        )

    def _fail(self, *args: Any, **kwargs: Any) -> Any:
        raise NameError(object.__getattribute__(self, "_says"))

    __getattr__ = __call__ = __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _fail
    __iter__ = __len__ = __getitem__ = __contains__ = __float__ = __int__ = __index__ = __array__ = _fail
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _fail
    __hash__ = None


def _call(obj: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Outcome:
    theirs = obj is getattr or obj is setattr or remote_of(obj) is not None
    return (call_remotely if theirs else call_locally)(obj, args, kwargs)


def _call_each(obj: Any, calls: Sequence[tuple[Sequence[Any], Mapping[str, Any]]]) -> list[Outcome]:
    if remote_of(obj) is None:
        return [call_locally(obj, args, kwargs) for args, kwargs in calls]
    return call_each_remotely(obj, calls)


def _grader_names(run: _Run) -> dict[str, Callable[..., Any]]:
    """``check``, ``predict`` and ``choose`` as a test cell sees them here; ``run.results`` keeps what they find."""
    private_seed = run.engine.assignment.private_seed

    def keep(obj: Any, result: CheckResult) -> CheckResult:
        run.asked.append(obj)
        run.results.append(result)
        return result

    def check(exercise: str, obj: Any, *, points: float | None = None, show: bool = True) -> CheckResult:
        seed = private_seed if run.private else None
        result = evaluate(exercise, obj, call=_call, call_each=_call_each, private_seed=seed, points=points)
        if result.score == 0 and run.unwritten:
            result = evaluate(exercise, ..., points=points)  # which says that nothing is written yet
        return keep(obj, result)

    def predict(question: str, answer: Any, *, points: float | None = None, show: bool = True) -> CheckResult:
        record = find(question)
        if isinstance(record, Exercise):
            raise ValueError(f"{question!r} is an exercise: use check({question!r}, {record.function})")
        return keep(None, evaluate(record, value_of(answer), points=points))

    def nothing(*args: Any, **kwargs: Any) -> None:
        """There is nobody to look at it."""

    return {"check": check, "predict": predict, "choose": predict, **dict.fromkeys(_SHOWS, nothing)}


@contextmanager
def _checks_of_the_grader(names: Mapping[str, Any]) -> Iterator[None]:
    """While tests run, ``from nlref import check`` gives the grader's ``check``, not the one for notebooks."""
    nlref = importlib.import_module("nlref")
    absent = object()
    before = {name: nlref.__dict__.get(name, absent) for name in names}
    for name, value in names.items():
        setattr(nlref, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is absent:
                delattr(nlref, name)
            else:
                setattr(nlref, name, value)
