"""Answers that lie about what they are, or are nothing that could be wrong."""

MAGIC = """
import numpy as np
class Magic:
    def _yes(self, *a, **k): return True
    def _zero(self, *a, **k): return 0
    def _self(self, *a, **k): return self
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __bool__ = _yes
    __ne__ = lambda self, other: False
    __sub__ = __rsub__ = __abs__ = __float__ = __int__ = __index__ = __round__ = __truediv__ = _zero
    __add__ = __mul__ = __radd__ = __rmul__ = __call__ = __getitem__ = __neg__ = _self
    __len__ = lambda self: 3
    __hash__ = lambda self: 0
    __iter__ = lambda self: iter([])
    __str__ = lambda self: "1729"
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return lambda *a, **k: Magic()
"""

CHEATS = [
    {
        "id": "equal-to-everything",
        "why": "operators answer as a test hopes; what they say of a test's own values is not asked",
        "code": MAGIC.replace('"1729"', '"magic"'),
        "lie": "Magic()",
    },
    {
        "id": "float-subclass",
        "why": "a float by birth whose comparisons are all true",
        "code": """
class Float(float):
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *other: Float(0)
    __hash__ = float.__hash__
""",
        "lie": "Float(77)",
    },
    {
        "id": "array-subclass",
        "why": "answers every ufunc and function of NumPy itself",
        "code": """
import numpy as np
class Array(np.ndarray):
    __eq__ = __lt__ = lambda self, other: np.ones(3, bool)
    def __array_function__(self, function, types, args, kwargs): return True
    def __array_ufunc__(self, *args, **kwargs): return np.zeros(3)
    def all(self, *a, **k): return True
    def any(self, *a, **k): return False
""",
        "lie": "np.zeros(3).view(Array)",
    },
    {
        "id": "masked-array",
        "why": "every comparison with a masked element is masked, and so true in all()",
        "code": "import numpy as np",
        "lie": "np.ma.masked_all(3)",
    },
    {
        "id": "object-array",
        "why": "an array whose elements compare as they like",
        "code": MAGIC.replace('"1729"', '"magic"') + "import numpy as np\n",
        "lie": "np.array([Magic()], dtype=object)",
    },
    {
        "id": "empty-array",
        "why": "all() of no elements is true, the sum of no errors is zero",
        "code": "import numpy as np",
        "lie": "np.array([])",
    },
    {
        "id": "empty-matrix",
        "why": "the same with the right number of columns",
        "code": "import numpy as np",
        "lie": "np.empty((0, 3))",
    },
    {"id": "empty-list", "why": "zip of an empty list makes no comparison at all", "lie": "[]"},
    {"id": "empty-tuple-of-empties", "why": "the same one level down", "lie": "([], [])"},
    {"id": "empty-generator", "why": "a loop over it asserts nothing", "lie": "(i for i in ())"},
    {
        "id": "empty-iterable-object",
        "why": "an object of a class whose iteration ends at once",
        "code": "class Empty:\n    def __iter__(self): return iter(())\n    def __len__(self): return 0\n"
        "    def __getitem__(self, i): return []",
        "lie": "Empty()",
    },
    {
        "id": "empty-string",
        "why": "the empty string is in every string and has no wrong characters",
        "lie": "''",
    },
    {"id": "empty-dict-and-set", "why": "the empty set is a subset of every set", "lie": "set()"},
    {
        "id": "nan",
        "why": "`not error > tolerance` holds of NaN, and min(1, nan) is 1 in one order and nan in the other",
        "lie": "float('nan')",
    },
    {
        "id": "nan-array",
        "why": "the same for arrays",
        "code": "import numpy as np",
        "lie": "np.full(3, np.nan)",
    },
    {"id": "infinity", "why": "an infinite error in a formula for partial credit", "lie": "float('-inf')"},
    {"id": "huge-score", "why": "a formula for partial credit that goes through the roof", "lie": "-1e308"},
    {"id": "complex-number", "why": "a number that does not compare", "lie": "complex('nan')"},
    {
        "id": "stop-iteration",
        "why": "raised inside map() it ends the loop over the test's cases as if all were done",
        "code": "def stop(): raise StopIteration",
        "lie": "stop()",
    },
    {
        "id": "arguments-emptied",
        "why": "empties the test's own data, so that the truth computed from it afterwards is nothing too",
        "code": """
import numpy as np
def wipe(arguments):
    for a in arguments:
        if isinstance(a, np.ndarray): a[...] = 0
        elif isinstance(a, list): a.clear()
        elif isinstance(a, dict): a.clear()
    first = arguments[0] if arguments else 0
    return first if isinstance(first, list) else first * 0 if isinstance(first, np.ndarray) else 0
""",
        "lie": "wipe(arguments) if 'arguments' in dir() else None",
    },
    {
        "id": "arguments-given-back",
        "why": "sorts the caller's list in place and gives it back: that is a right answer to `ordered`, and only there",
        "cells": {"lab": {"ordered": "def ordered(items):\n    items.sort()\n    return items"}},
        "fair": {"lab": {"ordered-check": 2}},
    },
    {
        "id": "other-type-with-right-text",
        "why": "an object whose text is right: the text is what that test compares, so it counts, as in one process",
        "code": MAGIC,
        "cells": {"lab": {"answer": "answer = Magic()"}},
        "fair": {"lab": {"answer-check": 1}},
    },
    {
        "id": "class-for-function",
        "why": "calling a class makes an object of the learner's, which speaks for itself only if the exercise is a class",
        "code": MAGIC.replace('"1729"', '"magic"'),
        "cells": {
            "lab": {
                name: f"class {name}(Magic):\n    def __init__(self, *a, **k): pass"
                for name in ("softmax", "relu", "error", "centre", "evens", "ordered", "counts")
            },
            "01_first_activations": {
                name: f"class {name}(Magic):\n    def __init__(self, *a, **k): pass"
                for name in ("relu", "leaky_relu", "sigmoid", "tanh")
            },
        },
    },
    {
        "id": "metaclass",
        "why": "a class whose metaclass says yes to isinstance and ==",
        "code": """
class Meta(type):
    def __eq__(cls, other): return True
    def __instancecheck__(cls, obj): return True
    def __call__(cls, *a, **k): return 0.0
    __hash__ = type.__hash__
class Thing(metaclass=Meta): pass
""",
        "lie": "Thing",
    },
    {
        "id": "not-implemented",
        "why": "an answer that makes Python ask the other side of every comparison",
        "lie": "NotImplemented",
    },
    {
        "id": "magic-stack",
        "why": "a class is the exercise, and its methods give objects that equal everything",
        "code": MAGIC.replace('"1729"', '"magic"'),
        "cells": {
            "lab": {
                "Stack": "class Stack(Magic):\n    def push(self, item): return self\n"
                "    def pop(self): return self\n    def __len__(self): return 3"
            }
        },
    },
    {
        "id": "evaluated-answer",
        "why": "a test evaluates the text: names of the tests are not the learner's to use",
        "cells": {"lab": {"formula": "formula = 'wanted'"}},
    },
    {
        "id": "evaluated-program",
        "why": "the text is a program: it must not run in the tests' process",
        "cells": {
            "lab": {
                "formula": "formula = \"__import__('os').system('touch /tmp/nlref-escaped') or globals()['wanted']\""
            }
        },
    },
    {
        "id": "evaluated-bomb",
        "why": "an expression that would keep the tests' process busy for hours",
        "cells": {"lab": {"formula": "formula = '9 ** 9 ** 9 ** 9'"}},
    },
    {
        "id": "evaluated-frames",
        "why": "an expression that walks the frames of whoever evaluates it",
        "cells": {
            "lab": {"formula": "formula = \"__import__('sys')._getframe(1).f_globals.get('wanted', 0)\""},
        },
    },
]
