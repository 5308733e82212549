"""Calls of the special functions of the gamma, error and statistical families."""

from __future__ import annotations

import numpy as np
import scipy.special as sp

from laws.calling import Call, call
from wengert import special

_X, _Y = [0.45, 1.3, 2.6], [0.7, 0.35, 1.9]
_P, _Q = [0.25, 0.6, 0.85], [0.15, 0.5, 0.7]
_A, _B = [0.7, 1.6, 3.4], [1.2, 2.5, 0.8]
_MATRIX = np.random.default_rng(3).uniform(-1.0, 2.0, (2, 3))
_WEIGHTS = np.random.default_rng(4).uniform(0.3, 2.0, (2, 3))

_OF_COMPLEX = {
    "gamma": _X, "loggamma": _X, "rgamma": _X, "psi": _X, "digamma": _X, "erf": _X, "erfc": _X, "erfcx": _X, "erfi": _X,
    "dawsn": _X, "wofz": _X, "fresnel": _X, "ndtr": _X, "log_ndtr": _X, "expi": _X, "exp1": _X, "sici": _X,
    "shichi": _X, "spence": _X, "wrightomega": _X, "expm1": _X, "log1p": _X,
}  # fmt: skip
_OF_COMPLEX_PAIRS = {"xlogy": (_X, _Y), "xlog1py": (_X, _Y)}

_REAL = {
    "gammaln": ([-0.4, 1.3, 2.6],), "zetac": ([-1.4, 0.3, 3.0],), "beta": (_A, _B), "betaln": (_A, _B),
    "poch": (_A, _B), "binom": ([4.5, 3.3, 6.0], [1.2, 0.4, 2.5]), "gammainc": (_A, _X), "gammaincc": (_A, _X),
    "gammaincinv": (_A, _P), "gammainccinv": (_A, _P), "betainc": (_A, _B, _P), "betaincc": (_A, _B, _P),
    "betaincinv": (_A, _B, _P), "betainccinv": (_A, _B, _P), "erfinv": (_P,), "erfcinv": (_P,), "ndtri": (_P,),
    "ndtri_exp": ([-3.0, -0.4],), "voigt_profile": (_X, _A, _B), "owens_t": (_X, _Y), "expit": (_X,),
    "log_expit": (_X,), "logit": (_P,), "exprel": ([-1.4, 0.3, 2.0],), "exp2": (_X,), "exp10": (_X,), "cbrt": (_X,),
    "cosm1": (_X,), "powm1": (_X, _Y), "entr": (_X,), "rel_entr": (_X, _Y), "kl_div": (_X, _Y),
    "huber": ([1.0, 1.0, 1.0], [0.4, -2.0, 3.0]), "pseudo_huber": (_A, _X), "boxcox": (_X, [0.5, -1.2, 0.8]),
    "boxcox1p": (_X, [0.5, -1.2, 0.8]), "inv_boxcox": (_X, [0.5, -0.3, 0.8]), "inv_boxcox1p": (_X, [0.5, -0.3, 0.8]),
    "sindg": ([20.0, 130.0],), "cosdg": ([20.0, 130.0],), "tandg": ([20.0, -50.0],), "cotdg": ([20.0, 130.0],),
    "radian": (_X, _Y, _A), "agm": (_X, _Y), "chdtr": (_A, _X), "chdtrc": (_A, _X), "chdtri": (_A, _P),
    "chdtriv": (_P, _X), "gdtr": (_X, _A, _B), "gdtrc": (_X, _A, _B), "gdtria": (_P, _A, _B), "gdtrib": (_X, _P, _B),
    "gdtrix": (_X, _A, _P), "pdtrik": ([0.7, 0.5], [1.5, 3.0]), "btdtria": (_P, _A, _Q), "btdtrib": (_A, _P, _Q),
    "bdtrik": ([0.6, 0.7], [6.0, 9.0], [0.3, 0.2]), "bdtrin": ([2.0, 3.0], [0.5, 0.6], [0.3, 0.4]),
    "nbdtrik": ([0.7, 0.8], [3.0, 4.0], [0.4, 0.3]), "nbdtrin": ([2.0, 3.0], [0.5, 0.4], [0.4, 0.5]),
    "fdtr": (_A, _B, _X), "fdtrc": (_A, _B, _X), "fdtri": (_A, _B, _P),
    "fdtridfd": ([2.0, 3.0], [0.8, 0.7], [2.0, 1.5]),
    "stdtr": (_A, [-1.2, 0.4, 2.5]), "stdtrit": (_A, _P), "stdtridf": ([0.8, 0.9], [1.2, 2.1]),
    "nrdtrimn": (_P, _A, _X), "nrdtrisd": ([-0.5, 0.2], [0.7, 0.9], [0.8, 1.5]), "chndtr": (_X, _A, _B),
    "chndtrix": (_P, _A, _B), "chndtridf": ([4.0, 5.0], [0.5, 0.3], [1.0, 0.7]),
    "chndtrinc": ([4.0, 5.0], [1.0, 0.7], [0.3, 0.5]), "ncfdtr": (_A, _B, _Y, _X),
    "nctdtr": ([2.0, 6.0], [0.6, -0.4], [1.1, 0.3]), "nctdtrit": ([2.0, 6.0], [0.6, -0.4], [0.3, 0.7]),
    "modfresnelp": (_X,), "modfresnelm": (_X,), "kolmogorov": (_X,), "kolmogi": (_P,),
}  # fmt: skip

