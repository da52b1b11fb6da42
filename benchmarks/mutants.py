"""Small faults put into right answers, to see whether the checks of an exercise notice them.

A mutant is a right answer (the solution of the lesson, or an alternative of the record) with one fault: an operator, a
sign, a constant, an axis, a comparison exchanged, a term or a call dropped, two arguments swapped. The mutators of
packages such as mutmut know nothing of NumPy and run a test suite for each; a check takes milliseconds.
"""

import ast
import contextlib
import functools
import inspect
import itertools
import signal
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nlref.build import LESSON, source_notebook
from nlref.checks import Case, Exercise, call_locally, evaluate
from nlref.checks.engine import _cases, _try
from nlref.checks.exercise import Assign, Method

ROOT = Path(__file__).parents[1]
SECONDS = 2.0  # for one mutant: some loop for ever

OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
FUNCTIONS = {
    "maximum": "minimum", "max": "min", "sum": "mean", "prod": "sum", "exp": "expm1", "log": "log1p", "sin": "cos",
    "argmax": "argmin", "any": "all", "zeros": "ones", "zeros_like": "ones_like", "floor": "ceil", "logaddexp": "add",
    "cumsum": "cumprod", "sinh": "cosh", "tanh": "sinh",
}  # fmt: skip
FUNCTIONS = {other: name for name, other in FUNCTIONS.items()} | FUNCTIONS


@dataclass(frozen=True)
class Mutant:
    """A right answer with one fault, which ``text`` describes; ``made`` is the function, the class or the value."""

    text: str
    made: Any
    right: Any


# Making them


def _instead(node: ast.AST, names: frozenset[str]) -> Iterator[ast.AST]:
    """What may stand in the place of an expression or a statement. ``names`` are the parameters around it."""
    if isinstance(node, ast.BinOp):
        for operator in OPERATORS.get(type(node.op), ()):
            yield ast.BinOp(node.left, operator(), node.right)
        yield node.left
        yield node.right
        if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
            yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
        if isinstance(node.operand, ast.Constant) and node.operand.value == 1:
            yield ast.Constant(0)  # the first axis for the last
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for comparison in COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [comparison()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        yield from node.values
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _other_constants(node.value))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        yield from (
            ast.Name(other, node.ctx) for other in sorted(names - {node.id, "self"}) if node.id != "self"
        )
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)
    elif isinstance(node, ast.AugAssign):
        for operator in OPERATORS.get(type(node.op), ()):
            yield ast.AugAssign(node.target, operator(), node.value)
        yield ast.Pass()
    elif isinstance(node, ast.Assign | ast.Expr) and not isinstance(node.value, ast.Constant):
        yield ast.Pass()
    elif isinstance(node, ast.If):
        yield ast.If(ast.Constant(True), node.body, node.orelse)
        yield ast.If(ast.Constant(False), node.body, node.orelse)


def _other_constants(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return {0: (1,), 1: (0, 2), 2: (1, 3)}.get(value, (value + 1, value - 1))
    if isinstance(value, float):
        return (0.0, value * 2, value + 1) if value else (1.0,)
    return (None,) if value is Ellipsis else ()


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    called = node.func
    if isinstance(called, ast.Attribute) and called.attr in FUNCTIONS:
        yield ast.Call(
            ast.Attribute(called.value, FUNCTIONS[called.attr], called.ctx), node.args, node.keywords
        )
    yield from node.args  # the call dropped: exp(x) -> x
    for number in range(len(node.args) - 1):
        swapped = list(node.args)
        swapped[number], swapped[number + 1] = swapped[number + 1], swapped[number]
        yield ast.Call(node.func, swapped, node.keywords)
    for number in range(len(node.keywords)):
        yield ast.Call(node.func, node.args, node.keywords[:number] + node.keywords[number + 1 :])


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, Callable[[ast.AST], None], frozenset[str]]]:
    """Each node of a tree, how to put another in its place, and the parameters of the functions around it."""

    def below(node: ast.AST, names: frozenset[str]) -> Iterator[Any]:
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            names = names | {argument.arg for argument in every}
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "bases"):
                continue
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, ast.AST):
                        yield item, lambda new, value=value, index=index: value.__setitem__(index, new), names
                        yield from below(item, names)
            elif isinstance(value, ast.AST):
                yield value, lambda new, node=node, field=field: setattr(node, field, new), names
                yield from below(value, names)

    yield from below(tree, frozenset())


