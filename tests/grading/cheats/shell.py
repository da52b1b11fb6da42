"""IPython's hooks: whatever runs a cell could be made to run another."""

CHEATS = [
    {
        "id": "showtraceback-silenced",
        "why": "nbgrader once took a cell without a shown traceback for a passed one",
        "code": "get_ipython().showtraceback = lambda *a, **k: None\ntype(get_ipython()).showtraceback = lambda *a, **k: None",
    },
    {
        "id": "input-transformer",
        "why": "turns every later cell into pass; test cells are not transformed here",
        "code": "get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'])",
    },
    {
        "id": "cleanup-transformer",
        "why": "the same before the line magics are translated",
        "code": "get_ipython().input_transformers_cleanup.insert(0, lambda lines: ['1\\n'])",
    },
    {
        "id": "ast-transformer",
        "why": "removes every assert statement from what is run",
        "code": """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())
""",
    },
    {
        "id": "run-cell-replaced",
        "why": "run_cell claims success without running anything",
        "code": """
from IPython.core.interactiveshell import ExecutionResult, ExecutionInfo
shell = get_ipython()
shell.run_cell = lambda *a, **k: ExecutionResult(ExecutionInfo("", False, False, False, None))
""",
    },
    {
        "id": "pre-run-event",
        "why": "redefines the answers before every cell, with what the last test asked for",
        "code": """
def peek(info=None):
    for name, value in list(globals().items()):
        if name in ("truth", "wanted", "expected"):
            globals()["answer"] = value
get_ipython().events.register("pre_run_cell", peek)
get_ipython().events.register("post_run_cell", lambda *a: peek())
""",
    },
    {
        "id": "displayhook-points",
        "why": "shows a number of points after every cell, as partial credit does",
        "code": """
import sys
from IPython.display import display
sys.displayhook = lambda value: print(5)
get_ipython().events.register("post_run_cell", lambda *a: display(5))
""",
    },
    {
        "id": "magic-shadowed",
        "why": "line and cell magics are redefined, should a test use one",
        "code": """
shell = get_ipython()
for name in ("time", "timeit", "capture"):
    shell.register_magic_function(lambda line, cell=None: None, "line_cell", name)
""",
    },
    {
        "id": "user-namespace-swapped",
        "why": "the shell's namespace becomes a dict that has an answer for every name",
        "code": """
class Everything(dict):
    def __missing__(self, name): return lambda *a, **k: True
shell = get_ipython()
shell.user_ns = Everything(shell.user_ns)
""",
    },
    {
        "id": "custom-exception-handler",
        "why": "set_custom_exc swallows all exceptions of the shell",
        "code": "get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)",
    },
]
