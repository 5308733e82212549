"""The corpus of user programs and every example of the registry: machine code and interpreter agree."""

import numpy as np
import pytest

import wengert as wg
from laws.examples import DIFFERENTIABLE, FLAT
from laws.test_written_programs import STRAIGHT, hessian_products, point
from native.agreement import adjoint_of, assert_native_agrees, seeds_for
from wengert.native.machine import unavailable

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())


# --- programs --------------------------------------------------------------------------------------------------


def traced(program):
    with np.errstate(all="ignore"):
        return wg.trace(program.function)(*program.args)


@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_a_program_and_its_adjoint(program):
    lst = traced(program)
    assert_native_agrees(lst, point(lst, program))
    with np.errstate(all="ignore"):
        backwards = wg.adjoint(lst)
    assert_native_agrees(backwards, point(backwards, program))


@pytest.mark.slow
@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_second_derivatives(program):
    assert_native_agrees(*hessian_products(program))


def test_most_programs_are_one_native_function():
    whole = [built.fast is not None for built in map(simplified_and_built, STRAIGHT[::10])]
    assert sum(whole) >= 0.6 * len(whole)


def simplified_and_built(program):
    from wengert.native.program import built

    return built(wg.simplify(traced(program)))


# --- single statements -----------------------------------------------------------------------------------------


WITHOUT_DERIVATIVE_PROGRAM = {"schur"}  # its rule decides by values
EXAMPLES = {}
for one in [*DIFFERENTIABLE, *FLAT]:
    EXAMPLES.setdefault(one.prim.name, []).append(one)


def inputs_of(example):
    """The numbers of the operands that a list takes as inputs: those that may be moved, else all arrays."""
    return example.free or [k for k, x in enumerate(example.operands) if isinstance(x, (np.ndarray, np.generic))]


def as_list(examples):
    """A list of the statements of examples, and where it is run."""

    def statements(*xs):
        rest, results = iter(xs), []
        for example in examples:
            operands = list(example.operands)
            for k in inputs_of(example):
                operands[k] = next(rest)
            y = example.prim(*operands, **example.params)
            results.append(y[example.output] if example.prim.outputs > 1 else y)
        return tuple(results)

    at = [np.asarray(example.operands[k])[()] for example in examples for k in inputs_of(example)]
    with np.errstate(all="ignore"):
        return wg.trace(statements)(*at), at


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_a_primitive(name):
    lst, at = as_list(EXAMPLES[name])
    assert_native_agrees(lst, at)
    if name in WITHOUT_DERIVATIVE_PROGRAM:
        return
    with np.errstate(all="ignore"):
        backwards = adjoint_of(lst)
    if backwards is not None:
        assert_native_agrees(backwards, seeds_for(backwards, at))
