"""The program for the GradBench suite: what it answers to each module's inputs, and the protocol itself."""

import itertools
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from benchmarks.gradbench.descent import GRADIENTS, argmin
from scipy import special, stats
from scipy.spatial.transform import Rotation

RNG = np.random.default_rng(20)
ENVIRONMENT = {**os.environ, "WENGERT_CACHE": "0"}


class Session:
    """The program, and the other end of its pipes."""

    def __init__(self):
        command = [sys.executable, "-m", "benchmarks.gradbench"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, **pipes, text=True, env=ENVIRONMENT)
        self.asked = 0

    def say(self, line):
        """The answer to a line."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ask(self, kind, **parts):
        """The answer to a message, whose id it has."""
        self.asked += 1
        answer = self.say(json.dumps({"id": self.asked, "kind": kind, **parts}))
        assert answer.pop("id") == self.asked
        return answer

    def evaluate(self, module, function, given):
        """The output of a function of a module."""
        answer = self.ask("evaluate", module=module, function=function, input=given, description="small")
        assert answer["success"], answer["error"]
        assert answer["timings"]
        for timing in answer["timings"]:
            assert timing["name"] == "evaluate"
            assert isinstance(timing["nanoseconds"], int)
            assert timing["nanoseconds"] > 0
        return answer["output"]

    def close(self):
        """Close the pipe and wait."""
        rest, _ = self.process.communicate(timeout=30)
        return rest, self.process.returncode


@pytest.fixture(scope="module")
def session():
    program = Session()
    yield program
    assert program.close() == ("", 0)


def runs(given, min_runs=1, min_seconds=0):
    """An input with what the suite adds to it."""
    plain = {name: part.tolist() if isinstance(part, np.ndarray) else part for name, part in given.items()}
    return {**plain, "min_runs": min_runs, "min_seconds": min_seconds}


def central(f, x, step=1e-6):
    """Derivative of f (whose values may be arrays) in each element of x: the axes of x come last."""
    columns = []
    for i in range(x.size):
        moved = np.zeros(x.size)
        moved[i] = step
        moved = moved.reshape(x.shape)
        columns.append((np.asarray(f(x + moved)) - np.asarray(f(x - moved))) / (2.0 * step))
    return np.stack(columns, axis=-1).reshape(*np.shape(columns[0]), *x.shape)


def close(found, expected, rtol=1e-9, atol=1e-12):
    """Equal to rounding, in shape too, and finite."""
    found, expected = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    assert found.shape == expected.shape
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


# --- modules ---------------------------------------------------------------------------------------------------------


def test_hello(session):
    assert session.evaluate("hello", "square", 3.0) == 9.0
    assert session.evaluate("hello", "double", 3) == 6.0


def test_lse(session):
    x = RNG.uniform(-900.0, 900.0, 40)
    x[:4] = 900.0 + np.arange(4.0)
    close(session.evaluate("lse", "primal", runs({"x": x})), special.logsumexp(x))
    close(session.evaluate("lse", "gradient", runs({"x": x})), special.softmax(x))


@pytest.mark.parametrize("n", [6, 9])  # for an odd one there is a point at 0, whose sign is 0
def test_llsq(session, n):
    x = RNG.standard_normal(4)
    powers = np.vander([2.0 * i / (n - 1) - 1.0 for i in range(n)], 4, increasing=True)
    residual = np.array([(2 * i > n - 1) - (2 * i < n - 1) for i in range(n)]) - powers @ x
    close(session.evaluate("llsq", "primal", runs({"x": x, "n": n})), 0.5 * residual @ residual)
    close(session.evaluate("llsq", "gradient", runs({"x": x, "n": n})), -powers.T @ residual)


def taylor_steps(x, steps):
    """y(2): with a component before the first that stays 1 the equation is y' = M y, and M has no other elements.

    A classical Runge-Kutta step of length h multiplies by the series of exp(h M) up to the fourth power.
    """
    matrix = np.diag(x, -1) * 2.0 / steps
    powers = [np.linalg.matrix_power(matrix, j) / math.factorial(j) for j in range(5)]
    return np.linalg.matrix_power(sum(powers), steps)[1:, 0]


@pytest.mark.parametrize(("n", "steps"), [(4, 3), (7, 2), (7, 1)])
def test_ode(session, n, steps):
    x = RNG.uniform(0.5, 1.5, n)
    y = taylor_steps(x, steps)
    if n == 4:  # polynomials up to the fourth degree are solved exactly
        close(y, np.cumprod(x) * [2.0, 2.0, 4.0 / 3.0, 2.0 / 3.0])
    close(session.evaluate("ode", "primal", runs({"x": x, "s": steps})), y)
    assert (y[-1] == 0.0) == (n > 4 * steps)
    # yᵢ is a number times x₀ … xᵢ.
    close(session.evaluate("ode", "gradient", runs({"x": x, "s": steps})), y[-1] / x)


@pytest.mark.parametrize("ell", [1, 4, 9])
def test_det(session, ell):
    a = RNG.random((ell, ell))
    given = runs({"A": a.ravel(), "ell": ell})
    close(session.evaluate("det", "primal", given), np.linalg.det(a))
    cofactors = np.linalg.det(a) * np.linalg.inv(a).T
    close(session.evaluate("det", "gradient", given), cofactors.ravel(), rtol=1e-8)


def test_kmeans(session):
    points = RNG.random((40, 3))
    centroids = points[-4:]
    distances = np.sum((points[:, None] - centroids) ** 2, axis=2)
    nearest = np.argmin(distances, axis=1)
    given = runs({"points": points, "centroids": centroids})
    close(session.evaluate("kmeans", "cost", given), np.sum(np.min(distances, axis=1)))
    # Newton's step goes to the mean of a centroid's points.
    step = [centroid - np.mean(points[nearest == k], axis=0) for k, centroid in enumerate(centroids)]
    close(session.evaluate("kmeans", "dir", given), step)


def posterior(alpha, mu, q, low, x, m, gamma):
    """By the distributions of SciPy."""
    d = x.shape[1]
    likelihood, prior = 0.0, 0.0
    for weight, mean, logs, triangle in zip(special.softmax(alpha), mu, q, low, strict=True):
        factor = np.diag(np.exp(logs))
        factor.T[np.triu_indices(d, 1)] = triangle  # column by column
        precision = factor.T @ factor
        likelihood = likelihood + weight * stats.multivariate_normal(mean, np.linalg.inv(precision)).pdf(x)
        prior += stats.wishart(d + m + 1, np.eye(d) / gamma**2).logpdf(precision)
    return np.sum(np.log(likelihood)) + prior


@pytest.mark.parametrize(("d", "m", "gamma"), [(2, 0, 1.0), (3, 2, 1.3)])
def test_gmm(session, d, m, gamma):
    k, n = 3, 8
    values = {
        "alpha": RNG.standard_normal(k),
        "mu": RNG.random((k, d)),
        "q": 0.5 * RNG.standard_normal((k, d)),
        "l": RNG.standard_normal((k, d * (d - 1) // 2)),
    }
    x = RNG.standard_normal((n, d))
    given = runs({"d": d, "k": k, "n": n, "x": x, "m": m, "gamma": gamma, **values})
    close(session.evaluate("gmm", "objective", given), posterior(*values.values(), x, m, gamma))
    gradients = session.evaluate("gmm", "jacobian", given)
    assert set(gradients) == set(values)
    for name, value in values.items():

        def of_one(moved, name=name):
            return posterior(*{**values, name: moved}.values(), x, m, gamma)

        close(gradients[name], central(of_one, value), rtol=1e-6, atol=1e-6)


def language_loss(main, extra, state, sequence):
    """Number by number."""

    def sigmoid(x):
        return 1.0 / (1.0 + math.exp(-x))

    bits, layers = sequence.shape[1], len(main) // 2
    hidden, cells = state[0::2].copy(), state[1::2].copy()
    total = 0.0
    for now, following in itertools.pairwise(sequence):
        guess = []
        for b in range(bits):
            x = now[b] * extra[0, b]
            for i in range(layers):
                weights, biases, h = main[2 * i, b::bits], main[2 * i + 1, b::bits], hidden[i, b]
                forget, enter = sigmoid(x * weights[0] + biases[0]), sigmoid(h * weights[1] + biases[1])
                leave, change = sigmoid(x * weights[2] + biases[2]), math.tanh(h * weights[3] + biases[3])
                cells[i, b] = cells[i, b] * forget + enter * change
                x = hidden[i, b] = leave * math.tanh(cells[i, b])
            guess.append(x * extra[1, b] + extra[2, b])
        scale = math.log(2.0 + sum(map(math.exp, guess)))
        total += sum(bit * (g - scale) for bit, g in zip(following, guess, strict=True))
    return -total / (bits * (len(sequence) - 1))


def test_lstm(session):
    main, extra, state = RNG.uniform(-1.0, 1.0, (4, 56)), RNG.uniform(-1.0, 1.0, (3, 14)), RNG.random((4, 14))
    sequence = RNG.integers(0, 2, (4, 14)).astype(np.float64)
    given = runs({"main_params": main, "extra_params": extra, "state": state, "sequence": sequence})
    close(session.evaluate("lstm", "objective", given), language_loss(main, extra, state, sequence))
    both = np.concatenate([main.ravel(), extra.ravel()])

    def of_both(moved):
        return language_loss(moved[:224].reshape(4, 56), moved[224:].reshape(3, 14), state, sequence)

    close(session.evaluate("lstm", "jacobian", given), central(of_both, both, 1e-5), rtol=1e-6, atol=1e-9)


def reprojection(parameters, feature):
    """Errors of one observation: rotated by SciPy."""
    rotation, centre, focal, principal, radial, point, weight = np.split(parameters, [3, 6, 7, 9, 11, 14])
    x = Rotation.from_rotvec(rotation).apply(point - centre)
    flat = x[:2] / x[2]
    square = flat @ flat
    return weight * (flat * (1.0 + radial[0] * square + radial[1] * square**2) * focal + principal - feature)


@pytest.mark.parametrize("rotation", [[0.3, -0.2, 0.1], [0.0, 0.0, 0.0]], ids=["rotated", "straight"])
def test_ba(session, rotation):
    cam = np.array([*rotation, 0.1, -0.2, 0.3, 1.2, 0.4, -0.3, 0.05, -0.02])
    x, w, feat = np.array([0.5, -0.6, 4.0]), 0.7, np.array([0.2, 0.3])
    n, m, p = 2, 3, 13
    given = runs({"n": n, "m": m, "p": p, "cam": cam, "x": x, "w": w, "feat": feat})
    one = np.array([*cam, *x, w])
    errors = session.evaluate("ba", "objective", given)
    assert set(errors) == {"reproj_error", "w_err"}
    assert errors["reproj_error"]["repeated"] == errors["w_err"]["repeated"] == p
    close(errors["reproj_error"]["elements"], reprojection(one, feat))
    close(errors["w_err"]["element"], 1.0 - w * w)

    sparse = session.evaluate("ba", "jacobian", given)
    assert set(sparse) == {"rows", "cols", "vals"}
    # Compressed rows of 15 elements, of which 30 starts are shown, and where the last of all 3 p rows ends.
    assert sparse["rows"] == [*range(0, 26 * 15 + 1, 15), 391, 392, 393, 403]
    first = [*range(11), 11 * n, 11 * n + 1, 11 * n + 2, 11 * n + 3 * m]
    assert sparse["cols"] == [*first, *first, 11 * n + 3 * m + p - 1]
    block = central(lambda moved: reprojection(moved, feat), one)
    close(sparse["vals"], [*block.ravel(), -2.0 * w], rtol=1e-7, atol=1e-8)


# --- hand tracking ---------------------------------------------------------------------------------------------------

FINGERS = [(-1, 0, *(1 if bone % 4 == 2 else bone - 1 for bone in range(2, 22))), (-1, 0, *range(1, 21))]


def hand_model(parents, is_mirrored, vertices=9):
    """A hand of 22 bones that was drawn, as the suite's input has it."""
    transforms = np.tile(np.eye(4), (2, 22, 1, 1))
    transforms[:, :, :3] += 0.2 * RNG.standard_normal((2, 22, 3, 4))
    positions = np.concatenate([RNG.standard_normal((vertices, 3)), np.ones((vertices, 1))], axis=1)
    weights = RNG.random((vertices, 22))
    return {
        "bone_count": 22,
        "bone_names": [f"bone{i}" for i in range(22)],
        "parents": list(parents),
        "base_relatives": transforms[0].tolist(),
        "inverse_base_absolutes": transforms[1].tolist(),
        "base_positions": positions.tolist(),
        "weights": (weights / np.sum(weights, axis=1, keepdims=True)).tolist(),
        "triangles": RNG.integers(0, vertices, (5, 3)).tolist(),
        "is_mirrored": is_mirrored,
    }


