"""A learner's way through unit 01 in a real browser."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from nlref.checks import EXERCISES
from nlref.course_files import course_files
from nlref.learn.attempts import LOG
from nlref.learn.workspace import CELL_SECONDS
from tests.browser.conftest import SECONDS, UNIT, Lab, Notebook, bring_into_view, running_lab
from tests.browser.test_pages import unreadable

WRONG = "def sigmoid(x):\n    return 1 / (1 + np.exp(x))"
RIGHT = "def sigmoid(x):\n    return 1 / (1 + np.exp(-x))"
SLIDER = "explore(leaky_relu"
WORTH = sum(record.points for record in EXERCISES.values() if record.unit == UNIT)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("learner") / "work") as lab:
        yield lab


def copied(lab: Lab, name: str, source: Path | None = None) -> str:
    """A notebook of its own for a test: the released unit's, or that of ``source``."""
    path = f"{UNIT}/{name}.ipynb"
    shutil.copyfile(source or course_files().exercises / UNIT / f"{UNIT}.ipynb", lab.directory / path)
    return path


@pytest.fixture(scope="module")
def solved(lab: Lab, chromium) -> str:
    """The worked unit, run from top to bottom in Lab and saved there, so that Lab trusts its outputs."""
    path = copied(lab, "solved", course_files().solutions / UNIT / f"{UNIT}.ipynb")
    page = chromium.new_context(viewport={"width": 1400, "height": 900}).new_page()
    notebook = Notebook.open(lab, page, path)
    notebook.run_all()
    notebook.save()
    page.context.close()
    return path


def errors(notebook: Notebook) -> Locator:
    return notebook.page.locator('.jp-OutputArea-output[data-mime-type*="error"]')


def test_first_start(lab: Lab, page: Page, screenshot):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(lab.first_page)
    expect(page.get_by_role("heading", name="01 · First activations")).to_be_visible(timeout=60 * SECONDS)
    Notebook(page).wait_until_idle()
    page.wait_for_load_state("networkidle")
    screenshot(page, "01-first-page")
    # no pop-up, and nothing that asks for news or leaves this machine
    assert page.locator(".Toastify__toast, .jp-toast, .jp-Dialog").count() == 0
    local = (lab.url, lab.url.replace("http", "ws", 1), "data:", "blob:")
    assert [url for url in asked if not url.startswith(local) or "/api/news" in url] == []
    # what a learner needs of nbgrader, and nothing that needs a course
    assert page.get_by_text("Validate", exact=True).count() == 1
    assert page.locator(".lm-MenuBar-item", has_text="Nbgrader").count() == 0
    page.keyboard.press("Control+Shift+l")
    tiles = page.locator(".jp-LauncherCard")
    expect(tiles.first).to_be_visible()
    screenshot(page, "01-launcher")
    assert [tile.inner_text().strip() for tile in tiles.all()] == [
        "Python 3 (ipykernel)", "Python 3 (ipykernel)", "Terminal", "Text File", "Markdown File", "Python File",
        "Show Contextual Help",
    ]  # fmt: skip


def type_and_check(notebook: Notebook, source: str) -> Locator:
    """Type a sigmoid, run it and its check as a learner does; the check's output."""
    sigmoid = notebook.cell("def sigmoid(x):")
    notebook.write(sigmoid, source)
    notebook.run(sigmoid)
    check = notebook.cell('check("sigmoid", sigmoid)')
    outputs = notebook.run(check)
    bring_into_view(sigmoid)
    return outputs.first


def test_stub_then_wrong_then_right_sigmoid(lab: Lab, page: Page, screenshot):
    notebook = Notebook.open(lab, page, copied(lab, "sigmoid"))
    notebook.run(notebook.cell("from nlref import check"))
    notebook.run(notebook.cell("def sigmoid(x):"))
    stub = notebook.run(notebook.cell('check("sigmoid", sigmoid)')).first
    expect(stub).to_contain_text("not attempted yet")
    screenshot(page, "02-stub")

    wrong = type_and_check(notebook, WRONG)
    expect(wrong).to_contain_text("0 of 5 points")
    expect(wrong).to_contain_text("✗")
    expect(wrong).to_contain_text("0.731059 comes back, and 0.268941 is right")
    expect(wrong).to_contain_text("The curve is mirrored")
    screenshot(page, "03-wrong-sigmoid")

    right = type_and_check(notebook, RIGHT)
    expect(right).to_contain_text("5 of 5 points")
    expect(right).to_contain_text("✓")
    expect(right).not_to_contain_text("✗")
    screenshot(page, "04-right-sigmoid")


