"""Lists as machine code and by the interpreter: what both must agree in."""

from itertools import combinations

import numpy as np

import wengert as wg
from wengert.native.planning import Plan, plan
from wengert.native.program import Program, built

TOLERANCES = {2: 1e-2, 4: 2e-5, 8: 1e-9, 16: 1e-9}  # by bytes; vector functions of libm are within some 4 ulp


def as_list(y):
    return list(y) if isinstance(y, (tuple, list)) else [y]


def assert_close(found, expected, scale=None, precision=16):
    """Equal types and values: exactly for integers and bools, to rounding for floats, and nan, inf where they are.

    `scale` is the size of what is added up to them, `precision` the bytes of the coarsest float that they come from.
    """
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if expected.dtype.kind not in "fc":
        np.testing.assert_array_equal(found, expected)
        return
    finite = np.abs(expected[np.isfinite(expected)])
    scale = np.max(finite, initial=0) if scale is None else scale
    rtol = TOLERANCES[min(precision, expected.real.dtype.itemsize)]
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * (1 + scale))


def assert_all_close(found, expected, precision=16):
    for one, other in zip(as_list(found), as_list(expected), strict=True):
        assert_close(one, other, precision=precision)


def drawn(*shape, dtype=float, seed=3):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def assert_agrees(f, *args, precision=None):
    """The compiled function gives what the function itself does, twice the same.

    `precision` is that of the coarsest float among the arguments, unless it is given.
    """
    compiled = wg.compile(f)
    if precision is None:
        precision = min((np.asarray(x).dtype.itemsize for x in args if np.asarray(x).dtype.kind == "f"), default=16)
    with np.errstate(all="ignore"):
        expected = f(*args)
        found, again = compiled(*args), compiled(*args)
    assert_all_close(found, expected, precision=precision)
    np.testing.assert_equal(found, again)
    return compiled


def planned(compiled) -> Plan:
    """How a compiled function that is one native function has been arranged."""
    (segment,) = compiled.signatures[-1].call.program.segments
    return plan(segment.lst)


def precision_of(lst):
    """The bytes of the coarsest float of a list."""
    variables = [*lst.inputs, *(v for stmt in lst.statements for v in stmt.targets)]
    return min((v.dtype.itemsize for v in variables if v.dtype.kind == "f"), default=16)


def assert_fresh(outputs, *others):
    """No output shares memory with another one, or with anything else."""
    arrays = [y for y in outputs if isinstance(y, np.ndarray)]
    for one, other in combinations(arrays, 2):
        assert not np.shares_memory(one, other)
    for y in arrays:
        assert y.flags.writeable
        assert not any(np.shares_memory(y, x) for x in others if isinstance(x, np.ndarray))


def assert_native_agrees(lst: wg.WengertList, at) -> Program:
    """Run a list by the interpreter, and what it is simplified to as machine code, twice."""
    kept = [np.array(x) for x in at]
    with np.errstate(all="ignore"):
        expected = as_list(lst.run(at))
        program = built(wg.simplify(lst))
        found = program.run(at)
        again = program.run(at)
    assert_all_close(found, expected, precision_of(lst))
    assert_fresh(found, *at, *again)
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one, other)
    for x, before in zip(at, kept, strict=True):
        np.testing.assert_array_equal(x, before)
    return program


def seeds_for(lst, at, seed=5):
    """The arguments of a derivative program: those of the list, and random seeds and directions."""
    rng = np.random.default_rng(seed)
    return [*at, *(rng.standard_normal(v.shape).astype(v.dtype)[()] for v in lst.inputs[len(at) :])]


def adjoint_of(lst):
    """The adjoint of a list; ``None`` where nothing can be differentiated."""
    is_real = any(np.dtype(v.dtype).kind in "fc" for v in lst.inputs)
    return wg.adjoint(lst) if is_real and any(np.asarray(_like(y)).dtype.kind in "fc" for y in lst.outputs) else None


def _like(y):
    return np.zeros((), y.dtype) if hasattr(y, "dtype") else y
