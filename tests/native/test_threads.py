"""Long loops among threads: the results of one thread, the same bits at each call, errors, many callers at once."""

import ctypes
import os
import platform
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import wengert as wg
from native.agreement import assert_all_close, drawn
from wengert.native import machine, threads
from wengert.native.planning import plan

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

COUNTS = [2, 3, 8]


@pytest.fixture(autouse=True)
def one_thread_before_and_after(monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE", "0")
    monkeypatch.delenv("WENGERT_THREADS", raising=False)
    monkeypatch.setattr(threads, "_setting", {})


@pytest.fixture
def always(monkeypatch):
    """Every loop is worth a thread."""
    monkeypatch.setattr(threads, "LEAST_WORK", 0)


def compiled_for(count, f, *args):
    """A function compiled for a number of threads, and its first results."""
    wg.set_threads(count)
    compiled = wg.compile(f)
    with np.errstate(all="ignore"):
        found = compiled(*args)
    wg.set_threads(1)
    return compiled, found


def text_of(compiled):
    return "".join(segment.library.text for segment in compiled.signatures[-1].call.program.segments)


def is_split(compiled):
    return "call i32 @wg_fork(" in text_of(compiled)


def assert_same_in_threads(f, *args, counts=COUNTS):
    """The function is split for each count, and gives what NumPy and one thread give."""
    with np.errstate(all="ignore"):
        expected = f(*args)
    precision = min((np.asarray(x).dtype.itemsize for x in args if np.asarray(x).dtype.kind == "f"), default=16)
    single, alone = compiled_for(1, f, *args)
    assert not is_split(single)
    for count in counts:
        compiled, found = compiled_for(count, f, *args)
        assert is_split(compiled)
        assert_all_close(found, expected, precision=precision)
        assert_all_close(found, alone, precision=precision)


# --- the number --------------------------------------------------------------------------------------------------


def test_the_number_of_threads_is_one_until_it_is_set():
    assert wg.get_threads() == 1
    wg.set_threads(3)
    assert wg.get_threads() == 3
    wg.set_threads(np.int64(2))
    assert wg.get_threads() == 2


def test_the_environment_says_how_many(monkeypatch):
    monkeypatch.setenv("WENGERT_THREADS", "4")
    assert wg.get_threads() == 4
    wg.set_threads(2)
    assert wg.get_threads() == 2


@pytest.mark.parametrize("wrong", [0, -1, 257, 1.5, 2.0, True, "2", None, np.True_])
def test_what_is_no_number_of_threads_is_refused(wrong):
    with pytest.raises(wg.ArgumentError, match=r"set_threads got .* from 1 to 256") as caught:
        wg.set_threads(wrong)
    assert "test_threads.py" in str(caught.value)
    assert wg.get_threads() == 1


@pytest.mark.parametrize("wrong", ["0", "many", "-2", "1.5", "1000", "²"])
def test_an_environment_that_is_no_number_of_threads_is_refused(monkeypatch, wrong):
    monkeypatch.setenv("WENGERT_THREADS", wrong)
    with pytest.raises(wg.ArgumentError, match="WENGERT_THREADS is"):
        wg.get_threads()
    with pytest.raises(wg.ArgumentError, match="WENGERT_THREADS is"):
        wg.compile(np.exp)(np.ones(3))


def test_code_keeps_the_number_that_it_was_compiled_for(always):
    x = drawn(1000)
    compiled, _ = compiled_for(2, lambda x: np.sum(np.exp(x)), x)
    assert "i64 2)" in text_of(compiled)
    wg.set_threads(3)
    compiled(x)
    assert "i64 2)" in text_of(compiled)
    compiled(x[:999])
    assert "i64 3)" in text_of(compiled)


def test_one_thread_has_the_code_that_it_had(monkeypatch):
    def f(x):
        return np.sum(np.exp(x)), np.max(x, axis=0)

    x = drawn(300, 3)
    texts = [text_of(compiled_for(1, f, x)[0])]
    monkeypatch.setattr(threads, "LEAST_WORK", 0)
    texts.append(text_of(compiled_for(1, f, x)[0]))
    monkeypatch.setattr(threads, "LEAST_WORK", 10**12)
    texts.append(text_of(compiled_for(8, f, x)[0]))
    assert texts[0] == texts[1] == texts[2]
    assert "pthread" not in texts[0]


# --- from which size ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "parts"), [(1_000, 1), (139_999, 1), (140_000, 2), (210_000, 3), (4_000_000, 4)])
def test_each_part_is_worth_a_thread(monkeypatch, size, parts):
    monkeypatch.setattr(threads, "LEAST_WORK", 21 * 70_000)  # an exponential and an addition
    compiled, found = compiled_for(4, lambda x: np.sum(np.exp(x)), np.zeros(size))
    assert found == size
    (segment,) = compiled.signatures[-1].call.program.segments
    wg.set_threads(4)
    groups = [group.threads for group in plan(segment.lst).groups]
    assert max(groups) == parts
    assert is_split(compiled) == (parts > 1)


def test_small_arrays_are_not_split():
    compiled, _ = compiled_for(8, wg.value_and_grad(lambda x: np.sum(np.tanh(x) ** 2)), drawn(2_000))
    assert not is_split(compiled)


def test_large_arrays_are_split_by_default():
    compiled, found = compiled_for(2, lambda x: np.sum(np.tanh(x) ** 2), np.ones(400_000))
    assert is_split(compiled)
    np.testing.assert_allclose(found, 400_000 * np.tanh(1.0) ** 2)


def test_folds_that_are_as_large_as_what_is_folded_are_not_split():
    x = drawn(3, 200_000)
    compiled, found = compiled_for(2, lambda x: np.sum(np.exp(x[:, ::2] * np.arange(3.0)[:, None]), axis=0), x)
    np.testing.assert_allclose(found, np.sum(np.exp(x[:, ::2] * np.arange(3.0)[:, None]), axis=0))
    (segment,) = compiled.signatures[-1].call.program.segments
    assert segment.planned < 8_000_000


# --- what is computed --------------------------------------------------------------------------------------------


def softmax(y):
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_sum_exp(y):
    top = y.max(axis=-1, keepdims=True)
    return np.sum(top[..., 0] + np.log(np.sum(np.exp(y - top), axis=-1)))


def k_means(centroids, points):
    return np.sum(np.min(np.sum((points[:, None] - centroids) ** 2, axis=2), axis=1))


#: Functions of an array (n, 3).
OF_ROWS = {
    "softmax": softmax,
    "sums_over_rows": lambda y: np.sum(softmax(y), axis=0),
    "sum_of_all": lambda y: np.sum(softmax(y) ** 2),
    "extrema": lambda y: (np.max(softmax(y), axis=0), np.min(softmax(y)), np.max(y * y, axis=0, keepdims=True)),
    "products": lambda y: (np.prod(softmax(y) + 0.6, axis=0), np.prod(1.0 + softmax(y) / y.shape[0])),
    "truths": lambda y: (np.any(softmax(y) > 0.99, axis=0), np.all(softmax(y) < 2), np.count_nonzero(y > 0.1, axis=0)),
    "means": lambda y: (np.mean(softmax(y), axis=0), np.mean(np.exp(y), axis=1) * 2.0, np.mean(y * y)),
    "norms": lambda y: (np.linalg.norm(softmax(y), axis=1) * y[:, 0], np.linalg.norm(softmax(y))),
    "nans": lambda y: (np.nanmax(np.log(y), axis=0), np.max(np.log(y), axis=0), np.fmin.reduce(np.log(y), axis=0)),
    "log_sums": lambda y: (np.logaddexp.reduce(y * 2.0, axis=0), np.hypot.reduce(y * 2.0, axis=0)),
    "products_over_rows": lambda y: np.tanh(y).T @ np.tanh(y),
    "products_by_a_matrix": lambda y: np.tanh(np.tanh(y) @ np.ones((y.shape[1], 2))),
    "turned": lambda y: softmax(y).T * 2.0,
    "shifted": lambda y: np.exp(y[1:]).sum(axis=1) * y[:-1, 0],
    "side_by_side": lambda y: np.concatenate([softmax(y), y, np.exp(y)], axis=1) ** 2,
    "gradient": wg.value_and_grad(log_sum_exp),
    "second": lambda y: wg.hvp(log_sum_exp, (y,), (np.ones(y.shape),)),
}


@pytest.mark.parametrize("name", OF_ROWS)
def test_rows_of_bands(always, name):
    assert_same_in_threads(OF_ROWS[name], drawn(203, 3))


@pytest.mark.parametrize("length", [9, 15, 16, 17, 24, 31, 33, 64, 65, 95, 96, 97, 100])
def test_bands_of_each_length(always, length):
    y = drawn(length, 3, seed=length)
    for name in ("softmax", "sums_over_rows", "extrema", "products_over_rows"):
        expected = OF_ROWS[name](y)
        for count in COUNTS:
            assert_all_close(compiled_for(count, OF_ROWS[name], y)[1], expected)


@pytest.mark.parametrize("length", [1, 2, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 127, 1000, 1003])
def test_arrays_of_each_length(always, length):
    def f(x):
        return np.tanh(x) * 2.0, np.sum(np.exp(x)), np.prod(1.0 + x / 1000), np.mean(x), np.any(x > 2.0)

    x = drawn(length, seed=length)
    for count in COUNTS:
        compiled, found = compiled_for(count, f, x)
        assert_all_close(found, f(x))
        assert is_split(compiled) == (length >= 16)


@pytest.mark.parametrize("length", [8, 31, 32, 33, 64, 65, 70, 95, 96, 129, 1003])
def test_extrema_of_each_length(always, length):
    x = drawn(length, seed=length)
    for count in COUNTS:
        found = compiled_for(count, lambda x: (np.max(x), np.min(x * 2.0), np.max(x, axis=0, keepdims=True)), x)[1]
        assert_all_close(found, (np.max(x), np.min(x * 2.0), np.max(x, axis=0, keepdims=True)))


#: Functions of an array of two or three axes, none of which is longer than the others together.
OF_SQUARES = {
    "elementwise": lambda x: np.sin(x) * 2.0,
    "all": lambda x: (np.sum(np.sin(x)), np.mean(x), np.prod(1.0 + x / 1000)),
    "over_the_first_axis": lambda x: (np.sum(np.sin(x), axis=0), np.mean(x, axis=0), np.any(x > 2, axis=0)),
    "over_the_last_axis": lambda x: (np.sum(np.sin(x), axis=-1), np.linalg.norm(x, axis=-1)),
    "kept_axes": lambda x: (np.sum(np.sin(x), axis=0, keepdims=True), np.mean(x, axis=-1, keepdims=True)),
    "broadcast": lambda x: np.sum(np.sin(x) * np.cos(x[0]), axis=0) + np.sum(x * x[:, :1]),
    "one_in_front": lambda x: (np.sum(np.exp(x[None]) * x[:1], axis=(0, 1)), np.sum(np.exp(x[None]), axis=(0, 2))),
    "turned": lambda x: np.sum(np.exp(x.T) * x, axis=0),
    "gradient": wg.grad(lambda x: np.sum(np.exp(np.sin(x)) * np.sum(x, axis=0))),
}


@pytest.mark.parametrize("name", OF_SQUARES)
def test_arrays_of_several_axes(always, name):
    assert_same_in_threads(OF_SQUARES[name], drawn(37, 37))


@pytest.mark.parametrize("shape", [(2, 5), (9, 4, 5), (1, 30, 30), (30, 1, 30), (3, 3)])
def test_arrays_of_other_shapes(always, shape):
    def f(x):
        return np.sum(np.sin(x), axis=0), np.sum(np.cos(x) * x[..., :1], axis=(-1, -2)), np.exp(x) + x[..., ::-1]

    x = drawn(*shape)
    for count in COUNTS:
        assert_all_close(compiled_for(count, f, x)[1], f(x))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), ()])
