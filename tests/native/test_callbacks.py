"""Calls from machine code back to NumPy: values and derivatives, errors, threads, the cache on disk, memory."""

import contextlib
import functools
import gc
import os
import signal
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose, assert_array_equal

import wengert as wg
from wengert.native import callbacks, machine, program
from wengert.native.writing import MEMORY

pytestmark = pytest.mark.skipif(
    bool(machine.unavailable()) or not callbacks.are_possible(), reason="no machine code here, or none that calls back"
)


X = np.array([0.31, -0.27, 0.94, 0.55, -0.81])


def compiled(f, *names):
    """The compiled function, which is one native function once it has been called; it calls back for `names`."""
    native = wg.compile(f)

    def call(*args):
        y = native(*args)
        stats = native.stats()
        assert (stats.segments, stats.interpreted) == (1, ())
        assert set(names) <= set(stats.called_back)
        assert not {"fori_loop", "scan", "while_loop", "cond", "call"} & set(stats.called_back)
        return y

    return call


def same(x, y):
    assert_allclose(x, y, rtol=1e-11, atol=1e-12)
    assert np.asarray(x).dtype == np.asarray(y).dtype
    assert type(x) is type(y)


# --- values and derivatives ---------------------------------------------------------------------------------------


def ordered(x):
    return np.sort(x * x) * np.arange(1.0, 6.0) + np.partition(np.sin(x), 2)


def spectrum(x):
    z = np.fft.fft(np.tanh(x)) * np.exp(1j * x)
    return np.abs(np.fft.ifft(z * np.conj(z))) ** 2 + np.fft.irfft(np.fft.rfft(x) / 2, 5)


def special(x):
    return scipy.special.gammaln(2 + x) * scipy.special.erfinv(x / 2) + scipy.special.j0(x) * np.cos(x)


def complex_between(x):
    z = x * (1 + 2j) + 1j
    w = z**2 / (z + 3)
    return np.real(w[::-1]) + np.imag(np.cumsum(w)) * np.sum(x)


def decomposed(x):
    a = np.outer(x, x) + np.diag(np.arange(1.0, 6.0))
    u, s, _ = np.linalg.svd(a + np.diag(x))
    return s * np.sum(u[:, 0]) ** 2 + np.linalg.eigvalsh(a)


def in_rounds(x):
    return wg.fori_loop(0, 4, lambda i, c: np.sort(c) * 0.9 + np.sin(x) * i, x)


def in_scan(x):
    def step(carry, row):
        z = np.fft.fft(carry * row)
        return np.real(np.fft.ifft(z * 0.5)) + row, (np.abs(z[0]), scipy.special.gammaln(3 + carry))

    carry, (sizes, logs) = wg.scan(step, x, np.outer(x, x))
    return carry * np.sum(sizes) + np.sum(logs, axis=0)


def as_long_as(x):
    return wg.while_loop(lambda c: np.sum(np.sort(c)[1:]) < 10.0, lambda c: np.sort(c * c + 1.5), x)


def chosen(x):
    return wg.cond(np.sum(x) > 0, lambda v: np.sort(v) * v, lambda v: np.real(np.fft.fft(v)), x)


def called(x):
    return wg.call(lambda v: scipy.special.gammaln(v * v + 1.5) * np.sort(v), x) + 1


def nested(x):
    def inner(i, c):
        return wg.cond(
            i % 2 == 0,
            lambda: np.sort(c) * 0.9,
            lambda: wg.fori_loop(0, 2, lambda j, d: np.real(np.fft.fft(d)) / 3 + j, c),
        )

    return wg.fori_loop(0, 4, inner, x)


def complex_carry(x):
    z = wg.fori_loop(0, 5, lambda i, z: z * z * 0.3 + x * 1j, x + 0.5j)
    w, ys = wg.scan(lambda w, z: (w + z, w * z), 0.1j, z)
    return np.abs(w) + np.real(ys) * np.imag(z)


