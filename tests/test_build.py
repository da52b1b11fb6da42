"""The build: the same sources give the same bytes, releases hold no answers, and what breaks a rule is refused."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbgrader.preprocessors import CheckCellMetadata
from nbgrader.utils import compute_checksum

from nlref.build import STUB, BuildError, build, read_units, released_notebook, source_notebook
from nlref.checks import EXERCISES
from nlref.checks.exercise import Method, Question

ROOT = Path(__file__).parents[1]
UNITS = [unit.id for unit in read_units(ROOT)]
FIRST = "01_first_activations"
LESSON = (ROOT / "course" / FIRST / "lesson.py").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of the course's sources, with nothing built."""
    shutil.copytree(ROOT / "course", tmp_path / "checkout" / "course")
    return tmp_path / "checkout"


def contents(root: Path) -> dict[str, bytes]:
    folders = [root / "solutions", root / "exercises"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def notebook(root: Path, kind: str, unit: str = FIRST) -> Path:
    return root / kind / unit / f"{unit}.ipynb"


def rewrite(root: Path, old: str, new: str) -> None:
    path = root / "course" / FIRST / "lesson.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# The same sources give the same bytes


def test_what_is_committed_is_what_the_sources_make():
    assert build(ROOT, check=True) == []


def test_two_builds_in_two_places_at_two_times_are_equal(checkout, tmp_path):
    other = tmp_path / "elsewhere"
    shutil.copytree(ROOT / "course", other / "course")
    for path in (other / "course").rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    build(checkout)
    build(other)
    assert contents(checkout) == contents(other)
    assert set(contents(checkout)) >= {f"{kind}/{FIRST}/{FIRST}.ipynb" for kind in ("solutions", "exercises")}


def test_a_second_build_changes_nothing(checkout):
    assert len(build(checkout)) == len(contents(checkout))
    before = {path: path.stat().st_mtime_ns for path in checkout.rglob("*.ipynb")}
    assert build(checkout) == []
    assert {path: path.stat().st_mtime_ns for path in checkout.rglob("*.ipynb")} == before


def test_what_a_unit_may_import_stands_in_its_notebooks(checkout):
    toml = checkout / "course" / "course.toml"
    plain = toml.read_text(encoding="utf-8")
    build(checkout)
    digests = {
        kind: notebook(checkout, kind).read_text(encoding="utf-8") for kind in ("solutions", "exercises")
    }
    toml.write_text(plain.replace("needs = []", 'needs = []\nprofile = "sklearn"', 1), encoding="utf-8")
    assert len(build(checkout)) == 2
    for kind, before in digests.items():
        about = nbformat.read(notebook(checkout, kind), as_version=nbformat.NO_CONVERT).metadata.nlref
        assert about.profile == "sklearn"
        assert about.sha256 not in before
    assert build(checkout) == []
    toml.write_text(plain, encoding="utf-8")
    build(checkout)
    assert {kind: notebook(checkout, kind).read_text(encoding="utf-8") for kind in digests} == digests


def test_hash_randomisation_does_not_reach_the_bytes(checkout):
    build(checkout)
    first = contents(checkout)
    shutil.rmtree(checkout / "exercises")
    shutil.rmtree(checkout / "solutions")
    subprocess.run(
        [sys.executable, "-c", f"from nlref.build import build; build({str(checkout)!r})"],
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert contents(checkout) == first


def test_a_changed_word_changes_one_cell_and_the_digest(checkout):
    build(checkout)
    before = notebook(checkout, "exercises").read_text(encoding="utf-8").splitlines()
    rewrite(checkout, "Four points are the whole data set", "Four points are all of the data set")
    build(checkout)
    after = notebook(checkout, "exercises").read_text(encoding="utf-8").splitlines()
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 2


@pytest.mark.parametrize("kind", ["solutions", "exercises"])
@pytest.mark.parametrize("unit", UNITS)
def test_the_notebooks_are_valid_and_empty_of_outputs(unit, kind):
    nb = nbformat.read(notebook(ROOT, kind, unit), as_version=nbformat.NO_CONVERT)
    nbformat.validate(nb)
    assert set(nb.metadata) == {"kernelspec", "language_info", "nlref"}
    assert nb.metadata.kernelspec.name == "python3"
    for cell in nb.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        assert set(cell.metadata) <= {"nbgrader", "deletable", "editable", "tags"}
        if "nbgrader" in cell.metadata:
            assert cell.id == cell.metadata.nbgrader.grade_id


# What a learner gets


@pytest.mark.parametrize("unit", UNITS)
def test_the_release_holds_no_solution(unit):
    source = nbformat.read(notebook(ROOT, "solutions", unit), as_version=4)
    text = notebook(ROOT, "exercises", unit).read_text(encoding="utf-8")
    released = {c.id: c.source for c in nbformat.reads(text, as_version=4).cells}
    assert "SOLUTION" not in text
    regions = 0
    for cell in source.cells:
        if not cell.metadata.get("nbgrader", {}).get("solution"):
            continue
        regions += 1
        secret = cell.source.split("### BEGIN SOLUTION\n")[1].split("### END SOLUTION")[0]
        assert STUB in released[cell.id]
        for line in filter(None, map(str.strip, secret.splitlines())):
            assert line not in released[cell.id], cell.id
            if len(line) > 8:  # an answer such as "b" also stands in the texts
                assert json.dumps(line)[1:-1] not in text, cell.id
    assert regions == sum(exercise.unit == unit for exercise in EXERCISES.values())


@pytest.mark.parametrize("unit", UNITS)
def test_a_released_answer_is_an_ellipsis_and_a_released_function_returns_none(unit):
    nb = nbformat.read(notebook(ROOT, "exercises", unit), as_version=4)
    sources = {cell.id: cell.source for cell in nb.cells}
    for exercise in EXERCISES.values():
        if exercise.unit != unit:
            continue
        names = {"np": np}  # which the notebook's first cell imports
        exec(sources[exercise.id], names)
        if isinstance(exercise, Question):
            assert names[f"answer_{exercise.id}"] is ...
        elif exercise.kind == "class":
            case = exercise.public_inputs()[0]
            made = names[exercise.function](*case.arguments, **case.keywords)
            for step in case.steps:
                if isinstance(step, Method):
                    assert getattr(made, step.name)(*step.arguments, **step.keywords) is None
        elif exercise.kind == "value":
            assert names[exercise.function] in (None, ...)
        else:
            assert names[exercise.function](*(None for _ in exercise.arguments)) is None


@pytest.mark.parametrize("kind", ["solutions", "exercises"])
@pytest.mark.parametrize("unit", UNITS)
def test_nbgrader_accepts_the_metadata(unit, kind):
    nb = nbformat.read(notebook(ROOT, kind, unit), as_version=4)
    CheckCellMetadata().preprocess(nb, {})
    marked = [cell for cell in nb.cells if "nbgrader" in cell.metadata]
    for cell in marked:
        marks = cell.metadata.nbgrader
        required = {"cell_type", "grade", "grade_id", "locked", "schema_version", "solution", "task"}
        required |= {"points"} if marks.grade else set()
        assert set(marks) == required | ({"checksum"} if kind == "exercises" else set())
        assert marks.schema_version == 3
        if kind == "exercises":
            assert marks.checksum == compute_checksum(cell)
            assert cell.metadata.deletable is False
            assert cell.metadata.get("editable", True) is marks.solution
    points = {c.id: c.metadata.nbgrader.points for c in marked if c.metadata.nbgrader.grade}
    assert points == {f"{e.id}-check": e.points for e in EXERCISES.values() if e.unit == unit}


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_the_release_is_the_one_that_nbgrader_makes(unit, tmp_path, monkeypatch):
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    shutil.copytree(ROOT / "solutions" / unit, tmp_path / "source" / unit)
    monkeypatch.chdir(tmp_path)
    config = Config({"CourseDirectory": {"root": str(tmp_path)}, "NbGraderAPI": {"timezone": "UTC"}})
    config.ClearSolutions.code_stub = {"python": STUB}
    answer = NbGraderAPI(config=config).generate_assignment(unit)
    assert answer["success"], answer["log"]
    theirs = nbformat.read(tmp_path / "release" / unit / f"{unit}.ipynb", as_version=4)
    ours = nbformat.read(notebook(ROOT, "exercises", unit), as_version=4)
    assert theirs.cells == ours.cells


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_nbgrader_validates_the_solutions_and_not_the_stubs(unit, tmp_path):
    said = {}
    for kind in ("solutions", "exercises"):
        shutil.copytree(ROOT / kind / unit, tmp_path / kind)
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", "validate", f"{unit}.ipynb"],
            cwd=tmp_path / kind,
            env=os.environ | {"PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")},
            capture_output=True,
            text=True,
            timeout=120,
        )
        said[kind] = done.stdout
    assert "Success! Your notebook passes all the tests." in said["solutions"]
    failing = sum(exercise.unit == unit for exercise in EXERCISES.values())
    assert f"VALIDATION FAILED ON {failing} CELL(S)" in said["exercises"]


