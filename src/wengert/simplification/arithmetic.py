"""Rewrites of sums, products, quotients and powers. Each docstring is the identity.

All are identities of real numbers; complex arithmetic in floating point fulfils few of them (∞ · 1 is not ∞), so that
most look at real results only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.registry import table
from wengert.simplification.keys import application_key
from wengert.simplification.signs import NO_NEGATIVE_ZERO, NON_NEGATIVE
from wengert.simplification.terms import Site, Term, is_plain, is_power_of_two, negated, same, scalar_of
from wengert.value import NO_PARAMS
from wengert.wlist import Variable


def _term(name: str, *operands: Any) -> Term:
    return Term(getattr(table, name), operands)


def _is_zero(x: Any, *, negative: bool) -> bool:
    number = scalar_of(x)
    return number == 0 and bool(np.signbit(number)) == negative


# --- neutral and absorbing constants -------------------------------------------------------------------------------


def plus_nothing(site: Site) -> Any:
    """``x + (-0.0) = x``."""
    if site.type.dtype.kind == "c":
        return None
    for x, c in site.pairs():
        if _is_zero(c, negative=True) or (not site.is_real and scalar_of(c) == 0):
            return x
    return None


def plus_zero_of_sure_sign(site: Site) -> Any:
    """``x + 0.0 = x`` where x is known not to be -0.0, as a square, or a sum with one."""
    for x, c in site.pairs():
        if site.is_real and scalar_of(c) == 0 and site.has_sign(x, NO_NEGATIVE_ZERO):
            return x
    return None


def plus_zero(site: Site) -> Any:
    """``x + 0.0 = x``, but for the sign of a zero."""
    for x, c in site.pairs():
        if scalar_of(c) == 0:
            return x
    return None


def minus_nothing(site: Site) -> Any:
    """``x - 0.0 = x`` and ``-0.0 - x = -x``."""
    if site.type.dtype.kind == "c":
        return None
    x1, x2 = site.xs
    if _is_zero(x2, negative=False):
        return x1
    return _term("negative", x2) if site.is_real and _is_zero(x1, negative=True) else None


def zero_minus(site: Site) -> Any:
    """``0.0 - x = -x``, but for the sign of a zero."""
    x1, x2 = site.xs
    return _term("negative", x2) if scalar_of(x1) == 0 else None


def difference_with_itself(site: Site) -> Any:
    """``x - x = 0``, which leaves out infinities and nan."""
    x1, x2 = site.xs
    return site.type.dtype.type(0) if same(x1, x2) else None


def times_one(site: Site) -> Any:
    """``x · 1 = x``."""
    if site.type.dtype.kind == "c":
        return None
    for x, c in site.pairs():
        if scalar_of(c) == 1:
            return x
    return None


def times_one_of_complex(site: Site) -> Any:
    """``z · 1 = z`` and ``z / 1 = z``, which leaves out infinities and the signs of zeros of a complex z."""
    x1, x2 = site.xs
    if site.type.dtype.kind != "c":
        return None
    if scalar_of(x2) == 1:
        return x1
    return x2 if site.prim is table.multiply and scalar_of(x1) == 1 else None


def times_minus_one(site: Site) -> Any:
    """``x · (-1) = -x``."""
    for x, c in site.pairs():
        if site.is_real and scalar_of(c) == -1:
            return _term("negative", x)
    return None


def times_zero(site: Site) -> Any:
    """``x · 0 = 0``, which leaves out infinities, nan and the signs of zeros."""
    for _x, c in site.pairs():
        if scalar_of(c) == 0:
            return site.type.dtype.type(0)
    return None


def over_one(site: Site) -> Any:
    """``x / 1 = x`` and ``x / (-1) = -x``."""
    x, c = site.xs
    number = scalar_of(c)
    if not site.is_real or number is None or abs(number) != 1:
        return None
    return x if number == 1 else _term("negative", x)


def quotient_with_itself(site: Site) -> Any:
    """``x / x = 1``, which leaves out zeros, infinities and nan."""
    x1, x2 = site.xs
    return site.type.dtype.type(1) if same(x1, x2) else None


def selecting_one(site: Site) -> Any:
    """What is selected with weight 1 is all."""
    ct, weight = site.xs
    return ct if site.is_real and scalar_of(weight) == 1 else None


# --- signs ---------------------------------------------------------------------------------------------------------


def double_negation(site: Site) -> Any:
    """``-(-x) = x``."""
    return site.inner(site.xs[0], table.negative)


def sum_with_negation(site: Site) -> Any:
    """``x + (-y) = x - y``."""
    for x, n in site.pairs():
        y = site.negation(n)
        if y is not None:
            return _term("subtract", x, y)
    return None


def difference_with_negation(site: Site) -> Any:
    """``x - (-y) = x + y``."""
    x, n = site.xs
    y = site.negation(n)
    return None if y is None else _term("add", x, y)


def negation_less(site: Site) -> Any:
    """``(-x) - y = -(x + y)`` where the sign is taken further, but for the sign of a zero."""
    n, y = site.xs
    x = site.negation(n)
    return _term("negative", _term("add", x, y)) if x is not None and site.is_absorbed else None


def two_negations(site: Site) -> Any:
    """``(-x) · (-y) = x · y`` and ``(-x) / (-y) = x / y``."""
    x, y = map(site.negation, site.xs)
    return None if x is None or y is None or not site.is_real else Term(site.prim, (x, y))


def negation_into_constant(site: Site) -> Any:
    """``(-x) · c = x · (-c)``, and likewise for quotients."""
    for k, n in enumerate(site.xs):
        x, c = site.negation(n), site.xs[1 - k]
        other = negated(c) if x is not None and site.is_real and is_plain(c) else None
        if other is not None:
            return Term(site.prim, (x, other) if k == 0 else (other, x))
    return None


def negation_out_of_product(site: Site) -> Any:
    """``(-x) · y = -(x · y)`` and ``(-x) / y = -(x / y)``, where the sign is taken further."""
    if not (site.is_absorbed and site.is_real):
        return None
    for k, n in enumerate(site.xs):
        x = site.negation(n)
        if x is not None:
            xs = (x, site.xs[1]) if k == 0 else (site.xs[0], x)
            return _term("negative", Term(site.prim, xs))
    return None


def negated_scaling(site: Site) -> Any:
    """``-(c · x) = (-c) · x``, and likewise for quotients, where the sign is not taken further."""
    if site.is_absorbed or not site.is_real:
        return None
    for prim in (table.multiply, table.divide):
        stmt = site.made_by(site.xs[0], prim)
        for k in (0, 1) if stmt is not None else ():
            c, x = (None, None) if stmt is None else (stmt.operands[k], stmt.operands[1 - k])
            c = negated(c) if is_plain(c) else None
            if c is not None:
                return Term(prim, (c, x) if k == 0 else (x, c))
    return None


def negated_difference(site: Site) -> Any:
    """``-(x - y) = y - x``, but for the sign of a zero."""
    stmt = site.made_by(site.xs[0], table.subtract)
    return None if stmt is None else _term("subtract", stmt.operands[1], stmt.operands[0])


def square_of_magnitude(site: Site) -> Any:
    """``(-x)² = x²``, ``|x|² = x²``, ``|-x| = |x|`` and ``||x|| = |x|``."""
    for prim in (table.negative, table.absolute):
        x = site.inner(site.xs[0], prim)
        if x is not None and x.dtype.kind == "f":
            return Term(site.prim, (x, *site.xs[1:])) if _is_even(site) else None
    return None


def _is_even(site: Site) -> bool:
    return site.prim is not table.power or scalar_of(site.xs[1]) in (2, 4)


def magnitude_of_non_negative(site: Site) -> Any:
    """``|x| = x`` where x is known not to be negative, as an exponential."""
    (x,) = site.xs
    return x if site.has_sign(x, NON_NEGATIVE) else None


# --- constant factors ----------------------------------------------------------------------------------------------


def constant_factors(site: Site) -> Any:
    """``c · (2ᵏ · x) = (c · 2ᵏ) · x`` for |c| ≥ 1, k ≥ 0; ``2ᵏ · (c · x) = (2ᵏ · c) · x`` for whole c, k ≥ 0."""
    return _merged(site, _merges_exactly)


def all_constant_factors(site: Site) -> Any:
    """``c₁ · (c₂ · x) = (c₁ · c₂) · x``."""
    return _merged(site, _merges)


def _merged(site: Site, merges: Any) -> Any:
    for y, outer in site.pairs():
        stmt = site.made_by(y, table.multiply)
        a = scalar_of(outer)
        if stmt is None or a is None or not site.is_real:
            continue
        for x, inner in (stmt.operands, stmt.operands[::-1]):
            b = scalar_of(inner)
            if b is not None and isinstance(x, Variable) and y.dtype == site.type.dtype and merges(a, b, site):
                return _term("multiply", site.constant(a * b, outer, inner), x)
    return None


def _merges_exactly(outer: float, inner: float, site: Site) -> bool:
    """Doubling is exact, and what it makes overflow would overflow anyway; halving may lose a subnormal bit."""
    if not _merges(outer, inner, site):
        return False
    if is_power_of_two(inner) and abs(inner) >= 1:
        return abs(outer) >= 1
    return is_power_of_two(outer) and abs(outer) >= 1 and inner.is_integer()


def _merges(outer: float, inner: float, site: Site) -> bool:
    limits = np.finfo(site.type.dtype)
    return outer * inner == 0 or float(limits.smallest_normal) <= abs(outer * inner) <= float(limits.max)


def over_power_of_two(site: Site) -> Any:
    """``x / 2ᵏ = x · 2⁻ᵏ``."""
    x, c = site.xs
    number = scalar_of(c)
    if number is None or not site.is_real or not is_power_of_two(number):
        return None
    limits = np.finfo(site.type.dtype)
    is_normal = float(limits.smallest_normal) <= abs(1 / number) <= float(limits.max)
    return _term("multiply", x, site.constant(1 / number, c)) if is_normal else None


def over_constant(site: Site) -> Any:
    """``x / c = x · (1/c)``."""
    x, c = site.xs
    number = scalar_of(c)
    if number is None or number == 0 or not np.isfinite(number) or site.type.dtype.kind not in "fc":
        return None
    inverse = 1 / number
    return _term("multiply", x, site.constant(inverse, c)) if np.isfinite(inverse) else None


def constant_over_scaled(site: Site) -> Any:
    """``c₁ / (c₂ · x) = (c₁ / c₂) / x``."""
    c, y = site.xs
    stmt, a = site.made_by(y, table.multiply), scalar_of(c)
    if stmt is None or a is None or not site.is_real or not site.is_used_once(y):
        return None
    for x, inner in (stmt.operands, stmt.operands[::-1]):
        b = scalar_of(inner)
        if b is not None and b != 0 and isinstance(x, Variable) and _merges(a, 1 / b, site):
            return _term("divide", site.constant(a / b, c, inner), x)
    return None


def common_factor(site: Site) -> Any:
    """``a · b + a · c = a · (b + c)``, and likewise for differences, where the products are used here alone."""
    x1, x2 = site.xs
    left, right = site.made_by(x1, table.multiply), site.made_by(x2, table.multiply)
    if left is None or right is None or not (site.is_used_once(x1) and site.is_used_once(x2)):
        return None
    for a, b in (left.operands, left.operands[::-1]):
        for also_a, c in (right.operands, right.operands[::-1]):
            if same(a, also_a):
                return _term("multiply", a, Term(site.prim, (b, c)))
    return None


# --- quotients -----------------------------------------------------------------------------------------------------


def times_reciprocal(site: Site) -> Any:
    """``x · (1/y) = x / y`` where the reciprocal is used here alone."""
    for x, r in site.pairs():
        stmt = site.made_by(r, table.divide)
        if stmt is not None and site.is_used_once(r) and scalar_of(stmt.operands[0]) == 1:
            return _term("divide", x, stmt.operands[1])
    return None


def times_quotient(site: Site) -> Any:
    """``a · (b / c) = (a / c) · b`` where a / c is there already, and before b / c, which is used here alone."""
    for a, q in site.pairs():
        stmt = site.made_by(q, table.divide)
        if stmt is None or scalar_of(stmt.operands[0]) is not None or not site.is_used_once(q):
            continue
        b, c = stmt.operands
        key = application_key(table.divide, (a, c), NO_PARAMS, site.type.dtype.kind == "c")
        found = site.known.computed.get(key)
        if found is not None and site.known.order[found[0]] < site.known.order[q]:
            return _term("multiply", found[0], b)
    return None


def over_reciprocal(site: Site) -> Any:
    """``1 / (1/x) = x`` and ``a / (1/x) = a · x``."""
    a, r = site.xs
    stmt = site.made_by(r, table.divide)
    if stmt is None or scalar_of(stmt.operands[0]) != 1:
        return None
    return stmt.operands[1] if scalar_of(a) == 1 else _term("multiply", a, stmt.operands[1])


# --- powers and elementary functions -------------------------------------------------------------------------------


def power_one(site: Site) -> Any:
    """``x¹ = x``."""
    x, n = site.xs
    return x if scalar_of(n) == 1 and site.type.dtype.kind != "c" else None


def power_of_array(site: Site) -> Any:
    """``x² = x · x``, ``x⁻¹ = 1/x`` and ``x^½ = √x`` for an array, which NumPy computes so."""
    x, _n = site.xs
    return _small_power(site) if site.is_real and isinstance(x, Variable) and x.type.ndim else None


def power_of_number(site: Site) -> Any:
    """The same for a number, where NumPy calls the C library's pow, whose last digit may differ."""
    x, _n = site.xs
    return _small_power(site) if site.type.dtype.kind in "fc" and isinstance(x, Variable) else None