PROGRAMS = [
    ordered, spectrum, special, complex_between, decomposed, in_rounds, in_scan, as_long_as, chosen, called, nested,
    complex_carry,
]  # fmt: skip


def total(f):
    return lambda x: np.sum(np.cos(f(x)))


@pytest.mark.parametrize("f", PROGRAMS)
@pytest.mark.parametrize("what", ["value", "tangent", "batch", "gradient", "hessian"])
def test_a_list_with_call_backs_is_one_native_function(f, what):
    g = {
        "value": f,
        "tangent": lambda x: wg.jvp(f, (x,), (np.ones(5),))[1],
        "batch": lambda x: wg.vmap(f)(np.stack([x, -x, 2 * x / 3])),
        "gradient": wg.grad(total(f)),
        "hessian": wg.hessian(total(f)),
    }[what]
    native = compiled(g)
    for at in (X, -X, X / 3):
        same(native(at), g(at))


@pytest.mark.parametrize("f", [ordered, spectrum, special, complex_between, in_scan])
def test_derivatives_of_a_compiled_function(f):
    fast = wg.compile(f)
    same(wg.jvp(fast, (X,), (X,))[1], wg.jvp(f, (X,), (X,))[1])
    same(wg.grad(total(fast))(X), wg.grad(total(f))(X))
    same(wg.vmap(fast)(np.outer(X, X)), wg.vmap(f)(np.outer(X, X)))


def test_which_statements_are_called_back_is_said():
    native = wg.compile(lambda x: np.sum(np.abs(np.fft.fft(np.real(np.fft.fft(x)) * x))))
    native(X)
    stats = native.stats()
    assert stats.called_back == {"fft": 2, "real": 1, "absolute": 1}
    assert "1 native function; NumPy is called for 4 statements: fft (2), real, absolute\n" in str(stats)
    plain = wg.compile(np.sin)
    plain(X)
    assert plain.stats().called_back == {}
    assert "NumPy" not in str(plain.stats())


# --- types --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", MEMORY)
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 0, 3), (2, 3, 1)])
def test_every_dtype_that_has_a_place_in_memory(dtype, shape):
    def f(x, y):
        z = np.flip(np.reshape(np.sort(np.reshape(x, -1)), x.shape), 0) if x.ndim else np.positive(x)
        return z, z * y, np.stack([z, y]), np.sum(z)

    rng = np.random.default_rng(3)
    factor = 1 + 1j if np.dtype(dtype).kind == "c" else 1
    x, y = (np.asarray(rng.integers(0, 4, shape) * factor).astype(dtype)[()] for _ in range(2))
    native = compiled(f)
    if dtype == "bool" and not shape:
        f, native = (lambda x, y: (x, x * y)), compiled(lambda x, y: (x, x * y))
    with np.errstate(all="ignore"):
        for found, expected in zip(native(x, y), f(x, y), strict=True):
            assert found.dtype == expected.dtype
            assert_array_equal(found, expected)


def test_numbers_of_all_sizes_beside_each_other():
    def f(a, b, c, d):
        return a * 2j, b + 1, c * c, np.conj(d), a * d, b * c

    at = np.float32(1.5), np.int8(3), np.float16(0.5), np.complex128(1 + 2j)
    native = compiled(f)
    for _ in range(2):
        for found, expected in zip(native(*at), f(*at), strict=True):
            same(found, expected)


def test_complex_arguments_and_results_of_the_entry():
    z = X * (1 + 2j)
    native = wg.compile(lambda z: (z * z, np.sum(z), np.abs(z)))
    for _ in range(2):
        for found, expected in zip(native(z), (z * z, np.sum(z), np.abs(z)), strict=True):
            same(found, expected)
    assert native._fast  # the entry itself takes complex numbers


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is float64 here")
def test_what_has_no_place_in_memory_stays_between_native_functions():
    def f(x):
        y = np.sin(x) * 2
        return np.cos((y.astype(np.longdouble) * 2).astype(float))

    native = wg.compile(f)
    same(native(X), f(X))
    stats = native.stats()
    assert stats.segments == 2
    assert set(stats.interpreted) <= {"astype", "multiply"}
    assert stats.called_back == {}


