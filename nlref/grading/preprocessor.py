"""nlref inside ``nbgrader autograde`` and formgrader's Autograde button.

``nbgrader_config.py`` names two classes. :class:`Grade` takes the place of nbgrader's ``Execute``: no kernel starts; it
reads and repairs what was submitted, runs the learner's cells in the sandbox and the tests outside of it, and leaves
every test cell with one output that decides, from which nbgrader's own ``SaveAutoGrades`` arrives at our score.
:class:`AnyNotebook` keeps a file that is no notebook from costing more than its own points.
"""

import json
from pathlib import Path
from typing import IO, Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, Enum, List, Unicode, Union

from nlref.grading.course import Course
from nlref.grading.pool import LocalPool
from nlref.grading.submission import Submission, read_submission

# The pool of the last assignment: nbgrader makes a new preprocessor for every notebook.
_POOLS: dict[tuple[Path, str, str], LocalPool] = {}


class AnyNotebook(NotebookExporter):
    """nbconvert's exporter of notebooks, for files that need not be notebooks."""

    def from_file(self, file_stream: IO[str], resources: Any = None, **options: Any) -> tuple[str, Any]:
        """Read what can be read. Of the rest :class:`Grade`, which opens the file itself, says what is wrong."""
        try:
            notebook = nbformat.read(file_stream, as_version=4)
        except Exception:  # the learner decides what is raised here
            notebook = nbformat.v4.new_notebook()
        return self.from_notebook_node(notebook, resources=resources, **options)


class Grade(NbGraderPreprocessor):
    """Grades a submitted notebook with nlref's engine; stands first in ``c.Autograde.autograde_preprocessors``."""

    isolation = Enum(
        ("bubblewrap", "none"),
        default_value="bubblewrap",
        help="How the learner's code is confined; with 'none' it can do whatever you can.",
    ).tag(config=True)

    profile = Union(
        (Unicode(), Dict()),
        default_value="numpy",
        help="Which packages learners' code finds: numpy, sklearn or tensorflow; or a dict of assignments to these.",
    ).tag(config=True)
    packages = Union(
        (List(Unicode()), Dict()),
        help="Further installed packages that it finds, by name; or a dict of assignments to lists of names.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """The graded notebook in the place of ``nb``."""
        about = resources["nbgrader"]
        converter = self.parent.parent
        course = Course(converter.coursedir.root, app=converter.parent)
        version = course.assignment(about["assignment"])
        pool = self._pool(course, version)
        read = read_submission(
            course.path("submitted", about["student"], about["assignment"]),
            about["student"],
            about["assignment"],
            version.notebooks,
            course.coursedir.ignore,
        )
        name = about["notebook"]
        one = Submission(
            student=read.student,
            assignment=read.assignment,
            notebooks={name: read.notebooks[name]} if name in read.notebooks else {},
            files=read.files,
        )
        result = next(done for done in pool.submit(one).result().notebooks if done.name == name)
        for sentence in (*read.remarks, *result.repairs):
            self.log.warning("%s/%s: %s", read.student, name, sentence)
        for cell in result.cells:
            if cell.reason:
                self.log.info("%s/%s: %s: %s", read.student, name, cell.grade_id, cell.reason)
        return nbformat.from_dict(json.loads(result.content)), resources

    def _pool(self, course: Course, version: Any) -> LocalPool:
        key = (course.root, version.digest, self.isolation)
        if key not in _POOLS:
            for pool in _POOLS.values():
                pool.__exit__(None)
            _POOLS.clear()
            _POOLS[key] = LocalPool(version, jobs=1, isolation=self.isolation).__enter__()
        return _POOLS[key]
