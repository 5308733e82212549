"""Primitives: one declaration each, from which every derived use follows.

A primitive is declared by its *shape kind* and one *derivative fact* per operand (DESIGN, section 4):

=============  ========================================================================================
fact           meaning
=============  ========================================================================================
`flat`         piecewise constant in this operand: no derivative
number         the partial is this constant (``1`` for each operand of ``add``)
callable       elementwise and reductions: the partial ∂y/∂x as NumPy code in ``(y, *xs)``
`transpose`    linear in this operand: ``rule(ct, *xs, **params)`` is the transpose; ``xs`` holds the
               *type* of the operand itself and the values of the others
`tangent`      the rest: ``rule(t, y, *xs, **params)``, with its adjoint beside it
=============  ========================================================================================

From the facts are derived, once and when first used: the contribution of one operand to the tangent
(`Primitive.tangents`), the contribution to the cotangent of one operand (`Primitive.adjoints`, and
`Primitive.careful_adjoints` that knows complex numbers and selections), and for each choice of active operands
the `Adjoint` that a record uses, with the values it must keep, read off the rule's own code.

For complex values the cotangent of a real function is ∂f/∂Re + i ∂f/∂Im. A holomorphic row gives the complex
partial p: the tangent is p·t, the cotangent conj(p)·ct. A row that is ``real_valued`` maps complex numbers to real
ones (``abs``): its partial is the direction g of steepest ascent, the tangent Re(conj(g)·t), the cotangent g·ct.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from wengert.derivation import (
    adjoint_rule,
    fit,
    kept_values,
    plain_terms,
    raised,
    tangent_rule,
    terms_of_rules,
    zeros,
)
from wengert.errors import DeclarationError
from wengert.facts import Fact, Flat, Kind, Parts, Tangent, Transpose
from wengert.inference import result_types
from wengert.value import NO_PARAMS, bind
from wengert.wlist import ArrayType, WengertList

__all__ = ["Adjoint", "Primitive"]


class _Derived(dict[Any, Any]):
    """A table filled on first use: ``derived[key]`` computes ``derive(key)`` once."""

    __slots__ = ("_derive",)

    def __init__(self, derive: Callable[[Any], Any]):
        super().__init__()
        self._derive = derive

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self._derive(key)
        return value


class Adjoint:
    """The adjoint of a primitive for one choice of active operands.

    Attributes
    ----------
    prim : Primitive
    active : tuple of int
        Numbers of the operands that a cotangent is wanted for.
    keeps : tuple of bool
        For (y, x₁, x₂, …): whether some rule reads the value, so that a record must keep it.
    plain, careful : callable
        ``(ct, (y, *xs), params) -> terms``, one term for each active operand; `careful` knows complex numbers and
        what was not selected.
    """

    __slots__ = ("active", "careful", "keeps", "plain", "prim")

    def __init__(self, prim: Primitive, mask: tuple[bool, ...]):
        self.prim = prim
        self.active = tuple(i for i, is_active in enumerate(mask) if is_active)
        self.keeps = kept_values(prim, mask)
        self.plain = plain_terms(prim, self.active)
        # A joint split is linear and moves elements only: nothing to be careful of.
        is_split = prim.split is not None
        self.careful = self.plain if is_split else terms_of_rules([prim.careful_adjoints[i] for i in self.active])


class Primitive:
    """One declared operation.

    Parameters
    ----------
    name : str
        NumPy's name.
    compute : callable
        ``compute(*operands, **params)`` on arrays.
    kind : Kind
    facts : sequence of Fact
        One per operand; the last one stands for all further operands of a variadic primitive, whose transpose rules
        take the operand's number after the cotangent.
    variadic : bool
        Any number of operands: the last fact stands for all that follow.
    jointly_linear : bool
        Linear in all its operands together (``concatenate``), not in each alone (``matmul``).
    selects : bool
        Its partials are 0 where the operand was not selected; such a zero wins over ``inf`` and ``nan``.
    real_valued : bool
        Maps complex numbers to real ones; the partial is the direction of steepest ascent.
    analytic : bool
        The complex step is a valid check of this row.
    signature : str
        Of a gufunc, as NumPy writes it.
    notation : str
        How it is written, with ``{0}``, ``{1}`` for the operands; `precedence` is that of the outermost operator.
    alias : str or tuple of str
        Short name in ``grad_fn``, as in ``<MulBackward0>``; a tuple by the number of axes of the result.
    at_kinks : str
        What is returned where the function is not differentiable.
    domain : sequence of (float, float)
        Interval of each operand in which the row is tested.
    add_into : callable
        ``(array, ct, **params)``: add the term of the only operand to `array` in place, where that costs less than
        to make the term (an index reads a few elements of a large array).
    accumulate : callable
        ``(x_bar, ct, *xs, **params)``: `x_bar` with the term of the first operand added, where a program does that with
        less than the term as an array of its own.
    views : bool
        NumPy's result may share memory with the operand (``reshape``).
    put : callable
        ``(x, new, **params)``: x with `new` in the place of what the primitive takes out of it, for one that `views`;
        without it NumPy's result is read-only.
    split : callable
        ``(ct, *xs, **params)``: the terms of all operands of a variadic primitive at once.
    outputs : int
        Number of results. With several, `compute` returns a tuple, y in every rule is that tuple, a tangent rule
        returns a tuple (``None`` for a result in which the operand is flat) and an adjoint rule gets the tuple of
        cotangents (`wengert.facts.Parts`), ``None`` for a result that nothing depends on.
    mixes : bool
        Every element of the result may depend on every element of an operand (within a batch of a gufunc): what a
        masked sweep has reached spreads to all of them.
    continued : callable
        ``(ys, x) -> ys``: how several results go on in a graph, where the rules need more than the plain arrays.
    types : callable
        ``(types of the operands, **params) -> type of the result``, where it does not follow from the kind: an operand
        that is an index cannot be tried with ones.
    accuracy : str
        Of the value or the derivative, where it is not that of the arithmetic, with the numerical method.
    """

    __slots__ = (
        "accumulate", "accuracy", "add_into", "adjoint", "adjoints", "alias", "analytic", "at_kinks",
        "careful_adjoints", "compute", "continued", "domain", "facts", "has_flat", "is_flat", "jointly_linear", "kind",
        "mixes", "name", "notation", "outputs", "precedence", "put", "real_valued", "selects", "signature", "split",
        "tangents", "types", "variadic", "views",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        compute: Callable[..., Any],
        kind: Kind,
        facts: Sequence[Fact],
        *,
        variadic: bool = False,
        jointly_linear: bool = False,
        selects: bool = False,
        real_valued: bool = False,
        analytic: bool = True,
        signature: str = "",
        notation: str = "",
        precedence: int = 9,
        alias: str | tuple[str, ...] = "",
        at_kinks: str = "",
        domain: Sequence[tuple[float, float]] = ((-2.0, 2.0),),
        add_into: Callable[..., None] | None = None,
        accumulate: Callable[..., Any] | None = None,
        split: Callable[..., Sequence[Any]] | None = None,
        views: bool = False,
        put: Callable[..., Any] | None = None,
        outputs: int = 1,
        mixes: bool = False,
        continued: Callable[[Any, Any], Any] | None = None,
        types: Callable[..., ArrayType] | None = None,
        accuracy: str = "",
    ):
        self.name, self.compute, self.kind, self.facts = name, compute, kind, tuple(facts)
        self.variadic, self.jointly_linear, self.selects = variadic, jointly_linear, selects
        self.real_valued, self.analytic, self.signature = real_valued, analytic, signature
        self.notation, self.precedence, self.at_kinks = notation, precedence, at_kinks
        self.alias = alias or name.title().replace("_", "")
        self.domain = tuple(domain)
        self.add_into, self.split, self.views, self.put = add_into, split, views, put
        self.outputs, self.mixes, self.accuracy = outputs, mixes, accuracy
        self.continued, self.types, self.accumulate = continued, types, accumulate
        self.has_flat = any(isinstance(fact, Flat) for fact in self.facts)
        self.is_flat = all(isinstance(fact, Flat) for fact in self.facts)
        _validate(self)
        self.adjoints = _Derived(lambda i: adjoint_rule(self, i, careful=False))
        self.careful_adjoints = _Derived(lambda i: adjoint_rule(self, i, careful=True))
        self.tangents = _Derived(lambda i: tangent_rule(self, i))
        self.adjoint = _Derived(self._adjoint_of)

    #: The lists that a control statement holds, by their part in it.
    sublists: Mapping[str, WengertList] = NO_PARAMS

    def __call__(self, *operands: Any, **params: Any) -> Any:
        """Apply the primitive to values of any kind."""
        return bind(self, operands, params)

    def _adjoint_of(self, active: tuple[bool, ...]) -> Any:
        return Adjoint(self, active)

    def __repr__(self) -> str:
        return f"<Primitive {self.name}: {self.kind.value}>"

    def fact(self, i: int) -> Fact:
        """The derivative fact of operand `i`."""
        return self.facts[min(i, len(self.facts) - 1) if self.variadic else i]

    def is_active(self, i: int) -> bool:
        """Whether the result has a derivative with respect to operand `i`."""
        return not isinstance(self.fact(i), Flat)

    def push_forward(self, tangents: Sequence[Any], y: Any, xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """The tangent of the result, shaped and typed like `y`; ``None`` is a structural zero, in and out.

        For several results a tuple of tangents, or ``None``.
        """
        if self.outputs > 1:
            return self._push_several(tangents, y, xs, params)
        if self.kind is Kind.ELEMENTWISE:
            xs = [raised(x, y.dtype) for x in xs]
        live = [i for i, t in enumerate(tangents) if t is not None and self.is_active(i)]
        if not live:
            return None
        if self.jointly_linear:
            total = self(*(zeros(x) if t is None else t for t, x in zip(tangents, xs, strict=True)), **params)
        else:
            total = self.tangents[live[0]](tangents[live[0]], y, *xs, **params)
            for i in live[1:]:
                total = total + self.tangents[i](tangents[i], y, *xs, **params)
        return fit(total, np.shape(y), y.dtype)

    def _push_several(
        self, tangents: Sequence[Any], ys: Sequence[Any], xs: Sequence[Any], params: Mapping[str, Any]
    ) -> Any:
        live = [i for i, t in enumerate(tangents) if t is not None and self.is_active(i)]
        if not live:
            return None
        total = Parts([None] * len(ys))
        for i in live:
            total = total + Parts(self.tangents[i](tangents[i], ys, *xs, **params))
        return tuple(
            None if t is None or y.dtype.kind not in "fc" else fit(t, np.shape(y), y.dtype)
            for t, y in zip(total, ys, strict=True)
        )

    def evaluate(self, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Compute the result for values of any kind."""
        return bind(self, operands, params)

    def evaluate_with_tangent(
        self, xs: Sequence[Any], tangents: Sequence[Any], params: Mapping[str, Any]
    ) -> tuple[Any, Any]:
        """The result and its tangent, which is ``None`` where it is a structural zero."""
        y = bind(self, xs, params)
        return y, None if self.is_flat else self.push_forward(tangents, y, xs, params)

    def recorded(self, active: tuple[bool, ...]) -> Primitive:  # noqa: ARG002  # a control statement asks
        """The operation that a record for reverse mode holds: this one, or one with more results for the sweep."""
        return self

    def infer(self, operands: Sequence[Any], params: Mapping[str, Any]) -> tuple[ArrayType, ...]:
        """The types of the results, without computing them."""
        return result_types(self, operands, params)

    def write(self, operands: Sequence[str], params: Mapping[str, Any]) -> str:
        """The application as text."""
        if self.notation:
            return self.notation.format(*operands, **{key: _inside_brackets(value) for key, value in params.items()})
        named = [f"{key}={_short(value)}" for key, value in params.items() if value is not None]
        return f"{self.name}({', '.join([*operands, *named])})"


