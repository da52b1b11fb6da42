"""What the pages of the grader share: templates that escape whatever is put into them."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nlref.checks.page import prose
from nlref.checks.result import number


@cache
def environment() -> Environment:
    """The templates; the filters are ``number`` (a score without needless zeros) and ``prose`` (`code` is code)."""
    templates = Environment(
        loader=PackageLoader("nlref.grading"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["number"] = number
    templates.filters["prose"] = lambda text: Markup(prose(text).replace("\n", "<br>"))
    return templates
