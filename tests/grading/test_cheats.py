"""The corpus of cheats: each ends at its fair score, none learns a secret, none touches another's work."""

import functools
import hashlib
import json
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from nlref.grading import grade
from nlref.grading.course import Course, init, release
from nlref.grading.sandbox import Limits

pytestmark = pytest.mark.sandbox

corpus = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "cheats" / "corpus.py")))
RECORDS = corpus.records()
CASES = [(assignment, record) for record in RECORDS for assignment in corpus.aims_at(record)]
QUICK = (
    "numpy-testing-patched", "builtins-patched", "input-transformer", "equal-to-everything", "masked-array",
    "empty-array", "nan", "stop-iteration", "arguments-emptied", "evaluated-program", "evaluated-answer",
    "server-forged", "gradebook-written", "shadowing-modules", "tests-first-and-copied", "exit-in-a-call",
    "script-displayed", "visible-values-hard-coded",
)  # fmt: skip
LIMITS = Limits(cell_seconds=5, call_seconds=1.5, test_seconds=6, notebook_seconds=40)


def course_with_secrets(root, writing):
    """A course with both assignments, secrets where a cheat would look for them, and an honest learner."""
    init(root, corpus.UNIT)
    cells = [writing.cell(source, grade_id, **flags) for grade_id, flags, source in corpus.CELLS]
    writing.write_source(
        root, corpus.LAB, {corpus.LAB: cells}, {"notes.txt": "The instructor's file beside the notebook."}
    )
    course = Course(root)
    release(course, corpus.LAB)
    (root / "source" / "secret.txt").write_text(corpus.SECRETS["file"])
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("yara", first_name=corpus.SECRETS["gradebook"])
    for assignment in (corpus.LAB, corpus.UNIT):
        writing.hand_in(
            root,
            corpus.SIBLING,
            assignment,
            {
                "counts": f"# {corpus.SECRETS['sibling']}\ndef counts(text):\n    return {{w: text.split().count(w) "
                "for w in text.split()}",
                "relu": f"# {corpus.SECRETS['sibling']}\ndef relu(x):\n    return np.maximum(x, 0.0)",
            },
        )
    return root


SIBLINGS = {corpus.LAB: {"counts-check": 2.0, "relu-check": 2.0}, corpus.UNIT: {"relu-check": 5.0}}


def files_of(root, *parts):
    """Everything below a folder, by path and digest."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for part in parts
        for path in sorted((root / part).rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def graded(tmp_path_factory, writing, request):
    """Grade the cheats that this run of pytest asks for, all in one class an assignment."""
    wanted = {item.callspec.params["record"]["id"] for item in request.session.items if "record" in getattr(
        getattr(item, "callspec", None), "params", {}) and item.path == request.path}  # fmt: skip
    root = course_with_secrets(tmp_path_factory.mktemp("cheats") / "course", writing)
    for assignment, record in CASES:
        if record["id"] in wanted:
            corpus.hand_in(root, assignment, record)
    before = files_of(root, "source", "release", "submitted")
    reports = {
        assignment: grade(root, assignment, jobs=2, limits=LIMITS)
        for assignment in (corpus.LAB, corpus.UNIT)
        if (root / "submitted" / corpus.SIBLING / assignment).is_dir()
    }
    return SimpleNamespace(root=root, reports=reports, before=before)


def cases():
    for assignment, record in CASES:
        marks = [] if record["id"] in QUICK and assignment == corpus.LAB else [pytest.mark.slow]
        yield pytest.param(assignment, record, id=f"{assignment}-{record['id']}", marks=marks)


@pytest.mark.parametrize(("assignment", "record"), list(cases()))
def test_a_cheat_ends_at_its_fair_score(graded, assignment, record):
    row = graded.reports[assignment].row(record["id"])
    fair = record.get("fair", {}).get(assignment, {})
    scores = {
        name: score for name, score in scores_of(graded.root, assignment, record["id"]).items() if score
    }
    assert scores == fair, (record["why"], row.reasons)
    shown = said(graded.root / "autograded" / record["id"] / assignment, row)
    for what, secret in secrets(graded.root).items():
        assert secret not in shown, what
    assert "CHEAT RAN" not in done(graded.root / "autograded" / record["id"] / assignment)


def scores_of(root, assignment, student):
    """What the gradebook has, by cell; a cell without any grade is a KeyError later."""
    with Course(root).gradebook() as gradebook:
        submission = gradebook.find_submission(assignment, student)
        found = {
            grade.name: (grade.auto_score, grade.manual_score)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }
    assert all(auto is not None and manual is None for auto, manual in found.values())
    return {name: auto for name, (auto, _) in found.items()}


@functools.cache
def secrets(root):
    """What no learner may see: by what it is."""
    return corpus.SECRETS | {"seed": (root / "private_seed").read_text().strip()}


def notebooks(folder):
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.ipynb"))]


def is_test(cell):
    data = cell["metadata"].get("nbgrader", {})
    return data.get("grade") and not data.get("solution")


def said(folder, row):
    """What a learner is shown of a graded submission: its own outputs, and the reasons."""
    outputs = [cell["outputs"] for made in notebooks(folder) for cell in made["cells"] if "outputs" in cell]
    return json.dumps([outputs, row.reasons, row.repairs])


def done(folder):
    """What a graded notebook shows of what ran: prints, pictures, and markup that a browser would obey."""
    shown = []
    for made in notebooks(folder):
        for cell in made["cells"]:
            for output in cell.get("outputs", []):
                if output["output_type"] == "stream":
                    shown.append(output["text"])
                shown += [text for kind, text in output.get("data", {}).items() if kind != "text/plain"]
            shown += [cell["source"]] if cell["cell_type"] == "markdown" else []
    text = "\n".join(shown)
    return re.sub(r"&lt;.*|\]\(javascript:.*", "", text)  # a text about markup, and a link


def test_nobody_touches_another_submission_or_the_instructors_files(graded):
    assert files_of(graded.root, "source", "release", "submitted") == graded.before
    assert not Path("/tmp/nlref-escaped").exists()
    for assignment, report in graded.reports.items():
        scores = scores_of(graded.root, assignment, corpus.SIBLING)
        assert {name: score for name, score in scores.items() if score} == SIBLINGS[assignment]
        assert report.row(corpus.SIBLING).repairs == ()
        assert report.notes == ()


def test_the_corpus_is_whole():
    ids = [record["id"] for record in RECORDS]
    assert len(ids) == len(set(ids)) >= 80
    assert set(QUICK) <= set(ids)
    assert all(record["why"] for record in RECORDS)
    assert len({record["kind"] for record in RECORDS}) >= 10


@pytest.mark.slow
def test_the_assignment_can_be_solved(tmp_path, writing):
    """Honest work gets all the points that the cheats are after."""
    root = course_with_secrets(tmp_path / "course", writing)
    source = json.loads((root / "source" / corpus.LAB / f"{corpus.LAB}.ipynb").read_text(encoding="utf-8"))
    answers = {
        c["metadata"]["nbgrader"]["grade_id"]: "".join(c["source"]) for c in source["cells"] if c["metadata"]
    }
    writing.hand_in(
        root,
        "ada",
        corpus.LAB,
        {name: answers[name] for name, flags, _ in corpus.CELLS if flags.get("solution")},
    )
    row = grade(root, corpus.LAB, students=["ada"], jobs=1, limits=LIMITS).row("ada")
    assert (row.total, row.reasons) == (22, ())
