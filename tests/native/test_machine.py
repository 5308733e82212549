"""Machine code of LLVM text: its values, its errors, its memory, and the object files on disk.

The oracle for functions is the C library in extended precision, through NumPy's longdouble.
"""

import ctypes
import gc
import math
import os
import re
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erf

from wengert.errors import ArgumentError, MissingPackageError
from wengert.native import externals, machine, object_files, processor
from wengert.native.writing import Function, Module

needs_machine_code = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable() or "available")
pytestmark = needs_machine_code

HAS_LIBMVEC = any(externals._libraries("libmvec.so.1"))
SQUARE = "define double @square(double %x) {\n  %y = fmul double %x, %x\n  ret double %y\n}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A cache of the test's own; the user's home is out of reach as well."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("WENGERT_CACHE", str(tmp_path / "objects"))
    return tmp_path / "objects"


def scalar(library, name, count=1):
    """A function of doubles; it keeps the library alive, as whoever calls an address must."""
    double = ctypes.c_double
    function = ctypes.CFUNCTYPE(double, *[double] * count)(library.address(name))
    function.library = library
    return function


def loop(name, arity, dtype=np.float64):
    """The text of a loop that applies a function of libm to arrays."""
    module = Module()
    called = machine.call(module, name)
    kind = "float" if dtype is np.float32 else "double"
    pointers = "".join(f", ptr noalias %x{k}" for k in range(arity))
    body = Function(module, f"define void @over(ptr noalias %y, i64 %n{pointers})", "nounwind ")
    with body.loop("%n") as rounds:
        operands = []
        for k in range(arity):
            place = body.value(f"getelementptr inbounds {kind}, ptr %x{k}, i64 {rounds.index}")
            operands.append(f"{kind} {body.value(f'load {kind}, ptr {place}')}")
        result = body.value(f"call {kind} {called}({', '.join(operands)})")
        place = body.value(f"getelementptr inbounds {kind}, ptr %y, i64 {rounds.index}")
        body.line(f"store {kind} {result}, ptr {place}")
    body.finish()
    return str(module)


def over(library, *xs):
    """Call the loop of a library."""
    y = np.full_like(xs[0], 7.0)
    pointers = [ctypes.c_void_p] * len(xs)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, *pointers)(library.address("over"))
    function(y.ctypes.data, y.size, *[x.ctypes.data for x in xs])
    return y


def arguments(dtype):
    """Ordinary, tiny, huge and special arguments of both signs."""
    rng, limits = np.random.default_rng(3), np.finfo(dtype)
    sizes = np.exp(rng.uniform(math.log(limits.tiny), math.log(limits.max) * 0.999, 1500))
    ends = [limits.max, limits.tiny, limits.smallest_subnormal, 1 + limits.eps, np.inf]
    special = np.array([0.0, 0.5, 1.0, 2.0, 3.0, np.pi, *ends])
    ordinary = [rng.uniform(-1, 1, 1500), 30 * rng.normal(size=1500)]
    return np.concatenate([*ordinary, sizes, -sizes, special, -special, [np.nan]]).astype(dtype)


def ulps(got, exact):
    """Errors in units of the last place; infinite where one is nan, or another infinity, and the other is not."""
    rounded = exact.astype(got.dtype)
    is_equal = (np.isnan(got) & np.isnan(rounded)) | ((got == rounded) & (np.signbit(got) == np.signbit(rounded)))
    with np.errstate(all="ignore"):
        error = np.abs(got - exact) / np.spacing(np.abs(rounded)).astype(np.longdouble)
    return np.where(is_equal, 0, np.where(np.isnan(error), np.inf, error))


# --- building ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_a_text_becomes_a_function(level):
    library = machine.build(SQUARE, level)
    assert scalar(library, "square")(1.5) == 2.25
    assert library.names == ("square",)
    assert library.text == SQUARE
    assert library.level == level
    assert not library.is_cached
    assert library.size > 100