def test_empty_arrays_and_numbers(always, shape):
    x = np.ones(shape)
    for f in (lambda x: np.sum(np.exp(x)), lambda x: np.exp(x) * 2.0):
        assert_all_close(compiled_for(3, f, x)[1], f(x))
    if x.ndim:
        found = compiled_for(3, lambda x: (np.sum(np.sin(x), axis=-1), np.sum(x, axis=0)), x)[1]
        assert_all_close(found, (np.sum(np.sin(x), axis=-1), np.sum(x, axis=0)))


@pytest.mark.parametrize("dtype", ["float32", "int64", "int32", "bool"])
def test_other_dtypes(always, dtype):
    x = (drawn(501, 3) * 3).astype(dtype)
    assert_same_in_threads(lambda x: (np.sum(x, axis=0), np.max(x), np.any(x, axis=0), np.min(x, axis=1)), x)
    assert_same_in_threads(lambda x: np.sum(np.exp(x * 0.5)), x[:, 0].copy())


def test_nan_and_infinities(always):
    y = drawn(200, 3)
    y[3, 1], y[99, 2], y[150], y[199, 0] = np.nan, np.inf, -np.inf, -0.0
    for name in ("softmax", "extrema", "truths", "means", "nans"):
        assert_same_in_threads(OF_ROWS[name], y)
    assert_same_in_threads(lambda x: (np.max(x), np.sum(x), np.min(x), np.any(x > 3)), y[:, 1].copy())


