"""Files that a test writes for the learner's code to read, and the other way round.

The two sides have a folder each. A notebook whose tests do something with files gets one of its own here, with the
files of the submission in it, and before and after every question what has changed in either is written to the other.
What the learner's side writes stays inside that folder, is bounded, is never one of the instructor's files, and is
nothing that Python imports from: the folder is not on ``sys.path``.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any

from . import messages
from .sandbox import Session
from .worker import files

_USES_FILES = re.compile(
    r"""\b(?:open|Path|tempfile|shutil|glob|os\.(?:path|remove|listdir|makedirs|mkdir|unlink|getcwd)|loadtxt|savetxt
    |genfromtxt|np\.(?:load|save)|fromfile|tofile|read_\w+|to_\w+|savefig|imread|imsave|json\.(?:dump|load)|csv)\b""",
    re.VERBOSE,
)
_MODULE = "nlref_grading.worker.files"


def uses_files(sources: Iterable[str]) -> bool:
    """Whether test cells seem to read or write files."""
    return any(_USES_FILES.search(source) for source in sources)


class FileExchange:
    """One notebook's folder in the grader's process; a context manager, which makes it the working directory.

    Parameters
        content: the files that are there to begin with, as in the session's folder.
        protected: names of those that are the instructor's.
    """

    def __init__(self, content: Mapping[str, bytes], protected: Iterable[str]) -> None:
        self._content = content
        self._protected = frozenset(protected)
        self._known: dict[str, tuple[int, int] | None] = {}

    def __enter__(self) -> FileExchange:
        self._before = os.getcwd(), tempfile.tempdir, list(sys.path)
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="nlref-files-"))
        os.chdir(self.folder)
        sys.path[:] = [entry for entry in sys.path if entry not in ("", ".", self.folder)]
        tempfile.tempdir = self.folder
        for name, content in self._content.items():
            self._write(name, content)
        self._known = files.listed(self.folder)
        return self

    def __exit__(self, *exception: Any) -> None:
        folder, tempfile.tempdir, sys.path[:] = self._before
        os.chdir(folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self, session: Session) -> None:
        """Bring a new session to the same state: it answers to this folder's name, and tells changes from now on."""
        self._ask(session, "link", self.folder)
        self._ask(session, "remember")
        self._known = {name: mark for name, mark in self._known.items() if name in self._content}

    def send(self, session: Session) -> None:
        """What the test has written, made or removed, to the learner's side."""
        now = files.listed(self.folder)
        if now == self._known:
            return
        folders = [name for name, mark in now.items() if mark is None and name not in self._known]
        if folders:
            self._ask(session, "make", folders)
        left = files.MAX_BYTES
        for name, mark in now.items():
            if mark is not None and self._known.get(name) != mark and mark[1] <= left:
                with open(os.path.join(self.folder, name), "rb") as file:
                    content = file.read(left)
                left -= len(content)
                self._ask(session, "write", name, content)
        for name in sorted(self._known.keys() - now.keys(), reverse=True):
            self._ask(session, "remove", name)
        self._known = now

    def take(self, session: Session) -> None:
        """What the learner's side has written, made or removed, to this side."""
        answer = messages.Unpacker(_nothing_else).unpack(self._ask(session, "changed"))
        try:
            written, removed, folders = answer
            items = [(name, content) for name, content in written.items() if type(content) is bytes]
            if len(items) > files.MAX_FILES or sum(len(content) for _, content in items) > files.MAX_BYTES:
                return
            for name in folders[: files.MAX_FILES]:
                if self._is_inside(name):
                    os.makedirs(os.path.join(self.folder, name), exist_ok=True)
            for name, content in items:
                if self._is_inside(name):
                    self._write(name, content)
            for name in removed[: files.MAX_FILES]:
                if self._is_inside(name) and os.path.isfile(os.path.join(self.folder, name)):
                    os.remove(os.path.join(self.folder, name))
        except (ValueError, TypeError, AttributeError, OSError):
            return  # forged, or names that no file can have here: the test will miss it
        self._known = files.listed(self.folder)

    def _write(self, name: str, content: bytes) -> None:
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def _is_inside(self, name: Any) -> bool:
        return (
            type(name) is str
            and 0 < len(name) < 200
            and "\0" not in name
            and not os.path.isabs(name)
            and all(part not in ("", ".", "..") for part in name.split("/"))
            and name not in self._protected
            and os.path.realpath(os.path.join(self.folder, name)) == os.path.join(self.folder, name)
        )

    def _ask(self, session: Session, function: str, *arguments: Any) -> Any:
        packer = messages.Packer(_nothing_else)
        result = session.operate(
            "call", [messages.Known(_MODULE, function), *(packer.pack(argument) for argument in arguments)]
        )
        return result.value


def _nothing_else(value: Any) -> Any:
    raise messages.MessageError(f"an unexpected {type(value).__name__}")
