"""Walking a big array in cache-sized pieces, over as many threads as pay.

A formula of five NumPy operations makes five passes; on pieces of 32k elements each pass finds the last one's result in
the processor's cache. NumPy releases the interpreter's lock while it computes, so pieces can run in threads.
"""

import math
import os
from collections import deque
from collections.abc import Callable, Iterator
from time import perf_counter

import numpy as np

BLOCK = 32_768
"""Elements in a piece: with a few temporaries in float64 this still fits in a level-2 cache."""

# The C library hands freed memory beyond a threshold back to the system, and a formula's temporaries, 256 kB each in
# float64, lie beyond it: paged in again at every operation, they cost ten times what is computed in them. Freeing one
# block that is larger (and was never touched) raises glibc's threshold to its size for the process.
np.empty(1 << 20)

_WORTH_THREADS = 0.5e-3  # seconds of remaining work below which waking a thread costs more than it saves

_threads: int | None = None
_pool = None


def set_threads(count: int | None = None) -> None:
    """Say how many threads a kernel may use; 1 keeps all work in the calling thread, ``None`` restores the default.

    The default is the environment variable ``NLREF_THREADS``, or else the number of processors this process may run on.
    No thread is started before an array is big enough to need one. Results do not depend on the number of threads.
    Raises ``ValueError`` when ``count`` is not a positive integer.
    """
    global _threads, _pool
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise ValueError(f"set_threads: count must be a positive integer or None, not {count!r}")
    _threads = count
    _pool = None  # made anew, in the new size, when next needed; the old one's threads end with it


def threads() -> int:
    """Number of threads a kernel may use (see `set_threads`)."""
    global _threads
    if _threads is None:
        named = os.environ.get("NLREF_THREADS", "")
        if named and not (named.isdecimal() and int(named) > 0):
            raise ValueError(
                f"the environment variable NLREF_THREADS must be a positive integer, not {named!r}"
            )
        if named:
            _threads = int(named)
        elif hasattr(os, "sched_getaffinity"):
            _threads = len(os.sched_getaffinity(0))
        else:
            _threads = os.cpu_count() or 1
    return _threads


def walk(
    work: Callable[[tuple], None], shape: tuple[int, ...], most: int | None = None, ordered: bool = False
) -> None:
    """Call ``work(index)`` for index tuples that together cut an array of ``shape`` (not empty) into pieces.

    The pieces do not overlap and have at most ``most`` elements (`BLOCK` without it). ``work`` runs with floating-point
    warnings off, in the calling thread and, where that pays, in others at the same time; ``ordered`` keeps it in the
    calling thread, one piece after the other. Its first error ends the walk and is raised.
    """
    pieces = deque(_pieces(shape, most or BLOCK))
    with np.errstate(all="ignore"):
        started = perf_counter()
        work(pieces.popleft())
        remaining = len(pieces) * (perf_counter() - started)
    alone = ordered or remaining <= _WORTH_THREADS
    helpers = 0 if alone else min(threads() - 1, len(pieces) - 1)
    futures = [_executor().submit(_drain, work, pieces) for _ in range(helpers)]
    try:
        _drain(work, pieces)
    finally:
        pieces.clear()
        errors = [future.exception() for future in futures]  # this waits, so that nothing is written later
    for error in filter(None, errors):
        raise error


def _drain(work: Callable[[tuple], None], pieces: deque) -> None:
    with np.errstate(all="ignore"):  # every thread has its own floating-point error state
        while True:
            try:
                piece = pieces.popleft()
            except IndexError:
                return
            work(piece)


def _pieces(shape: tuple[int, ...], most: int) -> Iterator[tuple]:
    """Index tuples that cut an array of ``shape``, in C order, into pieces of at most ``most`` elements."""
    if not shape:
        yield ()
        return
    length, rest = shape[0], shape[1:]
    row = math.prod(rest)
    if row <= most:
        step = most // row
        for start in range(0, length, step):
            yield (slice(start, start + step),)
    else:
        for i in range(length):
            for piece in _pieces(rest, most):
                yield (i, *piece)


def _executor():
    global _pool
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor  # 4 ms that most programs never need

        _pool = ThreadPoolExecutor(max(threads() - 1, 1), thread_name_prefix="nlref")
    return _pool


def _forget_pool() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    # A forked child inherits the pool but not its threads: work handed to it would wait for ever.
    os.register_at_fork(after_in_child=_forget_pool)