def hand_errors(theta, us, data):
    """Bone by bone and point by point, with SciPy's rotations."""
    model = data["model"]
    absolute = []
    for bone, parent in enumerate(model["parents"]):
        angles = np.zeros(2)
        if bone >= 2 and (bone - 2) % 4 < 3:  # four bones a finger, of which the first bends about two axes
            finger, place = divmod(bone - 2, 4)
            mine = theta[6 + 4 * finger : 10 + 4 * finger]
            angles[:] = [(mine[0], mine[1]), (mine[2], 0.0), (mine[3], 0.0)][place]
        bend = np.eye(4)
        bend[:3, :3] = (Rotation.from_rotvec([0, 0, angles[1]]) * Rotation.from_rotvec([angles[0], 0, 0])).as_matrix()
        own = np.array(model["base_relatives"][bone]) @ bend
        absolute.append(own if parent == -1 else absolute[parent] @ own)

    def vertex(v):
        place = np.zeros(3)
        for bone, weight in enumerate(model["weights"][v]):
            moved = absolute[bone] @ np.array(model["inverse_base_absolutes"][bone]) @ model["base_positions"][v]
            place += weight * moved[:3]
        place *= [-1.0 if model["is_mirrored"] else 1.0, 1.0, 1.0]
        return Rotation.from_rotvec(theta[:3]).apply(place) + theta[3:6]

    found = []
    for i, (correspondence, point) in enumerate(zip(data["correspondences"], data["points"], strict=True)):
        if us is None:
            place = vertex(correspondence)
        else:
            a, b, c = map(vertex, model["triangles"][correspondence])
            place = us[i, 0] * a + us[i, 1] * b + (1.0 - us[i, 0] - us[i, 1]) * c
        found.append(np.array(point) - place)
    return np.concatenate(found)


