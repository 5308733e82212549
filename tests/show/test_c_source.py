"""Lists as C: compiled with all warnings as errors, they compute what the lists compute."""

from __future__ import annotations

import ctypes
import subprocess
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import wengert as wg
from laws.test_random_programs import inputs_of, run, shapes, steps
from programs import PROGRAMS
from show.c_compiler import COMPILER, FLAGS, compiled
from wengert.containers import flatten
from wengert.facts import Kind
from wengert.primitive import Primitive
from wengert.registry import load_families, table
from wengert.show.c_source import c_source
from wengert.show.c_source.vocabulary import _NAMES
from wengert.wlist import ArrayType, Statement, Variable, WengertList

needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler called cc")


def traced(f, *args):
    return wg.trace(f)(*args)


def agree(function, inputs, tolerance=1e-11):
    """What C gives is finite and what the list gives."""
    with np.errstate(all="ignore"):
        expected = function.list.tape(*(np.asarray(x)[()] for x in inputs)).outputs
    code, found = function(*inputs)
    assert code == 0
    for y, wanted in zip(found, expected, strict=True):
        limit = max(tolerance, 1e-5 if np.asarray(wanted).dtype in (np.float32, np.complex64) else 0)
        assert np.all(np.isfinite(wanted)), function.list.name
        assert y.dtype == np.asarray(wanted).dtype, function.list.name
        np.testing.assert_allclose(y, wanted, rtol=limit, atol=limit, err_msg=str(function.list.name))


# --- what it looks like ----------------------------------------------------------------------------------------


def decay(rate, times):
    weights = np.exp(-rate * times)
    return np.sum(weights * weights)


DECAY = """\
#include <math.h>
#include <stddef.h>

int decay(double rate, const double *restrict times, double *restrict v5)
{
    /* test_c_source.py:LINE: weights = np.exp(-rate * times) */
    double v1 = -rate;
    double sum = 0.0;
    for (size_t i = 0; i < 3; i++) {
        double v2 = v1 * times[i];
        double v3 = exp(v2);
        /* test_c_source.py:NEXT: return np.sum(weights * weights) */
        double v4 = v3 * v3;
        sum += v4;
    }
    *v5 = sum;
    return 0;
}
"""


def test_statements_on_one_shape_share_a_loop_under_the_lines_of_the_program():
    text = c_source(traced(decay, 1.0, np.ones(3)))
    line = decay.__code__.co_firstlineno + 1
    expected = DECAY.replace("LINE", str(line)).replace("NEXT", str(line + 1))
    assert text[text.index("#include") :] == expected
    about = text[: text.index("#include")]
    assert "the Wengert list decay" in about
    assert [" ".join(row.split()) for row in about.splitlines()[2:5]] == [
        "* rate f64[] input",
        "* times f64[3] input",
        "* v5 f64[] output",
    ]


def test_loops_are_never_unrolled():
    def f(A, x):
        return np.tanh(A @ x)[::-1] + np.cumsum(x) * A.T.sum(axis=0)

    texts = [c_source(traced(f, np.ones((n, n)), np.ones(n))) for n in (3, 1000)]
    assert texts[0].count("\n") == texts[1].count("\n")


def test_views_are_subscripts_and_no_copies():
    text = c_source(traced(lambda A: A[1:, ::2].T * A[0, :3] + A.reshape(2, 6)[1, 2], np.ones((4, 3))))
    assert "A[3 * j + 2 * i + 3]" in text or "A[2 * i + 3 * j + 3] * A[j]" in text
    assert "+ A[8]" in text
    assert "work" not in text


def test_neighbouring_axes_are_one_loop_where_all_arrays_allow_it():
    text = c_source(traced(lambda x, y: x * y, np.ones((2, 3, 4)), np.ones((2, 3, 4))))
    assert text.count("for (") == 1
    assert "i < 24" in text
    assert c_source(traced(lambda x, y: x * y, np.ones((2, 3, 4)), np.ones(4))).count("for (") == 2


