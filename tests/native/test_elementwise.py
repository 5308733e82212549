"""Elementwise primitives as machine code against NumPy, at special points and for random numbers of every dtype."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from wengert.facts import Kind
from wengert.native import machine
from wengert.native.elementwise import converted, cost, emit, is_native
from wengert.native.writing import MEMORY, REGISTERS, Function, Module, literal
from wengert.primitive import Primitive
from wengert.registry import Table, table

DTYPES = {letter: np.dtype(letter) for letter in "dfli?"}
RNG = np.random.default_rng(5)

# --- compiling -------------------------------------------------------------------------------------------------

Operand = Any  # an array, or a number of Python that becomes a literal


def loaded(function: Function, dtype: np.dtype[Any], place: str) -> str:
    x = function.value(f"load {MEMORY[dtype.name]}, ptr {place}")
    return function.value(f"trunc i8 {x} to i1") if dtype.kind == "b" else x


def stored(function: Function, x: str, dtype: np.dtype[Any], place: str) -> None:
    if dtype.kind == "b":
        x = function.value(f"zext i1 {x} to i8")
    function.line(f"store {MEMORY[dtype.name]} {x}, ptr {place}")


def place(function: Function, dtype: np.dtype[Any], array: str, index: str) -> str:
    return function.value(f"getelementptr {MEMORY[dtype.name]}, ptr {array}, i64 {index}")


def write_loop(
    module: Module,
    name: str,
    operands: Sequence[Operand],
    result: np.dtype[Any],
    body: Callable[[Function, list[tuple[str, np.dtype[Any]]]], str],
) -> None:
    """Write a function of arrays that does to each element what `body` writes."""
    arrays = [f"ptr noalias %x{k}" for k in range(len(operands))]
    function = Function(module, f"define void @{name}({', '.join([*arrays, 'ptr noalias %y', 'i64 %n'])})")
    with function.loop("%n") as loop:
        elements = []
        for k, x in enumerate(operands):
            if isinstance(x, np.ndarray):
                elements.append((loaded(function, x.dtype, place(function, x.dtype, f"%x{k}", loop.index)), x.dtype))
            else:
                dtype = weak_dtype(x, result)
                elements.append((literal(x, dtype), dtype))
        stored(function, body(function, elements), result, place(function, result, "%y", loop.index))
    function.finish()


def weak_dtype(x: float, result: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of the literal of a number of Python."""
    own = np.dtype(type(x))
    return result if result.kind == own.kind else own


def run(engine: Any, name: str, operands: Sequence[Operand], result: np.dtype[Any]) -> Any:
    """Call a compiled function of arrays, which are broadcast first."""
    shape = np.broadcast_shapes(*map(np.shape, operands))
    filled = [np.ascontiguousarray(np.broadcast_to(x, shape)) for x in operands]
    y = np.empty(shape, result)
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (*filled, y)]
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(pointers), ctypes.c_int64)
    kind(engine.address(name))(*pointers, y.size)
    return y


# --- operands --------------------------------------------------------------------------------------------------


def numbers(dtype: np.dtype[Any]) -> Any:
    """Special and random numbers of a dtype."""
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind == "i":
        limits = np.iinfo(dtype)
        special = [0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 63, 64, 1000, limits.max, limits.min, limits.max - 1]
        return np.array([*special, *RNG.integers(-100, 100, 12), *RNG.integers(limits.min, limits.max, 8)], dtype)
    limits = np.finfo(dtype)
    special = [
        0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 1e-8, 0.1, 0.25, 0.3, 0.7, 10.0, 30.5, 100.0, 720.0, 1e6, np.pi / 2, np.inf,
        limits.max, limits.tiny, limits.smallest_subnormal, limits.tiny / 8, 1 - limits.epsneg, 1 + limits.eps,
        float(np.sqrt(limits.max)) * 4, float(np.sqrt(limits.tiny)) / 4,
    ]  # fmt: skip
    random = [*RNG.normal(size=12), *RNG.uniform(-1, 1, 8), *10.0 ** RNG.uniform(-9, 9, 8)]
    return np.array([np.nan, *special, *(-x for x in special), *random], dtype)


NUMBERS = {letter: numbers(dtype) for letter, dtype in DTYPES.items()}