@pytest.mark.parametrize(
    ("parents", "with_us"), [(FINGERS[0], False), (FINGERS[1], True)], ids=["simple", "complicated"]
)
def test_ht(session, parents, with_us):
    data = {"model": hand_model(parents, is_mirrored=with_us), "points": RNG.standard_normal((4, 3)).tolist()}
    data["correspondences"] = [4, 0, 1, 4] if with_us else [3, 0, 7, 3]
    theta, us = RNG.uniform(-0.7, 0.7, 26), RNG.random((4, 2)) if with_us else None
    given = runs({"theta": theta, "data": data, "us": us if with_us else []})
    close(session.evaluate("ht", "objective", given), hand_errors(theta, us, data), atol=1e-11)
    expected = central(lambda moved: hand_errors(moved, us, data), theta)
    if with_us:
        of_us = central(lambda moved: hand_errors(theta, moved, data).reshape(4, 3), us)  # (4, 3, 4, 2)
        own = np.concatenate([of_us[i, :, i] for i in range(4)])
        expected = np.concatenate([own, expected], axis=1)
    close(session.evaluate("ht", "jacobian", given), expected, rtol=1e-6, atol=1e-7)


def test_ht_without_rotation(session):
    # The suite takes a rotation by less than 1e-4 for none, which has no derivative.
    model = hand_model(FINGERS[0], is_mirrored=False)
    data = {"model": model, "correspondences": [5, 1, 5, 8], "points": RNG.standard_normal((4, 3)).tolist()}
    theta = RNG.uniform(-0.7, 0.7, 26)
    theta[:3] = 0.0
    given = runs({"theta": theta, "data": data, "us": []})
    close(session.evaluate("ht", "objective", given), hand_errors(theta, None, data), atol=1e-11)
    expected = central(lambda moved: hand_errors(np.concatenate([theta[:3], moved]), None, data), theta[3:])
    found = np.array(session.evaluate("ht", "jacobian", given))
    assert not found[:, :3].any()
    close(found[:, 3:], expected, rtol=1e-6, atol=1e-7)


