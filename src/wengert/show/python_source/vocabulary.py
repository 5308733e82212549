"""The rows of the derivative table as forms of NumPy: a column of the registry.

A row that is a ufunc or a function of NumPy or SciPy is called by its name. `FORMS` has those that read better
otherwise, or that NumPy computes by a method, an operator or an index. What is left is a function of the table itself
and is written above the program (`helpers`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.errors import NoRuleError
from wengert.primitive import Primitive
from wengert.show.python_source.checks import CHECKS, USED
from wengert.show.python_source.helpers import Preamble, Untold, is_ufunc_of
from wengert.show.python_source.literals import FEW, array_text, dtype_text, parameter_text, shape_text
from wengert.wlist import ArrayType, Statement

__all__ = [
    "FORMS",
    "READ_ONLY",
    "Application",
    "application",
    "array_form",
    "index_text",
    "is_of_the_library",
    "refusal",
]


@dataclass(frozen=True, slots=True)
class Application:
    """A statement, seen by what writes it.

    Attributes
    ----------
    stmt : Statement
    types : tuple of ArrayType
        Of the operands.
    preamble : Preamble
    """

    stmt: Statement
    types: tuple[ArrayType, ...]
    preamble: Preamble

    @property
    def params(self) -> Mapping[str, Any]:
        """Those of the statement."""
        return self.stmt.params

    @property
    def type(self) -> ArrayType:
        """That of the first target."""
        return self.stmt.targets[0].type

    @property
    def is_complex(self) -> bool:
        """Whether the first operand is complex."""
        return self.types[0].dtype.kind == "c"


Rule = Callable[[Application], str | tuple[str, Sequence[int]]]

#: Among the operands whose elements a result shares: a result that NumPy lets nobody write into.
READ_ONLY = -1

_MOST = 120  # characters of a statement that a message shows


def is_of_the_library(prim: Any) -> bool:
    """Whether a primitive is a row of the library, not one that a user has declared."""
    module = getattr(prim.compute, "__module__", None) or ""
    return (
        isinstance(prim.compute, np.ufunc)
        or module.startswith(("wengert.", "numpy", "scipy", "_operator"))
        or (isinstance(getattr(prim.compute, "__self__", None), np.ufunc))
    )


def refusal(stmt: Statement, why: str, remedy: str = "") -> NoRuleError:
    """The error that names the primitive, the statement and the user's line."""
    text = str(stmt) if len(str(stmt)) <= _MOST else f"{str(stmt)[:_MOST]}…"
    return NoRuleError(
        f"{stmt.prim.name} cannot be written with NumPy and SciPy: {text}.",
        why=why,
        remedy=remedy or "Run the list itself, which computes it, or write the program with functions of NumPy.",
        where=stmt.where,
    )


def application(stmt: Statement, types: Sequence[ArrayType], preamble: Preamble) -> tuple[str, Sequence[int]]:
    """The form of a statement, and the numbers of the operands whose elements the result may share.

    Raises
    ------
    NoRuleError
        For a primitive of a user, and for rows that are computed by more than NumPy and SciPy.
    """
    prim = stmt.prim
    if not isinstance(prim, Primitive) or not is_of_the_library(prim):
        raise refusal(stmt, "It is a primitive of the program itself.")
    if prim.name in CHECKS:
        return _check_form(Application(stmt, tuple(types), preamble)), (0,)
    rule = FORMS.get(prim.name)
    if isinstance(rule, str):
        return rule, ()
    here = Application(stmt, tuple(types), preamble)
    found = rule(here) if rule is not None else _by_name(here)
    return (found, ()) if isinstance(found, str) else found


# --- calls ------------------------------------------------------------------------------------------------------


def _by_name(a: Application) -> str | tuple[str, Sequence[int]]:
    """A call of NumPy's or SciPy's function, or of the one that computes the row in the table."""
    name = _public_name(a.stmt.prim, a.preamble)
    if name:
        return call(name, len(a.types), a.params)
    return _helper_form(a), range(len(a.types))


def _helper_form(a: Application) -> str:
    prim: Any = a.stmt.prim
    try:
        name = a.preamble.helper(prim.compute, f"_{prim.name}")
    except Untold:
        raise refusal(a.stmt, "It is computed by a numerical method of this library.") from None
    return call(name, len(a.types), a.params, defaults=False)