def test_numbers_that_are_given_by_value(always):
    def f(x, a, n, is_up):
        return np.sum(np.where(is_up, np.exp(a * x), x * n)), np.where(is_up, x, -x) * n

    for is_up in (np.True_, np.False_):
        assert_same_in_threads(f, drawn(500), np.float64(0.3), np.int64(3), is_up)


def test_the_gradient_of_k_means(always):
    assert_same_in_threads(wg.value_and_grad(k_means), drawn(5, 2, seed=1), drawn(203, 2))
    assert_same_in_threads(lambda c, p: wg.hvp(lambda c: k_means(c, p), (c,), (c,)), drawn(5, 2, seed=1), drawn(203, 2))


def test_rows_that_need_much_stack(always):
    assert_same_in_threads(lambda y: np.sum(softmax(y), axis=0) * softmax(y)[3], drawn(2100, 1400), counts=[3])


def test_loops_inside_of_loops(always):
    def f(x):
        def body(k, carry):
            y, total = carry
            y = np.sin(y) + 0.1 * k
            return y, total + np.sum(y * y) + np.max(y)

        return wg.fori_loop(0, 7, body, (x, 0.0))

    assert_same_in_threads(f, drawn(500))
    assert_same_in_threads(wg.grad(lambda x: f(x)[1]), drawn(300, 3))
    assert_same_in_threads(lambda x: wg.cond(x[0, 0] > 0, np.exp, np.sin, x), drawn(300, 3))


