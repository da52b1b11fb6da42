"""The picture under a check: the learner's curve beside the reference, and the error below."""

import io

import numpy as np

from nlref.checks import Curve, Exercise, call_locally
from nlref.ulp import ulp_error

YOURS, REFERENCE = "#3b7dd8", "#8a8a8a"
TOP = 1e20  # in ulp: what is further off, or no number, is drawn there
INK = "#7a7a7a"  # readable on a white page and on a dark one


def picture(exercise: Exercise, obj: object) -> str | None:
    """An SVG of ``obj`` beside the reference, as the record's curve says, the error in ulp below on a log scale.

    Its title says in words what it shows. ``None`` if the function does not answer with numbers, one for each position
    on the horizontal axis.
    """
    curve = exercise.curve or Curve(lambda function, x: function(x), "x", f"{exercise.function}(x)")
    x = np.linspace(curve.low, curve.high, 241)
    outcome = call_locally(lambda x: curve.of(obj, x), (x.copy(),), {})  # type: ignore[arg-type]
    yours = outcome.value
    if type(yours) is not np.ndarray or yours.shape != x.shape or yours.dtype.kind not in "bifu":
        return None
    right = np.asarray(curve.of(exercise.reference, x))
    if yours.dtype.kind != "f":
        yours = yours.astype(np.float64)
    error = ulp_error(yours, right)
    if curve.one_scale:
        error = np.abs(yours - right) / np.spacing(np.abs(right).max().astype(yours.dtype))
        error = np.where(np.isnan(error), np.inf, error)
    if not np.any(np.isfinite(yours)):
        return None
    return _draw(exercise.function, curve, x, np.asarray(yours, np.float64), right, error)


def _largest(x: np.ndarray, yours: np.ndarray, right: np.ndarray, error: np.ndarray, one_scale: bool) -> str:
    place = int(np.argmax(error))
    if error[place] == 0:
        return "no error: every value is the reference's"
    at = f"at {x[place] + 0.0:.3g}"
    if np.isfinite(error[place]):
        of = " of the largest value" if one_scale else ""
        return f"largest error: {error[place]:.2g} ulp{of}, {at}"
    # beside a true 0 any other number is too far off to count, and so is what is no number
    return f"largest error: {yours[place]:.3g} where {right[place] + 0.0:.3g} is right, {at}"


def _draw(
    name: str, curve: Curve, x: np.ndarray, yours: np.ndarray, right: np.ndarray, error: np.ndarray
) -> str:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style = {"svg.fonttype": "none", "svg.hashsalt": "nlref", "font.size": 10}
    colours = dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK
    )
    with matplotlib.rc_context({**style, **colours}):
        figure = Figure(figsize=(4.8, 3.7))
        FigureCanvasSVG(figure)
        above, below = figure.subplots(
            2,
            1,
            sharex=True,
            gridspec_kw={"height_ratios": (3, 1.3), "hspace": 0.3, "top": 0.92, "bottom": 0.14, "left": 0.15},
        )
        above.plot(x, right, color=REFERENCE, linewidth=4, alpha=0.5)
        above.plot(x, yours, color=YOURS, linewidth=1.5)
        above.set_ylabel(curve.ylabel)
        above.set_title("yours (blue) over the reference (grey)", fontsize=10, loc="left")
        shown = np.clip(error, 0.1, TOP)
        below.semilogy(x, shown, color=YOURS, linewidth=0, marker=".", markersize=2)
        decades = max(3, int(np.ceil(np.log10(shown.max()))))
        below.set_ylim(0.08, 2 * 10.0**decades)
        below.set_yticks(10.0 ** np.arange(0, decades + 1, -(-decades // 2)), minor=False)
        below.set_yticks([], minor=True)
        largest = _largest(x, yours, right, error, curve.one_scale)
        below.set_title(largest, fontsize=10, loc="left", pad=3)
        below.set_ylabel("error in ulp")
        below.set_xlabel(curve.xlabel)
        for axes in (above, below):
            axes.grid(alpha=0.25)
            axes.patch.set_alpha(0)
            axes.spines[["top", "right"]].set_visible(False)
        buffer = io.StringIO()
        title = f"Your {name} beside the reference; {largest}."
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Title": title})
    return buffer.getvalue()
