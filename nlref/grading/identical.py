"""Which solutions are the same once spelling is taken away: for the class report, where a person decides.

Two cells are the same if their syntax trees are, without comments, docstrings, annotations and layout, and with the
arguments and variables that the cell itself names numbered in the order in which they appear. Names of functions,
classes, attributes and modules stay as they are; the order of statements counts.
"""

import ast
import warnings
from hashlib import sha256

SMALLEST = 40  # nodes of a syntax tree; below that honest answers are alike by chance: np.maximum(x, 0)


def solution_digest(source: str) -> str:
    """A digest of a solution's normalised form; empty for what is short, or no Python.

    >>> one = "def f(x):\\n    total = 0\\n    for i in x:\\n        total = total + i * i - 2 / (1.5 + i * i)\\n"
    >>> one += "    return total"
    >>> two = one.replace("total", "s").replace("x", "values") + "  # mine"
    >>> solution_digest(one) == solution_digest(two) != ""
    True
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the learner's spelling
            tree = ast.parse(source)
            size = sum(1 for _ in ast.walk(tree))
            if size < SMALLEST:
                return ""
            return sha256(ast.dump(_Normal(tree).visit(tree)).encode()).hexdigest()[:16]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


class _Normal(ast.NodeTransformer):
    def __init__(self, tree: ast.AST) -> None:
        own: list[str] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.arg):
                own.append(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.append(node.id)
        self._own = set(own)
        self._numbers: dict[str, str] = {}

    def _name(self, name: str) -> str:
        if name not in self._own:
            return name
        return self._numbers.setdefault(name, f"_{len(self._numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._name(node.arg))

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        # The name of an argument in a call belongs to the function that is called, which may be the cell's own.
        return ast.keyword(self._name(node.arg) if node.arg else None, self.visit(node.value))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_docstring(node)

    def _without_docstring(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return ast.Assign([self.visit(node.target)], self.visit(node.value))
