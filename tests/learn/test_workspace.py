"""The workspace: copying units, keeping apart from the user's Jupyter, starting and stopping JupyterLab."""

import contextlib
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from nlref.checks import EXERCISES
from nlref.course_files import CourseFiles, course_files
from nlref.learn import workspace
from nlref.learn.attempts import LOG

NLREF = Path(sys.executable).with_name("nlref")


def units() -> list[str]:
    return course_files().units()


def notebook(unit: str) -> Path:
    return Path(unit, f"{unit}.ipynb")


@pytest.mark.parametrize("unit", units())
def test_copies_every_unit(tmp_path, unit):
    copied = workspace.copy_units(tmp_path)
    assert tmp_path / notebook(unit) in copied
    source = course_files().exercises / notebook(unit)
    assert (tmp_path / notebook(unit)).read_bytes() == source.read_bytes()
    assert not list(tmp_path.rglob("*.new"))


def test_never_overwrites_and_brings_back_what_is_missing(tmp_path):
    workspace.copy_units(tmp_path)
    mine = tmp_path / notebook(units()[0])
    mine.write_text("my work")
    assert workspace.copy_units(tmp_path) == []
    assert mine.read_text() == "my work"
    mine.rename(mine.with_name("first try.ipynb"))
    assert workspace.copy_units(tmp_path) == [mine]
    assert mine.with_name("first try.ipynb").read_text() == "my work"


def test_leaves_a_dangling_link_alone(tmp_path):
    link = tmp_path / notebook(units()[0])
    link.parent.mkdir()
    link.symlink_to(tmp_path / "nowhere")
    workspace.copy_units(tmp_path)
    assert link.is_symlink()
    assert not link.exists()


def test_copies_can_be_written_though_the_originals_cannot(tmp_path, monkeypatch):
    exercises = tmp_path / "exercises"
    shutil.copytree(course_files().exercises, exercises)
    for path in exercises.rglob("*.*"):
        path.chmod(0o444)
    files = CourseFiles(exercises, exercises)
    monkeypatch.setattr(workspace, "course_files", lambda: files)
    copied = workspace.copy_units(tmp_path / "work")
    assert copied
    assert all(path.stat().st_mode & 0o200 for path in copied)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The course's exercises as a copy that can be changed, and a workspace with all of it."""
    exercises = tmp_path / "exercises"
    shutil.copytree(course_files().exercises, exercises)
    files = CourseFiles(exercises, exercises)
    monkeypatch.setattr(workspace, "course_files", lambda: files)
    workspace.copy_units(tmp_path / "work")
    return exercises


def change(exercises, unit):
    """A later build of a unit: another text, and so another digest."""
    path = exercises / notebook(unit)
    content = json.loads(path.read_text())
    content["cells"][0]["source"] = ["# Another beginning"]
    content["metadata"]["nlref"]["sha256"] = content["metadata"]["nlref"]["sha256"][::-1]
    path.write_text(json.dumps(content))
    return path.read_bytes()


def test_new_version_of_a_unit_comes_beside_the_learners(course):
    work = course.parent / "work"
    unit = "04_rectifiers"  # which has data beside the notebook
    mine = work / notebook(unit)
    written = json.loads(mine.read_text())
    written["cells"].append(nbformat.v4.new_code_cell("mine = 1"))
    mine.write_text(json.dumps(written))
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    assert workspace.new_versions(work) == []

    later = change(course, unit)
    assert workspace.new_versions(work) == [work / f"{unit}-2"]
    assert (work / f"{unit}-2" / f"{unit}.ipynb").read_bytes() == later
    assert (work / f"{unit}-2" / "digits.npz").read_bytes() == (course / unit / "digits.npz").read_bytes()
    assert {path: path.read_bytes() for path in before} == before
    assert not list(work.glob(".*.new"))

    # it is put there once, even if the learner throws it away
    assert workspace.new_versions(work) == []
    shutil.rmtree(work / f"{unit}-2")
    assert workspace.new_versions(work) == []
    assert workspace.copy_units(work) == []