def spread(letters: str) -> list[Any]:
    """Arrays of numbers of these dtypes, each along an axis of its own."""
    arrays = [NUMBERS[letter] for letter in letters]
    if len(arrays) == 3:  # pairs and a few of the third
        arrays = [RNG.choice(x, min(len(x), 25), replace=False) for x in arrays]
    return [np.reshape(x, (-1, *[1] * (len(arrays) - 1 - k))) for k, x in enumerate(arrays)]


def computed(prim: Any, operands: Sequence[Operand], params: Mapping[str, Any]) -> Any:
    """What NumPy gives; ``None`` where it has nothing for these dtypes."""
    with np.errstate(all="ignore"):
        try:
            y = np.asarray(prim.compute(*operands, **params))
        except (TypeError, ValueError):  # for negative powers of whole numbers the latter
            return None
    return y if y.dtype.name in REGISTERS else None


# --- the rows --------------------------------------------------------------------------------------------------

#: Parameters to try; no parameters where a primitive is not listed.
PARAMS: dict[str, list[dict[str, Any]]] = {
    "astype": [{"dtype": np.dtype(np.float64)}, {"dtype": np.dtype(np.float32)}],
    "astype_integer": [{"dtype": np.dtype(x)} for x in (np.int64, np.int32, np.bool_)],
    "round": [{"decimals": d} for d in (0, 2, -1)],
    "choice_number": [{"count": 5, "mode": "clip"}, {"count": 3, "mode": "wrap"}],
}

#: Rows without native code, and why.
NOT_NATIVE = {
    "bitwise_count": "the result is of 8 bits",
    "isnat": "takes dates",
    "bessel_i": "no function of the C library",
    "i0": "no function of the C library",
}

#: Dtypes for which a row that is native otherwise is not.
_FLOATS_ALONE = {"dl", "di", "d?", "fl", "fi", "f?", "ld", "lf", "ll", "li", "l?", "id", "if", "il", "ii", "i?"}
_FLOATS_ALONE |= {"?d", "?f", "?l", "?i", "??"}
NOT_NATIVE_FOR: dict[str, set[str]] = {
    # NumPy raises for negative exponents; a power of bools is of 8 bits.
    "power": {"l?", "i?"},
    # NumPy computes the difference, or the product, in whole numbers first.
    "exp_share": _FLOATS_ALONE,
    "exp2_share": _FLOATS_ALONE,
    "cosine": {x for x in _FLOATS_ALONE if "?" not in x},
    "arcsin_slope": {"l", "i", "?"},
    "arccosh_slope": {"l", "i", "?"},
    "arctanh_slope": {"l", "i", "?"},
    # A ratio of whole numbers is never undefined.
    "infinite_where_undefined": {x for x in _FLOATS_ALONE if x[1] in "li?"} - {"d?", "f?"},
    "round": {"l-1", "i-1"},
}


def is_of_core(prim: Any) -> bool:
    """Whether a row is of the table that `import wengert` fills: no function of SciPy, and of no other test."""
    module = getattr(prim.compute, "__module__", None) or ""
    if isinstance(prim.compute, np.ufunc):
        return getattr(np, prim.compute.__name__, None) is prim.compute
    return module.startswith(("numpy", "_operator", "wengert.")) and not module.startswith("wengert.rules.special")


ROWS = [name for name, prim in table.primitives.items() if prim.kind is Kind.ELEMENTWISE and is_of_core(prim)]


def combinations(name: str) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    """Operands of all dtypes, and parameters, under a name."""
    count = len(table.primitives[name].facts)
    for letters in map("".join, itertools.product(DTYPES, repeat=count)):
        if count == 3 and len(set(letters[1:])) > 1 and letters[0] not in "?f":
            continue  # conditions and bounds of some dtypes stand for all
        for params in PARAMS.get(name, [{}]):
            operands = spread(letters)
            if name == "choice_number":  # NumPy goes round by subtracting, from 2^63 on for years
                operands = [np.clip(x, -1000, 1000) for x in operands]
            yield letters + str(params.get("decimals", "") or ""), operands, params


def is_close(actual: Any, expected: Any, ulps: float) -> Any:
    """Elementwise: the same nan, inf and sign of zero, and within some units in the last place."""
    if expected.dtype.kind != "f":
        return actual == expected
    with np.errstate(all="ignore"):
        gap = np.abs(actual.astype(np.longdouble) - expected.astype(np.longdouble))
        near = gap <= ulps * np.abs(np.spacing(expected)).astype(np.longdouble)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    return (same | near) & ((np.signbit(actual) == np.signbit(expected)) | np.isnan(expected))


