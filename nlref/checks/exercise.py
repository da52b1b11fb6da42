"""What an exercise is: data. The engine reads it, the contracts in ``tests/checks`` hold it to its word."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

CriterionName = Literal[
    "values", "properties", "shape", "axis", "extremes", "gradient", "dtype", "input unchanged"
]


@dataclass(frozen=True)
class Criterion:
    """One thing a right answer does, and the part of the exercise's points it carries.

    ``sentence`` says in the learner's words what is asked. It is all that graded feedback shows when only
    private inputs fail, so it must help without a number.
    """

    name: CriterionName
    share: float
    sentence: str


@dataclass(frozen=True)
class Method:
    """A step of a script: a method of the object is called.

    What it returns is compared with what the reference returns (``None``: nothing is asked), and so are the arguments
    that the reference writes into. With ``compare=False`` the step only leads to later ones.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    compare: bool = True


@dataclass(frozen=True)
class Attribute:
    """A step of a script: an attribute of the object is read, and compared with the reference's."""

    name: str


@dataclass(frozen=True)
class Assign:
    """A step of a script: an attribute of the object is set, such as weights that would be drawn at random."""

    name: str
    value: Any


Step = Method | Attribute | Assign


@dataclass(frozen=True)
class Case:
    """One call of the learner's function, and the criterion that looks at it.

    In an exercise about a class it is a script: ``arguments`` and ``keywords`` are the constructor's, and ``steps`` are
    what is then done with the object, each compared with what the reference's object does.

    ``graded=False`` makes it an observation: what it shows is reported in the criterion's message and costs nothing.
    ``tolerance`` replaces the tolerance of the returned dtype, relative to the larger of the truth and ``scale``.
    ``quiet`` makes a floating-point warning a fault, for exercises whose text asks for a computation without one.
    """

    criterion: CriterionName
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    graded: bool = True
    tolerance: float | None = None
    scale: float = 0.0
    quiet: bool = False
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Property:
    """A law that holds between an input and the output, such as ``sigmoid(-x) == 1 - sigmoid(x)``.

    ``holds(x, y)``, or ``holds(y_true, y_pred, y)`` and so on for functions of several arrays, answers with one truth
    value or an array of them; ``y`` is the output. In a script they are the arguments and the result of the last
    method.
    """

    sentence: str
    holds: Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that people write, with the sentence that names it.

    ``criterion`` is the one that must catch it. Feedback names the mistake when the learner's outcomes equal this
    function's on every input of that criterion, and never otherwise.
    """

    name: str
    function: Callable[..., Any]
    criterion: CriterionName
    sentence: str


@dataclass(frozen=True)
class Curve:
    """How a function is drawn that is not a curve by itself: what is varied, and what of the output is shown.

    ``of(function, x)`` calls the learner's function or class, or the reference, and answers with an array of the
    shape of ``x``; ``x`` runs over ``[low, high]`` in 240 steps. With ``one_scale`` the error is measured in ulp of the
    largest value that is right, not of each: for curves that cross 0 by cancellation, where right answers differ in
    their rounding.
    """

    of: Callable[[Callable[..., Any], np.ndarray], Any]
    xlabel: str
    ylabel: str
    low: float = -6.0
    high: float = 6.0
    one_scale: bool = False


@dataclass(frozen=True)
class Exercise:
    """A function that the learner writes, a class, or a value.

    Parameters
        id: unique in the course; also the nbgrader ``grade_id`` of the solution cell.
        unit: the unit's folder name, such as ``"01_first_activations"``.
        function: the name the learner gives the function, the class or the value.
        kind: ``"function"``; ``"class"`` for a class, or a function that makes an object, whose cases are scripts;
            ``"value"`` for a number or an array that the learner assigns. Then ``reference``, mistakes and alternatives
            are functions without arguments that give it, and the cases have none.
        reference: the kernel that is right; it sees the same arguments. It may give several results in a tuple or a
            dict. For ``"class"``, the class that is right.
        criteria: their shares add up to 1.
        public_inputs: the cases that a learner can see and reproduce.
        private_inputs: the cases drawn when an instructor grades, from a generator seeded once a course; none for
            a value.
        mistakes: wrong implementations, each caught by the criterion it names.
        alternatives: right implementations in other styles; each must get all points.
        hints: three rungs, from a question to nearly the answer.
        points: what the exercise is worth.
        arguments: the names of the positional arguments, as messages call them.
        properties: the laws that the criterion ``properties`` tests.
        curve: how to draw it; without one, as a function of ``x``.
        widen: whether the reference sees float32 arguments as float64, so that the truth is exact. Without it, for
            functions that are about dtypes, it sees what the learner's function sees.
        allow: what else counts as right, of ``"float64 result"`` (a float32 input may come back as float64),
            ``"lists"`` (a list for an array, which else costs the criterion ``dtype``) and ``"scalars"`` (a number
            for an array of one entry and the reverse, but in the criterion ``shape``).
    """

    id: str
    unit: str
    function: str
    reference: Callable[..., Any]
    criteria: tuple[Criterion, ...]
    public_inputs: Callable[[], tuple[Case, ...]]
    private_inputs: Callable[[np.random.Generator], tuple[Case, ...]]
    mistakes: tuple[Mistake, ...]
    alternatives: tuple[Callable[..., Any], ...]
    hints: tuple[str, str, str]
    points: float
    arguments: tuple[str, ...] = ("x",)
    properties: tuple[Property, ...] = ()
    curve: Curve | None = None
    widen: bool = True
    allow: frozenset[str] = frozenset()
    kind: Literal["function", "class", "value"] = "function"


@dataclass(frozen=True)
class Option:
    """One answer of a multiple-choice question and what is said to who chose it.

    ``belief`` is the misconception that a wrong option stands for (``None`` for the right one).
    """

    text: str
    reply: str
    belief: str | None = None


@dataclass(frozen=True)
class Question:
    """A prediction or a choice that the learner commits to before running anything.

    With ``options`` (keys such as ``"a"``) it is multiple choice and ``answer`` is a key; without, ``answer`` is a
    number, right within ``tolerance`` (absolute). ``replies`` maps tempting wrong numbers to what is said about them.
    ``explanation`` is shown once an answer has been given, right or wrong.
    """

    id: str
    unit: str
    prompt: str
    answer: str | float
    explanation: str
    hints: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    tolerance: float = 0.0
    replies: Mapping[float, str] = field(default_factory=dict)
    points: float = 1.0