# --- descents: the same as plain programs ----------------------------------------------------------------------------


def descent(f, gradient, start):
    """What the suite specifies."""
    x = np.array(start, dtype=np.float64)
    y, g, eta, good = f(x), gradient(x), 1e-5, 0
    while True:
        if np.linalg.norm(g) <= 1e-5:
            return x
        if good == 10:
            eta, good = 2.0 * eta, 0
            continue
        moved = x - eta * g
        if np.linalg.norm(x - moved) <= 1e-5:
            return x
        value = f(moved)
        if value < y:
            x, y, g, good = moved, value, gradient(moved), good + 1
        else:
            eta, good = eta / 2.0, 0


@pytest.mark.parametrize("mode", ["f", "r"])
@pytest.mark.parametrize(
    ("scales", "start"),
    [([1.0, 30.0], [1.0, -0.7]), ([1.0, 400.0], [1.0, -0.7]), ([0.001, 0.03], [1e3, -2e3])],
    ids=str,
)
def test_descents_take_the_steps_that_are_specified(mode, scales, start):
    # Valleys in which steps are refused; the first two end by the length of the step, the last by that of the gradient.
    start, values = np.array(start), []

    def valley(x):
        return np.sum(scales * x**2)

    def noted(x):
        values.append(valley(x))
        return values[-1]

    expected = descent(noted, lambda x: 2.0 * np.array(scales) * x, start)
    assert np.count_nonzero(np.diff(values) > 0.0) > 5
    close(argmin(GRADIENTS[mode], valley, start), expected, rtol=1e-6)


