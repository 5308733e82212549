"""Machine code touches no memory but its own, and leaks none.

Samples run in processes of their own: between forbidden pages (`guarded`), where an access outside of an array is a
signal, and under valgrind (`under_valgrind`). That both see what they should is tested with kernels that have faults.
"""

import ctypes
import gc
import itertools
import json
import os
import platform
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

import wengert as wg
from native import under_valgrind
from native.guarded import FAULTS, PLACES, run_guarded
from wengert.errors import ArgumentError
from wengert.native import processor
from wengert.native.entry import STACK
from wengert.native.machine import unavailable

pytestmark = [
    pytest.mark.skipif(bool(unavailable()), reason=unavailable()),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="pages are protected as POSIX does it"),
]

STATM = Path("/proc/self/statm")
needs_statm = pytest.mark.skipif(not STATM.exists(), reason="the system does not say how much memory is used")


# --- forbidden pages ---------------------------------------------------------------------------------------------


def test_faults_are_found():
    status, said = run_guarded("faults")
    assert status == 0, said
    found = json.loads(said)
    assert set(found) == set(FAULTS)
    signals = {"SIGSEGV", "SIGBUS"}
    for fault in ("reads behind an input", "reads behind the workspace"):
        assert found[fault]["behind"] in signals
    assert found["reads before an input"]["before"] in signals
    assert set(found["writes into an input"].values()) <= signals
    for fault, hit, what in [
        ("writes behind an output", "behind", "an output"),
        ("writes before an output", "before", "an output"),
        ("writes before the workspace", "before", "the workspace"),
    ]:
        (other,) = set(PLACES) - {hit}
        assert found[fault][hit] in signals
        assert found[fault][other] == f"something was written beside {what}"
    # What is there depends on what outputs and workspace begin with.
    assert found["reads what nobody has written"] == {"before": "nan", "behind": "0.0"}
    assert found["does nothing wrong"] == {"before": "3.0", "behind": "3.0"}


def test_a_process_that_ends_says_where():
    status, said = run_guarded("fault", "reads behind an input", "behind")
    assert status in (-signal.SIGSEGV, -signal.SIGBUS)
    name, _, rest = said.partition(": ")
    assert name == signal.Signals(-status).name
    assert rest.startswith("forbidden page behind each array, a kernel that reads behind an input\n")


def assert_inside(name, count, start):
    status, said = run_guarded(name, str(count), str(start))
    assert status == 0, said
    return [int(word) for word in said.split() if word.isdigit()]


@pytest.mark.parametrize(
    ("name", "count", "start"),
    [("control", 100, 0), ("field", 100, 0), ("corpus", 30, 0), ("indices", 12, 0), ("random", 40, 1)],
)
def test_native_functions_stay_inside_of_their_arrays(name, count, start):
    lists, functions, constants, out_of_range = assert_inside(name, count, start)
    assert lists >= count or count == 100
    assert functions >= 0.9 * lists
    assert constants > 0 or name != "indices"
    assert 0.2 * lists < out_of_range < 0.8 * lists or name != "indices"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count", "start"),
    [("corpus", 200, 0), ("indices", 60, 1), ("random", 300, 2), ("random", 300, 3)],
)
def test_many_native_functions_stay_inside_of_their_arrays(name, count, start):
    assert_inside(name, count, start)


