"""The optimizers: ten steps beside Keras' ten, the first step by hand, and what is said of wrong input."""

import numpy as np
import pytest

from nlref import optimizers
from nlref.optimizers import SGD, Adam, AdamW, RMSprop

SHAPES = [(5, 4), (4,), (2, 3, 4)]
STEPS = 10
# Numbers that are the same in float32: Keras rounds momentum, betas and decay to it before it uses them in float64.
CASES = [
    (SGD, {}),
    (SGD, {"momentum": 0.875}),
    (SGD, {"momentum": 0.875, "nesterov": True}),
    (SGD, {"nesterov": True}),
    (SGD, {"weight_decay": 0.125}),
    (SGD, {"clipvalue": 0.5}),
    (SGD, {"clipnorm": 0.5}),
    (SGD, {"global_clipnorm": 0.75, "momentum": 0.5}),
    (RMSprop, {}),
    (RMSprop, {"rho": 0.5, "epsilon": 1e-3}),
    (RMSprop, {"momentum": 0.5}),
    (RMSprop, {"centered": True}),
    (RMSprop, {"centered": True, "momentum": 0.75, "clipvalue": 0.25}),
    (Adam, {"beta_1": 0.875, "beta_2": 0.9990234375}),
    (Adam, {"beta_1": 0.0, "beta_2": 0.75, "epsilon": 1e-2}),
    (Adam, {"beta_1": 0.875, "beta_2": 0.5, "amsgrad": True}),
    (Adam, {"beta_1": 0.875, "beta_2": 0.96875, "weight_decay": 0.25, "clipnorm": 1.0}),
    (AdamW, {"beta_1": 0.875, "beta_2": 0.9990234375, "weight_decay": 0.00390625}),
]
DEFAULTS = [(rule, {}) for rule in (SGD, RMSprop, Adam, AdamW)] + [
    (SGD, {"momentum": 0.9}),
    (Adam, {"amsgrad": True}),
]
IDS = lambda case: f"{case[0].__name__}-{'-'.join(f'{k}={v}' for k, v in case[1].items())}"  # noqa: E731


def gradients(rng, dtype):
    """Entries from 1e-8 to 10, so that every epsilon counts somewhere, and some that are zero."""
    sizes = [10 ** rng.uniform(-8, 0.5, shape) * (rng.random(shape) < 0.9) for shape in SHAPES]
    return [
        (rng.standard_normal(shape) * size).astype(dtype) for shape, size in zip(SHAPES, sizes, strict=True)
    ]


def ten_steps(keras, rule, options, dtype, rates=None):
    """What ours and Keras' optimizer make of the same parameters in ten steps on the same gradients."""
    rng = np.random.default_rng(7)
    ours = rule(**options)
    theirs = getattr(keras.optimizers, rule.__name__)(**options)
    parameters = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    variables = [keras.Variable(w, dtype=dtype) for w in parameters]
    for step in range(STEPS):
        if rates:
            ours.learning_rate = theirs.learning_rate = rates[step]
        g = gradients(rng, dtype)
        ours.apply(g, parameters)
        theirs.apply([keras.ops.convert_to_tensor(array) for array in g], variables)
    assert ours.iterations == int(theirs.iterations) == STEPS
    return parameters, [variable.numpy() for variable in variables]


