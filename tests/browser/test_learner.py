"""A learner's way through unit 01 in a real browser."""

import shutil
import time
import uuid
from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from nlref.course_files import course_files
from nlref.learn.workspace import CELL_SECONDS
from tests.browser.conftest import SECONDS, UNIT, Lab, Notebook, running_lab

WRONG = "def sigmoid(x):\n    return 1 / (1 + np.exp(x))"
RIGHT = "def sigmoid(x):\n    return 1 / (1 + np.exp(-x))"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("learner") / "work") as lab:
        yield lab


def open_notebook(lab: Lab, page: Page, name: str) -> Notebook:
    # a workspace of its own: Lab would otherwise also open what the last test left open
    page.goto(lab.address(f"lab/workspaces/{uuid.uuid4().hex}/tree/{UNIT}/{name}"))
    expect(page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=60 * SECONDS)
    return Notebook(page)


@pytest.fixture
def notebook(lab: Lab, page: Page) -> Notebook:
    return open_notebook(lab, page, f"{UNIT}.ipynb")


def test_first_page(notebook: Notebook, lab: Lab, screenshot):
    page = notebook.page
    expect(page.get_by_role("heading", name="01 · First activations")).to_be_visible()
    page.wait_for_timeout(4000)  # a pop-up would take some time to come
    screenshot(page, "01-first-page")
    assert page.locator(".Toastify__toast, .jp-toast, .jp-Dialog").count() == 0
    # what a learner needs of nbgrader, and nothing that needs a course
    assert page.get_by_text("Validate", exact=True).count() == 1
    assert page.locator(".lm-MenuBar-item", has_text="Nbgrader").count() == 0


def type_and_check(notebook: Notebook, source: str) -> Locator:
    """Type a sigmoid, run it and its check as a learner does; the check's output."""
    sigmoid = notebook.cell("def sigmoid(x):")
    notebook.write(sigmoid, source)
    notebook.run(sigmoid)
    check = notebook.cell('check("sigmoid", sigmoid)')
    outputs = notebook.run(check)
    sigmoid.evaluate("cell => cell.scrollIntoView({block: 'start'})")
    return outputs.first


def test_stub_then_wrong_then_right_sigmoid(notebook: Notebook, screenshot):
    notebook.run(notebook.cell("from nlref import check"))
    notebook.run(notebook.cell("def sigmoid(x):"))
    stub = notebook.run(notebook.cell('check("sigmoid", sigmoid)')).first
    expect(stub).to_contain_text("not attempted yet")
    screenshot(notebook.page, "02-stub")

    wrong = type_and_check(notebook, WRONG)
    expect(wrong).to_contain_text("0 of 5 points")
    expect(wrong).to_contain_text("✗")
    expect(wrong).to_contain_text("0.731059 comes back, and 0.268941 is right")
    expect(wrong).to_contain_text("The curve is mirrored")
    screenshot(notebook.page, "03-wrong-sigmoid")

    right = type_and_check(notebook, RIGHT)
    expect(right).to_contain_text("5 of 5 points")
    expect(right).to_contain_text("✓")
    expect(right).not_to_contain_text("✗")
    screenshot(notebook.page, "04-right-sigmoid")


def validate(notebook: Notebook) -> Locator:
    """Save, press nbgrader's Validate and wait for its dialog."""
    notebook.save()
    notebook.page.get_by_text("Validate", exact=True).click()
    dialog = notebook.page.locator(".jp-Dialog, .nbgrader-ErrorDialog").first
    expect(dialog).to_be_visible(timeout=120 * SECONDS)
    return dialog


def test_validate_names_what_is_wrong_in_our_words(notebook: Notebook, screenshot):
    type_and_check(notebook, WRONG)
    dialog = validate(notebook)
    expect(dialog).to_contain_text("sigmoid: 0 of 5 points")
    expect(dialog).to_contain_text("The curve is mirrored")
    for noise in ("Traceback", "CheckFailed", "site-packages", "DEBUG"):
        expect(dialog).not_to_contain_text(noise)
    dialog.get_by_text("sigmoid: 0 of 5 points").scroll_into_view_if_needed()
    screenshot(notebook.page, "05-validate-wrong")


def test_validate_says_that_all_is_right(lab: Lab, page: Page, screenshot):
    worked = lab.directory / UNIT / "worked.ipynb"
    shutil.copyfile(course_files().solutions / UNIT / f"{UNIT}.ipynb", worked)
    dialog = validate(open_notebook(lab, page, worked.name))
    expect(dialog).to_contain_text("Success")
    screenshot(page, "06-validate-right")


def test_endless_loop_ends_validate_in_seconds(lab: Lab, page: Page, screenshot):
    """nbgrader waits 30 seconds for each call of a function that never returns; the workspace says 10."""
    endless = lab.directory / UNIT / "endless.ipynb"
    text = (lab.directory / UNIT / f"{UNIT}.ipynb").read_text()
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "sigmoid":
            cell.source = "while True:\n    pass"
    nbformat.write(notebook, endless)
    started = time.monotonic()
    dialog = validate(open_notebook(lab, page, endless.name))
    seconds = time.monotonic() - started
    screenshot(page, "07-validate-endless-loop")
    assert seconds > CELL_SECONDS
    expect(dialog).to_contain_text("sigmoid")
