"""Every activation that was recorded from another system is met by a counterpart, by a composition, or is a defect."""

import json
from pathlib import Path

import numpy as np
import pytest

from nlref import activations
from nlref.activations import log_sigmoid, mish, silu, softplus

FILES = {"keras": "keras3151", "pytorch": "torch213", "mxnet": "mxnet191"}

# What is met by a formula of two functions: the formula, and the bound of Counterpart for float32 and float64.
COMPOSED = {
    ("pytorch", "act/softplus_beta2"): (lambda x: softplus(2 * x) / 2, 2e-6, 3e-9),
    # oneDNN's softrelu: see the facts of softplus.
    ("mxnet", "act/log_sigmoid"): (log_sigmoid, 4e-6, 3e-9),
    ("mxnet", "act/mish"): (mish, 8e-5, 5e-8),
    ("mxnet", "act/swish"): (silu, 2e-6, 1e-14),
}

# What is wrong there: the right function, where it shows, and why. A test fails when it no longer shows.
DEFECTS = {
    ("pytorch", "act/softplus_thr1e9"): (
        softplus,
        lambda x: x > 1e3,
        "without its threshold it is log1p(exp(x)), which overflows",
    ),
}

# What is no activation, and where it belongs.
ELSEWHERE = {
    ("mxnet", "act/erf"): "a special function",
    ("mxnet", "act/expm1"): "a special function",
    ("mxnet", "act/log1p"): "a special function",
    ("mxnet", "act/smooth_l1"): "a loss, nlref.losses.smooth_l1 of x and 0",
}


def cases(system: str) -> dict[str, dict]:
    references = Path(__file__).parents[1] / "references"
    return json.loads((references / f"{FILES[system]}.json").read_text(encoding="utf-8"))["cases"]


CASES = {system: cases(system) for system in FILES}
CLAIMED = [
    (other.system, other.recorded)
    for facts in (*activations.FACTS.values(), *activations.ROW_FACTS.values())
    for other in facts.counterparts
    if other.recorded
]
ROWS = [
    (name, other)
    for name, facts in activations.ROW_FACTS.items()
    for other in facts.counterparts
    if other.recorded
]


@pytest.mark.parametrize("system", FILES)
def test_every_recorded_activation_is_accounted_for_once(system):
    # What MXNet's output layers return is met by the losses whose gradients they have: tests/losses/.
    keys = {key for key in CASES[system] if key.startswith(("act/", "layer/"))}
    assert len(keys) > 30
    claimed = {key for of, key in CLAIMED if of == system}
    tables = [{key for of, key in table if of == system} for table in (COMPOSED, DEFECTS, ELSEWHERE)]
    assert keys == claimed.union(*tables)
    assert len(keys) == len(claimed) + sum(map(len, tables))


def largest_difference(theirs: np.ndarray, ours: np.ndarray) -> float:
    theirs, ours = theirs.astype(float), ours.astype(float)
    with np.errstate(invalid="ignore"):
        difference = np.abs(theirs - ours) / np.maximum(1, np.abs(ours))
    difference[theirs == ours] = 0  # infinities too
    return difference.max()


@pytest.mark.parametrize("entry", COMPOSED, ids="/".join)
def test_a_composition_meets_what_was_recorded(entry, dtype, recorded):
    (system, key), (function, float32, float64) = entry, COMPOSED[entry]
    with np.errstate(over="ignore", under="ignore"):
        x = recorded("inputs.npz")["x"].astype(dtype)
        counts = np.isfinite(x) & np.isfinite(x * 2)
    theirs = recorded(f"{FILES[system]}.npz")[f"{key}/{dtype}/y"].ravel()
    bound = float32 if dtype == "float32" else float64
    assert largest_difference(theirs[counts], function(x[counts])) <= bound


@pytest.mark.parametrize("entry", DEFECTS, ids="/".join)
def test_a_defect_has_not_been_repaired(entry, dtype, recorded):
    (system, key), (function, where, _) = entry, DEFECTS[entry]
    with np.errstate(over="ignore", under="ignore"):
        x = recorded("inputs.npz")["x"].astype(dtype)
    theirs = recorded(f"{FILES[system]}.npz")[f"{key}/{dtype}/y"]
    shown = np.isfinite(x) & where(x)
    assert not np.allclose(theirs[shown], function(x)[shown], rtol=1e-3)
    sound = np.isfinite(x) & ~where(x) & (x < 80)
    assert largest_difference(theirs[sound], function(x)[sound]) < 4e-6


@pytest.mark.parametrize(
    ("name", "other"), ROWS, ids=[f"{name}={other.system}:{other.recorded}" for name, other in ROWS]
)
def test_rows_agree_with_what_was_recorded(name, other, dtype, recorded):
    case = CASES[other.system][other.recorded]
    theirs = recorded(f"{FILES[other.system]}.npz")
    if f"error_{dtype}" in case:
        assert f"{other.recorded}/{dtype}/y" not in theirs
        return
    inputs = recorded("inputs.npz")
    (argument,) = case["inputs"]
    with np.errstate(over="ignore", under="ignore"):
        x = inputs[argument].astype(dtype)
    g = inputs["sm_up"].astype(dtype) if case["grad_of"] == "sum(out*up)" else 1.0
    options = dict(other.options)
    axis = options.get("axis", -1)
    if "mask" in options:
        options["mask"] = np.tile(options["mask"], (len(x), 1))
        options["mask"][-1] = False  # as it was recorded
    function = getattr(activations, name)
    bound = getattr(other, dtype)
    # Rows with NaN or infinities: test_rows.py says what nlref gives; the systems disagree among themselves.
    counts = np.broadcast_to(np.isfinite(x).all(axis=axis, keepdims=True), x.shape)
    beyond = counts & (np.abs(x) > other.overflows).any(axis=axis, keepdims=True)
    counts = counts & ~beyond
    assert counts.mean() > 0.5
    for key, ours in (("y", function(x, **options)), (f"g_{argument}", function.vjp(x, g, **options))):
        value = theirs[f"{other.recorded}/{dtype}/{key}"].reshape(ours.shape)
        compared = counts[..., : ours.shape[-1]]
        difference = largest_difference(value[compared], ours[compared])
        if key != "y" and other.wrong_slope:
            assert difference > 0.01, "repaired"
        else:
            assert difference <= bound, f"{key}: {difference:.2g}"
        if key == "y" and beyond.any():
            assert largest_difference(value[beyond], ours[beyond]) > 1e-3, "repaired"