# --- errors -------------------------------------------------------------------------------------------------------


def _root(x):
    if np.any(x < 0):
        raise np.linalg.LinAlgError(f"{np.min(x):.1f} is negative")
    return np.sqrt(x)


@functools.cache
def _primitive():  # not while tests are collected: those of all primitives would be asked about it too
    return wg.elementwise(_root, [lambda y, x: 0.5 / y], name="root_in_call_backs")


def root(x):
    return _primitive()(x)


def spoilt(x):
    return root(np.diag(x)) * 2


def looped(x):
    return wg.fori_loop(0, 5, lambda i, c: root(c * 1.5) - 0.01 * x, x)


def large(x):
    y = np.sum(np.sin(np.outer(x, np.arange(3000.0))), axis=1)  # long enough for the lock to be released
    return root(x) + y * 0


def in_cond(x):
    return wg.cond(x[0] < 100, lambda v: root(v * 2), np.cos, x)


def of_eigenvalues(x):
    a = np.diag(x) + np.where(x < 0, np.inf, 1)
    return np.sort(np.linalg.eigvals(a.astype(complex)).real)


@pytest.mark.parametrize(
    "f", [spoilt, looped, large, in_cond, of_eigenvalues, wg.grad(lambda x: np.sum(np.cos(spoilt(x))))]
)
def test_an_error_is_that_of_numpy(f):
    good, bad = np.full(4, 2.0), np.array([1.0, -1.0, 1.0, 1.0])
    native = compiled(f, "eig" if f is of_eigenvalues else "root_in_call_backs")
    same(native(good), f(good))
    with pytest.raises(np.linalg.LinAlgError) as expected:
        f(bad)
    for _ in range(3):
        with pytest.raises(np.linalg.LinAlgError, match=str(expected.value)) as error:
            native(bad)
        notes = "\n".join(error.value.__notes__)
        assert "eig(" in notes or "root_in_call_backs" in notes
        assert "test_callbacks.py" in notes
        same(native(good), f(good))


def test_no_array_of_the_workspace_is_left_in_the_traceback_of_an_error():
    native = wg.compile(lambda x: root(np.outer(x, x) - 1.0))
    with pytest.raises(np.linalg.LinAlgError) as error:
        native(X)
    frames = [frame for frame, _ in traceback.walk_tb(error.value.__traceback__)][2:]  # without this function's own
    assert any(frame.f_code.co_name == "evaluate" for frame in frames)
    for frame in frames:
        assert not any(isinstance(x, np.ndarray) and not x.flags.owndata for x in frame.f_locals.values())


def test_the_traceback_of_an_exception_that_is_being_handled_is_left_alone():
    def earlier():
        kept = 7
        raise ValueError(kept)

    native = wg.compile(root)
    try:
        earlier()
    except ValueError as before:
        with pytest.raises(np.linalg.LinAlgError):
            native(-X)
        frames = [frame for frame, _ in traceback.walk_tb(before.__traceback__)]
    assert frames[-1].f_locals["kept"] == 7


@pytest.mark.parametrize("inner", [lambda x: root(x)[0, 0], lambda x: np.linalg.cholesky(x)[0, 0]])
def test_after_an_error_no_loop_waits(inner):
    def behind(x):
        y = inner(x)
        return wg.while_loop(lambda c: c != y, lambda c: np.where(c > 1, c - 1, y), 3.0)

    def in_the_condition(x):
        return wg.while_loop(lambda c: inner(c * x) > 0, lambda c: c * 0.9 - 0.1, 1.0)

    def in_the_body(x):
        return wg.while_loop(lambda c: c > 0, lambda c: inner(c * x) + c, 1.0)

    for f in (behind, in_the_condition, in_the_body):
        with pytest.raises(np.linalg.LinAlgError):
            wg.compile(f)(-np.eye(2))


