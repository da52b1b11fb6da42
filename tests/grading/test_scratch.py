"""Temporary folders that go with their process, or at the next start."""

import os
import subprocess
import sys
import tempfile
import time

import pytest

from nlref.grading.scratch import PREFIX, Scratch, clear_leftovers

HOLD = """
import time
from nlref.grading.scratch import Scratch
with Scratch() as path:
    (path / "x").write_text("x")
    print(path, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def age(path):
    os.utime(path, (time.time() - 3600,) * 2)


def test_it_is_private_and_goes_at_the_end(own_folder):
    with Scratch() as path:
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "file").write_text("x")
    assert list(own_folder.iterdir()) == []


def test_that_of_a_killed_process_goes_at_the_next_start_and_no_other(own_folder):
    environment = {**os.environ, "TMPDIR": str(own_folder)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        held = process.stdout.readline().strip()
        age(held)
        (own_folder / "somebody-elses").mkdir()
        (own_folder / f"{PREFIX}link").symlink_to(own_folder / "somebody-elses")
        age(own_folder / "somebody-elses")
        young = own_folder / f"{PREFIX}young"
        young.mkdir()
        with Scratch() as own:
            age(own)
            clear_leftovers()
            assert own.is_dir()
            assert os.path.exists(f"{held}/x")
        process.kill()
    clear_leftovers()
    assert sorted(path.name for path in own_folder.iterdir()) == [
        f"{PREFIX}link",
        young.name,
        "somebody-elses",
    ]
