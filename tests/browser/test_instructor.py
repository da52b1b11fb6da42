"""An instructor's formgrader on the sample class, made by `nlref init` and graded by `nlref grade`."""

import csv
import importlib.util
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NLREF, ROOT, SECONDS, UNIT, Lab, running_lab

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("instructor") / "course"
    run("init", path)
    load_sample_class().build(path)
    run("grade", path, UNIT)
    return path


def load_sample_class() -> ModuleType:
    """The module that builds the sample class."""
    spec = importlib.util.spec_from_file_location(
        "sample_class", ROOT / "tests/grading/sample_class/build.py"
    )
    sample_class = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample_class)
    return sample_class


def run(*command: str | Path) -> None:
    done = subprocess.run([NLREF, *command], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def grades(course: Path) -> dict[str, float]:
    with (course / "grades.csv").open(newline="") as file:
        return {row["student"]: float(row["total"]) for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def lab(course: Path) -> Iterator[Lab]:
    with running_lab(course) as lab:
        yield lab


def open_formgrader(lab: Lab, page: Page, path: str) -> None:
    page.goto(lab.address("lab"))  # which signs in: formgrader's own pages do not take a token
    page.goto(f"{lab.url}formgrader/{path}")


def test_lab_knows_a_course_directory(lab: Lab, page: Page, screenshot):
    """The menu is there, and no unit was copied into the instructor's folder."""
    page.goto(lab.address(f"lab/workspaces/{uuid.uuid4().hex}"))
    page.locator(".lm-MenuBar-item", has_text="Nbgrader").click(timeout=60 * SECONDS)
    page.get_by_text("Formgrader", exact=True).click()
    form = page.frame_locator("iframe").first
    expect(form.get_by_text(UNIT).first).to_be_visible(timeout=60 * SECONDS)
    screenshot(page, "11-formgrader-in-lab")
    assert not (lab.directory / UNIT).exists()


def test_formgrader_shows_every_score(lab: Lab, page: Page, grades: dict[str, float], screenshot):
    open_formgrader(lab, page, f"manage_submissions/{UNIT}")
    rows = page.locator("table.dataTable tbody tr")
    expect(rows).to_have_count(len(grades), timeout=60 * SECONDS)
    screenshot(page, "12-formgrader-submissions")
    for student, score in grades.items():
        row = rows.filter(has_text=student)
        expect(row).to_contain_text(f"{score:g} / ")


def test_formgrader_opens_a_submission_with_our_report(lab: Lab, page: Page, grades, screenshot):
    open_formgrader(lab, page, f"gradebook/{UNIT}/{UNIT}")
    rows = page.locator("table.dataTable tbody tr")
    expect(rows).to_have_count(len(grades), timeout=60 * SECONDS)
    screenshot(page, "13-formgrader-gradebook")
    wrong = min(score for score in grades.values() if score > 0)
    rows.filter(has_text=f"{wrong:g} / ").get_by_role("link").first.click()
    report = page.get_by_text("0 of 5 points").first
    expect(report).to_be_visible(timeout=60 * SECONDS)
    report.scroll_into_view_if_needed()
    screenshot(page, "14-formgrader-submission")
    # the points beside our report are those of the gradebook
    fields = page.locator("input.score")
    points = [float(field.get_attribute("placeholder")) for field in fields.all()]
    assert sum(points) == wrong
