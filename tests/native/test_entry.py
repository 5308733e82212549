import gc
import itertools
import pickle
import sys
import threading
import tracemalloc
import weakref
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wengert.native.entry import (
    _WORDS,
    STACK,
    Slot,
    SlowEntry,
    _are_read_right,
    _table,
    entry,
    is_supported,
    wrapper_text,
)
from wengert.native.machine import build, unavailable
from wengert.native.writing import MEMORY

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())

BIG = 1 << 16  # a workspace that does not fit on the stack
ROUNDS = 2_000_000_000  # before a kernel gives up waiting


def vector(*shape, dtype="float64"):
    return Slot(shape, np.dtype(dtype))


NUMBER, INTEGER, TRUTH = vector(), vector(dtype="int64"), vector(dtype="bool")


def made(kind, kernel, inputs, outputs, *, workspace=0, releases_gil=False, reports=False, on_error=None):
    text, symbol = wrapper_text(inputs, outputs, "kernel", workspace, releases_gil, reports)
    library = build(dedent(kernel) + text)
    if kind == "fast":
        return entry(library, symbol, on_error)
    return SlowEntry(library, "kernel", inputs, outputs, workspace, reports, on_error)


@pytest.fixture(params=["fast", "slow"])
def make(request):
    """Make an entry of the text of a kernel."""
    if request.param == "fast" and not is_supported():
        pytest.skip("native wrappers are not supported here")

    def make(*args, **options):
        return made(request.param, *args, **options)

    return make


def copies(slots):
    """A kernel whose outputs are its inputs."""
    lines = ["declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)", "define void @kernel(ptr %args, ptr %w) {"]
    for k, slot in enumerate(slots):
        size = int(np.prod(slot.shape, dtype=np.int64)) * slot.dtype.itemsize
        for name, place in (("a", k), ("b", len(slots) + k)):
            lines.append(f"  %{name}{k}p = getelementptr ptr, ptr %args, i64 {place}")
            lines.append(f"  %{name}{k} = load ptr, ptr %{name}{k}p")
        lines.append(f"  call void @llvm.memcpy.p0.p0.i64(ptr %b{k}, ptr %a{k}, i64 {size}, i1 false)")
    return "\n".join([*lines, "  ret void", "}", ""])


NOTHING = "define void @kernel(ptr %args, ptr %w) {\n  ret void\n}\n"


def same(found, expected):
    """Whether two results agree in type, dtype, shape and every bit."""
    if isinstance(expected, tuple):
        return type(found) is tuple and len(found) == len(expected) and all(map(same, found, expected))
    if expected is NotImplemented:
        return found is NotImplemented
    if type(found) is not type(expected):
        return False
    return found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes()


# ------------------------------------------------------------------------------------------------------- results


@pytest.mark.parametrize("dtype", MEMORY)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 1, 4), (0,), (3, 0, 2), (2,) * 12])
def test_arrays_arrive_and_come_back(make, dtype, shape):
    slot = vector(*shape, dtype=dtype)
    x = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    y = make(copies([slot]), [slot], [slot])(x)
    assert same(y, x)
    assert y is not x
    assert y.flags.c_contiguous
    assert y.flags.writeable
    assert y.flags.owndata


@pytest.mark.parametrize("dtype", MEMORY)
def test_a_result_without_axes_is_a_scalar_of_numpy(make, dtype):
    slot = vector(dtype=dtype)
    f = make(copies([slot]), [slot], [slot])
    for x in (np.array(1, dtype), np.ones((), dtype)[()]):
        assert same(f(x), np.ones((), dtype)[()])


@pytest.mark.parametrize("x", [0.1, -0.0, np.inf, 5e-324])
def test_a_float_of_python_is_a_float64(make, x):
    assert same(make(copies([NUMBER]), [NUMBER], [NUMBER])(x), np.float64(x))


@pytest.mark.parametrize("x", [0, 7, -1, 2**31, -(2**63), 2**63 - 1])
def test_an_int_of_python_is_an_int64(make, x):
    assert same(make(copies([INTEGER]), [INTEGER], [INTEGER])(x), np.int64(x))