@pytest.mark.parametrize("pair", ["rr", "rf", "fr", "ff"])
@pytest.mark.parametrize("start", [[1.0, 1.0], [-0.3, 0.8]], ids=str)
def test_saddle(session, pair, start):
    y = descent(lambda y: y @ y, lambda y: 2.0 * y, start)  # for each x the same
    x = descent(lambda x: x @ x - y @ y, lambda x: 2.0 * x, start)
    found = session.evaluate("saddle", pair, runs({"start": start}))
    close(found, [*x, *y], rtol=1e-6)
    if start == [1.0, 1.0]:
        close(found, [8.246324826140356e-06] * 4, rtol=1e-9)  # the suite's own number


def landing(w):
    """Squared distance from the origin where the particle meets the axis, with the forces of Coulomb's law."""
    x, y, vx, vy = 0.0, 8.0, 0.75, 0.0
    while y + 0.1 * vy > 0.0:
        ax = ay = 0.0
        for cx, cy in ((10.0, 10.0 - w), (10.0, 0.0)):
            cube = math.hypot(x - cx, y - cy) ** 3
            ax, ay = ax + (x - cx) / cube, ay + (y - cy) / cube
        x, y, vx, vy = x + 0.1 * vx, y + 0.1 * vy, vx + 0.1 * ax, vy + 0.1 * ay
    return (x - y / vy * vx) ** 2


@pytest.mark.parametrize("pair", ["rr", "rf", "fr", "ff"])
def test_particle(session, pair):
    def slope(w):
        return np.array([(landing(w[0] + 1e-6) - landing(w[0] - 1e-6)) / 2e-6])

    (expected,) = descent(lambda w: landing(w[0]), slope, [0.15])
    found = session.evaluate("particle", pair, runs({"w": 0.15}))
    close(found, expected, rtol=1e-6)
    assert landing(found) < 1e-7
    assert landing(0.15) > 0.1


def test_particle_from_the_suites_start_comes_to_the_suites_number(session):
    close(session.evaluate("particle", "fr", runs({"w": 0.0})), 0.2071918746486116, rtol=1e-9)


# --- protocol --------------------------------------------------------------------------------------------------------

LSE = {"module": "lse", "function": "primal"}


def timings(session, **given):
    """Nanoseconds of the runs."""
    answer = session.ask("evaluate", **LSE, input={"x": [1.0, 2.0], **given})
    return [timing["nanoseconds"] for timing in answer["timings"]]


def test_start_names_the_tool(session):
    assert session.ask("start", eval="lse", config={"n": 1}) == {"tool": "wengert"}