EXACT = {
    "negative", "positive", "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "fmod", "less",
    "less_equal", "greater", "greater_equal", "equal", "not_equal", "bitwise_and", "bitwise_or", "bitwise_xor",
    "invert", "left_shift", "right_shift", "logical_and", "logical_or", "logical_not", "logical_xor",
    "selecting_multiply", "constant", "detach", "astype", "astype_integer", "choice_number", "square", "sqrt",
    "root", "reciprocal", "absolute", "fabs", "copysign", "real", "imag", "conjugate", "angle", "where", "maximum",
    "minimum", "fmax", "fmin", "clip", "heaviside", "round", "fraction", "exponent", "floor", "ceil", "trunc",
    "rint", "sign", "spacing", "nextafter", "ldexp", "signbit", "isfinite", "isinf", "isnan",
    "infinite_where_undefined",
}  # fmt: skip


#: Squares of what libmvec gives within 4 units.
SQUARES = ["sec_squared", "sech_squared"]


def tolerance(name: str) -> float:
    return 0 if name in EXACT else 10 if name in SQUARES else 4


def is_agreed(name: str, operands: Sequence[Operand], actual: Any, expected: Any) -> Any:
    close = is_close(actual, expected, tolerance(name))
    if name in ("logaddexp", "logaddexp2"):  # near 0 the larger operand cancels, NumPy's formula is no better there
        largest = np.maximum(*map(np.abs, np.broadcast_arrays(*operands)))
        with np.errstate(all="ignore"):
            close |= np.abs(actual - expected) <= 4 * np.finfo(expected.dtype).eps * np.minimum(largest, 100)
    return close


@pytest.mark.parametrize("name", [name for name in ROWS if name not in NOT_NATIVE])
def test_row_agrees_with_numpy(name):
    prim, module = table.primitives[name], Module()
    cases, left_out = [], []
    for label, operands, params in combinations(name):
        expected = computed(prim, operands, params)
        if expected is None:
            continue
        dtypes = [x.dtype for x in operands]
        if not is_native(prim, dtypes, expected.dtype, params):
            left_out.append(label)
            continue
        symbol = f"f{len(cases)}"
        cases.append((symbol, label, operands, expected))
        write_loop(
            module, symbol, operands, expected.dtype,
            lambda f, xs, y=expected.dtype, params=params: emit(f, prim, xs, y, params),
        )  # fmt: skip
    assert set(left_out) == NOT_NATIVE_FOR.get(name, set())
    assert cases
    engine = machine.build(str(module))
    for symbol, label, operands, expected in cases:
        actual = run(engine, symbol, operands, expected.dtype)
        assert_agree(name, label, operands, actual, expected)


def assert_agree(name: str, label: str, operands: Sequence[Operand], actual: Any, expected: Any) -> None:
    wrong = ~is_agreed(name, operands, actual, expected)
    where = np.argwhere(wrong)[:5]
    shown = [
        (*(x[tuple(w)] for x in np.broadcast_arrays(*operands)), actual[tuple(w)], expected[tuple(w)]) for w in where
    ]
    assert not wrong.any(), f"{name} of {label}: {np.count_nonzero(wrong)} differ, such as {shown}"


def test_every_row_is_native_or_known_not_to_be():
    found = {
        name for name in ROWS
        if not any(
            (y := computed(table.primitives[name], operands, params)) is not None
            and is_native(table.primitives[name], [x.dtype for x in operands], y.dtype, params)
            for _, operands, params in combinations(name)
        )
    }  # fmt: skip
    assert found == set(NOT_NATIVE)


# --- numbers of Python -----------------------------------------------------------------------------------------

_EXPONENTS = [0, 1, 2, 3, 4, 5, -1, -2, -3, 0.5, 2.0, 3.0, -1.0, 1.5, -0.5, 0.0, 4.0]
LITERALS: list[tuple[str, tuple[Any, ...]]] = [
    *(("power", (letter, p)) for letter in "df" for p in _EXPONENTS),
    *(("power", (letter, p)) for letter in "li" for p in (0, 1, 2, 3, 5, 8, 13, 2.0, 0.5, -1.0)),
    *(("float_power", (letter, p)) for letter in "dfli" for p in _EXPONENTS),
    *(("power", (base, letter)) for letter in "df" for base in (2, 0.5, -1.5)),
    *((name, (letter, 2)) for name in ("add", "divide", "floor_divide", "remainder", "fmod") for letter in "dfli?"),
    *((name, (-3, letter)) for name in ("subtract", "floor_divide", "remainder") for letter in "dfli"),
    *((name, (letter, 0.5)) for name in ("less", "equal", "maximum", "multiply", "arctan2") for letter in "dfli?"),
    *(("where", ("?", letter, x)) for letter in "dfli" for x in (0, 1)),
    *(("clip", (letter, -np.inf, 1.5)) for letter in "df"),
    *(("ldexp", (letter, 3)) for letter in "df"),
]  # fmt: skip


