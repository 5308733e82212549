"""What makes a first call short: small functions for LLVM, types without computing, modules without their packages."""

import itertools
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

import wengert as wg
from native.agreement import assert_all_close
from wengert import inference
from wengert.native import emission, machine, writing
from wengert.native.writing import Module, name_of
from wengert.registry import table
from wengert.simplification import keys
from wengert.wlist import ArrayType, Variable

needs_llvm = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())
pytestmark = needs_llvm


def text_of(f, *args):
    """The LLVM text that a compiled function was made of."""
    compiled = wg.compile(f)
    with np.errstate(all="ignore"):
        assert_all_close(compiled(*args), f(*args))
    (segment,) = compiled.signatures[0].call.program.segments
    return segment.library.text


# --- numbers of long lists ---------------------------------------------------------------------------------------


def chain(x):
    """A list of several hundred numbers, none of which can be left out."""
    total, previous = x[0] * 0, x[0]
    for k in range(1, 120):
        step = x[k % x.shape[0]] - previous * previous
        total = total + 100.0 * step * step + (1.0 - previous) ** 2
        previous = np.sin(previous + step)
    return total


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_groups_of_numbers_are_given_the_workspace_and_not_a_pointer_for_each_number(dtype):
    x = np.linspace(-0.5, 0.75, 24).astype(dtype)
    if dtype is np.float32:
        f = wg.compile(chain)
        np.testing.assert_allclose(f(x), chain(x), rtol=2e-4)
        return
    text = text_of(wg.value_and_grad(chain), x)
    heads = re.findall(r"^define internal void @kernel\.g\d+\((.*?)\) ", text, re.MULTILINE)
    assert sum("%workspace" in head for head in heads) >= 2
    assert max(head.count(",") for head in heads) < 24


def test_numbers_of_long_lists_are_right_for_nan_and_infinity_and_bools():
    def f(x):
        found = []
        for k in range(150):
            y = x[k % 4] * x[(k + 1) % 4]
            found += [np.where(y > x[0], y, x[0] + k), np.sqrt(y)]
        return np.stack(found)

    def slope(x):
        return wg.grad(lambda x: np.sum(f(x)))(x)

    for values in ([1.0, np.nan, np.inf, -2.0], [0.0, -0.0, 3.0, -np.inf], [2.0, 3.0, 5.0, 7.0]):
        x = np.array(values)
        assert_all_close(wg.compile(f)(x), as_interpreted(f, x))
        assert_all_close(wg.compile(slope)(x), as_interpreted(slope, x))


def as_interpreted(f, x):
    with np.errstate(all="ignore"):
        return wg.trace(f)(x).run([x])[0]


def test_second_derivative_of_a_long_list_of_numbers():
    x = np.linspace(0.1, 0.4, 6)

    def slope(x):
        return np.sum(wg.grad(short)(x) * np.arange(6.0))

    def short(x):
        y = x[0]
        for k in range(60):
            y = np.sin(y) * x[k % 6] + x[(k + 3) % 6] ** 2
        return y

    assert_all_close(wg.compile(wg.grad(slope))(x), wg.grad(slope)(x))


# --- functions that LLVM puts together ---------------------------------------------------------------------------

GROUP = "define internal void @group({}) #0 {{\nentry:\n  ret void\n}}"


def heads_of(module):
    return dict(re.findall(r"^define [^@\n]*@([\w.]+)\([^\n]*\) (.*)\{$", str(module), re.MULTILINE))


def test_a_function_that_is_called_once_is_put_in_the_place_of_its_call():
    module = Module()
    module.shared(GROUP.format("ptr %p0"), "group", "kernel.g0")
    module.shared(GROUP.format("ptr %p0, ptr %p1"), "group", "kernel.g1")
    module.functions.append(
        "define i32 @kernel(ptr %args) #0 {\nentry:\n  call void @kernel.g0(ptr %args)\n"
        "  call void @kernel.g1(ptr %args, ptr %args)\n  call void @kernel.g1(ptr %args, ptr %args)\n  ret i32 0\n}"
    )
    heads = heads_of(module)
    assert [heads[name] for name in ("kernel.g0", "kernel.g1", "kernel")] == ["#1 ", "#0 ", "#0 "]
    assert "attributes #1 = { alwaysinline nounwind }" in str(module)


def test_what_the_entry_calls_too_is_left_to_llvm():
    def f(x):
        return wg.while_loop(lambda y: np.sum(y) < 50.0, lambda y: y * 1.5 + np.sin(y) * x, x)

    x = np.array([0.5, 1.0])
    gradient = wg.grad(lambda x: np.sum(f(x)))
    text = text_of(gradient, x)
    kept = re.search(r"^define [^@\n]*@kernel\.kept\([^\n]*\) (.*)\{$", text, re.MULTILINE)
    assert kept
    assert kept[1] == "#0 "
    assert " #1 {" in text


def test_groups_of_large_loops_inside_of_rounds_are_functions_of_their_own():
    def f(x):
        return wg.fori_loop(0, 5, lambda k, y: np.sin(y) * 0.5 + np.cumsum(y) * 0.01, x)

    assert "noinline #0" in text_of(f, np.linspace(0, 1, 2 * emission._FAR_MORE)).split("@kernel_entry")[0]
    assert "noinline #0" not in text_of(f, np.linspace(0, 1, 30)).split("@kernel_entry")[0]


# --- less work in Python -----------------------------------------------------------------------------------------


def test_names_of_dtypes_are_those_of_numpy():
    for char in [*np.typecodes["All"], ">f8", ">i4", "S5", "U3", "M8[s]"]:
        for _ in range(2):
            assert name_of(np.dtype(char)) == np.dtype(char).name