# With whole numbers among the operands, of which SciPy's binomial functions take no single precision; and Python
# functions by way of `wengert.special`.
_WITH_PARAMETERS = {
    "expn": [call(lambda x: sp.expn(2, x), _X), call(lambda x: sp.expn([0, 1, 3], x), _X)],
    "pdtr": [call(lambda m: sp.pdtr(2, m), _X)],
    "pdtrc": [call(lambda m: sp.pdtrc(2, m), _X)],
    "pdtri": [call(lambda p: sp.pdtri(2, p), _P)],
    "bdtr": [call(lambda p: sp.bdtr(2.0, 5, p), _P, single_too=False)],
    "bdtrc": [call(lambda p: sp.bdtrc(2.0, 5, p), _P, single_too=False)],
    "bdtri": [call(lambda y: sp.bdtri(2.0, 5, y), _P, single_too=False)],
    "nbdtr": [call(lambda p: sp.nbdtr(2, 5, p), _P)],
    "nbdtrc": [call(lambda p: sp.nbdtrc(2, 5, p), _P)],
    "nbdtri": [call(lambda y: sp.nbdtri(2, 5, y), _P)],
    "ncfdtri": [call(sp.ncfdtri, [2.0, 3.0], [4.0, 2.5], [0.7, 1.5], [0.3, 0.6])],
    "tklmbda": [call(sp.tklmbda, [0.3, -0.5], [0.5, -0.3], step=1e-2, rtol=1e-6)],
    "smirnov": [call(lambda d: sp.smirnov(5, d), [0.33, 0.47])],
    "smirnovi": [call(lambda p: sp.smirnovi(5, p), [0.3, 0.6])],
    "zeta": [
        call(special.zeta, [1.5, 3.0], [0.4, 2.0]),
        call(special.zeta, [-1.3, 0.4, 2.5], complex_too=True),
    ],
    "polygamma": [call(lambda x: special.polygamma(1, x), _X), call(lambda x: special.polygamma([0, 2, 3], x), _X)],
    "multigammaln": [
        call(lambda a: special.multigammaln(a, 3), [1.4, 2.6]),
        call(lambda a: special.multigammaln(a, 1), 0.8),
    ],
    "comb": [
        call(special.comb, [4.5, 3.3], [1.2, 0.4]),
        call(lambda n, k: special.comb(n, k, repetition=True), [4.5, 3.3], [1.2, 0.4]),
        call(lambda n: special.comb(n, 3), [4.5, 2.3]),
    ],
    "perm": [call(special.perm, [4.5, 3.3], [1.2, 0.4]), call(lambda n: special.perm(n, 2), [4.5, 1.3])],
    "factorial": [
        call(special.factorial, [0.4, 2.5, -1.5], single_too=False),
        call(lambda n: special.factorial(n, extend="complex"), [0.4, 2.5, -1.5], complex_too=True),
    ],
    "factorial2": [call(lambda n: special.factorial2(n, extend="complex"), [0.4, 2.5, 5.0], complex_too=True)],
    "factorialk": [call(lambda n: special.factorialk(n, 3, extend="complex"), [0.4, 2.5, 5.0], complex_too=True)],
    "lambertw": [call(special.lambertw, _X, complex_too=True), call(lambda z: special.lambertw(z, -1), [-0.2, -0.1])],
    "logsumexp": [
        call(special.logsumexp, _MATRIX, complex_too=True),
        call(lambda a: special.logsumexp(a, axis=1, keepdims=True), _MATRIX),
        call(lambda a, b: special.logsumexp(a, axis=0, b=b), _MATRIX, _WEIGHTS, complex_too=True),
        call(lambda a, b: special.logsumexp(a, 1, b, return_sign=True), _MATRIX, -_WEIGHTS, complex_too=True),
        call(special.logsumexp, 0.7),
    ],
    "softmax": [call(special.softmax, _MATRIX), call(lambda x: special.softmax(x, axis=1), _MATRIX)],
    "log_softmax": [call(special.log_softmax, _MATRIX), call(lambda x: special.log_softmax(x, axis=0), _MATRIX)],
    "softplus": [call(special.softplus, _MATRIX)],
    "diric": [call(lambda x: special.diric(x, 4), [0.4, -2.5, 7.0])],
    "sinc": [call(special.sinc, [0.4, -1.5], complex_too=True)],
}

CALLS: dict[str, list[Call]] = {
    **{f"scipy.special.{name}": [call(getattr(sp, name), x, complex_too=True)] for name, x in _OF_COMPLEX.items()},
    **{
        f"scipy.special.{name}": [call(getattr(sp, name), *xs, complex_too=True)]
        for name, xs in _OF_COMPLEX_PAIRS.items()
    },
    **{f"scipy.special.{name}": [call(getattr(sp, name), *xs)] for name, xs in _REAL.items()},
    **{f"scipy.special.{name}": calls for name, calls in _WITH_PARAMETERS.items()},
}
