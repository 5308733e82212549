"""Running the text of a list, in a namespace where the library cannot be imported, and holding it against the list."""

import ast
import builtins

import numpy as np

import wengert as wg
from wengert.containers import flatten
from wengert.show.python_source import python_source
from wengert.simplification import simplify


def without_the_library(name, *args):
    if name.partition(".")[0] == "wengert":
        raise ImportError(name)
    return builtins.__import__(name, *args)


def function_of(text):
    """The last function of a text, in a namespace where the library cannot be imported."""
    namespace = {"__builtins__": {**vars(builtins), "__import__": without_the_library}}
    exec(compile(text, "<source>", "exec"), namespace)  # noqa: S102  # the text under test
    return namespace[ast.parse(text).body[-1].name]


def as_tuple(y):
    return y if isinstance(y, tuple) else (y,)


def assert_same(found, expected, rtol=1e-12):
    pairs = zip(map(np.asarray, as_tuple(found)), map(np.asarray, as_tuple(expected)), strict=True)
    for one, other in pairs:
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        size = np.max(np.abs(other), initial=0, where=np.isfinite(other)) if other.dtype.kind in "fc" else 0
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * size)


def assert_computes(lst, *inputs, rtol=1e-12):
    """The text of a list gives what the list gives, twice, and leaves its arguments as they are."""
    text = python_source(lst)
    assert_is_laid_out(text)
    function = function_of(text)
    with np.errstate(all="ignore"):
        expected = lst(*inputs)
        before = [np.array(x) for x in inputs]
        for _ in range(2):
            found = function(*inputs)
            for x, y in zip(inputs, before, strict=True):
                np.testing.assert_array_equal(x, y)
            assert_same(found, expected, rtol)
    return text


def assert_is_laid_out(text):
    assert text.endswith("\n")
    assert "\t" not in text
    for line in text.splitlines():
        assert line == line.rstrip()
        assert len(line) <= 120


def more_inputs(lst, given):
    """The given inputs, and numbers for those that the derivative program has besides."""
    rng = np.random.default_rng(len(lst.inputs))
    more = [rng.standard_normal(v.shape) for v in lst.inputs[len(given) :]]
    kinds = [v.dtype for v in lst.inputs[len(given) :]]
    return [
        *given,
        *(np.asarray(x + 0.5j * x if k.kind == "c" else x, k)[()] for x, k in zip(more, kinds, strict=True)),
    ]


def moved(inputs):
    return [x * (1 + 1e-3) if np.asarray(x).dtype.kind in "fc" else x for x in inputs]


def forms_of(lst):
    """A list with its derivative programs, as they are and simplified."""
    for derived in (lst, wg.adjoint(lst), wg.tangent(lst)):
        yield derived
        yield simplify(derived)


def assert_all_forms_compute(f, *args, rtol=1e-12):
    lst = wg.trace(f)(*args)
    inputs = [np.asarray(x)[()] for arg in args for x in flatten(arg)[0]]
    texts = []
    for derived in forms_of(lst):
        values = more_inputs(derived, inputs)
        texts.append(assert_computes(derived, *values, rtol=rtol))
    return texts


def body_of(text):
    """The lines of the last function without its docstring and comments."""
    function = ast.parse(text).body[-1]
    return [ast.unparse(statement) for statement in function.body[1:]]


def source_of(f, *args):
    return python_source(wg.trace(f)(*args))
