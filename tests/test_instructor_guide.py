"""docs/instructor.md, typed in: its commands in its order, in one shell, from an empty folder to grades."""

import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "instructor.md").read_text(encoding="utf-8")
UNIT = "01_first_activations"
# Commands to type, and what others do meanwhile.
STEPS = re.findall(r"^```sh\n(.*?)^```$|^<!-- (.*?) -->$", GUIDE, re.MULTILINE | re.DOTALL)

COMMANDS = re.findall(r"(?:^ *|`)nlref ([a-z]+)([^`\n]*)", GUIDE, re.MULTILINE)
PAGES = ["instructor.md", "threat-model.md", "grades.md"]


def hand_in(folder):
    """What Moodle would give: right answers from Ada, wrong ones from Ben, nothing from Cem, a stranger."""
    with zipfile.ZipFile(folder / "dl" / "handouts" / f"{UNIT}.zip") as archive:
        handed_out = json.loads(archive.read(f"{UNIT}/{UNIT}.ipynb"))
    solved = json.loads((ROOT / "solutions" / UNIT / f"{UNIT}.ipynb").read_text(encoding="utf-8"))
    answers = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["source"]
        for cell in solved["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }
    with zipfile.ZipFile(folder / "downloads.zip", "w") as archive:
        for name, wrong in (("Ada Lovelace", {}), ("Ben Bitdiddle", {"relu": "def relu(x):\n    return x"})):
            for cell in handed_out["cells"]:
                grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
                cell["source"] = {**answers, **wrong}.get(grade_id, cell["source"])
            archive.writestr(f"{name}_1_assignsubmission_file_/{UNIT}.ipynb", json.dumps(handed_out))
        archive.writestr("Zoe Zero_2_assignsubmission_file_/note.txt", "?")


def change_a_test(folder):
    """Everybody gets the points of the exercise that Ben has wrong."""
    path = folder / "dl" / "source" / UNIT / f"{UNIT}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    [cell] = [
        c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "relu-check"
    ]
    cell["source"] = "assert callable(relu)"
    path.write_text(json.dumps(notebook), encoding="utf-8")


MEANWHILE = {"the class hands in": hand_in, "a test is changed": change_a_test}


def totals(folder):
    with open(folder / "dl" / "grades.csv", newline="", encoding="utf-8") as file:
        return {line["student"]: float(line["total"]) for line in csv.DictReader(file)}


@pytest.mark.slow
@pytest.mark.sandbox
def test_the_guide_can_be_typed_in(tmp_path):
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "160",
        "NO_COLOR": "1",
    }
    said = {}
    graded = []
    for commands, event in STEPS:
        if event:
            MEANWHILE[event](tmp_path)
            continue
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{commands}\n{run.stdout}\n{run.stderr}"
        said[commands] = run.stdout + run.stderr
        if commands.startswith("nlref grade "):
            graded.append(totals(tmp_path))
    everything = "\n".join(said.values())
    assert "3 new, 0 changed, 0 as they are" in everything
    assert "left out: Zoe Zero_2_assignsubmission_file_/note.txt" in everything
    assert "changed: relu-check" in everything
    assert "1 gain, 0 lose, 1 keep what they have" in everything
    assert [line["ada"] for line in graded] == [26, 26]
    assert [line["ben"] for line in graded] == [21, 26]
    assert sorted(path.name for path in (tmp_path / "dl" / "returned" / UNIT).iterdir()) == [
        "ada.zip",
        "ben.zip",
    ]
    assert (tmp_path / "grades-canvas.csv").read_text().startswith("Student,ID")


def test_every_verb_of_an_instructor_is_in_the_guide_and_no_other():
    from typer.main import get_command

    from nlref.cli import app

    commands = get_command(app).commands
    named = {verb for verb, _ in COMMANDS}
    assert named <= commands.keys()
    learners = {"lab", "check", "progress", "build", "compare", "bench"}
    assert named >= commands.keys() - learners


def test_every_option_that_the_guide_names_exists():
    from typer.main import get_command

    from nlref.cli import app

    for verb, rest in COMMANDS:
        command = get_command(app).commands[verb]
        known = {
            name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)
        }
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, verb


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for link in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = link.partition("#")
        assert not path or (ROOT / "docs" / path).is_file(), link
        assert path or anchor in anchors, link


def test_every_test_that_the_threat_model_names_exists():
    named = re.findall(
        r"`(tests/[a-z_/]+\.py)`", (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    )
    assert len(named) > 15
    for name in named:
        assert "def test_" in (ROOT / name).read_text(encoding="utf-8"), name
