"""JupyterLab as `nlref lab` starts it, and the system's Chromium to look at it.

Screenshots go to build/screenshots/, to be looked at.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
NLREF = Path(sys.executable).with_name("nlref")
UNIT = "01_first_activations"
SECONDS = 1000.0  # Playwright counts in milliseconds
# nbgrader's grading page takes MathJax from the internet; without it the formulas stay as they were typed
NO_MATHJAX = "MathJax is not defined"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium on PATH; install it with `sudo apt-get install chromium`")
    options = ["--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-component-update", "--disable-sync"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium's own sandbox refuses to start as root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    directory: Path
    url: str
    token: str
    pid: int

    def address(self, path: str) -> str:
        return f"{self.url}{path}?token={self.token}"


@contextmanager
def running_lab(directory: Path) -> Iterator[Lab]:
    """`nlref lab` on a free port, until it answers; ended by its own pid."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    log = directory.with_name(directory.name + ".log")
    with log.open("w") as output:
        process = subprocess.Popen(
            [NLREF, "lab", "--no-browser", "--port", "0", "--directory", directory],
            cwd=directory.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        runtime = directory / ".jupyter" / "runtime" / f"jpserver-{process.pid}.json"
        for _ in range(600):
            assert process.poll() is None, f"nlref lab ended:\n{log.read_text()}"
            if runtime.is_file() and (about := read_json(runtime)) and answers(about["url"]):
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"JupyterLab did not answer within a minute:\n{log.read_text()}")
        yield Lab(directory, about["url"], about["token"], process.pid)
        process.terminate()
        assert process.wait(timeout=30) == 0, log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def read_json(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text())
    except ValueError:  # still being written
        return None


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url + "api", timeout=5).close()
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


@dataclass(frozen=True)
class Notebook:
    """A notebook open in JupyterLab, used as a person uses it: click, type, press keys, read."""

    page: Page

    def cell(self, text: str) -> Locator:
        """The code cell whose source contains ``text``; scrolled to, because Lab draws only what is near."""
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").filter(
            has=self.page.locator(".jp-InputArea-editor", has_text=text)
        )
        for _ in range(60):
            if cell.count():
                break
            self.page.locator(".jp-Notebook").first.hover()
            self.page.mouse.wheel(0, 600)
            self.page.wait_for_timeout(100)
        cell.first.scroll_into_view_if_needed()
        return cell.first

    def run(self, cell: Locator) -> Locator:
        """Run a cell with Shift+Enter and wait until its prompt has a number; the cell's outputs."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Home")
        self.page.keyboard.press("Shift+Enter")
        expect(cell.locator(".jp-InputPrompt").first).to_have_text(
            re.compile(r"\[\d+\]"), timeout=60 * SECONDS
        )
        return cell.locator(".jp-OutputArea-output")

    def write(self, cell: Locator, source: str) -> None:
        """Replace a cell's source by typing."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(source)

    def save(self) -> None:
        self.page.keyboard.press("Control+s")
        self.page.wait_for_timeout(1000)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page, which must not meet an error in its own scripts."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(30 * SECONDS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert set(errors) <= {NO_MATHJAX}


@pytest.fixture(scope="session")
def screenshot() -> Callable[[Page, str], None]:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.wait_for_timeout(400)  # let what fades finish
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take
