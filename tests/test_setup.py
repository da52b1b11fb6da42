"""`make setup`, run as a user runs it: real make, real interpreters, real environments, in a scratch project.

The scratch project has this project's Makefile and set-up script, but hardly any dependencies, so that an
environment takes two seconds. That the real ones install is shown by `benchmarks/setup_time.py` and by the fact
that these tests run.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "nlref"
version = "0"
"""

# The smallest PEP 517/660 backend: the scratch project needs nothing that is not already on this machine.
BACKEND = """
import zipfile

FILES = {
    "nlref.pth": "%(root)s",
    "nlref_content/__init__.py": "",
    "nlref-0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: nlref\\nVersion: 0\\n"
    "Provides-Extra: keras\\nProvides-Extra: test\\n",
    "nlref-0.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: scratch\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "nlref-0-py3-none-any.whl"
    record = "".join(f"{file},,\\n" for file in [*FILES, "nlref-0.dist-info/RECORD"])
    with zipfile.ZipFile(f"{wheel_directory}/{name}", "w") as wheel:
        for file, text in {**FILES, "nlref-0.dist-info/RECORD": record}.items():
            wheel.writestr(file, text)
    return name
"""


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", root)
    shutil.copy(ROOT / "tools" / "setup.py", root / "tools")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND % {"root": root})
    (root / "constraints.txt").write_text("")
    return root


