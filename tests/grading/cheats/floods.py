"""Floods: more than the grader can hold, in the hope that it gives up kindly."""

CHEATS = [
    {
        "id": "output-flood",
        "why": "prints without end, during a call",
        "code": "def flood():\n    while True: print('x' * 100_000)",
        "cells": {"lab": {"answer": "answer = 0"}, "01_first_activations": {"relu": "def relu(x): flood()"}},
    },
    {
        "id": "huge-answers",
        "why": "answers of gigabytes are refused, and are wrong",
        "code": "import numpy as np",
        "lie": "np.zeros(500_000_000, np.int8)",
    },
    {
        "id": "deep-answers",
        "why": "an answer nested ten thousand deep",
        "code": "nest = []\nfor _ in range(10_000): nest = [nest]",
        "lie": "nest",
    },
    {
        "id": "endless-generator",
        "why": "a test that reads it out ends by its time limit",
        "code": "import itertools",
        "cells": {"lab": {"evens": "def evens(numbers): return itertools.count()"}},
    },
    {
        "id": "colliding-keys",
        "why": "a dict made to take hours to build",
        "lie": "{k * (2 ** 61 - 1): 0 for k in range(20_000)}",
    },
    {
        "id": "huge-message",
        "why": "an exception with a text of megabytes, and with arguments that cannot be shown",
        "code": """
class Loud(Exception):
    def __str__(self): raise RuntimeError("no")
    __repr__ = __str__
def shout(): raise Loud("x" * 50_000_000)
""",
        "lie": "shout()",
    },
    {
        "id": "warnings-flood",
        "why": "a million warnings",
        "code": "import warnings\ndef warn():\n    for i in range(200_000): warnings.warn(f'warning {i}')",
        "cells": {
            "lab": {"relu": "def relu(x): warn()"},
            "01_first_activations": {"relu": "def relu(x): warn()"},
        },
    },
]
