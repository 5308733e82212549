"""Zeros that are known, and lists that leave them out."""

import warnings

import numpy as np
import pytest

import wengert as wg
from native.agreement import as_list, assert_all_close
from wengert.native import machine
from wengert.native.indices import whole_axes
from wengert.native.rewriting import sparsity
from wengert.native.rewriting.known_zeros import zeros_of
from wengert.native.rewriting.sparsity import without_zeros

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

RNG = np.random.default_rng(0)
FINGERS, BONES, POINTS = 4, 3, 37
WEIGHTS = RNG.random((FINGERS * BONES, POINTS, 1))
PLACES = RNG.standard_normal((POINTS, 4))
ANGLES = RNG.standard_normal(FINGERS * BONES)


def bent(angles, places=PLACES, weights=WEIGHTS):
    """Points that move with fingers: a bone with its own angle and with those before it in its finger."""
    bones = []
    for angle in angles:
        c, s, zero, one = np.cos(angle), np.sin(angle), angle * 0, angle * 0 + 1
        bone = np.stack([c, -s, zero, s, s, c, zero, one, zero, zero, one, c, zero, zero, zero, one]).reshape(4, 4)
        bones.append(bone if len(bones) % BONES == 0 else np.matmul(bones[-1], bone))
    moved = np.matmul(places, np.swapaxes(np.stack(bones), 1, 2))
    return np.sum(weights * moved, axis=0)


def simple(f, *args):
    return wg.simplify(wg.trace(f)(*args))


def multiplications(lst):
    return sum(
        stmt.targets[0].type.size * stmt.operands[0].shape[-1] for stmt in lst.statements if stmt.prim.name == "matmul"
    )


def agree(f, *args):
    compiled = f if hasattr(f, "signatures") else wg.compile(f)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = as_list(compiled.list(*args).run(list(args)))
        assert_all_close(as_list(compiled(*args)), expected)
    return compiled


# --- what is known ------------------------------------------------------------------------------------------------


def mask_of(f, *args):
    lst = simple(f, *args)
    known = zeros_of(lst).get(lst.outputs[0])
    found = as_list(lst.run(list(args)))[0] != 0
    assert known is None or not np.any(found & ~known)
    return None if known is None else np.broadcast_to(known, found.shape).copy()


EYE, X = np.eye(4, 6), RNG.standard_normal((4, 6)) + 5.0


@pytest.mark.parametrize(("f", "expected"), [
    (lambda x: EYE * x, EYE), (lambda x: EYE * x[0], EYE), (lambda x: x * 0.5 * EYE / x, EYE),
    (lambda x: -(EYE * x), EYE), (lambda x: EYE * x - np.eye(4, 6, 1), EYE + np.eye(4, 6, 1)),
    (lambda x: (EYE * x).T, EYE.T), (lambda x: (EYE * x)[1:, ::2], EYE[1:, ::2]),
    (lambda x: (EYE * x)[[2, 0]], EYE[[2, 0]]), (lambda x: np.sum(EYE * x, axis=0), np.sum(EYE, axis=0)),
    (lambda x: np.reshape(EYE * x, (2, 12)), np.reshape(EYE, (2, 12))),
    (lambda x: np.concatenate([EYE * x, x], axis=1), np.hstack([EYE, np.ones((4, 6))])),
    (lambda x: (EYE * x) @ (EYE.T * x[:, :1].T), EYE @ EYE.T), (lambda x: (EYE * x).T @ x, EYE.T @ np.ones((4, 6))),
    (lambda x: (EYE * x).T[:, None] @ x, (EYE.T @ np.ones((4, 6)))[:, None]),
    (lambda x: np.broadcast_to(EYE * x, (2, 4, 6)), np.broadcast_to(EYE, (2, 4, 6))),
])  # fmt: skip
def test_zeros_are_followed(f, expected):
    np.testing.assert_array_equal(mask_of(f, X), expected != 0)


@pytest.mark.parametrize("f", [
    lambda x: EYE * x + x, lambda x: np.exp(EYE * x), lambda x: x / (EYE * x + 1.0), lambda x: x @ x.T,
    lambda x: np.sum(x, axis=0), lambda x: np.cumsum(EYE * x, axis=1),
])  # fmt: skip
def test_what_may_be_something_else_everywhere_is_not_known(f):
    assert mask_of(f, X) is None


