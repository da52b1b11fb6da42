"""What the sandbox can see: one Python, the packages of a profile, and the system's shared libraries; nothing
else.

Everything is bound read-only under ``/runtime``, so that no path of the instructor's machine shows inside.
Works for the layouts of Debian (``/usr``), pyenv and python.org builds, uv's own builds, conda environments
and virtual environments of any of them.
"""

from __future__ import annotations

import functools
import glob
import os
import re
import struct
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement

PROFILES: dict[str, tuple[str, ...]] = {
    "numpy": ("numpy", "ml-dtypes", "matplotlib", "ipython", "matplotlib-inline", "msgspec"),
    "sklearn": (
        "numpy",
        "ml-dtypes",
        "matplotlib",
        "ipython",
        "matplotlib-inline",
        "msgspec",
        "scikit-learn",
    ),
    "tensorflow": (
        "numpy",
        "ml-dtypes",
        "matplotlib",
        "ipython",
        "matplotlib-inline",
        "msgspec",
        "keras",
        "tensorflow",
    ),
}
PRELOADED: dict[str, tuple[str, ...]] = {
    "numpy": ("numpy", "matplotlib.pyplot"),
    "sklearn": ("numpy", "matplotlib.pyplot", "sklearn.model_selection", "sklearn.neural_network"),
    # Importing it takes seconds; it starts its threads at its first computation, which is after the fork.
    "tensorflow": ("numpy", "matplotlib.pyplot", "keras"),
}
_EITHER = {"tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-gpu")}


@dataclass(frozen=True)
class Runtime:
    """Arguments for bubblewrap, and where things are inside."""

    arguments: tuple[str, ...]
    python: str
    packages: tuple[str, ...]
    worker: str
    library_path: str


def packages_of(names: Iterable[str]) -> dict[str, str]:
    """Everything the named distributions need, as {name inside: path outside}, by what their metadata says is
    installed.

    Raises
        ValueError
            if a distribution is not installed; the message says which, and who asked for it.
    """
    entries: dict[str, str] = {}
    seen: set[str] = set()
    waiting = [(name, "") for name in names]
    while waiting:
        name, wanted_by = waiting.pop()
        distribution = _installed(name)
        if distribution is None:
            because = f" ({wanted_by} needs it)" if wanted_by else ""
            raise ValueError(f"the package {name!r} is not installed{because}: pip install {name}")
        key = _normal(distribution.metadata["Name"])
        if key in seen:
            continue
        seen.add(key)
        for text in distribution.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append((requirement.name, key))
        for top in _top_level(distribution):
            path = os.path.realpath(str(distribution.locate_file(top)))
            if os.path.exists(path):
                entries.setdefault(top, path)
    return entries


def _installed(name: str) -> metadata.Distribution | None:
    for candidate in _EITHER.get(_normal(name), (name,)):
        try:
            return metadata.distribution(candidate)
        except metadata.PackageNotFoundError:
            continue
    return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _top_level(distribution: metadata.Distribution) -> set[str]:
    if distribution.files:
        tops = {file.parts[0] for file in distribution.files}
    else:
        declared = distribution.read_text("top_level.txt") or distribution.metadata["Name"].replace("-", "_")
        tops = {name for entry in declared.split() for name in (entry, f"{entry}.py")}
    return {top for top in tops if top not in ("..", "__pycache__", "/") and not top.endswith(".pth")}


