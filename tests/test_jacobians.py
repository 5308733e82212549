"""Jacobians and Hessians: shapes, structures, modes, and the number of passes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import wengert as wg
from wengert import numeric

MODES = ["auto", "forward", "reverse"]
V = np.array([0.5, -1.0, 2.0])
M = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])

# Function and argument: results and arguments of all shapes.
SHAPES = {
    "number to number": (np.sin, np.float64(0.5)),
    "number to vector": (lambda x: x * V, np.float64(0.5)),
    "number to matrix": (lambda x: np.exp(x) * M, np.float64(0.5)),
    "vector to number": (lambda x: np.sum(x**3), V),
    "vector to vector": (lambda x: M @ x, V),
    "vector to longer vector": (lambda x: np.concatenate([np.sin(x), x * x]), V),
    "vector to matrix": (lambda x: np.outer(x, x[:2]), V),
    "matrix to number": (lambda x: np.sum(x * x), M),
    "matrix to vector": (lambda x: x @ V, M),
    "matrix to matrix": (lambda x: x.T * 2 + x.T**2, M),
    "vector of one": (lambda x: x * 2, np.array([3.0])),
    "empty to vector": (lambda x: np.ones(2) + np.sum(x), np.zeros(0)),
    "vector to empty": (lambda x: x[:0], V),
    "empty to empty": (lambda x: x * 2, np.zeros((0, 3))),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("f", "x"), SHAPES.values(), ids=SHAPES)
def test_the_shape_is_that_of_the_result_and_then_that_of_the_argument(f, x, mode):
    found = wg.jacobian(f, mode=mode)(x)
    y = f(x)
    assert found.shape == np.shape(y) + np.shape(x)
    assert found.dtype == np.float64
    if found.size:
        np.testing.assert_allclose(found, numeric.jacobian(f, x, "richardson"), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("mode", MODES)
def test_single_precision_stays(mode):
    assert wg.jacobian(lambda x: np.sin(x) * 2, mode=mode)(np.float32(V)).dtype == np.float32
    assert wg.jacobian(lambda x: x[:0], mode=mode)(np.float32(V)).shape == (0, 3)


@pytest.mark.parametrize("mode", MODES)
def test_integer_results_have_zero_derivatives(mode):
    found = wg.jacobian(lambda x: np.floor(x).astype(int), mode=mode)(V)
    np.testing.assert_array_equal(found, np.zeros((3, 3)))
    np.testing.assert_array_equal(wg.jacobian(lambda x: 3, mode=mode)(V), np.zeros(3))


# --- several arguments and containers --------------------------------------------------------------------------


def affine(w, x, b):
    return w @ x + b


@pytest.mark.parametrize("mode", MODES)
def test_argnums_choose_the_arguments(mode):
    args = (M, V, np.ones(2))
    np.testing.assert_array_equal(wg.jacobian(affine, 1, mode=mode)(*args), M)
    np.testing.assert_array_equal(wg.jacobian(affine, -1, mode=mode)(*args), np.eye(2))
    by_b, by_w = wg.jacobian(affine, (2, 0), mode=mode)(*args)
    np.testing.assert_array_equal(by_b, np.eye(2))
    np.testing.assert_array_equal(by_w, np.einsum("ij,k->ijk", np.eye(2), V))
    (alone,) = wg.jacobian(affine, [1], mode=mode)(*args)
    np.testing.assert_array_equal(alone, M)
    np.testing.assert_array_equal(wg.jacobian(affine, np.int64(1), mode=mode)(*args), M)
    np.testing.assert_array_equal(wg.jacobian(affine, mode=mode)(M, V, b=np.ones(2)), by_w)


class Pair(NamedTuple):
    left: object
    right: object


@pytest.mark.parametrize("mode", MODES)
def test_the_structure_is_that_of_the_result_and_within_that_of_the_argument(mode):
    def f(p):
        return {"sum": np.sum(p["a"]) * p["b"].left, "both": [p["a"] * 2, p["b"].right ** 2]}

    p = {"a": V, "b": Pair(np.float64(3.0), np.ones(2))}
    found = wg.jacobian(f, mode=mode)(p)
    assert set(found) == {"sum", "both"}
    assert isinstance(found["sum"]["b"], Pair)
    np.testing.assert_array_equal(found["sum"]["a"], np.full(3, 3.0))
    assert found["sum"]["b"].left == np.sum(V)
    np.testing.assert_array_equal(found["sum"]["b"].right, np.zeros(2))
    np.testing.assert_array_equal(found["both"][0]["a"], 2 * np.eye(3))
    assert found["both"][0]["b"].right.shape == (3, 2)
    np.testing.assert_array_equal(found["both"][1]["b"].right, 2 * np.eye(2))
    assert found["both"][1]["a"].shape == (2, 3)


@pytest.mark.parametrize("mode", MODES)
def test_several_arguments_within_several_results(mode):
    found = wg.jacobian(lambda x, y: (x * y, x + y), (0, 1), mode=mode)(2.0, 3.0)
    assert found == ((3.0, 2.0), (1.0, 1.0))


# --- passes ----------------------------------------------------------------------------------------------------


def counted(f):
    """The function and the number of times it was evaluated."""
    calls = []

    def counting(x):
        calls.append(type(x))
        return f(x)

    return counting, calls


PASSES = {
    "fewer arguments": (lambda x: np.concatenate([x, x]), V, 2, 0),  # one for the first number, one for the others
    "as many": (lambda x: x * x, V, 2, 0),
    "more arguments": (lambda x: x[:2] * 2, V, 1, 1),  # one forward pass finds the number of results
    "one result": (np.sum, np.ones(50), 1, 1),
    "one argument": (lambda x: x * np.ones(50), np.float64(1.0), 1, 0),
    "no argument": (lambda x: np.ones(3), np.zeros(0), 0, 1),
    "no result": (lambda x: x[:0], V, 1, 1),
}


@pytest.mark.parametrize(("f", "x", "forward", "reverse"), PASSES.values(), ids=PASSES)
def test_auto_goes_forward_for_few_arguments_and_backward_for_few_results(f, x, forward, reverse):
    counting, calls = counted(f)
    wg.jacobian(counting)(x)
    assert [c.__name__ for c in calls] == ["Dual"] * forward + ["Tensor"] * reverse


@pytest.mark.parametrize(("n", "m"), [(2, 5), (5, 2)])
def test_a_mode_that_is_named_is_taken(n, m):
    def f(x):
        return np.concatenate([x, x, x])[:m] * 2

    counting, calls = counted(f)
    wg.jacobian(counting, mode="forward")(np.ones(n))
    assert [c.__name__ for c in calls] == ["Dual"] * 2  # the first number, and all others at once
    counting, calls = counted(f)
    wg.jacobian(counting, mode="reverse")(np.ones(n))
    assert [c.__name__ for c in calls] == ["Tensor"]


def test_directions_go_together_by_128():
    counting, calls = counted(np.sin)
    np.testing.assert_allclose(wg.jacobian(counting)(np.zeros(300)), np.eye(300))
    assert len(calls) == 1 + 3


def test_a_list_has_all_directions_together():
    def f(x):
        return np.tanh(M @ x)

    lst = wg.simplify(wg.trace(wg.jacobian(f, mode="forward"))(V))
    assert [stmt.prim.name for stmt in lst.statements] == ["matmul", "sech_squared", "multiply", "transpose"]
    np.testing.assert_allclose(lst.run([V])[0], wg.jacobian(f)(V), rtol=1e-14)
    many = np.linspace(-1.0, 1.0, 300)
    lst = wg.trace(wg.jacobian(np.sin, mode="forward"))(many)
    np.testing.assert_allclose(lst.run([many])[0], np.diag(np.cos(many)), rtol=1e-14)


def test_directions_in_containers_go_together():
    counting, calls = counted(lambda p: np.concatenate([p["a"], p["b"].ravel() ** 2, p["a"]]))
    found = wg.jacobian(counting)({"a": V, "b": np.ones((2, 1))})
    np.testing.assert_array_equal(found["a"], np.vstack([np.eye(3), np.zeros((2, 3)), np.eye(3)]))
    np.testing.assert_array_equal(found["b"][3:5, :, 0], 2 * np.eye(2))
    assert len(calls) == 2


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_what_has_no_rule_for_batches_goes_one_by_one(mode):
    def f(x):  # whether a matrix is triangular is asked of numbers
        t, _ = wg.linalg.schur(np.diag(x) + 0.1 * np.outer(x, x))
        return np.diag(t)

    x = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(wg.jacobian(f, mode=mode)(x), numeric.jacobian(f, x, "richardson"), rtol=1e-7, atol=1e-8)


def test_an_unknown_mode_is_refused_at_once():
    with pytest.raises(wg.ArgumentError, match="jacobian got mode='both'") as caught:
        wg.jacobian(np.sin, mode="both")
    assert caught.value.remedy == 'Use "auto", "forward" or "reverse".'
    assert caught.value.where.file == __file__


# --- complex numbers -------------------------------------------------------------------------------------------

Z = np.array([1 + 2j, -0.5 + 0.25j])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("f", "derivative"),
    [(np.exp, np.exp), (lambda z: z**3, lambda z: 3 * z**2), (lambda z: (2 - 1j) * z, lambda z: 2 - 1j + 0 * z)],
)
def test_a_holomorphic_function_has_a_complex_jacobian(mode, f, derivative):
    np.testing.assert_allclose(wg.jacobian(f, mode=mode)(Z), np.diag(derivative(Z)), rtol=1e-14)
    assert wg.jacobian(f, mode=mode)(Z[0]) == pytest.approx(derivative(Z[0]))


@pytest.mark.parametrize("mode", MODES)
def test_a_product_with_a_complex_matrix(mode):
    A = np.array([[1 + 1j, 2.0], [0.5j, -1.0], [3.0, 1j]])
    np.testing.assert_allclose(wg.jacobian(lambda z: A @ z, mode=mode)(Z), A, rtol=1e-15)


@pytest.mark.parametrize("mode", MODES)
def test_a_real_function_of_complex_numbers_has_rows_of_gradients(mode):
    found = wg.jacobian(lambda z: np.array([1.0, 2.0]) * np.abs(z) ** 2, mode=mode)(Z)
    np.testing.assert_allclose(found, np.diag([2 * Z[0], 4 * Z[1]]), rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_a_complex_function_of_real_numbers(mode):
    found = wg.jacobian(lambda x: np.exp(1j * x), mode=mode)(V)
    np.testing.assert_allclose(found, np.diag(1j * np.exp(1j * V)), rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("f", [np.conj, lambda z: z * np.conj(z), lambda z: z.real + 0j, lambda z: abs(z) * z])
def test_a_function_that_is_not_holomorphic_has_no_complex_jacobian(mode, f):
    with pytest.raises(wg.ArgumentError, match="it is not holomorphic") as caught:
        wg.jacobian(f, mode=mode)(Z)
    assert caught.value.where.file == __file__
    assert "depends on the direction" in caught.value.why
    assert "real and imaginary part" in caught.value.remedy


# --- Hessians --------------------------------------------------------------------------------------------------


def test_the_hessian_of_a_number():
    second = wg.hessian(lambda x: x**3)(2.0)
    assert (second, np.shape(second)) == (12.0, ())


def test_the_hessian_of_a_vector():
    found = wg.hessian(lambda x: x[0] ** 2 * x[1] + np.sin(x[2]))(V)
    expected = [[2 * V[1], 2 * V[0], 0], [2 * V[0], 0, 0], [0, 0, -np.sin(V[2])]]
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-15)


def test_the_hessian_of_a_matrix():
    found = wg.hessian(lambda x: np.sum(x @ x.T))(M)
    assert found.shape == (2, 3, 2, 3)
    ones = np.ones((2, 2))
    np.testing.assert_allclose(found, 2 * np.einsum("ik,jl->ijkl", ones, np.eye(3)), rtol=1e-14)


def test_the_hessian_of_several_arguments():
    (xx, xy), (yx, yy) = wg.hessian(lambda x, y: x * x * y + y**3, (0, 1))(2.0, 3.0)
    assert (xx, xy, yx, yy) == (6.0, 4.0, 4.0, 18.0)
    assert wg.hessian(lambda x, y: x * x * y, 1)(2.0, 3.0) == 0.0


def test_the_hessian_of_a_container():
    def f(p):
        return p["w"] @ p["w"] * p["b"]

    found = wg.hessian(f)({"w": V, "b": 2.0})
    np.testing.assert_array_equal(found["w"]["w"], 4 * np.eye(3))
    np.testing.assert_array_equal(found["w"]["b"], 2 * V)
    np.testing.assert_array_equal(found["b"]["w"], 2 * V)
    assert found["b"]["b"] == 0.0


def test_a_hessian_agrees_with_other_routes_to_it():
    def f(x):
        return np.sum(np.exp(x) * x[::-1]) + np.prod(x)

    found = wg.hessian(f)(V)
    for other in (
        wg.jacobian(wg.grad(f), mode="reverse")(V),
        wg.jacobian(wg.jacobian(f, mode="forward"), mode="forward")(V),
        wg.jacobian(wg.jacobian(f, mode="forward"), mode="reverse")(V),
        numeric.jacobian(wg.grad(f), V, "richardson"),
        np.stack([wg.hvp(f, (V,), (unit,)) for unit in np.eye(3)]),
    ):
        np.testing.assert_allclose(found, other, rtol=1e-9)
    np.testing.assert_allclose(found, found.T, rtol=1e-14)


def test_third_derivatives_of_a_vector_function():
    third = wg.jacobian(wg.hessian(lambda x: np.sum(x**3)))(V)
    assert third.shape == (3, 3, 3)
    np.testing.assert_allclose(third, 6 * np.einsum("ij,jk->ijk", np.eye(3), np.eye(3)))


def test_a_jacobian_inside_a_gradient():
    def f(x):
        return np.sum(wg.jacobian(lambda z: np.sin(z) * x)(x) ** 2)

    for mode in MODES:

        def g(x, mode=mode):
            return np.sum(wg.jacobian(lambda z: np.sin(z) * x, mode=mode)(x) ** 2)

        np.testing.assert_allclose(wg.grad(g)(V), numeric.gradient(f, V, "richardson"), rtol=1e-8)


def test_jacobians_share_memory_with_nothing():
    found = wg.jacobian(lambda x: (x, x * 1.0), mode="forward")(V)
    found[0][...] = 9.0
    np.testing.assert_array_equal(found[1], np.eye(3))
    assert found[1].flags.writeable
    reverse = wg.jacobian(lambda x: x, mode="reverse")(V)
    reverse[...] = 9.0
    np.testing.assert_array_equal(V, [0.5, -1.0, 2.0])


def test_jacobians_of_tensors_and_within_no_grad():
    t = wg.tensor(V, requires_grad=True)
    found = wg.jacobian(lambda x: x * t)(V)
    assert isinstance(found, wg.Tensor)
    np.sum(found).backward()
    np.testing.assert_array_equal(t.grad.numpy(), np.ones(3))
    with wg.no_grad():
        np.testing.assert_array_equal(wg.jacobian(lambda x: x * x)(V), np.diag(2 * V))
