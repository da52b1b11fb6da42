"""What an instructor runs: a course directory, and a class graded in a sandbox into nbgrader's gradebook."""

from nlref.grading.course import CourseError, init
from nlref.grading.report import ClassReport, Row
from nlref.grading.run import grade

__all__ = ["ClassReport", "CourseError", "Row", "grade", "init"]
