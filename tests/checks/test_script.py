"""Exercises about classes: scripts of calls, attributes and assignments, compared step by step with a reference."""

import inspect
import textwrap
from dataclasses import replace

import numpy as np
import pytest

from nlref.checks import Case, Criterion, Exercise, Mistake, Property, evaluate
from nlref.checks.exercise import Assign, Attribute, Method


class Dense:
    def __init__(self, units):
        self.units = units
        self.kernel = None

    def build(self, inputs):
        limit = np.sqrt(6 / (inputs + self.units))
        self.kernel = np.random.default_rng(0).uniform(-limit, limit, (inputs, self.units))
        self.bias = np.zeros(self.units)

    def forward(self, x):
        if self.kernel is None:
            self.build(x.shape[-1])
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, g):
        self.kernel_gradient = self.x.T @ g
        self.bias_gradient = g.sum(axis=0)
        return g @ self.kernel.T


class BiasForgotten(Dense):
    def forward(self, x):
        self.x = x
        return x @ self.kernel


class GradientAveraged(Dense):
    def backward(self, g):
        returned = super().backward(g)
        self.kernel_gradient = self.kernel_gradient / len(g)
        return returned


class GradientTransposed(Dense):
    def backward(self, g):
        returned = super().backward(g)
        self.kernel_gradient = self.kernel_gradient.T
        return returned


class GradientAccumulated(Dense):
    kept = 0

    def backward(self, g):
        returned = super().backward(g)
        self.kept = self.kernel_gradient = self.kept + self.kernel_gradient
        return returned


class InputOverwritten(Dense):
    def forward(self, x):
        y = super().forward(x.copy())
        x -= x.mean()
        return y


class LoopDense(Dense):
    def forward(self, x):
        self.x = x
        return np.array([[sum(r * c) for c in self.kernel.T] for r in x]) + self.bias


def dense_cases(generator):
    def numbers(*shape):
        return np.round(generator.normal(size=shape), 2)

    def given(inputs, units):
        return (Assign("kernel", numbers(inputs, units)), Assign("bias", numbers(units)))

    forward = Method("forward", (numbers(4, 3),), compare=False)
    return (
        Case("values", (2,), steps=(*given(3, 2), Method("forward", (numbers(4, 3),)))),
        Case("values", (), {"units": 2}, steps=(*given(2, 2), Method("forward", (numbers(1, 2),)))),
        Case(
            "gradient",
            (2,),
            steps=(
                *given(3, 2),
                forward,
                Method("backward", (numbers(4, 2),)),
                Attribute("kernel_gradient"),
                Attribute("bias_gradient"),
                forward,
                Method("backward", (numbers(4, 2),)),
                Attribute("kernel_gradient"),
            ),
            tolerance=1e-6,
        ),
        Case("input unchanged", (2,), steps=(*given(3, 2), forward, Method("backward", (numbers(4, 2),)))),
    )


def record(reference, cases, criteria, **options):
    return Exercise(
        **{
            "id": reference.__name__.lower(),
            "unit": "00_test",
            "function": reference.__name__,
            "kind": "class",
            "reference": reference,
            "criteria": tuple(
                Criterion(name, share, f"The criterion {name} holds.") for name, share in criteria
            ),
            "public_inputs": lambda: cases(np.random.default_rng(0)),
            "private_inputs": cases,
            "mistakes": (),
            "alternatives": (reference,),
            "hints": ("?", "", "____"),
            "points": 10,
            "arguments": (),
            **options,
        }
    )


DENSE = record(
    Dense,
    dense_cases,
    (("values", 0.4), ("gradient", 0.4), ("input unchanged", 0.2)),
    mistakes=(
        Mistake("bias forgotten", BiasForgotten, "values", "The bias is not added."),
        Mistake(
            "gradients kept",
            GradientAccumulated,
            "gradient",
            "Gradients of an earlier batch are still there.",
        ),
    ),
)


class Momentum:
    """w - rate * v with v = momentum * v + g: gives the new weights."""

    def __init__(self, rate, momentum=0.0):
        self.rate, self.momentum, self.velocity = rate, momentum, 0.0

    def step(self, w, g):
        self.velocity = self.momentum * self.velocity + g
        return w - self.rate * self.velocity