def test_a_loop_ends_with_the_first_error():
    native = wg.compile(lambda x: wg.fori_loop(0, 10**12, lambda i, c: c + root(x - c), x * 0))
    with pytest.raises(np.linalg.LinAlgError, match=r"-1\.0 is negative"):
        native(-np.ones(1))


def test_an_index_out_of_range_before_a_call_back_is_what_is_raised():
    def f(x, k):
        y = wg.gather(x, k)
        return root(y * np.ones(2))

    native = wg.compile(f)
    same(native(np.array([-1.0, 4.0]), 1), f(np.array([-1.0, 4.0]), 1))
    with pytest.raises(IndexError, match="index 2 is out of bounds"):
        native(np.array([-1.0, 4.0]), 2)  # and not that the element 0 is negative


def test_every_exception_of_a_users_primitive_comes_out():
    raised = []

    def awkward(x):
        if raised:
            raise raised[-1]
        return x * 2

    own = wg.elementwise(awkward, [2.0], name="awkward_in_call_backs")
    native = compiled(lambda x: np.sin(own(np.cos(x))), "awkward_in_call_backs")
    same(native(X), np.sin(2 * np.cos(X)))
    for error in (ValueError("one"), ZeroDivisionError("two"), KeyboardInterrupt("three"), SystemExit(4)):
        raised.append(error)
        with pytest.raises(type(error)) as found:
            native(X)
        assert found.value is error
    raised.clear()
    same(native(X), np.sin(2 * np.cos(X)))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals are for the main thread")
def test_a_long_loop_can_be_interrupted():
    def interrupt(*_):
        raise KeyboardInterrupt

    native = wg.compile(lambda x: wg.fori_loop(0, 10**12, lambda i, c: np.sort(c + x), x))
    native.stats(X)  # compiled before the clock runs
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            native(X)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_result_of_another_shape_is_refused():
    lengths = [3]
    own = wg.elementwise(lambda x: np.resize(x, lengths[-1]) if np.ndim(x) else x, [1.0], name="of_many_lengths")
    native = wg.compile(lambda x: own(x) + 1)
    same(native(np.ones(3)), np.full(3, 2.0))
    lengths.append(4)
    with pytest.raises(wg.errors.ShapeError, match=r"of_many_lengths gave a result of shape \(4,\), .* shape \(3,\)"):
        native(np.ones(3))


# --- warnings -----------------------------------------------------------------------------------------------------


def test_warnings_are_those_of_the_interpreter():
    native = compiled(lambda x: np.abs(1j / x) + np.sin(x), "divide")
    x = np.array([1.0, 0.0])
    with pytest.warns(RuntimeWarning, match="divide by zero|invalid value"):
        native(x)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        native(x)
    with np.errstate(all="ignore"):
        assert_array_equal(native(x), np.abs(1j / x) + np.sin(x))


# --- what is kept -------------------------------------------------------------------------------------------------


def test_a_users_function_may_keep_its_arguments():
    kept = []

    def logged(x):
        kept.append(x)
        return x * 2

    own = wg.elementwise(logged, [2.0], name="logged_in_call_backs")
    native = wg.compile(lambda x: own(np.sin(x)) + 1)
    native(X)
    kept.clear()
    native(X)
    native(-X)
    assert_allclose(kept, [np.sin(X), np.sin(-X)], rtol=1e-14)
    assert all(x.flags.owndata for x in kept)


