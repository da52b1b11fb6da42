"""A notebook's shell: IPython's own, with its outputs collected instead of sent to a front end.

The shell is made in the zygote, before it forks, so that a session starts with everything loaded; `attach`
says where its outputs go.
"""

from __future__ import annotations

import base64
import builtins
import io
import json
import linecache
import re
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

_KEPT_TYPES = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png")
_MAX_FRAMES = 20
_MAX_MESSAGE = 10_000
_FLUSH_BYTES = 8_192
_FLUSH_SECONDS = 0.2

_IPYTHONS_NAMES = re.compile(r"_+|_\d+|_i+\d*|_[do]h")


def _emit(output: dict[str, Any]) -> None:
    """Where outputs go; nowhere in the zygote."""


class Stream(io.TextIOBase):
    """``sys.stdout`` and ``sys.stderr`` of a session: text goes to whatever collects it at the moment."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, collector: Collector) -> None:
        self.name = name
        self._collector = collector

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._collector.write(self.name, text)
        return len(text)

    def flush(self) -> None:
        self._collector.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    @property
    def buffer(self) -> _Bytes:
        return _Bytes(self)


class _Bytes(io.RawIOBase):
    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)


class Collector:
    """Holds printed text back until there is enough of it, and forgets what is beyond the limit."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._name = ""
        self._parts: list[str] = []
        self._size = 0
        self._left = 0
        self._flushed = 0.0
        self._call: dict[str, list[str]] | None = None

    def begin_cell(self, limit: int) -> None:
        self._left = limit
        self._call = None

    def begin_call(self, limit: int) -> None:
        self._left = limit
        self._call = {"stdout": [], "stderr": []}

    def end_call(self) -> tuple[str, str]:
        texts, self._call = self._call or {"stdout": [], "stderr": []}, None
        return "".join(texts["stdout"]), "".join(texts["stderr"])

    def write(self, name: str, text: str) -> None:
        if self._left <= 0 or not text:
            return
        text = text[: self._left]
        self._left -= len(text)
        if self._call is not None:
            self._call[name].append(text)
            return
        if name != self._name:
            self.flush()
            self._name = name
        self._parts.append(text)
        self._size += len(text)
        if self._size >= _FLUSH_BYTES or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._parts:
            parts, self._parts, self._size = self._parts, [], 0
            self._send({"output_type": "stream", "name": self._name, "text": "".join(parts)})
        self._flushed = time.monotonic()

    def output(self, output: dict[str, Any], size: int) -> None:
        """One display, result or error of a cell; during a call nobody looks, so it is dropped."""
        if self._call is not None:
            return
        self.flush()
        if size > self._left:
            return
        self._left -= size
        self._send(output)


class _Publisher(DisplayPublisher):
    def publish(self, data: dict[str, Any], metadata: dict[str, Any] | None = None, **_: Any) -> None:
        _emit({"output_type": "display_data", "data": kept(data), "metadata": {}})

    def clear_output(self, wait: bool = False) -> None:
        pass


class _Hook(DisplayHook):
    def start_displayhook(self) -> None:
        self._data: dict[str, Any] = {}

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self._data = kept(format_dict)

    def finish_displayhook(self) -> None:
        if self._data:
            count = self.prompt_count
            _emit(
                {
                    "output_type": "execute_result",
                    "execution_count": count,
                    "data": self._data,
                    "metadata": {},
                }
            )


class _Compiler(CachingCompiler):
    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return f"<cell {number}>"


def is_cell(filename: str) -> bool:
    """Whether a code object's file name is one of a notebook's cells."""
    return filename.startswith("<cell ")


