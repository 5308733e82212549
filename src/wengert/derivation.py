"""From facts to rules: tangents, adjoints, and which values they read.

Every rule is derived when it is first used, and once. `fit` is what a sweep does to every contribution.
"""

from __future__ import annotations

import dis
import functools
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.errors import DeclarationError
from wengert.facts import Flat, Kind, Rule, Tangent, Transpose
from wengert.registry import table

if TYPE_CHECKING:
    from wengert.primitive import Primitive

__all__ = [
    "adjoint_rule",
    "expand",
    "fit",
    "kept_values",
    "plain_terms",
    "raised",
    "spread",
    "tangent_rule",
    "terms_of_rules",
    "zeros",
]


_SMALL = 1024  # elements up to which filling an array takes less time than making a view of a scalar


def fit(contribution: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Bring a contribution to the shape and dtype of the value it belongs to.

    Axes along which the operand was broadcast are summed; a tangent smaller than the result is broadcast; the
    imaginary part that a real operand cannot have is dropped; the precision becomes the operand's own.
    """
    if contribution.shape != shape:
        contribution = _unbroadcast(contribution, shape)
    if contribution.dtype != dtype:
        if contribution.dtype.kind == "c" and dtype.kind != "c":
            contribution = np.real(contribution)
        contribution = contribution.astype(dtype)
    return contribution


def _unbroadcast(contribution: Any, shape: tuple[int, ...]) -> Any:
    extra = contribution.ndim - len(shape)
    if extra > 0:
        contribution = np.add.reduce(contribution, axis=tuple(range(extra)))
        if contribution.shape == shape:
            return contribution
    ones = tuple(k for k, n in enumerate(shape) if n == 1 and k < contribution.ndim and contribution.shape[k] != 1)
    if ones and contribution.ndim == len(shape):
        contribution = np.add.reduce(contribution, axis=ones, keepdims=True)
    return contribution if contribution.shape == shape else table.broadcast_to(contribution, shape=shape)


def spread(value: Any, shape: tuple[int, ...]) -> Any:
    """Broadcast `value` to `shape`."""
    if value.__class__ is np.float64 and math.prod(shape) <= _SMALL:
        filled = np.empty(shape)
        filled.fill(value)
        return filled
    return table.broadcast_to(value, shape=shape)


def raised(x: Any, dtype: np.dtype[Any]) -> Any:
    """An operand in the precision of the result, so that a partial is not rounded to that of a float32 operand."""
    if isinstance(x, (int, float)) and x == 0:
        return np.float64(x)  # 1 / x is inf, as everywhere in NumPy, and no ZeroDivisionError
    own = getattr(x, "dtype", None)
    if own is None or own.kind != "f" or dtype.kind not in "fc":
        return x
    wanted = np.dtype(np.float64) if dtype.itemsize > own.itemsize * (1 + (dtype.kind == "c")) else own
    return x if wanted is own else x.astype(wanted)


def zeros(x: Any) -> Any:
    """Zeros of the shape and dtype of `x`."""
    return np.zeros(np.shape(x), getattr(x, "dtype", float))


def _conj(p: Any) -> Any:
    return np.conj(p) if np.iscomplexobj(p) else p


# --- rules ---------------------------------------------------------------------------------------------------


def expand(value: Any, x: Any, axis: tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """Give a reduced value the axes of the operand back, with length 1."""
    if keepdims or axis is None or len(axis) == x.ndim or len(axis) == 0:
        return value  # nothing was dropped, or everything was and a scalar broadcasts by itself
    return np.expand_dims(value, axis)


def adjoint_rule(prim: Primitive, i: int, *, careful: bool) -> Rule:
    """The rule ``(ct, y, *xs, **params) -> contribution to the cotangent of operand i``."""
    fact = prim.fact(i)
    if isinstance(fact, Transpose):
        return _transposed(fact.rule, i, prim.variadic)
    if isinstance(fact, Tangent):
        return fact.adjoint
    if isinstance(fact, Flat):
        raise DeclarationError(f"{prim.name} is flat in operand {i}: it has no adjoint there.")
    if prim.kind is Kind.REDUCTION:
        return _reduction_adjoint(prim, fact, careful)
    if not callable(fact):
        return _scale(fact)
    if careful:
        return _careful_elementwise_adjoint(prim, fact)
    return _plain_elementwise_adjoint(fact)


def _scale(factor: float) -> Rule:
    def same(ct: Any, *_: Any) -> Any:
        return ct

    def scaled(ct: Any, *_: Any) -> Any:
        return ct * factor

    def negated(ct: Any, *_: Any) -> Any:
        return -ct

    return same if factor == 1 else negated if factor == -1 else scaled


def _plain_elementwise_adjoint(partial: Rule) -> Rule:
    def adjoint(ct: Any, y: Any, *xs: Any) -> Any:
        return ct * partial(y, *xs)

    return adjoint


def plain_terms(prim: Primitive, active: Sequence[int]) -> Rule:  # noqa: PLR0911  # one return for each form
    """The terms of all active operands of a real, finite node: written out where programs spend their time."""
    partials = [prim.fact(i) for i in active]
    constants = [p for p in partials if isinstance(p, (int, float))]
    if len(constants) == len(partials) <= 2 and prim.kind is Kind.ELEMENTWISE:
        return _constant_terms([_scale(c) for c in constants])
    if prim.kind is Kind.ELEMENTWISE and all(callable(p) and not isinstance(p, Flat) for p in partials):
        if len(prim.facts) == 1:
            return _terms_of_unary(*partials)
        if len(prim.facts) == 2 and len(active) == 1:
            return _term_of_binary(*partials)
        if len(prim.facts) == 2 and len(active) == 2:
            return _terms_of_binary(*partials)
    if prim.kind is Kind.GUFUNC and len(prim.facts) == 2 and all(isinstance(p, Transpose) for p in partials):
        return _terms_of_product(*(p.rule for p in partials if isinstance(p, Transpose)))
    if prim.split is not None:
        return _terms_of_split(prim.split, active)
    return terms_of_rules([prim.adjoints[i] for i in active])


def _terms_of_split(split: Rule, active: Sequence[int]) -> Rule:
    def terms(ct: Any, saved: Any, params: Any) -> Any:
        parts = split(ct, *saved[1:], **params)
        return [parts[i] for i in active]

    return terms


def _terms_of_product(*rules: Rule) -> Rule:
    def terms(ct: Any, saved: Any, params: Any) -> Any:
        _, x1, x2 = saved
        return [rule(ct, x1, x2, **params) for rule in rules]

    return terms


def _constant_terms(scales: Sequence[Rule]) -> Rule:
    first, second = scales[0], scales[-1]

    def term(ct: Any, saved: Any, params: Any) -> Any:
        return (first(ct),)

    def terms(ct: Any, saved: Any, params: Any) -> Any:
        return first(ct), second(ct)

    return term if len(scales) == 1 else terms


def _terms_of_unary(partial: Any) -> Rule:
    def terms(ct: Any, saved: Any, params: Any) -> Any:
        y, x = saved
        return (ct * partial(y, x),)

    return terms


def _returned_position(partial: Rule) -> int | None:
    """The position in (y, x₁, …) of the value that is the whole partial, as in ``lambda y, x1, x2: x2``."""
    code = getattr(partial, "__code__", None)
    body = [] if code is None else [ins for ins in dis.get_instructions(code) if ins.opname != "RESUME"]
    if len(body) != 2 or not body[0].opname.startswith("LOAD_FAST") or body[1].opname != "RETURN_VALUE":
        return None
    names: tuple[str, ...] = partial.__code__.co_varnames
    return names.index(body[0].argval)


def _term_of_binary(partial: Any) -> Rule:
    position = _returned_position(partial)
    if position is not None:

        def product(ct: Any, saved: Any, params: Any) -> Any:
            return (ct * saved[position],)

        return product

    def terms(ct: Any, saved: Any, params: Any) -> Any:
        y, x1, x2 = saved
        return (ct * partial(y, x1, x2),)

    return terms


def _terms_of_binary(partial1: Any, partial2: Any) -> Rule:
    position1, position2 = _returned_position(partial1), _returned_position(partial2)
    if position1 is not None and position2 is not None:

        def products(ct: Any, saved: Any, params: Any) -> Any:
            return ct * saved[position1], ct * saved[position2]

        return products

    def terms(ct: Any, saved: Any, params: Any) -> Any:
        y, x1, x2 = saved
        return ct * partial1(y, x1, x2), ct * partial2(y, x1, x2)

    return terms


def terms_of_rules(rules: Sequence[Rule]) -> Rule:
    """The terms that `rules` give, in the form of `Adjoint.plain`."""
    if len(rules) == 1:
        only = rules[0]

        def term(ct: Any, saved: Any, params: Any) -> Any:
            return (only(ct, *saved, **params),)

        return term

    def terms(ct: Any, saved: Any, params: Any) -> Any:
        return [rule(ct, *saved, **params) for rule in rules]

    return terms


def _weighted(prim: Primitive, ct: Any, p: Any) -> Any:
    """The product of a (co)tangent and a partial; a partial of 0 that says "not selected" wins over inf and nan."""
    return table.selecting_multiply(ct, p) if prim.selects else ct * p


def _careful_elementwise_adjoint(prim: Primitive, partial: Rule) -> Rule:
    def adjoint(ct: Any, y: Any, *xs: Any) -> Any:
        p = partial(y, *xs)
        return _weighted(prim, ct, p if prim.real_valued else _conj(p))

    return adjoint


def _reduction_adjoint(prim: Primitive, partial: float | Rule, careful: bool) -> Rule:
    if not callable(partial):
        constant = partial

        def linear(ct: Any, y: Any, x: Any, **params: Any) -> Any:
            whole = spread(expand(ct, x, **params), x.shape)
            return whole if constant == 1 else whole * constant

        return linear

    def adjoint(ct: Any, y: Any, x: Any, **params: Any) -> Any:
        p = partial(None if y is None else expand(y, x, **params), x, **params)
        ct = expand(ct, x, **params)
        return _weighted(prim, ct, _conj(p)) if careful else ct * p

    return adjoint


def _transposed(rule: Rule, i: int, variadic: bool) -> Rule:
    def adjoint(ct: Any, y: Any, *xs: Any, **params: Any) -> Any:
        return rule(ct, *xs, **params)

    def adjoint_of_one(ct: Any, y: Any, *xs: Any, **params: Any) -> Any:
        return rule(ct, i, *xs, **params)

    return adjoint_of_one if variadic else adjoint


def tangent_rule(prim: Primitive, i: int) -> Rule:
    """The rule ``(t, y, *xs, **params) -> contribution of operand i to the tangent``."""
    fact = prim.fact(i)
    if isinstance(fact, Tangent):
        return fact.rule
    if isinstance(fact, Transpose):
        return _linear_tangent(prim, i)
    if isinstance(fact, Flat):
        raise DeclarationError(f"{prim.name} is flat in operand {i}: it has no tangent there.")
    if prim.kind is Kind.REDUCTION:
        return _reduction_tangent(prim, fact)
    return _elementwise_tangent(prim, fact) if callable(fact) else _scale(fact)


def _linear_tangent(prim: Primitive, i: int) -> Rule:
    def rule(t: Any, y: Any, *xs: Any, **params: Any) -> Any:
        return prim(*xs[:i], t, *xs[i + 1 :], **params)

    return rule


def _elementwise_tangent(prim: Primitive, partial: Rule) -> Rule:
    def rule(t: Any, y: Any, *xs: Any) -> Any:
        p = partial(y, *xs)
        if prim.real_valued and np.iscomplexobj(p):
            return np.real(t * np.conj(p))
        return _weighted(prim, t, p)

    return rule


def _reduction_tangent(prim: Primitive, partial: float | Rule) -> Rule:
    def rule(t: Any, y: Any, x: Any, **params: Any) -> Any:
        if partial == 1:
            return np.sum(t, **params)
        p = partial(expand(y, x, **params), x, **params) if callable(partial) else partial
        return np.sum(_weighted(prim, t, p), **params)

    return rule


# --- which values a record keeps -------------------------------------------------------------------------------


def kept_values(prim: Primitive, active: tuple[bool, ...]) -> tuple[bool, ...]:
    """For (y, x₁, x₂, …): whether the adjoint of some active operand reads the value."""
    kept = [False] * (len(active) + 1)
    if prim.jointly_linear:
        return tuple(kept)
    for i, is_active in enumerate(active):
        if is_active and prim.is_active(i):
            for position in _positions_read(prim, i, len(active)):
                kept[position] = True
    return tuple(kept)


def _positions_read(prim: Primitive, i: int, count: int) -> Iterable[int]:
    """Positions in (y, x₁, …) that the rule of operand `i` reads; a linear rule never reads its own operand."""
    fact = prim.fact(i)
    if isinstance(fact, Transpose):
        own = i + 1
        return [k for k in _parameters_read(fact.rule, count + 1) if k not in (0, own)]
    if isinstance(fact, Tangent):
        return [k - 1 for k in _parameters_read(fact.adjoint, count + 2) if k >= 1]
    return _parameters_read(fact, count + 1) if callable(fact) else ()


@functools.cache
def _parameters_read(rule: Rule, count: int) -> list[int]:
    """Numbers of the positional parameters that the code of `rule` reads; all of them where it cannot be seen."""
    code = getattr(rule, "__code__", None)
    if code is None:
        return list(range(count))
    first = 1 if getattr(rule, "__self__", None) is not None else 0  # a bound method's self is not an operand
    names = code.co_varnames[first : code.co_argcount][:count]
    loads = [ins for ins in dis.get_instructions(code) if "LOAD_" in ins.opname]  # also STORE_FAST_LOAD_FAST
    loaded = {name for ins in loads for name in (ins.argval if isinstance(ins.argval, tuple) else (ins.argval,))} | set(
        code.co_cellvars
    )
    read = [k for k, name in enumerate(names) if name in loaded]
    has_varargs = bool(code.co_flags & 0x04)
    rest = range(len(names), count) if has_varargs else ()
    return read + list(rest)
