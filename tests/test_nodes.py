"""The graph: it lives as long as it is needed, keeps what its rules read, and is walked without recursion."""

from __future__ import annotations

import contextlib
import gc
import sys
import weakref

import numpy as np
import pytest

import wengert as wg
from wengert.nodes import Leaf, Node, topological_order

MILLION = 10**6


@contextlib.contextmanager
def little_stack(frames=40):
    """Allow only a few more frames than there are."""
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + frames)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextlib.contextmanager
def no_collector():
    """Only reference counts free memory."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def leaf(*shape):
    return wg.tensor(np.ones(shape), requires_grad=True)


def result(tensor):
    """A weak reference to the array of a tensor."""
    return weakref.ref(tensor._array)


# --- depth is no limit -----------------------------------------------------------------------------------------


def test_a_chain_of_a_million_operations():
    x = wg.tensor(1.5, requires_grad=True)
    with little_stack():
        y = x
        for _ in range(MILLION // 2):
            y = y * 1.0
            y = y + x
        y.backward()
        del y
    assert x.grad.item() == 1.0 + MILLION / 2


def test_a_deep_graph_is_freed_without_recursion():
    x = wg.tensor(1.5, requires_grad=True)
    y = x
    for _ in range(300_000):
        y = np.sin(y)
    first = weakref.ref(y.grad_fn)
    with little_stack(), no_collector():
        del y
        assert first() is None


def with_graph(f):
    x = wg.tensor(1.0, requires_grad=True)
    f(x).backward(create_graph=True)
    return x.grad.detach().item()


DEEP = {
    "grad": lambda f: wg.grad(f)(1.0),
    "jvp": lambda f: wg.jvp(f, (1.0,), (1.0,))[1],
    "grad of grad": lambda f: wg.grad(lambda x: x * wg.grad(f)(x))(1.0),
    "the list": lambda f: wg.grad(wg.trace(f)(1.0))(1.0),
    "the tape": lambda f: wg.tape(f, 1.0).outputs[0],
    "the tape of the graph": lambda f: f(wg.tensor(1.0, requires_grad=True)).tape().outputs[0],
    "create_graph": with_graph,
}


@pytest.mark.parametrize("differentiate", DEEP.values(), ids=DEEP)
def test_every_way_goes_deep(differentiate):
    def f(x):
        for _ in range(5000):
            x = x * 1.0
        return x

    with little_stack(60):
        assert differentiate(f) == 1.0


def test_many_operands_and_uses_are_no_problem():
    x = leaf(3)
    y = np.concatenate([x] * 2000)
    total = y[0]
    for k in range(2000):
        total = total + x[k % 3]
    (total + np.sum(y)).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2001.0 + 667, 2000 + 667, 2000 + 666])


def test_a_ladder_of_shared_values_is_walked_once():
    x = wg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(200):
        y = (y + y) * 0.5  # 2²⁰⁰ paths
    assert len(topological_order([y.grad_fn])) == 400
    y.backward()
    assert x.grad.item() == 1.0


# --- what is kept ----------------------------------------------------------------------------------------------

# What of (y, x₁, x₂) lives on in the graph once only the final result is left.
KEPT = {
    "+": (lambda a, b: a + b, "..."),
    "-": (lambda a, b: a - b, "..."),
    "*": (lambda a, b: a * b, ".xx"),
    "* number": (lambda a, b: a * 3.0, "..."),
    "/": (lambda a, b: a / b, "y.x"),
    "@": (lambda a, b: a @ b, ".xx"),
    "exp": (lambda a, b: np.exp(a), "y.."),
    "tanh": (lambda a, b: np.tanh(a), ".x."),
    "sin": (lambda a, b: np.sin(a), ".x."),
    "sum": (lambda a, b: np.sum(a, axis=0), "..."),
    "max": (lambda a, b: np.max(a, axis=0), "yx."),
    "concatenate": (lambda a, b: np.concatenate([a, b]), "..."),
    "index": (lambda a, b: a[[0, 1]], "..."),
    "where": (lambda a, b: np.where(np.eye(2, dtype=bool), a, b), "..."),
    "maximum": (np.maximum, ".xx"),
    "negative": (lambda a, b: -a, "..."),
}


@pytest.mark.parametrize(("apply", "kept"), KEPT.values(), ids=KEPT)
def test_a_record_keeps_only_what_its_rule_reads(apply, kept):
    x = leaf(2, 2)
    with no_collector():
        a, b = x + 1.0, x + 2.0
        y = apply(a, b)
        arrays = [result(y), result(a), result(b)]
        total = y + 0.5
        del a, b, y
        assert "".join("." if r() is None else "y" if k == 0 else "x" for k, r in enumerate(arrays)) == kept
        total.backward(np.ones(total.shape))
        assert all(r() is None for r in arrays), "backward frees what was kept"
    assert x.grad.shape == (2, 2)


def test_a_dead_part_of_a_graph_frees_its_arrays_at_once():
    x = leaf(1000)
    with no_collector():
        a = np.sin(x)
        dead = np.exp(a) * np.tanh(a)
        alive = a * 2.0
        arrays = [result(dead), weakref.ref(dead.grad_fn), *(weakref.ref(n) for n in dead.grad_fn.parents)]
        del dead
        assert all(r() is None for r in arrays)
        kept = result(a)
        del a
        assert kept() is None, "a * 2.0 does not read a, and sin keeps its operand only"
        alive.backward(np.ones(1000))
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.cos(np.ones(1000)))


def test_a_loop_that_drops_its_results_does_not_grow():
    x = leaf(10)
    with no_collector():
        alive = weakref.WeakSet()
        for _ in range(100):
            y = np.exp(x) * np.sin(x)
            alive.add(y.grad_fn)
            y.backward(np.ones(10))
        assert len(alive) == 1


def test_backward_frees_the_graph_even_while_the_result_lives():
    x = leaf(100)
    with no_collector():
        a = np.sin(x)
        y = np.sum(a * a)
        kept = result(a)
        del a
        assert kept() is not None
        y.backward(retain_graph=True)
        assert kept() is not None
        y.backward()
        assert kept() is None
        assert y.item() == pytest.approx(100 * np.sin(1.0) ** 2)


def test_a_pullback_holds_its_graph_as_long_as_it_lives():
    arrays = []

    def f(x):
        a = np.sin(x)
        arrays.append(weakref.ref(a._array))
        return np.exp(a * a)

    with no_collector():
        _, pullback = wg.vjp(f, np.ones(100))
        pullback(np.ones(100))
        assert arrays[0]() is not None
        del pullback
        assert arrays[0]() is None


def test_a_gradient_leaves_nothing_behind():
    arrays = []

    def f(x):
        a = np.sin(x)
        arrays.append(weakref.ref(a._array))
        return np.sum(a * a)

    with no_collector():
        wg.grad(f)(np.ones(100))
        assert arrays[0]() is None


def without_grad(x):
    with wg.no_grad():
        return np.sin(wg.tensor(x, requires_grad=True))


CYCLE_FREE = {
    "backward": lambda x: np.sum(np.exp(wg.tensor(x, requires_grad=True)) ** 2).backward(),
    "grad": wg.grad(lambda x: np.sum(np.sin(x) * x)),
    "vjp": lambda x: wg.vjp(np.sin, x)[1](x),
    "jvp": lambda x: wg.jvp(np.sin, (x,), (x,)),
    "hessian": wg.hessian(lambda x: np.sum(np.sin(x) * x)),
    "jacobian": wg.jacobian(lambda x: x[:1] * x, mode="reverse"),
    "trace": wg.trace(lambda x: np.sin(x) * x),
    "tape": lambda x: str(wg.tape(lambda x: np.sin(x) * x, x)),
    "the tape of the graph": lambda x: str(np.sin(wg.tensor(x, requires_grad=True)).tape()),
    "has_aux": wg.grad(lambda x: (np.sum(x * x), {"x": x}), has_aux=True),
    "no_grad": without_grad,
}


@pytest.mark.parametrize("run", CYCLE_FREE.values(), ids=CYCLE_FREE)
def test_there_are_no_reference_cycles(run):
    run(np.ones(3))  # what is built once may refer to itself
    with no_collector():
        run(np.ones(3))
        assert gc.collect() == 0


# --- nodes -----------------------------------------------------------------------------------------------------


def test_a_graph_is_walked_from_the_newest_to_the_oldest():
    x = leaf(2)
    a = x * 2
    b = np.sin(a)
    y = a + b
    assert [node.prim.name for node in topological_order([y.grad_fn])] == ["add", "sin", "multiply"]
    assert topological_order([y.grad_fn, b.grad_fn]) == topological_order([y.grad_fn])
    assert topological_order([x._node]) == []


def test_a_node_looks_as_in_pytorch():
    x = leaf(2)
    node = np.sum(x * 2).grad_fn
    assert node.name() == "SumBackward0"
    ((product, index),) = node.next_functions
    assert (product.name(), index) == ("MulBackward0", 0)
    ((source, _),) = product.next_functions
    assert source.name() == "AccumulateGrad"
    assert source.next_functions == ()
    assert repr(product).startswith("<MulBackward0 object at 0x")
    assert (product.shape, product.dtype, product.ndim, product.size) == ((2,), np.float64, 1, 2)


def test_a_leaf_knows_its_tensor_without_keeping_it():
    x = leaf(2)
    source = x._node
    assert isinstance(source, Leaf)
    np.testing.assert_array_equal(source.value(), np.ones(2))
    y = x * 2
    del x
    assert source.value() is None
    y.backward(np.ones(2))
    np.testing.assert_array_equal(source.grad.numpy(), [2.0, 2.0])


def test_nodes_are_numbered_in_the_order_of_creation():
    x = leaf()
    nodes = [x._node, (x * 2)._node, (x + 1)._node]
    assert all(isinstance(node, Node) for node in nodes)
    assert sorted(nodes, key=lambda node: node.number) == nodes
