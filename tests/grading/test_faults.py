"""The corpus of faults: each costs what it broke, what can be mended is, and it is said in a sentence."""

import csv
import json
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from nlref.grading import grade
from nlref.grading.course import Course
from nlref.grading.sandbox import Limits

pytestmark = pytest.mark.sandbox

corpus = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "faults" / "corpus.py")))
LIMITS = Limits(cell_seconds=1.5, call_seconds=1, test_seconds=6, notebook_seconds=30)
QUICK = (
    "segmentation-fault", "deep-recursion", "not-json", "byte-order-mark", "format-3", "a-link", "a-pipe",
    "test-deleted",
    "solution-copied", "solution-split", "cells-reversed", "metadata-lost", "memory-in-one-piece",
    "o'brien; drop table grade; --", "<script>alert(1)<",
)  # fmt: skip
FULL = {"squares-check": 2.0, "mean-check": 4.0, "use": None, "why": None, "plan": None, "total-check": 1.0}


def cases():
    for record in corpus.FAULTS:
        marks = [] if record["id"] in QUICK else [pytest.mark.slow]
        yield pytest.param(record, id=record["id"][:40].encode("ascii", "replace").decode(), marks=marks)


def hand_in(root, writing, record):
    """A right submission with the record's fault."""
    answers = writing.right | record.get("cells", {})
    folder = writing.hand_in(root, record["id"], "basics", answers)
    path = folder / "basics.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    if "change" in record:
        record["change"](notebook)
    path.unlink()
    write = record.get("write") or (
        lambda folder, notebook: path.write_text(json.dumps(notebook), encoding="utf-8")
    )
    write(folder, notebook)


@pytest.fixture(scope="module")
def graded(tmp_path_factory, basics_template, writing, request):
    """Grade the faults that this run of pytest asks for, as one class, with an honest learner at either end."""
    wanted = [item.callspec.params["record"] for item in request.session.items if "record" in getattr(
        getattr(item, "callspec", None), "params", {}) and item.path == request.path]  # fmt: skip
    root = Path(shutil.copytree(basics_template, tmp_path_factory.mktemp("faults") / "course"))
    for student in ("aaa", "zzz"):
        writing.hand_in(root, student, "basics", writing.right)
    for record in wanted:
        hand_in(root, writing, record)
    return SimpleNamespace(root=root, report=grade(root, "basics", jobs=2, limits=LIMITS))


def scores_of(root, student):
    with Course(root).gradebook() as gradebook:
        submission = gradebook.find_submission("basics", student)
        return {
            grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades
        }


@pytest.mark.parametrize("record", list(cases()))
def test_a_fault_costs_what_it_broke(graded, record):
    row = graded.report.row(record["id"])
    fair = FULL | dict.fromkeys(record.get("lost", ()), 0.0)
    assert scores_of(graded.root, record["id"]) == fair, (row.reasons, row.repairs)
    said = " | ".join([*row.repairs, *row.reasons])
    assert record["says"] in said
    if record.get("repaired"):
        assert any(record["says"] in repair for repair in row.repairs)
        assert row.reasons == ()
    for sentence in (*row.repairs, *row.reasons):
        assert "\n" not in sentence
        assert "Traceback" not in sentence
        assert len(sentence) < 600


def test_the_rest_of_the_class_is_graded(graded):
    for student in ("aaa", "zzz"):
        assert scores_of(graded.root, student) == FULL
        assert graded.report.row(student).reasons == ()
    assert graded.report.graded == len(graded.report.rows)
    with open(graded.root / "grades.csv", newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(graded.report.rows)


def test_the_corpus_is_whole():
    ids = [record["id"] for record in corpus.FAULTS]
    assert len(ids) == len(set(ids)) >= 30
    assert set(QUICK) <= set(ids)