def test_a_text_may_have_several_functions_and_data_of_its_own():
    text = (
        "@table = private constant [2 x double] [double 3.0, double 5.0]\n"
        "define internal double @at(i64 %i) noinline {\n  %p = getelementptr double, ptr @table, i64 %i\n"
        "  %v = load double, ptr %p\n  ret double %v\n}\n"
        "define double @first() {\n  %v = call double @at(i64 0)\n  ret double %v\n}\n"
        'define noundef double @"second one"() {\n  %v = call double @at(i64 1)\n  ret double %v\n}\n'
    )
    library = machine.build(text)
    assert library.names == ("first", "second one")
    assert scalar(library, "first", 0)() == 3.0
    assert scalar(library, "second one", 0)() == 5.0
    with pytest.raises(ArgumentError, match="no function at, only first, second one"):
        library.address("at")


def test_two_libraries_may_use_the_same_names():
    one, two = machine.build(SQUARE), machine.build(SQUARE.replace("fmul", "fadd"))
    assert scalar(one, "square")(3.0) == 9.0
    assert scalar(two, "square")(3.0) == 6.0


def test_the_optimised_text_and_the_assembly_can_be_read():
    text = "define double @f(double %x) {\n  %a = fmul double %x, 1.0\n  %b = fmul double %a, %x\n  ret double %b\n}\n"
    library = machine.build(text)
    optimised = library.optimised()
    assert optimised.count("fmul") == 1
    assert text.count("fmul") == 2
    assert "f:" in library.assembly()


def test_a_loop_is_vectorised():
    optimised = machine.build(
        "define void @f(ptr noalias %x, i64 %n) {\nentry:\n  br label %loop\nloop:\n"
        "  %i = phi i64 [ 0, %entry ], [ %next, %loop ]\n  %p = getelementptr double, ptr %x, i64 %i\n"
        "  %v = load double, ptr %p\n  %w = fmul double %v, %v\n  store double %w, ptr %p\n"
        "  %next = add nuw nsw i64 %i, 1\n  %more = icmp ult i64 %next, %n\n"
        "  br i1 %more, label %loop, label %end\nend:\n  ret void\n}\n"
    ).optimised()
    assert "x double>" in optimised


def test_long_straight_programs_have_the_values_of_their_statements():
    rng = np.random.default_rng(0)
    lines, values = ["define double @f(double %v0, double %v1) {"], [0.3, 0.7]
    for k in range(2, 1002):
        i, j = rng.integers(max(0, k - 20), k, 2)
        name = ("fadd", "fsub")[rng.integers(2)]
        scaled = values[j] * 0.5
        values.append(values[i] + scaled if name == "fadd" else values[i] - scaled)
        lines.append(f"  %h{k} = fmul double %v{j}, 0.5\n  %v{k} = {name} double %v{i}, %h{k}")
    library = machine.build("\n".join([*lines, "  ret double %v1001\n}\n"]))
    assert scalar(library, "f", 2)(0.3, 0.7) == values[-1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("define double @f(double %x) {\n  ret double %nothing\n}\n", "cannot read the text:\n.*undefined value"),
        ("define double @f(double %x) {\n  ret float %x\n}\n", "cannot read the text:\n.*expected 'float'"),
        (
            "define i32 @f() {\n  br label %b\na:\n  %x = add i32 1, 2\n  ret i32 1\nb:\n  ret i32 %x\n}\n",
            "refuses the text:\n.*does not dominate",
        ),
        (
            "declare double @nosuch()\ndefine double @f() {\n  %y = call double @nosuch()\n  ret double %y\n}\n",
            "calls nosuch, which is not defined",
        ),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text, message):
    with pytest.raises(machine.MachineCodeError, match=message) as caught:
        machine.build(text)
    assert isinstance(caught.value, RuntimeError)
    assert len(str(caught.value).splitlines()) <= 5


@pytest.mark.parametrize("level", [-1, 4])
def test_other_levels_are_refused(level):
    with pytest.raises(ArgumentError, match=f"levels 0 to 3, and {level}"):
        machine.build(SQUARE, level)


def test_threads_may_build_at_the_same_time():
    found = {}

    def work(k):
        for i in range(5):
            text = f"define double @f(double %x) {{\n  %y = fadd double %x, {k}{i}.0\n  ret double %y\n}}\n"
            found[k, i] = scalar(machine.build(text), "f")(0.5)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {(k, i): 10 * k + i + 0.5 for k in range(1, 5) for i in range(5)}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not say how much memory is used")