def _check_form(a: Application) -> str:
    """A call of the function that passes its first operand on."""
    functions = {word: _rule_function(*place) for word, place in USED.items()}
    name = a.preamble.written(a.stmt.prim.name, CHECKS[a.stmt.prim.name], functions)
    return call(name, len(a.types), a.params, defaults=False)


def _rule_function(module: str, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(importlib.import_module(f"wengert.rules.{module}"), name)
    return found


def _public_name(prim: Any, preamble: Preamble) -> str:
    """``np.exp``, ``np.linalg.inv``, ``scipy.special.erf``; empty for what no such library has."""
    compute, name = prim.compute, prim.name.rpartition(".")[2]
    if is_ufunc_of(compute, np, name):
        return f"np.{name}"
    if isinstance(compute, np.ufunc):
        import scipy.special

        return f"{preamble.use('scipy.special')}.{name}" if is_ufunc_of(compute, scipy.special, name) else ""
    module = getattr(compute, "__module__", None) or ""
    if module in ("numpy", "numpy.linalg", "numpy.fft"):
        return f"{preamble.use(module)}.{compute.__name__}"
    return ""


def call(name: str, count: int, params: Mapping[str, Any], *, defaults: bool = True) -> str:
    """A call with all operands and the parameters by name; those that are ``None`` or False are left out."""
    named = [
        f"{key}={parameter_text(value)}"
        for key, value in params.items()
        if not (defaults and (value is None or value is False))
    ]
    return f"{name}({', '.join([*places(count), *named])})"


def places(count: int, start: int = 0) -> list[str]:
    """The places ``{0}``, ``{1}`` and so on."""
    return [f"{{{k}}}" for k in range(start, start + count)]


def _reduction(name: str, *, is_ufunc: bool = False) -> Rule:
    def write(a: Application) -> str:
        axis, keepdims = a.params["axis"], a.params["keepdims"]
        is_whole = len(axis) == a.types[0].ndim and (axis or not is_ufunc)
        named = [] if is_whole and not is_ufunc else ["axis=None" if is_whole else f"axis={_axis_text(axis)}"]
        return f"{name}({', '.join(['{0}', *named, *(['keepdims=True'] if keepdims else [])])})"

    return write


def _extremum(name: str) -> Rule:
    def write(a: Application) -> str:
        return f"np.{name}.accumulate({{0}}, axis={a.params['axis']})"

    return write


def _axis_text(axis: Sequence[int]) -> str:
    return str(axis[0]) if len(axis) == 1 else parameter_text(tuple(axis))


# --- indices ----------------------------------------------------------------------------------------------------


def index_text(index: Any, preamble: Preamble, first: int = 0) -> str:
    """What stands in the brackets of an index; computed parts are operands from number `first` on."""
    if isinstance(index, tuple):
        inner = ", ".join(_part_text(part, preamble, first) for part in index)
        return f"{inner}," if len(index) == 1 and not _is_plain(index[0]) else inner or "()"
    return _part_text(index, preamble, first)


def _is_plain(part: Any) -> bool:
    """Whether a part alone in brackets means the same as in a tuple."""
    return (
        isinstance(part, (int, np.integer, slice)) or type(part).__name__ == "Slot" or part is None or part is Ellipsis
    )


def _part_text(part: Any, preamble: Preamble, first: int) -> str:
    if isinstance(part, slice):
        bounds = ["" if x is None else str(x) for x in (part.start, part.stop, part.step)]
        return ":".join(bounds if part.step is not None else bounds[:2])
    if part is Ellipsis or part is None:
        return "..." if part is Ellipsis else "None"
    if type(part).__name__ == "Slot":
        return f"{{{first + part.number}}}"
    array = np.asarray(part)
    if array.ndim == 0:
        return str(array[()])
    is_range = array.size > 3 and np.array_equal(array, np.arange(array.size))
    if array.ndim == 1 and 0 < array.size <= FEW and array.dtype.kind in "iub" and not is_range:
        return str(array.tolist())
    return array_form(array, preamble)


def array_form(array: Any, preamble: Preamble) -> str:
    """A constant array: written where it stands, or above the program if it is long."""
    text = array_text(array)
    return text if array.size <= FEW or not text.startswith("np.array(") else preamble.constant(array)


def _getitem(a: Application) -> tuple[str, Sequence[int]]:
    index = a.params["index"]
    return f"{{0}}[{index_text(index, a.preamble)}]", () if _copies(index, a.types[0].ndim) else (0,)


def _copies(index: Any, ndim: int) -> bool:
    """Whether an index gives new elements: one with arrays, or one number for each axis."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(np.ndim(part) or isinstance(part, (bool, np.bool_)) for part in parts if not isinstance(part, slice)):
        return True
    return all(isinstance(part, (int, np.integer)) for part in parts) and len(parts) == ndim


def _gather(a: Application) -> tuple[str, Sequence[int]]:
    index = a.params["index"]
    text = index_text(index, a.preamble, first=1)
    is_scalar = a.type.shape == () and Ellipsis not in [part for part in index if not isinstance(part, np.ndarray)]
    has_arrays = any(t.ndim for t in a.types[1:])
    return f"{{0}}[{text}]", () if is_scalar or has_arrays else (0,)


# --- shapes -----------------------------------------------------------------------------------------------------


def _reshape(a: Application) -> tuple[str, Sequence[int]]:
    shape, own = a.params["shape"], a.types[0].shape
    if len(own) == 0:
        return f"np.reshape({{0}}, {shape_text(shape) if len(shape) == 1 else parameter_text(shape)})", (0,)
    if len(shape) == 1 and len(own) > 1:
        return "{0}.ravel()", (0,)
    return f"{{0}}.reshape({', '.join(map(str, shape)) or '()'})", (0,)


def _transpose(a: Application) -> tuple[str, Sequence[int]]:
    axes = tuple(a.params["axes"])
    if axes == tuple(reversed(range(len(axes)))):
        return "{0}.T", (0,)
    if len(axes) > 2 and axes == (*range(len(axes) - 2), len(axes) - 1, len(axes) - 2):
        return "np.swapaxes({0}, -1, -2)", (0,)
    return f"{{0}}.transpose({', '.join(map(str, axes))})", (0,)


def _broadcast_to(a: Application) -> tuple[str, Sequence[int]]:
    return f"np.broadcast_to({{0}}, {parameter_text(tuple(a.params['shape']))})", (0, READ_ONLY)


def _concatenate(a: Application) -> str:
    axis = a.params["axis"]
    end = f", axis={axis}" if axis else ""
    return f"np.concatenate([{', '.join(places(len(a.types)))}]{end})"


def _flip(a: Application) -> tuple[str, Sequence[int]]:
    axis = a.params["axis"]
    if len(axis) == 1 and a.types[0].ndim == 1:
        return "{0}[::-1]", (0,)
    whole = len(axis) == a.types[0].ndim
    return "np.flip({0})" if whole else f"np.flip({{0}}, axis={_axis_text(axis)})", (0,)


def _roll(a: Application) -> str:
    shift, axis = a.params["shift"], a.params["axis"]
    if len(shift) == 1 and a.types[0].ndim == 1:
        return f"np.roll({{0}}, {shift[0]})"
    return f"np.roll({{0}}, {_axis_text(shift)}, axis={_axis_text(axis)})"


def _copy(a: Application) -> str:
    return f'{{0}}.copy(order="{a.params["order"]}")'


def _astype(a: Application) -> str:
    dtype = dtype_text(a.params["dtype"])
    return f"{'np.bool' if dtype == 'bool' else dtype}({{0}})" if a.types[0].ndim == 0 else f"{{0}}.astype({dtype})"


def _view(a: Application) -> tuple[str, Sequence[int]]:
    return f"np.ascontiguousarray({{0}}).view({dtype_text(a.type.dtype)})", (0,)


def _real(_: Application) -> tuple[str, Sequence[int]]:
    return "np.real({0})", (0,)


def _imag(a: Application) -> tuple[str, Sequence[int]]:
    return ("np.imag({0})", (0,)) if a.is_complex else ("np.zeros_like({0})", ())


def _diagonal(a: Application) -> tuple[str, Sequence[int]]:
    offset, axes = a.params["offset"], tuple(a.params["axes"])
    named = [*([f"offset={offset}"] if offset else [])]
    if axes != (0, 1):
        named += [f"axis1={axes[0]}", f"axis2={axes[1]}"]
    return f"np.diagonal({', '.join(['{0}', *named])})", (0, READ_ONLY)


def _on_diagonal(a: Application) -> str:
    shape, offset, axes = a.params["shape"], a.params["offset"], tuple(a.params["axes"])
    length = a.types[0].shape[-1] if a.types[0].ndim == 1 else -1
    if axes == (0, 1) and len(shape) == 2 and shape[0] == shape[1] == length + abs(offset):
        return f"np.diag({{0}}, {offset})" if offset else "np.diag({0})"
    return _helper_form(a)


def _windows(a: Application) -> tuple[str, Sequence[int]]:
    window, axes = parameter_text(tuple(a.params["window"])), parameter_text(tuple(a.params["axes"]))
    return f"np.lib.stride_tricks.sliding_window_view({{0}}, {window}, axis={axes})", (0, READ_ONLY)


# --- selections and slopes --------------------------------------------------------------------------------------


def _selecting_multiply(a: Application) -> str:
    """0 where the weight is 0, also for infinite numbers."""
    if a.types[1].dtype.kind == "b":
        return "np.where({1}, {0}, 0)"
    return "np.where({1} == 0, 0, {0} * {1})"


def _sech_squared(a: Application) -> str:
    if a.is_complex:
        return f"{_table_function(a, 'elementwise', '_complex_sech_squared')}({{0}})"
    return "(1 / np.cosh({0})) ** 2"


def _sec_squared(a: Application) -> str:
    if a.is_complex:
        return f"{_table_function(a, 'elementwise', '_complex_sech_squared')}(1j * {{0}})"
    return "(1 / np.cos({0})) ** 2"


def _arcsin_slope(a: Application) -> str:
    return "1 / (np.sqrt(1 - {0}) * np.sqrt(1 + {0}))" if a.is_complex else "1 / np.sqrt((1 - {0}) * (1 + {0}))"


def _arctan_slope(a: Application) -> str:
    if a.is_complex:
        return "1 / ((1 - 1j * {0}) * (1 + 1j * {0}))"
    return "1 / (1 + {0} ** 2)" if a.types[0].dtype.kind == "f" else "(1 / np.hypot(1, {0})) ** 2"


def _share(exp: str) -> Rule:
    def write(a: Application) -> str:
        return f"{_table_function(a, 'elementwise', '_share')}({{0}}, {{1}}, {exp})"

    return write


def _table_function(a: Application, module: str, name: str) -> str:
    """The name of a function of the modules of rules, which is written above."""
    return a.preamble.helper(_rule_function(module, name))


def _segment_sums(a: Application) -> str:
    name = _table_function(a, "cumulative", "_recurrence")
    return f"{name}({array_form(a.params['stays'], a.preamble)}, {{0}}, axis={a.params['axis']})"


def _round(a: Application) -> tuple[str, Sequence[int]]:
    decimals = a.params["decimals"]
    return f"np.round({{0}}, {decimals})" if decimals else "np.round({0})", (0,)  # an array of integers is its own


def _fold(a: Application) -> str:
    return f"{_ufunc_text(a, a.params['ufunc'])}.accumulate({{0}})"


def _flat_fold(a: Application) -> str:
    options = {key: value for key, value in a.params.items() if key not in ("ufunc", "method")}
    return call(f"{_ufunc_text(a, a.params['ufunc'])}.{a.params['method']}", 1, options, defaults=False)


def _ufunc_text(a: Application, ufunc: np.ufunc) -> str:
    import scipy.special

    for module, name in ((np, "numpy"), (scipy.special, "scipy.special")):
        if is_ufunc_of(ufunc, module, ufunc.__name__):
            return f"{a.preamble.use(name)}.{ufunc.__name__}"
    raise refusal(a.stmt, f"The ufunc {ufunc.__name__} is none of NumPy or SciPy.")


# --- matrices and transforms ------------------------------------------------------------------------------------


def _norm(a: Application) -> str:
    axis, keepdims = a.params["axis"], a.params["keepdims"]
    end = ", keepdims=True" if keepdims else ""
    if len(axis) == a.types[0].ndim:
        return f"np.linalg.norm({{0}}{end})"
    return f"np.linalg.norm({{0}}, axis={axis[0]}{end})" if len(axis) == 1 else _helper_form(a)


def _einsum(a: Application) -> tuple[str, Sequence[int]]:
    operands = ", ".join(places(len(a.types)))
    optimize = a.params.get("optimize")
    if optimize is None:
        plain = len(a.types) == 1 or all(t.size < 1000 for t in (*a.types, a.type))
        end = "" if plain else ", optimize=True"
    else:
        end = f", optimize={parameter_text(optimize)}" if optimize is not False else ""
    text = f"np.einsum({parameter_text(a.params['subscripts'])}, {operands}{end})"
    return text, (0,) if len(a.types) == 1 else ()


def _fft(name: str) -> Rule:
    def write(a: Application) -> str:
        n, norm = a.params["n"], a.params["norm"]
        length = 2 * (a.types[0].shape[-1] - 1) if name == "irfft" else a.types[0].shape[-1]
        named = [*([f"n={n}"] if n != length else []), *([f'norm="{norm}"'] if norm is not None else [])]
        return f"np.fft.{name}({', '.join(['{0}', *named])})"

    return write


def _of_scipy_linalg(text: str) -> Rule:
    def write(a: Application) -> str:
        a.preamble.use("scipy.linalg")
        return text

    return write


def _schur(a: Application) -> str:
    a.preamble.use("scipy.linalg")
    return f"scipy.linalg.schur({{0}}, output={parameter_text(a.params['output'])})"


def _solve_triangular(a: Application) -> str:
    a.preamble.use("scipy.linalg")
    named = [f"{key}=True" for key, own in (("lower", "lower"), ("unit_diagonal", "unit")) if a.params[own]]
    return f"scipy.linalg.solve_triangular({', '.join(['{0}', '{1}', *named])})"


def _eigh(a: Application) -> str:
    return (
        "np.linalg.eigh({0})"
        if a.params["UPLO"] == "L"
        else f"np.linalg.eigh({{0}}, {parameter_text(a.params['UPLO'])})"
    )


def _argsort(a: Application) -> str:
    axis, kind = a.params["axis"], a.params.get("kind")
    last = axis in (-1, a.types[0].ndim - 1)
    named = [*([] if last else [f"axis={axis}"]), *([f'kind="{kind}"'] if kind else [])]
    return f"np.argsort({', '.join(['{0}', *named])})"


def _take(a: Application) -> str:
    axis, mode = a.params["axis"], a.params["mode"]
    return f"np.take({{0}}, {{1}}, axis={axis}{'' if mode == 'raise' else f', mode={parameter_text(mode)}'})"


def _along_axis(a: Application) -> str:
    return f"np.take_along_axis({{0}}, {{1}}, axis={a.params['axis']})"


def _lexsort(a: Application) -> str:
    operands = ", ".join(places(len(a.types)))
    return f"np.lexsort(({operands}{',' if len(a.types) == 1 else ''}), axis={a.params['axis']})"


def _pad(a: Application) -> str:
    return f"np.pad({{0}}, {parameter_text(tuple(map(tuple, a.params['pad_width'])))})"


# --- special functions ------------------------------------------------------------------------------------------


def _special(text: str) -> Rule:
    def write(a: Application) -> str:
        a.preamble.use("scipy.special")
        return text

    return write


def _with_derivatives(name: str, options: Sequence[str] = ()) -> Rule:
    def write(a: Application) -> str:
        a.preamble.use("scipy.special")
        operands, d = places(len(a.types)), a.params["d"]
        named = [f"{key}={parameter_text(a.params[key])}" for key in options if a.params.get(key)]
        if name == "assoc_legendre_p":
            operands[-1] = f"branch_cut={operands[-1]}"
        return f"scipy.special.{name}({', '.join([*operands, *named, f'diff_n={d}'])})[{d}]"

    return write


def _of_all_degrees(name: str) -> Rule:
    def write(a: Application) -> str:
        a.preamble.use("scipy.special")
        degrees = [str(a.params[key]) for key in ("m", "n") if key in a.params]
        return f"scipy.special.{name}({', '.join([*degrees, '{0}'])})"

    return write


def _pbdn_seq(a: Application) -> str:
    return f"{a.preamble.use('scipy.special')}.pbdn_seq({a.params['n']}, complex({{0}}))"


_OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "floor_divide": "//", "remainder": "%",
    "matmul": "@", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==",
    "not_equal": "!=", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^",
}  # fmt: skip

#: Row → its form, or what gives it for a statement.
FORMS: dict[str, str | Rule] = {
    **{name: f"{{0}} {symbol} {{1}}" for name, symbol in _OPERATORS.items()},
    "negative": "-{0}", "positive": "+{0}", "invert": "~{0}", "absolute": "np.abs({0})", "conjugate": "np.conj({0})",
    **{name: _reduction(f"np.{name}") for name in ("sum", "prod", "max", "min", "mean", "all", "any", "count_nonzero")},
    **{f"nan{m}": _reduction(f"np.f{m}.reduce", is_ufunc=True) for m in ("max", "min")},
    **{f"{name}_reduce": _reduction(f"np.{name}.reduce", is_ufunc=True)
       for name in ("logaddexp", "logaddexp2", "hypot", "fmax", "fmin")},
    "cummax": _extremum("maximum"),
    "cummin": _extremum("minimum"),
    "getitem": _getitem, "gather": _gather, "reshape": _reshape, "transpose": _transpose, "broadcast_to": _broadcast_to,
    "concatenate": _concatenate, "flip": _flip, "roll": _roll, "copy": _copy, "astype": _astype,
    "astype_integer": _astype, "view": _view, "real": _real, "imag": _imag, "diagonal": _diagonal,
    "on_diagonal": _on_diagonal, "sliding_window_view": _windows, "selecting_multiply": _selecting_multiply,
    "sech_squared": _sech_squared, "sec_squared": _sec_squared, "arcsin_slope": _arcsin_slope,
    "arctan_slope": _arctan_slope, "arccosh_slope": "1 / (np.sqrt({0} - 1) * np.sqrt({0} + 1))",
    "arctanh_slope": "1 / ((1 - {0}) * (1 + {0}))", "exp_share": _share("np.exp"), "exp2_share": _share("np.exp2"),
    "segment_sums": _segment_sums, "constant": "np.array({0})", "round": _round, "fraction": "np.modf({0})[0]",
    "exponent": "np.frexp({0})[1]", "root": "np.sqrt({0})", "fold": _fold, "flat_fold": _flat_fold, "norm": _norm,
    "einsum": _einsum, "take_diagonals": _einsum, "slogdet": "np.linalg.slogdet({0})", "qr": "np.linalg.qr({0})",
    "qr_complete": 'np.linalg.qr({0}, "complete")', "svd": "np.linalg.svd({0}, full_matrices=False)",
    "svd_full": "np.linalg.svd({0})", "eigh": _eigh, "argsort": _argsort, "take": _take, "take_along_axis": _along_axis,
    "lexsort": _lexsort, "pad": _pad,
    **{name: _fft(name) for name in ("fft", "ifft", "rfft", "irfft")},
    "expm": _of_scipy_linalg("scipy.linalg.expm({0})"), "sqrtm": _of_scipy_linalg("scipy.linalg.sqrtm({0})"),
    "solve_sylvester": _of_scipy_linalg("scipy.linalg.solve_sylvester({0}, {1}, {2})"),
    "polar_factors": _of_scipy_linalg("scipy.linalg.polar({0})"), "schur": _schur,
    "solve_triangular": _solve_triangular, "bessel_i": _special("scipy.special.iv({0}, {1})"),
    "special_i0": _special("scipy.special.i0({0})"),
    **{f"spherical_{m}n": _special(f"scipy.special.spherical_{m}n({{0}}, {{1}})") for m in "jyik"},
    **{f"spherical_{m}n_derivative": _special(f"scipy.special.spherical_{m}n({{0}}, {{1}}, derivative=True)")
       for m in "jyik"},
    "zeta": _special("scipy.special.zeta({0}, {1})"), "riemann_zeta": _special("scipy.special.zeta({0})"),
    "lambertw": _special("scipy.special.lambertw({0}, {1}, {2})"), "diric": _special("scipy.special.diric({0}, {1})"),
    "ellip_harm": _special(f"scipy.special.ellip_harm({', '.join(places(7))})"), "pbdn_seq": _pbdn_seq,
    "lqn": _of_all_degrees("lqn"), "lqmn": _of_all_degrees("lqmn"),
    "legendre_p": _with_derivatives("legendre_p"), "sph_legendre_p": _with_derivatives("sph_legendre_p"),
    "assoc_legendre_p": _with_derivatives("assoc_legendre_p", ["norm"]),
}  # fmt: skip