def _small_power(site: Site) -> Any:
    x, n = site.xs
    number = scalar_of(n)
    if number == 2:
        return _term("square", x)
    if number == -1:
        return _term("divide", 1.0, x)
    return _term("sqrt", x) if number == 0.5 else None


def power_zero(site: Site) -> Any:
    """``x⁰ = 1``, also for nan."""
    _x, n = site.xs
    return site.type.dtype.type(1) if scalar_of(n) == 0 and site.is_real else None


def power_as_products(site: Site) -> Any:
    """``x³ = x² · x``, ``x⁴ = (x²)²`` and ``x⁻² = 1 / x²``."""
    x, n = site.xs
    number = scalar_of(n)
    if site.type.dtype.kind not in "fc" or not isinstance(x, Variable):
        return None
    square = _term("square", x)
    if number == 3:
        return _term("multiply", square, x)
    if number == 4:
        return _term("square", square)
    return _term("divide", 1.0, square) if number == -2 else None


def product_with_itself(site: Site) -> Any:
    """``x · x = x²``."""
    x1, x2 = site.xs
    return _term("square", x1) if site.is_real and isinstance(x1, Variable) and x1 is x2 else None


_INVERSES = (("log", "exp"), ("exp", "log"), ("log1p", "expm1"), ("expm1", "log1p"), ("square", "sqrt"))


