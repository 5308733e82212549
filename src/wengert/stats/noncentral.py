"""Noncentral distributions."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.rules.special_noncentral import noncentral_beta_term
from wengert.rules.special_noncentral_t import nct_expectation
from wengert.stats.distribution import continuous
from wengert.stats.formulas import LOG_2
from wengert.stats.operands import select

_INF = np.inf
_HALF_LINE = (0.0, _INF)


def _rice_mean(b: Any) -> Any:
    h = 0.25 * b * b
    return np.sqrt(0.5 * pi) * ((1 + 2 * h) * sp.i0e(h) + 2 * h * sp.i1e(h))


continuous(
    "rice", "b", support=_HALF_LINE, inside=1.0, valid=lambda b: b >= 0,
    logpdf=lambda z, b: np.log(z) - 0.5 * (z - b) ** 2 + np.log(sp.i0e(z * b)),
    cdf=lambda z, b: sp.chndtr(z * z, 2.0, b * b),
    ppf=lambda q, b: np.sqrt(sp.chndtrix(q, 2.0, b * b)),
    mean=_rice_mean,
    var=lambda b: 2 + b * b - _rice_mean(b) ** 2,
)  # fmt: skip


def _noncentral_chi2(z: Any, df: Any, nc: Any) -> Any:
    """By the Bessel function of the first kind, scaled; near nc·z = 0 by its series, which has no case nc = 0."""
    order = 0.5 * df - 1
    near = nc * z < 1
    small, large = np.where(near, nc * z, 0.0), np.where(near, 1.0, nc * z)
    central = sp.xlogy(order, 0.5 * z) - LOG_2 - sp.gammaln(0.5 * df) - 0.5 * (z + nc)
    by_series = central + np.log(sp.hyp0f1(0.5 * df, 0.25 * small))
    ratio = np.where(near, 1.0, z) / np.where(near, 1.0, nc)
    gap = np.sqrt(np.where(near, 1.0, z)) - np.sqrt(np.where(near, 1.0, nc))
    by_bessel = 0.5 * order * np.log(ratio) - 0.5 * gap * gap + np.log(sp.ive(order, np.sqrt(large))) - LOG_2
    return np.where(near, by_series, by_bessel)


continuous(
    "ncx2", "df nc", support=_HALF_LINE, inside=1.0, valid=lambda df, nc: (df > 0) & np.isfinite(df) & (nc >= 0),
    logpdf=_noncentral_chi2,
    cdf=sp.chndtr,
    ppf=sp.chndtrix,
    mean=lambda df, nc: df + nc, var=lambda df, nc: 2 * df + 4 * nc,
)  # fmt: skip

continuous(
    "ncf", "dfn dfd nc", support=_HALF_LINE, inside=1.0, is_open=True,
    valid=lambda dfn, dfd, nc: (dfn > 0) & (dfd > 0) & (nc >= 0),
    logpdf=lambda z, dfn, dfd, nc: (
        np.log(noncentral_beta_term(0, 0, 0, 0.5 * dfn, 0.5 * dfd, 0.5 * nc, dfn * z / dfd)) - np.log(z)
    ),
    cdf=lambda z, dfn, dfd, nc: sp.ncfdtr(dfn, dfd, nc, z),
    ppf=lambda q, dfn, dfd, nc: sp.ncfdtri(dfn, dfd, nc, q),
    mean=lambda dfn, dfd, nc: np.where(dfd > 2, dfd * (dfn + nc) / (dfn * (dfd - 2)), np.nan),
    var=lambda dfn, dfd, nc: np.where(
        dfd > 4,
        2 * (dfd / dfn) ** 2 * ((dfn + nc) ** 2 + (dfn + 2 * nc) * (dfd - 2)) / ((dfd - 2) ** 2 * (dfd - 4)),
        np.nan,
    ),
)  # fmt: skip


def _noncentral_t_mean(df: Any, nc: Any) -> Any:
    above = df > 1
    return np.where(above, nc * np.sqrt(0.5 * df) / sp.poch(0.5 * np.where(above, df, 2.0) - 0.5, 0.5), np.nan)


continuous(
    "nct", "df nc", valid=lambda df, nc: (df > 0) & ~np.isnan(nc),
    logpdf=lambda z, df, nc: np.log(nct_expectation(0, 1, df, nc, z)),
    cdf=lambda z, df, nc: sp.nctdtr(df, nc, z),
    sf=lambda z, df, nc: sp.nctdtr(df, -nc, -z),
    ppf=lambda q, df, nc: select(q == 0, -_INF, sp.nctdtrit(df, nc, q)),
    mean=_noncentral_t_mean,
    var=lambda df, nc: np.where(df > 2, df * (1 + nc * nc) / (df - 2) - _noncentral_t_mean(df, nc) ** 2, np.nan),
)  # fmt: skip
