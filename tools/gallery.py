"""Make docs/gallery/, every activation and loss drawn with what its facts and benchmarks/accuracy.json say of it, and
the table of the README.

    python tools/gallery.py            write the page and the figures that changed
    python tools/gallery.py --check    write nothing; exit code 1 if the page is not what would be written

Works offline. The same facts give the same bytes, as far as matplotlib's version is the same.
"""

import argparse
import inspect
import io
import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

from nlref import activations, losses

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "gallery" / "README.md"
README = ROOT / "README.md"
TABLE = re.compile(r"(?<=<!-- made by tools/gallery.py -->\n).*?(?=<!-- end -->)", re.DOTALL)
SYSTEMS = ("nlref", "Keras", "PyTorch", "MXNet")
COLOURS = {"nlref": "#1f5fa8", "Keras": "#c05621", "PyTorch": "#2f7d4f", "MXNet": "#7b4397"}

SECTIONS = (
    ("Activations", activations.FACTS),
    ("Activations along an axis", activations.ROW_FACTS),
    ("Losses", losses.FACTS),
)

HEAD = """# Gallery

Every activation and loss of nlref: its value and its gradient, and how far each system is from the truth.

Made by `python tools/gallery.py` from the facts beside each function and from `benchmarks/accuracy.json`, the result of
`python benchmarks/accuracy.py`: the largest error in units in the last place (ulp) against mpmath, over thousands of
inputs whose exact result is a normal number. The bars are cut at a million. Compared by recorded values, on
fewer inputs: {recorded}. The others ran on the inputs of nlref.
"""


@dataclass(frozen=True)
class Curve:
    """A function of one number, drawn: where, what is varied, and its values and slopes there."""

    x: np.ndarray
    xlabel: str
    value: np.ndarray
    slope: np.ndarray


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, compare the page")
    check = parser.parse_args().check
    accuracy = json.loads((ROOT / "benchmarks" / "accuracy.json").read_text())
    page = "".join(write_page(accuracy))
    readme = TABLE.sub(lambda _: "".join(write_table(accuracy)), README.read_text())
    if check:
        same = PAGE.exists() and PAGE.read_text() == page and README.read_text() == readme
        missing = [name for name in names() if not figure_path(name).exists()]
        if not same or missing:
            print(
                f"docs/gallery or the README is not what the facts say: run python tools/gallery.py {' '.join(missing)}"
            )
        return 0 if same and not missing else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    for name in names():
        replace(figure_path(name), figure(name, accuracy.get(name, {})))
    for stale in set(PAGE.parent.glob("*.svg")) - {figure_path(name) for name in names()}:
        stale.unlink()
    replace(PAGE, page)
    replace(README, readme)
    return 0


def names() -> list[str]:
    return [name for _, facts in SECTIONS for name in facts]


def function_of(name: str) -> Callable:
    return getattr(losses if name in losses.FACTS else activations, name)


def figure_path(name: str) -> Path:
    return PAGE.parent / f"{name}.svg"