@pytest.mark.skipif(platform.machine() != "x86_64" or sys.platform != "linux", reason="the number is that of x86-64")
def test_threads_round_as_the_caller_does(always):
    libm, upward = ctypes.CDLL("libm.so.6"), 0x800
    x = np.ones(1000)
    compiled, found = compiled_for(4, lambda x: x / 3.0, x)
    assert np.all(found == 1.0 / 3.0)
    before = libm.fegetround()
    try:
        assert libm.fesetround(upward) == 0
        found = compiled(x)
    finally:
        libm.fesetround(before)
    assert np.all(found == np.nextafter(1.0 / 3.0, 1.0))


def test_batches(always):
    def f(x):
        return np.sum(np.exp(x) * x)

    assert_same_in_threads(wg.vmap(wg.grad(f)), drawn(300, 5))


def test_functions_of_scipy_stay_in_the_calling_thread(always):
    special = pytest.importorskip("scipy.special")
    x = np.linspace(0.5, 9.5, 400)
    compiled, found = compiled_for(3, lambda x: (special.jv(0, x), np.sum(special.jv(1, x)), np.sum(np.exp(x))), x)
    assert_all_close(found, (special.jv(0, x), np.sum(special.jv(1, x)), np.sum(np.exp(x))))
    if "@wg_special_" not in text_of(compiled):
        pytest.skip("SciPy exports no Bessel functions here")
    only, _ = compiled_for(3, lambda x: special.jv(0, x) * 2.0, x)
    assert is_split(only)
    assert "i64 1)" in text_of(only)