def test_the_memory_of_libraries_is_freed(monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE", "0")

    def used_after(count):
        for k in range(count):
            machine.build(f"define double @f(double %x) {{\n  %y = fadd double %x, {k}.0\n  ret double %y\n}}\n")
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = used_after(100)
    assert used_after(300) - before < 2 * 2**20  # what one leaks, measured: a pass manager 55 kB, a library 9 kB


def test_importing_the_module_does_not_import_llvmlite():
    code = "import sys, wengert.native.machine; print('llvmlite' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_process_may_end_while_a_library_is_alive():
    code = f"from wengert.native import machine; a = machine.build({SQUARE!r}); print(a.names)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("('square',)\n", "")


def test_why_machine_code_is_unavailable_is_said(monkeypatch):
    monkeypatch.setattr("llvmlite.__version__", "0.43.0")
    assert machine.unavailable() == "Machine code needs llvmlite 0.50 or later, and this is 0.43.0."
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    assert "needs the package llvmlite, which cannot be imported" in machine.unavailable()
    monkeypatch.setattr(processor, "loaded_llvm", processor.loaded_llvm.__wrapped__)
    with pytest.raises(MissingPackageError, match=r"pip install 'llvmlite>=0\.50'"):
        processor.loaded_llvm()
    monkeypatch.setattr(sys, "byteorder", "big")
    assert machine.unavailable() == "Machine code is made for little-endian 64-bit processors only."


def test_a_platform_that_was_not_tried_is_named(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert machine.unavailable() == "Machine code has not been tried on this platform, win32."


# --- what is called from outside ---------------------------------------------------------------------------------


def test_code_calls_what_is_defined():
    twice = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(lambda x: 2 * x)
    address = ctypes.cast(twice, ctypes.c_void_p).value
    machine.define("test_twice", address)
    machine.define("test_twice", address)
    text = (
        "declare double @test_twice(double)\ndefine double @f(double %x) {\n"
        "  %y = call double @test_twice(double %x)\n  ret double %y\n}\n"
    )
    assert scalar(machine.build(text), "f")(3.5) == 7.0
    kept = machine.build(text)
    assert kept.is_cached
    assert scalar(kept, "f")(3.5) == 7.0
    with pytest.raises(ArgumentError, match="test_twice is defined already"):
        machine.define("test_twice", address + 1)
    with pytest.raises(ArgumentError, match="its address is null"):
        machine.define("test_null", 0)


EXACT = {  # the names that NumPy has otherwise
    **{name: getattr(np, f"arc{name[1:]}") for name in ("acos", "acosh", "asin", "asinh", "atan", "atanh", "atan2")},
    "exp10": lambda x: np.longdouble(10) ** x,
    "pow": np.power,
}
COMPARED = [name for name in machine.ARITIES if name in EXACT or hasattr(np, name)]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy warns of overflow, and of what is not a number
@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="longdouble is no more exact than float64")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", COMPARED)
def test_functions_of_libm_are_exact_to_four_ulp(name, dtype):
    arity, x = machine.ARITIES[name], arguments(dtype)
    xs = [x, np.random.default_rng(1).permutation(x)][:arity]
    c_name = name if dtype is np.float64 else f"{name}f"
    got = over(machine.build(loop(c_name, arity, dtype)), *xs)
    if name == "nextafter":
        expected = np.nextafter(*xs)  # the neighbour depends on the type
        np.testing.assert_array_equal(got, expected)
        return
    if name == "remainder":  # NumPy's is another function: the sign of the divisor
        pairs = zip(*(x.tolist() for x in xs), strict=True)
        expected = np.array([math.remainder(a, b) if b and math.isfinite(a) else math.nan for a, b in pairs])
        np.testing.assert_array_equal(got, expected.astype(dtype))
        return
    exact = EXACT.get(name) or getattr(np, name)
    error = ulps(got, exact(*[a.astype(np.longdouble) for a in xs]))
    worst = int(np.argmax(error))
    assert error[worst] <= 4, [float(a[worst]) for a in xs]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_that_numpy_lacks_agree_with_the_standard_library(dtype):
    x = np.linspace(-5, 5, 1000).astype(dtype)
    suffix = "" if dtype is np.float64 else "f"
    for name in ("erf", "erfc"):
        y = over(machine.build(loop(name + suffix, 1, dtype)), x)
        exact = np.array([getattr(math, name)(value) for value in x.tolist()], np.longdouble)
        assert np.max(ulps(y, exact)) <= 5  # one more, for the oracle's own
    positive = np.abs(x) + dtype(0.01)
    for name, oracle in (("lgamma", math.lgamma), ("tgamma", math.gamma)):
        y = over(machine.build(loop(name + suffix, 1, dtype)), positive)
        exact = [oracle(value) for value in positive.tolist()]
        np.testing.assert_allclose(y, exact, rtol=20 * np.finfo(dtype).eps, atol=10 * np.finfo(dtype).eps)
    assert np.allclose(over(machine.build(loop("erf" + suffix, 1, dtype)), x), erf(x))


@pytest.mark.skipif(not HAS_LIBMVEC, reason="the system has no libmvec")
@pytest.mark.parametrize(("name", "arity"), [("sin", 1), ("pow", 2), ("expf", 1), ("atan2f", 2)])
def test_loops_call_libmvec(name, arity):
    dtype = np.float32 if name.endswith("f") else np.float64
    optimised = machine.build(loop(name, arity, dtype)).optimised()
    assert re.search(rf"call .*@_ZGV[bcde]N\d+v+_{name}\(<", optimised)


def test_without_libmvec_the_scalar_function_is_called(monkeypatch):
    monkeypatch.setattr(externals, "_variants", lambda *facts: iter(()))
    monkeypatch.setattr(externals, "_libm_function", externals._libm_function.__wrapped__)
    text = loop("sin", 1)
    assert "_ZGV" not in text
    x = np.linspace(-3, 3, 101)
    assert over(machine.build(text), x).tolist() == [math.sin(v) for v in x.tolist()]


@pytest.mark.skipif(not HAS_LIBMVEC, reason="the system has no libmvec")
@pytest.mark.parametrize(
    ("features", "letters"),
    [
        ("+sse2", "b"),
        ("+sse2,+avx", "bc"),
        ("+avx,+avx2,+fma", "bd"),
        ("+avx,+avx2,+fma,+avx512f", "bde"),
        ("+avx,+avx2", "bc"),
    ],
)
def test_the_variants_are_those_that_the_processor_can_run(monkeypatch, features, letters):
    host = processor.Host("x86_64-linux", "generic", features, "", "")
    monkeypatch.setattr(externals, "this_host", lambda: host)
    for name, arity, is_single in (("sin", 1, False), ("powf", 2, True)):
        variants = list(externals._variants(name, arity, is_single))
        assert "".join(variant.name[4] for variant in variants) == letters
        assert [v.lanes for v in variants] == [2 << k << is_single for k in range(len(letters))]


def test_a_function_is_declared_once():
    module = Module()
    assert machine.call(module, "sin") == "@wg_sin"
    once = str(module)
    assert machine.call(module, "sin") == "@wg_sin"
    assert str(module) == once
    machine.call(module, "cos")
    assert str(module).startswith(once.strip())


@pytest.mark.parametrize("name", ["frobnicate", "sinl", "f", ""])
def test_unknown_functions_of_libm_are_refused(name):
    with pytest.raises(ArgumentError, match="not in the table"):
        machine.call(Module(), name)


def test_blas_multiplies_matrices():
    module = Module()
    gemm = machine.blas(module, "dgemm")
    assert gemm == "@wg_dgemm"
    body = Function(module, "define void @product(ptr %a, ptr %b, ptr %c, i32 %n)", "")
    n, one, zero = body.value("alloca i32"), body.value("alloca double"), body.value("alloca double")
    letter = body.value("alloca i8")
    body.line(f"store i32 %n, ptr {n}")
    body.line(f"store double 1.0, ptr {one}")
    body.line(f"store double 0.0, ptr {zero}")
    body.line(f"store i8 {ord('N')}, ptr {letter}")
    operands = [letter, letter, n, n, n, one, "%b", n, "%a", n, zero, "%c", n]  # by columns: the transposes' product
    body.line(f"call void {gemm}({', '.join(f'ptr {operand}' for operand in operands)})")
    body.finish()
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 7, 7))
    c = np.empty((7, 7))
    library = machine.build(str(module))
    pointer = ctypes.c_void_p
    function = ctypes.CFUNCTYPE(None, pointer, pointer, pointer, ctypes.c_int32)(library.address("product"))
    function(a.ctypes.data, b.ctypes.data, c.ctypes.data, 7)
    np.testing.assert_allclose(c, np.einsum("ij,jk->ik", a, b), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("name", "kind", "dtype"), [("ddot", "double", np.float64), ("sdot", "float", np.float32)])
