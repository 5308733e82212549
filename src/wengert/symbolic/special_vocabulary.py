"""What the functions of `scipy.special` are called in SymPy: the second half of the column `vocabulary`.

Argument orders differ between the two libraries, and so do scalings; the row says how. A function that SymPy does not
know has no row.

Loaded only where SymPy is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sympy as sp

__all__ = ["SPECIAL"]

Row = Callable[..., Any]


def _root_two() -> Any:
    return sp.sqrt(2)


def _power_quotient(x: Any, k: Any) -> Any:
    """The quotient (xᵏ - 1)/k, and its limit log x."""
    return sp.Piecewise((sp.log(x), sp.Eq(k, 0)), ((x**k - 1) / k, True))


def _power_root(y: Any, k: Any) -> Any:
    """The inverse of it."""
    return sp.Piecewise((sp.exp(y), sp.Eq(k, 0)), ((1 + k * y) ** (1 / k), True))


def _huber(delta: Any, r: Any) -> Any:
    return sp.Piecewise((r**2 / 2, sp.Abs(r) <= delta), (delta * (sp.Abs(r) - delta / 2), True))


def _exprel(x: Any) -> Any:
    return sp.Piecewise((1, sp.Eq(x, 0)), ((sp.exp(x) - 1) / x, True))


def _normal_share(x: Any) -> Any:
    """The distribution function of the standard normal distribution."""
    return sp.erfc(-x / _root_two()) / 2


def _normal_quantile(p: Any) -> Any:
    return _root_two() * sp.erfinv(2 * p - 1)


def _modified_spherical(function: Row, factor: Any) -> Row:
    return lambda n, z: sp.sqrt(factor / z) * function(n + sp.Rational(1, 2), z)


def _spherical_slope(function: Row, sign: int) -> Row:
    """The derivative n f(n, z)/z ± f(n+1, z)  (DLMF 10.51)."""
    return lambda n, z: n / z * function(n, z) + sign * function(n + 1, z)


_SPHERICAL_I = _modified_spherical(sp.besseli, sp.pi / 2)
_SPHERICAL_K = _modified_spherical(sp.besselk, sp.pi / 2)


def _binomial(n: Any, k: Any) -> Any:
    return sp.gamma(n + 1) / (sp.gamma(k + 1) * sp.gamma(n - k + 1))


# SymPy's polynomials are right for whole degrees only (1.14 takes the degree 1.7 for 1): others are written as
# hypergeometric functions (DLMF 18.5.7, 18.5.9, 18.5.12).


def _jacobi(n: Any, a: Any, b: Any, x: Any) -> Any:
    if n.is_integer:
        return sp.jacobi(n, a, b, x)
    return _binomial(n + a, n) * sp.hyper((-n, n + a + b + 1), (a + 1,), (1 - x) / 2)


def _gegenbauer(n: Any, a: Any, x: Any) -> Any:
    if n.is_integer:
        return sp.gegenbauer(n, a, x)
    half = sp.Rational(1, 2)
    return _binomial(n + 2 * a - 1, n) * sp.hyper((-n, n + 2 * a), (a + half,), (1 - x) / 2)


def _laguerre(n: Any, a: Any, x: Any) -> Any:
    if n.is_integer:
        return sp.assoc_laguerre(n, a, x)
    return _binomial(n + a, n) * sp.hyper((-n,), (a + 1,), x)


def _shifted_jacobi(n: Any, p: Any, q: Any, x: Any) -> Any:
    return _jacobi(n, p - q, q - 1, 2 * x - 1) / _binomial(2 * n + p - 1, n)


def _log_gamma_of_size(x: Any) -> Any:
    """SciPy's ``gammaln``: the logarithm of the absolute value of Γ."""
    return sp.log(sp.Abs(sp.gamma(x)))


def _gamma_density(order: Any, a: Any, x: Any) -> Any:
    """The density xᵃ⁻¹ e⁻ˣ / Γ(a), differentiated so often in a."""
    shape = sp.Dummy("a", positive=True)
    density = x ** (shape - 1) * sp.exp(-x) / sp.gamma(shape)
    return sp.diff(density, shape, int(order)).subs(shape, a) if order else density.subs(shape, a)


def _beta_density(i: Any, k: Any, a: Any, b: Any, x: Any) -> Any:
    p, q = sp.Dummy("a", positive=True), sp.Dummy("b", positive=True)
    density = x ** (p - 1) * (1 - x) ** (q - 1) * sp.gamma(p + q) / (sp.gamma(p) * sp.gamma(q))
    return sp.diff(density, p, int(i), q, int(k)).subs({p: a, q: b})


