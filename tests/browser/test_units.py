"""Every unit of the course in JupyterLab, as released and as solved, in the light and in the dark theme."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from nlref.checks import EXERCISES
from nlref.course_files import course_files
from tests.browser.conftest import SCREENSHOTS, Lab, Notebook, bring_into_view, running_lab
from tests.browser.test_pages import unreadable


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("units") / "work") as lab:
        yield lab


def complaints(page: Page) -> list[str]:
    """What a cell printed to its error stream or raised, and pictures that did not load."""
    outputs = page.locator('.jp-OutputArea-output[data-mime-type*="error"], [data-mime-type*="stderr"]')
    found = [output.text_content() for output in outputs.all()]
    pictures = "images => images.filter(image => !image.naturalWidth).map(image => image.alt || image.src)"
    return found + page.locator(".jp-Notebook img").evaluate_all(pictures)


def without_words(page: Page) -> list[str]:
    """Our own pictures and sliders that say nothing to a screen reader."""
    return page.locator(".nlref-check img, .nlref-chart :is(svg[role], img)").evaluate_all(
        "all => all.filter(e => !(e.alt || e.getAttribute('aria-label'))).map(e => e.outerHTML.slice(0, 80))"
    )


@pytest.mark.parametrize("unit", course_files().units())
def test_unit_runs_as_released_and_as_solved_and_can_be_read_in_the_dark(
    lab: Lab, pages: Callable[..., Page], unit: str
):
    page = pages(width=1200)
    released = Notebook.open(lab, page, f"{unit}/{unit}.ipynb")
    released.run_all()
    assert complaints(page) == []
    own = [record.id for record in EXERCISES.values() if record.unit == unit]
    expect(page.locator(".nlref-check", has_text="not attempted yet")).to_have_count(len(own))

    worked = lab.directory / unit / f"{unit}-worked.ipynb"
    shutil.copyfile(course_files().solutions / unit / f"{unit}.ipynb", worked)
    page = pages(width=1200, scheme="dark")
    solved = Notebook.open(lab, page, f"{unit}/{worked.name}")
    solved.run_all()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    assert complaints(page) == []
    assert without_words(page) == []
    checks = page.locator(".nlref-check")
    expect(checks).to_have_count(len(own))
    worth = {record.id: record.points for record in EXERCISES.values()}
    earned = {check.locator("strong").first.text_content(): check.text_content() for check in checks.all()}
    assert sorted(earned) == sorted(own)
    assert [
        name for name, text in earned.items() if f"{worth[name]:g} of {worth[name]:g} points" not in text
    ] == []
    assert [text for check in checks.all() for text in unreadable(check)] == []

    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    figures = page.locator(".jp-OutputArea-output img, figure.nlref-chart")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(scheme == "light").lower())
        for number, figure in enumerate(figures.all(), start=1):
            if figure.locator("xpath=ancestor::*[contains(@class, 'nlref-check')]").count() == 0:
                name = f"31-{unit}-{number:02}-{scheme}.png"
                bring_into_view(figure, "center")
                figure.screenshot(path=SCREENSHOTS / name, animations="disabled")
