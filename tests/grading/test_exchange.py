"""Files between a test and the learner's code: both ways, inside one folder, never the instructor's."""

import os
import shutil
import sys
import tempfile

import pytest

from nlref.grading.exchange import FileExchange, uses_files
from nlref.grading.remote import RemoteNamespace
from nlref.grading.sandbox import Sandbox

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap is missing: sudo apt-get install bubblewrap"
    ),
]
OWN = {"data.csv": b"1\n2\n"}
LEARNER = """
import os
def save(path, text):
    with open(path, "w") as file: file.write(text)
def load(path): return open(path).read()
def make(path): os.makedirs(path)
def drop(path): os.remove(path)
"""


@pytest.fixture(scope="module")
def box():
    with Sandbox() as made:
        yield made


@pytest.fixture
def nb(box, tmp_path):  # the exchange says where temporary folders are made: pytest's have to be there before
    with FileExchange(OWN, OWN) as exchange, box.session(OWN) as session:
        session.run_cell(LEARNER)
        yield RemoteNamespace(session, files=exchange)


def passes(nb, source):
    run = nb.run_test(source)
    assert run.error is None, (run.error, run.traceback)


def test_what_the_learner_writes_is_there(nb):
    passes(nb, "save('a.txt', 'one')\nassert open('a.txt').read() == 'one'\nsave('a.txt', 'three')\n"
               "assert open('a.txt').read() == 'three'")  # fmt: skip
    passes(nb, "import os\nmake('b/c')\nsave('b/c/d.txt', 'x')\nassert os.listdir('b/c') == ['d.txt']\n"
               "drop('a.txt')\nassert not os.path.exists('a.txt')")  # fmt: skip


def test_what_the_test_writes_is_there(nb):
    passes(nb, "with open('in.txt', 'w') as file: file.write('word')\nassert load('in.txt') == 'word'\n"
               "import os; os.remove('in.txt')\ntry: load('in.txt')\nexcept FileNotFoundError: pass\n"
               "else: raise AssertionError")  # fmt: skip
    passes(nb, "import os, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
               "    path = os.path.join(folder, 'x.txt')\n    save(path, 'there')\n"
               "    assert open(path).read() == load(path) == 'there'")  # fmt: skip


def test_the_instructors_files_stay_as_they_are(nb):
    passes(nb, "save('data.csv', '100')\nassert open('data.csv').read() == '1\\n2\\n'")


def test_forged_names_write_nothing(nb, tmp_path):
    outside = tmp_path / "outside.txt"
    os.symlink(tmp_path, os.path.join(os.getcwd(), "link"))
    forged = [str(outside), "../escaped.txt", "link/outside.txt", "a/../../x", "", ".", "x\0y", "data.csv", 5]
    session = nb.session
    session.run_cell(
        "import sys\nfiles = sys.modules.get('nlref_grading.worker.files') or "
        "__import__('importlib').import_module('nlref_grading.worker.files')\n"
        f"files.changed = lambda: ({{name: b'x' for name in {forged!r}}}, {forged!r}, {forged!r})\ndef f(): return 1"
    )
    before = sorted(os.listdir(os.path.dirname(os.getcwd())))
    passes(nb, "assert f() == 1")
    assert not outside.exists()
    assert sorted(os.listdir(os.path.dirname(os.getcwd()))) == before
    with open("data.csv", "rb") as file:
        assert file.read() == OWN["data.csv"]


def test_nothing_is_imported_from_the_folder(nb):
    passes(
        nb, "save('colorsys.py', 'raise SystemExit')\nimport colorsys\nassert hasattr(colorsys, 'rgb_to_hsv')"
    )


def test_everything_is_as_before_afterwards():
    before = os.getcwd(), tempfile.tempdir, list(sys.path)
    with FileExchange(OWN, OWN) as exchange:
        folder = exchange.folder
        assert os.getcwd() == folder
    assert (os.getcwd(), tempfile.tempdir, list(sys.path)) == before
    assert not os.path.exists(folder)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("assert open('x').read()", True),
        ("pd.read_csv('x')", True),
        ("np.loadtxt('x')", True),
        ("assert f(2) == 4", False),
    ],
)
def test_only_tests_about_files_have_a_folder(source, expected):
    assert uses_files([source]) is expected
