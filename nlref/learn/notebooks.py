"""Check a whole notebook in a fresh process, as ``nlref check`` does in a terminal."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nlref.checks import EXERCISES, CheckResult, Exercise, Question, find

_MARK = "nlref-cell:"
_VERBS = ("check", "predict", "choose")


def check_notebook(path: str | Path, *, seconds: float = 300.0) -> list[CheckResult]:
    """Run a notebook's code cells in a fresh process and answer with what its checks found, in order.

    Parameters
        path: the notebook; it runs in its own folder and is not changed. Cells tagged ``skip-execution`` are left
            out, as nbgrader's Validate leaves them out.
        seconds: how long the whole notebook may take.

    A check whose cell did not come to its end scores 0, and its note says why; so does an exercise of a unit whose
    notebook, under the unit's own name, has no check of it.

    Raises
        ValueError: the file is missing, no notebook, or did not finish in time, or a check names no exercise. The
            sentence says which.
    """
    notebook = Path(path)
    cells = read_cells(notebook)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "nlref.learn.notebooks"],
            input=json.dumps(cells),
            cwd=notebook.resolve().parent,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"{notebook} did not finish within {seconds:g} s: look for a loop without an end, or allow more with "
            "--seconds"
        ) from None
    if run.returncode != 0:
        reason = run.stderr.strip().splitlines()[-1:] or [f"exit code {run.returncode}"]
        raise ValueError(
            f"the process that ran {notebook} ended early ({reason[0]}), so its checks are not complete"
        )
    answers = [
        json.loads(line.removeprefix(_MARK)) for line in run.stdout.splitlines() if line.startswith(_MARK)
    ]
    found = [
        CheckResult.from_dict(answer["result"])
        if answer["result"] is not None
        else _without_result(notebook, answer["exercise"], answer["reason"])
        for answer in answers
    ]
    present = {result.exercise for result in found}
    return found + [
        _nothing(record, f"This notebook has no cell that ends in `{_call(record)}`.")
        for record in EXERCISES.values()
        if record.unit == notebook.stem and record.id not in present
    ]


def _without_result(notebook: Path, exercise: str, reason: str) -> CheckResult:
    try:
        return _nothing(find(exercise), reason)
    except ValueError as error:
        raise ValueError(f"{notebook}: {error}") from None


def _nothing(record: Exercise | Question, reason: str) -> CheckResult:
    return CheckResult(record.id, 0.0, float(record.points), (), attempted=False, note=reason)


def _call(record: Exercise | Question) -> str:
    if isinstance(record, Exercise):
        return f'check("{record.id}", {record.function})'
    return f'{"choose" if record.options else "predict"}("{record.id}", answer_{record.id})'


def read_cells(notebook: Path) -> list[str]:
    """The sources of a notebook's code cells; ``ValueError`` with one sentence if it is not a notebook."""
    try:
        content = json.loads(notebook.read_text(encoding="utf-8-sig"))
        return [
            source if isinstance(source := cell["source"], str) else "".join(source)
            for cell in content["cells"]
            if cell["cell_type"] == "code" and "skip-execution" not in cell["metadata"].get("tags", ())
        ]
    except FileNotFoundError:
        raise ValueError(f"there is no file {notebook}") from None
    except IsADirectoryError:
        raise ValueError(f"{notebook} is a folder: name the .ipynb file in it") from None
    except OSError as error:
        raise ValueError(f"{notebook} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{notebook} is not a Jupyter notebook (format 4, JSON)") from None


def _asked(source: str) -> str | None:
    """The exercise that a cell's last statement asks about, as far as it can be read."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        body = ast.parse(TransformerManager().transform_cell(source)).body
    except SyntaxError:
        return None
    call = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    if not (isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)):
        return None
    name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
    return str(call.args[0].value) if name in _VERBS else None


def _run(cells: list[str], report: Callable[[dict[str, Any]], None]) -> None:
    """Run the cells one after another as IPython would, and report what each cell that ends in a check came to."""
    from IPython.core.interactiveshell import InteractiveShell

    values: list[CheckResult] = []

    def value_of_cell(value: Any) -> None:
        if isinstance(value, CheckResult):
            values.append(value)

    shell = InteractiveShell.instance()
    shell.display_trap.hook = value_of_cell
    for source in cells:
        values.clear()
        error = shell.run_cell(source).error_in_exec
        asked = _asked(source)
        if values:
            report({"result": values[-1].to_dict()})
        elif asked is not None and error is not None:
            reason = f"The check did not run: {type(error).__name__}: {error}"
            report({"result": None, "exercise": asked, "reason": reason})
        elif asked is not None:
            reason = "The cell does not end in the value of a check: has `check` been given another meaning?"
            report({"result": None, "exercise": asked, "reason": reason})


def _main() -> None:
    import contextlib
    import io
    import os

    os.environ["MPLBACKEND"] = "agg"
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # results only: no picture, no record, nothing printed
    cells = json.load(sys.stdin)
    out = sys.stdout

    def report(answer: dict[str, Any]) -> None:
        out.write(f"{_MARK}{json.dumps(answer)}\n")
        out.flush()

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        _run(cells, report)


if __name__ == "__main__":
    _main()