def test_blas_returns_numbers(name, kind, dtype):
    module = Module()
    dot = machine.blas(module, name)
    body = Function(module, f"define {kind} @f(ptr %n, ptr %x, ptr %step)", "")
    body.finish(f"{kind} {body.value(f'call {kind} {dot}(ptr %n, ptr %x, ptr %step, ptr %x, ptr %step)')}")
    library = machine.build(str(module))
    x, size, step = np.arange(1, 6, dtype=dtype), np.array(5, np.int32), np.array(1, np.int32)
    result = ctypes.c_double if kind == "double" else ctypes.c_float
    function = ctypes.CFUNCTYPE(result, *[ctypes.c_void_p] * 3)(library.address("f"))
    assert function(size.ctypes.data, x.ctypes.data, step.ctypes.data) == 55.0


def test_lapack_factorises():
    module = Module()
    potrf = machine.lapack(module, "dpotrf")
    body = Function(module, "define void @f(ptr %uplo, ptr %n, ptr %a, ptr %info)", "")
    body.line(f"call void {potrf}(ptr %uplo, ptr %n, ptr %a, ptr %n, ptr %info)")
    body.finish()
    library = machine.build(str(module))
    a = np.array([[4.0, 2.0], [2.0, 5.0]])
    size, info, uplo = np.array(2, np.int32), np.array(-1, np.int32), np.array(ord("U"), np.uint8)
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(library.address("f"))
    function(uplo.ctypes.data, size.ctypes.data, a.ctypes.data, info.ctypes.data)
    assert info == 0
    assert np.tril(a).tolist() == [[2.0, 0.0], [1.0, 2.0]]


