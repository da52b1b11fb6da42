"""The package as a user installs it: a wheel, in an empty environment, away from the checkout."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
UNIT = "01_first_activations"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the source archive, built from a copy of what git would hand out."""
    where = tmp_path_factory.mktemp("build")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (where / "project" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, where / "project" / name)
    run = subprocess.run(
        [UV, "build", "--out-dir", where / "dist", where / "project"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return where / "dist"


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """An environment that holds the wheel, its dependencies and nothing else; its bin folder."""
    (wheel,) = built.glob("*.whl")
    environment = tmp_path_factory.mktemp("installed") / "env"
    python = environment / "bin" / "python"
    for command in (
        [UV, "venv", "--quiet", "--python", sys.executable, environment],
        [
            UV,
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--constraint",
            ROOT / "constraints.txt",
            wheel,
        ],
    ):
        run = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert run.returncode == 0, run.stderr
    return environment / "bin"


@pytest.fixture
def away(installed, tmp_path):
    """Run a program of the environment in a foreign folder, with nothing of the checkout in sight."""

    def run(*command, code=0, timeout=300):
        done = subprocess.run(
            [installed / command[0], *map(str, command[1:])],
            cwd=tmp_path,
            env=foreign_environment(tmp_path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert str(ROOT) not in done.stdout + done.stderr
        return done.stdout

    return run


def foreign_environment(home):
    """As in a shell that never heard of the checkout: its bin is not on PATH, nor is the new environment's."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
    }


def test_wheel_holds_the_notebooks_the_licences_and_no_test(built):
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for kind in ("exercises", "solutions"):
        mine = {str(path.relative_to(ROOT)) for path in (ROOT / kind).rglob("*") if path.is_file()}
        mine = {name for name in mine if ".ipynb_checkpoints" not in name}
        assert mine
        assert {name.removeprefix("nlref/") for name in names if name.startswith(f"nlref/{kind}/")} == mine
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/LICENSE-course") for name in names)
    assert {name.split("/")[0] for name in names} == {"nlref", names[-1].split("/")[0]}


def test_wheel_is_small(built):
    (wheel,) = built.glob("*.whl")
    assert wheel.stat().st_size < 1_500_000  # twelve units, worked and to be worked, with their data
    with zipfile.ZipFile(wheel) as archive:
        assert max(member.file_size for member in archive.infolist()) < 150_000


def test_source_archive_holds_what_the_wheel_is_made_from(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"pyproject.toml", "README.md", "course/course.toml", f"exercises/{UNIT}/{UNIT}.ipynb"} <= names
    assert not any(name.startswith(("tests/", ".venv/", "work/", "build/")) for name in names)


def test_runs_without_the_extras(away):
    """A learner has no TensorFlow, and nothing imports it behind their back."""
    code = "import nlref.activations, nlref.cli, sys; print(nlref.__file__, 'tensorflow' in sys.modules)"
    where, loaded = away("python", "-c", code).split()
    assert "site-packages" in where
    assert loaded == "False"
    away("python", "-c", "import tensorflow", code=1)


def test_lab(installed, tmp_path):
    """`nlref lab` answers on a free port with the unit in its folder, and stops by its own pid."""
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [installed / "nlref", "lab", "--no-browser", "--port", "0"],
            cwd=tmp_path,
            env=foreign_environment(tmp_path),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        runtime = tmp_path / "work" / ".jupyter" / "runtime" / f"jpserver-{process.pid}.json"
        for _ in range(600):
            if process.poll() is not None or ("token=" in log.read_text() and runtime.is_file()):
                break
            time.sleep(0.1)
        assert process.poll() is None, log.read_text()
        about = json.loads(runtime.read_text())
        request = urllib.request.Request(
            f"{about['url']}api/contents/{UNIT}/{UNIT}.ipynb",
            headers={"Authorization": f"token {about['token']}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert len(json.load(answer)["content"]["cells"]) > 10
        process.terminate()
        assert process.wait(timeout=30) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_check(away, installed):
    """The worked unit gets all points; the unit as handed out gets none, and the exit code says so."""
    code = "from nlref.course_files import course_files as f; print(f().exercises, f().solutions, sep='\\n')"
    exercises, solutions = away("python", "-c", code).split("\n")[:2]
    assert str(installed.parent) in exercises
    closing = away("nlref", "check", f"{solutions}/{UNIT}/{UNIT}.ipynb").strip().splitlines()[-1]
    score, points = closing.removesuffix(" points").split(" of ")
    assert score == points
    closing = away("nlref", "check", f"{exercises}/{UNIT}/{UNIT}.ipynb", code=1).strip().splitlines()[-1]
    assert closing == f"0 of {points} points"


@pytest.mark.sandbox
def test_init_and_grade(away, tmp_path):
    """An instructor's whole way: a course directory, a hand-in, grades."""
    away("nlref", "init", "course")
    course = tmp_path / "course"
    source, released = (course / kind / UNIT / f"{UNIT}.ipynb" for kind in ("source", "release"))
    for student, notebook in (("right", source), ("stub", released)):
        folder = course / "submitted" / student / UNIT
        folder.mkdir(parents=True)
        shutil.copyfile(notebook, folder / notebook.name)
    points = sum(
        cell.metadata.get("nbgrader", {}).get("points", 0)
        for cell in nbformat.read(source, as_version=4).cells
    )
    away("nlref", "grade", "course", UNIT)
    table = (course / "grades.csv").read_text()
    right, stub = (next(line for line in table.splitlines() if name in line) for name in ("right", "stub"))
    assert f",{points}" in right.replace(".0", "")
    assert f",{points}," not in stub.replace(".0", "").split("stub")[1][: len(f",{points},")]