def mutants_of(source: str, name: str, namespace: Mapping[str, Any], words: str) -> Iterator[Mutant]:
    """Every mutant of a source that defines ``name``; those that do not even compile or run are left out."""
    tree = ast.parse(source)
    for node in ast.walk(tree):  # a docstring has no faults
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    right = _defined(tree, name, namespace)
    seen = {ast.unparse(tree)}
    for node, put, names in list(_places(tree)):
        for other in _instead(node, names):
            put(ast.copy_location(other, node))
            text = ast.unparse(tree)
            if text not in seen:
                seen.add(text)
                made = _defined(tree, name, namespace)
                if made is not None:
                    line = f"{words}, line {getattr(node, 'lineno', 0)}"
                    yield Mutant(f"{line}: {ast.unparse(node)} -> {ast.unparse(other)}", made, right)
            put(node)


def _defined(tree: ast.Module, name: str, namespace: Mapping[str, Any]) -> Any:
    names = dict(namespace)
    with contextlib.suppress(Exception), np.errstate(all="ignore"):
        exec(compile(ast.fix_missing_locations(tree), "<mutant>", "exec"), names)
        return names[name]
    return None


def mutants(exercise: Exercise) -> Iterator[Mutant]:
    """The mutants of an exercise's solution and of its alternatives that are written as functions or classes."""
    source, names = _solution(exercise)
    if source is not None:
        yield from mutants_of(source, exercise.function, names, "solution")
    for alternative in exercise.alternatives:
        plain = (
            inspect.isfunction(alternative)
            and alternative.__name__ != "<lambda>"
            and not alternative.__closure__
        )
        if plain or inspect.isclass(alternative):
            source = textwrap.dedent(inspect.getsource(alternative))
            names = vars(inspect.getmodule(alternative))
            yield from mutants_of(source, alternative.__name__, names, alternative.__name__)


@functools.cache
def _cells(unit: str) -> list[Any]:
    path = ROOT / "course" / unit / LESSON
    return source_notebook(path.read_text(encoding="utf-8"), unit).cells if path.is_file() else []