# --- the same bits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", COUNTS)
def test_the_same_bits_at_each_call(always, count):
    rng = np.random.default_rng(0)
    x, y, square = rng.standard_normal(10_001), rng.standard_normal((1_003, 3)), rng.standard_normal((101, 101))

    def f(x, y, square):
        products = np.tanh(y).T @ np.tanh(y)
        return np.sum(np.exp(x)), np.mean(softmax(y), axis=0), products, np.sum(np.sin(square), axis=0), log_sum_exp(y)

    compiled, first = compiled_for(count, f, x, y, square)
    again, _ = compiled_for(count, f, x, y, square)
    for _ in range(20):
        for found in (compiled(x, y, square), again(x, y, square)):
            for one, other in zip(found, first, strict=True):
                np.testing.assert_array_equal(one, other)


# --- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 3, 499, 500, 501, 998, 999])
def test_an_index_that_is_out_of_range_in_some_thread(always, place):
    x, k = drawn(1000, 4), np.arange(1000) % 4

    def taken(x, k):
        return x[np.arange(1000), k] * 2.0

    for f in (taken, lambda x, k: np.sum(np.exp(x[k, 0])), wg.grad(lambda x, k: np.sum(taken(x, k) ** 2))):
        compiled, found = compiled_for(3, f, x, k)
        assert_all_close(found, f(x, k))
        assert is_split(compiled)
        wrong = k.copy()
        wrong[place] = 1000
        with pytest.raises(IndexError, match="out of bounds"):
            compiled(x, wrong)
        assert_all_close(compiled(x, k), found)


def test_an_error_does_not_hide_another_one(always):
    x = drawn(1000)

    def f(x, k, m):
        return np.sum(np.exp(x[k])) + np.sum(np.exp(x[m]))

    inside = np.arange(1000)
    compiled, _ = compiled_for(2, f, x, inside, inside)
    for k, m in ((inside + 1, inside), (inside, inside + 1)):
        with pytest.raises(IndexError, match="out of bounds"):
            compiled(x, k, m)


REFUSED = """
import ctypes, sys
import numpy as np
import wengert as wg
from wengert.native import threads

asked = []

@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
def refuse(*_):
    asked.append(1)
    return 11

found = dict(threads._pthread())
found["pthread_create"] = ctypes.cast(refuse, ctypes.c_void_p).value
threads._pthread = lambda: found
threads.LEAST_WORK = 0
wg.set_threads(4)
x = np.linspace(-1.0, 1.0, 1000)
f = wg.compile(lambda x: (np.sum(np.exp(x)), np.tanh(x), np.max(x)))
total, y, top = f(x)
assert np.isclose(total, np.sum(np.exp(x))) and np.allclose(y, np.tanh(x)) and top == 1.0
assert asked, "no thread was asked for"
print("done")
"""


def test_threads_that_the_system_refuses():
    found = run(REFUSED)
    assert found.stdout.strip() == "done"


def run(text, **environment):
    """Run a program in a process of its own."""
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", text], capture_output=True, text=True, check=False,
        env={**os.environ, "WENGERT_CACHE": "0", **environment},
    )  # fmt: skip
    assert not found.returncode, found.stderr
    return found