class Shell(InteractiveShell):
    compiler_class = Type(_Compiler)
    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)

    def showtraceback(self, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        kind, error, trace = exc_tuple or sys.exc_info()
        if kind is not None:
            self._error(kind, error, trace)

    def showsyntaxerror(self, filename: str | None = None, running_compiled_code: bool = False) -> None:
        self._error(*sys.exc_info()[:2], None)

    def _error(self, kind: type, error: BaseException, trace: Any) -> None:
        lines = own_traceback(kind, error, trace)
        value = lines[-1].partition(": ")[2] if lines else ""
        _emit({"output_type": "error", "ename": kind.__name__[:200], "evalue": value, "traceback": lines})

    def system(self, command: str) -> None:
        sys.stderr.write(f"!{command}: not run, there are no programs in the grading sandbox\n")

    def getoutput(self, command: str, split: bool = True, depth: int = 0) -> Any:
        self.system(command)
        return [] if split else ""

    def enable_matplotlib(self, gui: str | None = None) -> Any:
        return super().enable_matplotlib("inline")  # whatever window a notebook asks for, there is none

    def enable_gui(self, gui: str | None = None) -> None:
        pass

    def init_history(self) -> None:
        super().init_history()
        self.history_manager.enabled = False


def kept(data: dict[str, Any]) -> dict[str, Any]:
    """The parts of a display that a notebook's page can show: texts, and PNG as base64."""
    result: dict[str, Any] = {}
    for name in _KEPT_TYPES:
        value = data.get(name)
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode("ascii")
        if isinstance(value, str):
            result[name] = value
    return result


def safe_text(error: BaseException) -> str:
    try:
        return str(error)[:_MAX_MESSAGE]
    except BaseException as other:
        return f"<{type(other).__name__} while printing the {type(error).__name__}>"


def own_traceback(kind: type, error: BaseException, trace: Any) -> list[str]:
    """The traceback through the notebook's cells: never through the machinery that runs them."""
    lines = []
    frames = [frame for frame in traceback.extract_tb(trace) if is_cell(frame.filename)] if trace else []
    if frames:
        lines.append("Traceback (most recent call last):")
        if len(frames) > _MAX_FRAMES:
            lines.append(f"  ... {len(frames) - _MAX_FRAMES} more calls ...")
        for frame in frames[-_MAX_FRAMES:]:
            lines.append(f"  {frame.filename[1:-1]}, line {frame.lineno}, in {frame.name}")
            if frame.line:
                lines.append(f"    {frame.line[:300]}")
    if isinstance(error, SyntaxError) and error.lineno is not None:
        lines.append(f"  line {error.lineno}")
        if error.text:
            lines.append(f"    {error.text.strip()[:300]}")
        lines.append(f"{kind.__name__}: {str(error.msg)[:_MAX_MESSAGE]}")
    else:
        text = safe_text(error)
        lines.append(f"{kind.__name__}: {text}" if text else kind.__name__)
    return lines


def last_line(error: BaseException) -> str | None:
    """The learner's own source line that raised, if one did."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if is_cell(filename):
            line = linecache.getline(filename, trace.tb_lineno).strip()[:300] or None
        trace = trace.tb_next
    return line


def prepare() -> Shell:
    """Make the shell and draw one figure, so that a session's first cell and first plot are fast."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.history_length = 0
    shell = Shell.instance(config=config)
    shell.user_ns["exit"] = shell.user_ns["quit"] = _exit
    if "matplotlib" in sys.modules:
        import matplotlib.pyplot as plt
        from matplotlib_inline.backend_inline import configure_inline_support, flush_figures

        configure_inline_support(shell, "inline")
        figure, axes = plt.subplots()
        axes.plot([0.0, 1.0], [0.0, 1.0], label="$x^2$")
        axes.legend()
        axes.set_title("warm")
        figure.savefig(io.BytesIO(), format="png")
        flush_figures()
        plt.close("all")
    shell.run_cell("0", silent=True)
    return shell


def _exit(*args: Any, **kwargs: Any) -> None:
    """``exit()`` and ``quit()`` end a kernel; a graded notebook goes on with its next cell."""


def _no_input(prompt: str = "") -> str:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


class Notebook:
    """The shell of one session, after the fork."""

    def __init__(self, send_json: Callable[[str], None]) -> None:
        global _emit
        self.shell = Shell.instance()
        self.names = self.shell.user_ns
        self.collector = Collector(lambda output: send_json(json.dumps(output)))
        _emit = self._output
        sys.stdout = sys.__stdout__ = Stream("stdout", self.collector)
        sys.stderr = sys.__stderr__ = Stream("stderr", self.collector)
        # Descriptor 0 is /dev/null. It is not this notebook's to close: the session's may be the second one here.
        sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115
        builtins.input = _no_input
        self.hidden = frozenset(self.shell.user_ns_hidden) | {
            "In",
            "Out",
            "exit",
            "quit",
            "get_ipython",
            "open",
        }

    def _output(self, output: dict[str, Any]) -> None:
        self.collector.output(output, len(json.dumps(output)))

    def run(self, source: str, output_bytes: int) -> tuple[str | None, list[str]]:
        """Run one cell; the error's last line, if it raised, and the names that it bound."""
        before = dict(self.names)
        self.collector.begin_cell(output_bytes)
        result = self.shell.run_cell(source, store_history=True)
        sys.stdout.flush()
        self.collector.flush()
        error = result.error_before_exec or result.error_in_exec
        missing = object()
        rebound = [
            name
            for name, value in list(self.names.items())
            if type(name) is str and before.get(name, missing) is not value and not self.is_hidden(name)
        ]
        text = None if error is None else own_traceback(type(error), error, None)[-1]
        return text, rebound

    def is_hidden(self, name: str) -> bool:
        """Whether a name is IPython's own: ``_``, ``_i3``, ``In`` ..."""
        return name in self.hidden or _IPYTHONS_NAMES.fullmatch(name) is not None
