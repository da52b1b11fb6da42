"""``explore``: a function drawn, with a slider for one of its arguments that needs no kernel."""

import html
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from nlref.checks import call_locally
from nlref.learn.show import Page

STEPS = 21
WIDTH, HEIGHT, MARGIN = 480, 300, 36
COLOURS = ("#3b7dd8", "#e08214", "#2e7d32", "#8e44ad")

Curve = np.ndarray  # the values on the grid; nan where there is none


def explore(
    *functions: Callable[..., Any],
    x: tuple[float, float] = (-4.0, 4.0),
    y: tuple[float, float] | None = None,
    **sliders: tuple[float, float],
) -> Page:
    """Draw functions of x, with a slider for one of their arguments.

    Parameters
        functions: one or more functions from an array to an array of the same shape.
        x: the range of the horizontal axis.
        y: the range of the vertical axis; as much as the curves need if not given.
        sliders: one argument of the functions with its range, such as ``negative_slope=(0, 1)``.

    Returns
        A page. All positions of the slider are computed at once, so it moves without a kernel, after a reload and in
        an exported page; without scripts the middle position stands still.

    Raises
        TypeError: more than one slider, or something that is not a function.
        ValueError: a range that is not two increasing numbers.
    """
    for function in functions:
        if not callable(function):
            raise TypeError(f"explore draws functions; {function!r} is {type(function).__name__}")
    if not functions:
        raise TypeError("explore needs a function to draw, such as explore(np.tanh)")
    if len(sliders) > 1:
        raise TypeError(f"explore moves one argument at a time, not {', '.join(sliders)}")
    for name, ends in {"x": x, **({"y": y} if y else {}), **sliders}.items():
        if len(ends) != 2 or not (np.all(np.isfinite(ends)) and ends[0] < ends[1]):
            raise ValueError(f"the range {name} must be two increasing numbers, such as (0, 1), not {ends!r}")
    grid = np.linspace(*x, 121)
    name, ends = next(iter(sliders.items()), (None, (0.0, 0.0)))
    steps = np.linspace(*ends, STEPS) if name else np.zeros(1)
    pictures = [
        [_curve(function, grid, {name: float(step)} if name else {}) for function in functions]
        for step in steps
    ]
    labels = [getattr(function, "__name__", "f") for function in functions]
    if all(np.isnan(curve).all() for curves in pictures for curve in curves):
        text = f"{', '.join(labels)}: nothing to draw yet."
        return Page(text, f"<p>{html.escape(text)}</p>")
    values = np.concatenate([curve for curves in pictures for curve in curves])
    finite = values[np.isfinite(values)]
    low, high = y or _padded(float(finite.min()), float(finite.max()))
    return _page(grid, pictures, labels, name, steps, (low, high))


def _curve(function: Callable[..., Any], grid: np.ndarray, keywords: dict[str, float]) -> Curve:
    value = call_locally(function, (grid.copy(),), keywords).value
    if type(value) is not np.ndarray or value.shape != grid.shape or value.dtype.kind not in "bifu":
        return np.full(grid.shape, np.nan)
    return value.astype(np.float64)


