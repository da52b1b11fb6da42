"""Check a whole notebook in a fresh process, as ``nlref check`` does in a terminal."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from nlref.checks import CheckResult

_MARK = "nlref-result:"


def check_notebook(path: str | Path, *, seconds: float = 300.0) -> list[CheckResult]:
    """Run a notebook's code cells in a fresh process and answer with what its checks found, in order.

    Parameters
        path: the notebook; it runs in its own folder and is not changed.
        seconds: how long the whole notebook may take.

    Raises
        ValueError: the file is missing, no notebook, or did not finish in time. The sentence says which.
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
    found = [
        CheckResult.from_dict(json.loads(line.removeprefix(_MARK)))
        for line in run.stdout.splitlines()
        if line.startswith(_MARK)
    ]
    if run.returncode != 0:
        reason = run.stderr.strip().splitlines()[-1:] or [f"exit code {run.returncode}"]
        raise ValueError(
            f"the process that ran {notebook} ended early ({reason[0]}), so its checks are not complete"
        )
    return found


def read_cells(notebook: Path) -> list[str]:
    """The sources of a notebook's code cells; ``ValueError`` with one sentence if it is not a notebook."""
    try:
        content = json.loads(notebook.read_text(encoding="utf-8-sig"))
        return [
            source if isinstance(source := cell["source"], str) else "".join(source)
            for cell in content["cells"]
            if cell["cell_type"] == "code"
        ]
    except FileNotFoundError:
        raise ValueError(f"there is no file {notebook}") from None
    except IsADirectoryError:
        raise ValueError(f"{notebook} is a folder: name the .ipynb file in it") from None
    except OSError as error:
        raise ValueError(f"{notebook} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{notebook} is not a Jupyter notebook (format 4, JSON)") from None


def _run(cells: list[str], report: Any) -> None:
    """Run the cells one after another as IPython would, and report each result of a check that a cell ends in."""
    from IPython.core.interactiveshell import InteractiveShell

    def value_of_cell(value: Any) -> None:
        if isinstance(value, CheckResult):
            report(value)

    shell = InteractiveShell.instance()
    shell.display_trap.hook = value_of_cell
    for source in cells:
        shell.run_cell(source)


def _main() -> None:
    import contextlib
    import io
    import os

    os.environ["MPLBACKEND"] = "agg"
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # results only: no picture, no record, nothing printed
    cells = json.load(sys.stdin)
    out = sys.stdout

    def report(result: CheckResult) -> None:
        out.write(f"{_MARK}{json.dumps(result.to_dict())}\n")
        out.flush()

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        _run(cells, report)


if __name__ == "__main__":
    _main()
