"""The class on one page: what it counts, whom it names, and that nothing on it runs or calls."""

import re
from pathlib import Path

import pytest

from nlref.grading import grade
from nlref.grading.assignment import Assignment, MasterCell, MasterNotebook
from nlref.grading.class_numbers import ClassNumbers, histogram
from nlref.grading.class_report import class_page
from nlref.grading.identical import solution_digest
from nlref.grading.report import Row
from nlref.grading.result import CellResult, NotebookResult, SubmissionResult
from tests.grading.test_markdown import HOSTILE

TEST = MasterCell("code", "check", "relu-check", grade=True, locked=True, points=5.0, released="check")
ASSIGNMENT = Assignment("unit", {"unit": MasterNotebook("unit", (TEST,))})


def relu(score, **more):
    return CellResult("relu-check", score, 5.0, **more)


def numbers_of(*submissions):
    numbers, rows = ClassNumbers(8.0), []
    for submission in submissions:
        counted = {(notebook.name, cell.grade_id): cell.score for notebook, cell in submission.cells()}
        rows.append(Row.from_result(submission, counted))
        numbers.add(rows[-1], submission)
    return numbers, rows


def handed_in(student, *cells, isolation="bubblewrap", **more):
    notebook = NotebookResult("unit", cells, **more)
    return SubmissionResult(student, "unit", (notebook,), isolation=isolation)


def page(*submissions, extra=(), **more):
    numbers, rows = numbers_of(*submissions)
    more = {
        "course": "nets",
        "address": lambda student, notebook: f"../feedback/{student}/{notebook}.html",
    } | more
    return class_page(ASSIGNMENT, [*rows, *extra], numbers, **more)


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("</style>")[2]).split())


CRITERIA = (("values", 2.0, 2.0), ("shape", 0.0, 1.0), ("extremes", 0.5, 1.0))
CLASS = [
    handed_in("ada", relu(5.0), CellResult("why", 3.0, 3.0)),
    handed_in("ben", relu(2.5, reason="wrong shape", criteria=CRITERIA, mistake="largest element"),
              CellResult("why", None, 3.0)),
    handed_in("cem", relu(0.0, reason="wrong values", criteria=(("values", 0.0, 2.0), ("shape", 0.0, 1.0)),
                          mistake="largest element"), CellResult("why", None, 3.0),
              repairs=("the cell `relu-check` had been changed; the instructor's version counts",)),
    handed_in("dua", relu(0.0, reason="no"), CellResult("why", 0.0, 3.0), problem="it is not JSON"),
    handed_in("eli", relu(4.0, private_only=True, note="call it with points=5"), CellResult("why", 1.0, 3.0),
              isolation="none"),
]  # fmt: skip


def test_the_class_is_counted():
    numbers, _ = numbers_of(*CLASS)
    assert numbers.summary() == {"submissions": 5, "mean": 3.1, "median": 2.5, "lowest": 0.0, "highest": 8.0}
    found = numbers.exercises["relu"]
    assert (found.full, found.partial, found.zero, found.waiting) == (1, 2, 2, 0)
    assert found.mean == pytest.approx((5 + 2.5 + 0 + 0 + 4) / 5)
    assert numbers.exercises["why"].waiting == 2
    assert numbers.exercises["why"].mean == pytest.approx(4 / 3)
    assert numbers.mistakes == [("relu", "largest element", ["ben", "cem"])]
    # where no value is right, the criteria that follow from it say nothing
    assert sorted(numbers.criteria) == [("relu", "extremes", 1), ("relu", "shape", 1), ("relu", "values", 1)]
    assert numbers.isolation == {"bubblewrap": 4, "none": 1}
    assert list(numbers.suspicious) == list(numbers.repaired) == ["cem"]


def test_the_page_says_what_an_instructor_asks():
    text = text_of(
        page(*CLASS, extra=[Row("fay", "unit", {}, 0.0, 8.0, status="missing")], notes=["`relu` is odd."])
    )
    for part in (
        "submissions 5",
        "not handed in 1",
        "mean of 8 3.1",
        "1 of 5 submissions ran without a sandbox",
        "relu is odd.",
        "relu largest element",
        "2 ben, cem",
        "dua could not be graded: unit.ipynb: it is not JSON",
        "2 answers to why wait to be graded in formgrader",
        "Failed on private inputs alone",
        "relu : eli",
        "cem : the cell relu-check had been changed",
        "relu : call it with points=5 (eli)",
        "Nothing handed in fay",
    ):
        assert part in text, part


def test_a_mistake_of_the_course_is_explained():
    submission = handed_in("ada", relu(0.0, reason="no", mistake="largest element"))
    assert "finds the largest element along an axis" in text_of(page(submission))


def test_figures_have_words():
    html = page(*CLASS)
    assert (
        'aria-label="Submissions by points. 0 to 1 points: 2; 2 to 3 points: 1; 5 to 6 points: 1; 7 to 8 points: 1"'
        in html
    )
    assert 'aria-label="1 all points, 2 some, 2 none, 0 not graded yet"' in html