def inverse_function(site: Site) -> Any:
    """``log exp x = exp log x = x``, ``log1p expm1 x = expm1 log1p x = x``, ``(√x)² = x``, within their domains."""
    (x,) = site.xs
    for outer, inner in _INVERSES:
        if site.prim is getattr(table, outer):
            found = site.inner(x, getattr(table, inner))
            if found is not None:
                return found
    return None


def root_of_square(site: Site) -> Any:
    """``√(x²) = |x|``, without the overflow of the square."""
    x = site.inner(site.xs[0], table.square)
    return None if x is None or x.dtype.kind == "c" else _term("absolute", x)


def product_of_roots(site: Site) -> Any:
    """``√x · √x = x`` for x ≥ 0."""
    x1, x2 = site.xs
    return site.inner(x1, table.sqrt) if x1 is x2 and isinstance(x1, Variable) else None


def product_of_exponentials(site: Site) -> Any:
    """``exp a · exp b = exp(a + b)``, and quotients likewise, where the exponentials are used here alone."""
    x1, x2 = site.xs
    a, b = (site.inner(x, table.exp) for x in site.xs)
    if a is None or b is None or x1 is x2 or not (site.is_used_once(x1) and site.is_used_once(x2)):
        return None
    return _term("exp", _term("add" if site.prim is table.multiply else "subtract", a, b))
