"""Logarithm of the posterior of a Gaussian mixture with a Wishart prior on its precision matrices.

The suite has other signs in the prior than ADBench, after which the field's own problem is made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import multigammaln

import wengert as wg
from benchmarks.field.problems.mixture import packing
from benchmarks.gradbench.function import Function, arrays

PARAMETERS = ("alpha", "mu", "q", "l")


def log_sum_exp(x: Any) -> Any:
    """Along the last axis."""
    largest = np.max(x, axis=-1, keepdims=True)
    return largest[..., 0] + np.log(np.sum(np.exp(x - largest), axis=-1))


def value(parameters: Any, x: Any, gamma: Any, m: int) -> Any:
    """Of weights (k,), means (k, d), and the factors of the precisions: log-diagonals (k, d), triangles (k, d (d-1)/2).

    A precision is QᵀQ, its prior Wishart's with d + m + 1 degrees of freedom and the scale 1/γ².
    """
    alpha, mu, q, low = (parameters[name] for name in PARAMETERS)
    (n, d), k = x.shape, len(alpha)
    position, below = packing(d)
    factors = np.concatenate([q, low], axis=1)[:, position] * below + np.exp(q)[:, :, None] * np.eye(d)
    centres = np.sum(factors * mu[:, None], axis=2)
    scaled = (x @ factors.reshape(k * d, d).T).reshape(n, k, d) - centres
    logs = np.sum(q, axis=1)
    terms = alpha + logs - 0.5 * np.sum(scaled**2, axis=2)
    likelihood = np.sum(log_sum_exp(terms)) - n * (log_sum_exp(alpha) + 0.5 * d * np.log(2.0 * np.pi))
    freedom = d + m + 1
    constant = freedom * d * np.log(gamma / np.sqrt(2.0)) - multigammaln(0.5 * freedom, d)
    return likelihood + k * constant + m * np.sum(logs) - 0.5 * gamma**2 * np.sum(factors**2)


def arguments(given: Any) -> tuple[Any, ...]:
    """Parameters by name, points, and the two numbers of the prior."""
    values = arrays(*PARAMETERS, "x")(given)
    return dict(zip(PARAMETERS, values, strict=False)), values[-1], float(given["gamma"]), int(given["m"])


FUNCTIONS = {
    "objective": Function(arguments, wg.compile(value, static_argnums=(2, 3))),
    "jacobian": Function(arguments, wg.compile(wg.grad(value), static_argnums=(2, 3))),
}