def test_second_new_version_overwrites_neither(course):
    work = course.parent / "work"
    (work / f"{units()[0]}-2").mkdir()
    change(course, units()[0])
    assert workspace.new_versions(work) == [work / f"{units()[0]}-3"]
    assert list((work / f"{units()[0]}-2").iterdir()) == []


def test_notebook_that_carries_no_version_is_left_alone(course):
    work = course.parent / "work"
    (work / notebook(units()[0])).write_text("my work")
    change(course, units()[0])
    assert workspace.new_versions(work) == []


def test_first_unfinished_unit(tmp_path):
    (tmp_path / LOG).touch()
    assert workspace.first_unfinished(tmp_path) == units()[0]
    for number, unit in enumerate(units()):
        with (tmp_path / LOG).open("a") as log:
            for record in EXERCISES.values():
                if record.unit == unit:
                    log.write(json.dumps({"exercise": record.id, "part": 1.0}) + "\n")
        assert workspace.first_unfinished(tmp_path) == units()[min(number + 1, len(units()) - 1)]


def test_a_directory_that_is_a_file(tmp_path):
    (tmp_path / "work").touch()
    with pytest.raises(ValueError, match=r"work is a file; give --directory"):
        workspace.lab(tmp_path / "work")


def test_the_directory_of_the_course_itself():
    exercises = course_files().exercises
    before = sorted(exercises.rglob("*"))
    with pytest.raises(ValueError, match="belongs to the course itself"):
        workspace.lab(exercises)
    assert sorted(exercises.rglob("*")) == before


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"cannot listen on port {port}.*leave --port out"):
            workspace.lab(tmp_path / "work", port=port)
    assert not (tmp_path / "work").exists()


def test_a_port_that_does_not_exist(tmp_path):
    with pytest.raises(ValueError, match=r"70000.*from 0 to 65535"):
        workspace.lab(tmp_path / "work", port=70000)


