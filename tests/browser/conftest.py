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
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
NLREF = Path(sys.executable).with_name("nlref")
UNIT = "01_first_activations"
SECONDS = 1000.0  # Playwright counts in milliseconds
expect.set_options(timeout=30 * SECONDS)  # a busy machine is slow, not wrong
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
    first_page: str  # what it tells the user to open

    def address(self, path: str) -> str:
        return f"{self.url}{path}?token={self.token}"


@contextmanager
def running_lab(directory: Path) -> Iterator[Lab]:
    """`nlref lab` on a free port, until it answers; ended by its own pid."""
    command = [NLREF, "lab", "--no-browser", "--port", "0", "--directory", directory]
    with running_server(command, directory, directory / ".jupyter" / "runtime") as lab:
        yield lab


@contextmanager
def running_server(command: list, directory: Path, runtime: Path, **environment: str) -> Iterator[Lab]:
    """A Jupyter server, from when it answers; ended by its own pid."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    log = directory.with_name(directory.name + ".log")
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=directory.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
    try:
        about_file = runtime / f"jpserver-{process.pid}.json"
        for _ in range(600):
            assert process.poll() is None, f"the server ended:\n{log.read_text()}"
            if about_file.is_file() and (about := read_json(about_file)) and answers(about["url"]):
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"Jupyter did not answer within a minute:\n{log.read_text()}")
        addresses = re.findall(r"http://127\S+token=\w+", log.read_text())
        yield Lab(directory, about["url"], about["token"], process.pid, addresses[0] if addresses else "")
        process.terminate()
        assert process.wait(timeout=30) == 0, log.read_text()
        # Jupyter's own complaints, of a page that closed while its kernel started, are not ours
        text = log.read_text()
        assert not re.search(r'File ".*/(nlref|nbgrader)/', text), text
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

    @classmethod
    def open(cls, lab: Lab, page: Page, path: str) -> "Notebook":
        # a workspace of its own: Lab would otherwise also open what the last test left open
        page.goto(lab.address(f"lab/workspaces/{uuid.uuid4().hex}/tree/{path}"))
        expect(page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=60 * SECONDS)
        notebook = cls(page)
        expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=60 * SECONDS)
        notebook.wait_until_idle()
        return notebook

    def wait_until_idle(self, seconds: float = 60) -> None:
        """Until the kernel is there and has nothing to do."""
        indicator = self.page.locator(".jp-Notebook-ExecutionIndicator").first
        expect(indicator).to_have_attribute("data-status", "idle", timeout=seconds * SECONDS)

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
        """Run a cell with Shift+Enter and wait until its prompt has a new number; the cell's outputs.

        A page that has only appeared may not listen yet. Then nothing happens, and one presses again.
        """
        prompt = cell.locator(".jp-InputPrompt").first
        before = prompt.inner_text()
        for attempt in reversed(range(6)):
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Control+Home")
            self.page.keyboard.press("Shift+Enter")
            try:
                expect(prompt).not_to_have_text(before, timeout=10 * SECONDS)
                break
            except AssertionError:
                if not attempt:
                    raise
        expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=60 * SECONDS)
        return cell.locator(".jp-OutputArea-output")

    def write(self, cell: Locator, source: str) -> None:
        """Replace a cell's source by typing."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(source)

    def menu(self, *names: str) -> None:
        """Choose from the menu bar, by the beginnings of the names."""
        first, *rest = names
        self.page.locator(".lm-MenuBar-item", has_text=first).click()
        for name in rest:
            item = self.page.locator(".lm-Menu-item", has_text=re.compile(f"^{name}")).last
            item.hover()
            item.click()

    def run_all(self, *, restart: bool = False) -> None:
        """Run every cell, after a restart of the kernel if asked, and wait for the last one."""
        prompts = ".jp-Notebook .jp-CodeCell .jp-InputPrompt"
        first = self.page.locator(prompts).first
        before = first.text_content()
        if restart:
            self.menu("Kernel", "Restart Kernel and Run All")
            self.page.locator(".jp-Dialog .jp-mod-accept").click()
        else:
            self.menu("Run", "Run All Cells")
        expect(first).not_to_have_text(before, timeout=60 * SECONDS)
        self.page.wait_for_function(
            "all => [...document.querySelectorAll(all)].every(prompt => /\\d/.test(prompt.textContent))",
            arg=prompts, timeout=120 * SECONDS,
        )  # fmt: skip
        self.wait_until_idle()

    def save(self) -> None:
        with self.page.expect_response(lambda answer: answer.request.method == "PUT"):
            self.page.keyboard.press("Control+s")


def bring_into_view(place: Locator, block: str = "start") -> None:
    """Scroll until it stands still: Lab learns the true heights of cells as they come into view, and moves them."""
    before = None
    for _ in range(40):
        now = place.evaluate(
            """(element, block) => new Promise(resolve => {
                element.scrollIntoView({block})
                requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(
                    () => resolve(JSON.stringify(element.getBoundingClientRect())), 30)))
            })""",
            block,
        )
        if now == before:
            break
        before = now
    expect(place).to_be_in_viewport()


@pytest.fixture
def pages(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Fresh pages, which must not meet an error in their own scripts."""
    contexts = []
    errors: list[str] = []

    def fresh(
        width: int = 1400,
        height: int = 900,
        scheme: str = "light",
        allowed: tuple[str, ...] = (NO_MATHJAX,),
        **options,
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **options
        )
        contexts.append(context)
        context.set_default_timeout(30 * SECONDS)
        page = context.new_page()

        def note(error: Error) -> None:
            if not any(part in str(error) for part in allowed):
                errors.append(str(error))

        page.on("pageerror", note)
        return page

    yield fresh
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(pages: Callable[..., Page]) -> Page:
    return pages()


@pytest.fixture(scope="session")
def screenshot() -> Callable[[Page, str], None]:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    return take