class MomentumForgets(Momentum):
    def step(self, w, g):
        self.velocity = 0.0
        return super().step(w, g)


def momentum_cases(generator):
    def numbers(n):
        return np.round(generator.normal(size=n), 2)

    steps = tuple(Method("step", (numbers(3), numbers(3))) for _ in range(4))
    return (
        Case("values", (0.1,), {"momentum": 0.9}, steps=steps),
        Case("properties", (0.5,), steps=(Method("step", (numbers(3), np.zeros(3))),)),
    )


MOMENTUM = record(
    Momentum,
    momentum_cases,
    (("values", 0.8), ("properties", 0.2)),
    properties=(Property("without a gradient nothing moves", lambda w, g, y: y == w),),
)


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.waited = patience, np.inf, 0

    def update(self, loss):
        self.waited = 0 if loss < self.best else self.waited + 1
        self.best = min(self.best, loss)
        return self.waited >= self.patience


class StopsOneLate(EarlyStopping):
    def update(self, loss):
        super().update(loss)
        return self.waited > self.patience


def stopping_cases(generator):
    losses = [*np.round(generator.uniform(1, 2, 3), 2).tolist(), 3.0, 4.0, 5.0]
    return (Case("values", (2,), steps=(*(Method("update", (x,)) for x in losses), Attribute("best"))),)


STOPPING = record(EarlyStopping, stopping_cases, (("values", 1.0),))


class InPlace:
    """Writes into the weights that it is given."""

    def __init__(self, rate):
        self.rate = rate

    def apply(self, gradients, weights):
        for g, w in zip(gradients, weights, strict=True):
            w -= self.rate * g


def in_place_cases(generator):
    def arrays():
        return [generator.normal(size=(2, 2)), generator.normal(size=2)]

    return (
        Case("values", (0.1,), steps=(Method("apply", (arrays(), arrays())),)),
        Case("input unchanged", (0.1,), steps=(Method("apply", (arrays(), arrays())),)),
    )


IN_PLACE = record(InPlace, in_place_cases, (("values", 0.8), ("input unchanged", 0.2)))

RECORDS = (DENSE, MOMENTUM, STOPPING, IN_PLACE)


def criterion(result, name):
    return next(c for c in result.criteria if c.name == name)


@pytest.mark.parametrize("exercise", RECORDS, ids=lambda e: e.id)
@pytest.mark.parametrize("seed", [None, 4])
def test_the_reference_has_all_points(exercise, seed):
    result = evaluate(exercise, exercise.reference, private_seed=seed)
    assert result.passed, str(result)


def test_another_style_has_all_points():
    assert evaluate(DENSE, LoopDense, private_seed=1).passed
    assert evaluate(DENSE, lambda units: LoopDense(units)).passed, "a function that makes one will do"


def test_the_message_is_the_smallest_script_as_one_types_it():
    result = evaluate(DENSE, BiasForgotten)
    message = criterion(result, "values").message
    first, second = message.splitlines()
    assert first.startswith("`dense = Dense(2); dense.kernel = np.array([[")
    assert "; dense.forward(np.array([[" in first
    assert first.endswith("is right.")
    assert second == "The bias is not added."
    assert result.mistake == "bias forgotten"
    assert criterion(result, "gradient").passed


def test_a_typed_script_can_be_run():
    result = evaluate(DENSE, BiasForgotten)
    script = criterion(result, "values").message.split("`")[1]
    names = {"np": np, "Dense": BiasForgotten}
    *before, last = script.split("; ")
    exec("\n".join(before), names)
    got = eval(last, names)
    assert got.shape == (1, 2)
    assert f"[[{got[0, 0]:.6g}" in criterion(result, "values").message


def test_a_script_is_cut_where_it_fails_and_what_it_does_not_need_is_left_out():
    result = evaluate(MOMENTUM, MomentumForgets)
    message = criterion(result, "values").message
    assert message.count("momentum.step(") == 2, message
    assert "Momentum(0.1, momentum=0.9)" in message
    assert message.count("np.array([") == 4
    assert "np.array([0.13])" in message, "arrays are cut to one element"


def test_state_left_over_is_seen_in_the_second_pass_and_named():
    result = evaluate(DENSE, GradientAccumulated)
    message = criterion(result, "gradient").message
    assert message.count("dense.backward(") == 2
    assert "`: [[" in message
    assert "dense.kernel_gradient`" in message.splitlines()[0]
    assert result.mistake == "gradients kept"


