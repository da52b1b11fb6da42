"""Temporary folders that do not stay behind: the next run clears away those of a process that was killed."""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

PREFIX = "nlref-scratch-"
YOUNG_SECONDS = 60.0  # a folder that was made this very moment may not be locked yet


class Scratch:
    """A private temporary folder, locked as long as its process lives, however that ends; a context manager."""

    def __enter__(self) -> Path:
        clear_leftovers()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        return self.path

    def __exit__(self, *_: Any) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._handle)


def clear_leftovers() -> None:
    """Remove the folders of processes that are no more; never another user's, never one in use."""
    with suppress(OSError):
        for entry in os.scandir(tempfile.gettempdir()):
            if entry.name.startswith(PREFIX):
                with suppress(OSError):
                    _clear(entry.path)


def _clear(path: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if status.st_uid != os.getuid() or not stat.S_ISDIR(status.st_mode):
            return
        if time.time() - status.st_mtime < YOUNG_SECONDS:
            return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(handle)
