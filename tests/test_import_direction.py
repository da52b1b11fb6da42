"""Imports run one way, as CONTRIBUTING.md says."""

import ast
from pathlib import Path

import pytest

import nlref

PACKAGE = Path(nlref.__file__).parent
BELOW = {
    "arrays",
    "axis",
    "blocks",
    "compensated",
    "course_files",
    "facts",
    "kernel",
    "loss",
    "loss_facts",
    "special",
    "tensors",
    "truth",
    "ulp",
}
# What each part may import of the package, besides itself.
MAY_IMPORT = {
    "activations": BELOW,
    "losses": BELOW | {"activations"},
    "checks": BELOW | {"activations", "layers", "losses", "optimizers"},
    "layers": BELOW | {"activations"},
    "optimizers": BELOW,
    "network": BELOW | {"activations", "layers", "losses", "optimizers"},
    "keras": BELOW | {"activations", "layers", "losses", "network", "optimizers"},
    "learn": BELOW | {"activations", "checks"},
    "grading": BELOW | {"activations", "build", "checks"},
    "build": BELOW | {"checks"},
    **dict.fromkeys(BELOW, BELOW),
}


def imported(path: Path) -> set[str]:
    """The parts of nlref that a file imports anywhere, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in found if name.startswith("nlref.")}


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent != PACKAGE or path.stem in MAY_IMPORT]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert imported(path) <= MAY_IMPORT[part] | {part}


def test_every_part_of_the_package_has_its_layer():
    on_top = {"__init__", "cli", "cli_compare", "cli_instructor"}
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    assert (modules | folders) - on_top == set(MAY_IMPORT) & (modules | folders)
