"""The files of a session's working folder: those of the assignment, and those that tests and answers exchange."""

import os

MAX_FILES = 200
MAX_BYTES = 4_000_000

_known: dict[str, tuple[int, int]] = {}


def write(name: str, content: bytes) -> None:
    folder = os.path.dirname(name)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with open(name, "wb") as file:
        file.write(content)
    _known[name] = _mark(os.stat(name))


def remove(name: str) -> None:
    _known.pop(name, None)
    if os.path.isdir(name):
        os.rmdir(name)
    elif os.path.lexists(name):
        os.remove(name)


def link(path: str) -> None:
    """Make the working folder answer to the name that it has in the grader's process, too."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.lexists(path):
        os.symlink(os.getcwd(), path)


def make(names: list[str]) -> None:
    for name in names:
        os.makedirs(name, exist_ok=True)


def listed(folder: str = ".") -> dict[str, tuple[int, int] | None]:
    """The files below a folder, with what changes when they do; None for a folder. Links are passed over."""
    found: dict[str, tuple[int, int] | None] = {}
    folders = [folder]
    while folders and len(found) < MAX_FILES:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                name = os.path.relpath(entry.path, folder)
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name != "__pycache__":
                        found[name] = None
                        folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    found[name] = _mark(entry.stat(follow_symlinks=False))
    return found


def _mark(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_size


def remember() -> None:
    """Take the files as they are for known: only what changes from now on is told."""
    _known.clear()
    _known.update((name, mark) for name, mark in listed().items() if mark is not None)


def changed() -> tuple[dict[str, bytes], list[str], list[str]]:
    """What was written and what was removed since the last time, and the folders."""
    now = listed()
    written: dict[str, bytes] = {}
    left = MAX_BYTES
    for name, mark in now.items():
        if mark is not None and _known.get(name) != mark and mark[1] <= left:
            with open(name, "rb") as file:
                written[name] = file.read(left)
            left -= len(written[name])
            _known[name] = mark
    removed = [name for name in _known if name not in now]
    for name in removed:
        del _known[name]
    return written, removed, [name for name, mark in now.items() if mark is None]