@pytest.mark.parametrize(
    ("learners", "name"),
    [
        (GradientTransposed, "transposed"),
        (type("Doubled", (Dense,), {"forward": lambda self, x: 2 * Dense.forward(self, x)}), "factor 2"),
        (type("Negated", (Dense,), {"backward": lambda self, g: -Dense.backward(self, g)}), "sign flipped"),
    ],
)
def test_general_mistakes_are_named_in_classes(learners, name):
    result = evaluate(DENSE, learners)
    assert result.mistake == name, str(result)


def test_a_general_mistake_must_explain_every_result():
    class Half(Dense):
        def forward(self, x):
            return Dense.forward(self, x) * (2 if len(x) == 4 else 3)

    assert evaluate(DENSE, Half).mistake is None


def test_an_average_for_a_sum_is_shown():
    result = evaluate(DENSE, GradientAveraged)
    assert criterion(result, "values").passed
    assert "dense.kernel_gradient" in criterion(result, "gradient").message


def test_state_is_seen_as_it_was_when_it_was_read():
    """Whether a later step makes a new array or writes into the old one."""

    class MomentumInPlace(Momentum):
        def __init__(self, rate, momentum=0.0):
            super().__init__(rate, momentum)
            self.velocity = np.zeros(3)

        def step(self, w, g):
            self.velocity *= self.momentum
            self.velocity += g
            return self.velocity

    class VelocityAnew(MomentumInPlace):
        def step(self, w, g):
            self.velocity = self.momentum * self.velocity + g
            return self.velocity

    g = np.array([0.5, -1.0, 2.0])
    steps = (Method("step", (g, g)), Attribute("velocity"), Method("step", (g, g)), Attribute("velocity"))

    def cases(_=None):
        return (Case("values", (0.1,), {"momentum": 0.9}, steps=steps),)

    exercise = replace(
        MOMENTUM,
        reference=VelocityAnew,
        criteria=(Criterion("values", 1.0, "The velocity."),),
        public_inputs=cases,
        private_inputs=cases,
    )
    assert evaluate(exercise, MomentumInPlace).passed


def test_changed_input_costs_its_criterion_alone():
    result = evaluate(DENSE, InputOverwritten)
    assert [c.name for c in result.criteria if not c.passed] == ["input unchanged"]
    assert "the array that was handed in was changed" in criterion(result, "input unchanged").message


def test_bools_are_called_bools():
    result = evaluate(STOPPING, StopsOneLate)
    message = criterion(result, "values").message
    shown, why = message.splitlines()
    assert shown.endswith("False comes back, and True is right.")
    assert shown.startswith("`early_stopping = EarlyStopping(2); early_stopping.update(")
    assert why == "A right solution in which `>` stands where `>=` belongs gives the same."


def test_arrays_to_write_into_are_compared_afterwards():
    class Returns(InPlace):
        def apply(self, gradients, weights):
            return [w - self.rate * g for g, w in zip(gradients, weights, strict=True)]

    class Spoils(InPlace):
        def apply(self, gradients, weights):
            super().apply(gradients, weights)
            gradients[0][...] = 0

    message = criterion(evaluate(IN_PLACE, Returns), "values").message
    assert "argument 2 of `apply`, afterwards: result 1 of 2: " in message
    assert [c.name for c in evaluate(IN_PLACE, Spoils).criteria if not c.passed] == ["input unchanged"]


def test_a_law_sees_the_arguments_and_the_result_of_the_last_method():
    class Drifts(Momentum):
        def step(self, w, g):
            return super().step(w, g) + (0 if np.any(g) else 1)

    result = evaluate(MOMENTUM, Drifts)
    assert criterion(result, "values").passed
    assert "without a gradient nothing moves" in criterion(result, "properties").message