# Rules of a lesson

RELU_CHECK = 'check("relu", relu)'
RELU_MARKS = '# %% nbgrader={"grade_id": "relu-check", "grade": true}\n'
RELU_SOLUTION = '# %% nbgrader={"grade_id": "relu", "solution": true}\n'


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (RELU_CHECK, 'check("relu", relu);', r"one bare call"),
        (RELU_CHECK, 'check("relu", relu);  # quiet', r"one bare call"),
        (RELU_CHECK, 'score = check("relu", relu)', r"one bare call"),
        (RELU_CHECK, 'check("relu", relu)\nprint("done")', r"one bare call"),
        (RELU_CHECK, 'check("relu", relu)\ncheck("relu", relu)', r"one bare call"),
        (RELU_CHECK, "assert relu(np.ones(1)) == 1", r"one bare call"),
        (RELU_CHECK, 'check("relu", relu', r"relu-check.*not plain Python"),
        (RELU_CHECK, 'check("rleu", relu)', r"no exercise 'rleu'.*relu"),
        (RELU_CHECK, 'check("sigmoid", sigmoid)', r"checks 'sigmoid' has the grade_id 'sigmoid-check'"),
        (RELU_CHECK, 'predict("relu", relu)', r"'relu' asks for a function, so the call is check"),
        (RELU_CHECK, 'check("relu", np.abs)', r"checks 'np.abs', but the learner writes 'relu'"),
        (RELU_CHECK, 'check("relu", relu, points=4)', r"points=4, but nlref.checks gives 'relu' 5"),
        (RELU_CHECK, 'check("relu", relu, show=False)', r"at most points="),
        (RELU_CHECK, 'check("relu")', r"at most points="),
        ('choose("q_place", answer_q_place)', 'check("q_place", answer_q_place)', r"a choice, so the call is choose"),
        ('choose("q_place", answer_q_place)', 'predict("q_place", answer_q_place)', r"choose, not predict"),
        ('predict("q_chain", answer_q_chain)', 'choose("q_chain", answer_q_chain)', r"predict, not choose"),
        (RELU_MARKS, "# %%\n", r"the exercise 'relu' has no check cell 'relu-check'"),
        (RELU_SOLUTION, "# %%\n", r"the exercise 'relu' has no solution cell"),
        (RELU_SOLUTION, RELU_SOLUTION.replace('"relu"', '"tanh"'), r"'tanh' is used twice"),
        (RELU_SOLUTION, RELU_SOLUTION.replace('"relu"', '"rleu"'), r"no exercises \['rleu'\]"),
        (RELU_SOLUTION, RELU_SOLUTION.replace('"relu"', '"re lu"'), r"'re lu' must be 1 to 48 letters"),
        (RELU_SOLUTION, RELU_SOLUTION.replace('"solution"', '"soluton"'), r"soluton.* is not understood"),
        (RELU_SOLUTION, RELU_SOLUTION.replace("true", "true, \"grade\": true"), r"is not understood"),
        (RELU_SOLUTION, RELU_SOLUTION.replace("# %%", "# %% [markdown]"), r"must be code, not markdown"),
        ("    ### BEGIN SOLUTION\n    return np.maximum", "    return np.maximum", r"'relu' is not between"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_refused_in_one_sentence(checkout, old, new, sentence):
    rewrite(checkout, old, new)
    with pytest.raises(BuildError, match=sentence) as refused:
        build(checkout)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith((".", "?")) or "there is no exercise" in str(refused.value)
    assert FIRST in str(refused.value)
    assert contents(checkout) == {}


def test_an_equal_points_argument_is_accepted():
    source_notebook(LESSON.replace(RELU_CHECK, 'check("relu", relu, points=5)'), FIRST)


def test_a_check_above_its_solution_is_refused():
    head, cell = LESSON.split(RELU_SOLUTION)
    body, rest = cell.split(RELU_MARKS)
    check, tail = rest.split("# %%", 1)
    with pytest.raises(BuildError, match="stands above its solution cell"):
        source_notebook(f"{head}{RELU_MARKS}{check}{RELU_SOLUTION}{body}# %%{tail}", FIRST)


def test_releasing_leaves_the_source_as_it_was():
    source = source_notebook(LESSON, FIRST)
    before = nbformat.writes(source)
    released_notebook(source)
    assert nbformat.writes(source) == before


# course.toml and the choice of units


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("[[unit]", r"is not a list of \[\[unit\]\] tables"),
        ('[[unit]]\nid = "a"\n', r"is not a list of \[\[unit\]\] tables"),
        ('[[unit]]\nid = "a"\ntitle = "A"\nminutes = 50\n', r"lists 'a', but .* does not exist"),
        (f'[[unit]]\nid = "{FIRST}"\ntitle = "A"\nminutes = 50\n' * 2, r"is listed twice"),
        (f'[[unit]]\nid = "{FIRST}"\ntitle = "A"\nminutes = 50\nneeds = ["b"]', r"needs \['b'\]"),
        ("unit = []", rf"does not list \['{FIRST}'"),
    ],
)
def test_a_wrong_course_toml_is_refused(checkout, table, sentence):
    (checkout / "course" / "course.toml").write_text(table, encoding="utf-8")
    with pytest.raises(BuildError, match=sentence):
        build(checkout)


