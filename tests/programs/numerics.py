"""Numerical methods as people write them: roots, quadrature, interpolation, transforms, iterations."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from programs.corpus import normal, positive, program


@program(2.5)
def bisection_refined_by_newton(a):
    x = 1.5
    for _ in range(8):
        x = x - (x**3 - a) / (3 * x**2)
    return x


@program(0.4, 0.7)
def keplers_equation(eccentricity, anomaly):
    E = anomaly
    for _ in range(10):
        E = E - (E - eccentricity * np.sin(E) - anomaly) / (1 - eccentricity * np.cos(E))
    return E


@program(1.3, branches=True)
def secant_method(a):
    x0, x1 = 1.0, 2.0
    while abs(x1 - x0) > 1e-13:
        f0, f1 = x0**2 - a - 1, x1**2 - a - 1
        if f1 == f0:
            break
        x0, x1 = x1, x1 - f1 * (x1 - x0) / (f1 - f0)
    return x1


@program(1.5, 0.3)
def trapezoidal_rule(a, b):
    x = np.linspace(0.0, 1.0, 11)
    return np.trapezoid(np.exp(-a * x) * np.sin(b * x), x)


@program(1.5)
def simpsons_rule(a):
    n = 8
    h = a / n
    values = [np.exp(-((k * h) ** 2)) for k in range(n + 1)]
    return h / 3 * (values[0] + 4 * sum(values[1:-1:2]) + 2 * sum(values[2:-1:2]) + values[-1])


@program(0.8)
def gauss_legendre(b):
    nodes, weights = np.polynomial.legendre.leggauss(5)
    x = b / 2 * (nodes + 1)
    return b / 2 * np.sum(weights * np.cos(x**2))


@program(normal(6), np.array([0.3, 1.7, 3.9]))
def piecewise_linear(values, x):
    return np.interp(x, np.arange(6.0), values) ** 2


@program(normal(4), 0.37)
def lagrange_interpolation(values, t):
    nodes = [-1.0, -0.3, 0.4, 1.0]
    total = 0.0
    for i, value in enumerate(values):
        basis = 1.0
        for j, node in enumerate(nodes):
            if j != i:
                basis = basis * (t - node) / (nodes[i] - node)
        total = total + value * basis
    return total


@program(normal(5), 0.6)
def chebyshev_by_clenshaw(c, x):
    b1 = b2 = 0.0
    for k in range(4, 0, -1):
        b1, b2 = c[k] + 2 * x * b1 - b2, b1
    return c[0] + x * b1 - b2


@program(normal(5))
def polynomial_value(c):
    return np.polyval(c, np.linspace(-1, 1, 4))


@program(normal(4), 0.3)
def de_casteljau(points, t):
    points = [p for p in points]  # noqa: C416  # as one writes it
    while len(points) > 1:
        points = [(1 - t) * a + t * b for a, b in pairwise(points)]
    return points[0]


@program(normal(8))
def power_spectrum(x):
    return np.abs(np.fft.rfft(x - np.mean(x))) ** 2


@program(normal(8), normal(3))
def filtered_by_fourier(x, kernel):
    return np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(kernel, 8), 8)


@program(normal(4, 4))
def spectral_derivative(u):
    k = np.fft.fftfreq(4, 1 / 4)
    return np.real(np.fft.ifft2(1j * k * np.fft.fft2(u)))


def _dft(x):
    n = len(x)
    if n == 1:
        return x
    even, odd = _dft(x[::2]), _dft(x[1::2])
    twisted = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
    return np.concatenate([even + twisted, even - twisted])


@program(normal(8))
def recursive_fourier_transform(x):
    return np.abs(_dft(x)) ** 2


@program(normal(7), normal(3))
def valid_convolution(x, kernel):
    return np.convolve(x, kernel, mode="valid") + np.convolve(x, kernel)[:5]


@program(normal(6))
def numerical_gradient_of_samples(f):
    return np.gradient(f, 0.5) + np.cumsum(f) * np.append(np.diff(f), 0.0)


@program(normal(3, 3))
def power_iteration(A):
    A = A @ A.T + np.eye(3)
    v = np.ones(3)
    for _ in range(10):
        v = A @ v
        v = v / np.linalg.norm(v)
    return v @ A @ v


@program(normal(3, 3), normal(3))
def conjugate_gradients(B, b):
    A = B @ B.T + 2 * np.eye(3)
    x, r = np.zeros(3), b
    p = r
    for _ in range(2):
        Ap = A @ p
        alpha = (r @ r) / (p @ Ap)
        x, new = x + alpha * p, r - alpha * Ap
        p = new + (new @ new) / (r @ r) * p
        r = new
    return x


@program(normal(3, 3) * 0.3)
def matrix_exponential_by_series(A):
    term = total = np.eye(3)
    for k in range(1, 12):
        term = term @ A / k
        total = total + term
    return total


@program(normal(3, 3) + 4 * np.eye(3))
def newton_schulz_inverse(A):
    X = A.T / (np.max(np.sum(np.abs(A), axis=0)) * np.max(np.sum(np.abs(A), axis=1)))
    for _ in range(12):
        X = 2 * X - X @ A @ X
    return X


@program(normal(3, 3) + 3 * np.eye(3))
def determinant_by_minors(A):
    def minor(M):
        if M.shape == (1, 1):
            return M[0, 0]
        total = 0.0
        for j in range(M.shape[1]):
            rest = np.delete(M[1:], j, axis=1)
            total = total + (-1) ** j * M[0, j] * minor(rest)
        return total

    return minor(A) - np.linalg.det(A) * 2


@program(normal(2, 3), normal(3, 4), normal(4))
def contractions(A, B, c):
    return np.einsum("ij,jk,k->i", A, B, c) + np.einsum("ij,jk->i", A, B)


@program(normal(3, 3))
def matrix_functions(A):
    S = A @ A.T + np.eye(3)
    w, V = np.linalg.eigh(S)
    return (V * np.sqrt(w)) @ V.T + np.linalg.inv(S) + np.linalg.matrix_power(A, 3)


@program(positive(5))
def continued_fraction(a):
    value = a[-1]
    for k in range(3, -1, -1):
        value = a[k] + 1 / value
    return value


@program(0.4)
def series_with_a_stopping_rule(x, terms=25):
    total = term = 1.0
    for k in range(1, terms):
        term = term * x / k
        total = total + term
    return total


@program(2.0, 1.0)
def arithmetic_geometric_mean(a, b):
    for _ in range(5):
        a, b = (a + b) / 2, np.sqrt(a * b)
    return a


@program(normal(6))
def richardson_table(x):
    row = np.cumsum(x) ** 2
    while row.shape[0] > 1:
        row = (4 * row[1:] - row[:-1]) / 3
    return row[0]


@program(normal(5))
def vandermonde_product(x):
    differences = x[:, None] - x[None, :]
    return np.prod(differences[np.triu_indices(5, 1)])


@program(normal(4))
def memoised_recursion(x):
    cache = {}

    def value(k):
        if k < 2:
            return x[k]
        if k not in cache:
            cache[k] = value(k - 1) * x[2] + value(k - 2) * x[3]
        return cache[k]

    return value(8)