def test_an_array_that_nothing_reads_any_more_is_changed_in_place():
    def f(x):
        y = x * 2.0
        for k in range(4):
            y[k + 1] = y[k] + x[k]
        return y

    text = c_source(traced(f, np.ones(1000)))
    assert text.count("for (") == 1
    assert "work" not in text

    def keeps(x):
        y = x * 2.0
        z = +y
        y[0] = 3.0
        return y * z

    assert c_source(traced(keeps, np.ones(5))).count("for (") == 3


def test_the_workspace_is_used_again():
    def f(x):
        for _ in range(20):
            x = np.cumsum(x)[::-1]
        return x

    assert "#define F_WORK 20\n" in c_source(traced(f, np.ones(10)), "f")


def test_what_no_output_needs_is_left_out():
    text = c_source(traced(lambda x, y: (np.sin(y), x * 2)[1], 1.0, 2.0))
    assert "= sin(" not in text
    assert "(void)y;" in text


def test_a_derivative_program_says_which_statement_it_belongs_to():
    text = c_source(traced(wg.grad(decay), 1.0, np.ones(3)))
    assert "/* adjoint of v3 = exp(v2)" in text
    assert "rate_bar" in text


@pytest.mark.parametrize(
    ("name", "expected"),
    [("double", "double_"), ("exp", "exp_"), ("β", "beta"), ("é1", "e1"), ("I", "I_"), ("interest", "interest"),
     ("maximum", "maximum_"), ("int64_t", "int64_t_"), ("M_PI", "x_M_PI"), ("1x", "x1x")],
)  # fmt: skip
def test_names_that_c_does_not_accept_are_changed(name, expected):
    x, y = (Variable(n, ArrayType((), np.dtype(float))) for n in (name, "v1"))
    text = c_source(WengertList("f", (x,), (Statement((y,), table.sin, (x,)),), (y,)))
    assert f"int f(double {expected}, double *restrict v1)" in text


@pytest.mark.parametrize(
    ("name", "expected"), [("<lambda>", "lambda"), ("sin", "sin_"), ("index", "index_"), ("Ω", "omega")]
)
def test_the_name_of_the_function(name, expected):
    x = Variable("x", ArrayType((), np.dtype(float)))
    assert f"int {expected}(double x" in c_source(WengertList(name, (x,), (), (x,)))


def test_a_comment_cannot_end_early():
    def f(x):
        return x * 2  # */ int y; /* ??/ \

    assert "* / int y; / *" in c_source(traced(f, 1.0))


# --- values ----------------------------------------------------------------------------------------------------


@needs_compiler
def test_a_file_alone_is_called_by_ctypes(tmp_path):
    (tmp_path / "decay.c").write_text(c_source(traced(decay, 1.0, np.ones(3))))
    library = tmp_path / "decay.so"
    subprocess.run([COMPILER, *FLAGS, "-O2", str(tmp_path / "decay.c"), "-o", str(library), "-lm"], check=True)
    function = ctypes.CDLL(str(library)).decay
    pointer = ctypes.POINTER(ctypes.c_double)
    function.argtypes = [ctypes.c_double, pointer, pointer]
    times, result = np.array([0.5, 1.0, 2.0]), ctypes.c_double()
    assert function(0.7, times.ctypes.data_as(pointer), ctypes.byref(result)) == 0
    assert result.value == pytest.approx(np.exp(-0.7) + np.exp(-1.4) + np.exp(-2.8), rel=1e-14)


@needs_compiler
def test_closed_forms(tmp_path):
    def f(x):
        return np.sum(np.log(x) * x**3), np.linalg.norm(x), np.prod(x)

    value, gradient = compiled([traced(f, np.ones(3)), traced(wg.grad(lambda x: f(x)[0]), np.ones(3))], tmp_path)
    x = np.array([1.0, 2.0, 4.0])
    assert np.allclose(value(x)[1], [136 * np.log(2.0), np.sqrt(21.0), 8.0], rtol=1e-15)
    assert np.allclose(gradient(x)[1][0], 3 * x**2 * np.log(x) + x**2, rtol=1e-14)


