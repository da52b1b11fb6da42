"""Reading what was handed in without trusting it, and bringing it back into the instructor's frame."""

import json
import os

import pytest

from nlref.grading.assignment import MasterCell, MasterNotebook, defined_names
from nlref.grading.submission import (
    NOTEBOOK_BYTES,
    UnreadableNotebook,
    parse_notebook,
    read_submission,
    repair,
)

SETUP = MasterCell("code", "import numpy as np", "setup", locked=True, released="import numpy as np")


def solution(name, cell_type="code", **more):
    stub = f"def {name}(x):\n    ..." if cell_type == "code" else "YOUR ANSWER HERE"
    answer = f"def {name}(x):\n    return x" if cell_type == "code" else None
    return MasterCell(cell_type, stub, name, solution=True, released=stub, answer=answer, **more)


def checked(name):
    return MasterCell(
        "code",
        f"assert {name}(1) == 1\nassert {name}(2) == 2  # hidden",
        f"{name}-check",
        grade=True,
        locked=True,
        points=2.0,
        released=f"assert {name}(1) == 1",
    )


MASTER = MasterNotebook(
    "unit",
    (
        MasterCell("markdown", "# Title", released="# Title"),
        SETUP,
        MasterCell("markdown", "## f", released="## f"),
        solution("f"),
        checked("f"),
        MasterCell("markdown", "## g", released="## g"),
        solution("g"),
        checked("g"),
        MasterCell("markdown", "## Why?", released="## Why?"),
        solution("why", "markdown", grade=True, points=1.0),
        MasterCell("code", "print('the end')", released="print('the end')"),
    ),
)


def handed_in(**sources):
    """The released cells as JSON, with the learner's sources by grade id."""
    cells = []
    for cell in MASTER.cells:
        made = {
            "cell_type": cell.cell_type,
            "metadata": {},
            "source": sources.get(cell.grade_id, cell.released),
        }
        if cell.grade_id:
            made["metadata"]["nbgrader"] = cell.metadata()
        if cell.cell_type == "code":
            made.update(outputs=[], execution_count=None)
        cells.append(made)
    return cells


DONE = {"f": "def f(x):\n    return x", "g": "def g(x):\n    return f(x)", "why": "Because."}


def mend(cells):
    parsed, mended = parse_notebook(json.dumps({"cells": cells, "nbformat": 4}).encode())
    repaired = repair(MASTER, parsed)
    return repaired.cells, [*mended, *repaired.repairs]


def ids(cells):
    return [cell.master.grade_id if cell.master else None for cell in cells]


def by_id(cells, grade_id):
    [found] = [cell for cell in cells if cell.master is not None and cell.master.grade_id == grade_id]
    return found


WHOLE = [None, "setup", None, "f", "f-check", None, "g", "g-check", None, "why", None]


