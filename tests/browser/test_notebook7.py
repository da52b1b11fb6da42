"""The course in Notebook 7, started by hand in a workspace that `nlref lab` made."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nlref.learn.attempts import LOG
from nlref.learn.workspace import copy_units
from tests.browser.conftest import SECONDS, UNIT, Lab, Notebook, running_server
from tests.browser.test_learner import slid


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("notebook7")
    work = home / "work"
    work.mkdir()
    (work / LOG).touch()
    copy_units(work)
    folders = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [
        sys.executable,
        "-m",
        "notebook",
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
    ]
    command += [f"--ServerApp.root_dir={work}"]
    if os.geteuid() == 0:
        command.append("--allow-root")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with running_server(
        command, work, home / "runtime", IPYTHONDIR=str(home / "ipython"), PATH=path, **folders
    ) as server:
        yield server


def test_check_hint_slider_and_progress(notebook7: Lab, pages, screenshot):
    # nbgrader's own extension misses Lab's parts there
    page: Page = pages(
        allowed=("Cannot read properties of undefined (reading 'schema')", "filebrowser:open-path")
    )
    page.goto(notebook7.address(f"notebooks/{UNIT}/{UNIT}.ipynb"))
    expect(page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=60 * SECONDS)
    notebook = Notebook(page)
    notebook.wait_until_idle()
    notebook.run(notebook.cell("from nlref import check"))
    for name, source in [
        ("sigmoid", "def sigmoid(x):\n    return 1 / (1 + np.exp(x))"),
        (
            "leaky_relu",
            "def leaky_relu(x, negative_slope=0.2):\n    return np.where(x > 0, x, negative_slope * x)",
        ),
    ]:
        function = notebook.cell(f"def {name}(x")
        notebook.write(function, source)
        notebook.run(function)
    assert "explore(leaky_relu" in notebook.cell("explore(leaky_relu").inner_text()
    notebook.run(notebook.cell("explore(leaky_relu"))
    assert slid(notebook.cell("explore(leaky_relu")) == ("0.5", "0.55")
    screenshot(page, "20-notebook7-slider")
    wrong = notebook.run(notebook.cell('check("sigmoid", sigmoid)')).first
    expect(wrong).to_contain_text("The curve is mirrored")
    wrong.scroll_into_view_if_needed()
    screenshot(page, "20-notebook7-check")
    expect(notebook.run(notebook.cell("progress()")).last).to_contain_text("Go on with")
