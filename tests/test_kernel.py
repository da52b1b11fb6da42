"""The decorators themselves: how a kernel is defined, how arrays are cut into pieces, threads and forks."""

import inspect
import mmap
import os
import pickle
import platform
import subprocess
import sys
import threading
import time
from textwrap import dedent

import numpy as np
import pytest

from nlref import activations, arrays, blocks
from nlref.kernel import elementwise, gradient_of, namespace, set_threads, threads


@pytest.fixture
def two_threads():
    set_threads(2)
    yield
    set_threads(None)


def python(program: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", dedent(program)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_namespace_is_numpy_for_arrays_and_numbers():
    for value in (np.ones(3), 1.0, [1], np.float32(2)):
        assert namespace(value) is arrays


def test_defaults_are_options_and_booleans_stay_booleans():
    @elementwise
    def scaled(x, factor=2.0, twice=False):
        """Doc."""
        return x * factor * (2 if twice else 1)

    assert scaled(3.0) == 6
    assert scaled(3.0, 1, True) == 6
    assert scaled(3.0, twice=np.True_) == 12
    assert str(inspect.signature(scaled)) == "(x, factor=2.0, twice=False, *, out=None)"
    assert scaled.__doc__ == "Doc."
    with pytest.raises(TypeError, match=r"^scaled: twice must be True or False, not 1$"):
        scaled(3.0, twice=1)
    with pytest.raises(TypeError, match=r"^scaled: factor must be a number, not a NoneType$"):
        scaled(3.0, factor=None)


def test_a_gradient_must_have_the_parameters_of_its_kernel():
    @elementwise
    def scaled(x, factor=2.0):
        return x * factor

    for wrong in (
        lambda x, g: g,
        lambda x, g, factor=3.0: g,
        lambda x, upstream, factor=2.0: upstream,
        lambda y, g, factor=2.0: g,
        lambda x, g, factor=2.0, more=1: g,
    ):
        with pytest.raises(TypeError, match=r"must take \(x, g, factor=2.0\) to be the gradient of scaled"):
            gradient_of(scaled)(wrong)
    assert scaled.vjp is None

    @gradient_of(scaled)
    def scaled_vjp(x, g, factor=2.0):
        return g * factor

    assert scaled.vjp is scaled_vjp


def test_a_kernel_of_two_arrays_has_a_gradient_for_each():
    @elementwise
    def scaled(x, scale, power=1.0):
        return x * scale**power

    with pytest.raises(TypeError, match=r"must take \(x, g, scale, power=1.0\) to be the gradient of scaled"):

        @gradient_of(scaled)
        def scaled_vjp(x, g, power=1.0):
            return g

    @gradient_of(scaled)
    def scaled_vjp(x, g, scale, power=1.0) -> tuple[np.ndarray, np.ndarray]:
        return g * scale**power, g * x * power * scale ** (power - 1)

    x, scale = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    to_x, to_scale = scaled_vjp(x, 1.0, scale, power=2.0)
    np.testing.assert_array_equal(to_x, [[1.0, 4.0, 9.0], [1.0, 4.0, 9.0]])
    np.testing.assert_array_equal(to_scale, [3 * 2.0, 5 * 4.0, 7 * 6.0])
    to_x, to_scale = scaled_vjp(3.0, 1.0, 2.0)
    assert (to_x, to_scale) == (2.0, 3.0)
    with pytest.raises(ValueError, match=r"^scaled: scale of shape \(2,\) does not fit x of shape \(2, 3\)$"):
        scaled(x, [1.0, 2.0])


def test_a_walk_in_order_stays_in_the_calling_thread(two_threads, monkeypatch):
    monkeypatch.setattr(blocks, "_WORTH_THREADS", 0.0)
    seen = []
    blocks.walk(lambda piece: seen.append((threading.get_ident(), piece[0].start)), (1000,), 10, ordered=True)
    assert seen == [(threading.get_ident(), start) for start in range(0, 1000, 10)]


def test_kernels_pickle_by_name():
    for name in activations.FACTS:
        function = getattr(activations, name)
        assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (5, 3), (2, 3, 4), (1, 1, 9), (4, 1, 3), (100, 2)])
@pytest.mark.parametrize("most", [1, 2, 4, 7, 1000])
def test_pieces_cover_an_array_once(shape, most):
    count = np.zeros(shape, int)
    for piece in blocks._pieces(shape, most):
        assert 0 < count[piece].size <= most
        count[piece] += 1
    assert (count == 1).all()


@pytest.mark.parametrize(
    "shape", [(blocks.BLOCK,), (blocks.BLOCK + 1,), (3, 2 * blocks.BLOCK), (5000, 70), (2,) * 18]
)
def test_blocks_give_what_one_pass_gives(shape, two_threads, monkeypatch):
    monkeypatch.setattr(blocks, "_WORTH_THREADS", 0.0)
    x = np.random.default_rng(0).normal(scale=5, size=shape).astype(np.float32)
    threaded = activations.softplus(x)
    set_threads(1)
    np.testing.assert_array_equal(activations.softplus(x), threaded)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(activations.softplus.__wrapped__(x), threaded, rtol=1e-6)