def find(cells, grade_id):
    return next(c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def test_an_honest_notebook_needs_no_repair_and_gets_the_hidden_tests():
    cells, repairs = mend(handed_in(**DONE))
    assert repairs == []
    assert ids(cells) == WHOLE
    assert "hidden" in by_id(cells, "f-check").source
    assert by_id(cells, "f").source == DONE["f"]


def test_a_changed_test_cell_gets_the_instructors_text():
    cells, repairs = mend(handed_in(**DONE, **{"f-check": "assert True"}))
    assert by_id(cells, "f-check").source == MASTER.by_id["f-check"].source
    assert repairs == ["the cell `f-check` had been changed; the instructor's version counts"]


@pytest.mark.parametrize("lost", ["f-check", "g-check", "setup"])
def test_a_deleted_locked_cell_is_put_back_where_it_was(lost):
    handed = handed_in(**DONE)
    handed.remove(find(handed, lost))
    cells, repairs = mend(handed)
    assert [grade_id for grade_id in ids(cells) if grade_id] == [i for i in WHOLE if i]
    assert len(repairs) == 1
    assert f"`{lost}` was missing and was put back" in repairs[0]


def test_a_deleted_test_cell_comes_back_behind_the_helpers_that_were_added():
    handed = handed_in(**DONE)
    place = handed.index(find(handed, "f-check"))
    handed[place] = {"cell_type": "code", "metadata": {}, "source": "def helper(): ...", "outputs": []}
    cells, _ = mend(handed)
    assert (
        [c.source for c in cells].index("def helper(): ...")
        < ids(cells).index("f-check")
        < ids(cells).index("g")
    )


def test_all_cells_deleted_but_one():
    cells, repairs = mend([find(handed_in(**DONE), "f")])
    assert [grade_id for grade_id in ids(cells)] == ["setup", "f", "f-check", "g-check", "why"]
    assert "the solution cell `g` is missing" in repairs


def test_an_untouched_copy_is_left_out_wherever_it_stands():
    for below in (True, False):
        handed = handed_in(**DONE)
        place = handed.index(find(handed, "f"))
        handed.insert(place + below, find(handed_in(), "f"))
        cells, repairs = mend(handed)
        assert ids(cells) == WHOLE
        assert by_id(cells, "f").source == DONE["f"]
        assert repairs == ["the cell `f` was there twice; the last one that was worked on counts"]


def test_of_two_copies_that_were_worked_on_both_run_and_the_last_counts():
    handed = handed_in(**DONE)
    place = handed.index(find(handed, "f"))
    earlier = {**find(handed_in(), "f"), "source": "def f(x):\n    return 'first try'"}
    handed.insert(place, earlier)
    cells, _ = mend(handed)
    assert by_id(cells, "f").source == DONE["f"]
    assert [c.source for c in cells if "first try" in c.source]
    assert ids(cells).count("f") == 1


def test_a_copied_test_cell_keeps_its_last_place():
    handed = handed_in(**DONE)
    handed.append(find(handed_in(), "f-check"))
    cells, repairs = mend(handed)
    assert ids(cells)[-1] == "f-check"
    assert repairs == ["the cell `f-check` was there twice; the last one counts"]


def test_a_cell_split_in_the_middle_of_a_function_is_joined():
    handed = handed_in(**DONE)
    place = handed.index(find(handed, "f"))
    head, tail = ({**handed[place], "source": s} for s in ("def f(x):", "    return x"))
    handed[place : place + 1] = [head, tail]
    cells, repairs = mend(handed)
    assert by_id(cells, "f").source == "def f(x):\n    return x"
    assert repairs == ["the two halves of the split cell `f` were joined"]


def test_a_cell_split_between_two_functions_runs_both_halves():
    handed = handed_in(**DONE)
    place = handed.index(find(handed, "f"))
    head, tail = ({**handed[place], "source": s} for s in ("two = 2", "def f(x):\n    return x * two / 2"))
    handed[place : place + 1] = [head, tail]
    cells, _ = mend(handed)
    sources = [c.source for c in cells if c.cell_type == "code"]
    assert sources.index("two = 2") < sources.index("def f(x):\n    return x * two / 2")


@pytest.mark.parametrize("became", ["markdown", "raw"])
@pytest.mark.parametrize("grade_id", ["f", "f-check", "setup"])
def test_a_retyped_code_cell_is_code_again(became, grade_id):
    handed = handed_in(**DONE)
    find(handed, grade_id)["cell_type"] = became
    cells, repairs = mend(handed)
    assert by_id(cells, grade_id).cell_type == "code"
    assert repairs == [f"the cell `{grade_id}` had become a {became} cell and is code again"]


def test_without_any_metadata_cells_are_recognised_by_text_names_and_place():
    handed = handed_in(**DONE)
    for cell in handed:
        cell["metadata"] = {}
    cells, repairs = mend(handed)
    assert ids(cells) == WHOLE
    assert by_id(cells, "why").source == "Because."
    said = " ".join(repairs)
    assert "`f` had lost its nbgrader metadata and was recognised by `f`" in said
    assert "`f-check` had lost its nbgrader metadata and was recognised by its text" in said
    assert "`why` had lost its nbgrader metadata and was recognised by its place" in said


def test_a_function_with_a_syntax_error_is_still_recognised():
    handed = handed_in(**{**DONE, "f": "def f(x)\n    return x"})
    find(handed, "f")["metadata"] = {}
    cells, _ = mend(handed)
    assert by_id(cells, "f").source == "def f(x)\n    return x"


def test_a_test_moved_before_its_solution_stands_behind_it_again():
    handed = handed_in(**DONE)
    moved = find(handed, "g-check")
    handed.remove(moved)
    handed.insert(2, moved)
    cells, repairs = mend(handed)
    order = ids(cells)
    assert order.index("g") < order.index("g-check")
    assert "`g-check` had been moved and stands behind the solution it tests again" in repairs[0]


def test_a_set_up_cell_moved_to_the_end_stands_first_again():
    handed = handed_in(**DONE)
    moved = find(handed, "setup")
    handed.remove(moved)
    handed.append(moved)
    cells, repairs = mend(handed)
    order = ids(cells)
    assert order.index("setup") < order.index("f")
    assert "`setup` had been moved" in repairs[0]


def test_two_solutions_in_one_cell_are_tested_after_it():
    handed = handed_in(**{**DONE, "f": DONE["f"] + "\n\n" + DONE["g"]})
    handed = [c for c in handed if c["metadata"].get("nbgrader", {}).get("grade_id") not in ("g", "g-check")]
    cells, _ = mend(handed)
    order = ids(cells)
    assert order.index("f") < order.index("g-check")


def test_forged_flags_and_points_are_the_instructors_again():
    handed = handed_in(**DONE)
    find(handed, "f-check")["metadata"]["nbgrader"].update(
        points=1000, grade=False, solution=True, locked=False
    )
    cells, _ = mend(handed)
    assert by_id(cells, "f-check").master.metadata()["points"] == 2
    assert by_id(cells, "f-check").source == MASTER.by_id["f-check"].source


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"<html>", "it is not JSON"),
        (b"[1, 2]", "its JSON is not an object"),
        (b'{"cells": 3}', "it has no list of cells"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"cells": [' + b"{}," * 3000 + b"{}]}", "3001 cells"),
        (b"\x00" * 100, "it is not JSON"),
        (b'{"cells": [' + b"{}," * 10**6 + b"{}]}", "it has too many parts"),
        (b'{"cells": [' + b"1," * 10**7 + b"1]}", "it has too many parts"),
    ],
)
def test_what_is_no_notebook_is_said_in_a_sentence(content, says):
    with pytest.raises(UnreadableNotebook, match=says):
        parse_notebook(content)


