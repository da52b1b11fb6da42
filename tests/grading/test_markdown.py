"""Learners' and instructors' Markdown as HTML: formulas arrive, scripts do not."""

import re
from pathlib import Path

import jupytext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlref.grading.markdown import code_to_html, formula, markdown_to_html

COURSE = Path(__file__).parents[2] / "course"


def formulas(html):
    return re.findall(r"<math[ >].*?</math>", html, re.DOTALL)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        (r"so $x_1 + y_2$ and $\sigma(x) = \frac{1}{1 + e^{-x}}$", 2),
        ("$$\\begin{cases} x & x > 0 \\\\ 0 & x \\le 0 \\end{cases}$$", 1),
        ("a\n\n$$\nx\n$$\n\nb", 1),
        (r"\\(x\\) and \\[y\\]", 2),
        ("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", 1),
        ("- $a$\n  - $b$\n\n> $c$", 3),
        ("**$x$** _$y$_ [$z$](https://example.org)", 3),
        ("$ x $ with room", 1),
        ("$a\n+ b$ on two lines", 1),
    ],
)
def test_formulas_become_mathml(source, count):
    html = markdown_to_html(source)
    assert len(formulas(html)) == count
    assert "$" not in html
    assert "\\" not in html


def test_formulas_in_a_table_keep_their_bars():
    html = markdown_to_html("| a | b |\n| --- | --- |\n| $|x|$ | $\\max_i |x_i|$ |")
    assert len(formulas(html)) == 2
    assert html.count("<td>") == 2
    assert html.count("|") == 4


@pytest.mark.parametrize(
    "source",
    ["costs $5 and $6", "`$x$`", "```\n$x$\n```", r"\$x\$", "``a ` $x$``", "$", "a $$ b", "$a\n\nb$"],
)
def test_what_is_no_formula_stays_text(source):
    assert formulas(markdown_to_html(source)) == []


UNREADABLE = [r"\frac{", "{" * 900, r"\left(" * 200, "x" * 3000, r"\begin{align}", r"\unknowncommand x"]


@pytest.mark.parametrize("latex", UNREADABLE, ids=lambda latex: latex[:12])
def test_a_formula_that_cannot_be_read_is_shown_as_typed(latex):
    html = markdown_to_html(f"a ${latex}$ b")
    assert formulas(html) == []
    assert latex in html


def test_a_less_than_sign_in_a_formulas_text_is_no_tag():
    assert "<mtext>a&lt;b</mtext>" in markdown_to_html(r"$\text{a<b}$")
    assert "<script" not in formula(r"\text{<script>}")


def test_escapes_in_a_formulas_text_are_read():
    assert "<mtext>negative_slope%</mtext>" in markdown_to_html(r"$\text{negative\_slope\%}$")


@pytest.mark.parametrize("lesson", sorted(COURSE.glob("*/lesson.py")), ids=lambda path: path.parent.name)
def test_every_formula_of_the_course_comes_through(lesson):
    cells = [cell.source for cell in jupytext.read(lesson).cells if cell.cell_type == "markdown"]
    for source in cells:
        html = markdown_to_html(source)
        assert "<code>$" not in html, source
        html = re.sub(r"<(pre|code)>.*?</\1>", "", html, flags=re.DOTALL)
        assert "$" not in html, source
        assert "\\" not in html, source


def test_headings_are_one_level_down_for_the_page_has_its_own_first():
    assert markdown_to_html("# A\n\n###### F").split() == ["<h2>A</h2>", "<h6>F</h6>"]


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/pixel.png'>",
    "![p](https://evil.example/pixel.png)",
    "![p](//evil.example/pixel.png)",
    "![p](data:image/svg+xml,<svg/onload=alert(1)>)",
    "![p](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt&colon;alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "<a href='\x01javascript:alert(1)'>a</a>",
    "<a href='java\nscript:alert(1)'>a</a>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object><embed src=x>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'><link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>body{background:url(https://evil.example/)}</style>",
    "<div style='background:url(https://evil.example/);position:fixed;inset:0'>Full marks</div>",
    "<form action='https://evil.example'><input name=a autofocus onfocus=alert(1)><button>b</button></form>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math href='javascript:alert(1)'><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\text{<script>alert(1)</script>}$",
    r"$\text{</mtext></math><img src=x onerror=alert(1)>}$",
    r"$\style{background:url(https://evil.example/)}{x}$",
    r"$\class{a\" onmouseover=alert(1)}{x}$",
    "```<script>alert(1)</script>\n```",
    "```python onmouseover=alert(1)\nx\n```",
    "<details open ontoggle=alert(1)><summary>a</summary></details>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "\ue0000\ue001<script>\ue0007\ue001alert(1)</script>",
    "<template><script>alert(1)</script></template><noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href=https://example.org ping=https://evil.example target=_top id=exercise-1 class=right>a</a>",
    "</main></body></html><script>alert(1)</script>",
    "<textarea><img src=x onerror=alert(1)></textarea><plaintext>",
    "<x onclick=alert(1) tabindex=1 autofocus>y</x>",
]


@pytest.mark.parametrize("source", HOSTILE)
@pytest.mark.parametrize("around", ["{}", "a {} b", "# {}", "- {}", "| a |\n| --- |\n| {} |"])
def test_nothing_of_a_hostile_text_is_obeyed(source, around, harmless):
    harmless(markdown_to_html(around.format(source)))


@given(
    st.text(
        st.sampled_from(list("$`~\\\\{}<>[]()!|*_#-&\n\r\t '\"a1\ue000\ue001\x00\ud800\u202e")), max_size=120
    )
)
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_page(harmless, source):
    harmless(markdown_to_html(source))
    code_to_html(source)


def test_pictures_that_are_known_are_put_in_and_no_others():
    html = markdown_to_html("![a](net.png) ![b](other.png)", {"net.png": "data:image/png;base64,AAAA"})
    assert html == '<p><img src="data:image/png;base64,AAAA" alt="a"> <em>[b]</em></p>\n'
    said = markdown_to_html('<img src="x" alt="<script>&amp;>"> <img>')
    assert said == "<p><em>[&lt;script&gt;&amp;&gt;]</em> <em>[a picture]</em></p>\n"


def test_code_is_coloured_and_escaped():
    html = code_to_html('def f(x):\n    """a <b>"""\n    return x + 1  # <i>')
    assert '<span class="k">def</span> <span class="f">f</span>(x):' in html
    assert '<span class="s">"""a &lt;b&gt;"""</span>' in html
    assert '<span class="c"># &lt;i&gt;</span>' in html
    assert re.sub(r"</?span[^>]*>", "", html).count("<") == 0


def test_code_of_any_kind_keeps_its_text():
    for source in ("x = '", "%matplotlib inline\n!ls", "(" * 30_000, "é\t\x0c", "", "\n\n  x\n"):
        text = re.sub(r"</?span[^>]*>", "", code_to_html(source))
        assert text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == source
