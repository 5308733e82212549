"""Statistics: estimators, densities, order statistics, time series."""

from __future__ import annotations

import math

import numpy as np

from programs.corpus import normal, positive, program

_RNG = np.random.default_rng(8)
_DATA = _RNG.standard_normal((12, 3))
_TARGET = _RNG.standard_normal(12)


@program(normal(7))
def median_and_spread(x):
    centre = np.median(x)
    return centre + np.median(np.abs(x - centre))


@program(normal(9))
def trimmed_mean(x):
    return np.mean(np.sort(x)[2:-2])


@program(normal(4, 6))
def quantile_range(x):
    low, high = np.quantile(x, [0.25, 0.75], axis=1)
    return high - low


@program(normal(3, 8))
def correlation(x):
    return np.corrcoef(x)[0] + np.diag(np.cov(x))


@program(normal(3), 0.7)
def ridge_regression(w, penalty):
    residual = _DATA @ w - _TARGET
    return residual @ residual + penalty * np.sum(w**2)


@program(positive(1)[0])
def ridge_solution(penalty):
    return np.linalg.solve(_DATA.T @ _DATA + penalty * np.eye(3), _DATA.T @ _TARGET)


@program(normal(12))
def least_squares_fit(target):
    beta, *_ = np.linalg.lstsq(_DATA, target, rcond=None)
    return beta


@program(normal(3), normal(3, 3))
def multivariate_normal(mean, root):
    covariance = root @ root.T + np.eye(3)
    deviation = _DATA - mean
    _, logdet = np.linalg.slogdet(covariance)
    distances = np.sum(deviation * np.linalg.solve(covariance, deviation.T).T)
    return -0.5 * (distances + 12 * logdet + 36 * math.log(2 * math.pi))


@program(0.8, 1.3, 0.2)
def gaussian_process(length, scale, noise):
    x = np.linspace(0, 2, 6)
    K = scale**2 * np.exp(-0.5 * ((x[:, None] - x[None, :]) / length) ** 2) + noise**2 * np.eye(6)
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L, np.sin(3 * x))
    return -0.5 * alpha @ alpha - np.sum(np.log(np.diag(L)))


@program(normal(3))
def poisson_regression(w):
    eta = _DATA @ w * 0.3
    counts = np.arange(12.0) % 4
    return np.sum(np.exp(eta) - counts * eta)


@program(0.5, -0.3)
def autoregression(a, b):
    x = [0.1, 0.2]
    for value in _TARGET:
        x.append(a * x[-1] + b * x[-2] + 0.1 * value)
    return sum(v * v for v in x)


@program(0.4, 0.1, 0.3)
def garch(omega, alpha, beta):
    variance, total = 1.0, 0.0
    for r in _TARGET:
        variance = omega + alpha * r**2 + beta * variance
        total = total + np.log(variance) + r**2 / variance
    return total


@program(normal(2), positive(2))
def kalman_filter(state, noise):
    F = np.array([[1.0, 0.1], [0.0, 1.0]])
    H = np.array([1.0, 0.0])
    P = np.eye(2)
    loglik = 0.0
    for y in _TARGET[:5]:
        state, P = F @ state, F @ P @ F.T + noise[0] * np.eye(2)
        S = H @ P @ H + noise[1]
        innovation = y - H @ state
        K = P @ H / S
        state, P = state + K * innovation, P - np.outer(K, H @ P)
        loglik = loglik - 0.5 * (np.log(S) + innovation**2 / S)
    return loglik


@program(np.array([0.3, 0.1, -0.2]), normal(3, 4))
def hidden_markov_model(initial, emission):
    transition = np.exp(np.outer(initial, initial[::-1]))
    transition = transition / transition.sum(axis=1, keepdims=True)
    alpha = np.exp(initial - np.max(initial))
    loglik = 0.0
    for symbol in [0, 2, 1, 3, 0]:
        alpha = (alpha @ transition) * np.exp(emission[:, symbol])
        loglik = loglik + np.log(np.sum(alpha))
        alpha = alpha / np.sum(alpha)
    return loglik


@program(normal(6))
def kernel_density(points):
    grid = np.linspace(-1, 1, 5)
    z = (grid[:, None] - points[None, :]) / 0.4
    return np.log(np.mean(np.exp(-0.5 * z**2), axis=1))


@program(normal(10))
def exponential_smoothing(x):
    level = x[0]
    errors = []
    for value in x[1:]:
        errors.append(value - level)
        level = 0.3 * value + 0.7 * level
    return np.stack(errors)


@program(positive(8))
def gini_coefficient(x):
    ordered = np.sort(x)
    n = len(x)
    return 2 * np.sum(np.arange(1, n + 1) * ordered) / (n * np.sum(ordered)) - (n + 1) / n


@program(positive(6))
def entropy_of_a_histogram(weights):
    density, _ = np.histogram([0.1, 0.4, 0.35, 0.8, 0.9, 0.2], bins=3, range=(0, 1), weights=weights)
    p = density / np.sum(density)
    return -np.sum(p * np.log(p))


@program(normal(8))
def nan_tolerant_mean(x):
    gaps = np.where(np.arange(8) % 3 == 1, np.nan, x)
    return np.nanmean(gaps) + np.nanmax(gaps) * np.nansum(gaps)


@program(normal(8))
def jackknife(x):
    estimates = [np.mean(np.delete(x, k)) ** 2 for k in range(8)]
    return np.var(np.stack(estimates))


@program(normal(4, 4))
def principal_component(A):
    S = A @ A.T
    values, vectors = np.linalg.eigh(S)
    return values[-1] * (vectors[:, -1] @ np.ones(4)) ** 2


@program(normal(5, 3))
def low_rank_residual(A):
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return np.sum((A - (U[:, :1] * s[:1]) @ Vt[:1]) ** 2) + s[0]


@program(normal(6))
def huber_loss(x):
    size = np.abs(x)
    return np.sum(np.where(size < 0.5, 0.5 * x**2, 0.5 * (size - 0.25)))


@program(normal(10))
def lagged_autocorrelation(x):
    centred = x - np.mean(x)
    return np.correlate(centred, centred, mode="full")[10:] / np.sum(centred**2)


@program(positive(4))
def dirichlet_moments(a):
    total = np.sum(a)
    mean = a / total
    return np.outer(mean, mean) * (-1 / (total + 1)) + np.diag(mean / (total + 1))


@program(normal(6), positive(6))
def weighted_moments(x, w):
    mean = np.average(x, weights=w)
    variance = np.average((x - mean) ** 2, weights=w)
    skewness = np.average((x - mean) ** 3, weights=w) / variance**1.5
    return np.array([mean, variance, skewness])