def test_a_large_class_has_a_page_of_bounded_size():
    many = [
        handed_in(
            f"student{n}", relu(float(n % 6), reason="no", note="it ran inside"), repairs=(f"mended {n}",)
        )
        for n in range(3000)
    ]
    html = page(*many, extra=[Row(f"absent{n}", "unit", {}, 0.0, 8.0, status="missing") for n in range(3000)])
    assert len(html) < 1_000_000
    text = text_of(html)
    assert "submissions 3000" in text
    assert "2800 more are in grades.csv" in text
    assert "1000 more are in grades.csv" in text
    assert "and 2000 more" in text
    assert "it ran inside (student0, student1" in text


def test_an_empty_class_has_a_page():
    assert "submissions 0" in text_of(page(extra=[Row("fay", "unit", {}, 0.0, 8.0, status="missing")]))


def test_identical_solutions_are_listed_the_smallest_groups_first():
    class_ = [handed_in(name, relu(5.0), solutions={"relu": digest}) for name, digest in
              [("ada", "a"), ("ben", "b"), ("cem", "b"), ("dua", "c"), ("eli", "c"), ("fay", "c")]]  # fmt: skip
    numbers, _ = numbers_of(*class_)
    assert numbers.identical == [("relu", ["ben", "cem"]), ("relu", ["dua", "eli", "fay"])]
    assert "relu 2 ben, cem relu 3 dua, eli, fay" in text_of(page(*class_))


@pytest.mark.parametrize("text", [*HOSTILE, '"><script>alert(1)</script>', "../../x", "{{ 1234*5678 }}"])
def test_nothing_of_a_hostile_class_is_obeyed(text, harmless):
    html = page(
        handed_in(text, relu(0.0, reason=text, mistake=text, criteria=((text, 0.0, 1.0), ("b", 1.0, 1.0)), note=text),
                  repairs=(text,), solutions={text: "a"}),
        handed_in("two" + text, relu(0.0, reason=text, private_only=True), problem=text, solutions={text: "a"}),
        names={text: text}, notes=[text], course=text, address=lambda *_: "../feedback/x.html",
    )  # fmt: skip
    harmless(html.replace('href="../feedback/x.html"', ""), allow={"svg"})
    assert "7006652" not in text_of(html)


@pytest.mark.parametrize(
    ("totals", "points", "most", "expected"),
    [
        ([], 10, 13, [(n, n + 1, 0) for n in range(10)]),
        ([0, 9.99, 10, 12, -1], 10, 2, [(0, 5, 2), (5, 10, 3)]),
        ([26], 26, 13, [(2 * n, 2 * n + 2, int(n == 12)) for n in range(13)]),
        ([1], 0, 13, []),
        ([0.5], 1, 5, [(0.0, 0.2, 0), (0.2, 0.4, 0), (0.4, 0.6, 1), (0.6, 0.8, 0), (0.8, 1.0, 0)]),
    ],
)
def test_bins_are_round_and_hold_everyone(totals, points, most, expected):
    found = histogram(totals, points, most)
    assert [count for _, _, count in found] == [count for _, _, count in expected]
    assert [edge for low, high, _ in found for edge in (low, high)] == pytest.approx(
        [edge for low, high, _ in expected for edge in (low, high)]
    )


LONG = """def f(x, n=2):
    total = 0
    for i in range(n):
        total = total + x[i] * x[i] - 2 / (1.5 + i)
    return total"""


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (LONG.replace("total", "s"), True),
        (
            LONG.replace("x", "values").replace("    total = 0", '    """Sum."""\n    total = 0  # begin'),
            True,
        ),
        (LONG.replace("def f(x, n=2)", "def f(x: list, n: int = 2) -> float"), True),
        (LONG.replace("1.5", "2.5"), False),
        (LONG.replace("x[i] * x[i]", "x[i] ** 2"), False),
        (LONG.replace("range", "reversed"), False),
        (LONG.replace("def f", "def g"), False),
    ],
)
def test_the_normal_form_of_a_solution(other, same):
    assert (solution_digest(LONG) == solution_digest(other)) is same


@pytest.mark.parametrize(
    "source", ["", "x = 1", "def f(:", "\0", "(" * 5000, "def relu(x):\n    return np.maximum(x, 0)"]
)
def test_what_is_short_or_no_python_is_like_nothing(source):
    assert solution_digest(source) == ""


@pytest.mark.sandbox
def test_grading_writes_the_page_of_everyone(basics, writing):
    copied = {"squares": "def squares(n):\n    out = []\n    for i in range(n):\n        out.append(i * i)\n"
                         "    assert len(out) == n\n    return out"}  # fmt: skip
    writing.hand_in(basics, "ada", "basics", writing.right | copied)
    writing.hand_in(
        basics, "ben", "basics", writing.right | {"squares": copied["squares"].replace("out", "mine")}
    )
    report = grade(basics, "basics", jobs=1)
    assert Path(report.page) == basics / "reports" / "basics.html"
    html = Path(report.page).read_text()
    assert "Submissions Who basics/squares 2 ada, ben" in text_of(html)
    for address in re.findall(r'href="([^"]+)"', html):
        assert (basics / "reports" / address).resolve().is_file()
    # grading one again leaves the others on the page
    report = grade(basics, "basics", jobs=1, students=["ben"], force=True)
    assert [row.student for row in report.rows] == ["ben"]
    assert "submissions 2" in text_of(Path(report.page).read_text())
    assert report.to_dict()["class"]["submissions"] == 2