def replace(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        partial = path.with_suffix(".partial")
        partial.write_text(text)
        partial.replace(path)
        print(f"wrote {path.relative_to(ROOT)}")


def write_page(accuracy: dict) -> Iterator[str]:
    yield HEAD.format(recorded=", ".join(accuracy["about"]["recorded"]))
    for title, table in SECTIONS:
        links = ", ".join(f"[{name}](#{name})" for name in table)
        yield f"\n## {title}\n\n{links}\n"
        for name, facts in table.items():
            yield f"\n### {name}\n\n{paragraph(function_of(name), facts)}\n\n"
            yield f"![{alternative(name, accuracy.get(name, {}))}]({name}.svg)\n"


def write_table(accuracy: dict) -> Iterator[str]:
    """A row a family: its functions, and the worst error of each system among them, value and gradient."""
    yield "| | " + " | ".join(SYSTEMS) + " |\n" + "| --- " * (1 + len(SYSTEMS)) + "|\n"
    families: dict[str, list[str]] = {}
    for name in names():
        families.setdefault(function_of(name).__module__, []).append(name)
    for names_of_one in families.values():
        cells = []
        for system in SYSTEMS:
            worst = [
                max(found)
                for part in ("value", "gradient")
                if (found := list(errors_of(accuracy, names_of_one, part, system)))
            ]
            cells.append(" / ".join(map(number, worst)) or "-")
        yield f"| {', '.join(names_of_one)} | {' | '.join(cells)} |\n"


def errors_of(accuracy: dict, names: list[str], part: str, system: str) -> Iterator[float]:
    for name in names:
        for dtype in ("float32", "float64"):
            error = accuracy.get(name, {}).get(dtype, {}).get(part, {}).get(system)
            if error is not None:
                yield error


def paragraph(function: Callable, facts: object) -> str:
    """The docstring's first paragraph, Keras' name, and where others differ."""
    first = inspect.getdoc(function).split("\n\n")[0].replace("\n", " ")
    text = re.sub(r":math:`([^`]*)`", r"$\1$", first).replace("``", "`")
    equal, differing = [], []
    for other in facts.counterparts:
        if dict(getattr(other, "options", {})):
            continue
        if other.differs:
            differing.append(f"`{other.function}`: {other.differs}")
        elif other.function not in equal:
            equal.append(other.function)
    if equal:
        text += f" The same in other systems: {', '.join(f'`{name}`' for name in dict.fromkeys(equal))}."
    if differing:
        text += f" Not quite the same: {'; '.join(dict.fromkeys(differing))}."
    return text


def alternative(name: str, errors: dict) -> str:
    said = [
        f"{system} {number(worst)}"
        for system in SYSTEMS
        if (worst := errors.get("float32", {}).get("value", {}).get(system)) is not None
    ]
    tail = f" Worst errors of the value in float32, in ulp: {', '.join(said)}." if said else ""
    return f"{name}: its value, its gradient, and bars with the errors of each system.{tail}"


def number(error: float) -> str:
    """An error for a reader: 0.5, 12, 3e6."""
    if math.isinf(error):
        return "∞"
    if error < 1000:
        return f"{error:.1f}" if error < 10 else f"{error:.0f}"
    return re.sub(r"e\+0?", "e", f"{error:.0e}")


def figure(name: str, errors: dict) -> str:
    """Three panels as SVG: value, gradient, worst errors."""
    style = {
        "svg.hashsalt": "nlref",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#dddddd",
        "path.simplify_threshold": 0.1,
    }
    curve = curve_of(name)
    with plt.rc_context(style):
        drawn, (left, middle, right) = plt.subplots(1, 3, figsize=(8.4, 2.2), layout="constrained")
        for axes, y, title in ((left, curve.value, name), (middle, curve.slope, f"{name}_vjp")):
            axes.plot(curve.x, y, color=COLOURS["nlref"], linewidth=1.4)
            axes.set_title(title)
            finite = y[np.isfinite(y)]
            if np.ptp(finite) < 1e-12:
                axes.set_ylim(finite[0] - 1, finite[0] + 1)
        left.set_xlabel(curve.xlabel)
        bars(right, errors)
        buffer = io.StringIO()
        drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Title": name})
        plt.close(drawn)
    drawing = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number.group()):.2f}", buffer.getvalue())
    return re.sub(r"[ \t]+\n", "\n", drawing)


def bars(axes, errors: dict) -> None:
    rows = [
        (f"{dtype} {part}", errors.get(dtype, {}).get(part, {}))
        for dtype in ("float32", "float64")
        for part in ("value", "gradient")
    ]
    height = 0.8 / len(SYSTEMS)
    for row, (_, worst) in enumerate(rows):
        for i, system in enumerate(SYSTEMS):
            if worst.get(system) is not None:
                error = min(max(worst[system], 0.12), 1e6)
                axes.barh(row + (i - 1.5) * height, error, height=height, left=0.01, color=COLOURS[system])
    axes.set_xscale("log")
    axes.set_xlim(0.1, 1e6)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.invert_yaxis()
    axes.set_xlabel("worst error in ulp")
    axes.grid(axis="y", visible=False)
    handles = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[system]) for system in SYSTEMS]
    axes.legend(
        handles,
        SYSTEMS,
        ncols=4,
        fontsize=7,
        frameon=False,
        loc="lower center",
        bbox_to_anchor=(0.4, 0.98),
        handlelength=1,
        handletextpad=0.4,
        columnspacing=1,
    )


