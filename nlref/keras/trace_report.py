"""What `trace` found: a row for each layer, as a table, a picture, and plain data."""

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlref.keras.difference import Difference


@dataclass(frozen=True)
class LayerTrace:
    """One call of one layer, in Keras and in NumPy.

    Attributes
    ----------
    name : the layer's name; behind those of the models that it is in, and with a number from its second call on
    kind : its class in Keras
    shape : of its output; the batch is None
    dtype : what Keras computes it in
    own : how far Keras is from NumPy on the same input; None if NumPy has nothing for this layer
    cumulative : how far Keras is from a NumPy that has computed all layers up to here
    notes : what is taken from Keras, and why, as parts of a sentence
    tolerance : what ``own.relative`` may be
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]
    dtype: str
    own: Difference | None = None
    cumulative: Difference | None = None
    notes: tuple[str, ...] = ()
    tolerance: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the layer is within its tolerance; True for one that is taken from Keras."""
        return self.own is None or self.own.relative <= self.tolerance

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "own": None if self.own is None else self.own.to_dict(),
            "cumulative": None if self.cumulative is None else self.cumulative.to_dict(),
            "notes": list(self.notes),
            "tolerance": self.tolerance,
            "passed": self.passed,
        }


@dataclass(frozen=True, repr=False)
class Trace:
    """A model, layer by layer. Prints as a table; in a notebook it is one.

    Attributes
    ----------
    model : its name
    samples : how many samples were computed
    random : whether they were random
    layers : a row for each call of a layer, in the order of the computation
    """

    model: str
    samples: int
    random: bool
    layers: tuple[LayerTrace, ...]

    @property
    def passed(self) -> bool:
        """Whether every layer that NumPy computed is within its tolerance."""
        return all(layer.passed for layer in self.layers)

    @property
    def worst(self) -> LayerTrace | None:
        """The layer that is furthest from NumPy, measured by its tolerance; None if NumPy computed none."""
        known = [layer for layer in self.layers if layer.own is not None]
        return max(known, key=_by_tolerance, default=None)

    def __getitem__(self, name: str) -> LayerTrace:
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in self.layers)
        raise KeyError(f"the model {self.model} has no layer {name!r}, but {names}")

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "schema": 1,
            "model": self.model,
            "samples": self.samples,
            "random": self.random,
            "passed": self.passed,
            "layers": [layer.to_dict() for layer in self.layers],
        }

    def remarks(self) -> list[str]:
        """A sentence for each layer that is above its tolerance or taken from Keras."""
        sentences = []
        for layer in self.layers:
            sentences += [f"{layer.name}: {note}" for note in layer.notes]
            if not layer.passed and layer.own is not None:
                worst = layer.own
                sentences.append(
                    f"{layer.name}: above its tolerance of {layer.tolerance:g}: at {_index(worst.absolute_at)} Keras "
                    f"has {worst.keras:.9g} and NumPy {worst.numpy:.9g}, {worst.relative:.2g} off"
                )
        return sentences

    def summary(self) -> str:
        """One sentence."""
        known = [layer for layer in self.layers if layer.own is not None]
        above = [layer for layer in known if not layer.passed]
        data = f"{self.samples} {'random ' if self.random else ''}sample{'s' if self.samples != 1 else ''}"
        if not known:
            return f"nothing compared: NumPy has none of the {len(self.layers)} layers of {self.model}"
        found = f"{len(known)} of {len(self.layers)} layers of {self.model} compared on {data}"
        return f"{found}: " + (f"{len(above)} above tolerance" if above else "all within tolerance")

    def table(self, *, narrow: bool = False) -> Any:
        """The rows as a ``rich.table.Table``; a narrow one has no classes and no cumulative differences."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        shown = [title for title in _TITLES if not narrow or title not in ("Class", "Cumulative")]
        for title in shown:
            justify = "right" if title in _NUMBERS else "left"
            table.add_column(title, justify=justify, no_wrap=title not in ("Layer", "Class"), overflow="fold")
        for layer in self.layers:
            cells = dict(zip(_TITLES, _cells(layer), strict=True))
            style = "" if layer.passed else "bold red"
            table.add_row(*(Text(cells[title]) for title in shown), style=style)
        return table

    def __str__(self) -> str:
        from rich.console import Console

        stream = io.StringIO()
        console = Console(file=stream, width=140, color_system=None)
        console.print(self.table())
        lines = [line.rstrip() for line in stream.getvalue().strip("\n").splitlines()]
        return "\n".join([*lines, *self.remarks(), self.summary()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(cells: Sequence[str], tag: str, passed: bool = True) -> str:
            style = "" if passed else ' style="color: #c62828; font-weight: bold"'
            return f"<tr{style}>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        rows = "".join(row(_cells(layer), "td", layer.passed) for layer in self.layers)
        remarks = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in self.remarks())
        return (
            f"<table><thead>{row(_TITLES, 'th')}</thead><tbody>{rows}</tbody></table>"
            + (f"<ul>{remarks}</ul>" if remarks else "")
            + f"<p>{html.escape(self.summary())}</p>"
        )

    def picture(self) -> Any:
        """A matplotlib figure: the worst difference of each layer, alone and cumulative, and its tolerance."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 1.2 + 0.28 * max(len(self.layers), 4)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        places = np.arange(len(self.layers))
        for label, marker, colour in (("cumulative", "o", "#8a8a8a"), ("own", "D", "#3b7dd8")):
            found = [getattr(layer, label) for layer in self.layers]
            shown = [
                (place, max(difference.relative, _LEAST))
                for place, difference in zip(places, found, strict=True)
                if difference is not None and np.isfinite(difference.relative)
            ]
            if shown:
                y, x = zip(*shown, strict=True)
                name = "on Keras' input" if label == "own" else "on NumPy's own input"
                axes.plot(x, y, marker, color=colour, label=name, markersize=5)
        for place, layer in zip(places, self.layers, strict=True):
            if layer.own is not None:
                axes.plot([layer.tolerance] * 2, [place - 0.4, place + 0.4], color="#e08214")
                if not np.isfinite(layer.own.relative):
                    axes.annotate("not finite", (layer.tolerance, place), color="#c62828", fontsize=8)
        axes.set_xscale("log")
        axes.set_xlim(left=_LEAST / 2)
        names = [f"{layer.name} ({layer.kind})" for layer in self.layers]
        axes.set_yticks(places, names, fontsize=8)
        axes.set_ylim(len(self.layers) - 0.5, -0.5)
        axes.set_xlabel("worst difference, divided by the largest output if above 1; tolerance in orange")
        axes.set_title(f"{self.model}: Keras beside NumPy", fontsize=10, loc="left")
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8)
        return figure

    def save_picture(self, path: str | Path) -> None:
        """Write `picture` to a file, whose ending, png, svg or pdf, says what it becomes."""
        save_figure(self.picture(), Path(path))


