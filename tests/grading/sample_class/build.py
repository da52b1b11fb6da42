"""The sample class: thirteen submissions of unit 01, made from the released notebook and a recipe for each learner.

Run as a program, it puts them into a course directory: ``python tests/grading/sample_class/build.py COURSE_DIR``.
"""

import json
import sys
import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

UNIT = "01_first_activations"
HERE = Path(__file__).parent
POINTS = {
    "q_collapse": 1,
    "q_place": 1,
    "relu": 5,
    "q_bend": 1,
    "q_dead": 1,
    "leaky_relu": 5,
    "sigmoid": 5,
    "tanh": 5,
    "q_same": 1,
    "q_chain": 1,
}


def recipes() -> dict[str, dict[str, Any]]:
    """What each learner did and what is fair for it, by name."""
    found = {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml"))
    }
    for path in HERE.glob("*.html"):
        found[path.stem] = {"about": "A sign-in page saved as a notebook.", "fair": dict.fromkeys(POINTS, 0)}
    return dict(sorted(found.items()))


def notebook(released: dict[str, Any], recipe: dict[str, Any]) -> dict[str, Any]:
    """The released notebook as this learner would hand it in."""
    made = deepcopy(released)
    cells = recipe.get("cells", {})
    done = []
    for cell in made["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in recipe.get("delete", []):
            continue
        unworked = deepcopy(cell)
        if grade_id in cells:
            cell["source"] = cells[grade_id].strip("\n")
        if recipe.get("claim_all_points") and cell["metadata"].get("nbgrader", {}).get("grade"):
            points = cell["metadata"]["nbgrader"]["points"]
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": f"{points}"},
                    "execution_count": 1,
                    "metadata": {},
                }
            ]
            cell["metadata"]["tags"] = ["skip-execution"]
        done.append(cell)
        if grade_id in recipe.get("copy_released", []):
            unworked["id"] += "-copy"
            done.append(unworked)
    if "append" in recipe:
        source = recipe["append"].strip("\n")
        done.append(
            {
                "cell_type": "code",
                "id": "own",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
        )
    made["cells"] = done
    return made


def build(course_dir: str | Path, students: list[str] | None = None) -> list[str]:
    """Hand in for everyone, or for some; answers with their names."""
    course_dir = Path(course_dir)
    released = json.loads((course_dir / "release" / UNIT / f"{UNIT}.ipynb").read_text(encoding="utf-8"))
    handed_in = []
    for student, recipe in recipes().items():
        if students is not None and student not in students:
            continue
        folder = course_dir / "submitted" / student / UNIT
        folder.mkdir(parents=True, exist_ok=True)
        as_it_is = HERE / f"{student}.html"
        if as_it_is.exists():
            content = as_it_is.read_bytes()
        else:
            content = json.dumps(notebook(released, recipe), indent=1).encode()
        (folder / f"{UNIT}.ipynb").write_bytes(content)
        handed_in.append(student)
    return handed_in


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} COURSE_DIR")
    print(f"{len(build(sys.argv[1]))} submissions in {sys.argv[1]}/submitted")
