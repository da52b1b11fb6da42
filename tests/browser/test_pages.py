"""The pages that grading writes, opened from disk: readable, narrow, dark, silent; beside nbgrader's own."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import SCREENSHOTS, UNIT
from tests.browser.test_instructor import load_sample_class, run
from tests.grading.test_markdown import HOSTILE

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample class and one learner whose notebook is nothing but attempts on whoever opens the pages."""
    path = tmp_path_factory.mktemp("pages") / "course"
    run("init", path)
    load_sample_class().build(path)
    for student in ("hana", "lena"):  # endless loops are for other tests
        subprocess.run(["rm", "-r", path / "submitted" / student], check=True)
    folder = path / "submitted" / "eve<img src=x onerror=alert(1)>" / UNIT
    folder.mkdir(parents=True)
    notebook = json.loads((path / "release" / UNIT / f"{UNIT}.ipynb").read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "relu":
            cell["source"] = "def relu(x):\n    return '<script>alert(1)</script>'"
    shown = "from IPython.display import HTML, SVG, Javascript, Markdown, display\n" + "\n".join(
        f"print({text!r}); display(HTML({text!r}), Markdown({text!r}), Javascript('alert(1)'))"
        for text in HOSTILE
    )
    figure = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 4])\nplt.title('<script>')\nplt.show()"
    notebook["cells"] += [code(shown), code(figure), *(markdown(text) for text in HOSTILE)]
    (folder / f"{UNIT}.ipynb").write_text(json.dumps(notebook))
    run("grade", path, UNIT)
    return path


def code(source: str) -> dict:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def markdown(source: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a file in a browser that notes every request, dialog, error and message."""
    contexts = []

    def open_(path: Path, width: int = 1100, scheme: str = "light", scripts: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 1000}, color_scheme=scheme, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        page.happened = []
        page.on("request", lambda request: page.happened.append(request.url))
        page.on("dialog", lambda dialog: (page.happened.append("dialog"), dialog.dismiss()))
        page.on("pageerror", lambda error: page.happened.append(f"error {error}"))
        page.on("popup", lambda popup: page.happened.append("popup"))
        page.goto(path.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()


def page_of(course: Path, student: str) -> Path:
    [path] = (course / "feedback").glob(f"{student}/{UNIT}/{UNIT}.html")
    return path


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


VIEWS = [
    ("desktop", 1100, "light"),
    ("phone", 390, "light"),
    ("dark", 1100, "dark"),
    ("phone-dark", 390, "dark"),
]


@pytest.mark.parametrize(("view", "width", "scheme"), VIEWS)
def test_the_feedback_page(course: Path, opened, view, width, scheme):
    page = opened(page_of(course, "farah"), width, scheme)
    assert fits(page)
    assert page.get_by_role("heading", level=1).inner_text() == UNIT
    assert page.locator("math").count() > 10
    assert page.get_by_text("sigmoid · 0 of 5 points").is_visible()
    assert page.get_by_text("The curve is mirrored").is_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"21-feedback-{view}.png")
    page.locator("#exercise-7").scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / f"22-feedback-exercise-{view}.png")
    assert unreadable(page) == []


@pytest.mark.parametrize(("view", "width", "scheme"), VIEWS)
def test_the_class_report(course: Path, opened, view, width, scheme):
    page = opened(course / "reports" / f"{UNIT}.html", width, scheme)
    assert fits(page)
    assert page.get_by_role("img", name=re.compile("Submissions by points")).is_visible()
    assert page.get_by_text("largest element").first.is_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"23-class-report-{view}.png", full_page=True)
    assert unreadable(page) == []
    page.get_by_role("link", name="farah", exact=True).click()
    assert page.get_by_text("Feedback for farah").is_visible()


def unreadable(place: Page | Locator) -> list[str]:
    """Texts whose contrast with what lies behind them is below 4.5 to 1 (WCAG AA), as the browser draws them."""
    root = place.locator("body") if isinstance(place, Page) else place
    return root.evaluate(
        """root => {
        const parse = colour => (colour.match(/[0-9.]+/g) || []).map(Number)
        const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
        const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
        const behind = element => {
            for (let e = element; e; e = e.parentElement) {
                const c = parse(getComputedStyle(e).backgroundColor)
                if (c.length === 3 || c[3] > 0) return c
            }
            return parse(getComputedStyle(document.body).backgroundColor)
        }
        const found = []
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
        while (walker.nextNode()) {
            const element = walker.currentNode.parentElement
            if (!walker.currentNode.data.trim() || element.closest('svg')) continue
            const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))]
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
            if (ratio < 4.5) found.push(ratio.toFixed(2) + ' ' + walker.currentNode.data.slice(0, 40))
        }
        return found
    }"""
    )


def test_nothing_that_a_learner_wrote_runs_or_calls(course: Path, opened):
    """Every attempt in every place, in a browser that would obey."""
    for path in (page_of(course, "eve*"), course / "reports" / f"{UNIT}.html"):
        page = opened(path)
        for link in page.locator("main a").all()[:3]:
            link.hover()
        page.wait_for_timeout(1500)
        assert page.title() != "OBEYED"
        asked = [url for url in page.happened if url != path.as_uri() and not url.startswith("data:image/")]
        assert asked == []
        assert page.locator("script, iframe, object, embed, form, base, link, svg [onload]").count() == 0
    page = opened(page_of(course, "eve*"))
    figure = page.get_by_role("img", name=re.compile("The figure that cell"))
    assert figure.first.evaluate("image => image.naturalWidth") > 100
    page.screenshot(path=SCREENSHOTS / "24-feedback-hostile.png", full_page=True)


def test_the_policy_alone_would_stop_a_script(course: Path, opened, tmp_path: Path):
    """The content security policy is alive: what slips past the whitelist is still not obeyed."""
    html = page_of(course, "farah").read_text()
    slipped = tmp_path / "slipped.html"
    attempt = "<script>document.title='OBEYED'</script><img src='https://evil.example/x.png'>"
    attempt += "<img src=x onerror=\"document.title='OBEYED'\">"
    slipped.write_text(html.replace("<main>", f"<main>{attempt}"))
    page = opened(slipped)
    page.wait_for_timeout(500)
    assert page.title() != "OBEYED"
    slipped.write_text(
        re.sub(r"<meta http-equiv=.Content-Security.*?>", "", html).replace("<main>", f"<main>{attempt}")
    )
    assert opened(slipped).title() == "OBEYED"


def test_beside_nbgraders_own_page(course: Path, opened, tmp_path: Path):
    """The same notebook as stock nbgrader shows it: for the eye, and for what ours does better."""
    copy = tmp_path / "course"
    subprocess.run(["cp", "-r", course, copy], check=True)
    config = copy / "nbgrader_config.py"
    config.write_text(
        "\n".join(line for line in config.read_text().splitlines() if "GenerateFeedback" not in line)
    )
    done = subprocess.run(
        [Path(sys.executable).with_name("nbgrader"), "generate_feedback", UNIT, "--student=farah", "--force"],
        cwd=copy, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    theirs, ours = page_of(copy, "farah"), page_of(course, "farah")
    assert len(ours.read_bytes()) < 40_000 < len(theirs.read_bytes())
    page = opened(theirs, 390, scripts=False)
    page.screenshot(path=SCREENSHOTS / "25-nbgrader-feedback-phone.png")
    assert page.locator("math").count() == 0
