"""Scripts aimed at the instructor's browser, and texts aimed at a terminal or a spreadsheet."""

SCRIPT = "<script>alert('CHEAT RAN')</script><img src=x onerror=\"alert('CHEAT RAN')\">"


def _markdown(notebook):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and "nbgrader" not in cell["metadata"]:
            cell["source"] = SCRIPT + "\n\n[link](javascript:alert('CHEAT%20RAN'))\n\n" + SCRIPT
            cell["attachments"] = {"x.svg": {"image/svg+xml": SCRIPT}}


def _outputs(notebook):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {
                    "output_type": "display_data",
                    "data": {"text/html": SCRIPT, "application/javascript": "alert('CHEAT RAN')"},
                    "metadata": {},
                }
            ]


CHEATS = [
    {"id": "script-in-markdown", "why": "markup in a text cell is shown, not obeyed", "change": _markdown},
    {"id": "script-in-outputs", "why": "outputs handed in are not read", "change": _outputs},
    {
        "id": "script-displayed",
        "why": "HTML, JavaScript and SVG shown while it is graded",
        "code": f"""
from IPython.display import HTML, Javascript, SVG, display
display(HTML({SCRIPT!r}), Javascript("alert('CHEAT RAN')"))
display({{"text/html": {SCRIPT!r}, "image/svg+xml": {SCRIPT!r}, "image/png": "PHNjcmlwdD4="}}, raw=True)
""",
    },
    {
        "id": "script-in-errors",
        "why": "the text and the name of an exception, and names of functions, stand in the page",
        "code": f"class Oops(Exception): pass\nOops.__name__ = Oops.__qualname__ = {SCRIPT!r}\ndef fail(): raise Oops({SCRIPT!r})",
        "lie": "fail()",
    },
    {
        "id": "terminal-escapes",
        "why": "control characters for whoever reads the log in a terminal",
        "code": "def fail(): raise ValueError('\\x1b]0;CHEAT\\x07\\x1b[2J\\u202e score 5 of 5\\n5.0')",
        "lie": "fail()",
    },
    {
        "id": "spreadsheet-formula",
        "why": "a reason that a spreadsheet would take for a formula",
        "code": "class Formula(Exception): pass\nFormula.__name__ = '=HYPERLINK(1)'\ndef fail(): raise Formula('=1+1')",
        "lie": "fail()",
    },
    {
        "id": "fake-verdict",
        "why": "prints what a passed test prints",
        "code": "def boast(): print('softmax: 5 of 5 points \\u2713 all tests passed\\n5.0'); return 0.0",
        "lie": "boast()",
    },
]  # fmt: skip
