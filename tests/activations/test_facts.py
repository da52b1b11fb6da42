"""The tables of facts are complete, and the kernels are what their signatures and sources say they are."""

import importlib
import inspect
import pkgutil

import mpmath
import numpy as np
import pytest

from nlref import activations

FAMILIES = [
    importlib.import_module(f"nlref.activations.{module.name}")
    for module in pkgutil.iter_modules(activations.__path__)
]


def public_functions(module) -> set[str]:
    return {name for name in module.__all__ if callable(getattr(module, name))}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda module: module.__name__)
def test_a_family_has_one_row_for_each_public_kernel_and_each_kernel_its_gradient(family):
    kernels = {name for name in public_functions(family) if not name.endswith("_vjp")}
    assert set(family.FACTS) == kernels
    assert public_functions(family) == kernels | {f"{name}_vjp" for name in kernels}


def test_every_family_file_is_joined():
    assert len(FAMILIES) >= 3
    rows = {**activations.FACTS, **activations.ROW_FACTS}
    assert set(rows) == set().union(*(family.FACTS for family in FAMILIES))
    assert len(rows) == len(activations.FACTS) + len(activations.ROW_FACTS)
    others = {"ALIASES", "FACTS", "ROW_FACTS", "get", *activations.ALIASES}
    assert set(activations.__all__) == others.union(*(public_functions(family) for family in FAMILIES))
    for family in FAMILIES:
        for name in public_functions(family):
            assert getattr(activations, name) is getattr(family, name)


def test_the_signature_says_what_can_be_passed(kernel):
    for function in (kernel.value, kernel.vjp):
        shown = inspect.signature(function)
        body = inspect.signature(function.__wrapped__)
        assert list(shown.parameters) == [*body.parameters, "out"]
        assert shown.parameters["out"].kind is inspect.Parameter.KEYWORD_ONLY
        for parameter in body.parameters.values():
            assert shown.parameters[parameter.name] == parameter
        assert body.return_annotation is not inspect.Signature.empty


def test_the_source_is_the_formula_and_the_docstring_says_what_it_cannot(kernel):
    assert f"def {kernel.name}(" in inspect.getsource(kernel.value)
    assert f"def {kernel.name}_vjp(" in inspect.getsource(kernel.vjp)
    assert kernel.value.__name__ == kernel.name
    assert kernel.value.vjp is kernel.vjp
    assert "elementwise" in kernel.value.__doc__
    for system in ("Keras", "PyTorch", "MXNet"):
        assert system in kernel.value.__doc__
    for counterpart in kernel.facts.counterparts:
        if counterpart.system == "keras":
            assert counterpart.function in kernel.value.__doc__


def test_the_first_case_is_the_default(kernel):
    options = kernel.options(kernel.facts.cases[0].options)
    assert {name: options[name] for name in kernel.options({})} == kernel.options({})


def test_a_coarse_bound_on_a_counterpart_has_a_reason(kernel):
    for counterpart in kernel.facts.counterparts:
        if counterpart.float32 > 2e-6 or counterpart.float64 > 1e-14:
            assert counterpart.differs, counterpart.call


def test_a_slope_said_of_another_system_has_a_counterpart_that_tests_it(kernel):
    for case in kernel.facts.cases:
        compared = {
            other.system
            for other in kernel.facts.counterparts
            if kernel.options(other.options) == kernel.options(case.options)
        }
        for kink in case.kinks:
            said = {name for name in ("keras", "pytorch", "mxnet") if getattr(kink, name) is not None}
            assert said == compared


def test_exact_slope_is_the_derivative_of_exact(shape):
    facts, options = shape.kernel.facts, shape.facts.options
    with mpmath.workdps(60):
        for x in shape.away_from_kinks(np.linspace(-20.3, 19.7, 41), 0.01):
            true = mpmath.diff(lambda t: facts.exact(mpmath.mp, t, **options), mpmath.mpf(float(x)))
            said = facts.exact_slope(mpmath.mp, mpmath.mpf(float(x)), **options)
            assert abs(said - true) <= mpmath.mpf(10) ** -30 * max(1, abs(true)), x


def test_the_slope_taken_at_a_kink_is_a_subgradient(shape):
    for kink in shape.facts.kinks:
        assert min(kink.left, kink.right) <= kink.slope <= max(kink.left, kink.right)
