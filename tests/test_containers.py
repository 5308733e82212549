"""Nested containers of arrays."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import numpy as np
import optree
import pytest

import wengert as wg
from wengert.containers import flatten, leaf_names, same_structure

Point = namedtuple("Point", ["x", "y"])


@optree.dataclasses.dataclass(namespace="wengert")
class Model:
    w: Any
    b: Any


CONTAINERS = {
    "a number": 2.0,
    "an array": np.ones(2),
    "a tuple": (1.0, 2.0),
    "an empty tuple": (),
    "a list": [1.0, np.ones(2)],
    "a dict": {"w": np.ones(2), "b": 1.0},
    "a named tuple": Point(1.0, np.ones(2)),
    "an ordered dict": OrderedDict([("z", 1.0), ("a", 2.0)]),
    "a default dict": defaultdict(list, {"a": 1.0}),
    "a deque": deque([1.0, 2.0]),
    "nested": {"layers": [{"w": np.ones(2), "b": 1.0}, Point(2.0, (3.0,))], "scale": 4.0},
    "a registered dataclass": Model(np.ones(2), [1.0]),
    "with nothing in it": {"a": None, "b": [], "c": 1.0},
}


@pytest.mark.parametrize("tree", CONTAINERS.values(), ids=CONTAINERS)
def test_a_container_is_taken_apart_and_put_together(tree):
    leaves, rebuild = flatten(tree)
    again = rebuild(leaves)
    assert type(again) is type(tree)
    assert same_structure(again, tree)
    other, _ = flatten(again)
    assert all(a is b for a, b in zip(leaves, other, strict=True))


def test_dictionaries_are_taken_in_the_order_of_their_keys():
    assert flatten({"b": 1.0, "a": 2.0})[0] == [2.0, 1.0]
    leaves, rebuild = flatten({"b": 1.0, "a": 2.0})
    assert list(rebuild(leaves)) == ["b", "a"]


def test_values_are_leaves():
    t = wg.tensor([1.0, 2.0])
    assert flatten(t)[0] == [t] or flatten(t)[0][0] is t
    assert flatten((t, [t]))[0][1] is t


@pytest.mark.parametrize(
    ("tree", "other", "same"),
    [
        (1.0, np.ones(3), True),
        ((1.0, 2.0), (3.0, 4.0), True),
        ((1.0, 2.0), (3.0,), False),
        ((1.0, 2.0), [1.0, 2.0], False),
        ({"a": 1.0}, {"a": 2.0}, True),
        ({"a": 1.0}, {"b": 1.0}, False),
        ({"a": 1.0, "b": 2.0}, {"b": 1.0, "a": 2.0}, True),
        (Point(1.0, 2.0), (1.0, 2.0), False),
        (1.0, (1.0,), False),
        ([1.0, [2.0]], [1.0, [2.0]], True),
        ([1.0, [2.0]], [1.0, 2.0], False),
    ],
)
def test_structures_are_compared_by_nesting_keys_and_lengths(tree, other, same):
    assert same_structure(tree, other) is same


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        (1.0, ["p"]),
        ((1.0, 2.0), ["p_0", "p_1"]),
        ({"w": 1.0, "b": 2.0}, ["p_b", "p_w"]),
        ({"layers": [1.0, {"w": 2.0}]}, ["p_layers_0", "p_layers_1_w"]),
        (Point(1.0, 2.0), ["p_x", "p_y"]),
        (Model([1.0], 2.0), ["p_w_0", "p_b"]),
    ],
)
def test_leaves_are_named_by_their_place(tree, names):
    assert leaf_names("p", tree) == names


# --- in transforms ---------------------------------------------------------------------------------------------


def loss(p):
    """A function of two arrays and a number, wherever they are."""
    (w, b), scale = flatten(p)[0][:2], flatten(p)[0][2]
    return np.sum(w * w) * scale + np.sum(b)


W, B = np.array([1.0, 2.0]), np.array([[3.0]])
HOLDERS = {
    "tuple": (W, B, 2.0),
    "list": [W, B, 2.0],
    "dict": {"a": W, "b": B, "c": 2.0},
    "named tuple": namedtuple("Three", "a b c")(W, B, 2.0),
    "nested": {"a": [W], "b": (B, {"c": 2.0})},
    "dataclass": Model(W, (B, 2.0)),
    "ordered dict": OrderedDict([("z", W), ("y", B), ("a", 2.0)]),
}


@pytest.mark.parametrize("p", HOLDERS.values(), ids=HOLDERS)
def test_a_gradient_is_structured_like_its_argument(p):
    gradient = wg.grad(loss)(p)
    assert same_structure(gradient, p)
    assert type(gradient) is type(p)
    w_bar, b_bar, scale_bar = flatten(gradient)[0]
    np.testing.assert_array_equal(w_bar, 4 * W)
    np.testing.assert_array_equal(b_bar, [[1.0]])
    assert scale_bar == 5.0


@pytest.mark.parametrize("p", HOLDERS.values(), ids=HOLDERS)
def test_both_modes_take_containers(p):
    leaves, rebuild = flatten(p)
    tangent = rebuild([np.ones_like(x) for x in leaves])
    y, y_dot = wg.jvp(loss, (p,), (tangent,))
    assert (y, y_dot) == (13.0, 4 * 3.0 + 1.0 + 5.0)
    y, pullback = wg.vjp(loss, p)
    (p_bar,) = pullback(2.0)
    assert same_structure(p_bar, p)
    np.testing.assert_array_equal(flatten(p_bar)[0][0], 8 * W)


@pytest.mark.parametrize("p", HOLDERS.values(), ids=HOLDERS)
def test_results_are_structured_as_the_function_says(p):
    leaves, rebuild = flatten(p)

    def doubled(p):
        return rebuild([2 * x for x in flatten(p)[0]])

    y, y_dot = wg.jvp(doubled, (p,), (p,))
    y2, pullback = wg.vjp(doubled, p)
    for tree in (y, y_dot, y2, pullback(p)[0]):
        assert same_structure(tree, p)
        np.testing.assert_array_equal(flatten(tree)[0][0], 2 * leaves[0])


def test_a_class_that_is_not_registered_is_refused_by_name():
    class Stranger:
        x = 1.0

    for call in (
        lambda: wg.grad(lambda p: p.x)(Stranger()),
        lambda: wg.jvp(lambda p: p.x, (Stranger(),), (Stranger(),)),
        lambda: wg.vjp(lambda p: p.x, Stranger()),
        lambda: wg.jacobian(lambda p: p.x)(Stranger()),
    ):
        with pytest.raises(wg.DtypeError, match=r"was asked for an argument of type Stranger") as caught:
            call()
        assert caught.value.where.file == __file__
        assert "register its class with optree" in caught.value.remedy
