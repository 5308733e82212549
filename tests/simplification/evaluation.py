"""Running lists so that results can be compared bit for bit."""

import numpy as np

from wengert.wlist import Variable


def run(lst, inputs):
    """The outputs, each operation done on arrays that lie in memory in order.

    NumPy sums in an order, and multiplies matrices by a routine, that depend on how an operand lies in memory.
    """
    values = dict(zip(lst.inputs, inputs, strict=True))
    with np.errstate(all="ignore"):
        for stmt in lst.statements:
            operands = [in_order(values[x]) if isinstance(x, Variable) else x for x in stmt.operands]
            y = stmt.prim.evaluate(operands, stmt.params)
            values.update(zip(stmt.targets, y if len(stmt.targets) > 1 else (y,), strict=True))
    return [values[y] if isinstance(y, Variable) else y for y in lst.outputs]


def in_order(x):
    return np.ascontiguousarray(x) if np.ndim(x) else x


def assert_same_bits(found, expected):
    """Equal numbers, signs of zeros included; all nan are equal."""
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert np.shape(a) == np.shape(b)
        assert np.result_type(a) == np.result_type(b)
        np.testing.assert_array_equal(a, b)
        for part in (np.real, np.imag) if np.iscomplexobj(a) else (np.asarray,):
            x, y = part(a), part(b)
            if x.dtype.kind == "f":
                np.testing.assert_array_equal(np.signbit(x) & ~np.isnan(x), np.signbit(y) & ~np.isnan(y))
