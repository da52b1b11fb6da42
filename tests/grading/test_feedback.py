"""The page that a learner gets back: what it says, what it keeps to itself, and that nothing on it runs or calls."""

import base64
import io
import json
import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import replace

import pytest
from PIL import Image

from nlref.checks import evaluate
from nlref.course_files import course_files
from nlref.grading import grade, init
from nlref.grading.assignment import Assignment, MasterCell, MasterNotebook
from nlref.grading.course import Course
from nlref.grading.engine import Engine, ungraded
from nlref.grading.feedback import PAGE_CHARACTERS, Mark, feedback_page, with_pages
from nlref.grading.notebook import Graded, autograded_notebook
from nlref.grading.result import CellResult, NotebookResult, SubmissionResult
from nlref.grading.submission import Cell, model_submission
from tests.grading.test_markdown import HOSTILE

INTRO = MasterCell("markdown", "## Squares $x^2$", released="## Squares $x^2$")
SETUP = MasterCell("code", "import math", "setup", locked=True, released="import math")
STUB = "def squares(n):\n    ..."
SOLUTION = MasterCell(
    "code", STUB, "squares", solution=True, released=STUB, answer="def squares(n): return 1"
)
TEST = MasterCell(
    "code",
    "assert squares(3) == [0, 1, 4]\nassert squares(77) == list_of_77",
    "squares-check",
    grade=True,
    locked=True,
    points=2.0,
    released="assert squares(3) == [0, 1, 4]",
)
CHECK = MasterCell("code", 'check("relu", relu)', "relu-check", grade=True, locked=True, points=5.0,
                   released='check("relu", relu)')  # fmt: skip
WHY = MasterCell("markdown", "Why?", "why", grade=True, solution=True, points=3.0, released="Why?")
MASTER = MasterNotebook("unit", (INTRO, SETUP, SOLUTION, TEST, CHECK, WHY))
ASSIGNMENT = Assignment("unit", {"unit": MASTER})


def png(width=8, height=6):
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(stream, "png")
    return base64.b64encode(stream.getvalue()).decode()


def show(**data):
    return {"output_type": "display_data", "data": data, "metadata": {}}


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def error(text, *frames):
    name, _, value = text.partition(": ")
    lines = ["Traceback (most recent call last):", *frames, text] if frames else [text]
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": lines}


def cells(
    solution="def squares(n):\n    return [i * i for i in range(n)]",
    outputs=(),
    test=(2.0, "", ()),
    check=None,
    why=("Because $a < b$.", None),
    more=(),
):
    """A graded notebook: what the engine hands on."""
    score, reason, said = test
    check = check if check is not None else evaluate("relu", lambda x: x * (x > 0))
    return [
        Graded(Cell("markdown", INTRO.source)),
        Graded(Cell("code", SETUP.source, "setup", SETUP)),
        Graded(Cell("code", solution, "squares", SOLUTION), outputs=list(outputs)),
        Graded(
            Cell("code", TEST.source, "squares-check", TEST),
            outputs=list(said),
            result=CellResult("squares-check", score, 2.0, reason),
        ),
        Graded(
            Cell("code", CHECK.source, "relu-check", CHECK),
            result=CellResult("relu-check", check.score, 5.0, "values are wrong" if check.score < 5 else ""),
            checked=check,
        ),
        Graded(Cell("markdown", why[0], "why", WHY), result=CellResult("why", why[1], 3.0)),
        *more,
    ]


def page(graded=None, *, student="ada", repairs=(), marks=None, **more):
    graded = cells() if graded is None else graded
    notebook = json.loads(autograded_notebook(MASTER, graded, repairs))
    own = {g.result.grade_id: Mark(g.result.score, g.result.points) for g in graded if g.result}
    return feedback_page(
        MASTER, notebook, own | (marks or {}), student=student, assignment=ASSIGNMENT, **more
    )


