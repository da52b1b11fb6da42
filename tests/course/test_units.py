"""What every unit of ``course/course.toml`` holds to. A new unit joins by being listed there."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nbclient import NotebookClient

from nlref.build import LESSON, read_units, released_notebook, source_notebook
from nlref.checks import EXERCISES
from nlref.checks.exercise import Question

ROOT = Path(__file__).parents[2]
DESCRIBED = {unit.id: unit for unit in read_units(ROOT)}
UNITS = list(DESCRIBED)
pytestmark = pytest.mark.parametrize("unit", UNITS)

WORDS_BETWEEN_ACTIONS = 120
LINES_OF_GIVEN_CODE = 25
LEARNERS_PACKAGES = {"numpy", "matplotlib", "nlref"} | sys.stdlib_module_names
# The switch that a cell about Keras opens with, so that Run All does not import TensorFlow.
KERAS_SWITCH = "compare_with_keras = False"
UNWANTED = (
    "simply",
    "just",
    "clearly",
    "obviously",
    "recall that",
    "welcome",
    "congratulations",
    "well done",
)
EMOJI = re.compile("[\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
IN_WORDS = "*In words: "


def lesson(unit: str) -> str:
    return (ROOT / "course" / unit / LESSON).read_text(encoding="utf-8")


def source(unit: str):
    return source_notebook(lesson(unit), unit)


def released(unit: str):
    return released_notebook(source(unit))


def exercises(unit: str):
    return [exercise for exercise in EXERCISES.values() if exercise.unit == unit]


def text_of(notebook) -> str:
    """All markdown, with single spaces, so that a sentence is found wherever it is wrapped."""
    return " ".join(" ".join(c.source for c in notebook.cells if c.cell_type == "markdown").split())


def prose(markdown: str) -> str:
    """The sentences of a markdown cell: no headings, tables, pictures or words about a picture."""
    lines = [line for line in markdown.splitlines() if not line.startswith(("#", "|", "![", IN_WORDS))]
    return "\n".join(lines)


def files_beside(unit: str) -> dict[str, bytes]:
    """The other files of a unit's folder, which travel with its notebooks."""
    folder = ROOT / "course" / unit
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != LESSON
    }


def lay_beside(unit: str, folder: Path) -> None:
    for name, content in files_beside(unit).items():
        (folder / name).write_bytes(content)