@pytest.mark.parametrize("declare", [machine.blas, machine.lapack])
def test_routines_that_cannot_be_called_are_named(declare):
    with pytest.raises(ArgumentError, match=r"scipy\.linalg\.cython_\w+ has no routine dnothing"):
        declare(Module(), "dnothing")


def test_routines_that_return_complex_numbers_are_refused():
    with pytest.raises(ArgumentError, match="zdotc cannot be called"):
        machine.blas(Module(), "zdotc")


# --- object files on disk ----------------------------------------------------------------------------------------


def files(folder):
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_text_is_compiled_once(folder, monkeypatch):
    first = machine.build(SQUARE)
    assert len(files(folder)) == 1
    monkeypatch.setattr(machine, "_optimised", None)  # neither parsed nor optimised
    again = machine.build(SQUARE)
    assert (first.is_cached, again.is_cached) == (False, True)
    assert again.size == first.size
    assert again.names == first.names
    assert scalar(again, "square")(-3.0) == 9.0


def test_another_level_text_or_processor_is_another_file(folder, monkeypatch):
    machine.build(SQUARE)
    assert not machine.build(SQUARE, 1).is_cached
    assert not machine.build(SQUARE + "\n").is_cached
    host = processor.this_host()
    other = processor.Host(host.triple, host.cpu, host.features, host.head, host.identity + "+new")
    monkeypatch.setattr(machine, "this_host", lambda: other)
    assert not machine.build(SQUARE).is_cached
    assert len(files(folder)) == 4


def test_the_folder_is_the_users_own(folder):
    machine.build(SQUARE)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(folder)] == [0o600]


