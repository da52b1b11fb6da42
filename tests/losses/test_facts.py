"""The tables of facts are complete, and the losses are what their signatures and sources say they are."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

from nlref import losses

FAMILIES = [
    module
    for module in (
        importlib.import_module(f"nlref.losses.{found.name}")
        for found in pkgutil.iter_modules(losses.__path__)
    )
    if hasattr(module, "FACTS")
]


def public_functions(module) -> set[str]:
    return {name for name in module.__all__ if callable(getattr(module, name))}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda module: module.__name__)
def test_a_family_has_one_row_for_each_public_loss_and_each_loss_its_gradient(family):
    values = {name for name in public_functions(family) if hasattr(getattr(family, name), "plan")}
    assert set(family.FACTS) == values
    assert public_functions(family) >= values | {f"{name}_vjp" for name in values}


def test_every_family_file_is_joined():
    assert len(FAMILIES) >= 6
    assert set(losses.FACTS) == set().union(*(family.FACTS for family in FAMILIES))
    for family in FAMILIES:
        for name in family.FACTS:
            assert {name, f"{name}_vjp"} <= set(losses.__all__)
            assert getattr(losses, name) is getattr(family, name)


def test_the_signature_says_what_can_be_passed(loss):
    for function in (loss.value, loss.vjp):
        shown, body = (
            inspect.signature(function).parameters,
            inspect.signature(function.__wrapped__).parameters,
        )
        assert list(shown) == [*body, "reduction", "sample_weight"]
        for name in ("reduction", "sample_weight"):
            assert shown[name].kind is inspect.Parameter.KEYWORD_ONLY
    assert inspect.signature(loss.value).parameters["reduction"].default == "sum_over_batch_size"
    assert inspect.signature(loss.vjp).parameters["g"].default == 1.0


def test_the_source_is_the_formula_and_the_docstring_says_what_it_cannot(loss):
    assert f"def {loss.name}(" in inspect.getsource(loss.value)
    assert f"def {loss.name}_vjp(" in inspect.getsource(loss.vjp)
    assert loss.value.vjp is loss.vjp
    for system in ("Keras", "PyTorch", "MXNet"):
        assert system in loss.value.__doc__
    for other in loss.facts.counterparts:
        if other.system == "keras" and not other.function.split(".")[-1][0].isupper():
            assert other.function.removesuffix("()") in loss.value.__doc__
    for name in loss.value.plan.defaults:
        assert name in loss.value.__wrapped__.__doc__, f"{name} is not explained"


def test_help_says_what_all_losses_share(loss):
    assert "Of every loss\n    ``reduction``" in loss.value.__doc__
    assert f"those of `{loss.name}`" in loss.vjp.__doc__


def test_the_first_case_is_the_default(loss):
    assert loss.facts.cases[0] == {}


def test_draws_are_what_they_are_said_to_be(case):
    arrays = case.draw("float64")
    assert len(arrays) == len(case.loss.arrays)
    assert arrays[case.positions()[0]].shape == case.loss.facts.shape
    assert all(np.isfinite(array).all() for array in arrays)
    assert all(
        np.array_equal(array, again) for array, again in zip(arrays, case.draw("float64"), strict=True)
    )
