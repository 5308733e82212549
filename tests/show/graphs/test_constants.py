"""Arrays that a function reads without being given them are called as its lines call them, where that is sure."""

import functools

import numpy as np

import wengert as wg

POINTS = np.array([1.0, 2.0, 4.0])
TWIN = POINTS.copy()


def constants(f, *args, **options):
    """Titles of the constants, and formulas of the operations."""
    nodes = wg.graph(f, *args, **options).graph.nodes
    return [node.title for node in nodes if node.kind == "constant"], [
        node.formula for node in nodes if node.kind == "operation"
    ]


def test_globals_and_variables_of_a_closure_have_their_names():
    targets = np.array([0.0, 1.0, 1.0])
    titles, formulas = constants(lambda w: np.tanh(POINTS * w) - targets, 2.0)
    assert titles == ["POINTS", "targets"]
    assert formulas == ["POINTS · w", "tanh(v₁)", "v₂ - targets"]


def test_the_node_says_the_type_and_the_edge_the_name():
    picture = wg.graph(lambda w: POINTS * w, np.ones(3))
    node = next(node for node in picture.graph.nodes if node.kind == "constant")
    assert (node.title, node.type) == ("POINTS", "f64[3]")
    assert [edge.label for edge in picture.graph.edges if edge.label] == ["POINTS"]


def test_a_name_that_the_line_does_not_say_is_not_used():
    def shifted(w):
        double = POINTS * 2.0
        return w * double

    def unrelated(w):
        return w + np.array([1.0, 2.0, 4.0]) if POINTS.size else w

    def derived(w):
        return w * POINTS[::-1]

    assert constants(shifted, 3.0)[0] == ["f64[3]"]
    assert constants(derived, 3.0)[0] == ["f64[3]"]
    assert constants(functools.partial(derived), 3.0)[0] == ["f64[3]"]
    assert constants(unrelated, 3.0)[0] == ["POINTS"]  # the same elements, in a line with the name


def test_of_two_names_for_the_same_elements_none_is_used():
    assert constants(lambda w: w * POINTS + TWIN, 2.0)[0] == ["f64[3]", "f64[3]"]


def test_a_name_that_a_value_has_is_not_given_again():
    def f(w):
        def doubled():
            POINTS = w * 2.0  # hides the global here
            return np.sin(POINTS)

        return doubled() + POINTS

    nodes = wg.graph(f, np.ones(3)).graph.nodes
    assert [node.title for node in nodes if node.formula == "w · 2"] == ["POINTS"]
    assert "f64[3]" in [node.title for node in nodes if node.kind == "constant"]


def test_numbers_are_called_by_their_value():
    rate = np.float64(0.5)
    assert constants(lambda w: w * rate, 2.0)[0] == ["0.5"]
