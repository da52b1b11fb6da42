"""The class as a table: what people read first, and what must never break it."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from nlref.grading.class_numbers import ClassNumbers
from nlref.grading.report import ClassReport, Row, exercise_names, live_progress
from nlref.grading.result import CellResult, NotebookResult, SubmissionResult


def result(*cells, name="unit", **more):
    return SubmissionResult("ada", "unit", (NotebookResult(name, tuple(cells), **more),))


def row_of(submission, late_penalty=0.0, **counted):
    scores = {
        (nb.name, cell.grade_id): counted.get(cell.grade_id, cell.score) for nb, cell in submission.cells()
    }
    return Row.from_result(submission, scores, late_penalty)


def printed(report, width=120):
    stream = io.StringIO()
    report.print(Console(file=stream, width=width))
    return stream.getvalue()


def test_exercises_are_called_by_their_names_unless_that_is_ambiguous():
    cells = [CellResult(i, 1.0, 1.0) for i in ("relu-check", "why", "squares", "squares-check")]
    two = SubmissionResult(
        "ada",
        "ps",
        (NotebookResult("a", tuple(cells)), NotebookResult("b", (CellResult("why", 1.0, 1.0),))),
    )
    assert list(exercise_names(two).values()) == ["relu", "a/why", "squares", "squares-check", "b/why"]


def test_a_row_adds_up_and_says_why_in_one_sentence_each():
    submission = result(
        CellResult("relu-check", 0.0, 5.0, "it raised ValueError"),
        CellResult("tanh-check", 0.0, 5.0, "it raised ValueError"),
        CellResult("sigmoid-check", 4.0, 5.0, "wrong at 1000", private_only=True),
        CellResult("why", None, 2.0),
        repairs=("the test cell `relu-check` was missing and was put back",),
    )
    row = row_of(submission, late_penalty=1.0)
    assert (row.total, row.points, row.needs_manual_grade) == (3.0, 17.0, ("why",))
    assert row.reasons == (
        "relu, tanh: it raised ValueError",
        "sigmoid: wrong at 1000",
        "1 points less for being late",
    )
    assert row.alerts == ("sigmoid fails on private inputs alone: the public ones should catch this",)


def test_one_reason_for_everything_is_said_once():
    cells = [CellResult(f"{name}-check", 0.0, 1.0, "not attempted") for name in ("relu", "tanh", "sigmoid")]
    assert row_of(result(*cells)).reasons == ("everything: not attempted",)


def test_a_notebook_that_could_not_be_read_says_it_once():
    submission = result(
        CellResult("relu-check", 0.0, 5.0, "it is not JSON"),
        CellResult("tanh-check", 0.0, 5.0, "it is not JSON"),
        problem="it is not JSON",
    )
    assert row_of(submission).reasons == ("unit.ipynb: it is not JSON",)


def test_what_a_person_graded_counts():
    row = row_of(result(CellResult("why", None, 2.0)), why=1.5)
    assert (row.total, row.needs_manual_grade) == (1.5, ())


def report(*rows, **more):
    return ClassReport("/course", "unit", tuple(rows), graded=len(rows), seconds=2.0, **more)


def test_the_table_names_everyone_with_scores_and_reasons():
    good = Row("ada", "unit", {"relu": 5.0, "why": None}, 5.0, 7.0, needs_manual_grade=("why",))
    bad = Row("ben", "unit", {"relu": 0.0, "why": 0.0}, 0.0, 7.0, reasons=("relu: it returned None",))
    none = Row("cem", "unit", {}, 0.0, 7.0, status="missing")
    text = printed(report(good, bad, none))
    for part in ("ada", "5/7", "person", "ben", "relu: it returned None", "cem", "nothing was submitted"):
        assert part in text
    assert "3 graded in 2.0 s" in text
    assert "mean 2.5 of 7" in text
    assert "1 to be graded by a person" in text


def test_what_learners_wrote_is_text_in_the_table():
    evil = Row(
        "[red]eve[/red]\x1b[2J\u202e", "unit", {"relu": 0.0}, 0.0, 5.0, reasons=("[/] [link=x] \x1b]0;t\x07",)
    )
    text = printed(report(evil))
    assert "[red]eve[/red]" in text
    assert "[link=x]" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_narrow_terminal_still_shows_every_score_and_every_reason():
    names = [f"exercise_{number}" for number in range(12)]
    rows = [
        Row(f"student{n}", "unit", dict.fromkeys(names, 1.0), 12.0, 12.0, reasons=(f"reason of {n}",))
        for n in range(3)
    ]
    wide, narrow = (printed(report(*rows), width=width) for width in (300, 80))
    for text in (wide, narrow):
        for part in ("12/12", "student2", "reason of 2", "exercise_11"):
            assert part in text
        assert all(len(line) <= (300 if text is wide else 80) for line in text.splitlines()[:8])
    [line] = [line for line in narrow.splitlines() if line.startswith(" student1 ")]
    assert line.split()[1:14] == ["1"] * 12 + ["12/12"]


def test_a_submission_is_one_line():
    rows = [Row(f"s{n}", "unit", {"relu": 0.0}, 0.0, 5.0, reasons=("a long story " * 40,)) for n in range(3)]
    text = printed(report(*rows), width=100)
    assert len([line for line in text.splitlines() if "a long story" in line]) == 3


def test_grading_without_a_sandbox_is_printed():
    assert "without a sandbox" in printed(report(isolation="none"))
    assert "without a sandbox" not in printed(report())


def test_the_report_as_data():
    row = row_of(result(CellResult("relu-check", 0.0, 5.0, "no")))
    data = json.loads(json.dumps(report(row, notes=("n",)).to_dict()))
    assert data["schema"] == 1
    assert data["rows"][0]["scores"] == {"relu": 0.0}
    assert data["rows"][0]["reasons"] == ["relu: no"]
    assert report(row).row("ada") == row


def test_every_key_of_the_json_report_is_documented():
    numbers = ClassNumbers(5.0)
    failed = CellResult("relu-check", 0.0, 5.0, "no", criteria=(("values", 0.0, 2.0),), mistake="mirrored")
    numbers.add(row_of(result(failed)), result(failed))
    data = json.loads(json.dumps(report(row_of(result(failed)), numbers=numbers, page="p").to_dict()))
    text = (Path(__file__).parents[2] / "docs" / "grades.md").read_text()
    documented = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    keys = {*data, *data["rows"][0], *data["class"], *data["class"]["exercises"]["relu"]}
    assert documented >= keys
    assert data["class"]["exercises"]["relu"]["mistakes"] == {"mirrored": ["ada"]}


def test_what_tampers_is_suspicious():
    changed = "the cell `relu-check` had been changed; the instructor's version counts"
    submission = result(
        CellResult(
            "relu-check", 0.0, 5.0, "AnswerRefused: the answer was not accepted: it changes an argument"
        ),
        CellResult("tanh-check", 0.0, 5.0, "AssertionError"),
        repairs=(changed, "the cell `tanh` was there twice; the last one counts"),
    )
    row = row_of(submission)
    assert row.suspicious == (changed, f"relu: {submission.notebooks[0].cells[0].reason}")
    assert "1 suspicious" in report(row).summary()


def test_progress_is_a_line_a_submission_and_silent_when_nobody_watches():
    stream = io.StringIO()
    waiting = result(CellResult("relu-check", 3.0, 5.0), CellResult("why", None, 2.0), repairs=("mended",))
    hostile = replace(waiting, student="[red]eve\x1b[2J", remarks=("r",))
    with live_progress(Console(file=stream, force_terminal=False)) as progress:
        progress(1, 2, waiting)
    assert stream.getvalue() == ""
    with live_progress(Console(file=stream, force_terminal=True, width=80, color_system=None)) as progress:
        progress(1, 2, waiting)
        progress(2, 2, hostile)
    text = stream.getvalue()
    assert "2/2" in text
    [line] = [line for line in re.split(r"[\r\n]", text) if "ada" in line]
    assert re.search(r"ada +3/7 +0\.00 s  1 for a person; repaired", line)
    assert "[red]eve" in text
    assert "\x1b[2J" not in text
