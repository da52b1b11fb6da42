"""Where a page goes: HTML in a notebook, text in a terminal."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Page:
    """Something to look at, as text and as HTML; a notebook takes the HTML, everything else the text."""

    text: str
    html: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def in_notebook() -> bool:
    """Whether the code runs in a kernel that shows HTML."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None