def test_big_arrays_use_threads_and_small_ones_start_none():
    program = """
        import sys, threading
        import numpy as np
        from nlref import arrays, blocks
        from nlref.activations import softplus
        blocks._WORTH_THREADS = 0.0
        softplus(np.ones(blocks.BLOCK))
        assert threading.active_count() == 1 and "concurrent.futures" not in sys.modules
        softplus(np.ones(50 * blocks.BLOCK))
        print(sorted(t.name for t in threading.enumerate() if t.name.startswith("nlref")))
    """
    assert python(program, NLREF_THREADS="3").stdout == "['nlref_0', 'nlref_1']\n"
    assert python(program, NLREF_THREADS="1").stdout == "[]\n"


def test_worker_threads_ignore_floating_point_errors_too(two_threads, monkeypatch):
    monkeypatch.setattr(blocks, "_WORTH_THREADS", 0.0)
    seen = set()

    @elementwise
    def noting(x):
        seen.add(threading.get_ident())
        return np.exp(x) - np.exp(x)

    with np.errstate(all="raise"):
        for _ in range(100):
            assert np.isnan(noting(np.full(100 * blocks.BLOCK, 1e4))).all()
            if len(seen) > 1:
                return
    raise AssertionError("the second thread never took a piece")


def test_an_error_in_a_piece_is_raised_and_nothing_is_written_after_it(two_threads, monkeypatch):
    monkeypatch.setattr(blocks, "_WORTH_THREADS", 0.0)

    @elementwise
    def failing(x):
        if x[0] > 0:
            raise ZeroDivisionError("on purpose")
        time.sleep(0.05)
        return x

    x = np.repeat([0.0, 0.0, 1.0, 0.0, 0.0, 0.0], blocks.BLOCK)
    out = np.full_like(x, 7)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        failing(x, out=out)
    left = out.copy()
    assert (left == 7).any()
    time.sleep(0.2)
    np.testing.assert_array_equal(out, left)
    # The pool is still good.
    np.testing.assert_array_equal(activations.relu(-x), np.zeros_like(x))


def test_a_fork_after_the_pool_was_used_does_not_hang():
    program = """
        import os, signal
        import numpy as np
        from nlref import arrays, blocks
        from nlref.activations import softplus
        blocks._WORTH_THREADS = 0.0
        x = np.ones(100 * blocks.BLOCK)
        softplus(x)
        assert blocks._pool is not None
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            softplus(x)
            os._exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    done = python(program, NLREF_THREADS="2")
    assert done.stdout == "7\n", done.stderr


def test_set_threads():
    set_threads(3)
    assert threads() == 3
    set_threads(None)
    assert threads() >= 1
    for bad in (0, -1, 1.5, True, "2"):
        with pytest.raises(ValueError, match="count must be a positive integer or None"):
            set_threads(bad)
    done = python("from nlref.kernel import threads; threads()", NLREF_THREADS="many")
    assert "NLREF_THREADS must be a positive integer, not 'many'" in done.stderr


def test_in_float64_float32_is_rounded_once():
    seen = []

    @elementwise(in_float64=True)
    def cancelling(x):
        seen.append(x.dtype)
        return (1.0 + x) - 1.0

    @gradient_of(cancelling)
    def cancelling_vjp(x, g):
        seen.append(g.dtype)
        return (1.0 + g) - 1.0

    x = np.array([1e-9, 0.1, 3.0], np.float32)
    for result in (cancelling(x), cancelling_vjp(x, x), cancelling(x, out=np.empty_like(x))):
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, x, rtol=1e-6)
    assert set(seen) == {np.dtype(np.float64)}
    assert cancelling(x[0]) != (np.float32(1) + x[0]) - np.float32(1)


def test_in_float64_sixteen_bits_are_those_of_float32_rounded():
    @elementwise(in_float64=True)
    def just_above_a_tie(x):
        return x + (2.0**-11 + 2.0**-40)  # float32 rounds this to the tie, which goes to the even number

    one = np.ones(1, np.float16)
    assert just_above_a_tie(one) == just_above_a_tie(one.astype(np.float32)).astype(np.float16) == 1


def test_temporaries_are_not_paged_in_again_at_every_operation():
    """Memory that is handed back to the system after each operation costs ten times what is computed in it."""
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("it is glibc that hands memory back")
    program = """
        import resource
        import numpy as np
        from nlref import activations, blocks

        x = np.linspace(-3, 3, blocks.BLOCK)
        for _ in range(3):
            activations.gelu(x)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(20):
            activations.gelu(x)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 20)
    """
    faults = float(python(program, NLREF_THREADS="1").stdout)
    assert faults < 8 * blocks.BLOCK / mmap.PAGESIZE, "more than the pages of one temporary"
