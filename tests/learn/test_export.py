import numpy as np
import pytest

import nlref
from nlref.learn.export import clean_html


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def test_our_pages_lose_their_script_and_nothing_else(monkeypatch):
    monkeypatch.setattr("nlref.learn.checking.in_notebook", lambda: True)
    chart = clean_html(nlref.explore(elu, alpha=(0, 3)).html)
    assert 'alt="elu for x from -4 to 4' in chart
    assert 'src="data:image/svg+xml;base64,' in chart
    assert "alpha = 1.5" in chart
    assert "script" not in chart
    check = clean_html(nlref.check("elu", elu)._repr_html_())
    assert 'src="data:image/svg+xml;base64,' in check
    assert "border-left:4px solid var(--jp-" in check.replace(": ", ":")
    assert 'aria-label="right"' in check


@pytest.mark.parametrize(
    "attempt",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<img src='data:text/html,<script>alert(1)</script>'>",
        "<svg onload=alert(1)></svg>",
        "<iframe src='http://example.org'></iframe>",
        "<div style='background: url(http://example.org/x)'>x</div>",
        "<style>@import 'http://example.org'</style>",
        "<p style='position: fixed; top: 0'>x</p>",
    ],
)
def test_what_runs_or_fetches_is_gone(attempt):
    cleaned = clean_html(attempt)
    assert not any(part in cleaned for part in ("alert", "example.org", "fixed", "javascript", "data:text"))


def test_headings_tables_and_formulas_stay():
    source = "<h1>Title</h1><table><thead><tr><th>a</th></tr></thead></table><p>$a &lt; b$</p>"
    assert clean_html(source).replace("<tbody></tbody>", "") == source