def constants(x):
    numbers = np.array([0.1, -0.0, 1e-310, -1.7976931348623157e308, np.inf, -np.inf, np.nan])
    return x * 0.0 + numbers, np.arange(6).reshape(2, 3), x, x, True, np.float32(0.1), 1 - 2j, np.full(4, 2.5), x[::-1]


@needs_compiler
def test_constants_are_exact_and_every_kind_of_output_is_written(tmp_path):
    x = np.ones(7)
    (function,) = compiled([traced(constants, x)], tmp_path)
    code, found = function(x)
    assert code == 0
    for y, wanted in zip(found, constants(x), strict=True):
        np.testing.assert_array_equal(y, wanted)
        assert y.dtype == np.asarray(wanted).dtype


#: Points of each dtype; `special` ones where a function is as exact as NumPy's everywhere.
POINTS = {
    "f8": [
        -np.inf,
        -710.0,
        -3.5,
        -2.0,
        -1.0,
        -0.7,
        -0.25,
        -0.0,
        0.0,
        1e-9,
        0.3,
        0.5,
        0.99,
        1.0,
        1.5,
        2.0,
        3.0,
        25.0,
        710.0,
        np.inf,
        np.nan,
    ],
    "f4": [-3.5, -2.0, -1.0, -0.7, -0.25, 0.0, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, np.nan],
    "i8": [-7, -3, -2, -1, 0, 1, 2, 3, 5, 9],
    "i4": [-7, -3, -2, -1, 0, 1, 2, 3, 5, 9],
    "i1": [-7, -3, -2, -1, 0, 1, 2, 3, 5, 120],
    "u1": [0, 1, 2, 3, 5, 250],
    "u8": [0, 1, 2, 3, 5, 250],
    "?": [False, True],
    "c16": [0.3 + 0.2j, -1.5 + 2j, 2 - 0.7j, -0.4 - 0.9j, 1.2 + 0j],
}
# Where the C library and SciPy round or continue a function differently.
LEFT_OUT = {"cosm1": 50.0, "gammaln": 50.0, "loggamma": 50.0}


def points_of(prim, kind):
    x = np.array(POINTS[kind], kind)
    if prim.name in LEFT_OUT:
        x = x[np.abs(x) < LEFT_OUT[prim.name]]
    x = x if len(prim.facts) < 3 else x[::2]
    xs = [grid.ravel() for grid in np.meshgrid(*[x] * len(prim.facts))]
    plain = np.nan_to_num(xs[-1].real, posinf=9, neginf=-9)
    if prim.name == "ldexp":
        xs[1] = np.clip(plain, -9, 9).astype(np.int64)
    if prim.name == "astype_integer":
        xs = [plain]
    if prim.name == "power" and kind[0] in "iu":
        xs[1] = np.abs(xs[1])
    return xs


PARAMETERS = {
    "astype": {"dtype": np.dtype("f8")},
    "astype_integer": {"dtype": np.dtype("i8")},
    "round": {"decimals": 1},
}


def row_lists():
    """Every row of the vocabulary for every dtype that both NumPy and C have: the list, its inputs, NumPy's values."""
    load_families()
    for name in sorted(_NAMES):
        prim = table.primitives[name]
        for kind in POINTS:
            xs, params = points_of(prim, kind), PARAMETERS.get(name, {})
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
                    y = prim.compute(*xs, **params)
            except TypeError:
                continue  # NumPy has none
            inputs = tuple(Variable(f"x{k}", ArrayType.of(x)) for k, x in enumerate(xs))
            target = Variable("y", ArrayType.of(y))
            lst = WengertList(f"{name} {kind}", inputs, (Statement((target,), prim, inputs, params),), (target,))
            try:
                c_source(lst)
            except wg.NoRuleError as error:
                assert name in str(error) or y.dtype == np.float16  # noqa: PT017  # most are written
            else:
                yield lst, xs, y