def test_a_process_that_begins_with_the_environment():
    text = """
import numpy as np, wengert as wg
f = wg.compile(lambda x: np.sum(np.exp(x)))
assert f(np.zeros(1_000_000)) == 1_000_000
print("wg_fork" in f.signatures[0].call.program.segments[0].library.text)
"""
    assert run(text, WENGERT_THREADS="2").stdout.strip() == "True"
    assert run(text, WENGERT_THREADS="1").stdout.strip() == "False"


# --- the cache ---------------------------------------------------------------------------------------------------


def test_the_number_is_part_of_the_key_of_the_cache(always, tmp_path, monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE", str(tmp_path))
    x = drawn(1000)
    cached = []
    for count in (1, 2, 3, 1, 2, 3):
        compiled, found = compiled_for(count, lambda x: np.sum(np.exp(x)), x)
        (segment,) = compiled.signatures[-1].call.program.segments
        cached.append(segment.library.is_cached)
        np.testing.assert_allclose(found, np.sum(np.exp(x)))
    assert cached == [False] * 3 + [True] * 3


# --- many callers, memory ----------------------------------------------------------------------------------------


def test_eight_threads_of_python_at_once(always):
    def f(x, k):
        e = softmax(x)
        return np.sum(e, axis=0), np.sum(np.exp(x[k, 0])), e.T @ e, np.sin(x) * 2.0

    k = np.arange(1000) % 7
    compiled, _ = compiled_for(3, f, drawn(1000, 3), k)
    failures = []
    barrier = threading.Barrier(8)

    def work(number):
        try:
            x = drawn(1000, 3, seed=number)
            barrier.wait()
            first = compiled(x, k)
            assert_all_close(first, f(x, k))
            for turn in range(50):
                for one, other in zip(compiled(x, k), first, strict=True):
                    np.testing.assert_array_equal(one, other)
                if number % 2 and turn % 10 == 0:
                    with pytest.raises(IndexError):
                        compiled(x, k + 1000)
        except BaseException as error:  # noqa: BLE001  # it is to be seen in the test's own thread
            failures.append(error)

    callers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    if failures:
        raise failures[0]


def test_a_process_that_is_forked_in_between(always):
    if not hasattr(os, "fork"):
        pytest.skip("no fork here")
    x = drawn(1000)
    compiled, first = compiled_for(3, lambda x: np.sum(np.exp(x)), x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests may have left threads
        child = os.fork()
    if not child:
        os._exit(0 if compiled(x) == first else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert compiled(x) == first


MANY_CALLS = """
import resource, sys
import numpy as np, wengert as wg
from wengert.native import threads

threads.LEAST_WORK = 0
wg.set_threads(4)
x, y = np.linspace(-1.0, 1.0, 5000), np.random.default_rng(0).standard_normal((1000, 3))
f = wg.compile(lambda x, y: (np.sum(np.exp(x)), np.sum(np.exp(y - y.max(axis=1, keepdims=True)), axis=0), np.sin(x)))

def peak(calls):
    for _ in range(calls):
        f(x, y)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

before = peak(200)
print(peak(2000) - before)
"""


def test_memory_stays_flat():
    assert int(run(MANY_CALLS).stdout) < 1 << 20


def test_results_are_those_of_their_lists_as_one(always):
    """Several loops, in bands and not, that hand on what they make."""

    def f(w, x):
        hidden = np.tanh(x @ w)
        weights = softmax(hidden)
        spread = np.sum((weights - np.mean(weights, axis=0)) ** 2, axis=0)
        return np.sum(spread), spread * np.max(hidden, axis=0), hidden[:5]

    assert_same_in_threads(f, drawn(3, 4, seed=5), drawn(211, 3))
    assert_same_in_threads(wg.grad(lambda w, x: f(w, x)[0]), drawn(3, 4, seed=5), drawn(211, 3))
