"""Where the course's generated notebooks are: in the installed package, or beside it in a checkout."""

from dataclasses import dataclass
from pathlib import Path

import nlref


@dataclass(frozen=True)
class CourseFiles:
    """The generated notebooks: ``exercises/<unit>/<unit>.ipynb`` and ``solutions/<unit>/<unit>.ipynb``."""

    exercises: Path
    solutions: Path

    def units(self) -> list[str]:
        """Names of the units, in course order."""
        return sorted(folder.name for folder in self.exercises.iterdir() if folder.is_dir())


class CourseFilesMissing(RuntimeError):
    """This installation of nlref has no notebooks; the sentence says how to make or get them."""


def course_files() -> CourseFiles:
    """Where the exercises and the solutions are: inside an installed nlref, or beside it in a checkout.

    Raises
        CourseFilesMissing: they are in neither place.
    """
    package = Path(nlref.__file__).resolve().parent
    for root in (package, package.parent):
        files = CourseFiles(root / "exercises", root / "solutions")
        if files.exercises.is_dir() and files.units():
            return files
    if (package.parent / "course" / "course.toml").is_file():
        mend = "run `make build` there"
    else:
        mend = "reinstall nlref from a wheel that contains them"
    raise CourseFilesMissing(f"The exercises are neither in {package} nor in {package.parent}; {mend}.")