def test_the_axes_that_an_index_takes_as_a_whole():
    table = np.array([[0, 1], [1, 1], [0, 0]])
    assert whole_axes((slice(None), 1, None), 3) == {0: 0, 2: 2}
    assert whole_axes((table,), 3) == {2: 1, 3: 2}
    assert whole_axes((slice(None), table), 3) == {0: 0, 3: 2}
    assert whole_axes((table, slice(None), table), 3) == {2: 1}
    assert whole_axes((0, Ellipsis, table), 2) == {}
    assert whole_axes((slice(None), slice(1, None)), 2) == {0: 0}


# --- what is left out ---------------------------------------------------------------------------------------------


def test_a_jacobian_leaves_out_what_does_not_move():
    lst = simple(wg.jacobian(bent), ANGLES)
    shorter = without_zeros(lst)
    assert multiplications(shorter) * 2 < multiplications(lst)
    np.testing.assert_allclose(shorter.run([ANGLES]), lst.run([ANGLES]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("points", [0, 5, 37])
def test_a_jacobian_in_parts_is_that_of_the_interpreter(points):
    def f(angles, places, weights):
        return bent(angles, places, weights)

    args = ANGLES, PLACES[:points], WEIGHTS[:, :points]
    found = wg.compile(wg.jacobian(f))(*args)
    np.testing.assert_allclose(found, wg.jacobian(f)(*args), rtol=1e-12, atol=1e-12)
    steps = np.eye(len(ANGLES)) * 1e-6
    finite = [(bent(ANGLES + h, *args[1:]) - bent(ANGLES - h, *args[1:])) / 2e-6 for h in steps]
    np.testing.assert_allclose(found, np.stack(finite, axis=-1), atol=1e-8)


def test_single_precision():
    args = [x.astype(np.float32) for x in (ANGLES, PLACES, WEIGHTS)]
    found = wg.compile(wg.jacobian(bent))(*args)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wg.jacobian(bent)(*args), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_not_finite_is_multiplied_with_zeros_as_by_the_interpreter(compiled, number):
    for bad in (np.inf, -np.inf, np.nan, 0.0):
        args = [ANGLES.copy(), PLACES.copy(), WEIGHTS.copy()]
        args[number].flat[7] = bad
        agree(compiled, *args)
    agree(compiled, ANGLES, PLACES, WEIGHTS)


@pytest.fixture(scope="module")
def compiled():
    return wg.compile(wg.jacobian(bent))


def test_zero_divided_by_zero_is_nan():
    seeds = np.repeat(np.eye(20), 20, axis=0)

    def f(x, y):
        return np.sum(seeds * x / y, axis=1)

    y = RNG.random(20) + 1.0
    assert without_zeros(simple(f, y, y)) is not simple(f, y, y)
    for k, bad in ((3, 0.0), (4, np.nan), (5, np.inf)):
        other = y.copy()
        other[k] = bad
        agree(f, y, other)


def test_two_factors_with_known_zeros():
    first, second = np.eye(24), np.roll(np.eye(24), 1, axis=1)

    def f(x, y):
        return np.sum((first * x) * (second * y + first), axis=1)

    x, y = RNG.random(24), RNG.random(24)
    agree(f, x, y)
    for k, bad in ((0, np.inf), (1, np.nan)):
        args = [x.copy(), y.copy()]
        args[k][5] = bad
        agree(f, *args)


def test_short_lists_and_lists_without_zeros_stay():
    for f in (lambda x: np.sin(x) * 2, lambda x: np.sum(np.eye(3) * x, axis=1), wg.jacobian(np.sin)):
        lst = simple(f, ANGLES[:3])
        assert without_zeros(lst) is lst
    lst = simple(wg.jacobian(np.sin), RNG.random(40))
    assert without_zeros(lst) is lst  # to put it together takes longer than to compute it


def test_derivatives_of_derivatives():
    def energy(angles):
        return np.sum(bent(angles) ** 2)

    for derivative in (wg.hessian(energy), wg.jacobian(wg.jacobian(bent))):
        found = wg.compile(derivative)(ANGLES)
        np.testing.assert_allclose(found, derivative(ANGLES), rtol=1e-9, atol=1e-9)
    compiled = wg.compile(bent)
    np.testing.assert_allclose(wg.jacobian(compiled)(ANGLES), wg.jacobian(bent)(ANGLES), rtol=1e-12, atol=1e-12)


def test_in_batches_and_in_rounds():
    many = RNG.standard_normal((3, len(ANGLES)))
    batched = wg.vmap(wg.jacobian(bent))
    np.testing.assert_allclose(wg.compile(batched)(many), batched(many), rtol=1e-12, atol=1e-12)

    def newton(angles):
        return wg.fori_loop(0, 2, lambda k, a: a - 0.1 * np.sum(wg.jacobian(bent)(a), axis=(0, 1)), angles)

    np.testing.assert_allclose(wg.compile(newton)(ANGLES), newton(ANGLES), rtol=1e-9)
    bad = ANGLES.copy()
    bad[2] = np.nan
    agree(newton, bad)


# --- many small programs --------------------------------------------------------------------------------------------


def with_zeros(rng, shape):
    x, mask = rng.standard_normal(shape), np.zeros(shape, bool)
    kind = rng.integers(4)
    if kind == 0:
        mask[rng.integers(0, shape[0], rng.integers(0, 2))] = True
    elif kind == 1:
        mask = rng.random(shape) < 0.15
    elif kind == 2 and len(shape) > 1:
        mask[np.arange(shape[0]), rng.integers(0, shape[1], shape[0])] = True
    else:
        mask[rng.integers(0, shape[0])] = True
    return np.where(mask, x, 0.0)


def as_column(x):
    return x[:, None] if x.ndim == 1 or x.shape[1] != 1 else x


OPERATIONS = [
    lambda x, y, k: x * y, lambda x, y, k: x + y, lambda x, y, k: x - y, lambda x, y, k: x @ y, lambda x, y, k: -x,
    lambda x, y, k: x[:, k % x.shape[1]], lambda x, y, k: np.sum(x, axis=k % x.ndim),
    lambda x, y, k: np.swapaxes(x, -1, -2), lambda x, y, k: x[:, None], lambda x, y, k: x / (y * y + 1.0),
    lambda x, y, k: np.concatenate([x, x * 2.0, y], axis=k % x.ndim), lambda x, y, k: x.reshape(len(x), -1),
    lambda x, y, k: np.concatenate([as_column(x), as_column(y * 3.0)], axis=1), lambda x, y, k: x[..., :2],
    lambda x, y, k: with_zeros(np.random.default_rng(k), x.shape) * x, lambda x, y, k: np.sum(x * y, axis=1),
]  # fmt: skip


def program(seed):
    """A function of arrays with many constants that have zeros, and arguments."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(3, 9)), int(rng.integers(1, 7))
    a, b, c = rng.standard_normal(m), rng.standard_normal((n, m, 3, 3)), rng.standard_normal((3, 3))

    def f(a, b, c):
        own = np.random.default_rng(seed + 1)
        known = [with_zeros(own, shape) for shape in ((n, m), (n, m, 3, 3), (n,), (n, 3, 3))]
        pool = [known[0] * a, known[1] * c, b, c, a, known[2] * a[0], known[3] @ c]
        for _ in range(int(own.integers(4, 16))):
            x, y = (pool[int(own.integers(len(pool)))] for _ in range(2))
            k, operation = int(own.integers(100)), OPERATIONS[int(own.integers(len(OPERATIONS)))]
            try:
                z = operation(x, y, k)
            except (ValueError, IndexError):  # shapes that do not go together
                continue
            if 0 < z.size < 6_000 and 1 <= z.ndim <= 5:
                pool.append(z)
        return tuple(pool[-4:])

    return f, (a, b, c)


@pytest.fixture
def always(monkeypatch):
    """Leave out what is known, whether it is worth it or not."""
    for name, value in (("_FEWEST", 1), ("_SMALLEST", 1), ("_GAIN", 0.0), ("_RARE", 1.0)):
        monkeypatch.setattr(sparsity, name, value)


@pytest.mark.parametrize("start", range(0, 100, 20))
def test_programs_are_the_same_without_zeros(always, start):
    changed = 0
    for seed in range(start, start + 20):
        f, args = program(seed)
        lst = simple(f, *args)
        rewritten = without_zeros(lst)
        changed += rewritten is not lst
        assert_all_close(as_list(rewritten.run(list(args))), as_list(lst.run(list(args))))
    assert changed > 10


@pytest.mark.parametrize("seed", range(300, 308))
def test_programs_are_the_same_as_machine_code(always, seed):
    f, args = program(seed)
    agree(f, *args)
    rng = np.random.default_rng(seed)
    for number in range(3):
        bad = [x.copy() for x in args]
        bad[number].flat[rng.integers(bad[number].size)] = rng.choice([np.inf, -np.inf, np.nan])
        agree(f, *bad)
