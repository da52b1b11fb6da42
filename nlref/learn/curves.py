"""``explore``: functions drawn, with a slider for one of their arguments that needs no kernel."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlref.checks import call_locally
from nlref.learn.chart import Chart, Line
from nlref.learn.show import Page

POINTS = 121
STEPS = 21
TOLD = 5  # positions on the axis whose values are told in words

Function = Callable[..., Any]


@dataclass(frozen=True)
class _Drawn:
    """A function, or its derivative, at one position of the slider."""

    label: str
    keywords: dict[str, float]
    values: np.ndarray  # on the grid; nan where there is none
    dashed: bool = False


def explore(
    *functions: Function,
    x: tuple[float, float] = (-4.0, 4.0),
    y: tuple[float, float] | None = None,
    derivative: bool = False,
    **sliders: tuple[float, float],
) -> Page:
    """Draw functions of x, with a slider for one of their arguments.

    Parameters
        functions: one or more functions from an array to an array of the same shape.
        x: the range of the horizontal axis.
        y: the range of the vertical axis; as much as the curves need if not given.
        derivative: draw the derivative of each too, dashed. It is a central difference of the function as it is
            written, in two one-sided halves: where they disagree, at a kink or a jump, the dashed line is broken.
        sliders: one argument of the functions with its range, such as ``negative_slope=(0, 1)``. A function that
            has no such argument stands still beside the others.

    Returns
        A page. All positions of the slider are computed at once, so it moves without a kernel, after a reload and in
        an exported page; where no script runs, the middle position stands still. As text: the values at some points.

    Raises
        TypeError: something is not a function, there is more than one slider, or no function has that argument.
        ValueError: a range that is not two increasing numbers.
    """
    name, ends = _checked(functions, x, y, sliders)
    grid = np.linspace(*x, POINTS)
    steps = np.linspace(*ends, STEPS) if name else np.zeros(1)
    failures: dict[str, str] = {}
    pictures = []
    for step in steps:
        drawn = []
        for function in functions:
            keywords = {name: float(step)} if name and _takes(function, name) else {}
            drawn += _curves(function, grid, keywords, derivative, failures)
        pictures.append(drawn)
    if all(np.isnan(curve.values).all() for drawn in pictures for curve in drawn):
        return _sentences(list(failures.values()) or ["There is no finite value to draw."])
    chart = Chart(
        x=grid,
        pictures=[[Line(curve.label, curve.values, curve.dashed) for curve in drawn] for drawn in pictures],
        y=y,
        slider=name,
        positions=[f"{step:.3g}" for step in steps],
        title=_title(functions, x, name, ends, derivative),
        words=_words(grid, pictures[len(steps) // 2]),
        notes=list(failures.values()),
    )
    text = [chart.title]
    told = [0, len(steps) // 2, len(steps) - 1] if name else [0]
    text += [line for step in told for line in _words(grid, pictures[step])]
    return Page("\n".join(dict.fromkeys([*text, *failures.values()])), chart.html())


def _checked(
    functions: Sequence[Function],
    x: tuple[float, float],
    y: tuple[float, float] | None,
    sliders: dict[str, tuple[float, float]],
) -> tuple[str | None, tuple[float, float]]:
    """The slider's argument, if there is one, and its range."""
    for function in functions:
        if not callable(function):
            raise TypeError(f"explore draws functions; {function!r} is {type(function).__name__}")
    if not functions:
        raise TypeError("explore needs a function to draw, such as explore(np.tanh)")
    if len(sliders) > 1:
        raise TypeError(f"explore moves one argument at a time, not {', '.join(sliders)}")
    for name, ends in {"x": x, **({"y": y} if y is not None else {}), **sliders}.items():
        try:
            low, high = (float(end) for end in ends)
        except (TypeError, ValueError):
            low = high = np.nan
        if not (np.isfinite([low, high]).all() and low < high):
            raise ValueError(f"the range {name} must be two increasing numbers, such as (0, 1), not {ends!r}")
    for name, ends in sliders.items():
        if not any(_takes(function, name) for function in functions):
            names = ", ".join(_name(function) for function in functions)
            verb = "have" if len(functions) > 1 else "has"
            raise TypeError(f"{names} {verb} no argument {name!r} that a slider could move")
        return name, ends
    return None, (0.0, 0.0)