def run_as_script(unit: str, code: str, folder: Path) -> subprocess.CompletedProcess:
    lay_beside(unit, folder)
    script = folder / "lesson.py"
    script.write_text(code, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "NBGRADER_EXECUTION"}
    return subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=folder,
        env=environment | {"MPLBACKEND": "agg", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_lesson_runs_as_a_script(unit, tmp_path):
    done = run_as_script(unit, lesson(unit), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_the_worked_notebook_earns_all_points(unit, worked):
    scores = {cell.value.exercise: cell.value.score for cell in worked(unit).cells if cell.graded}
    assert scores == {exercise.id: exercise.points for exercise in exercises(unit)}


def test_an_untouched_exercise_runs_to_its_end(unit, tmp_path):
    code = "\n\n".join(cell.source for cell in released(unit).cells if cell.cell_type == "code")
    done = run_as_script(unit, code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("not attempted") == len(exercises(unit))


@pytest.mark.slow
def test_the_optional_cell_compares_with_keras(unit, tmp_path):
    pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    assert lesson(unit).count(KERAS_SWITCH) == 1
    lay_beside(unit, tmp_path)
    script = tmp_path / "lesson.py"
    switched = lesson(unit).replace(KERAS_SWITCH, "compare_with_keras = True")
    script.write_text(f"{switched}\nprint('the lesson has', keras.__name__)\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("the lesson has keras\n")
    assert "RuntimeWarning" not in done.stderr
    assert not re.search(r"(difference|Keras|apart by) *(nan|inf)", done.stdout)


@pytest.mark.slow
def test_an_untouched_exercise_runs_in_a_kernel(unit, tmp_path):
    notebook = released(unit)
    lay_beside(unit, tmp_path)
    everything = (
        "no cell has this tag"  # by default the client passes over `skip-execution`, and Lab does not
    )
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=60, resources=resources, skip_cells_with_tag=everything).execute()
    errors = [
        (cell.id, output)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]
    assert errors == []


@pytest.mark.sandbox
@pytest.mark.parametrize("version", [released, source])
@pytest.mark.parametrize("demonstrations", [True, False])
def test_it_runs_in_the_grading_sandbox(unit, version, demonstrations):
    """Also without the cells that the grader does not run because they only show something."""
    from nlref.grading.sandbox import Sandbox

    with Sandbox(DESCRIBED[unit].profile) as sandbox, sandbox.session(files_beside(unit)) as session:
        for cell in version(unit).cells:
            graded = cell.metadata.get("nbgrader", {}).get("grade")
            skipped = not demonstrations and "skip-execution" in cell.metadata.get("tags", [])
            if cell.cell_type == "code" and not graded and not skipped:
                ran = session.run_cell(cell.source)
                assert ran.error is None, f"{cell.id}: {ran.error}"


def test_ruff_accepts_the_lesson(unit):
    path = ROOT / "course" / unit / LESSON
    for verb in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *verb, str(path)], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_at_most_120_words_between_two_things_to_do(unit):
    between: list[list[str]] = [[]]
    for cell in source(unit).cells:
        if cell.cell_type == "code":
            between.append([])
        else:
            between[-1] += prose(cell.source).split()
    longest = max(between, key=len)
    assert len(longest) <= WORDS_BETWEEN_ACTIONS, " ".join(longest)


def test_the_unit_has_the_size_of_a_sitting(unit):
    words = sum(len(prose(c.source).split()) for c in source(unit).cells if c.cell_type == "markdown")
    assert 700 <= words <= 1400  # the questions' options are about a fifth of them
    actions = exercises(unit)
    assert 6 <= len(actions) <= 14
    assert sum(isinstance(action, Question) for action in actions) >= len(actions) / 4
    assert 40 <= DESCRIBED[unit].minutes <= 75


def test_given_code_fits_on_a_screen(unit):
    for cell in source(unit).cells:
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= LINES_OF_GIVEN_CODE, cell.id
            assert max(map(len, lines)) <= 110, cell.id


def test_every_figure_has_labels_a_title_and_words(unit, worked):
    cells = worked(unit).cells
    drawn = [i for i, cell in enumerate(cells) if cell.figures]
    assert drawn, "a unit shows something"
    for i in drawn:
        for panels in cells[i].figures:
            assert all(panel.xlabel and panel.ylabel for panel in panels), cells[i].id
            assert any(panel.title for panel in panels), cells[i].id
        assert cells[i + 1].kind == "markdown", cells[i].id
        assert cells[i + 1].source.startswith(IN_WORDS), cells[i].id
    described = [i for i, c in enumerate(cells) if c.kind == "markdown" and c.source.startswith(IN_WORDS)]
    assert [i - 1 for i in described] == drawn


def test_every_picture_file_exists_and_has_a_text_alternative(unit):
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text_of(source(unit)))
    for alternative, target in pictures:
        assert (ROOT / "course" / unit / target).is_file(), target
        assert len(alternative.split()) >= 10, target


def test_the_tone_of_the_house(unit):
    text = lesson(unit)
    assert not EMOJI.findall(text)
    plain = prose("\n".join(c.source for c in source(unit).cells if c.cell_type == "markdown")).lower()
    assert [word for word in UNWANTED if re.search(rf"\b{word}\b", plain)] == []
    assert "!" not in re.sub(r"!\[|!=", "", plain)


def test_only_the_learners_packages_are_imported(unit):
    for cell in source(unit).cells:
        if cell.cell_type != "code":
            continue
        imported = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(cell.source))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        # a profile bears the name of the package that it adds
        allowed = (LEARNERS_PACKAGES | {DESCRIBED[unit].profile}) | (
            {"keras", "tensorflow"} if cell.source.startswith(KERAS_SWITCH) else set()
        )
        assert imported <= allowed, cell.id


def test_the_first_code_cell_is_the_locked_setup(unit):
    first = next(cell for cell in source(unit).cells if cell.cell_type == "code")
    assert first.metadata.nbgrader.grade_id == "setup"
    assert first.metadata.nbgrader.locked


def test_every_exercise_stands_in_the_notebook_with_its_points(unit):
    heading, headings = "", {}
    for cell in source(unit).cells:
        if cell.cell_type == "markdown":
            heading = ([heading, *re.findall(r"^#+ .*$", cell.source, flags=re.M)])[-1]
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            headings[cell.metadata.nbgrader.grade_id] = heading
    assert list(headings) == [exercise.id for exercise in exercises(unit)]  # progress() follows this order
    for exercise in exercises(unit):
        worth = f"{exercise.points:g} {'point' if exercise.points == 1 else 'points'}"
        assert headings[exercise.id].endswith(f"· {worth}"), exercise.id


def test_every_question_stands_in_the_notebook_as_it_is_asked(unit):
    text = text_of(source(unit))
    for question in exercises(unit):
        if isinstance(question, Question):
            assert question.prompt in text, question.id
            for key, option in question.options.items():
                assert f"- **{key}** {option.text}" in text, (question.id, key)


def test_every_wrong_option_stands_for_a_belief(unit):
    for question in exercises(unit):
        if isinstance(question, Question):
            for key, option in question.options.items():
                assert bool(option.belief) is (key != question.answer), (question.id, key)


def test_the_answers_are_not_always_at_the_same_place(unit):
    answers = [q.answer for q in exercises(unit) if isinstance(q, Question) and q.options]
    assert len(answers) < 3 or max(map(answers.count, answers)) <= (len(answers) + 1) // 2
