"""Distribution functions in mpmath, written from their definitions: oracles for SciPy's and their derivatives."""

from __future__ import annotations

from mpmath import mp

_half = mp.mpf(1) / 2


def betaln(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def beta(a, b):
    return mp.exp(betaln(a, b))


def poch(a, m):
    return mp.exp(mp.loggamma(a + m) - mp.loggamma(a)) if a > 0 else mp.rf(a, m)


def gammainc(a, x):
    """The lower incomplete gamma function, or minus the upper one where that is smaller: their derivatives agree."""
    if x < a + 1:
        return mp.gammainc(a, 0, x, regularized=True)
    return -mp.gammainc(a, x, mp.inf, regularized=True)


def betainc(a, b, x):
    """The incomplete beta function up to x, or minus its complement."""
    if x < a / (a + b):
        return mp.betainc(a, b, 0, x, regularized=True)
    return -mp.betainc(b, a, 0, 1 - x, regularized=True)


def fdtr(dfn, dfd, x):
    return betainc(dfn / 2, dfd / 2, dfn * x / (dfd + dfn * x))


def stdtr(df, t):
    return mp.sign(t) * fdtr(mp.mpf(1), df, t * t) / 2


def _poisson(j, mean):
    return mp.exp(-mean) * mean**j / mp.factorial(j)


def chndtr(x, df, nc):
    count = int(nc + x) + 60
    return mp.fsum(_poisson(j, nc / 2) * mp.gammainc(df / 2 + j, 0, x / 2, regularized=True) for j in range(count))


def ncfdtr(dfn, dfd, nc, f):
    y = dfn * f / (dfd + dfn * f)
    terms = (
        _poisson(j, nc / 2) * mp.betainc(dfn / 2 + j, dfd / 2, 0, y, regularized=True) for j in range(int(nc) + 60)
    )
    return mp.fsum(terms)


def nctdtr(df, nc, t):
    h = df / 2
    upper = t > nc

    def integrand(s):
        argument = t * mp.exp(s / 2) - nc
        tail = -mp.ncdf(-argument) if upper else mp.ncdf(argument)
        return tail * mp.exp(h * s - h * mp.exp(s))

    ends = [-160 / h, -60 / h, -25 / h, -10 / h, *map(mp.mpf, (-3, -2, -1, -_half, 0, _half, 1, 2, 3.5))]
    return mp.quad(integrand, sorted(ends)) * h**h / mp.gamma(h)


def kolmogorov(x):
    return 2 * mp.nsum(lambda k: (-1) ** (int(k) - 1) * mp.exp(-2 * k * k * x * x), [1, 40])


def smirnov(n, d):
    count = int(mp.floor(n * (1 - d)))
    return d * mp.fsum(
        mp.binomial(n, j) * (d + mp.mpf(j) / n) ** (j - 1) * (1 - d - mp.mpf(j) / n) ** (n - j)
        for j in range(count + 1)
    )


def owens_t(h, a):
    return mp.quad(lambda x: mp.exp(-h * h * (1 + x * x) / 2) / (1 + x * x), [0, a]) / (2 * mp.pi)


def wofz(z):
    return mp.exp(-z * z) * mp.erfc(-1j * mp.mpc(z))


def erfcx(z):
    return mp.exp(z * z) * mp.erfc(z)


def dawsn(z):
    return mp.sqrt(mp.pi) / 2 * mp.exp(-z * z) * mp.erfi(z)


def modified_fresnel(x, sign):
    """∫ₓ^∞ exp(±it²) dt and exp(∓i(x²+π/4))/√π times it."""
    direction = mp.exp(-1j * sign * mp.pi / 4)
    return mp.sqrt(mp.pi) / 2 / direction * mp.erfc(direction * x), erfcx(direction * x) / 2


def voigt_profile(x, sigma, gamma):
    return mp.re(wofz((x + 1j * gamma) / (sigma * mp.sqrt(2)))) / (sigma * mp.sqrt(2 * mp.pi))


def log_ndtr(x):
    return mp.log(mp.erfc(-x / mp.sqrt(2)) / 2)


def ndtri(p):
    return mp.sqrt(2) * mp.erfinv(2 * p - 1)


def boxcox(x, lmbda):
    return mp.log(x) if lmbda == 0 else mp.powm1(x, lmbda) / lmbda


def inv_boxcox(y, lmbda):
    return mp.exp(y) if lmbda == 0 else (1 + lmbda * y) ** (1 / lmbda)


def pseudo_huber(delta, r):
    return delta * delta * (mp.sqrt(1 + (r / delta) ** 2) - 1)


def tukey_quantile(p, lmbda):
    return boxcox(p, lmbda) - boxcox(1 - p, lmbda)