def text_of(html):
    """What a reader sees."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_page_names_the_exercises_with_points_and_formulas():
    html = page()
    text = text_of(html)
    assert "7 of 10 points" in text
    assert "✓ squares 2/2" in text
    assert "✓ relu 5/5" in text
    assert "… why –/3 a person will grade this" in text
    assert "3 points are not decided yet: a person will grade why" in text
    assert html.count("<math") == 2
    assert "return</span> [i * i" in html
    assert "import math" not in text  # handed out, unchanged, shows nothing


def test_a_wrong_answer_says_what_is_wrong_in_the_checks_words():
    mirrored = evaluate("relu", lambda x: x * (x < 0))
    failed = next(criterion for criterion in mirrored.criteria if not criterion.passed)
    text = text_of(page(cells(check=mirrored)))
    assert f"✗ relu {mirrored.score:g}/5 values are wrong" in text
    assert f"✗ {failed.name} 0/{failed.points:g} {failed.message.splitlines()[0].replace('`', '')}" in text


def test_hidden_tests_are_not_on_the_page():
    secret = error(
        "AssertionError: squares(77) is list_of_77",
        "  unit 4, line 2, in <module>",
        "    assert squares(77) == list_of_77",
    )
    html = page(cells(test=(0.0, "AssertionError: a hidden test failed", [secret, stream("77")])))
    assert "77" not in text_of(html)
    assert "✗ squares · 0 of 2 points AssertionError: a hidden test failed" in text_of(html)
    public = error("AssertionError", "  unit 4, line 1, in <module>", "    assert squares(3) == [0, 1, 4]")
    text = text_of(page(cells(test=(0.0, "AssertionError", [public]))))
    assert "The test stopped at assert squares(3) == [0, 1, 4]" in text


def test_the_test_is_shown_as_it_was_handed_out():
    text = text_of(page())
    assert text.count("The test, as it was handed out") == 1  # a bare check says nothing
    assert "assert squares(3)" in text
    assert "list_of_77" not in text


def test_what_a_person_did_is_on_the_page():
    html = page(
        marks={"why": Mark(1.5, 3.0)},
        comments={"why": "Half of it.\n<b>See me.</b>", "squares": "Nice."},
        late_penalty=1.0,
    )
    text = text_of(html)
    assert "7.5 of 10 points" in text
    assert "◐ why · 1.5 of 3 points" in text
    assert "1 points were taken off because it was handed in late" in text
    assert "Comment Half of it. &lt;b&gt;See me.&lt;/b&gt;" in text
    assert "Comment Nice." in text
    assert "person will grade" not in text


def test_what_was_repaired_is_said():
    text = text_of(page(repairs=("the cell `squares` was there twice",)))
    assert "Before grading the cell squares was there twice" in text


def test_a_notebook_that_could_not_be_read_says_why():
    done = ungraded(MASTER, "it is not JSON (`<x>`)", show=True)
    notebook = json.loads(done.content)
    html = feedback_page(MASTER, notebook, {}, student="ada", assignment=ASSIGNMENT)
    assert "This notebook could not be graded: it is not JSON" in text_of(html)
    assert "0 of 10 points" in text_of(html)
    assert "<x>" not in html


def test_figures_are_kept_with_their_size_and_words_for_who_does_not_see_them():
    picture = png()
    html = page(cells(outputs=[show(**{"image/png": picture, "text/plain": "<Figure size 8x6>"})]))
    assert (
        f'<img src="data:image/png;base64,{picture}" width="8" height="6" alt="The figure that cell 3 drew."'
        in html
    )
    assert "Figure size" not in html


def test_a_figure_that_no_browser_could_unpack_is_left_out():
    header = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (100_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    )
    bomb = base64.b64encode(header + b"0" * 40).decode()
    html = page(cells(outputs=[show(**{"image/png": bomb})]))
    assert bomb not in html
    assert "a figure of 100000 x 100000 pixels is left out" in html


def test_output_reads_as_in_a_terminal():
    shown = page(
        cells(
            outputs=[
                stream("\x1b[31mred\x1b[0m 10%\r100%\nnul\x00 \u202eevil\n"),
                stream("careful", "stderr"),
            ]
        )
    )
    assert ">100%\nnul� �evil</pre>" in shown
    assert '<pre class="out stderr" role="group" aria-label="Warnings">careful</pre>' in shown


def test_a_flood_is_cut_and_the_page_stays_small():
    many = [stream("x" * 20_000 + "\n") for _ in range(50)]
    html = page(cells(outputs=many))
    assert len(html) < PAGE_CHARACTERS
    assert "[the rest is left out]" in html


def test_a_long_lesson_keeps_only_what_leads_to_exercises():
    prose = [MasterCell("markdown", f"Paragraph {n}. " + "long " * 500, released="") for n in range(40)]
    prose = [MasterCell("markdown", p.source, released=p.source) for p in prose]
    master = MasterNotebook("unit", (*prose, *MASTER.cells))
    graded = [*(Graded(Cell("markdown", p.source)) for p in prose), *cells()]
    notebook = json.loads(autograded_notebook(master, graded, ()))
    html = feedback_page(master, notebook, {}, student="ada", assignment=Assignment("unit", {"unit": master}))
    assert len(html.encode()) < PAGE_CHARACTERS
    assert "Paragraph 3." not in html
    assert "Squares" in html
    assert "range(n)" in html
    assert "the text of the lesson stands in your notebook" in html
    assert "the text of the lesson stands in your notebook" not in page()


def test_a_notebook_that_no_page_can_be_made_of_still_gives_its_points(capsys):
    notebook = json.loads(autograded_notebook(MASTER, cells(), ()))
    del notebook["cells"][2]["outputs"]
    marks = {"squares-check": Mark(2.0, 2.0)}
    text = text_of(feedback_page(MASTER, notebook, marks, student="ada", assignment=ASSIGNMENT))
    assert "2 of 10 points" in text
    assert "✓ squares 2/2" in text
    assert "could not be made (KeyError); the points stand" in text
    assert "KeyError" in capsys.readouterr().err


def test_names_of_any_bytes_have_a_page():
    assert "Feedback for \udce9" in page(student="\udce9")


def test_a_learners_html_is_cleaned_and_code_about_html_stays_code():
    html = page(
        cells(why=("It is <kbd style='color:red' onclick='alert(1)'>so</kbd> and `<div>`, a < b", None))
    )
    assert "<kbd>so</kbd>" in html
    assert "<code>&lt;div&gt;</code>, a &lt; b" in html


def hostile(text):
    """A learner's notebook that has a text in every place where a learner can put one."""
    return page(
        cells(
            solution=f"def squares(n):\n    return '{text}'",
            outputs=[
                stream(text),
                stream(text, "stderr"),
                error(f"{text}: {text}", text),
                show(**{"text/html": text, "image/svg+xml": text, "text/plain": text, "image/png": text}),
                show(**{"application/javascript": text, "text/markdown": text, "text/latex": text}),
            ],
            test=(0.0, text, [error(f"{text}: {text}")]),
            check=evaluate("relu", lambda x: text),
            why=(text, 0.0),
            more=[
                Graded(Cell("markdown", text)),
                Graded(Cell("raw", text)),
                Graded(
                    Cell("markdown", "![a](attachment:a.png)", attachments={"a.png": {"image/png": text}})
                ),
            ],
        ),
        student=text,
        repairs=[text, f"`{text}`"],
        comments={"why": text},
    )


