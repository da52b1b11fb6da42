"""Patched assertions, NumPy and built-in functions, in the hope that the tests use them too."""

CHEATS = [
    {
        "id": "numpy-testing-patched",
        "why": "replaces every assertion of numpy.testing; the tests' own NumPy is another process's",
        "code": """
import numpy.testing as testing
for name in dir(testing):
    if name.startswith("assert"):
        setattr(testing, name, lambda *a, **k: None)
        setattr(testing._private.utils, name, lambda *a, **k: None)
""",
    },
    {
        "id": "allclose-patched",
        "why": "np.allclose, np.isclose and np.array_equal say yes to everything",
        "code": "import numpy as np\nnp.allclose = np.isclose = np.array_equal = np.all = lambda *a, **k: True",
    },
    {
        "id": "numpy-name-shadowed",
        "why": "np, npt and numpy are the learner's own objects in the notebook's namespace",
        "code": """
class Yes:
    def __getattr__(self, name): return Yes()
    def __call__(self, *a, **k): return Yes()
    def __bool__(self): return True
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True
np = npt = numpy = Yes()
""",
    },
    {
        "id": "numpy-module-replaced",
        "why": "sys.modules holds a fake NumPy for whoever imports it next",
        "code": """
import sys, types
fake = types.ModuleType("numpy")
fake.__getattr__ = lambda name: (lambda *a, **k: True)
for name in [m for m in sys.modules if m.split(".")[0] == "numpy"]:
    sys.modules[name] = fake
""",
    },
    {
        "id": "builtins-patched",
        "why": "abs, all, len, sum, set, zip and isinstance of the learner's process decide nothing",
        "code": """
import builtins
builtins.abs = lambda x: 0
builtins.all = builtins.any = lambda *a: True
builtins.zip = lambda *a: ()
builtins.isinstance = lambda *a: True
""",
    },
    {
        "id": "builtin-names-shadowed",
        "why": "the same as names of the notebook, where a test would look first",
        "code": "abs = len = min = lambda *a: 0\nall = any = isinstance = hasattr = lambda *a: True\nset = zip = lambda *a: []\n"
        "AssertionError = Exception = BaseException = KeyboardInterrupt",
    },
    {
        "id": "assertion-error-silenced",
        "why": "AssertionError becomes a class that cannot be raised",
        "code": "import builtins\nclass Quiet(BaseException):\n    def __new__(cls, *a): raise SystemExit\nbuiltins.AssertionError = Quiet",
    },
    {
        "id": "hashlib-patched",
        "why": "the digest that a test compares is made in the tests' process",
        "code": """
import hashlib
class Same:
    def hexdigest(self): return "0"
hashlib.md5 = hashlib.sha256 = lambda *a, **k: Same()
""",
    },
    {
        "id": "excepthook",
        "why": "swallows exceptions where the learner's process shows them",
        "code": "import sys\nsys.excepthook = lambda *a: None\nsys.unraisablehook = lambda *a: None",
    },
    {
        "id": "names-of-the-tests",
        "why": "defines the names that the tests define, to be found instead",
        "code": "truth = wanted = expected = token = found = points = TOLERANCE = None\nx = numbers = items = []\npoints = 4",
    },
    {
        "id": "tolerance-raised",
        "why": "the instructor's read-only constant, changed after the cell that sets it",
        "code": "TOLERANCE = float('inf')\nimport numpy as np\nnp.float64 = float",
        "lie": "0.0",
    },
    {
        "id": "random-constant",
        "why": "the random numbers of a test would be zeros if it took over this state",
        "code": """
import numpy as np, random
random.random = lambda: 0.0
np.random.rand = np.random.randn = lambda *shape: np.zeros(shape)
state = np.random.get_state(legacy=False)
state["state"]["key"][:] = 0
np.random.set_state(state)
""",
    },
    {
        "id": "check-shadowed",
        "why": "check, predict and choose are the learner's, and return all points",
        "code": """
import sys, types
def check(*a, **k): return 5.0
predict = choose = check
fake = types.ModuleType("nlref")
fake.check = fake.predict = fake.choose = check
sys.modules["nlref"] = fake
""",
    },
    {
        "id": "typing-protocols-patched",
        "why": "numbers.Real accepts everything, should the score be checked by it",
        "code": "import numbers, abc\nabc.ABCMeta.__instancecheck__ = lambda *a: True\nnumbers.Real.register(type(None))",
    },
]
