"""From formulas to lists: each distinct subexpression becomes one statement.

The formula is walked from its leaves to the whole, by a stack of its own and not by recursion. What SymPy writes as
sums and powers is written as people do: a - b, a / b, √a.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.errors import ArgumentError, NoRuleError, user_location
from wengert.symbolic.dependency import require_sympy
from wengert.tracing import Recorder
from wengert.wlist import ArrayType, WengertList

__all__ = ["from_sympy"]

_LARGEST_INTEGER = 2**53


def from_sympy(expression: Any, symbols: Any, *, name: str = "f") -> WengertList:
    """Read a formula of SymPy as a Wengert list, which can be run, differentiated and compiled.

    Parameters
    ----------
    expression : sympy.Expr, or sequence of them, sympy.Array or Matrix
        An array or matrix becomes one result of its shape, other sequences several results.
    symbols : sympy.Symbol, or sequence
        The inputs in their order. One that is itself an array of symbols becomes one input of that shape.
    name : str
        Of the list.

    Returns
    -------
    WengertList
        Inputs are float64 numbers; int64 for a symbol declared ``integer=True``, complex128 for ``complex=True``.
        Common subexpressions are computed once.

    Raises
    ------
    MissingPackageError
        If SymPy is not installed (``pip install sympy``).
    ArgumentError
        If a symbol of the formula is not among `symbols`, or one of these is no symbol.
    NoRuleError
        If a function of SymPy has no counterpart here; the message names it.

    Notes
    -----
    Cost: about one statement for each distinct operation of the formula.

    Examples
    --------
    >>> import sympy, wengert as wg
    >>> from wengert.symbolic import from_sympy
    >>> x, y = sympy.symbols("x y", real=True)
    >>> lst = from_sympy(sympy.sin(x * y) / (1 + sympy.sin(x * y)), [x, y])
    >>> print(lst)
    list f(x: f64[], y: f64[]) -> v4
      v1 = x * y      f64[]    ...
      v2 = sin(v1)    f64[]    ...
      v3 = 1 + v2     f64[]    ...
      v4 = v2 / v3    f64[]    ...
    """
    require_sympy("from_sympy")
    recorder = Recorder()
    values: dict[Any, Any] = {}
    for k, symbol in enumerate(symbols if _is_sequence(symbols) else [symbols]):
        _add_input(recorder, values, symbol, k)
    reader = _Reader(values)
    with np.errstate(all="ignore"):
        outputs = [reader.result(part) for part in _parts(expression)]
    return recorder.finish(name, outputs)


def _is_sequence(x: Any) -> bool:
    return isinstance(x, (list, tuple, np.ndarray)) or _is_array(x)


def _is_array(x: Any) -> bool:
    import sympy

    return isinstance(x, (sympy.NDimArray, sympy.MatrixBase)) or (isinstance(x, np.ndarray) and x.ndim > 0)


def _objects(array: Any) -> Any:
    """An array or matrix as a NumPy array of expressions."""
    empty = np.empty(array.shape, object)
    return np.array(array.tolist(), object) if empty.size else empty


def _parts(expression: Any) -> Sequence[Any]:
    return expression if isinstance(expression, (list, tuple)) and not _is_array(expression) else [expression]


# --- inputs ----------------------------------------------------------------------------------------------------


def _add_input(recorder: Recorder, values: dict[Any, Any], symbol: Any, number: int) -> None:
    """Record an input, and say which value stands for each of its symbols."""
    elements = _objects(symbol) if _is_array(symbol) else np.array(symbol, object)
    for element in elements.flat:
        _check_symbol(element)
        if element in values:
            raise ArgumentError(f"from_sympy was given the symbol {element} twice.", where=user_location())
    if elements.ndim == 0:
        values[elements[()]] = recorder.input(_printable(str(elements[()])), _type_of(elements))
        return
    whole = recorder.input(_common_name(elements, number), _type_of(elements))
    for place in np.ndindex(elements.shape):
        values[elements[place]] = whole[place]


def _check_symbol(x: Any) -> None:
    if not getattr(x, "is_Symbol", False):
        raise ArgumentError(
            f"from_sympy needs symbols as inputs, and got {type(x).__name__} {x!s:.40}.",
            remedy="Give the symbols of the formula in the order of the inputs, as in from_sympy(x * y, [x, y]).",
            where=user_location(),
        )


def _type_of(symbols: Any) -> ArrayType:
    kinds = {_dtype_of(symbol) for symbol in symbols.flat}
    return ArrayType(symbols.shape, np.result_type(*kinds) if kinds else np.dtype(float))


def _dtype_of(symbol: Any) -> np.dtype[Any]:
    if symbol.is_integer:
        return np.dtype(np.int64)
    is_complex = symbol.is_real is False or (symbol.is_complex and symbol.is_real is None)
    return np.dtype(np.complex128 if is_complex else np.float64)


def _common_name(symbols: Any, number: int) -> str:
    """The name of an array of symbols such as x_0, x_1; x1, x2, … where they have none in common."""
    names = {str(symbol).rstrip("_").rsplit("_", symbols.ndim)[0] for symbol in symbols.flat}
    return _printable(names.pop()) if len(names) == 1 else f"x{number + 1}"


def _printable(name: str) -> str:
    plain = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
    return plain if plain.isidentifier() else f"x_{plain}"


# --- expressions -----------------------------------------------------------------------------------------------


class _Reader:
    """Records the statements of expressions; `values` has what stands for each expression that was read."""

    def __init__(self, values: dict[Any, Any]):
        self._values = values

    def result(self, part: Any) -> Any:
        """A result of the list: of a formula, or of an array of formulas."""
        if not _is_array(part):
            return self._value(part)
        array = _objects(part)
        elements = [self._value(x) for x in array.flat]
        if any(hasattr(x, "variable") for x in elements):
            return np.reshape(np.stack(elements), array.shape)
        return np.array(elements, None if elements else float).reshape(array.shape)

    def _value(self, expression: Any) -> Any:
        import sympy

        whole = sympy.sympify(expression)
        pending = [whole]
        while pending:
            x = pending[-1]
            unknown = [] if x in self._values else [part for part in _needed(x) if part not in self._values]
            if unknown:
                pending.extend(reversed(unknown))
            else:
                pending.pop()
                if x not in self._values:
                    self._values[x] = self._read(x)
        return self._values[whole]

    def _read(self, x: Any) -> Any:
        """The value of an expression, those that it needs being read."""
        if x.is_Symbol:
            raise self._unknown_symbol(x)
        if not x.args:
            return _constant(x)
        if x.is_Add:
            return self._sum(x)
        if x.is_Mul:
            return self._product(x)
        if x.is_Pow:
            return self._power(x)
        return self._applied(x)

    def _unknown_symbol(self, x: Any) -> ArgumentError:
        has_twin = any(getattr(known, "is_Symbol", False) and str(known) == str(x) for known in self._values)
        return ArgumentError(
            f"from_sympy met the symbol {x}, which is not among the inputs.",
            why="Symbols with different assumptions are different, also under the same name." if has_twin else "",
            remedy="Give it in symbols, or put a number in its place with subs.",
            where=user_location(),
        )

    def _applied(self, x: Any) -> Any:
        row = _row(x)
        return row(*(self._values[part] for part in _needed(x)))

    def _sum(self, x: Any) -> Any:
        """Terms with a minus are subtracted, after the others."""
        terms = [_without_sign(term) for term in x.args]
        first, *added = [term for term, is_negative in terms if not is_negative] or [None]
        subtracted = [term for term, is_negative in terms if is_negative]
        if first is None:
            total: Any = -self._values[subtracted.pop(0)]
        else:
            total = self._values[first]
        for term in added:
            total = total + self._values[term]
        for term in subtracted:
            total = total - self._values[term]
        return total

    def _product(self, x: Any) -> Any:
        positive, is_negative = _without_sign(x)
        if is_negative:
            return -self._values[positive]
        above, below = _above_and_below(x)
        total = self._multiplied(above)
        return total / self._multiplied(below) if below else total

    def _multiplied(self, factors: Sequence[Any]) -> Any:
        values = [self._values[factor] for factor in factors] or [1.0]
        total: Any = values[0]
        for value in values[1:]:
            total = total * value
        return total

    def _power(self, x: Any) -> Any:
        base, exponent = self._values[x.base], x.exp
        return _rational_power(base, exponent) if exponent.is_Rational else base ** self._values[exponent]


def _row(x: Any) -> Callable[..., Any]:
    from wengert.symbolic.numpy_vocabulary import FUNCTIONS

    row = FUNCTIONS.get(type(x).__name__)
    if row is None:
        raise NoRuleError(
            f"{type(x).__name__} of SymPy has no counterpart in wengert.",
            remedy="Rewrite it with functions of NumPy and scipy.special, for instance by .rewrite or .doit().",
            where=user_location(),
        )
    return row


def _needed(x: Any) -> Sequence[Any]:
    """The expressions whose values `x` is computed from."""
    if x.is_Add:
        return [_without_sign(term)[0] for term in x.args]
    if x.is_Mul:
        positive, is_negative = _without_sign(x)
        return [positive] if is_negative else [factor for side in _above_and_below(x) for factor in side]
    if x.is_Pow:
        return [x.base] if x.exp.is_Rational else [x.base, x.exp]
    if x.args:
        _row(x)  # it raises where there is none, before anything in it is read
    return [part for arg in x.args for part in (arg.args if type(arg).__name__ in _GROUPS else [arg])]


#: What holds several operands in one argument: pairs of a Piecewise, parameters of a hypergeometric function.
_GROUPS = frozenset({"ExprCondPair", "Tuple", "TupleArg"})


def _without_sign(x: Any) -> tuple[Any, bool]:
    """The expression without its minus, and whether it had one."""
    factor, rest = x.as_coeff_Mul()
    if not (factor.is_Number and factor.is_negative):
        return x, False
    return (rest if factor == -1 else x.func(-factor, *x.args[1:], evaluate=False) if x.is_Mul else -x), True


def _above_and_below(x: Any) -> tuple[list[Any], list[Any]]:
    """The factors of a product by where they stand in a fraction."""
    import sympy

    above, below = [], []
    for factor in x.args:
        if factor.is_Rational and not factor.is_Integer:
            above.extend([sympy.Integer(factor.p)] if factor.p != 1 else [])
            below.append(sympy.Integer(factor.q))
        elif factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
            below.append(factor.base ** (-factor.exp))
        else:
            above.append(factor)
    return above, below


def _rational_power(base: Any, exponent: Any) -> Any:
    if exponent < 0:
        return 1.0 / _rational_power(base, -exponent)
    if exponent.is_Integer:
        return base if exponent == 1 else base ** int(exponent)
    if exponent.q == 2:
        return np.sqrt(base) if exponent.p == 1 else np.sqrt(base) ** int(exponent.p)
    return base ** float(exponent)


def _constant(x: Any) -> Any:
    """A number of SymPy as one of Python; large whole numbers as floats, which NumPy can compute with."""
    import sympy

    if x in (sympy.true, sympy.false):
        return x == sympy.true
    if x.is_Integer and abs(int(x)) < _LARGEST_INTEGER:
        return int(x)
    if x in (sympy.oo, -sympy.oo, sympy.nan):
        return float(x)
    if x.is_number and x.is_finite:
        number = complex(x)
        return number if number.imag else number.real
    raise NoRuleError(
        f"{x} of SymPy is no number of a program.", remedy="Simplify the formula first.", where=user_location()
    )