@pytest.mark.parametrize("case", [*CASES, *DEFAULTS], ids=IDS)
@pytest.mark.parametrize("learning_rate", [None, 0.1])
def test_ten_steps_are_keras_ten_steps_in_float32(keras, case, learning_rate):
    rule, options = case
    if learning_rate:
        options = {**options, "learning_rate": learning_rate}
    rate = learning_rate or rule().learning_rate
    # 1 - beta**t is good to 5e-5 in float32, and both may err within that where the processor's pow differs.
    off = 1e-4 * rate if issubclass(rule, Adam) else 2e-6 * rate
    for ours, theirs in zip(*ten_steps(keras, rule, options, "float32"), strict=True):
        assert ours.dtype == theirs.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=off)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_ten_steps_are_keras_ten_steps_in_float64(float64_keras, case):
    rule, options = case
    for ours, theirs in zip(*ten_steps(float64_keras, rule, options, "float64"), strict=True):
        assert ours.dtype == theirs.dtype == np.float64
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", DEFAULTS, ids=IDS)
def test_with_keras_defaults_in_float64_only_its_rounding_of_constants_to_float32_differs(
    float64_keras, case
):
    """0.999 in float32 is 1.3e-8 too much, of 1 - 0.999 that is 1.3e-5, and Adam's step has the root of it."""
    rule, options = case
    for ours, theirs in zip(*ten_steps(float64_keras, rule, options, "float64"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=STEPS * 1e-5 * rule().learning_rate)


@pytest.mark.parametrize("case", [(SGD, {"momentum": 0.875}), (RMSprop, {}), (Adam, {})], ids=IDS)
def test_the_learning_rate_may_change_between_steps(keras, case):
    rates = [0.1 * 0.5**step for step in range(STEPS)]
    for ours, theirs in zip(*ten_steps(keras, *case, "float32", rates), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_options_match_keras(keras, seed):
    rng = np.random.default_rng(seed)
    rule = (SGD, RMSprop, Adam, AdamW)[seed % 4]
    options = {"learning_rate": float(10 ** rng.uniform(-4, 0))}
    if rule is SGD:
        options |= {"momentum": float(rng.random()), "nesterov": bool(rng.integers(2))}
    elif rule is RMSprop:
        options |= {
            "rho": float(rng.random()),
            "momentum": float(rng.random()),
            "centered": bool(rng.integers(2)),
        }
    else:
        options |= {
            "beta_1": float(rng.random()),
            "beta_2": float(rng.random()),
            "amsgrad": bool(rng.integers(2)),
        }
    if rule is not SGD:
        options["epsilon"] = float(10 ** rng.uniform(-8, -1))
    clip = rng.choice(["clipnorm", "clipvalue", "global_clipnorm", ""])
    if clip:
        options[str(clip)] = float(10 ** rng.uniform(-2, 1))
    if rng.integers(2):
        options["weight_decay"] = float(rng.random())
    for ours, theirs in zip(*ten_steps(keras, rule, options, "float32"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-5 * options["learning_rate"])


def one_step(optimizer, w, g):
    w = np.array(w, float)
    optimizer.apply([np.array(g, float)], [w])
    return w


def test_first_steps_by_hand():
    np.testing.assert_allclose(one_step(SGD(0.5), [1, 2], [2, -4]), [0, 4])
    np.testing.assert_allclose(one_step(SGD(0.5, momentum=0.9), [1, 2], [2, -4]), [0, 4])
    np.testing.assert_allclose(one_step(SGD(0.5, momentum=0.9, nesterov=True), [1, 2], [2, -4]), [-0.9, 5.8])
    np.testing.assert_allclose(
        one_step(RMSprop(0.1, epsilon=0), [1, 2], [2, -4]), [1 - 0.1**0.5, 2 + 0.1**0.5]
    )
    np.testing.assert_allclose(one_step(Adam(0.1, epsilon=0), [1, 2], [2e-9, -4e9]), [0.9, 2.1])
    np.testing.assert_allclose(
        one_step(AdamW(0.1, weight_decay=0.5, epsilon=0), [1, 2], [2, -4]), [0.85, 2.0]
    )


def test_momentum_gathers_speed():
    """On a constant slope the velocity goes to -rate * g / (1 - momentum)."""
    optimizer, w = SGD(0.1, momentum=0.9), np.zeros(1)
    for _ in range(300):
        before = w.copy()
        optimizer.apply([np.ones(1)], [w])
    assert w - before == pytest.approx(-1.0)


def test_clipping_by_hand():
    assert one_step(SGD(1, clipvalue=1), [0, 0], [3, -0.4]).tolist() == [-1, 0.4]
    np.testing.assert_allclose(one_step(SGD(1, clipnorm=1), [0, 0], [3, -4]), [-0.6, 0.8])
    np.testing.assert_allclose(one_step(SGD(1, clipnorm=9), [0, 0], [3, -4]), [-3, 4])
    a, b = np.zeros(1), np.zeros(1)
    SGD(1, global_clipnorm=1).apply([np.array([3.0]), np.array([4.0])], [a, b])
    np.testing.assert_allclose([a[0], b[0]], [-0.6, -0.8])


def test_a_gradient_of_great_numbers_is_clipped_and_one_of_zeros_left():
    g = np.array([3e30, 4e30], "float32")
    for option in ("clipnorm", "global_clipnorm"):
        w = np.zeros(2, "float32")
        SGD(1, **{option: 5.0}).apply([g], [w])
        np.testing.assert_allclose(w, [-3, -4], rtol=1e-6)
        SGD(1, **{option: 5.0}).apply([np.zeros(2)], [w])
        np.testing.assert_allclose(w, [-3, -4], rtol=1e-6)


def test_a_gradient_that_is_not_finite_shows_everywhere_after_global_clipping():
    a, b = np.zeros(1), np.zeros(1)
    SGD(1, global_clipnorm=1).apply([np.array([np.inf]), np.array([4.0])], [a, b])
    assert np.isnan([a, b]).all()


@pytest.mark.parametrize("rule", [SGD, RMSprop, Adam, AdamW])
def test_parameters_change_in_place_in_their_dtype_and_gradients_do_not(rule):
    parameters = [np.ones((2, 3), "float32"), np.ones(3, "float64")]
    kept = list(parameters)
    g = [np.ones((2, 3)), np.ones(3, "float32")]
    optimizer = rule(global_clipnorm=0.5)
    optimizer.apply(g, parameters)
    optimizer.apply(g, parameters)
    assert all(a is b for a, b in zip(parameters, kept, strict=True))
    assert [w.dtype for w in parameters] == [np.float32, np.float64]
    assert all((w < 1).all() for w in parameters)
    assert all((array == 1).all() for array in g)
    assert optimizer.iterations == 2


def test_a_diverging_training_gives_infinities_and_nan_without_warnings():
    for rule, end in ((SGD, -np.inf), (RMSprop, np.nan), (Adam, np.nan)):  # inf, and inf / inf
        w = np.array([1.0], "float32")
        rule(1e3).apply([np.array([3e38], "float32")], [w])
        np.testing.assert_equal(w, np.float32(end))


def test_no_parameters_are_no_step():
    optimizer = Adam()
    optimizer.apply([], [])
    assert optimizer.iterations == 0


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adam", "adamw", "Adam", "RMSprop"])
def test_get_finds_keras_names_with_keras_defaults(keras, name):
    ours, theirs = optimizers.get(name), keras.optimizers.get(name).get_config()
    assert type(ours).__name__.lower() == name.lower()
    for option in (
        "learning_rate",
        "momentum",
        "nesterov",
        "rho",
        "centered",
        "beta_1",
        "beta_2",
        "epsilon",
        "amsgrad",
        "weight_decay",
        "clipnorm",
        "clipvalue",
        "global_clipnorm",
    ):
        assert hasattr(ours, option) == (option in theirs), option
        if option in theirs:
            assert getattr(ours, option) == pytest.approx(theirs[option]), option


def test_get_returns_an_optimizer_and_a_new_one_for_a_name():
    optimizer = SGD()
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get("sgd") is not optimizers.get("sgd")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: optimizers.get("adamm"), ValueError, "'adamm'; did you mean 'adam'"),
        (lambda: optimizers.get("zzz"), ValueError, "there are sgd, rmsprop, adam, adamw"),
        (lambda: optimizers.get(SGD), TypeError, "the class SGD; call it"),
        (lambda: optimizers.get(None), TypeError, "not None"),
        (lambda: SGD("fast"), TypeError, "learning_rate must be a number, not 'fast'"),
        (lambda: SGD(-0.1), ValueError, "learning_rate must be from 0 on, not -0.1"),
        (lambda: SGD(float("nan")), ValueError, "learning_rate"),
        (lambda: SGD(momentum=1.5), ValueError, "momentum must be from 0 to 1, not 1.5"),
        (lambda: SGD(clipnorm=0), ValueError, "clipnorm must be above 0, not 0"),
        (lambda: SGD(clipnorm=1, clipvalue=1), ValueError, "only one of clipnorm and clipvalue"),
        (lambda: SGD(decay=0.1), TypeError, "decay"),
        (lambda: Adam(beta_2=1), ValueError, "beta_2 must be below 1"),
        (lambda: Adam(beta_1=True), TypeError, "beta_1 must be a number"),
        (lambda: AdamW(weight_decay=None), ValueError, "without one it is Adam"),
        (
            lambda: setattr(SGD(), "learning_rate", None),
            TypeError,
            "learning_rate must be a number, not None",
        ),
        (lambda: SGD().apply([np.ones(2)], []), ValueError, "1 gradients for 0 parameters"),
        (
            lambda: SGD().apply([np.ones(2)], [np.ones(3)]),
            ValueError,
            r"gradient 0 has the shape \(2,\).*\(3,\)",
        ),
        (lambda: SGD().apply([None], [np.ones(3)]), ValueError, "parameter 0 has no gradient"),
        (
            lambda: SGD().apply([[1.0]], [[1.0]]),
            TypeError,
            "parameter 0 must be an array of float numbers, not list",
        ),
        (lambda: SGD().apply([np.ones(1)], [np.ones(1, int)]), TypeError, "not int64"),
    ],
)
def test_wrong_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_other_parameters_are_refused_and_nothing_is_changed():
    optimizer, w = Adam(), np.ones(3)
    optimizer.apply([np.ones(3)], [w])
    kept = w.copy()
    with pytest.raises(ValueError, match="not the parameters of the steps before"):
        optimizer.apply([np.ones(2)], [np.ones(2)])
    with pytest.raises(ValueError, match="gradient 1"):
        optimizer.apply([np.ones(3), np.ones(2)], [w, np.ones(3)])
    assert (w == kept).all()
    assert optimizer.iterations == 1