@pytest.mark.parametrize("name", sorted({name for name, _ in LITERALS}))
def test_row_with_numbers_of_python_agrees_with_numpy(name):
    prim, module, cases = table.primitives[name], Module(), []
    for given in (given for row, given in LITERALS if row == name):
        arrays = iter(spread("".join(x for x in given if isinstance(x, str))))
        operands = [next(arrays) if isinstance(x, str) else x for x in given]
        expected = computed(prim, operands, {})
        if expected is None:
            continue
        dtypes = [x.dtype if isinstance(x, np.ndarray) else weak_dtype(x, expected.dtype) for x in operands]
        values = [None if isinstance(x, np.ndarray) else x for x in operands]
        assert is_native(prim, dtypes, expected.dtype, {}, values), given
        symbol = f"f{len(cases)}"
        cases.append((symbol, str(given), operands, expected))
        write_loop(module, symbol, operands, expected.dtype, lambda f, xs, y=expected.dtype: emit(f, prim, xs, y, {}))
    library = machine.build(str(module))
    for symbol, label, operands, expected in cases:
        assert_agree(name, label, operands, run(library, symbol, operands, expected.dtype), expected)


def test_square_is_one_product():
    module = Module()
    function = Function(module, "define double @f(double %x)")
    two = literal(2, np.dtype(float))
    y = emit(function, table.power, [("%x", np.dtype(float)), (two, np.dtype(float))], np.dtype(float), {})
    function.finish(f"double {y}")
    assert "fmul double %x, %x" in str(module)
    assert "call" not in str(module)


def test_power_of_whole_numbers_needs_a_known_exponent():
    whole = np.dtype(int)
    assert not is_native(table.power, [whole, whole], whole, {})
    assert not is_native(table.power, [whole, whole], whole, {}, [None, -1])
    assert is_native(table.power, [whole, whole], whole, {}, [None, 3])


# --- what is not native ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["complex128", "int16", "uint8", "float16", ">f8"])
def test_other_dtypes_are_not_native(dtype):
    assert not is_native(table.add, [np.dtype(dtype)] * 2, np.dtype(dtype), {})


def test_primitive_of_a_user_is_not_native():
    # Of the same name, in a table of its own.
    prim = Table().add_primitive(Primitive("exp", lambda x: x, Kind.ELEMENTWISE, [1]))
    assert not is_native(prim, [np.dtype(float)], np.dtype(float), {})


@pytest.mark.parametrize(("name", "params"), [
    ("round", {"decimals": 23}),
    ("sum", {"axis": (0,), "keepdims": False}),
])  # fmt: skip
def test_parameters_that_are_not_native(name, params):
    dtype = np.dtype(float)
    assert not is_native(table.primitives[name], [dtype], dtype, params)


# --- casts and costs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("source", DTYPES)
def test_cast_agrees_with_numpy(source, target):
    x, dtype, module = NUMBERS[source], DTYPES[target], Module()
    if DTYPES[source].kind == "f" and dtype.kind == "i":
        x = x[np.abs(x) < 2.0**31 - 1]  # beyond, and of nan, NumPy says nothing either
    write_loop(module, "f", [x], dtype, lambda f, xs: converted(f, *xs[0], dtype))
    with np.errstate(all="ignore"):
        expected = x.astype(dtype)
    actual = run(machine.build(str(module)), "f", [x], dtype)
    assert is_close(actual, expected, 0).all()


def test_costs_are_of_an_order_of_magnitude():
    order = [table.astype, table.add, table.divide, table.exp, table.logaddexp]
    assert [cost(prim) for prim in order] == sorted({cost(prim) for prim in order})
    assert cost(table.where) == cost(table.less) == 1
    assert cost(table.power) == cost(table.arctanh) == cost(table.sin)