def curve_of(name: str) -> Curve:
    if name in LOSSES:
        return path_curve(getattr(losses, name), getattr(losses, f"{name}_vjp"), *LOSSES[name])
    function, vjp = getattr(activations, name), getattr(activations, f"{name}_vjp")
    if name in ROWS:
        return path_curve(function, vjp, *ROWS[name])
    x = np.linspace(-5.0, 5.0, 401)
    others = (np.array(0.25),) if name in ("prelu", "rrelu") else ()
    value, slope = function(x, *others), vjp(x, np.ones_like(x), *others)
    slope = slope[0] if isinstance(slope, tuple) else slope
    case = activations.FACTS[name].cases[0]
    for jump in case.jumps:
        value = broken(x, value, jump)
    for kink in case.kinks:
        slope = broken(x, slope, kink.x)
    label = "x, with slope 0.25" if others else "x"
    return Curve(x, label, value, slope)


def broken(x: np.ndarray, y: np.ndarray, at: float) -> np.ndarray:
    """``y`` without a line across the jump at ``at``."""
    y = y.copy()
    y[np.argmin(np.abs(x - at))] = np.nan
    return y


def path_curve(
    function: Callable, vjp: Callable, xlabel: str, low: float, high: float, arrays: Callable
) -> Curve:
    """The value along the path ``arrays(t)``, and its slope there by the chain rule through the gradient."""
    x = np.linspace(low, high, 201)
    value = np.array([at(function, arrays(t)) for t in x])
    step = 1e-6
    slope = []
    for t in x:
        here, ahead, behind = arrays(t), arrays(t + step), arrays(t - step)
        # Predictions, or the one input of an activation, are what moves.
        moving = [i for i, a in enumerate(here) if not np.array_equal(a, ahead[i])]
        if function.__module__.startswith("nlref.losses"):
            gradients = vjp(*here, reduction="sum")
            names = function.plan.predictions
            order = [function.plan.names.index(name) for name in names]
        else:
            y = function(*here)
            gradients, order = vjp(*here, np.eye(y.shape[-1])[:1]), [0]
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        total = sum(
            np.sum(gradient * (ahead[i] - behind[i]) / (2 * step))
            for gradient, i in zip(gradients, order, strict=True)
            if i in moving
        )
        slope.append(total)
    return Curve(x, xlabel, value, np.array(slope))


def at(function: Callable, arrays: tuple) -> float:
    if function.__module__.startswith("nlref.losses"):
        return float(function(*arrays, reduction="sum"))
    return float(function(*arrays)[0, 0])


def row(*numbers: float) -> np.ndarray:
    return np.array([numbers], dtype=np.float64)


def on_circle(*angles: float) -> np.ndarray:
    return np.array([[math.cos(angle), math.sin(angle)] for angle in angles])


