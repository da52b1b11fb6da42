"""What has been tried and solved, kept as one line an attempt in the workspace."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from nlref.checks import CheckResult

LOG = ".nlref-progress.jsonl"


@dataclass(frozen=True)
class Attempts:
    """What the log says of one exercise: attempts, best and first score as parts of 1, in order of time.

    The same code with the same outcome, run again, is the same attempt.
    """

    tries: int
    best: float
    first: float


def log_file(start: Path | None = None) -> Path | None:
    """The workspace's log: in the nearest folder upwards that has one. ``None`` outside a workspace.

    ``nlref lab`` makes the file; a notebook opened anywhere else keeps no record. A graded course is no part of a
    workspace, even if it lies in one.
    """
    folder = (start or Path.cwd()).resolve()
    for place in (folder, *folder.parents):
        if (place / "nbgrader_config.py").is_file():
            return None
        if (place / LOG).is_file():
            return place / LOG
    return None


def record(result: CheckResult, obj: Any) -> None:
    """Append an attempt to the log, if there is one.

    One short line in one write to a file opened for appending: two notebooks at once cannot mix their lines, and a
    crash can only cost the last one, which the next attempt leaves behind as a line of its own.
    """
    path = log_file()
    if path is None or not result.attempted:
        return
    entry = {
        "time": round(time.time(), 3),
        "exercise": result.exercise,
        "part": result.score / result.points,
        "try": _fingerprint(result, obj),
    }
    line = json.dumps(entry).encode() + b"\n"
    try:
        with open(path, "ab+", buffering=0) as log:
            if log.seek(0, os.SEEK_END) and not _ends_a_line(log):
                line = b"\n" + line
            log.write(line)
    except OSError as error:  # a full disk or a folder that is only read: checking goes on
        print(f"nlref: this attempt is not in your record: {path}: {error.strerror}", file=sys.stderr)


def _ends_a_line(log: Any) -> bool:
    log.seek(-1, os.SEEK_END)
    return log.read(1) == b"\n"


def _fingerprint(result: CheckResult, obj: Any) -> str:
    """Eight digits that are the same for the same code with the same outcome."""
    seen = hashlib.sha256(str(result).encode())
    for code in _codes(obj):
        constants = [constant for constant in code.co_consts if not isinstance(constant, CodeType)]
        seen.update(code.co_code + repr((code.co_names, constants)).encode())
    return seen.hexdigest()[:8]


def _codes(obj: Any) -> Iterator[CodeType]:
    """The code of a function, of the functions inside it, or of a class and its methods."""
    if isinstance(obj, CodeType):
        yield obj
        for constant in obj.co_consts:
            yield from _codes(constant) if isinstance(constant, CodeType) else ()
    elif isinstance(obj, type):
        for member in vars(obj).values():
            yield from _codes(getattr(member, "__code__", None))
    elif obj is not None:
        yield from _codes(getattr(obj, "__code__", None))


def attempts(path: Path) -> dict[str, Attempts]:
    """Every exercise's attempts so far. A line cut short by a crash is passed over."""
    found: dict[str, Attempts] = {}
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines()):
        try:
            entry = json.loads(line)
            exercise, part = str(entry["exercise"]), float(entry["part"])
            attempt = exercise, str(entry.get("try", number))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if attempt in seen:
            continue
        seen.add(attempt)
        before = found.get(exercise)
        found[exercise] = (
            Attempts(before.tries + 1, max(before.best, part), before.first)
            if before
            else Attempts(1, part, part)
        )
    return found
