"""Loops, branches, closures, models and arrays: what the core is for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from programs.corpus import normal, positive, program

# --- scalars, loops and branches -----------------------------------------------------------------


@program(2.0, 5.0)
def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


@program(0.7)
def horner(x):
    y = 0.0
    for coefficient in [3.0, -2.0, 0.5, 1.0]:
        y = y * x + coefficient
    return y


@program(3.0)
def square_root_by_newton(a):
    x = 1.0
    for _ in range(6):
        x = 0.5 * (x + a / x)
    return x


@program(0.8, branches=True)
def fixed_point(a):
    x = a
    while abs(x - np.cos(a * x)) > 1e-14:
        x = np.cos(a * x)
    return x


@program(-1.3, branches=True)
def leaky(x):
    if x > 0:
        return x**2
    elif x > -1:
        return -x
    return 0.1 * x + np.exp(x)


@program(np.array([0.4, 1.7, -0.6]), branches=True)
def decisions_in_a_loop(x):
    total = 0.0
    for value in x:
        if value < 0:
            continue
        total = total + value**3
        if total > 3:
            break
    return total


@program(1.1)
def recursion(x, depth=4):
    return x if depth == 0 else np.sin(recursion(x, depth - 1)) * x


@program(0.3, 1.4)
def closures(a, b):
    def shifted(f, by):
        def g(t):
            return f(t + by)

        return g

    f = shifted(shifted(np.tanh, a), b * a)
    return f(b) * f(a)


@program(np.array([1.0, 2.0, 3.0]))
def builtin_functions(x):
    a, b, c = x
    return sum(v**2 for v in x) + abs(-a) * pow(b, 2) - divmod(c, 2.0)[1]


@program(np.array([0.2, 1.9, 1.1]), branches=True)
def builtin_maximum(x):
    return max(x) * min(x) + max(0.5, x[2])


@program(1.3, 0.4)
def rationals(x, y):
    return (x**2 - y) / (1 + x * y) + 2 / x - 3 // y + (-x) % y


@program(1.7, 2.3)
def variable_exponents(x, p):
    return x**p + p**x + x**2 + x**-1 + 2**x + x**0.5 + np.power(x, p - 1)


@program(0.4, 0.9)
def hyperbolic_and_trigonometric(x, y):
    return np.sinh(x) * np.arctan2(y, x) + np.cosh(y) - np.arctanh(x * y) + np.hypot(x, y) * np.expm1(x)


# --- models --------------------------------------------------------------------------------------


@program(np.array([-1.2, 1.0, 0.8, 1.1]))
def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


_T = np.linspace(1.0, 10.0, 7)


@program(np.array([2.4, 0.55]))
def misra(b):
    return b[0] * (1 - np.exp(-b[1] * _T))


@program({"amplitude": 1.2, "phases": normal(3)})
def fourier_series(params):
    def term(k):
        return np.sin(k * _T + params["phases"][k]) / (k + 1)

    return params["amplitude"] * sum(term(k) for k in range(3))


_FEATURES = normal(6, 3)
_LABELS = np.array([0, 2, 1, 1, 0, 2])


@program(normal(3), 0.1)
def logistic_regression(w, b):
    scores = _FEATURES @ w + b
    return -np.mean(np.where(_LABELS == 1, -np.logaddexp(0.0, -scores), -np.logaddexp(0.0, scores)))


@program(normal(3, 3))
def softmax_cross_entropy(weights):
    logits = np.dot(_FEATURES, weights)
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(log_probabilities[np.arange(6), _LABELS])


@program([{"w": normal(3, 4), "b": normal(4)}, {"w": normal(4, 2), "b": normal(2)}])
def perceptron(layers):
    x = _FEATURES
    for layer in layers:
        x = np.tanh(x @ layer["w"] + layer["b"])
    return (x**2).mean()


class Cell(NamedTuple):
    """Parameters of a recurrent network."""

    inner: Any
    outer: Any
    bias: Any


@program(Cell(normal(2, 2), normal(2, 3), normal(2)))
def recurrent_network(cell):
    hidden = np.zeros(2)
    states = []
    for x in _FEATURES:
        hidden = np.tanh(cell.inner @ hidden + cell.outer @ x + cell.bias)
        states.append(hidden)
    return np.stack(states).sum(axis=0)


@program(normal(2), positive(2), np.array([0.3, -0.2]))
def gaussian_mixture(means, scales, logits):
    data = _FEATURES[:, 0]
    logs = -0.5 * ((data[:, None] - means) / scales) ** 2 - np.log(scales) + logits
    largest = logs.max(axis=1)
    return np.sum(largest + np.log(np.exp(logs - largest[:, None]).sum(axis=1)))


@program(0.5, 1.2)
def normal_likelihood(mean, scale):
    residuals = (_T - mean) / scale
    return -0.5 * np.vdot(residuals, residuals) - _T.size * np.log(scale)


@program((0.6, 0.1), 9.81)
def pendulum(state, gravity):
    angle, velocity = state
    for _ in range(20):
        velocity = velocity - 0.05 * gravity * np.sin(angle)
        angle = angle + 0.05 * velocity
    return {"angle": angle, "energy": 0.5 * velocity**2 - gravity * np.cos(angle)}


@program(np.array([1.0, 0.5]), np.array([1.1, 0.4, 0.1, 0.4]))
def lotka_volterra(y, rates):
    def slope(y):
        prey, predators = y[0], y[1]
        return np.stack(
            [
                rates[0] * prey - rates[1] * prey * predators,
                rates[2] * prey * predators - rates[3] * predators,
            ]
        )

    h = 0.1
    for _ in range(4):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


@program(3 * normal(4, 2))
def lennard_jones(positions):
    difference = positions[:, None, :] - positions[None, :, :]
    squared = np.sum(difference**2, axis=-1)
    pairs = ~np.eye(4, dtype=bool)
    inverse = np.where(pairs, 1.0, 0.0) / np.where(pairs, squared, 1.0)
    return 0.5 * np.sum(4 * (inverse**6 - inverse**3))


# --- arrays --------------------------------------------------------------------------------------


@program(normal(3), normal(3, 3))
def quadratic_form(x, A):
    return x @ A @ x / (x @ x)


@program(normal(2, 3), normal(3, 4), normal(4))
def matrix_chain(A, B, x):
    return np.matmul(A, B) @ x


@program(normal(2, 2, 3), normal(3, 2))
def batched_products(A, B):
    return (A @ B).sum(axis=(1, 2)) + np.tensordot(A, B, axes=([2], [0])).mean()


@program(normal(3), normal(4))
def outer_and_inner(x, y):
    table = np.outer(x, y)
    return np.inner(table, y) * x + np.dot(table, y) + np.trace(table[:, :3])


@program(normal(3, 3))
def diagonals_and_triangles(A):
    return np.sum(np.diag(A)) * np.tril(A) + np.triu(A, 1) @ np.diag(A.T[0])


@program(normal(2, 3))
def transposes_and_shapes(A):
    B = A.T.reshape(2, 3)
    C = np.swapaxes(A[None] * B[:, None], 0, 2)
    return np.ravel(C.transpose(1, 0, 2)) * np.squeeze(np.expand_dims(A, 0)).flatten()[0]


@program(normal(3), normal(2))
def joined_arrays(x, y):
    z = np.concatenate([x, y, x[:1] * y[1:]])
    return np.vstack([z, z[::-1] ** 2]) * np.hstack([y, x, 1.0])


@program(normal(4, 3))
def slices(A):
    return A[1:, ::2] * A[:-1, 1:2] + A[-1, 0] - A[..., None, 0][:3]


@program(normal(5))
def fancy_indices(x):
    return x[[0, 2, 2, -1]] ** 2 + x[np.array([3, 3, 0, 1])] * np.take(x, 4)


@program(np.array([0.5, -1.0, 2.0, -0.3]))
def masks(x):
    inside = np.array([True, False, True, True])
    return np.sum(x[inside] ** 3) + np.where(inside, x, 2 * x)


@program(np.array([0.5, -1.0, 2.0, -0.3]), branches=True)
def masks_from_values(x):
    return np.sum(np.sqrt(x[x > 0])) + x[x < 0].prod()


@program(np.array([0.5, -1.0, 2.0, -0.3]))
def sorted_by_value(x):
    return np.cumsum(x[np.argsort(x)]) * np.arange(4.0) + x[np.argmax(x)]


@program(normal(3, 4))
def statistics(x):
    z = (x - x.mean(axis=0)) / np.std(x, axis=0)
    return np.var(z * x, axis=1) + np.average(x, axis=1, weights=np.array([0.1, 0.2, 0.3, 0.4]))


@program(normal(3, 4))
def extremes(x):
    return np.max(x, axis=0) - np.min(x) * np.ptp(x, axis=1).sum() + np.maximum(x[0], x[1]).clip(-0.5, 0.5)


@program(np.array([2.0, 0.0, -1.5]))
def product_with_a_zero(x):
    return np.prod(x) + np.prod(x[:2] + 1) + x.prod() * x


@program(normal(6))
def discounted_sum(x):
    return np.cumsum(x * 0.9 ** np.arange(6))[::-1]


@program(normal(8), normal(3))
def convolution(signal, kernel):
    return sum(kernel[k] * signal[k : k + 6] for k in range(3))


@program(normal(3), normal(3))
def cosine_similarity(x, y):
    return np.sum(x * y) / (np.sqrt(np.sum(x**2)) * np.sqrt((y * y).sum()))


@program(np.array([1.0, 2.0]))
def updates_in_place(x):
    y = x * 2
    y += x**2
    y *= np.sin(y)
    y -= 1
    y /= x
    return y


@program(np.array([1.0, 2.0]))
def updates_of_an_argument(x):
    x *= 3
    x += 1
    return x**2


@program(np.array([0.3, -0.7]))
def absolute_values_and_steps(x):
    return np.abs(x) * np.sign(x) + np.floor(x) * x + np.round(x, 1) * 2 + np.copysign(x, -x)


@program(np.array([0.3, -0.7, 1.1]))
def complex_inside(x):
    signal = np.sum(np.exp(1j * x) * np.array([1.0, 0.5j, 2.0]))
    return np.abs(signal) ** 2 + signal.real - np.angle(signal)


@program(np.array([0.3 - 1j, -0.7 + 0.2j]))
def complex_arguments(z):
    return np.conj(z) * np.exp(z) / (1 + z**2)


@program(1.5, np.array([0.5, 1.5]))
def several_results(x, y):
    return {"sum": x + y, "pair": (x * y[0], [np.exp(y)]), "constant": np.ones(2)}


@program(np.float32(0.5), np.array([1.0, 2.0], np.float32))
def single_precision(a, x):
    return np.sum(np.exp(-a * x) * x)
