"""Right answers with one small fault: an operator, a sign, a constant, an axis, a comparison, a term, two arguments.

A learner's function whose results are those of such a mutant has, as far as its inputs tell, that fault. Checks that
let a mutant pass would let a slip pass (``benchmarks/mutants.py``).
"""

import ast
import builtins
import contextlib
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlref.checks.exercise import Exercise

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
    """A right answer with one fault; ``made`` is the function, the class or the value.

    ``text`` shows the fault to authors, ``said`` says it to learners without the code around it. ``exactly`` says
    which term or factor is missing, and ``names`` are those in it, which learners may not have.
    """

    text: str
    made: Any
    right: Any
    said: str = ""
    exactly: str = ""
    names: frozenset[str] = frozenset()


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
                    shown = f"{line}: {ast.unparse(node)} -> {ast.unparse(other)}"
                    yield Mutant(shown, made, right, _said(node, other), *_exactly(node, other))
            put(node)


def _defined(tree: ast.Module, name: str, namespace: Mapping[str, Any]) -> Any:
    names = dict(namespace)
    with contextlib.suppress(Exception), np.errstate(all="ignore"):
        exec(compile(ast.fix_missing_locations(tree), "<mutant>", "exec"), names)
        return names[name]
    return None


# Saying them

SYMBOLS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.FloorDiv: "//", ast.Mod: "%",
    ast.BitAnd: "&", ast.BitOr: "|", ast.MatMult: "@", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip
_MISSING = {
    ast.Add: "a term",
    ast.Sub: "a term",
    ast.Mult: "a factor",
    ast.Div: "a factor",
    ast.Pow: "a power",
}


def _said(node: ast.AST, other: ast.AST) -> str:
    if isinstance(node, ast.BinOp):
        if isinstance(other, ast.BinOp) and other.left is node.left and other.right is node.right:
            return f"`{SYMBOLS[type(other.op)]}` stands where `{SYMBOLS[type(node.op)]}` belongs"
        if isinstance(other, ast.BinOp) and other.left is node.right and other.right is node.left:
            return f"the two sides of a `{SYMBOLS[type(node.op)]}` are exchanged"
        return f"{_MISSING.get(type(node.op), 'a part of an expression')} is missing"
    if isinstance(node, ast.UnaryOp):
        if isinstance(other, ast.Constant) and isinstance(node.operand, ast.Constant):
            return f"{other.value} stands where {ast.unparse(node)} belongs"
        return "a minus is missing" if isinstance(node.op, ast.USub) else "a negation is missing"
    if isinstance(node, ast.Compare) and isinstance(other, ast.Compare):
        return f"`{SYMBOLS[type(other.ops[0])]}` stands where `{SYMBOLS[type(node.ops[0])]}` belongs"
    if isinstance(node, ast.Constant) and isinstance(other, ast.Constant):
        return f"{other.value!r} stands where {node.value!r} belongs"
    if isinstance(node, ast.Name) and isinstance(other, ast.Name):
        return f"`{other.id}` stands where `{node.id}` belongs"
    if isinstance(node, ast.Call):
        return _said_of_call(node, other)
    if isinstance(node, ast.If | ast.IfExp | ast.BoolOp):
        return "a condition is not asked as it should"
    return "a step is missing"


def _exactly(node: ast.AST, other: ast.AST) -> tuple[str, frozenset[str]]:
    """What is left out of a sum, a product or a power, if it is short, and the names in it."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in _MISSING:
        return "", frozenset()
    if other is not node.left and other is not node.right:
        return "", frozenset()
    missing = node.right if other is node.left else node.left
    text = ast.unparse(missing)
    if len(text) > 16:
        return "", frozenset()
    if isinstance(node.op, ast.Pow):
        said = f"`** {text}` is missing" if missing is node.right else ""
    elif isinstance(node.op, ast.Div) and missing is node.right:
        said = f"a division by `{text}` is missing"
    else:
        said = f"{_MISSING[type(node.op)]} `{text}` is missing"
    return said, frozenset(part.id for part in ast.walk(missing) if isinstance(part, ast.Name))


def _said_of_call(node: ast.Call, other: ast.AST) -> str:
    name = ast.unparse(node.func)
    known = name.startswith(("np.", "math.")) or name in dir(builtins)
    if not known and isinstance(node.func, ast.Attribute) and hasattr(np.ndarray, node.func.attr):
        name, known = f".{node.func.attr}", isinstance(other, ast.Call) and len(other.args) == len(node.args)
    if isinstance(other, ast.Call) and any(other is argument for argument in node.args):
        return f"`{name}` is missing" if known else "a step is missing"
    if isinstance(other, ast.Call) and known:
        if other.func is not node.func:
            return f"`{ast.unparse(other.func)}` stands where `{name}` belongs"
        if len(other.keywords) < len(node.keywords):
            left = {keyword.arg for keyword in node.keywords} - {keyword.arg for keyword in other.keywords}
            return f"`{left.pop()}` is not given to `{name}`"
        return f"two arguments of `{name}` are exchanged"
    if name == "np.where" and other is node.args[0]:
        return "the condition of `np.where` comes back, and neither of its sides"
    if name == "np.where":
        return "one side of `np.where` is taken everywhere"
    return f"`{name}` is missing" if known else "a step is missing"


# Of an exercise


def mutants_of_alternatives(exercise: Exercise, *, loops: bool = True) -> Iterator[Mutant]:
    """The mutants of the alternatives that are written as functions or classes, whose source can be read.

    Without ``loops``, none of those with a loop: a fault in one may not end, and many turns take time.
    """
    for alternative in exercise.alternatives:
        plain = (
            inspect.isfunction(alternative)
            and alternative.__name__ != "<lambda>"
            and not alternative.__closure__
        )
        if plain or inspect.isclass(alternative):
            try:
                source = textwrap.dedent(inspect.getsource(alternative))
            except OSError:
                continue  # there is no source to read
            if not loops and any(
                isinstance(node, ast.For | ast.While | ast.comprehension)
                for node in ast.walk(ast.parse(source))
            ):
                continue
            names = vars(inspect.getmodule(alternative))
            yield from mutants_of(source, alternative.__name__, names, alternative.__name__)