def test_a_call_back_may_call_the_same_function():
    depth = [0]

    def again(x):
        depth[0] += 1
        y = native(x / 2) if depth[0] < 5 else x
        depth[0] -= 1
        return y + x

    own = wg.elementwise(again, [1.0], name="again_in_call_backs")
    native = wg.compile(lambda x: own(np.outer(x, np.ones(1000)))[:, 0] if x.ndim == 1 else own(x * 1.0))
    depth[0] = 9
    same(native(X), 2 * X)
    native(np.ones((5, 1000)))
    depth[0] = 0
    expected = X * 1.0
    for k in range(4, -1, -1):
        scale = X / 2**k
        expected = scale * 2 if k == 4 else expected + scale
    assert_allclose(native(X), expected, rtol=1e-14)


def test_the_code_of_one_list_does_not_call_for_another():
    first = wg.elementwise(lambda x: x * 2, [2.0], name="first_in_call_backs")
    second = wg.elementwise(lambda x: x * 3, [3.0], name="second_in_call_backs")
    one, other = wg.compile(lambda x: first(x) + 1), wg.compile(lambda x: second(x) + 1)
    same(one(X), 2 * X + 1)
    same(other(X), 3 * X + 1)
    same(one(X), 2 * X + 1)
    texts = [f.signatures[0].call.program.segments[0].library.text for f in (one, other)]
    assert texts[0] == texts[1]
    del other
    gc.collect()
    same(one(X), 2 * X + 1)


STATE = Path("/proc/self/statm")