def test_scipy_s_modules_are_found_later_where_they_are_looked_for():
    code = """if True:
        import os, sys
        os.environ["WENGERT_CACHE"] = "0"
        import numpy as np, wengert as wg
        x = np.linspace(0, 1, 160 * 160).reshape(160, 160)
        found = wg.compile(lambda x: x @ x)(x)
        assert np.allclose(found, x @ x)
        found = wg.compile(lambda a, b: np.linalg.solve(a, b))(x + 200 * np.eye(160), x)
        assert np.allclose(found, np.linalg.solve(x + 200 * np.eye(160), x))
        assert "scipy.linalg" not in sys.modules
        import scipy.linalg.cython_blas, scipy.linalg.cython_lapack
        from wengert.native import externals
        assert scipy.linalg.cython_blas is externals._scipy_module("cython_blas")
        assert scipy.linalg.cython_lapack is sys.modules["scipy.linalg.cython_lapack"]
        assert np.allclose(scipy.linalg.solve(np.eye(2), [1.0, 2.0]), [1, 2])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_library_knows_the_names_of_its_text():
    text = str(writing.Module())
    assert text == "\n"
    library = machine.build('declare double @wg_sin(double)\n@x = external constant i8\n'
                            "define double @f(double %x) {\n  ret double %x\n}\n"
                            "define internal double @g(double %x) {\n  ret double %x\n}\n", 1,
                            {"x": np.zeros(1)})  # fmt: skip
    assert library.names == ("f",)


# --- types that are plain to see ---------------------------------------------------------------------------------

SHAPES = [(), (1,), (4,), (0,), (3, 4), (4, 3), (1, 4), (2, 3, 4), (0, 4)]
DTYPES = [np.float64, np.float32, np.int64, np.bool_, np.complex128, ">f8"]
INDICES = [
    0, -1, 5, (), Ellipsis, None, slice(1, 3), slice(None, None, -2), (0, 1), (slice(None), 0), (None, 1),
    np.array([0, 2, 2]), [1, 0], (np.array([[0], [1]]), slice(0, 2)), np.array(True), (Ellipsis, 0),
]  # fmt: skip


def computed(prim, types, params):
    """The type that evaluating finds, or the class of the error."""
    ones = [np.ones(t.shape, t.dtype) for t in types]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ArrayType.of(prim.compute(*ones, **params))
    except (ValueError, IndexError, TypeError) as error:
        return type(error)


def assert_seen(prim, types, **params):
    """What is plain to see is what evaluating finds; whether anything was."""
    seen = inference._plain_to_see(prim, types, params)
    assert seen is None or seen == computed(prim, types, params)
    return seen is not None


def test_types_of_concatenations_and_reshapes():
    count = 0
    for a, b in itertools.product(itertools.product(SHAPES, DTYPES), repeat=2):
        types = [ArrayType(shape, np.dtype(dtype)) for shape, dtype in (a, b)]
        count += sum(assert_seen(table.concatenate, types, axis=axis) for axis in (0, 1, -1, 3))
    for shape, dtype, new in itertools.product(SHAPES, DTYPES, [*SHAPES, (12,), (-1,), (2, -1), (2, 6)]):
        count += assert_seen(table.reshape, [ArrayType(shape, np.dtype(dtype))], shape=new)
    assert count > 200


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_types_of_scatters_and_updates(index):
    count = 0
    for shape, part, dtype in itertools.product(SHAPES, [*SHAPES, (3,), (2, 1, 2), (2,), (1, 3, 4)], DTYPES):
        x, new = ArrayType(shape, np.dtype(dtype)), ArrayType(part, np.dtype(dtype))
        count += assert_seen(table.scatter, [new], index=index, shape=shape)
        count += assert_seen(table.index_update, [x, new], index=index)
        count += assert_seen(table.add_at, [x, new], index=index)
        assert not assert_seen(table.add_at, [x, ArrayType(part, np.dtype(np.int32))], index=index)
    assert count or index == 5


def test_a_large_array_is_not_touched_for_its_type():
    kind = ArrayType((1 << 20, 1 << 12), np.dtype(np.float64))  # 32 GiB
    x = Variable("x", kind)
    assert table.concatenate.infer((x, x), {"axis": 1}) == (ArrayType((1 << 20, 1 << 13), kind.dtype),)
    assert table.scatter.infer((x,), {"index": (slice(None), slice(0, 1 << 12)), "shape": (1 << 20, 1 << 13)}) == (
        ArrayType((1 << 20, 1 << 13), kind.dtype),
    )
    assert table.add_at.infer((x, x), {"index": (Ellipsis,)}) == (kind,)
    assert table.reshape.infer((x,), {"shape": (1 << 32,)}) == (ArrayType((1 << 32,), kind.dtype),)


def test_results_of_whole_numbers_of_python_go_by_their_values():
    x = np.linspace(0, 1, 3, dtype=np.float32)
    big = Variable("x", ArrayType((3,), np.dtype(np.int8)))
    assert table.add.infer((big, 1), {})[0].dtype == np.int8
    with pytest.raises(OverflowError):
        table.add.infer((big, 1000), {})
    assert table.add.infer((big, True), {})[0].dtype == (np.ones(3, np.int8) + True).dtype
    assert table.power.infer((big, 2), {})[0].dtype == np.int8
    assert table.add.infer((Variable("y", ArrayType.of(x)), np.float64(1)), {})[0].dtype == np.float64


def test_keys_of_long_constants_are_made_once(monkeypatch):
    made = []
    monkeypatch.setattr(keys, "constant_key", lambda x: made.append(x) or repr(x))
    kept = {}
    x = np.arange(100.0)
    v = Variable("v", ArrayType.of(x))
    for _ in range(3):
        keys.application_key(table.subtract, (v, x), {}, False, kept)
    assert len(made) == 1