@functools.cache
def runtime_of(profile: str, extra: tuple[str, ...] = ()) -> Runtime:
    """The runtime of a profile, with the packages that an instructor adds by name."""
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}; known: {', '.join(PROFILES)}")
    entries = packages_of((*PROFILES[profile], *extra))
    major_minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    executable = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    stdlib = os.path.realpath(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    library = os.path.dirname(stdlib)
    arguments: list[str] = []
    python = f"/runtime/bin/{major_minor}"
    arguments += ["--ro-bind", executable, python]
    if os.path.realpath(sys.base_prefix) == "/usr":
        arguments += ["--ro-bind", stdlib, f"/runtime/lib/{major_minor}"]
        arguments += _masked(os.path.join(stdlib, "*-packages"), stdlib, f"/runtime/lib/{major_minor}")
    else:
        arguments += ["--ro-bind", library, "/runtime/lib"]
        arguments += _masked(os.path.join(library, "python*", "*-packages"), library, "/runtime/lib")
    directories = _library_directories(exclude=(library, *sys.path))
    for directory in directories:
        arguments += ["--ro-bind", directory, directory]
        arguments += _masked(os.path.join(directory, "python*", "*-packages"), directory, directory)
    for link in ("/lib", "/lib64"):
        if os.path.islink(link) and any(path.startswith(os.path.realpath(link)) for path in directories):
            arguments += ["--symlink", os.readlink(link).lstrip("/"), link]
    loader = program_loader(executable)
    if loader and os.path.realpath(os.path.dirname(loader)) not in directories:
        arguments += ["--ro-bind", os.path.realpath(loader), loader]
    for path in ("/etc/ld.so.cache", "/etc/alternatives"):
        arguments += ["--ro-bind-try", path, path]
    for top, path in sorted(entries.items()):
        arguments += ["--ro-bind", path, f"/runtime/packages/{top}"]
    here = os.path.dirname(os.path.abspath(__file__))
    if profile == "tensorflow":  # it aborts if it cannot read its own program's name: any will do
        arguments += ["--symlink", python, "/proc/self/exe"]
        arguments += ["--ro-bind", os.path.join(here, "worker", "__init__.py"), "/proc/self/cmdline"]
    arguments += ["--ro-bind", os.path.join(here, "worker"), "/runtime/grading/worker"]
    arguments += ["--ro-bind", os.path.join(here, "messages.py"), "/runtime/grading/messages.py"]
    return Runtime(
        arguments=tuple(arguments),
        python=python,
        packages=("/runtime/packages",),
        worker="/runtime/grading/worker/start.py",
        library_path=":".join(("/runtime/lib", *directories)),
    )


def program_loader(path: str) -> str | None:
    """The dynamic loader that a 64-bit ELF program asks for (its PT_INTERP), or None if it needs none."""
    with open(path, "rb") as file:
        header = file.read(64)
        if header[:5] != b"\x7fELF\x02":
            return None
        order = "<" if header[5] == 1 else ">"
        (offset,) = struct.unpack_from(order + "Q", header, 32)
        size, count = struct.unpack_from(order + "HH", header, 54)
        for index in range(count):
            file.seek(offset + index * size)
            entry = file.read(size)
            if struct.unpack_from(order + "I", entry)[0] == 3:
                start, length = (
                    struct.unpack_from(order + "Q", entry, 8)[0],
                    struct.unpack_from(order + "Q", entry, 32)[0],
                )
                file.seek(start)
                return file.read(length).rstrip(b"\0").decode()
    return None


def _masked(pattern: str, outside: str, inside: str) -> list[str]:
    """An empty folder over every folder of installed packages: only the profile's are there."""
    result = []
    for path in glob.glob(pattern):
        target = inside + path[len(outside) :]
        result += ["--tmpfs", target, "--remount-ro", target]
    return result


def _library_directories(exclude: tuple[str, ...]) -> list[str]:
    """The folders of shared libraries that this very process has loaded, the dynamic loader's included."""
    outside = tuple(os.path.realpath(path) + os.sep for path in exclude if path)
    found = set()
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = line.rstrip("\n").partition("/")
            name = "/" + path[2]
            if not path[1] or ".so" not in os.path.basename(name) or "(deleted)" in name:
                continue
            real = os.path.realpath(name)
            if not real.startswith(outside) and "-packages" not in real:
                found.add(os.path.dirname(real))
    return sorted(found)