def answers() -> dict[str, str]:
    """The worked solutions of the unit by exercise, without nbgrader's marks."""
    notebook = nbformat.read(course_files().solutions / UNIT / f"{UNIT}.ipynb", as_version=4)
    return {
        cell.metadata.nbgrader.grade_id: "\n".join(
            line for line in cell.source.splitlines() if not line.strip().startswith("### ")
        )
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def test_unit_from_top_to_bottom(tmp_path: Path, page: Page, screenshot):
    """A wrong answer, hints, a solution too early, then everything right; restart, run all, save, reload."""
    with running_lab(tmp_path / "work") as lab:
        notebook = Notebook.open(lab, page, f"{UNIT}/{UNIT}.ipynb")
        notebook.run_all()
        assert errors(notebook).count() == 0  # as released, nothing stops
        expect(notebook.cell("progress()").locator(".jp-OutputArea-output")).to_contain_text(
            "Go on with q_collapse"
        )

        # a wrong prediction, which is the one that counts
        prediction = notebook.cell("answer_q_collapse = ")
        notebook.write(prediction, 'answer_q_collapse = "a"')
        notebook.run(prediction)
        reply = notebook.run(notebook.cell('choose("q_collapse"')).first
        expect(reply).to_contain_text("0 of 1 points")

        relu = notebook.cell("def relu(x):")
        notebook.write(relu, "def relu(x):\n    return np.abs(x)")
        notebook.run(relu)
        check = notebook.cell('check("relu", relu)')
        expect(notebook.run(check).first).to_contain_text("This is the absolute value")
        # a cell of one's own, below the check
        for ask, says in [
            ('hint("relu")', "Hint 1 of 3 for relu."),
            ('hint("relu")', "Hint 2 of 3 for relu."),
            ('reveal("relu")', "Try relu 2 more times first, each time with a change"),
        ]:
            check.locator(".cm-content").click()
            page.keyboard.press("Escape")
            page.keyboard.press("b")
            page.keyboard.press("Enter")
            page.keyboard.insert_text(ask)
            page.keyboard.press("Shift+Enter")
            expect(page.locator(".jp-OutputArea-output", has_text=says)).to_be_visible()
        bring_into_view(check)
        screenshot(page, "08-hints")

        for exercise, source in answers().items():
            stub = f"answer_{exercise} = " if source.startswith("answer_") else f"def {exercise}("
            notebook.write(notebook.cell(stub), source)
        notebook.run_all(restart=True)
        assert errors(notebook).count() == 0
        prompts = page.locator(".jp-CodeCell .jp-InputPrompt")
        assert prompts.first.text_content() == "[1]:"
        standing = show(notebook, "progress()")
        expect(standing).to_contain_text(f"{UNIT}{WORTH - 1:g} of {WORTH:g} points")
        screenshot(page, "09-progress")
        notebook.save()
        kept = [json.loads(line)["exercise"] for line in (lab.directory / LOG).read_text().splitlines()]
        assert set(answers()) == set(kept)

        page.reload()
        expect(page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=60 * SECONDS)
        reloaded = Notebook(page)
        expect(reloaded.cell('check("sigmoid"').locator(".jp-OutputArea-output")).to_contain_text(
            "5 of 5 points"
        )
        expect(reloaded.cell("progress()").locator(".jp-OutputArea-output")).to_contain_text(
            f"{WORTH - 1:g} of {WORTH:g} points"
        )
        assert slid(reloaded.cell(SLIDER)) == ("0.5", "0.55")


def slid(place: Locator | Page) -> tuple[str, str]:
    """What a chart's slider says before and after one press of an arrow key; the curve has to move with it."""
    chart = place.locator("figure.nlref-chart")
    slider, output, curve = chart.get_by_role("slider"), chart.locator("output"), chart.locator("path").first
    slider.scroll_into_view_if_needed()
    before, drawn = output.inner_text(), curve.get_attribute("d")
    slider.focus()
    slider.press("ArrowRight")
    after = output.inner_text()
    assert slider.get_attribute("aria-valuetext") == after
    assert curve.get_attribute("d") != drawn
    return before, after


def test_outputs_of_an_untrusted_notebook_are_there(lab: Lab, page: Page, solved: str, screenshot):
    """Lab takes scripts and inline drawings out of a notebook that somebody else ran: pictures and words stay."""
    content = (lab.directory / solved).read_text().replace("First activations", "Sent by a friend")
    (lab.directory / UNIT / "untrusted.ipynb").write_text(content)
    notebook = Notebook.open(lab, page, f"{UNIT}/untrusted.ipynb")
    output = notebook.cell(SLIDER).locator(".jp-OutputArea-output")
    assert output.locator("svg, script, input").count() == 0  # it is not trusted
    expect(output.locator("figcaption")).to_have_text("negative_slope = 0.5")
    image = output.get_by_role("img", name=re.compile("^leaky_relu for x from -4 to 4"))
    expect(image).to_be_visible()
    assert image.evaluate("image => image.naturalWidth") > 100
    screenshot(page, "10-untrusted-slider")
    check = notebook.cell('check("sigmoid"').locator(".jp-OutputArea-output")
    expect(check).to_contain_text("5 of 5 points")
    image = check.get_by_role("img", name=re.compile("^Your sigmoid beside the reference"))
    assert image.evaluate("image => image.naturalWidth") > 100
    expect(notebook.cell("progress()").locator(".jp-OutputArea-output")).to_contain_text(f"{WORTH:g} points")


def show(notebook: Notebook, text: str) -> Locator:
    """A cell at the top of the window; its output."""
    cell = notebook.cell(text)
    bring_into_view(cell)
    return cell.locator(".jp-OutputArea-output").last


PLACES = {
    "check": 'check("sigmoid"',
    "slider": SLIDER,
    "choice": 'choose("q_collapse"',
    "progress": "progress()",
}


def test_dark_theme_follows_the_system(lab: Lab, pages: Callable[..., Page], solved: str, screenshot):
    page = pages(scheme="dark")
    notebook = Notebook.open(lab, page, solved)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    for name, text in PLACES.items():
        output = show(notebook, text)
        expect(output).to_be_visible()
        assert unreadable(output) == []
        screenshot(page, f"15-dark-{name}")


def test_narrow_window(lab: Lab, pages: Callable[..., Page], solved: str, screenshot):
    page = pages(width=390, height=844)
    notebook = Notebook.open(lab, page, solved)
    if page.locator("#jp-left-stack").is_visible():
        page.keyboard.press("Control+b")
    for name, text in PLACES.items():
        output = show(notebook, text)
        screenshot(page, f"16-phone-{name}")
        expect(output).to_be_visible()
        assert output.evaluate("output => output.scrollWidth <= output.clientWidth"), name


def test_keyboard_only(lab: Lab, page: Page, screenshot):
    """Type, run and check a function, and move a slider, without a mouse."""
    notebook = nbformat.read(course_files().exercises / UNIT / f"{UNIT}.ipynb", as_version=4)
    sources = [
        "import numpy as np\nfrom nlref import check, explore",
        "def leaky_relu(x, negative_slope=0.2):\n    ...",
    ]
    sources += ['check("leaky_relu", leaky_relu)', "explore(leaky_relu, negative_slope=(0, 1))"]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(notebook, lab.directory / "keyboard.ipynb")
    Notebook.open(lab, page, "keyboard.ipynb")
    page.wait_for_function(
        "document.activeElement.closest('.jp-Notebook')"
    )  # it has the focus without a click
    keys = page.keyboard
    keys.press("Shift+Enter")
    expect(page.locator(".jp-Notebook .jp-Cell").nth(1)).to_have_class(re.compile("jp-mod-active"))
    keys.press("Enter")
    keys.press("Control+a")
    keys.type("leaky_relu = lambda x, negative_slope=0.2: np.where(x > 0, x, negative_slope * x)")
    for _ in range(3):
        keys.press("Shift+Enter")
    expect(page.locator(".nlref-check")).to_contain_text("5 of 5 points")
    chart = page.locator("figure.nlref-chart")
    expect(chart.get_by_role("slider")).to_be_visible()
    # Lab has made a new cell below and is writing in it
    expect(page.locator(".jp-Notebook .jp-Cell").nth(4)).to_have_class(re.compile("jp-mod-active"))
    keys.press("Escape")
    keys.press("Shift+Tab")
    expect(chart.get_by_role("slider")).to_be_focused()
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(chart.locator("output")).to_have_text("0.6")
    screenshot(page, "17-keyboard")


@pytest.mark.parametrize("sanitized", [True, False])
def test_export_works_from_a_file_without_a_network(
    lab: Lab, page: Page, pages: Callable[..., Page], solved: str, tmp_path: Path, screenshot, sanitized: bool
):
    """Lab offers to sanitize: then the slider stands still, and everything else is there."""
    notebook = Notebook.open(lab, page, solved)
    notebook.menu("File", "Save and Export", "HTML")
    dialog = page.locator(".jp-Dialog")
    if not sanitized:
        dialog.get_by_role("checkbox").uncheck()
    with page.expect_download(timeout=60 * SECONDS) as download:
        dialog.get_by_role("button", name="Ok").click()
    exported = tmp_path / "exported.html"
    download.value.save_as(exported)

    offline = pages(offline=True)
    offline.goto(exported.as_uri(), wait_until="domcontentloaded")
    expect(offline.get_by_role("heading", name="01 · First activations")).to_be_visible()
    pictures = offline.locator("main img, body img")
    loaded = pictures.evaluate_all("images => images.map(image => image.naturalWidth > 0)")
    assert len(loaded) > 5
    assert all(loaded)
    check = offline.locator(".nlref-check", has_text="sigmoid").first
    expect(check).to_contain_text("5 of 5 points")
    assert check.get_by_role("img", name=re.compile("^Your sigmoid beside the reference")).count() == 1
    chart = offline.locator("figure.nlref-chart")
    chart.scroll_into_view_if_needed()
    if sanitized:
        expect(chart.get_by_role("img", name=re.compile("^leaky_relu for x"))).to_be_visible()
        expect(chart.locator("figcaption")).to_have_text("negative_slope = 0.5")
    else:
        assert slid(offline) == ("0.5", "0.55")
    screenshot(offline, f"18-export-{'sanitized' if sanitized else 'alive'}")


def test_two_notebooks_at_once(lab: Lab, pages: Callable[..., Page], screenshot):
    """Two windows, two kernels, one record."""
    notebooks = [Notebook.open(lab, pages(), copied(lab, name)) for name in ("left", "right")]
    before = (lab.directory / LOG).read_text().splitlines()
    for notebook in notebooks:
        notebook.run(notebook.cell("from nlref import check"))
    for notebook, name in zip(notebooks, ("relu", "tanh"), strict=True):
        function = notebook.cell(f"def {name}(x):")
        notebook.write(function, f"def {name}(x):\n    return x * 0.25")
        notebook.run(function)
    for notebook, name in zip(notebooks, ("relu", "tanh"), strict=True):
        notebook.run(notebook.cell(f'check("{name}", {name})'))
    added = (lab.directory / LOG).read_text().splitlines()[len(before) :]
    assert sorted(json.loads(line)["exercise"] for line in added) == ["relu", "tanh"]
    standing = [notebook.run(notebook.cell("progress()")).last for notebook in notebooks]
    for page in standing:
        expect(page).to_contain_text("Go on with")
    assert standing[0].inner_text() == standing[1].inner_text()
    # the link leads to the unit's notebook, in Lab
    standing[0].get_by_role("link", name="02_stability").first.click()
    tab = notebooks[0].page.locator(".lm-TabBar-tab", has_text="02_stability.ipynb")
    expect(tab).to_be_visible()
    expect(notebooks[0].page.get_by_role("heading", name=re.compile("02 · "))).to_be_visible()
    screenshot(notebooks[0].page, "19-two-notebooks")


def validate(notebook: Notebook) -> Locator:
    """Save, press nbgrader's Validate and wait for its dialog."""
    notebook.save()
    notebook.page.get_by_text("Validate", exact=True).click()
    dialog = notebook.page.locator(".jp-Dialog, .nbgrader-ErrorDialog").first
    expect(dialog).to_be_visible(timeout=120 * SECONDS)
    return dialog


NOISE = ("Traceback", "CheckFailed", "site-packages", "DEBUG", "WARNING")


def test_validate_names_what_is_wrong_in_our_words(lab: Lab, page: Page, screenshot):
    notebook = Notebook.open(
        lab, page, copied(lab, "wrong", course_files().solutions / UNIT / f"{UNIT}.ipynb")
    )
    notebook.write(notebook.cell("def sigmoid(x):"), WRONG)
    dialog = validate(notebook)
    expect(dialog).to_contain_text("sigmoid: 0 of 5 points")
    expect(dialog).to_contain_text("The curve is mirrored")
    for noise in NOISE:
        expect(dialog).not_to_contain_text(noise)
    # the failing cell, our few lines, and no other cell
    assert dialog.locator("pre").count() == 2
    assert len(dialog.locator("pre").last.inner_text().splitlines()) <= 12
    screenshot(page, "05-validate-wrong")


def test_validate_says_that_all_is_right(lab: Lab, page: Page, solved: str, screenshot):
    dialog = validate(Notebook.open(lab, page, solved))
    expect(dialog).to_contain_text("Success")
    for noise in NOISE:
        expect(dialog).not_to_contain_text(noise)
    screenshot(page, "06-validate-right")


def test_endless_loop_ends_validate_in_seconds(lab: Lab, page: Page, screenshot):
    """nbgrader waits 30 seconds for each call of a function that never returns; the workspace says 10."""
    path = copied(lab, "endless")
    notebook = nbformat.read(lab.directory / path, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "sigmoid":
            cell.source = "while True:\n    pass"
    nbformat.write(notebook, lab.directory / path)
    started = time.monotonic()
    dialog = validate(Notebook.open(lab, page, path))
    seconds = time.monotonic() - started
    screenshot(page, "07-validate-endless-loop")
    assert seconds > CELL_SECONDS
    expect(dialog).to_contain_text("sigmoid")