def test_what_is_missing_is_said():
    class NoBackward:
        def __init__(self, units):
            pass

        forward = Dense.forward

    result = evaluate(DENSE, NoBackward)
    assert "'NoBackward' object has no attribute 'backward'" in criterion(result, "gradient").message

    class OtherNames(Dense):
        def backward(self, g):
            self.dW, self.db = self.x.T @ g, g.sum(axis=0)
            return g @ self.kernel.T

    result = evaluate(DENSE, OtherNames)
    said = "the object has no `kernel_gradient`: store it as `self.kernel_gradient`"
    assert said in criterion(result, "gradient").message

    class Wrong(Dense):
        def __init__(self):
            pass

    assert "it raised TypeError" in criterion(evaluate(DENSE, Wrong), "values").message
    made = evaluate(DENSE, lambda units: np.zeros(units))
    assert "it makes an array, and an object is needed" in criterion(made, "values").message
    assert made.score == 0


def test_an_error_is_shown_with_the_learners_line():
    class Raises(Dense):
        def backward(self, g):
            return g @ self.kernel  # the line to show

    message = criterion(evaluate(DENSE, Raises), "gradient").message
    assert "it raised ValueError" in message
    assert "in the line `return g @ self.kernel  # the line to show`" in message


def test_stubs_are_not_attempted():
    class Released:
        def __init__(self, units):
            """The released cell."""
            ...

        def forward(self, x): ...

        def backward(self, g): ...

    class Begun:
        def __init__(self, units):
            self.units = units
            self.kernel = None

        def forward(self, x):
            raise NotImplementedError

        def backward(self, g):
            raise NotImplementedError

    class GivenAttributes(Released):
        def __init__(self, units):
            self.kernel_gradient, self.bias_gradient = np.zeros((3, units)), np.zeros(units)

        def forward(self, x): ...

        def backward(self, g): ...

    class Attempted(Released):
        def forward(self, x):
            self.x = x
            x + 1

        def backward(self, g):
            g + 1

    for stub in (Released, Begun, GivenAttributes, ..., None):
        assert not evaluate(DENSE, stub).attempted, stub
    result = evaluate(DENSE, Attempted)
    assert result.attempted
    assert "is a `return` missing?" in criterion(result, "values").message


def test_an_object_is_not_the_class():
    result = evaluate(DENSE, Dense(2))
    assert "not a class" in result.note
    assert "check('dense', Dense)" in result.note
    assert result.score == 0


# Values


def half_and_quarter():
    return np.array([0.5, 0.25])


VALUE = record(
    half_and_quarter,
    lambda generator: (Case("values", ()),),
    (("values", 1.0),),
    function="weights",
    kind="value",
    mistakes=(Mistake("not normalised", lambda: np.array([2.0, 1.0]), "values", "They do not sum to 3/4."),),
)


def test_a_value_is_compared_and_its_mistakes_are_named():
    assert evaluate(VALUE, np.array([0.5, 0.25])).passed
    assert evaluate(VALUE, [0.5, 0.25]).passed
    result = evaluate(VALUE, np.array([2.0, 1.0]))
    assert result.mistake == "not normalised"
    assert criterion(result, "values").message.startswith("[2, 1] comes back, and [0.5, 0.25] is right.")
    assert not evaluate(VALUE, np.array([0.5])).passed
    assert not evaluate(VALUE, "text").passed
    assert not evaluate(VALUE, ...).attempted
    assert "`weights` is not assigned yet." in evaluate(VALUE, ...).note


# Several results


def test_several_results_are_compared_one_by_one():
    def reference(x):
        return x + 1, np.sum(x)

    exercise = record(
        reference,
        lambda generator: (Case("values", (np.round(generator.normal(size=(2, 3)), 2),)),),
        (("values", 1.0),),
        kind="function",
        arguments=("x",),
    )
    assert evaluate(exercise, reference).passed
    assert evaluate(exercise, lambda x: [x + 1, np.sum(x)]).passed
    said = criterion(evaluate(exercise, lambda x: (x + 1, np.sum(x) / 2)), "values").message
    assert "result 2 of 2: " in said
    doubled = evaluate(exercise, lambda x: (2 * (x + 1), np.sum(x)))
    assert doubled.mistake == "factor 2"
    assert "2 results are right, in a tuple" in str(evaluate(exercise, lambda x: x + 1))
    assert "1 result comes back, and 2 are right" in str(evaluate(exercise, lambda x: (x + 1,)))


def source_of(*classes):
    return "import numpy as np\n" + "\n".join(textwrap.dedent(inspect.getsource(one)) for one in classes)
