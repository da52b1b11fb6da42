"""The `nlref` that a learner's notebook imports while it is graded: every name exists, and no reference code
does.

``check``, ``hint``, ``predict``, ``explore`` ... do nothing and return None, because the grader runs the
checks itself, elsewhere. ``written`` knows a stub from code, no more: what a cell draws of the learner's functions
belongs on their feedback page. Calling anything else says that this function is the exercise.
"""

import dis
import sys
import types
from importlib.machinery import ModuleSpec

_SILENT = frozenset(("check", "hint", "reveal", "predict", "choose", "explore", "progress"))


class _Reference:
    """A name of the reference: it can be imported, passed around and looked at, but not called."""

    def __init__(self, name: str) -> None:
        self.__name__ = self.__qualname__ = name.rpartition(".")[2]
        self.__module__ = name.rpartition(".")[0]
        self._name = name

    def __call__(self, *args, **kwargs):
        raise NotImplementedError(
            f"{self._name} is not available while a notebook is graded: writing it is the exercise"
        )

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Reference(f"{self._name}.{name}")

    def __repr__(self) -> str:
        return f"<{self._name}, not available while a notebook is graded>"


def _silent(name: str):
    def silent(*args, **kwargs):
        return None

    silent.__name__ = silent.__qualname__ = name
    silent.__doc__ = "Does nothing while a notebook is graded."
    return silent


def written(*parts) -> bool:
    """Whether there is code in each of these functions and classes; otherwise a line says which to write first."""
    missing = [getattr(part, "__name__", "what this cell uses") for part in parts if _is_stub(part)]
    if missing:
        print(f"First write {' and '.join(missing)} above, then run this cell again.")
    return not missing


def _is_stub(part) -> bool:
    if isinstance(part, type):
        return any(map(_has_no_code, vars(part).values()))
    return part is None or part is ... or _has_no_code(part)


def _has_no_code(value) -> bool:
    if not isinstance(value, types.FunctionType):
        return False
    return len(list(dis.get_instructions(value))) <= 3 or "NotImplementedError" in value.__code__.co_names


class _Module(types.ModuleType):
    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name == "written":
            value = written
        else:
            value = _silent(name) if name in _SILENT else _Reference(f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


class _Finder:
    """Answers every import of ``nlref`` and of its submodules, whether they exist or not."""

    @staticmethod
    def find_spec(name: str, path=None, target=None):
        if name == "nlref" or name.startswith("nlref."):
            return ModuleSpec(name, _Finder, is_package=True)
        return None

    @staticmethod
    def create_module(spec: ModuleSpec) -> types.ModuleType:
        return _Module(spec.name, "Stands in for nlref while a notebook is graded.")

    @staticmethod
    def exec_module(module: types.ModuleType) -> None:
        module.__path__ = []
        module.__all__ = sorted([*_SILENT, "written"])


def install() -> None:
    sys.meta_path.insert(0, _Finder)