@pytest.mark.parametrize(
    "text", [*HOSTILE, '"><script>alert(1)</script>', "'onmouseover='alert(1)", "{{ 1234*5678 }}"]
)
def test_nothing_of_a_hostile_notebook_is_obeyed(text, harmless):
    html = hostile(text)
    harmless(html)
    assert "7006652" not in text_of(html)
    assert html.count("<main>") == html.count("</main>") == html.count("</html>") == 1


def test_the_page_forbids_scripts_and_fetching_by_itself(harmless):
    html = page()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)[1]
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert 'lang="en"' in html
    assert "width=device-width" in html
    assert "prefers-color-scheme:dark" in html


def test_a_result_gets_its_page_and_what_the_class_report_counts():
    mirrored = evaluate("relu", lambda x: x * (x < 0))
    own = "def squares(n):\n    out = []\n    for i in range(n):\n        out.append(i * i + 0 * (i - 1))\n"
    own += "    return out"
    graded = cells(solution=own, check=mirrored)
    done = NotebookResult(
        "unit",
        tuple(item.result for item in graded if item.result),
        content=autograded_notebook(MASTER, graded, ()),
    )
    bare = SubmissionResult("ada", "unit", (done, NotebookResult("gone", ())))
    result = with_pages(ASSIGNMENT, bare)
    [notebook, gone] = result.notebooks
    assert b"Feedback for ada" in notebook.page
    assert gone.page == b""
    relu = notebook.cells[1]
    assert relu.mistake == (mirrored.mistake or "")
    assert relu.criteria == tuple((c.name, c.score, c.points) for c in mirrored.criteria)
    assert list(notebook.solutions) == ["squares"]
    assert SubmissionResult.from_json(result.to_json()).notebooks[0].solutions == notebook.solutions
    assert "page" not in result.to_json().replace('"page":""', "")
    untouched = autograded_notebook(MASTER, cells(solution=STUB), ())
    stub = with_pages(ASSIGNMENT, replace(bare, notebooks=(replace(done, content=untouched),)))
    assert stub.notebooks[0].solutions == {}


def nbgrader(root, *arguments):
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=root, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stderr


