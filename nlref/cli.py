"""The ``nlref`` command. Every verb imports what it needs when it is called."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from nlref.cli_compare import app as compare
from nlref.cli_instructor import app as instructor

app = typer.Typer(
    name="nlref",
    help="Activation and loss functions in NumPy: a reference to trust and a course that builds it.\n\n"
    "Begin with: nlref lab",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from nlref import __version__

        typer.echo(f"nlref {__version__}")
        raise typer.Exit


@app.callback()
def _nlref(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: nlref lab --directory ~/nlref --no-browser")
def lab(
    directory: Annotated[Path, typer.Option(help="The workspace; made if it is not there.")] = Path("work"),
    port: Annotated[
        int | None, typer.Option(help="Port on 127.0.0.1, 0 for any; 8888 or the next if not given.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Copy the exercises to a workspace, never over your own files, and open JupyterLab there."""
    from nlref.learn.workspace import lab as open_lab

    raise typer.Exit(open_lab(directory, port=port, browser=browser))


@app.command(epilog="Example: nlref check work/01_first_activations/01_first_activations.ipynb")
def check(
    notebook: Annotated[Path, typer.Argument(help="The notebook to check.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    seconds: Annotated[float, typer.Option(help="How long the notebook may take.")] = 300.0,
) -> None:
    """Check a notebook in a fresh process. Exit code 1 if something is not right yet."""
    from nlref.checks.result import number
    from nlref.learn.notebooks import check_notebook

    results = check_notebook(notebook, seconds=seconds)
    if not results:
        raise ValueError(f"{notebook} has no cell that ends in check(...), predict(...) or choose(...)")
    if as_json:
        typer.echo(json.dumps([result.to_dict() for result in results], indent=1))
    else:
        for result in results:
            typer.echo(str(result))
        score, points = sum(r.score for r in results), sum(r.points for r in results)
        typer.echo(f"\n{number(score)} of {number(points)} points")
    raise typer.Exit(0 if all(result.passed for result in results) else 1)


@app.command(epilog="Example: nlref progress work")
def progress(
    directory: Annotated[Path, typer.Argument(help="The workspace.")] = Path("work"),
) -> None:
    """Show what you have solved so far and where to go on."""
    from nlref.learn.attempts import log_file
    from nlref.learn.standing import progress as show_progress

    if log_file(directory) is None:
        raise ValueError(f"{directory} is not a workspace: `nlref lab --directory {directory}` makes one")
    typer.echo(show_progress(directory).text)


@app.command(epilog="Example: nlref build --check")
def build(
    units: Annotated[list[str] | None, typer.Argument(help="Units to build; all if none is named.")] = None,
    only_check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if files differ.")] = False,
    force: Annotated[bool, typer.Option(help="Overwrite exercises that were changed by hand.")] = False,
    root: Annotated[Path, typer.Option(help="The checkout, with course/ in it.")] = Path(),
) -> None:
    """Make solutions/ and exercises/ from course/."""
    from nlref.build import build as make

    written = make(root, units or None, check=only_check, force=force)
    for path in written:
        typer.echo(f"wrote {path}")
    if not written:
        typer.echo("Everything is as the build makes it.")


app.add_typer(compare)
app.add_typer(instructor)


def main() -> NoReturn:
    """Run the command. What the user can mend is one sentence and exit code 2."""
    try:
        app()
    except (ValueError, RuntimeError, OSError) as error:
        if not expected(error):
            raise
        print(f"nlref: {error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(0)


def expected(error: Exception) -> bool:
    """Whether an error is a sentence for the user: ours are plain ``ValueError``, the system's name a file."""
    if isinstance(error, OSError):
        return error.filename is not None
    return type(error).__module__.startswith("nlref") or type(error) is ValueError
