"""``hint`` and ``reveal``: help by the rung, and the worked solution at the end."""

import html
import json
import os

from nlref.checks import Exercise, Question, find
from nlref.learn.attempts import attempts, log_file
from nlref.learn.show import Page

HONEST_TRIES = 3

_given: dict[str, int] = {}  # hints shown so far in this session, by exercise


def hint(exercise: str, rung: int | None = None) -> Page:
    """The next hint for an exercise: first a question, then the idea, then a line with gaps. Hints cost nothing.

    Parameters
        exercise: the name of the exercise or question.
        rung: 1, 2 or 3 for a certain hint; the next one if not given.

    Raises
        ValueError: there is no such exercise or no such rung.
    """
    record = find(exercise)
    count = len(record.hints)
    if count == 0:
        return _page(f"There is no hint for {exercise}: any honest answer teaches.")
    if rung is None:
        rung = min(_given.get(exercise, 0) + 1, count)
    if rung not in range(1, count + 1):
        raise ValueError(f"{exercise!r} has hints 1 to {count}, not {rung!r}")
    _given[exercise] = max(rung, _given.get(exercise, 0))
    return _page(f"Hint {rung} of {count} for {exercise}. {record.hints[rung - 1]}")


def reveal(exercise: str) -> Page:
    """The worked solution, once you have solved the exercise or tried it honestly three times.

    A try is honest if the code or what it does is not that of an earlier one. It needs the record that the workspace
    of ``nlref lab`` keeps, and is off in a graded course and while nbgrader runs the notebook.

    Raises
        ValueError: there is no such exercise.
    """
    record = find(exercise)
    path = log_file()
    if path is None or os.environ.get("NBGRADER_EXECUTION"):
        return _page(
            "Worked solutions are shown in self-study only, in the workspace that `nlref lab` makes."
        )
    tried = attempts(path).get(exercise)
    enough = tried is not None and (tried.best >= 1 or tried.tries >= HONEST_TRIES)
    if not enough:
        left = HONEST_TRIES - (tried.tries if tried else 0)
        times = "one more time" if left == 1 else f"{left} more times"
        again = ", each time with a change" if tried and left > 1 else ", with a change" if tried else ""
        return _page(f'Try {exercise} {times} first{again}; `hint("{exercise}")` helps on the way.')
    return _solution(record)


def _solution(record: Exercise | Question) -> Page:
    from nlref.course_files import course_files

    notebook = course_files().solutions / record.unit / f"{record.unit}.ipynb"
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == record.id:
            lines = "".join(cell["source"]).splitlines()
            source = "\n".join(line for line in lines if not line.strip().startswith("### "))
            return Page(source, f"<pre><code>{html.escape(source)}</code></pre>")
    raise ValueError(f"the worked notebook of {record.unit} has no cell {record.id!r}: reinstall nlref")


def _page(text: str) -> Page:
    from nlref.checks.page import prose

    return Page(text, f"<p>{prose(text)}</p>")
