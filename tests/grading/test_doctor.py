"""The doctor's checks hold in the sandbox, and each of them fails where there is none."""

import shutil

import pytest

from nlref.grading import doctor as doctors
from nlref.grading.doctor import Finding, doctor
from nlref.grading.sandbox import Limits, Sandbox

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap is missing: sudo apt-get install bubblewrap"
    ),
]

PROBES = dict(doctors._PROBES)


def test_everything_holds():
    findings = doctor()
    assert [finding for finding in findings if not finding.held] == []
    assert [finding.name for finding in findings] == ["the sandbox starts", *PROBES]
    assert all(finding.detail for finding in findings)


@pytest.fixture(scope="module")
def open_house():
    """The same worker without isolation: what a probe finds here is what the sandbox keeps out."""
    with Sandbox("numpy", Limits(cell_seconds=60), isolation="none") as made:
        yield made


@pytest.mark.parametrize(
    "name",
    [
        "files of the grader",
        "network",
        "/proc and /sys",
        "other processes",
        "new processes",
        "privileges",
        "the reference",
    ],
)
def test_a_probe_notices_what_is_open(open_house, name, monkeypatch):
    monkeypatch.setenv("NLREF_DOCTOR_SECRET", "x")
    held, detail = PROBES[name](open_house)
    assert not held
    assert detail


def test_a_probe_notices_wide_limits(monkeypatch):
    """A doctor who expects narrower limits than the sandbox has must see that they do not hold."""
    with Sandbox("numpy", Limits(cell_seconds=60, processes=4000)) as wide:
        monkeypatch.setattr(
            doctors, "_LIMITS", Limits(file_bytes=1 << 20, scratch_bytes=2 << 20, memory_bytes=400 << 20)
        )
        for name in ("file sizes", "memory", "threads"):
            held, _ = PROBES[name](wide)
            assert not held, name


def test_a_leaking_environment_is_noticed(monkeypatch):
    monkeypatch.setenv("NLREF_DOCTOR_SECRET", "x")
    real = Sandbox._command

    def leaking(self, control):
        command, environment = real(self, control)
        place = command.index("--clearenv") + 1
        return [*command[:place], "--setenv", "AWS_SECRET", "x", *command[place:]], environment

    monkeypatch.setattr(Sandbox, "_command", leaking)
    with Sandbox() as leaky:
        held, detail = PROBES["environment"](leaky)
    assert not held
    assert "AWS_SECRET" in detail


def test_a_missing_sandbox_is_the_only_finding(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    (finding,) = doctor()
    assert not finding.held
    assert "sudo apt-get install bubblewrap" in finding.detail
    assert str(finding).startswith("✗ the sandbox starts: ")


def test_a_finding_reads_as_a_line():
    assert str(Finding("memory", True, "bounded")) == "✓ memory: bounded"
