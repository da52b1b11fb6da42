"""What an exported page keeps when JupyterLab is asked to sanitize it, which is what it offers.

nbconvert's own filter lets so few tags through that headings, tables and pictures come out as their source code.
"""

import copy
import re

import nh3

_ATTRIBUTES = copy.deepcopy(nh3.ALLOWED_ATTRIBUTES) | {
    "*": {"aria-label", "class", "id", "role", "style", "title"},
    "details": {"open"},
}
# How things look, and nothing that fetches or covers the page.
_STYLE = {
    "background", "background-color", "border", "border-left", "color", "display", "font-weight", "height",
    "line-height", "list-style", "margin", "max-width", "min-width", "padding", "text-align", "width",
}  # fmt: skip


def clean_html(element: str | bytes) -> str:
    """HTML without scripts, inline drawings and addresses of code; pictures that are data stay.

    Takes the place of nbconvert's filter of this name.
    """
    return nh3.clean(
        element.decode() if isinstance(element, bytes) else str(element),
        attributes=_ATTRIBUTES,
        attribute_filter=_harmless,
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties=_STYLE,
    )


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    if attribute in ("href", "src", "cite") and value.strip().lower().startswith("data:"):
        return value if tag == "img" and re.match(r"data:image/[\w.+-]+;base64,", value) else None
    if attribute == "style" and "url(" in value:
        return None
    return value