def resident():
    """Bytes of memory of this process."""
    return int(STATE.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def many_calls(native, at, count):
    for _ in range(count):
        native(at)


def many_errors(native, at, count):
    for _ in range(count):
        with contextlib.suppress(np.linalg.LinAlgError):
            native(at)


def memory_stays_the_same(calls, at, count):
    native = wg.compile(lambda x: (np.sort(x) * 2j, root(x)[0, 0], np.sum(x)))
    calls(native, at, 2000)
    gc.collect()
    dtypes = [sys.getrefcount(np.dtype(name)) for name in ("float64", "complex128")]
    before, objects = resident(), len(gc.get_objects())
    calls(native, at, count)
    gc.collect()
    assert resident() - before < 2**20  # a lost array for each call would be 7 kB, a lost number 3 MB
    assert len(gc.get_objects()) - objects < 100
    assert all(
        sys.getrefcount(np.dtype(name)) - old < 1000
        for name, old in zip(("float64", "complex128"), dtypes, strict=True)
    )


@pytest.mark.skipif(not STATE.exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("what", ["many_calls, np.eye(30) + 1, 100_000", "many_errors, -np.eye(30), 20_000"])
def test_memory_stays_the_same(what):
    # In a process of its own: one that has done much else takes and gives back memory by the way.
    done = subprocess.run(
        [sys.executable, "-c", f"from native.test_callbacks import *; memory_stays_the_same({what})"],
        cwd=Path(__file__).parents[1], env={**os.environ, "WENGERT_CACHE": "0"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not STATE.exists(), reason="needs Linux's /proc")
def test_what_a_compiled_function_has_is_freed_with_it():
    def once(k):
        wg.compile(lambda x: np.sort(x) + k)(X)

    def round_of(count):
        for k in range(count):
            once(k)
        gc.collect()

    round_of(20)
    before = sum(isinstance(x, callbacks.CallBacks) for x in gc.get_objects())
    round_of(10)
    assert sum(isinstance(x, callbacks.CallBacks) for x in gc.get_objects()) <= before


# --- threads ------------------------------------------------------------------------------------------------------


def agrees(found, expected):
    if expected is None or not isinstance(found, np.ndarray):
        return found is expected
    return np.allclose(found, expected, rtol=1e-11)


@pytest.mark.parametrize("n", [5, 4000])  # without and with the lock released
def test_eight_threads_at_once(n):
    def f(x):
        y = wg.fori_loop(0, 6, lambda i, c: np.sort(np.sin(np.cos(c))) + np.real(np.fft.fft(c)) / len(x), x)
        return y * root(np.max(x) * np.ones(1))

    native = wg.compile(f)
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal(n) + (0 if k % 4 else -100) for k in range(8)]
    expected = [f(x) if k % 4 else None for k, x in enumerate(inputs)]
    native(inputs[1])
    barrier, faults = threading.Barrier(8), []

    def work(k):
        barrier.wait()
        for _ in range(60):
            try:
                y = native(inputs[k])
            except np.linalg.LinAlgError:
                y = None
            except BaseException as error:  # noqa: BLE001  # whatever it is
                y = repr(error)
            if not agrees(y, expected[k]):
                faults.append((k, y))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert native.stats().interpreted == ()
    assert native.stats().called_back["root_in_call_backs"] == 1
    (segment,) = native.signatures[0].call.program.segments
    assert program._is_long(segment.lst, set(segment.calls.statements)) == (n > 5)


# --- the cache on disk --------------------------------------------------------------------------------------------

SCRIPT = """
import numpy as np, wengert as wg
from scipy.special import gammaln
def first(x):
    return wg.fori_loop(0, 3, lambda i, c: np.sort(c) * 2 + gammaln(2 + i + x), x)
def second(x):
    return np.real(np.fft.fft(x)) + np.sum(np.abs(1j * np.outer(x, x)), axis=0)
x = np.array([0.3, 0.1, 0.7])
for f in (first, second, wg.grad(lambda x: np.sum(first(x) * second(x)))):
    native = wg.compile(f)
    assert np.allclose(native(x), f(x), rtol=1e-11)
    (segment,) = native.signatures[0].call.program.segments
    print(segment.library.is_cached, len(segment.calls.statements))
"""


def test_object_code_from_disk_calls_back_in_another_process(tmp_path):
    environment = {**os.environ, "WENGERT_CACHE": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
    found = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found.append([line.split() for line in done.stdout.splitlines()])
    assert [x for x, _ in found[0]] == ["False"] * 3
    assert [x for x, _ in found[1]] == ["True"] * 3
    assert [n for _, n in found[0]] == [n for _, n in found[1]]
    assert all(int(n) > 0 for _, n in found[0])


# --- other interpreters -------------------------------------------------------------------------------------------


@pytest.fixture
def no_fast_entry(monkeypatch):
    monkeypatch.setattr(program, "is_supported", lambda: False)


@pytest.mark.usefixtures("no_fast_entry")
@pytest.mark.parametrize("f", [spectrum, in_rounds, complex_carry])
def test_the_slow_entry(f):
    native = compiled(f)
    same(native(X), f(X))


@pytest.mark.usefixtures("no_fast_entry")
def test_errors_through_the_slow_entry():
    native = wg.compile(root)
    for _ in range(3):
        with pytest.raises(np.linalg.LinAlgError, match=r"-1\.0 is negative"):
            native(-np.eye(2))
        same(native(np.eye(2)), np.eye(2))


def test_without_call_backs_statements_stand_between_native_functions(monkeypatch):
    monkeypatch.setattr(callbacks, "are_possible", lambda: False)
    native = wg.compile(ordered)
    same(native(X), ordered(X))
    assert native.stats().interpreted
    assert native.stats().called_back == {}


def test_the_arrays_of_a_call_back_are_as_numpy_makes_them():
    seen = []

    def look(x, y):
        seen.append((x.flags.c_contiguous, x.flags.aligned, x.strides, x.shape, type(y)))
        return x * y

    own = wg.elementwise(look, [lambda z, x, y: y, lambda z, x, y: x], name="look_in_call_backs")
    x = np.arange(6.0).reshape(2, 3)
    native = wg.compile(lambda x, y: own(np.sin(x), np.cos(y)))
    native(x, 0.5)
    seen.clear()
    native(x, 0.5)
    assert seen == [(True, True, (24, 8), (2, 3), np.float64)]