@pytest.mark.sandbox
def test_grading_writes_the_pages_and_writes_them_anew_for_what_a_person_graded(basics, writing):
    folder = writing.hand_in(
        basics, "ada", "basics", writing.right | {"squares": "def squares(n): return [0, 1, 4]"},
        files={"timestamp.txt": "2026-01-01 10:00:00.0 UTC", "submission_secret.txt": "s3cret"},
    )  # fmt: skip
    writing.hand_in(basics, "ben", "basics", writing.right)
    (folder / "extra.ipynb").write_text("no notebook")
    (folder / "pipe").symlink_to("/dev/zero")
    grade(basics, "basics", jobs=1)
    pages = basics / "feedback" / "ada" / "basics"
    assert sorted(path.name for path in pages.iterdir()) == [
        "basics.html", "extra.html", "submission_secret.txt", "timestamp.txt",
    ]  # fmt: skip
    text = text_of((pages / "basics.html").read_text())
    assert "✗ squares · 0 of 2 points" in text
    assert "squares(0)" not in text  # the hidden test
    assert "Before grading the file pipe was left out: it is a link" in text
    assert "could not be graded" in text_of((pages / "extra.html").read_text())
    for path in basics.rglob("*.html"):
        assert str(basics) not in path.read_text()
        assert "site-packages" not in path.read_text()

    with Course(basics).gradebook() as gradebook:
        found = gradebook.find_grade("why", "basics", "basics", "ada")
        found.manual_score, found.needs_manual_grade = 1.5, False
        gradebook.find_comment("why", "basics", "basics", "ada").manual_comment = "Why so?"
        gradebook.db.commit()
    grade(basics, "basics", jobs=1, students=["ada"], force=True)
    text = text_of((pages / "basics.html").read_text())
    assert "◐ why · 1.5 of 2 points" in text
    assert "Comment Why so?" in text


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.parametrize(
    "unit", sorted(path.name for path in course_files().solutions.iterdir() if path.is_dir())
)
def test_every_unit_fits_on_its_page(tmp_path, unit, harmless):
    """The worked notebook, graded: all points, all formulas, 40 kB without figures, nothing that runs."""
    version = Course(init(tmp_path / "course", unit)).assignment(unit)
    with Engine(version) as engine:
        result = with_pages(version, engine.grade(model_submission(version)))
    [notebook] = result.notebooks
    html = notebook.page.decode()
    harmless(html)
    assert "✗" not in text_of(html)
    assert "$" not in re.sub(r"<(pre|code)[ >].*?</\1>", "", html, flags=re.DOTALL)
    assert len(re.sub(r'"data:image/[^"]*"', "", html).encode()) <= PAGE_CHARACTERS


@pytest.mark.slow
@pytest.mark.sandbox
def test_nbgraders_own_commands_make_and_release_the_page(basics, writing, tmp_path):
    """`generate_feedback` with the course's configuration, and `release_feedback` of what either wrote."""
    with open(basics / "nbgrader_config.py", "a") as file:
        file.write('c.GenerateFeedback.exporter_class = "nlref.grading.exporter.FeedbackPage"\n')
        file.write("c.GenerateFeedback.preprocessors = []\n")
    for student in ("ada", "ben"):
        writing.hand_in(
            basics, student, "basics", writing.right,
            files={"timestamp.txt": "2026-01-01 10:00:00.0 UTC", "submission_secret.txt": f"of {student}"},
        )  # fmt: skip
    grade(basics, "basics", jobs=1)
    ours = {path: path.read_text() for path in basics.glob("feedback/*/*/*.html")}
    assert len(ours) == 4
    assert "Skipping existing" in nbgrader(basics, "generate_feedback", "basics")
    nbgrader(basics, "generate_feedback", "basics", "--force")
    assert {path: path.read_text() for path in basics.glob("feedback/*/*/*.html")} == ours
    with Course(basics).gradebook() as gradebook:
        gradebook.find_comment("why", "basics", "basics", "ada").manual_comment = "Why so?"
        gradebook.db.commit()
    nbgrader(basics, "generate_feedback", "basics", "--force", "--student", "ada")
    new = {path for path, text in ours.items() if path.read_text() != text}
    assert new == {basics / "feedback" / "ada" / "basics" / "basics.html"}
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    nbgrader(basics, "release_feedback", "basics", f"--Exchange.root={exchange}")
    released = [path.read_text() for path in exchange.rglob("*.html")]
    assert sorted(released) == sorted(path.read_text() for path in ours)