def test_wrong_types_inside_cost_only_the_cell_that_has_them():
    good = find(handed_in(**DONE), "f")
    odd = [
        7,
        None,
        "text",
        {"cell_type": "code", "source": 5},
        {"cell_type": "code", "source": [1, "a"], "metadata": []},
        {"cell_type": "code", "source": "x = 1", "metadata": 3, "outputs": {"a": 1}},
        {"cell_type": "code", "source": "y = 1", "metadata": {"nbgrader": ["f"]}},
        {"cell_type": "code", "source": "z = 1", "metadata": {"nbgrader": {"grade_id": {"f": 1}}}},
        {"source": ["a = 1\n", "b = 2"], "outputs": []},
        {"cell_type": ["code"], "source": None},
        {"cell_type": "code", "source": "s = '\ud800'"},
        good,
    ]
    cells, mended = parse_notebook(json.dumps({"cells": odd}).encode())
    assert mended == ["5 damaged cell(s) were left out"]
    sources = [cell.source for cell in cells]
    assert "a = 1\nb = 2" in sources
    assert DONE["f"] in sources
    "".join(sources).encode("utf-8")
    repair(MASTER, cells)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: b"\xef\xbb\xbf" + text.encode(), "a byte-order mark was removed"),
        (lambda text: text.encode("utf-16"), "UTF-16"),
        (lambda text: text.replace("Because", "Weil ä").encode("latin-1"), "Latin-1"),
        (lambda text: text.replace("\n", "\r\n").encode(), None),
    ],
)
def test_files_from_other_systems_are_read(change, says):
    text = json.dumps({"cells": handed_in(**DONE)}, indent=1, ensure_ascii=False)
    cells, mended = parse_notebook(change(text))
    assert by_id(repair(MASTER, cells).cells, "f").source == DONE["f"]
    assert (says is None and mended == []) or says in mended[0]


def test_carriage_returns_in_a_source_do_not_count_as_changes():
    handed = handed_in(**DONE)
    for cell in handed:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    cells, repairs = mend(handed)
    assert repairs == []
    assert by_id(cells, "f").source == DONE["f"]


def test_a_notebook_of_format_3_is_converted():
    sheet = [
        {"cell_type": "heading", "level": 2, "source": ["f"], "metadata": {}},
        *(
            {
                "cell_type": "code" if c["cell_type"] == "code" else "markdown",
                ("input" if c["cell_type"] == "code" else "source"): c["source"].splitlines(keepends=True),
                "metadata": c["metadata"],
            }
            for c in handed_in(**DONE)
        ),
    ]
    cells, mended = parse_notebook(json.dumps({"nbformat": 3, "worksheets": [{"cells": sheet}]}).encode())
    assert by_id(repair(MASTER, cells).cells, "f").source == DONE["f"]
    assert "old format" in mended[0]