@pytest.mark.parametrize("x", [True, False])
def test_a_bool_of_python_is_a_bool(make, x):
    f = make(copies([TRUTH]), [TRUTH], [TRUTH])
    assert f(x) is np.bool_(x)
    assert f(np.bool_(x)) is np.bool_(x)
    assert f(np.array(x)) is np.bool_(x)


def test_several_results_are_a_tuple_and_none_an_empty_one(make):
    slots = [vector(2), NUMBER, INTEGER, vector(1, 2, dtype="bool")]
    xs = (np.array([1.0, 2.0]), 3.5, 4, np.array([[True, False]]))
    found = make(copies(slots), slots, slots)(*xs)
    assert same(found, (xs[0], np.float64(3.5), np.int64(4), xs[3]))
    assert make(NOTHING, [], [])() == ()


def test_32_arguments_keep_their_order(make):
    slots = [vector(k % 4 + 1) if k % 3 else NUMBER for k in range(32)]
    xs = tuple(np.full(slot.shape, float(k)) for k, slot in enumerate(slots))
    found = make(copies(slots), slots, slots)(*xs)
    assert [float(np.ravel(y)[0]) for y in found] == list(range(32))
    assert [np.shape(y) for y in found] == [slot.shape for slot in slots]
    replaced = (*xs[:31], np.ones(7))
    assert make(copies(slots), slots, slots)(*replaced) is NotImplemented


def test_the_kernel_reads_the_callers_memory_and_not_a_copy(make):
    kernel = """
    define void @kernel(ptr %args, ptr %w) {
      %x = load ptr, ptr %args
      %slot = getelementptr ptr, ptr %args, i64 1
      %y = load ptr, ptr %slot
      %address = ptrtoint ptr %x to i64
      store i64 %address, ptr %y
      ret void
    }
    """
    f = make(kernel, [vector(3)], [INTEGER])
    x = np.ones(3)
    assert f(x) == x.ctypes.data


# ------------------------------------------------------------------------------------- what is taken, what is refused


class Sub(np.ndarray):
    pass


class Float(float):
    pass


class Int(int):
    pass


def strided():
    return np.arange(6.0)[::2]


def misaligned():
    x = np.zeros(3 * 8 + 1, np.uint8)[1:].view(np.float64)
    assert not x.flags.aligned
    return x