def test_a_folder_without_a_course_is_refused(tmp_path):
    with pytest.raises(BuildError, match=r"course\.toml does not exist"):
        build(tmp_path)


def test_an_unknown_unit_is_refused(checkout):
    with pytest.raises(BuildError, match=f"no unit '01_first'; the units are {FIRST}"):
        build(checkout, ["01_first"])


def test_one_unit_is_built_alone(checkout):
    build(checkout, [FIRST])
    assert {name.split("/")[1] for name in contents(checkout)} == {FIRST}


# Changes by hand


def test_a_changed_notebook_is_not_overwritten(checkout):
    build(checkout)
    path = notebook(checkout, "exercises")
    nb = nbformat.read(path, as_version=4)
    nb.cells[0].source += "\n\nA teacher's own sentence."
    nbformat.write(nb, path)
    mine = contents(checkout)
    rewrite(checkout, "Four points are the whole data set", "Four points are all of the data set")
    with pytest.raises(BuildError, match=rf"Changed by hand.*exercises.{FIRST}.*--force"):
        build(checkout)
    assert contents(checkout) == mine
    build(checkout, force=True)
    assert build(checkout, check=True) == []


def test_an_older_build_is_overwritten_without_a_word(checkout):
    build(checkout)
    rewrite(checkout, "Four points are the whole data set", "Four points are all of the data set")
    assert len(build(checkout)) == 2