def _solution(exercise: Exercise) -> tuple[str | None, dict[str, Any]]:
    """The source of the worked answer, and the names that it may use: imports and functions of the lesson above it."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in _cells(exercise.unit):
        if cell.cell_type != "code":
            continue
        if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise.id:
            return cell.source, names
        for statement in ast.parse(cell.source).body:
            if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef) or (
                isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
            ):
                with contextlib.suppress(ImportError):
                    exec(compile(ast.Module([statement], []), "<lesson>", "exec"), names)
    return None, names


# Judging them


def survives(exercise: Exercise, mutant: Mutant) -> bool:
    """Whether a mutant gets all points."""
    made = mutant.made() if exercise.kind == "value" and callable(mutant.made) else mutant.made
    names = {criterion.name for criterion in exercise.criteria}
    with _time_limit():
        cases = (case for case, _ in _cases(exercise, None) if case.graded and case.criterion in names)
        # What fails in one case loses points; only what seems to hold is asked in whole.
        return all(_holds(exercise, made, case) for case in cases) and evaluate(exercise, made).passed
    return False


def _holds(exercise: Exercise, made: Any, case: Case) -> bool:
    return _try(exercise, made, case, False, call_locally).fault is None


class _TooLong(Exception):
    """The time of a mutant is over. In a call it is an error like others, which costs it its points."""


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)
    try:
        with contextlib.suppress(_TooLong):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def difference(exercise: Exercise, mutant: Mutant, rounds: int = 5) -> Case | None:
    """An input on which a mutant is wrong and the answer that it was made from is right; ``None`` if none was found.

    Asked are the exercise's private cases of many seeds, mixtures of the cases of two seeds, which lie where no case of
    the record does, rows moved far apart, the same numbers with more axes, and calls without a keyword. Who keeps to
    the tolerances is right.
    """
    names = {criterion.name for criterion in exercise.criteria}
    generator = np.random.default_rng(2026)
    for number in range(rounds):
        one, other = (
            exercise.private_inputs(np.random.default_rng(seed)) for seed in (9000 + number, 5000 + number)
        )
        for a, b in zip(one, other, strict=False):
            if not a.graded or a.criterion not in names:
                continue
            for case in (a, _mixed(a, b, generator), _far_apart(a), *(_other_forms(a) if number < 1 else ())):
                with _time_limit(), contextlib.suppress(ValueError, TypeError):
                    if _holds(exercise, mutant.made, case):
                        continue
                with contextlib.suppress(ValueError, TypeError):
                    if _holds(exercise, mutant.right, case):
                        return case
    return None


def _far_apart(case: Case) -> Case:
    """The case with rows of scores moved apart by more than exp can bear; probabilities and integers are left alone."""

    def moved(argument: Any) -> Any:
        if not (isinstance(argument, np.ndarray) and argument.ndim == 2 and argument.dtype == np.float64):
            return argument
        if np.all((argument >= 0) & (argument <= 1)) or not np.all(np.isfinite(argument)):
            return argument
        return argument + 900.0 * np.arange(len(argument))[:, None]

    return replace(case, arguments=tuple(map(moved, case.arguments)))


def _other_forms(case: Case) -> Iterator[Case]:
    """The case with an axis more in each array of two axes, and with a keyword less."""
    for change in (lambda a: a[:, None], lambda a: a[None], lambda a: np.stack([a, a[::-1]])):
        yield replace(
            case,
            arguments=tuple(
                change(a) if isinstance(a, np.ndarray) and a.ndim == 2 else a for a in case.arguments
            ),
        )
    for name in case.keywords:
        yield replace(case, keywords={key: value for key, value in case.keywords.items() if key != name})


def _mixed(one: Case, other: Case, generator: np.random.Generator) -> Case:
    share = generator.uniform(0.05, 0.95)

    def mix(a: Any, b: Any) -> Any:
        if (
            isinstance(a, np.ndarray)
            and isinstance(b, np.ndarray)
            and a.shape == b.shape
            and a.dtype.kind == "f"
        ):
            whole = np.all(a == np.round(a)) or np.all(b == np.round(b))
            with np.errstate(all="ignore"):
                return a if whole else (share * a + (1 - share) * b).astype(a.dtype)
        if isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
            return type(a)(map(mix, a, b))
        return a

    steps = []
    for a, b in itertools.zip_longest(one.steps, other.steps):
        if isinstance(a, Method) and isinstance(b, Method) and a.name == b.name:
            a = replace(a, arguments=mix(a.arguments, b.arguments))
        elif isinstance(a, Assign) and isinstance(b, Assign) and a.name == b.name:
            a = replace(a, value=mix(a.value, b.value))
        if a is not None:
            steps.append(a)
    return replace(one, arguments=mix(one.arguments, other.arguments), steps=tuple(steps))


@dataclass(frozen=True)
class Kills:
    """How the mutants of an exercise fared: their number, the equivalent ones, and those that the checks miss."""

    number: int
    equivalent: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Of those that are no equivalents, the part that loses points."""
        wrong = self.number - len(self.equivalent)
        return 1 - len(self.missed) / wrong if wrong else 1.0


def kills(exercise: Exercise) -> Kills:
    """Try every mutant of an exercise."""
    number, equivalent, missed = 0, [], []
    for mutant in mutants(exercise):
        number += 1
        if survives(exercise, mutant):
            case = difference(exercise, mutant)
            (equivalent if case is None else missed).append(mutant.text)
    return Kills(number, tuple(equivalent), tuple(missed))
