"""``nlref compare``: a saved Keras model computed in NumPy beside Keras, layer by layer."""

import json
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer()


@app.command(epilog="Example: nlref compare model.keras --data samples.npz --picture differences.png")
def compare(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="What model.save wrote: a .keras or .h5 file.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Samples in an .npz, named as the model's inputs, or an .npy; eight random ones if not given."
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="What a layer may differ by, divided by its largest output if above 1; by its dtype if not given: "
            "1e-5 in float32, 1e-2 in float16.",
        ),
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw it into this file: .png, .svg or .pdf.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Compute a Keras model in NumPy, layer by layer, and say where the two differ. Exit code 1 above the tolerance.

    Nothing that the file says is run: models with Lambda layers or custom objects are refused.
    """
    from nlref.keras.model_file import check_model_file, load_model
    from nlref.keras.trace_report import check_picture

    if data is not None and not data.is_file():
        raise ValueError(f"there is no file {data}")
    if picture is not None:
        check_picture(picture)
    check_model_file(model)
    _start_keras()
    from nlref.keras.model_inputs import read_data
    from nlref.keras.model_trace import followed, trace

    loaded = load_model(model)
    followed(loaded)
    arrays = None if data is None else read_data(data, loaded)
    try:
        with _progress() as report, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras said them when the model was made
            found = trace(loaded, arrays, tolerance=tolerance, progress=report)
    except TypeError as error:
        raise ValueError(str(error)) from error
    if picture is not None:
        found.save_picture(picture)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=1))
    else:
        from rich.console import Console

        # a pipe has no width of its own; eighty columns would cut names in pieces
        console = Console(width=None if sys.stdout.isatty() else 140)
        console.print(found.table(narrow=console.width < 120))
        for sentence in (*found.remarks(), found.summary()):
            typer.echo(sentence)
    raise typer.Exit(0 if found.passed else 1)


def _start_keras() -> None:
    """Import Keras, without what TensorFlow's libraries print about themselves when they start."""
    import logging

    from nlref.keras.installed import import_keras

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            import_keras()
        except ImportError as error:
            raise ValueError(str(error)) from error
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
    logging.getLogger("absl").setLevel(logging.ERROR)  # advice about formats and optimizers


class _progress:
    """A progress bar on standard error, where that is a terminal."""

    def __enter__(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = Console(stderr=True)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self.bar.start()
        task = self.bar.add_task("", total=None)
        return lambda done, total, name: self.bar.update(task, completed=done, total=total, description=name)

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()
