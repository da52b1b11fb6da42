"""A line chart as a page: a picture that stands anywhere, and, where scripts run, one with a slider in its place.

JupyterLab takes scripts and inline SVG out of a notebook that it does not trust, and keeps ``<img>``: so the picture
is an image, and the script beside it puts the same drawing in its place, in the theme's colours and with a slider.
"""

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

WIDTH, HEIGHT = 520, 320
LEFT, RIGHT, BOTTOM, ROW = 52, 16, 44, 20
LETTER = 7.2  # about the width of one, at the font's size

# At least 3 to 1 on white and on Lab's dark #111.
COLOURS = ("#3b7dd8", "#c56a0a", "#2f8f46", "#a65bc9", "#c9485b", "#7d7d7d")
# An image cannot see the page's colours: this ink is readable on white and on #111.
INK = "#7a7a7a"

# The chart comes alive where its script stands, so that no ids are needed and every copy of an output has its own.
# (VS Code runs scripts beside what they came with.) The command mode of Lab and of Notebook takes the keys of a slider,
# Notebook's before they reach it: they are stopped at the window, and the browser moves the slider all the same.
_SCRIPT = """
(() => {
  const script = document.currentScript, box = ".nlref-chart:not([data-alive])"
  const figure = script.closest(box) || script.parentElement.querySelector(box)
  if (!figure) return
  const chart = %s
  figure.dataset.alive = ""
  figure.querySelector("img").outerHTML = chart.svg
  if (!chart.slider) return
  figure.querySelector("figcaption").remove()
  figure.insertAdjacentHTML("beforeend", chart.slider)
  const slider = figure.querySelector("input"), paths = figure.querySelectorAll("path")
  const drawn = heights => heights.map((y, i) =>
    y === null ? "" : (i && heights[i - 1] !== null ? "L" : "M") + chart.x[i] + " " + y).join("")
  const move = () => {
    const i = +slider.value
    paths.forEach((path, k) => path.setAttribute("d", drawn(chart.curves[chart.pictures[i][k]])))
    figure.querySelector("output").textContent = chart.positions[i]
    slider.setAttribute("aria-valuetext", chart.positions[i])
  }
  slider.addEventListener("input", move)
  move()
  if (window.nlrefChartKeys) return
  window.nlrefChartKeys = true
  window.addEventListener("keydown", event => {
    const mine = event.target.matches?.(".nlref-chart input")
    if (mine && /^(Arrow|Page|Home|End)/.test(event.key)) event.stopPropagation()
  }, true)
})()
"""