class Terminal:
    """`nlref lab` in a terminal of its own, as a user has it."""

    def __init__(self, directory: Path, *options: str, home: Path, environment: dict | None = None):
        self.directory = directory
        self.end, terminal = pty.openpty()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
        self.process = subprocess.Popen(
            [NLREF, "lab", "--no-browser", "--directory", directory, *options],
            cwd=directory.parent,
            env={**inherited, "HOME": str(home), **(environment or {})},
            preexec_fn=lambda: os.login_tty(terminal),  # its controlling terminal: Ctrl-C reaches it
        )
        os.close(terminal)
        os.set_blocking(self.end, False)
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.end)

    def read(self) -> str:
        with contextlib.suppress(OSError):  # nothing to read yet, or the other side has ended
            self.text += os.read(self.end, 1 << 16).decode(errors="replace")
        return self.text

    def wait_for(self, *texts: str) -> None:
        for _ in range(600):
            if all(text in self.read() for text in texts):
                return
            assert self.process.poll() is None, self.text
            time.sleep(0.1)
        pytest.fail(f"{texts} did not appear in:\n{self.text}")

    def about(self) -> dict:
        (path,) = (self.directory / ".jupyter" / "runtime").glob(f"jpserver-{self.process.pid}.json")
        return json.loads(path.read_text())

    def get(self, path: str):
        about = self.about()
        url = f"{about['url']}{path}"
        request = urllib.request.Request(url, headers={"Authorization": f"token {about['token']}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.mark.slow
def test_lab_from_start_to_ctrl_c(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    with Terminal(tmp_path / "work", "--port", "0", home=home) as lab:
        lab.wait_for("Your notebooks are in", "http://127.0.0.1:", "token=")
        first = units()[0]
        assert f"/lab/tree/{first}/{first}.ipynb?token=" in lab.text
        about = lab.about()
        assert about["url"].startswith("http://127.0.0.1:")
        assert len(about["token"]) >= 32

        # this environment's Python is the kernel
        kernels = lab.get("api/kernelspecs")
        assert kernels["default"] == "python3"
        # the notebook is trusted, and the record of attempts has begun
        content = lab.get(f"api/contents/{notebook(first)}")["content"]
        assert all(c["metadata"]["trusted"] for c in content["cells"] if c["cell_type"] == "code")
        assert (tmp_path / "work" / LOG).read_text() == ""

        os.write(lab.end, b"\x03")
        assert lab.process.wait(timeout=30) == 0
        lab.read()
    assert "Traceback" not in lab.text
    assert "[y/N]" not in lab.text
    assert "WARN" not in lab.text
    # nothing was written to the user's own Jupyter, Python or Lab
    assert [path.name for path in home.rglob("*") if "upyter" in path.name or "ipython" in path.name] == []


@pytest.mark.slow
def test_second_start_says_what_is_new_and_opens_the_first_unfinished_unit(tmp_path):
    work = tmp_path / "work"
    first, second, third, *_ = units()
    workspace.copy_units(work)
    solved = [record for record in EXERCISES.values() if record.unit == first]
    lines = [json.dumps({"exercise": record.id, "part": 1.0}) for record in solved]
    (work / LOG).write_text("\n".join(lines) + "\n")
    earlier = json.loads((work / notebook(third)).read_text())
    earlier["metadata"]["nlref"]["sha256"] = "0" * 64
    (work / notebook(third)).write_text(json.dumps(earlier))
    with Terminal(work, "--port", "0", home=tmp_path) as lab:
        lab.wait_for(f"The course has a new version of {third}: it is in {third}-2;", "token=")
        assert f"/lab/tree/{second}/{second}.ipynb?token=" in lab.text
        content = lab.get(f"api/contents/{third}-2/{third}.ipynb")["content"]
        assert all(c["metadata"]["trusted"] for c in content["cells"] if c["cell_type"] == "code")
        lab.process.terminate()
        assert lab.process.wait(timeout=30) == 0
    assert json.loads((work / notebook(third)).read_text()) == earlier


@pytest.mark.slow
def test_lab_takes_the_next_port_when_8888_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8888))
            taken.listen()
        except OSError:
            pass  # somebody else's server does as well
        with Terminal(tmp_path / "work", home=tmp_path) as lab:
            lab.wait_for("token=")
            port = lab.about()["port"]
            assert port != 8888
            lab.process.send_signal(signal.SIGTERM)
            assert lab.process.wait(timeout=30) == 0


@pytest.mark.slow
def test_kernel_runs_this_python_and_no_startup_file_of_the_user(tmp_path):
    """The user's ~/.ipython startup files and their kernel named python3 do not reach the course."""
    startup = tmp_path / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("sigmoid = 'from my startup file'\n")
    theirs = tmp_path / ".local" / "share" / "jupyter" / "kernels" / "python3"
    theirs.mkdir(parents=True)
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "mine", "language": "python"}
    (theirs / "kernel.json").write_text(json.dumps(spec))
    shutil.copytree(theirs.parent, tmp_path / "share" / "kernels")
    (tmp_path / "share" / "kernels" / "python3").rename(tmp_path / "share" / "kernels" / "theirs")
    paths = {"JUPYTER_PATH": str(tmp_path / "share")}
    with Terminal(tmp_path / "work", "--port", "0", home=tmp_path, environment=paths) as lab:
        lab.wait_for("token=")
        kernels = lab.get("api/kernelspecs")["kernelspecs"]
        assert kernels["python3"]["spec"]["display_name"] != "mine"
        assert "theirs" not in kernels
        # what a kernel sees is what Validate's kernel sees, started in the same environment
        probe = tmp_path / "work" / "probe.ipynb"
        cell = nbformat.v4.new_code_cell(
            "import sys, pathlib\n"
            "pathlib.Path('seen').write_text(f'{sys.executable}\\n{\"sigmoid\" in globals()}')"
        )
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), probe)
        about = lab.about()
        request = urllib.request.Request(
            f"{about['url']}assignments/validate",
            data=json.dumps({"path": "probe.ipynb"}).encode(),
            headers={"Authorization": f"token {about['token']}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            assert json.load(answer)["success"]
        lab.process.terminate()
        assert lab.process.wait(timeout=30) == 0
    seen = (tmp_path / "work" / "seen").read_text().splitlines()
    assert Path(seen[0]).parent.resolve() == Path(sys.executable).parent.resolve()
    assert seen[1] == "False"
