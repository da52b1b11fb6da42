"""How long nbgrader's own export takes with and without the indexes that nlref adds to the gradebook.

    python benchmarks/export.py [--students 1000] [--assignments 6] [--exercises 8]

Makes a gradebook with a grade for each student, assignment and exercise (48,000 if nothing else is said), adds the
indexes to a copy of it, and runs ``nbgrader export`` on both; beside it ``nlref export`` of the same scores.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import sqlalchemy as sql
from nbgrader import api

from nlref.grading.assignment import Assignment
from nlref.grading.course import Course
from nlref.grading.gradebook import GradeWriter


def fill(course: Course, students: int, assignments: int, exercises: int) -> int:
    """A gradebook as a term leaves it; how many grades it holds."""
    with course.gradebook() as book:
        add = book.db.execute
        add(sql.insert(api.Student), [{"id": f"s{n:05}"} for n in range(students)])
        count = 0
        for number in range(assignments):
            name = f"a{number}"
            book.add_assignment(name)
            book.add_notebook("n", name)
            for exercise in range(exercises):
                book.add_grade_cell(f"e{exercise}", "n", name, max_score=5, cell_type="code")
            notebook = book.find_notebook("n", name)
            cells = [cell.id for cell in notebook.grade_cells]
            for student in range(students):
                submitted, own = api.new_uuid(), api.new_uuid()
                key = {
                    "id": submitted,
                    "assignment_id": notebook.assignment_id,
                    "student_id": f"s{student:05}",
                }
                add(sql.insert(api.SubmittedAssignment).values(**key))
                add(
                    sql.insert(api.SubmittedNotebook).values(
                        id=own, assignment_id=submitted, notebook_id=notebook.id
                    )
                )
                grades = [
                    {
                        "id": api.new_uuid(),
                        "cell_id": cell,
                        "notebook_id": own,
                        "auto_score": (student + place) % 6,
                        "needs_manual_grade": False,
                    }
                    for place, cell in enumerate(cells)
                ]
                add(sql.insert(api.Grade), grades)
                count += len(grades)
            book.db.commit()
    return count


def seconds(command: list[str], directory: Path) -> tuple[float, float]:
    """Processor seconds and seconds by the clock of a command; ``SystemExit`` with its last words if it fails."""
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(
        command, cwd=directory, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    after, ended = os.times(), time.perf_counter()
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip().splitlines()[-1:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return cpu, ended - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--assignments", type=int, default=6)
    parser.add_argument("--exercises", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain"
        plain.mkdir()
        (plain / "nbgrader_config.py").write_text(
            "c = get_config()\nc.CourseDirectory.course_id = 'export'\n"
        )
        count = fill(Course(plain), options.students, options.assignments, options.exercises)
        indexed = Path(shutil.copytree(plain, Path(folder) / "indexed"))
        with GradeWriter(Course(indexed), Assignment("a0", {})):
            pass  # opening it adds them
        print(f"{count} grades: {options.students} students, {options.assignments} assignments")
        print(f"{'':34}{'CPU s':>8}{'wall s':>8}")
        export = [sys.executable, "-m", "nbgrader", "export", "--to", "out.csv"]
        rows = {
            "nbgrader export": seconds(export, plain),
            "nbgrader export, indexes of nlref": seconds(export, indexed),
            "nlref export": seconds(
                [
                    "nlref",
                    "export",
                    str(indexed),
                    "--format",
                    "canvas",
                    "--output",
                    str(indexed / "canvas.csv"),
                ],
                indexed,
            ),
        }
        for name, (cpu, wall) in rows.items():
            print(f"{name:34}{cpu:8.1f}{wall:8.1f}")
        if (plain / "out.csv").read_bytes() != (indexed / "out.csv").read_bytes():
            sys.exit("the two exports differ")


if __name__ == "__main__":
    main()