def _validate(prim: Primitive) -> None:
    if prim.outputs > 1 and not all(isinstance(fact, (Flat, Tangent)) for fact in prim.facts):
        raise DeclarationError(
            f"{prim.name} has {prim.outputs} results, for which the facts are flat and tangent alone.",
            remedy="Give tangent(rule, adjoint).",
        )
    for fact in prim.facts:
        partial = isinstance(fact, (int, float)) or (callable(fact) and not isinstance(fact, type))
        if not (partial or isinstance(fact, (Flat, Transpose, Tangent))):
            raise DeclarationError(
                f"{prim.name}: {fact!r} is no derivative fact.",
                remedy="Give flat, a number, a function (y, *xs), transpose(rule) or tangent(rule, adjoint).",
            )
        if partial and prim.kind not in (Kind.ELEMENTWISE, Kind.REDUCTION):
            raise DeclarationError(
                f"{prim.name}: a partial is a fact of elementwise functions and reductions, and this is a "
                f"{prim.kind.value} one.",
                remedy="Give transpose(rule) or tangent(rule, adjoint).",
            )
    if not prim.analytic and not prim.at_kinks and not prim.is_flat and not prim.real_valued:
        raise DeclarationError(
            f"{prim.name} is declared as not analytic without saying what happens at its kinks.",
            remedy="Add at_kinks='...'.",
        )


def _short(value: Any) -> str:
    """A parameter as text: slices as in brackets, arrays as lists."""
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_short, value))}]"
    if isinstance(value, slice):
        parts = ["" if part is None else str(part) for part in (value.start, value.stop, value.step)]
        return ":".join(parts if value.step is not None else parts[:2])
    if isinstance(value, np.ndarray):
        return str(value.tolist()) if value.size <= 8 else f"{ArrayType.of(value)}{{…}}"
    return "..." if value is Ellipsis else str(value)


def _inside_brackets(value: Any) -> str:
    return ", ".join(map(_short, value)) if isinstance(value, tuple) else _short(value)