@pytest.fixture
def programs(tmp_path):
    """A PATH with make and a shell, and no Python and no uv."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("make", "sh", "env", "true"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def python_that_says(path, change):
    """A real Python that differs from the one running this test by what ``change`` does first."""
    code = f"import sys; {change}; sys.argv[1:2] = []; exec(sys.argv.pop(1)) if sys.argv[1:] else None"
    script = f'[ "$1" = -c ] && exec {sys.executable} -c \'{code}\' "$@"; exec {sys.executable} "$@"'
    program(path, script)


def make(project, *arguments, path=None, **environment):
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "MAKE"))}
    keep.update(environment)
    keep["PATH"] = str(path) if path else f"{UV.parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=project,
        env=keep,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def sentence(done, project, venv=False):
    """The one sentence of a failed set-up, which ended with 2 and left nothing half-made."""
    assert done.returncode == 2, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("make setup: ")
    assert (project / ".venv").exists() == venv
    return lines[0]


def test_make_alone_lists_the_targets(project):
    done = make(project)
    assert done.returncode == 0
    targets = ["lab", "test", "test-all", "build", "grade", "bench", "setup", "clean"]
    assert [target for target in targets if f"make {target} " not in done.stdout] == []
    assert not (project / ".venv").exists()


def test_no_python(project, programs):
    said = sentence(make(project, "setup", path=programs), project)
    assert "needs Python 3.11, 3.12 or 3.13, and none was found; install one" in said


@pytest.mark.parametrize(("version", "dotted"), [((3, 10, 4), "3.10.4"), ((3, 14, 0), "3.14.0")])
def test_python_too_old_or_too_new(project, programs, version, dotted):
    python_that_says(programs / "python3", f"sys.version_info = {(*version, 'final', 0)!r}".replace("'", '"'))
    said = sentence(make(project, "setup", path=programs), project)
    assert "needs Python 3.11, 3.12 or 3.13" in said
    assert f"python3 is {dotted}" in said
    assert "make setup PYTHON=python3.13" in said


def test_a_shim_that_starts_nothing_is_passed_over(project, programs):
    program(programs / "python3", 'echo "pyenv: python3: command not found" >&2; exit 127')
    python_that_says(programs / "python3.13", 'sys.version_info = (3, 9, 1, "final", 0)')
    said = sentence(make(project, "setup", path=programs), project)
    assert "here python3.13 is 3.9.1;" in said


def test_the_python_asked_for_does_not_exist(project):
    said = sentence(make(project, "setup", "PYTHON=python9"), project)
    assert "PYTHON=python9 does not start a Python" in said


def test_the_python_asked_for_is_unsuitable_though_another_would_do(project, programs):
    python_that_says(programs / "python3.9", 'sys.version_info = (3, 9, 1, "final", 0)')
    said = sentence(make(project, "setup", f"PYTHON={programs / 'python3.9'}"), project)
    assert "is 3.9.1" in said


def test_no_venv_module(project, programs):
    python_that_says(programs / "python3", 'sys.modules["ensurepip"] = None')
    program(programs / "apt-get", "exit 0")
    said = sentence(make(project, "setup", path=programs), project)
    assert "has no venv module; run `sudo apt-get install python3-venv`" in said


def test_no_network(project):
    (project / "constraints.txt").write_text("")
    text = (project / "pyproject.toml").read_text().replace("requires = []", 'requires = ["hatchling"]')
    (project / "pyproject.toml").write_text(text)
    nowhere = {
        name: "http://127.0.0.1:9" for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy")
    }
    cache = project.parent / "cache"
    done = make(
        project, "setup", **nowhere, UV_CACHE_DIR=str(cache), UV_HTTP_RETRIES="0", NO_PROXY="", no_proxy=""
    )
    assert "could not be downloaded; check the network" in sentence(done, project)


def on_small_disk(project, size, *command):
    """Run with the project on a memory disk of this size, in a mount namespace of its own."""
    disk = project.parent / "disk"
    disk.mkdir(exist_ok=True)
    script = (
        f"mount -t tmpfs -o {size} none {disk} && cp -r {project}/. {disk} && cd {disk} && "
        '"$@"; code=$?; ls -a; exit $code'
    )
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", disk], capture_output=True).returncode:
        pytest.skip("this machine does not let a user mount a small disk (user namespaces are off)")
    return subprocess.run(
        [*unshare, "sh", "-c", script, "sh", *command],
        env={**os.environ, "PATH": f"{UV.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    "size", ["size=20m", "size=4g,nr_inodes=200"], ids=["before it starts", "on the way"]
)
def test_no_space(project, size):
    done = on_small_disk(project, size, "make", "setup")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "make setup: no space left" in done.stderr
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert ".venv" not in done.stdout.splitlines()  # what the folder holds in the end


def test_a_folder_that_cannot_be_written(project):
    done = on_small_disk(project, "size=4g", "sh", "-c", "mount -o remount,ro . && make setup")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "cannot be written; make it writable" in done.stderr
    assert "Traceback" not in done.stderr


def works(project):
    python = project / ".venv" / "bin" / "python"
    code = "import nlref_content, sys, pip; assert sys.prefix != sys.base_prefix"
    return subprocess.run([python, "-I", "-c", code], capture_output=True).returncode == 0


@pytest.fixture
def made(project):
    done = make(project, "setup", f"PYTHON={sys.executable}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert works(project)
    return project


def site_packages(project):
    return next((project / ".venv" / "lib").glob("python*/site-packages"))


def lose_the_python(project):
    for path in (project / ".venv" / "bin").glob("python*"):
        path.unlink()


def lose_a_package(project):
    shutil.rmtree(site_packages(project) / "nlref_content")


def lose_a_record(project):
    (next(site_packages(project).glob("nlref*.dist-info")) / "RECORD").unlink()
    lose_a_package(project)
    lose_the_stamp(project)


def lose_the_stamp(project):
    (project / ".venv" / "nlref-setup.json").unlink()


def spoil_the_stamp(project):
    (project / ".venv" / "nlref-setup.json").write_text("{")


def lose_the_library(project):
    shutil.rmtree(project / ".venv" / "lib")


def leave_a_folder(project):
    shutil.rmtree(project / ".venv")
    (project / ".venv" / "bin").mkdir(parents=True)


def leave_a_file(project):
    shutil.rmtree(project / ".venv")
    (project / ".venv").write_text("")


DAMAGE = [
    lose_the_python,
    lose_a_package,
    lose_a_record,
    lose_the_stamp,
    spoil_the_stamp,
    lose_the_library,
    leave_a_folder,
    leave_a_file,
]


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_damaged_environment_is_mended(made, damage):
    damage(made)
    done = make(made, "setup", f"PYTHON={sys.executable}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert works(made)
    again = make(made, "setup")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.mark.slow
def test_nothing_happens_when_nothing_changed(made):
    before = {path: path.stat().st_mtime_ns for path in (made / ".venv").rglob("*")}
    again = make(made, "setup")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert {path: path.stat().st_mtime_ns for path in (made / ".venv").rglob("*")} == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_requirement_is_installed(made, name):
    with open(made / name, "a") as file:
        file.write("\n# another requirement\n")
    done = make(made, "setup")
    assert done.returncode == 0
    assert "complete" in done.stdout
    assert make(made, "setup").stdout == ""


@pytest.mark.slow
def test_what_a_learner_installed_besides_stays(made):
    (site_packages(made) / "besides").mkdir()
    assert make(made, "setup").stdout == ""
    assert (site_packages(made) / "besides").is_dir()


@pytest.mark.slow
def test_without_uv_on_path_and_without_a_network_pip_says_the_sentence(project, programs):
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    nowhere = {
        name: "http://127.0.0.1:9" for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy")
    }
    done = make(project, "setup", path=programs, **nowhere, PIP_NO_CACHE_DIR="1", NO_PROXY="", no_proxy="")
    assert "could not be downloaded; check the network" in sentence(done, project)


@pytest.mark.slow
def test_a_terminated_set_up_leaves_nothing_and_a_killed_one_is_mended(project):
    slow = (
        (project / "backend.py")
        .read_text()
        .replace("import zipfile", "import time, zipfile; time.sleep(6)", 1)
    )
    quick = (project / "backend.py").read_text()
    (project / "backend.py").write_text(slow)
    command = [sys.executable, "tools/setup.py", "--python", sys.executable]
    environment = {**os.environ, "PATH": f"{UV.parent}:{os.environ['PATH']}"}
    for stop, left in ((signal.SIGTERM, False), (signal.SIGKILL, True)):
        process = subprocess.Popen(
            command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for line in process.stdout:
            if line.startswith("Installing"):
                break
        time.sleep(0.5)
        process.send_signal(stop)
        process.wait(timeout=60)
        process.stdout.close()
        assert (project / ".venv").exists() == left
    (project / "backend.py").write_text(quick)
    assert make(project, "setup").returncode == 0
    assert works(project)