@needs_compiler
def test_every_elementwise_row_has_numpys_values_also_at_special_points(tmp_path):
    cases = list(row_lists())
    assert len(cases) > 700
    for function, (lst, xs, y) in zip(compiled([case[0] for case in cases], tmp_path), cases, strict=True):
        code, (found,) = function(*xs)
        assert code == 0
        if y.dtype.kind in "fc":
            is_single = y.dtype.itemsize == 4 or "f4" in lst.name
            rtol, atol = (2e-6, 1e-6) if is_single else (1e-13, 1e-13) if y.dtype.kind == "c" else (2e-14, 1e-300)
            np.testing.assert_allclose(found, y, rtol=rtol, atol=atol, equal_nan=True, err_msg=lst.name)
        else:
            np.testing.assert_array_equal(found, y, err_msg=lst.name)


_RNG = np.random.default_rng(7)
X, M, T = _RNG.standard_normal(5), _RNG.standard_normal((4, 3)), _RNG.standard_normal((3, 4, 5))
COUNTS = np.array([3, -1, 0])


def padded(x):
    return np.pad(x, 2) + np.roll(np.pad(x, (1, 3)), 2)


def written(x):
    y = x * 2.0
    y[[0, 0, 3]] = x[:3]
    y[1:] += y[:-1]
    y[y.shape[0] // 2] = 7.0
    np.add.at(y, [1, 1], x[:2])
    return y


def written_at(A, k):
    y = A * 2.0
    y[k] = A[:3]
    np.add.at(y, (k, 1), 7.0)
    return y


#: Programs that no other part of the corpus has: functions and arguments.
ARRAYS = {
    "products": (lambda A, x: (A.T @ A, A @ A[0], A[:, 0] @ A, A[0] @ A[1], x[:4] @ A), (M, X)),
    "batches": (lambda T: (T @ T[0].T, T @ T[0, 0], np.swapaxes(T, 1, 2) @ T[:, :, :2], T[:, 0] @ T[0].T), (T,)),
    "einsum": (
        lambda T, A: (np.einsum("ijk,jl->kil", T, A), np.einsum("iij->j", T[:, :3]), np.einsum("ij->", A)),
        (T, M),
    ),
    "sums": (
        lambda T: [np.sum(T, axis=a, keepdims=k) for a in (0, 1, (0, 2), (1, 2), None) for k in (False, True)],
        (T,),
    ),
    "means": (lambda T: (np.mean(T, axis=(0, 2)), np.mean(T, axis=2), np.mean(T > 0), np.std(T, axis=1)), (T,)),
    "extremes": (
        lambda T: (np.max(T, axis=1), np.min(T), np.argmax(T, axis=0), np.argmin(T), np.ptp(T, axis=(1, 2))),
        (T,),
    ),
    "positions": (lambda T: (np.argmax(T, axis=1, keepdims=True), np.argmin(T[0].T, axis=1), np.argmax(T[0, 0])), (T,)),
    "truths": (lambda T: (np.any(T > 2, axis=0), np.all(T > -1, axis=(1, 2)), np.count_nonzero(T > 0, axis=1)), (T,)),
    "norms": (lambda T: (np.linalg.norm(T[0]), np.linalg.norm(T, axis=1), np.linalg.norm(T[0, 0] * 1j)), (T,)),
    "folds": (lambda x: (np.logaddexp.reduce(x), np.hypot.reduce(x), np.fmax.reduce(x), np.nanmin(x)), (X,)),
    "running": (lambda A: (np.cumsum(A, axis=0), np.cumprod(A, axis=1), np.maximum.accumulate(A, axis=0)), (M,)),
    "diagonals": (lambda A: (np.diagonal(A, 1), np.diag(A[0]), np.diag(A[:, 0], -1), np.trace(A)), (M,)),
    "windows": (lambda x: np.lib.stride_tricks.sliding_window_view(x, 3) * x[2:, None], (X,)),
    "padded": (padded, (X,)),
    "convolved": (
        lambda x, A: (np.convolve(x, A[0]), np.convolve(x, A[:, 0], "valid"), np.convolve(x, A[0], "same")),
        (X, M),
    ),
    "tables": (
        lambda A: (A[[0, 2, 2]], A[:, [2, 0]], A[[1, 3], [0, 2]], A[np.array([1, 0, 1, 0]) > 0], A[[0, 2], 1:]),
        (M,),
    ),
    "turned": (
        lambda T: (np.flip(T, (0, 2)), T.transpose(2, 0, 1).reshape(5, 12), np.rot90(T[0]), T[::-1, :, ::2] * 2),
        (T,),
    ),
    "joined": (lambda A: (np.stack([A, A * 2], axis=1), np.tile(A, (2, 1)), np.repeat(A, 2, axis=0), A[:0]), (M,)),
    "integers": (
        lambda n, x: (n * 2 // 3 % 5, n**2, x[:3] * n, n / 4, -n > 1, n.astype(np.int32), ~n & 3 | n ^ 1),
        (COUNTS, X),
    ),
    "single": (
        lambda x: (np.exp(-x) * 2, np.sum(x), np.maximum(x, 0.5), x**3, x.astype(np.float64)),
        (X.astype(np.float32),),
    ),
    "complex": (lambda x: (np.exp(1j * x), np.abs(x * (1 + 2j)) ** 2, np.sum(np.conj(x + 1j)) / (2 - 1j)), (X,)),
    "written": (written, (X,)),
    "emptied": (lambda A: (A[:0], np.sum(A[:0], axis=0), A[:, :0] @ A[:0, :2], np.concatenate([A, A[:0]])), (M,)),
    "numbers": (lambda x, n: (x * n, np.reshape(x, (1, 1)), np.broadcast_to(x, (2, 3)) + n), (0.3, 4)),
    "take": (
        lambda A, k: (np.take(A, k, axis=0), np.take(A, k, axis=1, mode="wrap"), np.take(A, k, mode="clip")),
        (M, COUNTS),
    ),
    "along": (lambda A: np.take_along_axis(A, np.argmax(A, axis=1, keepdims=True), axis=1), (M,)),
    "gather rows": (lambda A, k: A[k] * 2, (M, COUNTS)),
    "gather pairs": (lambda A, i, j: A[i, j], (M, np.array([[3], [-1]]), np.array([0, 2, 1]))),
    "gather mixed": (lambda T, i, j: T[:, i, None, j], (T, np.array([3, -1]), np.int64(2))),
    "gather apart": (lambda T, i, j: T[i, :, j], (T, np.array([1, -1]), np.array([0, 4]))),
    "gather a slice": (lambda T, i: T[1:, i, ::2], (T, np.int64(-2))),
    "gather beside constants": (lambda T, i: T[..., i, [0, 3]], (T, np.array([1, 2]))),
    "written at": (written_at, (M, np.array([0, 2, 0]))),
}


def total(f):
    """The sum of all real parts of results, weighted so that no two count alike."""

    def summed(*args):
        leaves = [x for x in flatten(f(*args))[0] if np.result_type(x).kind in "fc"]
        return sum(np.sum(np.real(x) * (1.5 + k)) for k, x in enumerate(leaves))

    return summed


def active(args):
    return tuple(k for k, x in enumerate(args) if np.result_type(x).kind in "fc")


@needs_compiler
def test_functions_of_arrays_and_their_gradients(tmp_path):
    lists, inputs = [], []
    for name, (f, args) in ARRAYS.items():
        lists.append(traced(f, *args))
        inputs.append(args)
        if name not in ("positions", "truths"):
            lists.append(traced(wg.grad(total(f), active(args)), *args))
            inputs.append(args)
    for function, args in zip(compiled(lists, tmp_path), inputs, strict=True):
        agree(function, args)


# --- control ---------------------------------------------------------------------------------------------------

CONTROL = {
    "cond": (lambda x: wg.cond(np.sum(x) > 0, lambda x: np.sin(x) * 2, lambda x: x[::-1], x), (X,)),
    "cond with two results": (
        lambda x: wg.cond(x[0] < x[1], lambda x: (np.sin(x), np.sum(x)), lambda x: (x[::-1], 1.0), x),
        (X,),
    ),
    "switch": (lambda x, k: wg.switch(k, [np.sin, np.cos, lambda x: x], x), (X, np.int64(1))),
    "fori_loop": (lambda x: wg.fori_loop(-2, 4, lambda i, c: np.sin(c) * i + x, x), (X,)),
    "a number carried": (lambda a: wg.fori_loop(1, 9, lambda i, c: c * a + i, a), (1.3,)),
    "carries exchanged": (lambda a, b: wg.fori_loop(0, 5, lambda i, c: (c[1], c[0] + c[1]), (a, b)), (X, X * 2)),
    "a carry shifted": (lambda a: wg.fori_loop(0, 5, lambda i, c: np.concatenate([c[1:], c[:1] * 2]), a), (X,)),
    "a loop in a loop": (
        lambda a: wg.fori_loop(1, 4, lambda i, c: wg.fori_loop(0, 2, lambda j, d: d * i + c + j, c), a),
        (X,),
    ),
    "scan": (lambda c, xs: wg.scan(lambda c, x: (np.tanh(c @ x) * x + c, c * x), c, xs), (X[:3], M)),
    "scan reversed": (
        lambda c, xs: wg.scan(lambda c, x: (c * 0.5 + x, (np.sum(c), x[::-1])), c, xs, reverse=True),
        (X[:3], M),
    ),
    "scan of a view": (lambda c, xs: wg.scan(lambda c, x: (c * 0.5 + x, np.sum(c * x)), c, xs.T), (X[:4], M)),
    "while_loop": (lambda a: wg.while_loop(lambda c: c[0] < 100.0, lambda c: (c[0] * a, c[1] + 1), (a, 0)), (1.7,)),
    "while_loop of arrays": (
        lambda a: wg.while_loop(lambda c: np.max(c) < 100.0, lambda c: c * 1.5 + np.abs(a), a),
        (X,),
    ),
    "call": (lambda a: wg.call(lambda u: np.sum(u * u) * u, a) + wg.call(lambda u: u[::-1], a * 2), (X,)),
    "one round": (lambda a: wg.fori_loop(3, 4, lambda i, c: c * i, a), (X,)),
    "no round": (lambda a: wg.fori_loop(3, 3, lambda i, c: c * i, a), (X,)),
}


@needs_compiler
def test_control_statements_and_their_derivatives(tmp_path):
    lists, inputs = [], []
    for name, (f, args) in CONTROL.items():
        lst, chosen = traced(f, *args), active(args)
        lists += [lst, wg.tangent(lst, list(chosen))]
        inputs += [args, (*args, *(np.cos(args[k]) for k in chosen))]
        if not name.startswith("while"):
            lists.append(traced(wg.grad(total(f), chosen), *args))
            inputs.append(args)
    for function, args in zip(compiled(lists, tmp_path, optimisation="-O2"), inputs, strict=True):
        agree(function, args)


@needs_compiler
def test_an_index_out_of_range_ends_the_function_with_the_number_of_the_check(tmp_path):
    def f(x, i, k):
        return x[i] + np.take(x, k) + wg.switch(i, [np.sin, np.cos, np.exp], x[0])

    lst = traced(f, X, np.int64(0), np.int64(0))
    (function,) = compiled([lst], tmp_path)
    agree(function, (X, np.int64(2), np.int64(-5)))
    assert [function(X, i, k)[0] for i, k in ((5, 0), (-6, 0), (0, 5), (-1, 0))] == [1, 1, 2, 3]
    assert "number of" in function.text
    assert " *   2: v2 = take(x, k" in function.text


# --- the corpus and random programs ----------------------------------------------------------------------------

#: What C refuses of the corpus.
REFUSED = {
    "svd",
    "eigh",
    "argsort",
    "argpartition",
    "searchsorted",
    "rfft",
    "fft",
    "solve",
    "inv",
    "det",
    "cofactors",
    "slogdet",
    "lstsq",
    "cholesky",
    "pinv_of_rank",
}


def corpus_lists():
    """The list of each program and that of its gradient, where it has one for all values."""
    for program in PROGRAMS:
        with np.errstate(all="ignore"):
            yield (
                program,
                (
                    wg.tape(program.function, *program.args).list
                    if program.branches
                    else traced(program.function, *program.args)
                ),
            )
            if not program.branches:
                yield program, traced(wg.grad(total(program.function), active_arguments(program)), *program.args)


def active_arguments(program):
    return tuple(range(len(program.args)))


@needs_compiler
def test_every_program_of_the_corpus_is_right_or_refused_by_name(tmp_path):
    written, refused = [], []
    for program, lst in corpus_lists():
        try:
            c_source(lst)
        except wg.NoRuleError as error:
            refused.append(error)
        else:
            written.append((program, lst))
    assert {str(error).split(" cannot be written in C")[0] for error in refused} <= REFUSED
    assert len(written) >= 335
    for function, (program, _) in zip(compiled([lst for _, lst in written], tmp_path), written, strict=True):
        agree(function, flatten(program.args)[0], 1e-9)


@needs_compiler
@settings(max_examples=6, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs=st.lists(st.tuples(steps, shapes, st.integers(0, 2**20)), min_size=8, max_size=8))
def test_random_programs_and_their_gradients(tmp_path, programs):
    lists, inputs = [], []
    for program, kinds, seed in programs:
        args = inputs_of(kinds, seed)

        def f(x, y, program=program):
            return run(program, x, y)

        lists += [traced(f, *args), traced(wg.grad(total(f), (0, 1)), *args)]
        inputs += [args, args]
    for function, args in zip(compiled(lists, tmp_path), inputs, strict=True):
        agree(function, args, 1e-9)


# --- what is refused -------------------------------------------------------------------------------------------


def test_a_refusal_names_the_statement_its_line_and_what_to_do():
    def f(A):
        return np.linalg.svd(A)[1]

    with pytest.raises(wg.NoRuleError, match=r"svd cannot be written in C: v1, v2, v3 = svd\(A") as caught:
        c_source(traced(f, np.eye(2)))
    assert caught.value.remedy == 'Use source(..., "python"), which calls NumPy for it.'
    assert caught.value.where.text == "return np.linalg.svd(A)[1]"


def test_a_primitive_of_a_user_is_refused_whatever_its_name():
    own = Primitive("erf", lambda x: x, Kind.ELEMENTWISE, [1])
    with pytest.raises(wg.NoRuleError, match=r"erf cannot be written in C"):
        c_source(traced(own, 1.0))


def test_numbers_that_c_does_not_have_are_refused():
    with pytest.raises(wg.NoRuleError, match="x has the dtype float16, which C does not have") as caught:
        c_source(traced(np.sin, np.float16(1)))
    assert "dtype float64" in caught.value.remedy
    with pytest.raises(wg.NoRuleError, match=r"astype cannot be written in C.*C has no numbers of dtype float16"):
        c_source(traced(lambda x: np.sin(x.astype(np.float16)).astype(float), 1.0))


def test_a_row_without_a_column_is_refused():
    with pytest.raises(wg.NoRuleError, match="C has nothing of the kind for numbers of dtype complex128"):
        c_source(traced(lambda x: np.log2(x + 1j), 1.0))
    with pytest.raises(wg.NoRuleError, match="no such reduction of numbers of dtype complex128"):
        c_source(traced(lambda x: np.max(x + 1j), np.ones(2)))


def test_a_loop_that_would_allocate_is_refused():
    def f(a):
        return wg.while_loop(lambda c: c < 9.0, lambda c: c * a, a)

    with pytest.raises(wg.NoRuleError, match="while_loop cannot be written in C") as caught:
        c_source(traced(wg.grad(f), 1.5))
    assert "How many rounds" in caught.value.why
