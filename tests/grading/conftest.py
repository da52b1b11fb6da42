"""Course directories to grade in: a small assignment in the ways instructors write them, and unit 01 with its class."""

import importlib.util
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from nlref.grading.course import Course, init, release

UNIT = "01_first_activations"


def cell(source, grade_id=None, kind="code", tags=(), **flags):
    """An nbgrader cell as an instructor's source notebook has it."""
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    made = make(source.strip("\n"))
    if tags:
        made.metadata["tags"] = list(tags)
    if grade_id is not None:
        made.metadata["nbgrader"] = {
            "schema_version": 3,
            "grade_id": grade_id,
            "grade": False,
            "solution": False,
            "locked": False,
            "task": False,
            **flags,
        }
    return made


def write_source(root, assignment, notebooks, files=None):
    """An instructor's source folder: notebooks (lists of cells) and other files."""
    folder = Path(root) / "source" / assignment
    folder.mkdir(parents=True, exist_ok=True)
    for name, cells in notebooks.items():
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, folder / f"{name}.ipynb")
    for name, content in (files or {}).items():
        (folder / name).write_text(content)


def hand_in(root, student, assignment, answers, notebook=None, change=None, files=None):
    """Hand in released notebooks with ``answers`` (by grade id) in the place of the stubs."""
    root = Path(root)
    folder = root / "submitted" / student / assignment
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((root / "release" / assignment).glob("*.ipynb")):
        if notebook is not None and path.stem != notebook:
            continue
        content = json.loads(path.read_text(encoding="utf-8"))
        for made in content["cells"]:
            grade_id = made["metadata"].get("nbgrader", {}).get("grade_id")
            if grade_id in answers:
                made["source"] = answers[grade_id]
        if change is not None:
            change(content)
        (folder / path.name).write_text(json.dumps(content), encoding="utf-8")
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    return folder


BASICS = {
    "basics": [
        cell("# Basics", kind="markdown"),
        cell("import math\n\n\ndef close(a, b):\n    return abs(a - b) < 1e-9", "setup", locked=True),
        cell("from fractions import Fraction"),
        cell("looked = 'at'", tags=["skip-execution"]),
        cell("def squares(n):\n    ### BEGIN SOLUTION\n    return [i * i for i in range(n)]\n    ### END SOLUTION",
             "squares", solution=True),
        cell("assert squares(3) == [0, 1, 4]\n### BEGIN HIDDEN TESTS\nassert squares(0) == []\n### END HIDDEN TESTS",
             "squares-check", grade=True, locked=True, points=2),
        cell("def mean(values):\n    ### BEGIN SOLUTION\n    return sum(values) / len(values)\n    ### END SOLUTION",
             "mean", solution=True),
        cell("score = 0\nscore += 2 * close(mean([1, 2]), 1.5)\nscore += 2 * close(mean([Fraction(1, 2)]), 0.5)\nscore",
             "mean-check", grade=True, locked=True, points=4),
        cell("### BEGIN SOLUTION\nprint(squares(4))\n### END SOLUTION", "use", solution=True, grade=True, points=3),
        cell("Because.", "why", "markdown", solution=True, grade=True, points=2),
        cell("Plan something.", "plan", "markdown", task=True, locked=True, points=3),
    ],
    "extra": [
        cell("import csv"),
        cell("def total(path):\n    ### BEGIN SOLUTION\n    with open(path) as file:\n"
             "        return sum(float(row[0]) for row in csv.reader(file))\n    ### END SOLUTION",
             "total", solution=True),
        cell("with open('data.csv') as file:\n    truth = sum(float(row[0]) for row in csv.reader(file))\n"
             "assert total('data.csv') == truth == 6", "total-check", grade=True, locked=True, points=1),
    ],
}  # fmt: skip

RIGHT = {
    "squares": "def squares(n):\n    return [i ** 2 for i in range(n)]",
    "mean": "import statistics\n\ndef mean(values):\n    return statistics.fmean(values)",
    "use": "print(squares(4))",
    "why": "Because I say so.",
    "total": "def total(path):\n    return sum(map(float, open(path).read().split()))",
}


@pytest.fixture(scope="session")
def basics_template(tmp_path_factory):
    """A released course with the assignment ``basics``, made once."""
    root = tmp_path_factory.mktemp("template") / "course"
    root.mkdir()
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'basics101'\n")
    write_source(root, "basics", BASICS, {"data.csv": "1\n2\n3\n"})
    release(Course(root), "basics")
    return root


@pytest.fixture
def basics(basics_template, tmp_path):
    """A course of one's own with the assignment ``basics``."""
    return Path(shutil.copytree(basics_template, tmp_path / "course"))


@pytest.fixture(scope="session")
def unit_template(tmp_path_factory):
    """A course directory as ``nlref init`` makes it, made once."""
    return init(tmp_path_factory.mktemp("init") / "course", UNIT)


@pytest.fixture
def unit_course(unit_template, tmp_path):
    """A course of one's own with unit 01."""
    return Path(shutil.copytree(unit_template, tmp_path / "course"))


@pytest.fixture(scope="session")
def sample_class():
    """The module that builds the sample class."""
    path = Path(__file__).parent / "sample_class" / "build.py"
    spec = importlib.util.spec_from_file_location("sample_class", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Harmless(HTMLParser):
    """Fails on whatever a browser would run, follow by itself, or fetch."""

    DANGEROUS = (
        {"script", "iframe", "frame", "object", "embed", "applet", "link", "base", "form", "input", "button"}
        | {
            "textarea",
            "svg",
            "audio",
            "video",
            "source",
            "template",
            "noscript",
            "plaintext",
            "xmp",
            "portal",
        }
        | {"mglyph", "annotation-xml"}
    )

    def __init__(self, allow=()):
        super().__init__(convert_charrefs=True)
        self.allow = set(allow)

    def handle_starttag(self, tag, attributes):
        assert tag not in self.DANGEROUS - self.allow, self.get_starttag_text()[:200]
        if tag == "meta":
            assert dict(attributes).get("http-equiv", "").lower() in ("", "content-security-policy")
        for name, value in attributes:
            value = re.sub(r"[\x00-\x20]", "", value or "").lower()
            assert not name.startswith("on"), self.get_starttag_text()[:200]
            assert "javascript:" not in value or tag == "details", self.get_starttag_text()[:200]
            if name in ("href", "xlink:href"):
                assert re.match(r"#|https?://|mailto:", value), value[:200]
            elif name in (
                "src",
                "srcset",
                "poster",
                "data",
                "action",
                "ping",
                "background",
                "srcdoc",
                "formaction",
            ):
                assert name == "src", name
                assert re.match(r"data:image/(png|jpeg|gif|svg\+xml);base64,[a-z0-9+/=]+$", value), value[
                    :200
                ]
            elif name == "style":
                assert re.fullmatch(r"width:[0-9.]+%", value), value[:200]


@pytest.fixture(scope="session")
def harmless():
    """Says whether a page runs nothing and asks nobody."""

    def look(html, allow=()):
        parser = _Harmless(allow)
        parser.feed(html)
        parser.close()

    return look


@pytest.fixture(scope="session")
def writing():
    """What tests write assignments and submissions with."""
    return SimpleNamespace(
        cell=cell, write_source=write_source, hand_in=hand_in, right=dict(RIGHT), basics=BASICS, unit=UNIT
    )
