"""Print the coefficients of nlref/special.py: two quotients of polynomials, fitted by mpmath with 60 digits.

    python tools/fit_special.py

Minimising the largest relative error over Chebyshev's nodes: the linear least-squares problem P(x) - f(x) Q(x) = 0,
Q(0) = 1, solved anew with every equation divided by the last Q(x) (Sanathanan and Koerner, 1963) and weighted
by the errors seen so far (Lawson, 1961). Highest power first.
"""

import functools
from collections.abc import Callable

from mpmath import mp, mpf

ITERATIONS = 8


def fit(
    f: Callable, nodes: list, degree: int, degree_below: int, offset: Callable = lambda x: 0
) -> tuple[mpf, list[float], list[float]]:
    """P / Q approximating ``f``: its largest error at ``nodes`` relative to ``f + offset``; coefficients of P; of Q."""
    values = [f(x) for x in nodes]
    sizes = [abs(y + offset(x)) for x, y in zip(nodes, values, strict=True)]
    weights, below = [mpf(1)] * len(nodes), [mpf(1)] * len(nodes)
    found = []
    for iteration in range(ITERATIONS):
        matrix, right = mp.matrix(len(nodes), degree + 1 + degree_below), mp.matrix(len(nodes), 1)
        for i, (x, y) in enumerate(zip(nodes, values, strict=True)):
            scale = mp.sqrt(weights[i]) / (sizes[i] * below[i])
            for j in range(degree + 1):
                matrix[i, j] = scale * x**j
            for j in range(1, degree_below + 1):
                matrix[i, degree + j] = -scale * y * x**j
            right[i] = scale * y
        solution = list(mp.lu_solve(matrix, right))
        p, q = solution[degree::-1], [*solution[:degree:-1], mpf(1)]
        below = [polynomial(q, x) for x in nodes]
        errors = [
            abs(polynomial(p, x) / b - y) / size
            for x, b, y, size in zip(nodes, below, values, sizes, strict=True)
        ]
        found.append((max(errors), p, q))
        if iteration >= 2:
            total = mp.fdot(weights, errors)
            weights = [w * e / total * len(nodes) for w, e in zip(weights, errors, strict=True)]
    error, p, q = min(found)
    return error, [float(c) for c in p], [float(c) for c in q]


def polynomial(coefficients: list, x: mpf) -> mpf:
    return functools.reduce(lambda y, coefficient: y * x + coefficient, coefficients)


def chebyshev(count: int) -> list:
    return [(mp.cos(mp.pi * (2 * i + 1) / (2 * count)) + 1) / 2 for i in range(count)]


def mills_remainder(degree: int = 9) -> tuple[mpf, list[float], list[float]]:
    """phi(a) / Phi(-a) - a for a in [0, 40], the error relative to phi(a) / Phi(-a)."""
    last = mpf(37) / 43  # the nodes are even in (a - 3) / (a + 3)
    nodes = [3 * (1 + t) / (1 - t) for t in (-1 + u * (last + 1) for u in chebyshev(80))]
    return fit(lambda a: 2 * mp.npdf(a) / mp.erfc(a / mp.sqrt(2)) - a, nodes, degree, degree + 1, lambda a: a)


def tanh_remainder() -> tuple[mpf, list[float], list[float]]:
    """(1 - tanh(x) / x) / x**2 as a function of x**2, for x in [-1.5, 1.5]."""
    nodes = [mpf(9) / 4 * u for u in chebyshev(80)]
    return fit(lambda z: (1 - mp.tanh(mp.sqrt(z)) / mp.sqrt(z)) / z, nodes, 3, 4)


def shift(factor: mpf) -> float:
    """The multiple of 1/64 in [60, 68) at which factor * exp(-shift) is nearest to a float32 and a float64, in ulp."""

    def distance(s: mpf) -> mpf:
        fraction, _ = mp.frexp(factor * mp.exp(-s))
        return max(abs(scaled - mp.nint(scaled)) for scaled in (fraction * 2**24, fraction * 2**53))

    return float(min((mpf(j) / 64 for j in range(60 * 64, 68 * 64)), key=distance))


if __name__ == "__main__":
    with mp.workdps(60):
        for function in (mills_remainder, tanh_remainder):
            error, p, q = function()
            print(f"{function.__doc__}\n  relative error {mp.nstr(error, 2)}\n  P = {p}\n  Q = {q}")
        print(f"{shift.__doc__}\n  {shift(mpf(1))}, and with 1 / sqrt(2 pi) {shift(mp.npdf(0))}")
