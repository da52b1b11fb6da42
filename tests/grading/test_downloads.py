"""Zips from Moodle, Canvas and Blackboard, folders of notebooks, and what may be wrong with them."""

import io
import os
import stat
import zipfile
from contextlib import ExitStack

import pytest

from nlref.grading.course import Course, CourseError
from nlref.grading.downloads import fold, read_download


@pytest.fixture
def course(basics):
    with Course(basics).gradebook() as gradebook:
        gradebook.add_student(
            "ada", first_name="Ada", last_name="Lovelace", email="al@x.org", lms_user_id="71"
        )
        gradebook.add_student("s2", first_name="José María", last_name="O'Neil-Ruiz", email="jose@x.org")
        gradebook.add_student("s3", first_name="Kim", last_name="Lee", lms_user_id="73")
        gradebook.add_student("s4", first_name="Kim", last_name="Lee", lms_user_id="74")
    return Course(basics)


@pytest.fixture
def zipped(tmp_path):
    def made(files, name="downloads.zip", **options):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", **options) as archive:
            for inner, content in files.items():
                archive.writestr(inner, content)
        return path

    return made


@pytest.fixture
def read():
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(read_download(*arguments, **options))


def zip_bytes(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def found(download):
    return {student: sorted(handed.files) for student, handed in download.handed.items()}


def why(download):
    return {os.path.basename(path): reason for path, reason in download.unmatched}


LAYOUTS = {
    "moodle folders": {"Ada Lovelace_4711_assignsubmission_file_/basics.ipynb": "1"},
    "moodle flat": {"Ada Lovelace_4711_assignsubmission_file_basics.ipynb": "1"},
    "moodle last name first": {"Lovelace Ada_4711_assignsubmission_file_/basics.ipynb": "1"},
    "canvas by number": {"somebodyelse_71_998_basics.ipynb": "1"},
    "canvas by name": {"lovelaceada_5_998_basics.ipynb": "1"},
    "canvas, a second try": {"lovelaceada_5_998_basics-1.ipynb": "1"},
    "blackboard": {
        "Unit 1_ada_attempt_2026-01-30-15-30-10.txt": "receipt",
        "Unit 1_ada_attempt_2026-01-30-15-30-10_basics.ipynb": "1",
    },
    "exchange": {"ada+basics+2026-01-30 15:30:10.000000 UTC+x1/basics.ipynb": "1"},
    "a folder a student": {"class/ada/basics.ipynb": "1"},
    "a folder a student and an assignment": {"ada/basics/basics.ipynb": "1"},
    "by e-mail address": {"al@x.org/basics.ipynb": "1"},
    "loose, student last": {"basics_ada.ipynb": "1"},
    "loose, student first": {"Ada Lovelace - basics.ipynb": "1"},
    "from Windows": {"class\\ada\\basics.ipynb": "1"},
    "a zip handed in": {
        "Ada Lovelace_4711_assignsubmission_file_/mine.zip": zip_bytes({"my folder/basics.ipynb": "1"})
    },
    "with what a Mac adds": {"ada/basics.ipynb": "1", "__MACOSX/ada/._basics.ipynb": "?", ".DS_Store": "?"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_documented_layout_is_understood(course, read, zipped, layout):
    download = read(course, "basics", zipped(LAYOUTS[layout]))
    assert found(download) == {"ada": ["basics.ipynb"]}
    assert set(why(download).values()) <= {"it is Blackboard's receipt"}
    download.write()
    folder = course.root / "submitted" / "ada" / "basics"
    assert (folder / "basics.ipynb").read_text() == "1"
    stamped = layout in ("blackboard", "exchange")
    assert (folder / "timestamp.txt").exists() == stamped
    if stamped:
        assert (folder / "timestamp.txt").read_text().startswith("2026-01-30 15:30:10")
    again = read(course, "basics", zipped(LAYOUTS[layout]))
    assert again.of("unchanged") == ["ada"]


@pytest.mark.parametrize("layout", ["moodle folders", "loose, student last", "a folder a student"])
def test_a_folder_is_read_as_a_zip_is(course, read, tmp_path, layout):
    for name, content in LAYOUTS[layout].items():
        path = tmp_path / "loose" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (path.parent / "link.ipynb").symlink_to("/etc/passwd")
    download = read(course, "basics", tmp_path / "loose")
    assert found(download) == {"ada": ["basics.ipynb"]}
    assert why(download) == {"link.ipynb": "it is a link or no ordinary file"}


def test_names_are_compared_without_accents_case_and_punctuation(course, read, zipped):
    names = (
        "Jose Maria ONeil Ruiz_1_assignsubmission_file_/extra.ipynb",
        "oneilruizjosemaria_9_10_basics.ipynb",
    )
    download = read(course, "basics", zipped(dict.fromkeys(names, "1")))
    assert found(download) == {"s2": ["basics.ipynb", "extra.ipynb"]}
    assert fold("Ünï-CODE 2") == "unicode2"


def test_two_of_one_name_are_told_apart_by_number_or_listed(course, read, zipped):
    files = {
        "leekim_73_1_basics.ipynb": "3",
        "leekim_74_2_basics.ipynb": "4",
        "Kim Lee_1_assignsubmission_file_/other.ipynb": "?",
        "zoe_9_3_basics.ipynb": "?",
        "readme.txt": "?",
        "Kim Lee_1_assignsubmission_onlinetext_/onlinetext.html": "?",
    }
    download = read(course, "basics", zipped(files))
    assert found(download) == {"s3": ["basics.ipynb"], "s4": ["basics.ipynb"]}
    assert why(download) == {
        "other.ipynb": "'Kim Lee' fits s3 and s4: give one of them another name or number",
        "zoe_9_3_basics.ipynb": "the gradebook has no student 'zoe'; `nlref students` adds some",
        "readme.txt": "its path names no student",
        "onlinetext.html": "it is the text typed into Moodle, not a file",
    }


def test_the_newest_of_several_counts(course, read, zipped):
    files = {
        "lovelaceada_71_900_basics.ipynb": "old",
        "lovelaceada_LATE_71_901_basics-1.ipynb": "new",
        "lovelaceada_71_902_notes.txt": "mine",
    }
    download = read(course, "basics", zipped(files))
    download.write()
    folder = course.root / "submitted" / "ada" / "basics"
    assert sorted(path.name for path in folder.iterdir()) == ["basics.ipynb", "notes.txt"]
    assert (folder / "basics.ipynb").read_text() == "new"
    assert why(download) == {"lovelaceada_71_900_basics.ipynb": "ada handed in a newer `basics.ipynb`"}
    assert download.late == ["ada"]


def test_what_is_there_is_compared_and_replaced_whole(course, read, zipped):
    read(course, "basics", zipped({"ada/basics.ipynb": "1", "ada/old.txt": "x"})).write()
    changed = read(course, "basics", zipped({"ada/basics.ipynb": "2", "s2/basics.ipynb": "2"}))
    assert (changed.of("changed"), changed.of("new")) == (["ada"], ["s2"])
    changed.write()
    folder = course.root / "submitted" / "ada"
    assert [path.name for path in folder.rglob("*")] == ["basics", "basics.ipynb"]
    assert (folder / "basics" / "basics.ipynb").read_text() == "2"


def test_without_any_student_everybody_becomes_one(basics, read, zipped):
    files = {
        "Ada Lovelace_1_assignsubmission_file_/basics.ipynb": "1",
        "Kim Lee_2_assignsubmission_file_/basics.ipynb": "2",
        "Kim Lee_3_assignsubmission_file_/basics.ipynb": "3",
        "basics_ben.ipynb": "4",
        "basics (2).ipynb": "?",
        "class/cem/basics.ipynb": "5",
        "class/cem/data/table.csv": "5",
        "class/dua/basics/extra.ipynb": "6",
    }
    download = read(Course(basics), "basics", zipped(files))
    assert sorted(download.handed) == ["Ada Lovelace", "Kim Lee", "Kim Lee 3", "ben", "cem", "dua"]
    assert found(download)["cem"] == ["basics.ipynb", "data/table.csv"]
    assert why(download) == {"basics (2).ipynb": "its path names no student"}


def test_a_pattern_of_ones_own(course, read, zipped):
    files = {"groupA-71x__ada__hw.ipynb": "1", "else.txt": "2"}
    pattern = r"__(?P<student_id>\w+?)__(?P<file_id>.*)"
    download = read(course, "basics", zipped(files), pattern=pattern)
    assert found(download) == {"ada": ["hw.ipynb"]}
    assert why(download) == {"else.txt": "the pattern does not fit"}
    for bad, says in (("(", "no regular expression"), ("x", r"write \(\?P<student_id>")):
        with pytest.raises(CourseError, match=says):
            read(course, "basics", zipped(files), pattern=bad)


def test_a_path_that_leads_elsewhere_is_listed_and_never_written(course, read, zipped, tmp_path):
    link = zipfile.ZipInfo("ada/link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = zipped(
        {
            "ada/basics.ipynb": "1",
            "../../evil.ipynb": "!",
            "ada/../../evil.ipynb": "!",
            "/etc/evil.ipynb": "!",
            "..\\evil.ipynb": "!",
            "ada//x.ipynb": "!",
            "ada/" + "n" * 300: "!",
            link: "/etc/passwd",
        }
    )
    download = read(course, "basics", path)
    download.write()
    assert found(download) == {"ada": ["basics.ipynb"]}
    assert len(download.unmatched) == 7
    assert list(tmp_path.rglob("*evil*")) == []
    assert not os.path.exists("/etc/evil.ipynb")


def test_a_learners_own_timestamp_does_not_count(course, read, zipped):
    inner = zip_bytes({"basics.ipynb": "1", "timestamp.txt": "2020-01-01 00:00:00 UTC"})
    files = {
        "Ada Lovelace_1_assignsubmission_file_/timestamp.txt": "2020-01-01 00:00:00 UTC",
        "Ada Lovelace_1_assignsubmission_file_/all.zip": inner,
    }
    download = read(course, "basics", zipped(files))
    assert found(download) == {"ada": ["basics.ipynb"]}
    assert set(why(download)) == {"timestamp.txt"}


def test_a_bomb_is_written_as_far_as_its_bound(course, read, zipped, monkeypatch):
    for name, bound in (("NOTEBOOK_BYTES", 20_000), ("FILE_BYTES", 10_000), ("FILES_BYTES", 15_000)):
        monkeypatch.setattr(f"nlref.grading.downloads.{name}", bound)
    zeros = b"\0" * 5_000_000
    inner = zip_bytes({"basics.ipynb": zeros, "a.bin": zeros, "b.bin": zeros})
    path = zipped({"ada/all.zip": inner, "s2/basics.ipynb": zeros}, compression=zipfile.ZIP_DEFLATED)
    read(course, "basics", path).write()
    sizes = {p.name: p.stat().st_size for p in (course.root / "submitted" / "ada").rglob("*") if p.is_file()}
    assert sizes == {"a.bin": 10_001, "b.bin": 5_000, "basics.ipynb": 20_001}


def test_too_many_entries_are_refused(course, read, zipped, monkeypatch):
    monkeypatch.setattr("nlref.grading.downloads.ENTRIES", 3)
    with pytest.raises(CourseError, match="holds 4 files, and 3 is the limit"):
        read(course, "basics", zipped({f"ada/{n}": "" for n in range(4)}))


def test_a_damaged_file_costs_itself_alone(course, read, zipped):
    path = zipped({"ada/basics.ipynb": "x" * 100, "s2/basics.ipynb": "2", "s2/in.zip": b"PK no zip"})
    content = bytearray(path.read_bytes())
    place = content.index(b"x" * 100)
    content[place : place + 10] = b"y" * 10
    path.write_bytes(content)
    download = read(course, "basics", path)
    download.write()
    assert why(download)["in.zip"].startswith("it is a damaged zip")
    assert "could not be read" in (course.root / "submitted/ada/basics/basics.ipynb").read_text()
    assert (course.root / "submitted/s2/basics/basics.ipynb").read_text() == "2"


def test_what_is_no_download_is_a_sentence(course, read, zipped, tmp_path):
    (tmp_path / "x.tar.gz").write_text("no zip")
    for path, says in (
        (tmp_path / "x.tar.gz", "is neither a zip nor a folder"),
        (tmp_path / "none.zip", "cannot be read: No such file"),
        (zipped({"unit_zoe.ipynb": ""}), "holds no submission of basics; for example 'unit_zoe.ipynb'"),
    ):
        with pytest.raises(CourseError, match=says):
            read(course, "basics", path)
    assert not (course.root / "submitted").exists()