# --- valgrind ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(under_valgrind.COMMAND is None, reason="valgrind is not installed")
def test_memcheck_finds_faults_and_nothing_else():
    command = [sys.executable, under_valgrind.__file__, "--small"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 lists with reports, 0 of those made that were judged wrongly" in done.stdout


def test_a_report_of_memcheck_counts_if_machine_code_takes_part():
    log = (
        "==7== Memcheck\n=== first\n==7== Invalid read of size 8\n==7==    at 0x4A7F1E0: ???\n"
        "==7==    by 0x71B2: ffi_call (in /lib/libffi.so.8)\n==7==  Address 0x5 is 0 bytes after a block\n==7== \n"
        "=== second\n==7== Conditional jump depends on uninitialised value(s)\n"
        "==7==    at 0x71B2: ??? (in /lib/libopenblas.so)\n==7== \n=== end\n==7== ERROR SUMMARY: 2 errors\n"
    )
    reports = under_valgrind.reports_of(log)
    assert [len(reports[name]) for name in ("first", "second", "end")] == [1, 0, 0]
    assert reports["first"][0].startswith("Invalid read of size 8")


# --- leaks -------------------------------------------------------------------------------------------------------

Fit = namedtuple("Fit", "value slope")


def three_numbers(x):
    return np.sin(x) * x


def containers(x):
    return {"fit": Fit(np.sum(x), np.cos(x)), "more": (x > 0, [x.astype(np.float32), np.count_nonzero(x)])}


def with_workspace(x):
    y = np.sin(x)[:, None] * np.cos(x)
    return np.sum(y @ y, axis=0), np.max(y)


CALLS = [
    (three_numbers, np.array([0.1, 0.2, 0.3])),
    (containers, np.array([0.1, -0.2, 0.3])),
    (with_workspace, np.linspace(0.0, 1.0, 30)),
]


def resident():
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def references():
    """How often shared objects are held; one more in each call would be no memory, but an overflow in the end."""
    shared = [np.dtype(name) for name in ("float64", "float32", "int64", "bool")]
    return np.array([sys.getrefcount(x) for x in (*shared, np.ndarray, NotImplemented, True)])


def assert_calls_leak_nothing(f, x, count):
    for _ in range(2000):
        f(x)
    before, held = resident(), references()
    for _ in range(count):
        f(x)
    assert np.max(np.abs(references() - held)) < count / 100
    assert resident() - before < max(count * 4, 400_000)  # bytes; the smallest block of memory is 32


@needs_statm
@pytest.mark.parametrize(("f", "x"), CALLS)
def test_calls_leak_nothing(f, x):
    compiled = wg.compile(f)
    assert_calls_leak_nothing(compiled, x, 100_000)
    stats = compiled.stats()
    assert stats.segments == 1
    assert (stats.planned > STACK) == (f is with_workspace)


@needs_statm
@pytest.mark.slow
@pytest.mark.parametrize(("f", "x"), CALLS)
def test_a_million_calls_leak_nothing(f, x):
    assert_calls_leak_nothing(wg.compile(f), x, 1_000_000)


@needs_statm
def test_leaks_are_seen():
    malloc, take = ctypes.CDLL(None).malloc, ctypes.pythonapi.Py_IncRef
    malloc.argtypes, malloc.restype, take.argtypes = [ctypes.c_size_t], ctypes.c_void_p, [ctypes.py_object]
    with pytest.raises(AssertionError):
        assert_calls_leak_nothing(lambda x: malloc(256), None, 100_000)
    with pytest.raises(AssertionError):
        assert_calls_leak_nothing(lambda x: take(np.dtype("float64")), None, 100_000)


@needs_statm
def test_calls_that_are_refused_or_fail_leak_nothing():
    def f(x, i):
        return wg.gather(np.sin(x), i)

    compiled = wg.compile(f)
    x = np.arange(3.0)

    def used_after(count):
        for _ in range(count):
            with pytest.raises(IndexError):
                compiled(x, 5)
            compiled(x[::-1], 2)  # is copied: a native function takes contiguous arrays
        return resident()

    before = used_after(500)
    assert used_after(2000) - before < 2**20


@needs_statm
@pytest.mark.parametrize("count", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_compiled_functions_that_are_dropped_give_their_memory_back(count):
    kept, numbers = [], itertools.count(3)

    def used_after(count):
        for k in itertools.islice(numbers, count):
            compiled = wg.compile(wg.grad(lambda x, k=k: np.sum(np.sin(x) * x + k)))
            compiled(np.ones(k))
            kept.append(compiled)
        del compiled
        used = resident()
        kept.clear()
        gc.collect()  # what a list holds of its derivatives refers to the list
        return used

    used_after(40)
    before = used_after(40)
    for k in range(1, count // 40 + 1):
        # One that is alive takes some 240 kB, and 4 kB of it are not found again.
        assert used_after(40) - before < k * 40 * 20_000


@needs_statm
def test_large_constants_are_freed_with_what_was_compiled():
    def used_after(count, seed):
        for k in range(seed, seed + count):
            numbers = np.random.default_rng(k).standard_normal(200_000)
            wg.compile(lambda x, numbers=numbers: np.sum(numbers * x))(np.ones(200_000))
            gc.collect()
        return resident()

    before = used_after(3, 0)
    assert used_after(20, 3) - before < 8 * 2**20  # each has 1.6 MB


# --- the processor, which is another one for valgrind ----------------------------------------------------------------

SAYS = """
import re, numpy as np, wengert as wg
f = wg.compile(lambda x: np.sum(np.sin(x)))
error = float(f(np.arange(100.0)) - np.sum(np.sin(np.arange(100.0))))
(segment,) = f.signatures[0].call.program.segments
print(abs(error) < 1e-13, *sorted(set(re.findall("[xyz]mm", segment.library.assembly()))))
"""


def said_for(level):
    env = {**os.environ, "WENGERT_CPU": level}
    return subprocess.run([sys.executable, "-c", SAYS], capture_output=True, text=True, env=env, check=False)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the levels are those of x86-64")
def test_code_is_made_for_the_level_that_is_asked_for():
    assert said_for("x86-64").stdout == "True xmm\n"
    has_avx2 = " avx2 " in f"{Path('/proc/cpuinfo').read_text()} " if Path("/proc/cpuinfo").exists() else False
    if has_avx2:
        assert said_for("x86-64-v3").stdout == "True xmm ymm\n"
    done = said_for("pentium")
    assert "WENGERT_CPU is 'pentium', which is no level of this kind of processor." in done.stderr
    assert "It may be x86-64, x86-64-v2, x86-64-v3, x86-64-v4, or not be set at all." in done.stderr


def test_a_level_that_the_processor_lacks_is_refused():
    class Old:
        def get_host_cpu_features(self):
            return self

        def flatten(self):
            return ",".join(f"+{name}" for name in (*processor.LEVELS["x86-64"], *processor.LEVELS["x86-64-v2"], "avx"))

        def get_host_cpu_name(self):
            return "old"

    name, features = processor.chosen_processor(Old(), "x86_64-unknown-linux-gnu", "x86-64-v2")
    assert name == "x86-64-v2"
    assert "+sse4.2" in features.split(",")
    assert "+avx" not in features.split(",")
    assert processor.chosen_processor(Old(), "x86_64-unknown-linux-gnu", "") == ("old", Old().flatten())
    with pytest.raises(ArgumentError, match="lacks avx2, bmi, bmi2, f16c, fma, lzcnt, movbe, xsave"):
        processor.chosen_processor(Old(), "x86_64-unknown-linux-gnu", "x86-64-v3")
    with pytest.raises(ArgumentError, match="no level of this kind of processor"):
        processor.chosen_processor(Old(), "aarch64-unknown-linux-gnu", "x86-64")