# The folder


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "submitted" / "ada" / "unit"
    path.mkdir(parents=True)
    (path / "unit.ipynb").write_text(json.dumps({"cells": handed_in(**DONE)}))
    return path


def read(folder, expected=("unit",), **options):
    return read_submission(folder, "ada", "unit", expected, **options)


def test_a_folder_is_read_with_its_files_and_timestamp(folder):
    (folder / "data").mkdir()
    (folder / "data" / "own.csv").write_text("1,2")
    (folder / "timestamp.txt").write_text("2025-01-02 03:04:05 UTC\n")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "unit-checkpoint.ipynb").write_text("{}")
    submission = read(folder, ignore=[".ipynb_checkpoints"])
    assert submission.files == {"data/own.csv": b"1,2"}
    assert submission.timestamp == "2025-01-02 03:04:05 UTC"
    assert submission.remarks == ()


def test_the_digest_follows_every_byte(folder):
    before = read(folder).digest
    assert before == read(folder).digest
    (folder / "timestamp.txt").write_text("2025-01-02 03:04:05 UTC\n")
    after = read(folder).digest
    assert after != before
    (folder / "other.txt").write_text("")
    assert read(folder).digest not in (before, after)


def test_links_pipes_and_huge_files_are_refused_and_named(folder, tmp_path):
    secret = tmp_path / "gradebook.db"
    secret.write_text("secret")
    (folder / "link.txt").symlink_to(secret)
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe")
    with open(folder / "huge.bin", "wb") as file:
        file.truncate(NOTEBOOK_BYTES * 10)
    submission = read(folder)
    assert submission.files == {}
    said = "; ".join(submission.remarks)
    for name in ("link.txt", "linked", "pipe", "huge.bin"):
        assert f"`{name}`" in said
    assert "secret" not in said


def test_a_notebook_that_is_a_link_or_huge_is_a_sentence(folder, tmp_path):
    (folder / "unit.ipynb").rename(tmp_path / "elsewhere.ipynb")
    (folder / "unit.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    assert "links are not followed" in read(folder).notebooks["unit"]
    (folder / "unit.ipynb").unlink()
    with open(folder / "unit.ipynb", "wb") as file:
        file.truncate(500_000_000)
    assert "500 MB" in read(folder).notebooks["unit"]


def test_many_large_notebooks_and_endless_folders_are_bounded(folder):
    for number in range(4):
        with open(folder / f"big{number}.ipynb", "wb") as file:
            file.truncate(30_000_000)
    deep = folder
    for _ in range(600):
        deep = deep / "d"
        deep.mkdir()
    (deep / "lost.txt").write_text("x")
    (folder / "timestamp.txt").write_text("2025-01-02 " * 10**5)
    submission = read(folder)
    assert isinstance(submission.notebooks["unit"], bytes)
    assert submission.files == {}
    assert len(submission.timestamp) <= 100


def test_pasted_pictures_are_kept_and_other_attachments_are_not():
    cells = [
        {"cell_type": "markdown", "source": "![x](attachment:x.png)", "attachments": attachments}
        for attachments in (
            {"x.png": {"image/png": "iVBORw0KGgo="}},
            {"x.svg": {"image/svg+xml": "<svg onload=alert(1)>"}, "y.png": {"image/png": '" onerror=x'}},
            {"big.png": {"image/png": "A" * 5_000_000}},
            ["x"],
        )
    ]
    parsed, _ = parse_notebook(json.dumps({"cells": cells}).encode())
    assert [cell.attachments for cell in parsed] == [{"x.png": {"image/png": "iVBORw0KGgo="}}, {}, {}, {}]


def test_a_notebook_under_another_name_is_taken_if_it_is_the_only_one(folder):
    (folder / "unit.ipynb").rename(folder / "unit (1).ipynb")
    submission = read(folder)
    assert isinstance(submission.notebooks["unit"], bytes)
    assert submission.remarks == ("`unit (1).ipynb` was taken for `unit.ipynb`, which is missing",)
    (folder / "Untitled.ipynb").write_text("{}")
    assert read(folder).notebooks == {}


def test_names_are_found_without_parsing():
    source = "def f(x:\n    y = 1\nclass A: pass\nz: int = 3\nasync def h(): ...\na == 1\nb += 1\n"
    assert defined_names(source) == {"f", "A", "z", "h"}
