"""The error function and its relatives: normal distribution, Faddeeva, Dawson, Voigt, Fresnel, Owen.

The scaled functions w, erfcx and Dawson's satisfy y′ = ±2zy + constant, where the two terms nearly cancel for large
z: beyond |z| = 7 their asymptotic series is differentiated instead (Abramowitz and Stegun 1964, 7.1.23).
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.rules.special_kernels import series
from wengert.rules.special_numerical import not_float64, several

_NO_COMPLEX = "smooth; SciPy has no complex version"
_OF_THE_INTEGRAL = "smooth; that of the integral also for x < 0, where SciPy 1.17 has a wrong imaginary part of it"
_INNER = ((-0.9, 0.9),)
_TWO_OVER_ROOT_PI, _ROOT_HALF, _ROOT_TWO_PI = 2 / sqrt(pi), sqrt(0.5), sqrt(2 * pi)
_ROOT_PI = sqrt(pi)

# --- scaled functions ----------------------------------------------------------------------------------------------

_FAR = 7.0


def _odd_factorials(count: int) -> list[float]:
    """The products 1, 1·3, 1·3·5 and so on."""
    found = [1.0]
    for k in range(1, count):
        found.append(found[-1] * (2 * k + 1))
    return found


_SLOPE = _odd_factorials(26)
_CURVE = [(2 * k + 2) * c for k, c in enumerate(_SLOPE)]


def _parted(z: Any) -> tuple[Any, Any, Any]:
    """Where z is far from 0, and its square there and z elsewhere, each made safe where it is not wanted."""
    far = np.abs(z) > _FAR
    return far, np.where(far, z, _FAR), np.where(far, 0.0, z)


def _wofz_slope(y: Any, z: Any) -> Any:
    """The derivative of w(z) = exp(-z²) erfc(-iz)."""
    far, large, small = _parted(z)
    square = large * large
    tail = -1j / _ROOT_PI / square * series(_SLOPE, 0.5 / square) - 2 * large * _lower_wave(large)
    return np.where(far, tail, 2j / _ROOT_PI - 2 * small * np.where(far, 0.0, y))


def _wofz_curve(y: Any, z: Any) -> Any:
    """The second derivative of w."""
    far, large, small = _parted(z)
    square = large * large
    tail = 1j / _ROOT_PI / (square * large) * series(_CURVE, 0.5 / square) + (4 * square - 2) * _lower_wave(large)
    near = np.where(far, 0.0, y)
    return np.where(far, tail, -2 * near - 2 * small * (2j / _ROOT_PI - 2 * small * near))


def _lower_wave(z: Any) -> Any:
    """What w has beside its asymptotic series: 2 exp(-z²) below the real line, half of it on it."""
    below = np.imag(z) < 0
    on_line = np.imag(z) == 0
    return np.where(below | on_line, (1 + below) * np.exp(-np.where(below | on_line, z, 0.0) ** 2), 0.0)


def _erfcx_slope(y: Any, z: Any) -> Any:
    far, large, small = _parted(z)
    square = large * large
    left = np.real(large) < 0
    wave = np.where(left, 4 * large * np.exp(np.where(left, square, 0.0)), 0.0)
    tail = -1 / _ROOT_PI / square * series(_SLOPE, -0.5 / square) + wave
    return np.where(far, tail, 2 * small * np.where(far, 0.0, y) - _TWO_OVER_ROOT_PI)


def _dawsn_slope(y: Any, z: Any) -> Any:
    far, large, small = _parted(z)
    square = large * large
    tail = -0.5 / square * series(_SLOPE, 0.5 / square)
    if np.iscomplexobj(z):
        tail = tail - 1j * _ROOT_PI * np.sign(np.imag(large)) * large * np.exp(-square)
    return np.where(far, tail, 1 - 2 * small * np.where(far, 0.0, y))


# --- Voigt ---------------------------------------------------------------------------------------------------------


def _voigt_partials(x: Any, sigma: Any, gamma: Any) -> tuple[Any, Any, Any]:
    """The derivatives of Re w(z)/(σ√2π), z = (x+iγ)/(σ√2); the one in σ from the heat equation V_σ = σ V_xx."""
    narrow = sigma == 0
    width = np.where(narrow, 1.0, sigma)
    z = (x + 1j * gamma) / (width * sqrt(2))
    w = sp.wofz(z)
    slope = _wofz_slope(w, z) / (2 * _ROOT_PI * width * width)
    curve = np.real(_wofz_curve(w, z)) / (2 * width * width * _ROOT_TWO_PI)
    square = np.where(narrow, x * x + gamma * gamma, 1.0)
    along_x = np.where(narrow, -2 * x * gamma / (pi * square * square), np.real(slope))
    along_gamma = np.where(narrow, (x * x - gamma * gamma) / (pi * square * square), -np.imag(slope))
    return along_x, np.where(narrow, 0.0, curve), along_gamma


# --- others --------------------------------------------------------------------------------------------------------


def _log_ndtr_slope(x: Any) -> Any:
    """φ/Φ, without underflow."""
    return sqrt(2 / pi) / sp.erfcx(-_ROOT_HALF * x)


def _fresnel_slopes(x: Any) -> tuple[Any, Any]:
    """The sine and cosine of π x²/2; an even whole number is split off x, whose square is a multiple of 4."""
    if np.iscomplexobj(x):
        angle = 0.5 * pi * x * x
    else:
        even = 2 * np.rint(0.5 * x)
        rest = x - even
        angle = pi * (np.remainder(even * rest, 2.0) + 0.5 * rest * rest)
    return np.sin(angle), np.cos(angle)


def _modified_fresnel_slopes(x: Any, sign: int) -> tuple[Any, Any]:
    """Those of ∫ₓ^∞ exp(±it²) dt, and of it times exp(∓i(x²+π/4))/√π, which is half of erfcx on a diagonal."""
    direction = np.exp(-0.25j * pi * sign)
    z = direction * x
    return -np.exp(1j * sign * x * x), 0.5 * direction * _erfcx_slope(sp.erfcx(z), z)


# fmt: off
erf = elementwise(sp.erf, [lambda y, x: _TWO_OVER_ROOT_PI * np.exp(-x * x)])
erfc = elementwise(sp.erfc, [lambda y, x: -_TWO_OVER_ROOT_PI * np.exp(-x * x)])
erfi = elementwise(sp.erfi, [lambda y, x: _TWO_OVER_ROOT_PI * np.exp(x * x)])
erfcx = elementwise(sp.erfcx, [lambda y, x: _erfcx_slope(y, x)])
dawsn = elementwise(sp.dawsn, [lambda y, x: _dawsn_slope(y, x)])
wofz = not_float64(sp.wofz, elementwise(sp.wofz, [lambda y, x: _wofz_slope(y, x)]))
erfinv = elementwise(sp.erfinv, [lambda y, x: 0.5 * _ROOT_PI * np.exp(y * y)], analytic=False, at_kinks="inf at ±1", domain=_INNER)
erfcinv = elementwise(sp.erfcinv, [lambda y, x: -0.5 * _ROOT_PI * np.exp(y * y)], analytic=False, at_kinks="-inf at 0 and 2", domain=((0.1, 1.9),))
ndtr = elementwise(sp.ndtr, [lambda y, x: np.exp(-0.5 * x * x) / _ROOT_TWO_PI])
log_ndtr = elementwise(sp.log_ndtr, [lambda y, x: _log_ndtr_slope(x)])
ndtri = elementwise(sp.ndtri, [lambda y, p: _ROOT_TWO_PI * np.exp(0.5 * y * y)], analytic=False, at_kinks="inf at 0 and 1", domain=((0.05, 0.95),))
ndtri_exp = elementwise(sp.ndtri_exp, [lambda y, p: sqrt(pi / 2) * sp.erfcx(-_ROOT_HALF * y)], analytic=False,
                        at_kinks="inf at 0, 0 at -inf", domain=((-4.0, -0.1),))
fresnel = several(sp.fresnel, [lambda ys, x: _fresnel_slopes(x)], outputs=2)
modfresnelp = several(sp.modfresnelp, [lambda ys, x: _modified_fresnel_slopes(x, 1)], outputs=2, analytic=False, at_kinks=_OF_THE_INTEGRAL, domain=((0.1, 3.0),))
modfresnelm = several(sp.modfresnelm, [lambda ys, x: _modified_fresnel_slopes(x, -1)], outputs=2, analytic=False, at_kinks=_OF_THE_INTEGRAL, domain=((0.1, 3.0),))
voigt_profile = elementwise(sp.voigt_profile, [lambda y, x, sigma, gamma: _voigt_partials(x, sigma, gamma)[0],
                                               lambda y, x, sigma, gamma: _voigt_partials(x, sigma, gamma)[1],
                                               lambda y, x, sigma, gamma: _voigt_partials(x, sigma, gamma)[2]],
                            analytic=False, at_kinks="smooth; for σ = 0 that of Lorentz, 0 in σ", domain=((-2.0, 2.0), (0.3, 2.0), (0.2, 2.0)))
owens_t = elementwise(sp.owens_t, [lambda y, h, a: np.exp(-0.5 * h * h) * sp.erf(_ROOT_HALF * a * h) / (-2 * _ROOT_TWO_PI),
                                   lambda y, h, a: np.exp(-0.5 * h * h * (1 + a * a)) / (2 * pi * (1 + a * a))],
                      analytic=False, at_kinks=_NO_COMPLEX, domain=((-2.0, 2.0), (-2.0, 2.0)))
# fmt: on