def _padded(low: float, high: float) -> tuple[float, float]:
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _page(
    grid: np.ndarray,
    pictures: list[list[Curve]],
    labels: list[str],
    name: str | None,
    steps: np.ndarray,
    y: tuple[float, float],
) -> Page:
    def across(value: np.ndarray | float) -> Any:
        return MARGIN + (value - grid[0]) / (grid[-1] - grid[0]) * (WIDTH - 2 * MARGIN)

    def down(value: np.ndarray | float) -> Any:
        return HEIGHT - MARGIN - (value - y[0]) / (y[1] - y[0]) * (HEIGHT - 2 * MARGIN)

    middle = len(steps) // 2
    groups = []
    for step, curves in enumerate(pictures):
        lines = "".join(
            f'<polyline fill="none" stroke="{COLOURS[i % len(COLOURS)]}" stroke-width="2" points="{points}"/>'
            for i, curve in enumerate(curves)
            for points in _polylines(across(grid), down(np.clip(curve, *y)), curve)
        )
        hidden = "" if step == middle else ' style="display: none"'
        groups.append(f"<g{hidden}>{lines}</g>")
    axes = [
        f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{down(z):.1f}" y2="{down(z):.1f}"/>'
        for z in {y[0], 0.0}
        if y[0] <= z <= y[1]
    ]
    axes += [
        f'<line y1="{MARGIN}" y2="{HEIGHT - MARGIN}" x1="{across(z):.1f}" x2="{across(z):.1f}"/>'
        for z in sorted({float(grid[0]), 0.0})
        if grid[0] <= z <= grid[-1]
    ]
    words = [
        (across(grid[0]), HEIGHT - 18, f"{grid[0]:g}", "middle"),
        (across(grid[-1]), HEIGHT - 18, f"{grid[-1]:g}", "middle"),
        (WIDTH / 2, HEIGHT - 8, "x", "middle"),
        (MARGIN - 4, down(y[0]), f"{y[0]:.3g}", "end"),
        (MARGIN - 4, down(y[1]) + 8, f"{y[1]:.3g}", "end"),
    ]
    text = "".join(f'<text x="{a:.1f}" y="{b:.1f}" text-anchor="{c}">{t}</text>' for a, b, t, c in words)
    for i, label in enumerate(labels):
        style = f"fill: {COLOURS[i % len(COLOURS)]}"
        text += f'<text x="{MARGIN + 8}" y="{16 + 14 * i}" style="{style}">{html.escape(label)}</text>'
    caption = ", ".join(labels) + f" for x from {grid[0]:g} to {grid[-1]:g}"
    if name:
        caption += f", {name} from {steps[0]:g} to {steps[-1]:g}"
    identity = f"nlref-{uuid.uuid4().hex[:12]}"
    picture = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(caption)}" '
        f'style="max-width: {WIDTH}px; width: 100%; color: var(--jp-ui-font-color1, #424242)">'
        f'<g stroke="currentColor" stroke-opacity="0.35">{"".join(axes)}</g>'
        f'<g fill="currentColor" font-size="11" font-family="sans-serif">{text}</g>'
        f"<g class='nlref-steps'>{''.join(groups)}</g></svg>"
    )
    slider = _slider(identity, name, steps, middle) if name else ""
    return Page(caption, f'<figure id="{identity}" style="margin: 4px 0">{picture}{slider}</figure>')


def _polylines(across: np.ndarray, down: np.ndarray, curve: Curve) -> list[str]:
    """The curve as runs of points, broken where there is no finite value."""
    runs, run = [], []
    for a, b, value in zip(across, down, curve, strict=True):
        if np.isfinite(value):
            run.append(f"{a:.1f},{b:.1f}")
        elif run:
            runs.append(" ".join(run))
            run = []
    return [*runs, " ".join(run)] if run else runs


def _slider(identity: str, name: str, steps: np.ndarray, middle: int) -> str:
    # Lab's command mode takes the arrow keys unless the event stops here. The labels travel in the page, so that no
    # arithmetic is left to the script.
    labels = " ".join(f"{step:.3g}" for step in steps)
    move = (
        f"const f=document.getElementById('{identity}'),i=+this.value;"
        "f.querySelectorAll('.nlref-steps > g').forEach((g,k)=>g.style.display=k===i?'':'none');"
        "f.querySelector('output').textContent=this.dataset.labels.split(' ')[i];"
    )
    return (
        f'<label style="display: block">{html.escape(name)} '
        f'<input type="range" min="0" max="{len(steps) - 1}" value="{middle}" data-labels="{labels}" '
        f'oninput="{move}" onkeydown="event.stopPropagation()"> '
        f"<output>{steps[middle]:.3g}</output></label>"
    )
