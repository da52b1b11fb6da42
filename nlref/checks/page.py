"""A check's result as HTML: JupyterLab's colours, no script, no address, words for a screen reader."""

import base64
import html
import re

from nlref.checks.result import CheckResult, CriterionResult, number

# Lab's theme variables, with a value for pages that do not define them (exports, feedback).
_GREEN = "var(--jp-success-color1, #2e7d32)"
_RED = "var(--jp-error-color1, #c62828)"
_GREY = "var(--jp-ui-font-color2, #757575)"


def render(result: CheckResult) -> str:
    """The page of a result: title and points, a line a criterion, what is wrong and why, a picture if there is one."""
    earned = f"{number(result.score)} of {number(result.points)} points"
    state = earned if result.attempted else "not attempted yet"
    colour = _GREY if not result.attempted else _GREEN if result.passed else _RED
    parts = [
        f'<div class="nlref-check" role="group" aria-label="{html.escape(result.exercise)}: {state}" '
        f'style="border-left: 4px solid {colour}; padding: 2px 12px; margin: 4px 0; max-width: 46em; '
        f'line-height: 1.45">',
        f"<p style='margin: 4px 0'><strong>{html.escape(result.exercise)}</strong> · {state}</p>",
    ]
    if result.attempted:
        rows = "".join(_row(criterion) for criterion in result.criteria)
        parts.append(f"<ul style='list-style: none; margin: 4px 0; padding: 0'>{rows}</ul>")
    if result.note:
        parts.append(f"<p style='margin: 4px 0'>{prose(result.note)}</p>")
    if result.picture is not None:
        parts.append(_image(result.picture))
    parts.append("</div>")
    return "".join(parts)


def _row(criterion: CriterionResult) -> str:
    mark, word, colour = ("✓", "right", _GREEN) if criterion.passed else ("✗", "not right", _RED)
    message = "<br>".join(prose(line) for line in criterion.message.splitlines())
    below = f"<div style='margin: 0 0 4px 1.6em'>{message}</div>" if message else ""
    return (
        f"<li style='margin: 2px 0; text-align: left'><span style='color: {colour}; font-weight: bold; "
        f"display: inline-block; width: 1.6em' role='img' aria-label='{word}'>{mark}</span>"
        f"{html.escape(criterion.name)} <span style='color: {_GREY}'>"
        f"{number(criterion.score)}/{number(criterion.points)}</span>{below}</li>"
    )


def prose(text: str) -> str:
    """Escaped text in which `code` becomes code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _image(svg: str) -> str:
    # An image of its own keeps its ids apart from those of other pictures on the page. Its title is its description.
    alt = html.unescape(svg.partition("<title>")[2].partition("</title>")[0])
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{data}" style="max-width: 100%">'