@pytest.mark.parametrize("setting", ["0", ""])
def test_the_environment_says_where_files_are_kept(folder, tmp_path, monkeypatch, setting):
    monkeypatch.setenv("WENGERT_CACHE", setting)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    machine.build(SQUARE)
    assert len(files(tmp_path / "xdg" / "wengert" / "native")) == (0 if setting == "0" else 1)
    assert machine.build(SQUARE).is_cached == (setting != "0")
    assert not folder.exists()


def test_the_home_folder_is_the_last_resort(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("WENGERT_CACHE")
    machine.build(SQUARE)
    assert len(files(tmp_path / "home" / ".cache" / "wengert" / "native")) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: b"",
    ],
    ids=["short", "long", "code", "digest", "empty"],
)
def test_a_damaged_file_is_replaced(folder, damage):
    machine.build(SQUARE)
    (path,) = files(folder)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    library = machine.build(SQUARE)
    assert not library.is_cached
    assert scalar(library, "square")(3.0) == 9.0
    assert path.read_bytes() == whole


def test_a_file_under_another_name_is_not_taken(folder):
    machine.build(SQUARE)
    (path,) = files(folder)
    machine.build(SQUARE.replace("fmul", "fadd"))
    (other,) = set(files(folder)) - {path}
    other.write_bytes(path.read_bytes())
    library = machine.build(SQUARE.replace("fmul", "fadd"))
    assert scalar(library, "square")(3.0) == 6.0


def test_a_file_that_others_may_write_is_not_loaded(folder):
    machine.build(SQUARE)
    (path,) = files(folder)
    path.chmod(0o666)
    assert not machine.build(SQUARE).is_cached


def test_a_link_is_not_followed(folder, tmp_path):
    machine.build(SQUARE)
    (path,) = files(folder)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert not machine.build(SQUARE).is_cached


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_may_write_is_refused(folder, mode):
    folder.mkdir()
    folder.chmod(mode)
    with pytest.warns(RuntimeWarning, match="Machine code is not kept in .*others may write into it"):
        assert scalar(machine.build(SQUARE), "square")(3.0) == 9.0
    assert files(folder) == []
    assert not machine.build(SQUARE).is_cached  # and it is said once


def test_a_folder_of_somebody_else_is_refused(folder, monkeypatch):
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.warns(RuntimeWarning, match="belongs to somebody else"):
        machine.build(SQUARE)
    assert files(folder) == []


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WENGERT_CACHE", str(tmp_path / "file" / "objects"))
    assert scalar(machine.build(SQUARE), "square")(3.0) == 9.0


def test_the_least_recently_used_files_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(object_files.Cache, "LIMIT", 10_000)
    cache = object_files.Cache(tmp_path)
    for k in range(10):
        cache.store(f"key{k}", bytes(968))  # a thousand bytes with the digest
        os.utime(tmp_path / f"key{k}", (k, k))
    cache.shrink()
    assert len(files(tmp_path)) == 10
    assert cache.load("key0") == bytes(968)  # used now
    cache.store("new", bytes(968))
    cache.shrink()
    assert {path.name for path in files(tmp_path)} == {"key0", "new", *(f"key{k}" for k in range(3, 10))}


def test_storing_looks_at_the_size_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr(object_files.Cache, "LIMIT", 5_000)
    cache = object_files.Cache(tmp_path)
    for k in range(200):
        cache.store(f"key{k}", bytes(968))
    assert len(files(tmp_path)) <= 5 + object_files.Cache._EVERY


def test_what_a_dead_process_left_is_removed(tmp_path):
    cache = object_files.Cache(tmp_path)
    old, young = tmp_path / "new-old", tmp_path / "new-young"
    old.write_text("")
    young.write_text("")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.shrink()
    assert files(tmp_path) == [young]


def test_processes_may_share_a_folder(folder):
    code = (
        "import ctypes\nfrom wengert.native import machine\nfor k in range(8):\n"
        "    text = f'define double @f(double %x) {{\\n  %y = fadd double %x, {k}.0\\n  ret double %y\\n}}\\n'\n"
        "    library = machine.build(text)\n"
        "    y = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(library.address('f'))(0.5)\n"
        "    assert y == k + 0.5\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(files(folder)) == 8
    assert not any(path.name.startswith("new-") for path in files(folder))