@pytest.mark.parametrize(
    "module", ["ba", "det", "gmm", "hello", "ht", "kmeans", "llsq", "lse", "lstm", "ode", "particle", "saddle"]
)
def test_define_knows_the_modules(session, module):
    assert session.ask("define", module=module) == {"success": True}


def test_kinds_that_ask_for_nothing_are_answered_with_the_id_alone(session):
    assert session.ask("analysis", of=1, valid=True) == {}
    assert session.ask("end") == {}
    assert session.say('{"id": 7}') == {"id": 7}


def test_the_function_runs_as_often_as_is_asked(session):
    assert len(timings(session)) == 1
    assert len(timings(session, min_runs=3, min_seconds=0)) == 3
    assert len(timings(session, min_runs=1, min_seconds=0.0)) == 1


def test_the_function_runs_as_long_as_is_asked(session):
    found = timings(session, min_runs=2, min_seconds=0.02)
    assert len(found) > 2
    assert sum(found[:-1]) < 20_000_000 <= sum(found)


def test_inputs_that_are_no_objects_run_once(session):
    assert len(session.ask("evaluate", module="hello", function="square", input=2.0)["timings"]) == 1


@pytest.mark.parametrize("module", ["unheard", "modules", "__init__", "..protocol", None])
def test_unknown_modules_are_refused(session, module):
    for answer in (
        session.ask("define", module=module),
        session.ask("evaluate", module=module, function="primal", input={}),
    ):
        assert answer["success"] is False
        assert answer["error"].startswith(f"UnknownError: there is no module {module!r}, only ba, det, ")


def test_unknown_functions_are_refused(session):
    answer = session.ask("evaluate", module="lse", function="hessian", input={"x": [1.0]})
    assert answer == {
        "success": False,
        "error": "UnknownError: module 'lse' has no function 'hessian', only primal, gradient",
    }


def test_inputs_that_do_not_fit_are_refused(session):
    answer = session.ask("evaluate", **LSE, input={"y": [1.0]})
    assert answer == {"success": False, "error": "KeyError: 'x'"}
    answer = session.ask("evaluate", module="ht", function="objective", input=hand_of_three_bones())
    assert answer["error"] == "ValueError: the hand has 3 bones, but its pose has angles for 22"


def hand_of_three_bones():
    return {"data": {"model": {"parents": [-1, 0, 1]}, "points": []}, "us": []}


def test_messages_without_their_parts_are_refused(session):
    answer = session.ask("evaluate", module="lse", function="primal")
    assert answer == {"success": False, "error": "MessageError: the message of kind 'evaluate' has no 'input'"}
    answer = session.ask("define")
    assert answer == {"success": False, "error": "MessageError: the message of kind 'define' has no 'module'"}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("no message", "JSONDecodeError: "),
        ('{"id": 3, "kind"', "JSONDecodeError: "),
        ("[1, 2]", "MessageError: a message is a JSON object, not list"),
    ],
)
def test_lines_that_are_no_messages_are_refused_and_the_next_one_is_answered(session, line, error):
    answer = session.say(line)
    assert (answer["id"], answer["success"]) == (None, False)
    assert answer["error"].startswith(error)
    assert session.ask("start") == {"tool": "wengert"}


def test_results_that_json_does_not_have_are_errors(session):
    answer = session.ask("evaluate", module="hello", function="square", input=1e200)
    assert answer["success"] is False
    assert answer["error"].startswith("ValueError: Out of range float values are not JSON compliant")


def test_empty_lines_are_passed_over(session):
    session.process.stdin.write("\n  \n")
    assert session.ask("start") == {"tool": "wengert"}


NOISY = """
import os
from benchmarks.gradbench import __main__, protocol

def serve(messages, answers):
    for line in messages:
        print("printed by Python")
        os.system("echo printed by a library")
        answers.write(f"{os.environ.get('OPENBLAS_NUM_THREADS')} {line}")

protocol.serve = serve
__main__.main()
"""


@pytest.mark.parametrize(("options", "threads"), [([], "1"), (["--multithreaded"], "None")], ids=["one", "all"])
def test_nothing_but_answers_comes_out_of_stdout(options, threads):
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", NOISY, *options]
    done = subprocess.run(command, input="one\ntwo\n", capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{threads} one\n{threads} two\n"
    assert done.stderr.count("printed by Python") == done.stderr.count("printed by a library") == 2