REFUSED = {
    "strided": strided,
    "backwards": lambda: np.arange(3.0)[::-1],
    "misaligned": misaligned,
    "float32": lambda: np.ones(3, np.float32),
    "int64": lambda: np.ones(3, np.int64),
    "complex": lambda: np.ones(3, complex),
    "object": lambda: np.ones(3, object),
    "datetime": lambda: np.zeros(3, "M8[s]"),
    "byte-swapped": lambda: np.ones(3, np.dtype("f8").newbyteorder()),
    "longer": lambda: np.ones(4),
    "empty": lambda: np.ones(0),
    "more axes": lambda: np.ones((3, 1)),
    "no axes": lambda: np.array(1.0),
    "subclass": lambda: np.ones(3).view(Sub),
    "masked": lambda: np.ma.ones(3),
    "list": lambda: [1.0, 2.0, 3.0],
    "float": lambda: 1.0,
    "None": lambda: None,
    "class": lambda: np.ndarray,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_exactly_the_input_is_refused(make, name):
    f = make(copies([vector(3)]), [vector(3)], [vector(3)])
    assert f(REFUSED[name]()) is NotImplemented
    assert same(f(np.arange(3.0)), np.arange(3.0))


@pytest.mark.parametrize(
    ("slot", "xs"),
    [
        (NUMBER, [1, True, Float(1.0), np.float32(1), np.int64(1), np.ones(1), np.array(1), "1", None, 1j]),
        (INTEGER, [1.0, True, Int(1), 2**63, -(2**63) - 1, 2**200, np.int32(1), np.uint64(1), np.float64(1), None]),
        (TRUTH, [1, 0, 1.0, np.int8(1), None, np.array(1), np.array([True])]),
        (vector(dtype="float32"), [1.0, 1, np.float64(1), np.array(1.0)]),
        (vector(dtype="int32"), [1, 1.0, np.int64(1), np.array(1)]),
    ],
    ids=["float64", "int64", "bool", "float32", "int32"],
)
def test_numbers_of_another_type_are_refused(make, slot, xs):
    f = make(copies([slot]), [slot], [slot])
    assert [f(x) for x in xs] == [NotImplemented] * len(xs)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_another_number_of_arguments_is_refused(make, count):
    slots = [vector(3)] * 2
    assert make(copies(slots), slots, slots)(*[np.ones(3)] * count) is NotImplemented


def test_only_the_last_argument_is_wrong(make):
    slots = [vector(2), INTEGER, NUMBER, vector(2)]
    f = make(copies(slots), slots, slots)
    assert f(np.ones(2), 1, 1.0, np.ones(2, np.float32)) is NotImplemented
    assert f(np.ones(2), 1, 1, np.ones(2)) is NotImplemented


def test_read_only_arrays_and_contiguous_views_are_taken(make):
    f = make(copies([vector(2, 3)]), [vector(2, 3)], [vector(2, 3)])
    x = np.arange(12.0).reshape(4, 3)[1:3]
    x.setflags(write=False)
    assert same(f(x), np.arange(3.0, 9).reshape(2, 3))
    assert same(f(np.asfortranarray(np.arange(6.0).reshape(2, 3))), NotImplemented)


def test_a_column_of_a_row_is_contiguous_whatever_its_strides_say(make):
    f = make(copies([vector(1, 3)]), [vector(1, 3)], [vector(1, 3)])
    x = np.arange(12.0).reshape(4, 3)[::4]
    assert x.strides[0] != 24
    assert same(f(x), np.arange(3.0).reshape(1, 3))


@pytest.mark.parametrize("dtype", MEMORY)
def test_an_unpickled_array_is_taken_though_its_dtype_is_another_object(make, dtype):
    slot = vector(3, dtype=dtype)
    x = pickle.loads(pickle.dumps(np.ones(3, dtype)))  # noqa: S301  # its own
    assert x.dtype is not slot.dtype
    assert same(make(copies([slot]), [slot], [slot])(x), np.ones(3, dtype))


def test_the_other_name_of_a_64_bit_integer_is_taken(make):
    slot = vector(3, dtype="int64")
    f = make(copies([slot]), [slot], [slot])
    for code in "lq":
        x = np.arange(3).astype(code)
        assert (f(x) is NotImplemented) == (x.dtype != np.int64)
    assert f(np.arange(3).astype("Q")) is NotImplemented


def test_keywords_are_a_type_error(make):
    with pytest.raises(TypeError, match="keyword"):
        make(copies([NUMBER]), [NUMBER], [NUMBER])(x=1.0)


@pytest.mark.parametrize(
    "dtype", ["clongdouble", "datetime64[s]", "object", ">f8" if sys.byteorder == "little" else "<f8"]
)
def test_a_slot_of_a_dtype_that_native_code_does_not_know_is_a_type_error(dtype):
    with pytest.raises(TypeError, match="native byte order"):
        Slot((3,), np.dtype(dtype))


def values_for(slot):
    """Values for a slot, more and less fitting."""
    shape, name = slot.shape, slot.dtype.name
    fitting = np.ones(shape, name)
    spread = np.ones((*shape, 2), name)[..., 0]
    swapped = np.ones(shape, slot.dtype.newbyteorder())
    longer = np.ones((*shape, 1), name)
    scalars = [1.0, 1, True, fitting[()] if not shape else fitting.ravel()]
    other = fitting.real.astype("f4")
    return [fitting, fitting, fitting, spread, swapped, longer, fitting.view(Sub), other, *scalars]


SHAPES = st.sampled_from([(), (3,), (2, 2), (0,), (1, 3)])
SLOTS = st.builds(lambda shape, name: vector(*shape, dtype=name), SHAPES, st.sampled_from(list(MEMORY)))


@pytest.mark.skipif(not is_supported(), reason="native wrappers are not supported here")
@settings(max_examples=25, deadline=None)
@given(slots=st.lists(SLOTS, max_size=4), data=st.data())
def test_the_fast_and_the_slow_way_agree(slots, data):
    fast = made("fast", copies(slots), slots, slots)
    slow = made("slow", copies(slots), slots, slots)
    for _ in range(10):
        xs = [data.draw(st.sampled_from(values_for(slot))) for slot in slots]
        assert same(fast(*xs), slow(*xs))


# --------------------------------------------------------------------------------------------------------- errors

REPORTS = """
define i32 @kernel(ptr %args, ptr %w) {
  %x = load ptr, ptr %args
  %code = load i64, ptr %x
  %short = trunc i64 %code to i32
  ret i32 %short
}
"""


class IndexIsOutError(IndexError):
    pass


@pytest.mark.parametrize("code", [1, -3, 2**31 - 1])
def test_a_code_that_is_not_0_is_raised_as_the_callers_error(make, code):
    def on_error(code):
        raise IndexIsOutError(code)

    outputs = [vector(3), NUMBER]
    f = make(REPORTS, [INTEGER], outputs, reports=True, on_error=on_error)
    with pytest.raises(IndexIsOutError) as caught:
        f(code)
    assert caught.value.args == (code,)
    assert len(f(0)) == 2


def test_a_code_is_an_error_even_if_nobody_raises_it(make):
    f = make(REPORTS, [INTEGER], [vector(3)], reports=True)
    with pytest.raises(RuntimeError, match="failed with code 5"):
        f(5)
    f = make(REPORTS, [INTEGER], [vector(3)], reports=True, on_error=lambda code: None)
    with pytest.raises(RuntimeError, match="failed with code 5"):
        f(5)


@pytest.mark.parametrize("shapes", [[(2**50,)], [(3,), (2**50,)], [(3,), (), (2**40, 2**10)]])
def test_an_output_that_does_not_fit_is_a_memory_error(make, shapes):
    f = make(NOTHING, [], [vector(*shape) for shape in shapes])
    for _ in range(3):
        with pytest.raises(MemoryError):
            f()


def test_a_workspace_that_does_not_fit_is_a_memory_error(make):
    f = make(NOTHING, [], [vector(3)], workspace=2**50)
    for _ in range(3):
        with pytest.raises(MemoryError):
            f()


# ------------------------------------------------------------------------------------------------------- workspace

WORKSPACE = """
define void @kernel(ptr %args, ptr %w) {
  %y = load ptr, ptr %args
  %address = ptrtoint ptr %w to i64
  store i64 %address, ptr %y
  %last = getelementptr i8, ptr %w, i64 BYTES
  store volatile i8 1, ptr %w
  store volatile i8 1, ptr %last
  ret void
}
"""


@pytest.mark.parametrize("size", [1, 100, STACK, STACK + 1, BIG])
def test_a_workspace_is_aligned_and_a_large_one_is_kept_between_calls(make, size):
    f = make(WORKSPACE.replace("BYTES", str(size - 1)), [], [INTEGER], workspace=size)
    found = [int(f()) for _ in range(5)]
    assert all(found)
    assert {address % 64 for address in found} == {0}
    if size > STACK:
        assert len(set(found)) == 1


def test_there_is_no_workspace_of_0_bytes(make):
    kernel = WORKSPACE.replace("BYTES", "0").replace("store volatile i8 1", "; ")
    assert make(kernel, [], [INTEGER])() == 0


def test_the_workspace_is_freed_with_the_entry(make):
    size = 1 << 24
    f = make(WORKSPACE.replace("BYTES", str(size - 1)), [], [INTEGER], workspace=size)
    tracemalloc.start()
    try:
        f()
        assert size <= tracemalloc.get_traced_memory()[0] < 1.5 * size
        f()
        assert tracemalloc.get_traced_memory()[0] < 1.5 * size
        del f
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 0.5 * size
    finally:
        tracemalloc.stop()


def test_a_failed_call_keeps_the_workspace(make):
    size = 1 << 20
    f = make(REPORTS, [INTEGER], [vector(3)], workspace=size, reports=True)
    tracemalloc.start()
    try:
        for _ in range(50):
            with pytest.raises(RuntimeError):
                f(1)
        assert tracemalloc.get_traced_memory()[0] < 2 * size
    finally:
        tracemalloc.stop()


#: Fills its workspace with its number, waits until all threads have come, and counts what is not its number any more.
#: Results: the address of the workspace, how many bytes changed, and whether all threads came.
MEETING = """
define void @kernel(ptr %args, ptr %w) {
entry:
  %count = load ptr, ptr %args
  %x1 = getelementptr ptr, ptr %args, i64 1
  %number = load ptr, ptr %x1
  %mine = load i8, ptr %number
  br label %fill
fill:
  %i = phi i64 [ 0, %entry ], [ %ii, %fill ]
  %p = getelementptr i8, ptr %w, i64 %i
  store volatile i8 %mine, ptr %p
  %ii = add i64 %i, 1
  %more = icmp ult i64 %ii, BYTES
  br i1 %more, label %fill, label %arrive
arrive:
  %before = atomicrmw add ptr %count, i64 1 seq_cst
  %round = udiv i64 %before, THREADS
  %next = add i64 %round, 1
  %all = mul i64 %next, THREADS
  br label %wait
wait:
  %t = phi i64 [ 0, %arrive ], [ %tt, %again ]
  %come = load atomic volatile i64, ptr %count seq_cst, align 8
  %here = icmp uge i64 %come, %all
  br i1 %here, label %check, label %again
again:
  %tt = add i64 %t, 1
  %patient = icmp ult i64 %tt, ROUNDS
  br i1 %patient, label %wait, label %check
check:
  br label %read
read:
  %j = phi i64 [ 0, %check ], [ %jj, %read ]
  %wrong = phi i64 [ 0, %check ], [ %sum, %read ]
  %q = getelementptr i8, ptr %w, i64 %j
  %v = load volatile i8, ptr %q
  %differs = icmp ne i8 %v, %mine
  %one = zext i1 %differs to i64
  %sum = add i64 %wrong, %one
  %jj = add i64 %j, 1
  %on = icmp ult i64 %jj, BYTES
  br i1 %on, label %read, label %end
end:
  %y0 = getelementptr ptr, ptr %args, i64 2
  %address = load ptr, ptr %y0
  %w.int = ptrtoint ptr %w to i64
  store i64 %w.int, ptr %address
  %y1 = getelementptr ptr, ptr %args, i64 3
  %changed = load ptr, ptr %y1
  store i64 %sum, ptr %changed
  %y2 = getelementptr ptr, ptr %args, i64 4
  %met = load ptr, ptr %y2
  %met.int = zext i1 %here to i8
  store i8 %met.int, ptr %met
  ret void
}
"""


@pytest.mark.parametrize("size", [STACK, BIG], ids=["stack", "heap"])
def test_threads_that_are_in_a_kernel_at_once_have_a_workspace_each(make, size):
    threads, rounds = 8, 3
    kernel = MEETING.replace("BYTES", str(size)).replace("THREADS", str(threads)).replace("ROUNDS", str(ROUNDS))
    f = make(kernel, [vector(1, dtype="int64"), INTEGER], [INTEGER, INTEGER, TRUTH], workspace=size, releases_gil=True)
    count, found = np.zeros(1, np.int64), [[] for _ in range(threads)]
    barrier = threading.Barrier(threads)

    def work(k):
        for _ in range(rounds):
            barrier.wait()  # so that no thread arrives for the next round before all have left this one
            found[k].append(f(count, k))

    tracemalloc.start()
    try:
        workers = [threading.Thread(target=work, args=(k,)) for k in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert count[0] == threads * rounds
    assert all(met for results in found for _, _, met in results)
    assert [changed for results in found for _, changed, _ in results] == [0] * (threads * rounds)
    for results in zip(*found, strict=True):
        assert len({int(address) for address, _, _ in results}) == threads
    assert kept < 2.5 * BIG  # one of the eight blocks was kept


@pytest.mark.skipif(not is_supported(), reason="native wrappers are not supported here")
def test_a_short_kernel_keeps_the_lock():
    f = made("fast", *_probe(), releases_gil=False)
    g = made("fast", *_probe(), releases_gil=True)
    assert f() == 1
    assert g() == 0


def _probe():
    """A kernel that asks CPython whether its thread holds the lock."""
    import ctypes

    check = ctypes.cast(ctypes.pythonapi.PyGILState_Check, ctypes.c_void_p).value
    kernel = f"""
    define void @kernel(ptr %args, ptr %w) {{
      %y = load ptr, ptr %args
      %check = inttoptr i64 {check} to ptr
      %holds = call i32 %check()
      %long = sext i32 %holds to i64
      store i64 %long, ptr %y
      ret void
    }}
    """
    return kernel, [], [INTEGER]


@pytest.mark.skipif(not is_supported(), reason="native wrappers are not supported here")
def test_a_module_holds_several_wrappers():
    kernels = [WORKSPACE.replace("BYTES", str(BIG - 1)).replace("@kernel", f"@kernel{k}") for k in range(2)]
    wrappers = [wrapper_text([], [INTEGER, vector(3)], f"kernel{k}", BIG) for k in range(2)]
    library = build("".join([*kernels, *(text for text, _ in wrappers)]))
    f, g = (entry(library, symbol) for _, symbol in wrappers)
    del library
    gc.collect()
    assert f()[0] % 64 == 0
    assert f()[0] == f()[0]
    assert f()[0] != g()[0]


# --------------------------------------------------------------------------------------------------- references


def test_no_reference_is_lost_or_left(make):
    slots = [vector(3), NUMBER, INTEGER, TRUTH]
    f = make(copies(slots), slots, slots)
    g = make(REPORTS, [INTEGER], [vector(3), NUMBER], reports=True)
    x, number, large = np.ones(3), 1e300 * 1.5, 2**62
    watched = [x, number, large, x.dtype, INTEGER.dtype, np.ndarray, np.float64, np.bool_(True), NotImplemented, f]

    def fail():
        with pytest.raises(RuntimeError):
            g(1)

    for call in (
        lambda: f(x, number, large, True),
        lambda: f(x, number, large, None),
        lambda: f(x, x, large, True),
        lambda: g(0),
        fail,
    ):
        call()
        before = [sys.getrefcount(y) for y in watched]
        for _ in itertools.repeat(None, 200):
            call()
        after = [sys.getrefcount(y) for y in watched]
        assert max(abs(a - b) for a, b in zip(after, before, strict=True)) < 20


def test_failed_calls_leave_nothing(make):
    f = make(REPORTS, [INTEGER], [vector(3), NUMBER], reports=True)

    def fail(count):
        for _ in itertools.repeat(None, count):
            try:
                f(10**6)  # too large for the integers that CPython keeps
            except RuntimeError:
                continue
        gc.collect()

    fail(100)
    blocks = sys.getallocatedblocks()
    fail(2000)
    assert sys.getallocatedblocks() - blocks < 200


def test_a_result_has_one_owner(make):
    f = make(copies([vector(3), NUMBER]), [vector(3), NUMBER], [vector(3), NUMBER])
    found = f(np.ones(3), 1.5)
    expected = [np.ones(3), np.float64(1.5)]
    both = (expected[0], expected[1])
    del expected
    assert [sys.getrefcount(y) for y in found] == [sys.getrefcount(y) for y in both]
    freed = weakref.ref(found[0])
    del found
    assert freed() is None


def test_an_output_made_before_one_that_fails_is_freed(make):
    size = 1 << 20
    f = make(NOTHING, [], [vector(size), vector(2**50)])
    tracemalloc.start()
    try:
        # NumPy traces an array that it could not make, once: so the first call does not count.
        traced = []
        for _ in range(20):
            with pytest.raises(MemoryError):
                f()
            traced.append(tracemalloc.get_traced_memory()[0])
        assert traced[-1] - traced[0] < 4 * size
    finally:
        tracemalloc.stop()


def resident():
    """The resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks Linux for the memory of the process")
def test_many_calls_leave_the_memory_flat(make):
    slots = [vector(100), NUMBER, INTEGER]
    f = make(copies(slots), slots, slots, workspace=BIG)
    x = np.ones(100)

    def calls(count):
        for _ in itertools.repeat(None, count):
            f(x, 1.5, 2**40)
            f(x, 1.5, 2**80)

    calls(1000)
    gc.collect()
    blocks, before = sys.getallocatedblocks(), resident()
    calls(20_000)  # an array each would be 16 MB
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 200
    assert resident() - before < 4_000_000


def test_an_entry_keeps_its_library_and_dies_with_its_last_reference(make):
    f = make(copies([NUMBER]), [NUMBER], [NUMBER])
    gc.collect()  # which must not take the library
    assert f(2.5) == 2.5
    freed = weakref.ref(f)
    del f
    assert freed() is None


def test_an_on_error_that_refers_to_its_entry_is_collected(make):
    class Owner:
        def on_error(self, code):
            raise IndexIsOutError(code)

    owner = Owner()
    owner.f = make(REPORTS, [INTEGER], [vector(3)], reports=True, on_error=owner.on_error)
    with pytest.raises(IndexIsOutError):
        owner.f(1)
    freed = weakref.ref(owner)
    del owner
    gc.collect()
    assert freed() is None


# ------------------------------------------------------------------------------------------------------ support


def test_cpython_with_numpy_2_is_supported():
    expected = sys.implementation.name == "cpython" and sys.maxsize > 2**32 and object.__basicsize__ == 16
    assert is_supported() == expected


@pytest.mark.skipif(not is_supported(), reason="native wrappers are not supported here")
@pytest.mark.parametrize(
    "field", ["_TYPE", "_NUMBER", "_DATA", "_NDIM", "_SHAPE", "_DTYPE", "_FLAGS", "_BYTE_ORDER", "_TYPE_NUMBER"]
)
def test_a_struct_with_another_layout_is_noticed(monkeypatch, field):
    from wengert.native import entry as module

    assert _are_read_right()
    offset = getattr(module, field)
    # A field that is read 4 or 8 bytes off lies within the object, so reading it is safe.
    other = {"_SHAPE": 16, "_NUMBER": 8, "_BYTE_ORDER": 25}.get(field, offset - (4 if field == "_TYPE_NUMBER" else 8))
    monkeypatch.setattr(module, field, other)
    assert not _are_read_right()


def test_an_entry_on_another_interpreter_is_an_error_that_names_the_slow_way(monkeypatch):
    from wengert.native import entry as module

    monkeypatch.setattr(module, "is_supported", lambda: False)
    with pytest.raises(RuntimeError, match="use SlowEntry"):
        module.entry(None, "kernel_entry")


@pytest.mark.skipif(not is_supported(), reason="native wrappers are not supported here")
def test_the_table_has_all_words_and_the_text_no_address():
    words = dict(zip(_WORDS, _table(), strict=True))
    assert [name for name, word in words.items() if not word] == ["workspace", "on_error"]
    slots = [vector(3), NUMBER, INTEGER, TRUTH]
    text, _ = wrapper_text(slots, slots, "kernel", BIG, releases_gil=True, reports=True)
    assert not [word for word in words.values() if word and str(word) in text]
    assert text == wrapper_text(slots, slots, "kernel", BIG, releases_gil=True, reports=True)[0]