_TITLES = ("Layer", "Class", "Output", "Worst ulp", "Worst absolute", "Where", "Cumulative")
_NUMBERS = ("Worst ulp", "Worst absolute", "Cumulative")
_LEAST = 1e-17  # where a difference of 0 stands on the logarithmic axis


def _cells(layer: LayerTrace) -> tuple[str, ...]:
    kind = layer.kind if layer.dtype == "float32" else f"{layer.kind}, {layer.dtype}"
    own, cumulative = layer.own, layer.cumulative
    return (
        layer.name,
        kind,
        f"({', '.join('None' if length is None else str(length) for length in layer.shape)})",
        "from Keras" if own is None else f"{own.ulp:.3g}",
        "" if own is None else f"{own.absolute:.2e}",
        "" if own is None or not own.absolute else _index(own.absolute_at),
        "" if cumulative is None else f"{cumulative.absolute:.2e}",
    )


def _index(index: Sequence[int]) -> str:
    return f"[{', '.join(map(str, index))}]"


def _by_tolerance(layer: LayerTrace) -> float:
    assert layer.own is not None
    relative = layer.own.relative
    return relative / layer.tolerance if layer.tolerance else (np.inf if relative else 0.0)


def check_picture(path: Path) -> str:
    """The kind of picture that a file becomes by its ending.

    Raises
    ------
    ValueError
        It is none that is drawn; there is no such folder.
    """
    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("png", "svg", "pdf"):
        raise ValueError(f"{path}: the picture's name must end in .png, .svg or .pdf")
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent} for the picture")
    return kind


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure of matplotlib beside ``path`` and rename it."""
    kind = check_picture(path)
    partial = path.with_name(path.name + ".partial")
    figure.savefig(partial, format=kind, dpi=150)
    partial.replace(path)
