"""nbgrader's exchange, or whatever ``c.ExchangeFactory`` names in its place, driven from here."""

import os
from typing import Any

from nlref.grading.course import Course, CourseError, collecting_errors


def is_in_exchange(course: Course, assignment: str) -> bool:
    """Whether the course's exchange directory has an assignment of this name."""
    from nbgrader.exchange.default import Exchange

    root = Exchange(coursedir=course.coursedir, parent=course.nbgrader).root
    return os.path.isdir(os.path.join(root, course.coursedir.course_id, "outbound", assignment))


def through_exchange(course: Course, what: str, assignment: str, student: str = "*", **settings: Any) -> None:
    """nbgrader's own exchange, or whatever ``c.ExchangeFactory`` names: ReleaseAssignment, Collect, ReleaseFeedback.

    Raises
        CourseError: nbgrader's reason, in its words.
    """
    from nbgrader.auth import Authenticator
    from nbgrader.exchange import ExchangeError, ExchangeFactory

    app = course.nbgrader
    course.coursedir.assignment_id, course.coursedir.student_id = assignment, student
    factory = ExchangeFactory(parent=app)
    action = getattr(factory, what)(
        coursedir=course.coursedir, authenticator=Authenticator(parent=app), parent=app
    )
    for name, value in settings.items():
        setattr(action, name, value)
    with collecting_errors(app.log) as said:
        try:
            action.start()
        except ExchangeError as error:
            why = " ".join(dict.fromkeys(said)) or str(error) or type(error).__name__
            raise CourseError(f"nbgrader's exchange says: {why}") from error
        except OSError as error:
            raise CourseError(f"nbgrader's exchange: {error.strerror} ({error.filename})") from error
    course.coursedir.student_id = "*"
