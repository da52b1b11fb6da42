"""The JupyterLab in which a learner works through their own copies of the course's notebooks.

`lab` is what ``nlref lab`` runs. It never overwrites a learner's file, and it never touches the user's own
Jupyter: settings, trust, history and running servers live in ``.jupyter`` inside the learner's directory.
"""

import itertools
import json
import os
import shutil
import socket
import sys
from pathlib import Path

from nlref.course_files import course_files
from nlref.learn.attempts import LOG, attempts
from nlref.learn.standing import standing

CELL_SECONDS = 10  # nbgrader's Validate: an endless loop ends after this, not after its 30

# Plugins that need a course directory or an exchange; and those that add tiles and buttons of no use here,
# for formats, pages and downloads that the course does without.
_FOR_INSTRUCTORS = {
    "@jupyter/nbgrader:assignment-list": True,
    "@jupyter/nbgrader:course-list": True,
    "@jupyter/nbgrader:create-assignment": True,
    "@jupyter/nbgrader:formgrader": True,
    "@jupyter/nbgrader:menu": True,
}
_ONLY_IN_THE_WAY = {
    "jupyterlab-jupytext": True,
    "@jupyter-notebook/lab-extension": True,
    "@jupyterlab/extensionmanager-extension": True,
}


def copy_units(directory: Path) -> list[Path]:
    """Copy every unit into ``directory``, leaving alone each file that is already there; the new files."""
    exercises = course_files().exercises
    copied = []
    for source in sorted(exercises.rglob("*")):
        path = source.relative_to(exercises)
        target = directory / path
        if not source.is_file() or ".ipynb_checkpoints" in path.parts or os.path.lexists(target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.new")
        shutil.copyfile(source, beside)  # not the mode: released files may be read-only
        beside.rename(target)
        copied.append(target)
    return copied


def new_versions(directory: Path) -> list[Path]:
    """Put the course's new version of a unit into a folder beside the learner's own; the folders made.

    A unit is new if the notebook that the learner has came from another build of the course, which it carries in its
    metadata. What was put there once is not put there again, so that a folder that the learner deleted stays away.
    """
    exercises = course_files().exercises
    log = directory / ".jupyter" / "versions.json"
    offered = set(json.loads(log.read_text(encoding="utf-8"))) if log.is_file() else set()
    made = []
    for unit in course_files().units():
        current = _version(exercises / unit / f"{unit}.ipynb")
        own = _version(directory / unit / f"{unit}.ipynb")
        if current is None or own in (None, current) or current in offered:
            continue
        folder = next(
            place
            for number in itertools.count(2)
            if not os.path.lexists(place := directory / f"{unit}-{number}")
        )
        beside = directory / f".{folder.name}.new"
        shutil.rmtree(beside, ignore_errors=True)  # left by a start that was stopped
        shutil.copytree(
            exercises / unit,
            beside,
            copy_function=shutil.copyfile,
            ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
        )
        beside.rename(folder)
        made.append(folder)
        _write(log, json.dumps(sorted(offered := offered | {current})))
    return made


def _version(notebook: Path) -> str | None:
    """The digest that the build put into a notebook's metadata; ``None`` if it carries none."""
    try:
        return str(json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["nlref"]["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def first_unfinished(directory: Path) -> str:
    """The unit to open: the first with an exercise to solve or a question to answer; the last if all are done."""
    units = course_files().units()
    finished = {unit.id for unit in standing(attempts(directory / LOG)) if unit.next is None}
    return next((unit for unit in units if unit not in finished), units[-1])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _trust(notebooks: list[Path], home: Path) -> None:
    """Sign notebooks of the course, as `jupyter trust` would, so that Lab does not doubt them."""
    import nbformat
    from nbformat.sign import NotebookNotary

    home.mkdir(parents=True, exist_ok=True)
    notary = NotebookNotary(data_dir=str(home))
    for path in notebooks:
        notary.sign(nbformat.read(path, as_version=4))
    notary.store.close()


def is_course_directory(directory: Path) -> bool:
    """Whether an instructor made this directory for a class (``nlref init``, ``nbgrader quickstart``)."""
    return (directory / "nbgrader_config.py").is_file()


def _write_settings(home: Path, instructor: bool) -> None:
    """The settings of this JupyterLab, written anew at each start; what a user changes in Lab is kept elsewhere."""
    settings = {
        "jupyter_lab_config.json": {
            "LabApp": {"news_url": None, "check_for_updates_class": "jupyterlab.NeverCheckForUpdate"},
        },
        "jupyter_server_config.json": {
            "ServerApp": {
                "answer_yes": True,  # Ctrl-C stops without a question
                "tornado_settings": {"ws_ping_timeout": 30000},  # what the server settles on after a warning
                "jpserver_extensions": {
                    "nbgrader.server_extensions.validate_assignment": True,
                    "nbgrader.server_extensions.formgrader": instructor,
                    "nbgrader.server_extensions.assignment_list": instructor,
                    "nbgrader.server_extensions.course_list": instructor,
                    "jupyterlab_jupytext": False,
                    "notebook": False,
                },
            },
            # an export carries its pictures, and stays a page when it is sanitized
            "HTMLExporter": {
                "embed_images": True,
                "filters": {"clean_html": "nlref.learn.export.clean_html"},
            },
        },
        "labconfig/page_config.json": {
            "disabledExtensions": _ONLY_IN_THE_WAY if instructor else _ONLY_IN_THE_WAY | _FOR_INSTRUCTORS
        },
        "labconfig/default_setting_overrides.json": {
            "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
            "@jupyterlab/apputils-extension:themes": {
                "adaptive-theme": True
            },  # light or dark as the system is
            "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 30},
            "@jupyterlab/notebook-extension:tracker": {
                "kernelShutdown": True
            },  # with its tab: memory for the next
        },
    }
    texts = {name: json.dumps(value, indent=2) + "\n" for name, value in settings.items()}
    # kernels listen on this machine's own 127.0.0.1: their warning about a plain connection helps nobody
    kernel = "../ipython/profile_default/ipython_kernel_config.json"
    texts[kernel] = json.dumps({"IPKernelApp": {"log_level": "ERROR"}}) + "\n"
    texts["nbgrader_config.py"] = f"c = get_config()\nc.Execute.timeout = {CELL_SECONDS}\n"
    for name, text in texts.items():
        _write(home / name, text)


def _environment(directory: Path, instructor: bool) -> dict[str, str]:
    """The environment variables that keep this Jupyter apart from the user's own."""
    home = directory / ".jupyter"
    _write_settings(home / "config", instructor)
    return {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "0",  # our settings come before those of the installed packages
        "JUPYTER_NO_CONFIG": "",
        "JUPYTER_PATH": "",  # where the user may have kernels and extensions of their own
        "JUPYTER_CONFIG_PATH": "",
        # programs that nbgrader looks up by name (alembic), and `!pip` in a notebook, are this environment's
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    }


def _check_port(port: int) -> int:
    """The port to listen on: a free one for 0, else the one asked for if it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "ports go from 0 to 65535"
            raise ValueError(
                f"JupyterLab cannot listen on port {port} ({reason}); leave --port out to take a free one."
            ) from None
        return probe.getsockname()[1]


def lab(directory: str | os.PathLike[str] = "work", port: int | None = None, browser: bool = True) -> None:
    """Open the course in JupyterLab; returns when the server is stopped (Ctrl-C).

    Every unit is copied to ``directory`` unless a file of that name is there, so a learner's work is never
    overwritten; to begin a unit afresh, rename or delete the copy. Of a unit that has changed in the course since it
    was copied, the new version comes into a folder beside it. The first unit that is not finished opens. The server
    listens on 127.0.0.1 with a token. In a course directory (one with an ``nbgrader_config.py``) nothing is copied
    and nbgrader's instructor pages, formgrader among them, are switched on.

    Args:
        directory: where the learner's notebooks live; made if it is not there.
        port: None takes 8888 or the next free one, 0 any free one.
        browser: whether to open the page in a browser, or only to print its address.

    Raises:
        ValueError: the directory or the port cannot be used.
        CourseFilesMissing: this installation has no exercises.
    """
    directory = Path(directory).expanduser().resolve()
    if directory.exists() and not directory.is_dir():
        raise ValueError(f"{directory} is a file; give --directory a folder for your notebooks.")
    options = [] if port is None else [f"--ServerApp.port={_check_port(port)}", "--ServerApp.port_retries=0"]
    instructor = is_course_directory(directory)
    page = "/lab"
    try:
        if not instructor:
            files = course_files()
            if directory in (files.exercises, files.solutions):
                raise ValueError(
                    f"{directory} belongs to the course itself; give --directory another folder."
                )
            directory.mkdir(parents=True, exist_ok=True)
            (directory / LOG).touch()  # here `check` records what was tried
            copied = copy_units(directory)
            changed = new_versions(directory)
            unit = first_unfinished(directory)
            page = f"/lab/tree/{unit}/{unit}.ipynb"
            new = [path for path in copied if path.suffix == ".ipynb"]
            new += [notebook for folder in changed for notebook in folder.glob("*.ipynb")]
            _trust(new, directory / ".jupyter" / "data")
            what = f"{len(copied)} new" if copied else "nothing new to copy"
            print(f"Your notebooks are in {directory} ({what}).", flush=True)
            for folder in changed:
                unit = folder.name.rpartition("-")[0]
                print(
                    f"The course has a new version of {unit}: it is in {folder.name}; yours stays as it is.",
                    flush=True,
                )
        environment = _environment(directory, instructor)
        os.chdir(directory)
    except PermissionError as error:
        raise ValueError(
            f"{error.filename} cannot be written; give --directory a folder of your own."
        ) from None
    os.environ.update(environment)
    print("JupyterLab starts; its address follows. Ctrl-C here stops it.", flush=True)

    from jupyterlab.labapp import LabApp

    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    if not browser:
        options.append("--no-browser")
    LabApp.launch_instance(
        [
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.root_dir={directory}",
            f"--LabApp.default_url={page}",
            "--Application.log_level=WARN",
            *options,
        ]
    )