def _name(function: Function) -> str:
    return getattr(function, "__name__", "f")


def _takes(function: Function, name: str) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C: NumPy's functions of x
        return False
    return any(
        parameter.kind is parameter.VAR_KEYWORD
        or (
            parameter.name == name
            and parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL)
        )
        for parameter in parameters
    )


def _curves(
    function: Function,
    grid: np.ndarray,
    keywords: dict[str, float],
    derivative: bool,
    failures: dict[str, str],
) -> list[_Drawn]:
    """The function's curve, and its derivative's if it is wanted; what cannot be drawn is said in ``failures``."""
    label = _name(function)

    def values(at: np.ndarray) -> np.ndarray:
        outcome = call_locally(function, (at.copy(),), keywords)
        result = outcome.value
        if outcome.error is not None:
            failures[label] = f"{label} raised {outcome.error}"
        elif result is None or result is ...:
            failures[label] = f"{label}: nothing to draw yet."
        elif type(result) is not np.ndarray or result.shape != at.shape or result.dtype.kind not in "bifu":
            shape = f"of shape {result.shape}" if isinstance(result, np.ndarray) else type(result).__name__
            failures[label] = (
                f"{label} should give an array of shape {at.shape} for {len(at)} points, not {shape}."
            )
        else:
            return result
        return np.full(at.shape, np.nan)

    curve = values(grid)
    drawn = [_Drawn(label, keywords, curve.astype(np.float64))]
    if derivative:
        drawn.append(_Drawn(f"{label}′", keywords, _derivative(values, grid, curve), dashed=True))
    return drawn


def _derivative(values: Function, grid: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Central differences; nan where the two one-sided ones disagree."""
    eps = np.finfo(curve.dtype).eps if curve.dtype.kind == "f" else np.finfo(np.float64).eps
    step = np.cbrt(eps) * np.maximum(1.0, np.abs(grid))
    with np.errstate(all="ignore"):
        here, before, after = (
            v.astype(np.float64) for v in (curve, values(grid - step), values(grid + step))
        )
        left, right = (here - before) / step, (after - here) / step
        slope = (left + right) / 2
        smooth = np.abs(right - left) <= np.maximum(0.01, 20 * step) * (1 + np.abs(slope))
    return np.where(smooth, slope, np.nan)


def _title(
    functions: Sequence[Function],
    x: tuple[float, float],
    name: str | None,
    ends: tuple[float, float],
    derivative: bool,
) -> str:
    named = ", ".join(_name(function) for function in functions)
    if derivative:
        named += " and derivative" if len(functions) == 1 else " and derivatives"
    title = f"{named} for x from {x[0]:g} to {x[1]:g}"
    return title + (f", {name} from {ends[0]:g} to {ends[1]:g}" if name else "")


def _words(grid: np.ndarray, drawn: Sequence[_Drawn]) -> list[str]:
    """A line for each curve with some of its values, for who cannot see it."""
    lines = []
    for curve in drawn:
        if np.isnan(curve.values).all():
            continue
        setting = "".join(f" ({name} = {value:.3g})" for name, value in curve.keywords.items())
        places = np.linspace(0, len(grid) - 1, TOLD).astype(int)
        pairs = ", ".join(f"{_told(curve.values[place])} at {_told(grid[place])}" for place in places)
        lines.append(f"{curve.label}{setting}: {pairs}")
    return lines


def _told(value: float) -> str:
    return "no value" if np.isnan(value) else f"{value + 0.0:.3g}"


def _sentences(sentences: Sequence[str]) -> Page:
    from nlref.checks.page import prose

    return Page("\n".join(sentences), "".join(f"<p>{prose(sentence)}</p>" for sentence in sentences))
