"""One call of the learner's function, with everything it did: value, error, warnings, prints, changed arguments."""

import contextlib
import io
import linecache
import logging
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Warned:
    """A warning raised by the learner's code: its class name, its text and the learner's own source line."""

    category: str
    message: str
    line: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What one call did. Plain data, so that it can come from another process just as well.

    Attributes
        value: what was returned; ``None`` if it raised.
        error: ``"TypeName: message"`` if it raised, else ``None``.
        line: the learner's own source line that raised, if it is known.
        warnings: the warnings in order.
        stdout, stderr: what was printed; logging counts as stderr.
        arguments: the positional arguments as they are after the call.
    """

    value: Any
    error: str | None = None
    line: str | None = None
    warnings: tuple[Warned, ...] = ()
    stdout: str = ""
    stderr: str = ""
    arguments: tuple[Any, ...] = ()


Call = Callable[[Any, Sequence[Any], Mapping[str, Any]], Outcome]
CallEach = Callable[[Any, Sequence[tuple[Sequence[Any], Mapping[str, Any]]]], list[Outcome]]


def call_locally(obj: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Outcome:
    """Call ``obj`` in this process and answer with its :class:`Outcome`; only ``KeyboardInterrupt`` passes through.

    The arguments are handed over as they are: give copies if they matter. Warnings are recorded even when an
    earlier call has already shown them, floating-point trouble warns whatever ``np.seterr`` says, and logging is
    caught at the root logger.
    """
    stdout, stderr = io.StringIO(), io.StringIO()
    value, error, line = None, None, None
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, [logging.StreamHandler(stderr)]
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
            np.errstate(all="warn", under="ignore"),
        ):
            warnings.simplefilter("always")
            try:
                value = obj(*args, **kwargs)
            except KeyboardInterrupt:
                raise
            except BaseException as exception:
                error = f"{type(exception).__name__}: {exception}".rstrip(": ")
                line = _raising_line(obj, exception)
    finally:
        root.handlers = handlers
    return Outcome(
        value=value,
        error=error,
        line=line,
        warnings=tuple(
            Warned(
                w.category.__name__, str(w.message), linecache.getline(w.filename, w.lineno).strip() or None
            )
            for w in caught
        ),
        stdout=stdout.getvalue(),
        stderr=stderr.getvalue(),
        arguments=tuple(args),
    )


def _raising_line(obj: Any, exception: BaseException) -> str | None:
    """The innermost line of the traceback that stands in the file or cell where ``obj`` was defined."""
    home = getattr(getattr(obj, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(exception.__traceback__)
    own = [frame for frame in frames if frame.filename == home]
    return (own[-1].line or None) if own else None
