"""Markdown and code as HTML that is safe to open: formulas as MathML, no script, nothing fetched, nothing styled.

Everything passes nh3's whitelist last, formulas too, because a formula may carry markup (``\\text{<script>}``,
``\\href{javascript:...}``). What cannot be read as a formula is shown as it was typed.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape, unescape

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String

FORMULA_CHARACTERS = 2_000
HIGHLIGHTED_CHARACTERS = 20_000

# As in Jupyter, formulas are found before Markdown is read, so that | in a table and _ in a sum are the formula's.
_PIECES = re.compile(
    r"""(?P<code>^[ ]{0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ ]{0,3}(?P=fence)[`~]*[ ]*$|\Z)
              | (?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ ]*\n).)+?(?<!`)(?P=ticks)(?!`)
              | \\\$)
      | \$\$(?P<block>.+?)\$\$
      | \\\\\[(?P<bracket>.+?)\\\\\]
      | (?P<environment>\\begin\{(?P<name>equation|align|gather|eqnarray|multline|alignat)(?P<star>\*?)\}.+?
                        \\end\{(?P=name)(?P=star)\})
      | \\\\\((?P<parenthesis>.+?)\\\\\)
      | \$(?P<inline>(?:\\.|(?!\n[ ]*\n)[^$\\])+?)\$(?!\d)
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_NO_TAG = re.compile(r"<(?!/?m[a-z]+[ >])")  # latex2mathml does not escape \text{a < b}
_ESCAPED = re.compile(r"\\([_%#$&{}])")  # nor does it read \text{negative\_slope}
_PLACE = re.compile("\ue000(\\d+)\ue001")
_PLACE_MARKS = {0xE000: None, 0xE001: None}

_TEXT_TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
    ),
    *(
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
    ),
    *(
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
    ),
    *("ul", "var"),
}
_FORMULA_TAGS = {
    *(
        "math",
        "menclose",
        "merror",
        "mfrac",
        "mi",
        "mmultiscripts",
        "mn",
        "mo",
        "mover",
        "mpadded",
        "mphantom",
    ),
    *(
        "mroot",
        "mrow",
        "ms",
        "mspace",
        "msqrt",
        "mstyle",
        "msub",
        "msubsup",
        "msup",
        "mtable",
        "mtd",
        "mtext",
    ),
    *("mtr", "munder", "munderover"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align", "scope"},
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {
        "stretchy",
        "fence",
        "form",
        "minsize",
        "maxsize",
        "separator",
        "lspace",
        "rspace",
        "movablelimits",
    },
    "mfrac": {"linethickness"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "mpadded": {"width", "height", "depth", "lspace", "voffset"},
    "mspace": {"width", "height", "depth"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"columnalign", "rowspacing", "columnspacing"},
    "mtd": {"columnalign", "columnspan", "rowspan"},
    "menclose": {"notation"},
}
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]+")
_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')  # as nh3 writes it
_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


def markdown_to_html(source: str, pictures: Mapping[str, str] | None = None) -> str:
    """Markdown as safe HTML.

    Parameters
        source: Markdown with HTML, and with formulas in all the ways that Jupyter knows: dollars, brackets and
            parentheses behind two backslashes, environments.
        pictures: the address under which the text shows a picture, and the ``data:`` address to put there; a picture
            that is not among them is replaced by its alternative text, so that opening the page asks nobody for it.
    """
    return _converted(source, tuple(sorted((pictures or {}).items())))


@lru_cache(maxsize=1024)
def _converted(source: str, pictures: tuple[tuple[str, str], ...]) -> str:
    formulas: list[str] = []

    def keep(found: re.Match[str]) -> str:
        if found["code"] is not None:
            return found[0]
        inline = found["inline"] or found["parenthesis"]
        latex = inline or found["block"] or found["bracket"] or found["environment"]
        if not latex or not latex.strip():
            return found[0]
        formulas.append(formula(latex, display=inline is None))
        return f"\ue000{len(formulas) - 1}\ue001"

    source = source.encode("utf-8", "replace").decode("utf-8")  # JSON can hold half a character
    text = _PIECES.sub(keep, source.translate(_PLACE_MARKS))
    html = _PLACE.sub(lambda found: formulas[int(found[1])], _RENDERER.render(text))
    known = dict(pictures)

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            value = known.get(value, value)
            return value if _PICTURE.fullmatch(value) else None
        if name == "href":
            return value if _LINK.match(value) else None
        return value

    clean = nh3.clean(
        html,
        tags=_TEXT_TAGS | _FORMULA_TAGS,
        clean_content_tags={"script", "style", "iframe", "object", "noscript", "template", "svg"},
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "data"},
    )
    return _IMAGE.sub(_shown_or_said, clean)


def _shown_or_said(found: re.Match[str]) -> str:
    """A picture that is there, or the words that stand for it."""
    attributes = dict(re.findall(r' ([a-z]+)="([^"]*)"', found[1]))
    if "src" in attributes:
        return found[0]
    words = unescape(attributes.get("alt", ""))
    return f"<em>[{escape(words) or 'a picture'}]</em>"


def formula(latex: str, *, display: bool = False) -> str:
    """LaTeX as MathML, not yet sanitised; what is no formula comes back as code."""
    if len(latex) <= FORMULA_CHARACTERS:
        try:
            made = convert(latex.strip(), display="block" if display else "inline")
            made = _ESCAPED.sub(r"\1", _NO_TAG.sub("&lt;", made))
            if "\\" not in made:  # else a command that it does not know
                return made
        except Exception:  # latex2mathml raises whatever its parser stumbles over, RecursionError included
            pass
    dollars = "$$" if display else "$"
    return f"<code>{escape(dollars + latex + dollars)}</code>"


def _headings_one_level_down(state: object) -> None:
    # The page has its own first heading.
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"


_RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_RENDERER.core.ruler.push("headings_one_level_down", _headings_one_level_down)

# The few kinds of token that are worth a colour; the rest is plain, which keeps the page small.
_CLASSES = (
    (Comment, "c"),
    (String, "s"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Number, "n"),
    (Name.Function, "f"),
    (Name.Class, "f"),
)
_LEXER = PythonLexer(stripnl=False, ensurenl=False)


@lru_cache(maxsize=1024)
def code_to_html(source: str) -> str:
    """Python source as HTML, with a ``span`` for each comment, string, keyword, number and defined name."""
    if len(source) > HIGHLIGHTED_CHARACTERS:
        return escape(source, quote=False)
    parts = []
    for kind, text in _LEXER.get_tokens(source):
        shown = escape(text, quote=False)
        name = next((name for parent, name in _CLASSES if kind in parent), None)
        parts.append(f'<span class="{name}">{shown}</span>' if name else shown)
    # Lexers cut strings and comments into pieces; a reader sees one.
    return re.sub(r'</span><span class="(\w)">', _joined, "".join(parts))


def _joined(found: re.Match[str]) -> str:
    before = found.string.rfind('<span class="', 0, found.start())
    return "" if found.string.startswith(f'<span class="{found[1]}">', before) else found[0]