# What is varied where a function is not one of a single number: label of the axis, its ends, and the inputs.
ROWS: dict[str, tuple] = {
    "softmax": ("x, of the scores [x, 0, 0]; the first is drawn", -5.0, 5.0, lambda t: (row(t, 0, 0),)),
    "log_softmax": ("x, of the scores [x, 0, 0]; the first is drawn", -5.0, 5.0, lambda t: (row(t, 0, 0),)),
    "softmin": ("x, of the scores [x, 0, 0]; the first is drawn", -5.0, 5.0, lambda t: (row(t, 0, 0),)),
    "sparsemax": ("x, of the scores [x, 0, 0]; the first is drawn", -3.0, 3.0, lambda t: (row(t, 0, 0),)),
    "glu": ("x, of the halves [1] and [x]", -5.0, 5.0, lambda t: (row(1, t),)),
}
_residual = ("y_pred, for y_true = 0", -3.0, 3.0, lambda t: (row(0), row(t)))
_positive = ("y_pred, for y_true = 1", 0.05, 4.0, lambda t: (row(1), row(t)))
_probability = ("y_pred, for y_true = 1", 0.01, 0.99, lambda t: (row(1), row(t)))
_two_classes = ("p, of y_pred = [p, 1 - p] for the first class", 0.01, 0.99)
_margin = ("y_pred, for y_true = 1", -3.0, 3.0, lambda t: (row(1), row(t)))
LOSSES: dict[str, tuple] = {
    **dict.fromkeys(
        (
            "mean_squared_error",
            "root_mean_squared_error",
            "mean_absolute_error",
            "log_cosh",
            "huber",
            "smooth_l1",
        ),
        _residual,
    ),
    **dict.fromkeys(
        ("mean_absolute_percentage_error", "mean_squared_logarithmic_error", "poisson"),
        _positive,
    ),
    "gaussian_nll": ("y_pred, for y_true = 0, variance = 1", -3.0, 3.0, lambda t: (row(0), row(t), row(1))),
    **dict.fromkeys(("binary_crossentropy", "binary_focal_crossentropy"), _probability),
    **dict.fromkeys(
        ("categorical_crossentropy", "categorical_focal_crossentropy"),
        (*_two_classes, lambda t: (row(1, 0), row(t, 1 - t))),
    ),
    **dict.fromkeys(
        ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy"),
        (*_two_classes, lambda t: (np.array([0]), row(t, 1 - t))),
    ),
    "kl_divergence": (
        "p, of y_pred = [p, 1 - p] for y_true = [0.7, 0.3]",
        0.02,
        0.98,
        lambda t: (row(0.7, 0.3), row(t, 1 - t)),
    ),
    "cosine_similarity": (
        "angle between the two, in rad",
        -math.pi,
        math.pi,
        lambda t: (on_circle(0), on_circle(t)),
    ),
    "cosine_embedding": (
        "angle between the two, in rad, for y_true = 1",
        -math.pi,
        math.pi,
        lambda t: (np.array([1.0]), on_circle(0), on_circle(t)),
    ),
    "hinge_embedding": ("y_pred, for y_true = -1", -1.0, 3.0, lambda t: (row(-1), row(t))),
    "triplet_margin": (
        "distance of the positive; the negative's is 1",
        0.05,
        3.0,
        lambda t: (row(0, 0), row(t, 0), row(1, 0)),
    ),
    "circle": (
        "angle to the same class, in rad; the other's is 1.5",
        0.0,
        math.pi,
        lambda t: (np.array([0, 0, 1]), on_circle(0, t, 1.5)),
    ),
    **dict.fromkeys(("hinge", "squared_hinge", "logistic"), _margin),
    "categorical_hinge": (
        "x, of y_pred = [x, 0] for the first class",
        -3.0,
        3.0,
        lambda t: (row(1, 0), row(t, 0)),
    ),
    "multi_margin": (
        "x, of y_pred = [x, 0, 0] for class 0",
        -3.0,
        3.0,
        lambda t: (np.array([0]), row(t, 0, 0)),
    ),
    "margin_ranking": ("input1 - input2, for y_true = 1", -3.0, 3.0, lambda t: (row(1), row(t), row(0))),
    **dict.fromkeys(
        ("dice", "tversky"),
        (
            "p, of y_pred = [p, p, 0, 0] for [1, 1, 0, 0]",
            0.0,
            1.0,
            lambda t: (row(1, 1, 0, 0), row(t, t, 0, 0)),
        ),
    ),
    "ctc": (
        "score of the label in each of 3 frames, others 0",
        -5.0,
        5.0,
        lambda t: (np.array([[1]]), np.tile([0.0, t, 0.0], (1, 3, 1))),
    ),
}


if __name__ == "__main__":
    sys.exit(main())