def test_what_is_no_notebook_any_more_counts_as_changed(checkout):
    build(checkout)
    notebook(checkout, "exercises").write_text("not JSON", encoding="utf-8")
    with pytest.raises(BuildError, match="Changed by hand"):
        build(checkout)


# --check


def test_check_lists_what_is_missing_and_writes_nothing(checkout):
    with pytest.raises(BuildError, match=rf"solutions/{FIRST}/{FIRST}\.ipynb.*make build"):
        build(checkout, check=True)
    assert contents(checkout) == {}


def test_check_lists_what_differs_and_what_nothing_makes(checkout):
    build(checkout)
    rewrite(checkout, "Four points are the whole data set", "Four points are all of the data set")
    (checkout / "exercises" / FIRST / "stray.txt").write_text("", encoding="utf-8")
    (checkout / "exercises" / "99_gone").mkdir()
    (checkout / "exercises" / "99_gone" / "99_gone.ipynb").write_text("{}", encoding="utf-8")
    before = contents(checkout)
    with pytest.raises(BuildError, match=r"differ") as refused:
        build(checkout, check=True)
    for name in (f"solutions/{FIRST}/{FIRST}.ipynb", f"exercises/{FIRST}/stray.txt", "exercises/99_gone"):
        assert name in str(refused.value)
    assert contents(checkout) == before


def test_files_beside_the_lesson_travel_with_both_notebooks(checkout):
    build(checkout)
    for path in sorted((checkout / "course" / FIRST).iterdir()):
        copies = [checkout / kind / FIRST / path.name for kind in ("solutions", "exercises")]
        if path.name == "lesson.py":
            assert not any(copy.exists() for copy in copies)
        else:
            assert all(copy.read_bytes() == path.read_bytes() for copy in copies)


def test_a_failing_unit_leaves_the_others_alone(checkout):
    second = checkout / "course" / "02_broken"
    second.mkdir()
    (second / "lesson.py").write_text(f"{RELU_SOLUTION}relu = None\n", encoding="utf-8")
    with (checkout / "course" / "course.toml").open("a", encoding="utf-8") as table:
        table.write('\n[[unit]]\nid = "02_broken"\ntitle = "Broken"\nminutes = 50\n')
    with pytest.raises(BuildError, match="02_broken"):
        build(checkout)
    assert contents(checkout) == {}