@dataclass(frozen=True)
class Line:
    """A curve: its name in the legend and its values on the chart's grid; nan or an infinity leaves a gap."""

    label: str
    values: np.ndarray
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Lines over a common axis, at each position of a slider.

    Attributes
        x: the grid.
        pictures: the lines, one list for each position of the slider; a single list if there is none.
        y: the range of the vertical axis, or ``None`` for as much as the lines need.
        slider: the name beside the slider, or ``None``.
        positions: the slider's positions as text.
        title, words: what a screen reader says: the title, then a line for each curve in the middle position.
        notes: sentences below the picture.
    """

    x: np.ndarray
    pictures: Sequence[Sequence[Line]]
    y: tuple[float, float] | None
    slider: str | None
    positions: Sequence[str]
    title: str
    words: Sequence[str]
    notes: Sequence[str] = ()

    def html(self) -> str:
        """The page. Its only script is the chart's own; nothing is fetched."""
        middle = len(self.pictures) // 2
        description = ". ".join([self.title, *self.words])
        still = base64.b64encode(
            self._svg(middle, INK, ' xmlns="http://www.w3.org/2000/svg"').encode()
        ).decode()
        style = f"max-width: {WIDTH}px; width: 100%; display: block"
        chart: dict[str, Any] = {
            "svg": self._svg(
                middle,
                "currentColor",
                f' role="img" aria-label="{html.escape(description)}" '
                f'style="{style}; color: var(--jp-ui-font-color1, {INK})"',
            ),
            "positions": list(self.positions),
        }
        if self.slider is not None:
            chart |= {"slider": self._slider(middle), **self._moving()}
        content = json.dumps(chart, ensure_ascii=False, separators=(",", ":"))
        script = _SCRIPT % content
        setting = f"{self.slider} = {self.positions[middle]}"
        caption = "" if self.slider is None else f"<figcaption>{html.escape(setting)}</figcaption>"
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return (
            f'<figure class="nlref-chart" style="margin: 4px 0">'
            f'<img alt="{html.escape(description)}" style="{style}" src="data:image/svg+xml;base64,{still}">'
            f"{caption}<script>{script}</script></figure>{notes}"
        )

    def _slider(self, middle: int) -> str:
        return (
            '<label style="display: flex; flex-wrap: wrap; gap: 8px; align-items: center; padding: 4px 8px">'
            f'<span>{html.escape(str(self.slider))} = <output style="display: inline-block; min-width: 4em">'
            f"{self.positions[middle]}</output></span>"
            f'<input type="range" min="0" max="{len(self.positions) - 1}" value="{middle}" '
            'style="flex: 1 1 160px; max-width: 320px"></label>'
        )

    @cached_property
    def _top(self) -> int:
        return 8 + ROW * len(self._legend)

    @cached_property
    def _range(self) -> tuple[float, float]:
        if self.y is not None:
            return float(self.y[0]), float(self.y[1])
        values = np.concatenate([line.values for lines in self.pictures for line in lines])
        finite = values[np.isfinite(values)]
        if not len(finite):
            return -1.0, 1.0
        low, high = float(finite.min()), float(finite.max())
        room = 0.06 * (high - low) or 1.0
        return low - room, high + room

    def _across(self, x: np.ndarray | float) -> np.ndarray:
        return LEFT + (np.asarray(x) - self.x[0]) / (self.x[-1] - self.x[0]) * (WIDTH - LEFT - RIGHT)

    def _down(self, y: np.ndarray | float) -> np.ndarray:
        low, high = self._range
        return HEIGHT - BOTTOM - (np.asarray(y) - low) / (high - low) * (HEIGHT - BOTTOM - self._top)

    def _heights(self, line: Line) -> list[float | None]:
        """Where the curve is on the page, ``None`` where it has no value; far outside the chart it is cut."""
        low, high = self._range
        values = np.clip(line.values, low - (high - low), high + (high - low))
        heights = self._down(values).round(1).tolist()
        return [h if finite else None for h, finite in zip(heights, np.isfinite(line.values), strict=True)]

    def _path(self, line: Line) -> str:
        """The curve as an SVG path, broken where it has no value."""
        parts, pen = [], "M"
        for a, b in zip(self._across(self.x), self._heights(line), strict=True):
            if b is not None:
                parts.append(f"{pen}{a:.1f} {b}")
            pen = "L" if b is not None else "M"
        return "".join(parts)

    def _moving(self) -> dict[str, Any]:
        """The curves of all positions, each once, and which of them each position shows."""
        curves: dict[str, int] = {}
        pictures = [
            [curves.setdefault(json.dumps(self._heights(line)), len(curves)) for line in lines]
            for lines in self.pictures
        ]
        return {
            "x": self._across(self.x).round(1).tolist(),
            "curves": [json.loads(curve) for curve in curves],
            "pictures": pictures,
        }

    @cached_property
    def _legend(self) -> list[list[tuple[float, str, int]]]:
        """Rows of (left edge, label, number of the line)."""
        rows: list[list[tuple[float, str, int]]] = [[]]
        edge = float(LEFT)
        for i, line in enumerate(self.pictures[0]):
            width = 34 + LETTER * len(line.label)
            if rows[-1] and edge + width > WIDTH - RIGHT:
                rows.append([])
                edge = float(LEFT)
            rows[-1].append((edge, line.label, i))
            edge += width
        return rows

    def _svg(self, position: int, ink: str, attributes: str = "") -> str:
        lines = self.pictures[position]
        colours = [COLOURS[index % len(COLOURS)] for index in _hues(lines)]
        dashes = [' stroke-dasharray="6 4"' if line.dashed else "" for line in lines]
        low, high = self._range
        top, floor, end = self._top, HEIGHT - BOTTOM, WIDTH - RIGHT
        grid, text = [], []
        for z in _ticks(float(self.x[0]), float(self.x[-1])):
            a = float(self._across(z))
            strong = 0.5 if z == 0 else 0.15
            grid.append(
                f'<line x1="{a:.1f}" x2="{a:.1f}" y1="{top}" y2="{floor}" stroke-opacity="{strong}"/>'
            )
            text.append(f'<text x="{a:.1f}" y="{floor + 16}" text-anchor="middle">{_number(z)}</text>')
        for z in _ticks(low, high):
            b = float(self._down(z))
            strong = 0.5 if z == 0 else 0.15
            grid.append(f'<line x1="{LEFT}" x2="{end}" y1="{b:.1f}" y2="{b:.1f}" stroke-opacity="{strong}"/>')
            text.append(f'<text x="{LEFT - 6}" y="{b + 4:.1f}" text-anchor="end">{_number(z)}</text>')
        text.append(f'<text x="{(LEFT + end) / 2}" y="{HEIGHT - 10}" text-anchor="middle">x</text>')
        legend = []
        for row, labels in enumerate(self._legend):
            for edge, label, i in labels:
                b = 15 + ROW * row
                legend.append(
                    f'<line x1="{edge:.0f}" x2="{edge + 20:.0f}" y1="{b - 4}" y2="{b - 4}" stroke-width="2.5" '
                    f'stroke="{colours[i]}"{dashes[i]}/>'
                    f'<text x="{edge + 25:.0f}" y="{b}">{html.escape(label)}</text>'
                )
        curves = "".join(
            f'<path d="{self._path(line)}" stroke="{colour}"{dash}/>'
            for line, colour, dash in zip(lines, colours, dashes, strict=True)
        )
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}"{attributes}>'
            f'<g stroke="{ink}">{"".join(grid)}</g>'
            f'<g fill="{ink}" font-size="13" font-family="sans-serif">{"".join(text + legend)}</g>'
            # an inner svg cuts what lies outside of it
            f'<svg x="{LEFT}" y="{top}" width="{end - LEFT}" height="{floor - top}" '
            f'viewBox="{LEFT} {top} {end - LEFT} {floor - top}">'
            f'<g fill="none" stroke-width="2.2" stroke-linejoin="round">{curves}</g></svg></svg>'
        )


def _hues(lines: Sequence[Line]) -> list[int]:
    """A number for each line's colour: a dashed line has that of the line before it."""
    hues: list[int] = []
    for line in lines:
        hues.append(hues[-1] if line.dashed and hues else (hues[-1] + 1 if hues else 0))
    return hues


def _ticks(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(tick) + 0.0 for tick in ticks if low <= tick <= high]


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")
