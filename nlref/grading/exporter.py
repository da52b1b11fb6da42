"""nlref's feedback page inside ``nbgrader generate_feedback`` and formgrader's Generate Feedback button.

``nbgrader_config.py`` names :class:`FeedbackPage` as ``c.GenerateFeedback.exporter_class``. ``nlref grade`` has written
the pages already; nbgrader's command writes them anew when a person has graded or commented.
"""

from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from traitlets import default

from nlref.grading.assignment import Assignment
from nlref.grading.course import Course
from nlref.grading.feedback import feedback_page
from nlref.grading.gradebook import counted_marks


class FeedbackPage(Exporter):
    """An autograded notebook as the page that its learner gets."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: Any = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page, with the marks and comments that the gradebook holds now."""
        _, resources = super().from_notebook_node(nb, resources, **options)
        about = resources["nbgrader"]
        converter = self.parent
        course = Course(converter.coursedir.root, app=converter.parent)
        version = self._assignment(course, about["assignment"])
        with course.gradebook() as book:
            counted = counted_marks(book, version.name, about["student"])[about["notebook"]]
        page = feedback_page(
            version.notebooks[about["notebook"]],
            nb,
            counted.marks,
            student=about["student"],
            assignment=version,
            comments=counted.comments,
            late_penalty=counted.late_penalty,
        )
        return page, resources

    def _assignment(self, course: Course, name: str) -> Assignment:
        """The instructor's version, read once for a run: nbgrader makes one exporter for all notebooks of a run."""
        if self._version is None or self._version.name != name:
            self._version = course.assignment(name)
        return self._version

    _version: Assignment | None = None
