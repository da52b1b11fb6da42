"""What "correct" means for every exercise of the course, as data, and the engine that judges by it."""

from nlref.checks.call import Call, Outcome, Warned, call_locally
from nlref.checks.engine import evaluate, nearest, without_private
from nlref.checks.exercise import Case, Criterion, Curve, Exercise, Mistake, Option, Property, Question
from nlref.checks.result import CheckResult, CriterionResult
from nlref.checks.unit_01_first_activations import EXERCISES as UNIT_01
from nlref.checks.unit_02_stability import EXERCISES as UNIT_02
from nlref.checks.unit_03_softmax import EXERCISES as UNIT_03
from nlref.checks.unit_04_rectifiers import EXERCISES as UNIT_04
from nlref.checks.unit_05_smooth_and_hard import EXERCISES as UNIT_05
from nlref.checks.unit_06_regression_losses import EXERCISES as UNIT_06
from nlref.checks.unit_07_crossentropy import EXERCISES as UNIT_07
from nlref.checks.unit_08_divergences_and_margins import EXERCISES as UNIT_08
from nlref.checks.unit_09_gradients import EXERCISES as UNIT_09
from nlref.checks.unit_10_backpropagation import EXERCISES as UNIT_10
from nlref.checks.unit_11_depth import EXERCISES as UNIT_11
from nlref.checks.unit_12_training import EXERCISES as UNIT_12

EXERCISES: dict[str, Exercise | Question] = {
    exercise.id: exercise
    for exercise in (
        *UNIT_01,
        *UNIT_02,
        *UNIT_03,
        *UNIT_04,
        *UNIT_05,
        *UNIT_06,
        *UNIT_07,
        *UNIT_08,
        *UNIT_09,
        *UNIT_10,
        *UNIT_11,
        *UNIT_12,
    )
}

__all__ = [
    "EXERCISES",
    "Call",
    "Case",
    "CheckResult",
    "Criterion",
    "CriterionResult",
    "Curve",
    "Exercise",
    "Mistake",
    "Option",
    "Outcome",
    "Property",
    "Question",
    "Warned",
    "call_locally",
    "evaluate",
    "find",
    "without_private",
]


def find(exercise_id: str) -> Exercise | Question:
    """The exercise or question with this id; ``ValueError`` with the nearest names if there is none."""
    if exercise_id not in EXERCISES:
        raise ValueError(
            f"there is no exercise {exercise_id!r}: {nearest(str(exercise_id), list(EXERCISES))}"
        )
    return EXERCISES[exercise_id]