# fmt: off
SPECIAL: Mapping[str, Row] = MappingProxyType({
    # Compositions of elementary functions.
    "expit": lambda x: 1 / (1 + sp.exp(-x)),
    "log_expit": lambda x: -sp.log(1 + sp.exp(-x)),
    "logit": lambda p: sp.log(p / (1 - p)),
    "exprel": _exprel,
    "exp10": lambda x: 10**x,
    "cosm1": lambda x: sp.cos(x) - 1,
    "powm1": lambda x, y: x**y - 1,
    "xlogy": lambda x, y: x * sp.log(y),
    "xlog1py": lambda x, y: x * sp.log(1 + y),
    "entr": lambda x: -x * sp.log(x),
    "rel_entr": lambda p, q: p * sp.log(p / q),
    "kl_div": lambda p, q: p * sp.log(p / q) - p + q,
    "huber": _huber,
    "pseudo_huber": lambda delta, r: delta**2 * (sp.sqrt(1 + (r / delta)**2) - 1),
    "boxcox": _power_quotient,
    "boxcox1p": lambda x, k: _power_quotient(1 + x, k),
    "inv_boxcox": _power_root,
    "inv_boxcox1p": lambda y, k: _power_root(y, k) - 1,
    "sindg": lambda x: sp.sin(sp.pi * x / 180),
    "cosdg": lambda x: sp.cos(sp.pi * x / 180),
    "tandg": lambda x: sp.tan(sp.pi * x / 180),
    "cotdg": lambda x: sp.cot(sp.pi * x / 180),
    "radian": lambda d, m, s: sp.pi / 180 * (d + m / 60 + s / 3600),
    # Gamma and its quotients.
    "gamma": sp.gamma,
    "loggamma": sp.loggamma,
    "gammaln": _log_gamma_of_size,
    "gammasgn": lambda x: sp.sign(sp.gamma(x)),
    "rgamma": lambda x: 1 / sp.gamma(x),
    "psi": sp.digamma,
    "polygamma": sp.polygamma,
    "digamma_difference": lambda n, a, b: sp.polygamma(n, a + b) - sp.polygamma(n, a),
    "beta": sp.beta,
    "betaln": lambda a, b: sp.loggamma(a) + sp.loggamma(b) - sp.loggamma(a + b),
    "poch": lambda a, m: sp.gamma(a + m) / sp.gamma(a),
    "binom": _binomial,
    "gammainc": lambda a, x: sp.lowergamma(a, x) / sp.gamma(a),
    "gammaincc": lambda a, x: sp.uppergamma(a, x) / sp.gamma(a),
    "betainc": lambda a, b, x: sp.betainc_regularized(a, b, 0, x),
    "betaincc": lambda a, b, x: sp.betainc_regularized(a, b, x, 1),
    "gamma_density": _gamma_density,
    "beta_density": _beta_density,
    "zeta": sp.zeta,
    "riemann_zeta": sp.zeta,
    "zetac": lambda s: sp.zeta(s) - 1,
    # Error functions and the normal distribution.
    "erf": sp.erf,
    "erfc": sp.erfc,
    "erfi": sp.erfi,
    "erfcx": lambda x: sp.exp(x**2) * sp.erfc(x),
    "dawsn": lambda x: sp.sqrt(sp.pi) / 2 * sp.exp(-x**2) * sp.erfi(x),
    "wofz": lambda z: sp.exp(-z**2) * sp.erfc(-sp.I * z),
    "erfinv": sp.erfinv,
    "erfcinv": lambda p: sp.erfinv(1 - p),
    "ndtr": _normal_share,
    "log_ndtr": lambda x: sp.log(_normal_share(x)),
    "ndtri": _normal_quantile,
    "ndtri_exp": lambda y: _normal_quantile(sp.exp(y)),
    "fresnel": lambda x: (sp.fresnels(x), sp.fresnelc(x)),
    # Integrals.
    "expi": sp.Ei,
    "exp1": lambda x: sp.expint(1, x),
    "expn": sp.expint,
    "sici": lambda x: (sp.Si(x), sp.Ci(x)),
    "shichi": lambda x: (sp.Shi(x), sp.Chi(x)),
    "spence": lambda z: sp.polylog(2, 1 - z),
    "lambertw": lambda z, k, _tol: sp.LambertW(z, k),
    "wrightomega": lambda z: sp.LambertW(sp.exp(z)),
    "agm": lambda a, b: sp.pi / 4 * (a + b) / sp.elliptic_k(((a - b) / (a + b))**2),
    # Elliptic integrals, in the parameter m.
    "ellipk": sp.elliptic_k,
    "ellipkm1": lambda p: sp.elliptic_k(1 - p),
    "ellipe": sp.elliptic_e,
    "ellipkinc": sp.elliptic_f,
    "ellipeinc": sp.elliptic_e,
    # Bessel functions.
    "jv": sp.besselj,
    "yv": sp.bessely,
    "iv": sp.besseli,
    "kv": sp.besselk,
    "yn": sp.bessely,
    "kn": sp.besselk,
    "hankel1": sp.hankel1,
    "hankel2": sp.hankel2,
    "jve": lambda v, z: sp.besselj(v, z) * sp.exp(-sp.Abs(sp.im(z))),
    "yve": lambda v, z: sp.bessely(v, z) * sp.exp(-sp.Abs(sp.im(z))),
    "ive": lambda v, z: sp.besseli(v, z) * sp.exp(-sp.Abs(sp.re(z))),
    "kve": lambda v, z: sp.besselk(v, z) * sp.exp(z),
    "hankel1e": lambda v, z: sp.hankel1(v, z) * sp.exp(-sp.I * z),
    "hankel2e": lambda v, z: sp.hankel2(v, z) * sp.exp(sp.I * z),
    "j0": lambda z: sp.besselj(0, z),
    "j1": lambda z: sp.besselj(1, z),
    "y0": lambda z: sp.bessely(0, z),
    "y1": lambda z: sp.bessely(1, z),
    "special_i0": lambda z: sp.besseli(0, z),
    "i1": lambda z: sp.besseli(1, z),
    "k0": lambda z: sp.besselk(0, z),
    "k1": lambda z: sp.besselk(1, z),
    "i0e": lambda z: sp.besseli(0, z) * sp.exp(-sp.Abs(z)),
    "i1e": lambda z: sp.besseli(1, z) * sp.exp(-sp.Abs(z)),
    "k0e": lambda z: sp.besselk(0, z) * sp.exp(z),
    "k1e": lambda z: sp.besselk(1, z) * sp.exp(z),
    "spherical_jn": sp.jn,
    "spherical_yn": sp.yn,
    "spherical_in": _SPHERICAL_I,
    "spherical_kn": _SPHERICAL_K,
    "spherical_jn_derivative": _spherical_slope(sp.jn, -1),
    "spherical_yn_derivative": _spherical_slope(sp.yn, -1),
    "spherical_in_derivative": _spherical_slope(_SPHERICAL_I, 1),
    "spherical_kn_derivative": _spherical_slope(_SPHERICAL_K, -1),
    "airy": lambda z: (sp.airyai(z), sp.airyaiprime(z), sp.airybi(z), sp.airybiprime(z)),
    # Orthogonal polynomials.
    "eval_legendre": sp.legendre,
    "eval_sh_legendre": lambda n, x: sp.legendre(n, 2 * x - 1),
    "eval_chebyt": sp.chebyshevt,
    "eval_chebyu": sp.chebyshevu,
    "eval_chebyc": lambda n, x: 2 * sp.chebyshevt(n, x / 2),
    "eval_chebys": lambda n, x: sp.chebyshevu(n, x / 2),
    "eval_sh_chebyt": lambda n, x: sp.chebyshevt(n, 2 * x - 1),
    "eval_sh_chebyu": lambda n, x: sp.chebyshevu(n, 2 * x - 1),
    "eval_laguerre": lambda n, x: _laguerre(n, sp.Integer(0), x),
    "eval_genlaguerre": _laguerre,
    "eval_gegenbauer": _gegenbauer,
    "eval_jacobi": _jacobi,
    "eval_sh_jacobi": _shifted_jacobi,
    "eval_hermite": sp.hermite,
    "eval_hermitenorm": lambda n, x: 2**(-n / 2) * sp.hermite(n, x / _root_two()),
    "lpmv": lambda m, v, x: sp.assoc_legendre(v, m, x),
    # Hypergeometric functions.
    "hyp0f1": lambda b, z: sp.hyper((), (b,), z),
    "hyp1f1": lambda a, b, z: sp.hyper((a,), (b,), z),
    "hyp2f1": lambda a, b, c, z: sp.hyper((a, b), (c,), z),
})
# fmt: on
