import pytest

import nlref
from nlref.course_files import CourseFiles, CourseFilesMissing, course_files


@pytest.mark.parametrize("unit", course_files().units())
def test_every_unit_is_there_to_do_and_worked(unit):
    files = course_files()
    for folder in (files.exercises, files.solutions):
        assert (folder / unit / f"{unit}.ipynb").is_file()


def test_finds_the_notebooks_in_an_installed_package(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "nlref"
    for kind in ("exercises", "solutions"):
        (package / kind / "01_unit").mkdir(parents=True)
    monkeypatch.setattr(nlref, "__file__", str(package / "__init__.py"))
    assert course_files() == CourseFiles(package / "exercises", package / "solutions")


@pytest.mark.parametrize("checkout", [True, False])
def test_without_notebooks_says_how_to_get_them(tmp_path, monkeypatch, checkout):
    package = tmp_path / "nlref"
    package.mkdir()
    if checkout:
        (tmp_path / "course").mkdir()
        (tmp_path / "course" / "course.toml").touch()
    monkeypatch.setattr(nlref, "__file__", str(package / "__init__.py"))
    with pytest.raises(CourseFilesMissing, match="make build" if checkout else "reinstall nlref"):
        course_files()
