"""Log-likelihood of a Gaussian mixture with a Wishart prior (ADBench and GradBench `gmm`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step

GAMMA, M = 1.0, 0  # of the prior, as in ADBench's data


def packing(d: int) -> tuple[Any, Any]:
    """Position in a row of inverse covariance factors, and 1 below the diagonal: both (d, d).

    A row has the logarithms of the diagonal, then the strict lower triangle column by column.
    """
    columns, rows = np.triu_indices(d, 1)
    position, below = np.zeros((d, d), dtype=np.int64), np.zeros((d, d))
    position[rows, columns] = d + np.arange(len(rows))
    below[rows, columns] = 1.0
    return position, below


def constant(n: int, d: int, k: int) -> float:
    """What does not depend on the parameters: of the normal densities and of the prior."""
    freedom = d + M + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    log_gamma += sum(math.lgamma(0.5 * freedom + 0.5 * (1 - j)) for j in range(1, d + 1))
    prior = freedom * d * (math.log(GAMMA) - 0.5 * math.log(2.0)) - log_gamma
    return -0.5 * n * d * math.log(2.0 * math.pi) - k * prior


def inputs(size: Size, seed: int) -> Inputs:
    """Weights (k,), means (k, d), factors of the inverse covariances (k, d (d + 1) / 2); points (n, d)."""
    rng = np.random.default_rng(seed)
    d, k, n = size["d"], size["k"], size["n"]
    factors = rng.standard_normal((k, d * (d + 1) // 2)) / np.sqrt(d)
    return Inputs((rng.standard_normal(k), rng.random((k, d)), factors), (rng.random((n, d)),))


def value(alphas: Any, means: Any, factors: Any, x: Any) -> Any:
    """Logarithm of the posterior."""
    n, d = x.shape
    position, below = packing(d)
    logs = factors[:, :d]
    diagonal, lower = np.exp(logs), factors[:, position] * below
    centred = x - means[:, None]  # (k, n, d)
    scaled = centred @ np.swapaxes(lower, 1, 2) + diagonal[:, None] * centred
    terms = (alphas + np.sum(logs, axis=1))[:, None] - 0.5 * np.sum(scaled**2, axis=2)
    largest = np.max(terms, axis=0)
    likelihood = np.sum(largest + np.log(np.sum(np.exp(terms - largest), axis=0)))
    prior = 0.5 * GAMMA**2 * (np.sum(diagonal**2) + np.sum(factors[:, d:] ** 2)) - M * np.sum(logs)
    return constant(n, d, len(means)) + likelihood - n * np.log(np.sum(np.exp(alphas))) + prior


def torch_value() -> Callable[..., Any]:
    """In PyTorch, with its log-sum-exp."""
    import torch

    def f(alphas: Any, means: Any, factors: Any, x: Any) -> Any:
        n, d = x.shape
        position, below = packing(d)
        logs = factors[:, :d]
        diagonal = torch.exp(logs)
        full = factors[:, torch.from_numpy(position)] * torch.from_numpy(below) + torch.diag_embed(diagonal)
        scaled = (x - means[:, None]) @ full.transpose(1, 2)
        terms = (alphas + torch.sum(logs, dim=1))[:, None] - 0.5 * torch.sum(scaled**2, dim=2)
        likelihood = torch.sum(torch.logsumexp(terms, dim=0))
        prior = 0.5 * GAMMA**2 * (torch.sum(diagonal**2) + torch.sum(factors[:, d:] ** 2)) - M * torch.sum(logs)
        return constant(n, d, len(means)) + likelihood - n * torch.logsumexp(alphas, dim=0) + prior

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX likewise."""
    from jax import numpy as jnp
    from jax.scipy.special import logsumexp

    def f(alphas: Any, means: Any, factors: Any, x: Any) -> Any:
        n, d = x.shape
        position, below = packing(d)
        logs = factors[:, :d]
        diagonal = jnp.exp(logs)
        full = factors[:, position] * below + diagonal[:, :, None] * jnp.eye(d)
        scaled = (x - means[:, None]) @ jnp.swapaxes(full, 1, 2)
        terms = (alphas + jnp.sum(logs, axis=1))[:, None] - 0.5 * jnp.sum(scaled**2, axis=2)
        prior = 0.5 * GAMMA**2 * (jnp.sum(diagonal**2) + jnp.sum(factors[:, d:] ** 2)) - M * jnp.sum(logs)
        return constant(n, d, len(means)) + jnp.sum(logsumexp(terms, axis=0)) - n * logsumexp(alphas) + prior

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd."""
    from autograd import numpy as anp
    from autograd.scipy.special import logsumexp

    def f(alphas: Any, means: Any, factors: Any, x: Any) -> Any:
        n, d = x.shape
        position, below = packing(d)
        logs = factors[:, :d]
        diagonal, lower = anp.exp(logs), factors[:, position] * below
        centred = x - means[:, None]
        scaled = anp.matmul(centred, anp.swapaxes(lower, 1, 2)) + diagonal[:, None] * centred
        terms = (alphas + anp.sum(logs, axis=1))[:, None] - 0.5 * anp.sum(scaled**2, axis=2)
        prior = 0.5 * GAMMA**2 * (anp.sum(diagonal**2) + anp.sum(factors[:, d:] ** 2)) - M * anp.sum(logs)
        return constant(n, d, len(means)) + anp.sum(logsumexp(terms, axis=0)) - n * logsumexp(alphas) + prior

    return f


def kernel(given: Inputs) -> Kernel:
    """Forward and reverse of 16 points at a time, of which the scaled differences are kept."""
    alphas, means, factors = given.parameters
    (x,) = given.data
    (n, d), k = x.shape, len(means)
    width = 16
    stride = (d + 7) // 8 * 8
    work = 2 * k * d * stride + k + width * (d + 2 * stride + k + k * d)
    arrays = (alphas, means, factors, x, [constant(n, d, k), GAMMA, float(M)])
    return Kernel("mixture", (n, d, k), arrays, ((), alphas.shape, means.shape, factors.shape), work)


def by_casadi(given: Inputs) -> Step:
    """In CasADi: the factors are sparse matrices, one component after the other."""
    import casadi as ca

    n, d = given.data[0].shape
    triangle = ca.Sparsity.lower(d)
    strict = ca.Sparsity.triplet(d, d, *below_diagonal(d))

    def f(alphas: Any, means: Any, factors: Any, x: Any) -> Any:
        points, terms = x.T, []
        for alpha, mean, row in zip(ca.vertsplit(alphas), ca.vertsplit(means), ca.vertsplit(factors), strict=True):
            logs, rest = row[:d].T, row[d:].T
            factor = ca.diag(ca.exp(logs)) + ca.MX(strict, rest) if d > 1 else ca.diag(ca.exp(logs))
            scaled = ca.project(factor, triangle) @ (points - ca.repmat(mean.T, 1, n))
            terms.append(alpha + ca.sum1(logs) - 0.5 * ca.sum1(scaled * scaled))
        stacked, logs = ca.vertcat(*terms), factors[:, :d]
        largest = terms[0]
        for term in terms[1:]:
            largest = ca.fmax(largest, term)
        shifted = ca.sum1(ca.exp(stacked - ca.repmat(largest, len(terms), 1)))
        prior = 0.5 * GAMMA**2 * (ca.sumsqr(ca.exp(logs)) + ca.sumsqr(factors[:, d:])) - M * ca.sum1(ca.sum2(logs))
        likelihood = ca.sum2(largest + ca.log(shifted))
        return constant(n, d, len(terms)) + likelihood - n * ca.logsumexp(alphas) + prior

    return casadi_code.gradient_step(f, given)


def below_diagonal(d: int) -> tuple[list[int], list[int]]:
    """Rows and columns of the strict lower triangle, column by column."""
    columns, rows = np.triu_indices(d, 1)
    return rows.tolist(), columns.tolist()


PROBLEM = Problem(
    name="gmm",
    title="Gaussian mixture, log-likelihood with prior",
    definition="ADBench gmm",
    sizes={
        "tiny": ({"d": 9, "k": 3, "n": 37},),
        "small": ({"d": 2, "k": 5, "n": 1000},),
        "middle": ({"d": 32, "k": 50, "n": 1000},),
        "full": ({"d": 64, "k": 100, "n": 1000},),
    },
    inputs=inputs,
    value=value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    others={"CasADi": by_casadi},
)
