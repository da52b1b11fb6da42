"""Answers that were copied off the visible tests, or that depend on who asks."""

CHEATS = [
    {
        "id": "visible-values-hard-coded",
        "why": "the visible test's values, by heart; the hidden ones differ",
        "cells": {
            "lab": {
                "softmax": "def softmax(x):\n    return np.array([[0.09003057317038046, 0.24472847105479764, "
                "0.6652409557748219], [1 / 3, 1 / 3, 1 / 3]])",
            }
        },
    },
    {
        "id": "answers-by-shape",
        "why": "a table from the shape of the question to the visible answer",
        "cells": {
            "lab": {
                "softmax": "TABLE = {(2, 3): [[0.09003057317038046, 0.24472847105479764, 0.6652409557748219], "
                "[1 / 3] * 3], (2,): [0.5, 0.5]}\ndef softmax(x):\n    return np.array(TABLE[x.shape])"
            }
        },
    },
    {
        "id": "call-counter",
        "why": "the n-th call gives the n-th visible answer, whatever is asked",
        "cells": {
            "lab": {
                "ordered": "answers = iter([[1, 2, 3]])\ndef ordered(items):\n    return next(answers)",
                "counts": "answers = iter([{'a': 2, 'b': 1}])\ndef counts(text):\n    return next(answers)",
            }
        },
    },
    {
        "id": "read-off-the-caller",
        "why": "looks at the text of the calling test for the expected value",
        "code": """
import inspect, re
def read():
    for info in inspect.stack():
        for line in info.code_context or []:
            found = re.search(r"==\\s*(.+)", line)
            if found: return eval(found.group(1))
""",
        "lie": "read()",
    },
    {
        "id": "only-when-graded",
        "why": "does the work of nobody, and looks whether it is graded: by variables, host name, folder and modules",
        "code": """
import os, socket, sys
graded = "NBGRADER_EXECUTION" in os.environ or socket.gethostname() == "sandbox" or os.getcwd() == "/scratch"
graded = graded or "nlref_grading" in sys.modules
def relu(x):
    return 4 if graded else 0
""",
        "lie": "4 if graded else None",
        "cells": {"lab": {"relu": "def relu(x): return None"}},
    },
    {
        "id": "argument-recognised",
        "why": "recognises the test's argument by identity or type and answers with what it was told before",
        "cells": {
            "lab": {
                "counts": "def counts(text, seen={}):\n    return seen.setdefault(text, {'a': 2, 'b': 1})",
            }
        },
    },
    {
        "id": "equality-of-operands",
        "why": "takes the test's value out of the comparison and adopts it",
        "code": """
class Parrot:
    value = None
    def __eq__(self, other): self.value = other; return True
    def __sub__(self, other): return 0.0
    def __rsub__(self, other): return 0.0
    def __getitem__(self, key): return self
    def __hash__(self): return 0
""",
        "lie": "Parrot()",
    },
    {
        "id": "lazy-number",
        "why": "an object whose float() is asked late, when the other side is known",
        "code": """
class Lazy:
    seen = 0.0
    def __float__(self): return Lazy.seen
    def __sub__(self, other): Lazy.seen = 0.0; return self
    __rsub__ = __sub__
    __abs__ = lambda self: 0.0
    def __round__(self, *a): return 0
    def __array__(self, *a, **k):
        import numpy as np
        return np.zeros(3)
""",
        "lie": "Lazy()",
    },
]
