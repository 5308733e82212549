"""Plots: the data of their lines against independent values, their texts, and what they leave alone."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.special import gamma

import wengert as wg
from wengert import plot
from wengert.errors import ArgumentError, DtypeError, LostDerivativeError, MissingPackageError, ShapeError
from wengert.plot.sampling import MOST_ELEMENTS

EPS = np.finfo(float).eps


def curve(ax):
    """The first line of the axes: x and y."""
    line = ax.lines[0]
    return np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)


def gaps(ax):
    """Where the first line has no value, with values on both sides."""
    x, y = curve(ax)
    return [x[k] for k in np.flatnonzero(np.isnan(y)) if 0 < k < len(x) - 1]


def legend_texts(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def fresh_axes(count=1):
    axes = Figure().subplots(1, count, squeeze=False)[0]
    return axes[0] if count == 1 else list(axes)


def drawn(figure):
    """The figure after a canvas has drawn it, so that everything has its place."""
    figure.canvas.draw()
    return figure


# --- derivatives: the data -----------------------------------------------------------------------------------------


def test_curves_are_the_function_and_its_derivatives():
    figure = plot.derivatives(lambda x: x * np.exp(-x), (0, 5), order=3)
    closed_forms = (
        lambda x: x * np.exp(-x),
        lambda x: (1 - x) * np.exp(-x),
        lambda x: (x - 2) * np.exp(-x),
        lambda x: (3 - x) * np.exp(-x),
    )
    for ax, exact in zip(figure.axes, closed_forms, strict=True):
        x, y = curve(ax)
        assert x[0] == 0
        assert x[-1] == 5
        assert np.all(np.isfinite(y))
        np.testing.assert_allclose(y, exact(x), rtol=1e-13, atol=1e-14)


def test_a_derivative_agrees_with_the_complex_step():
    def f(x):
        return np.sin(x**2) / (1 + np.exp(x))

    x, y = curve(plot.derivatives(f, (-2, 2)).axes[1])
    np.testing.assert_allclose(y, np.imag(f(x + 1e-30j)) / 1e-30, rtol=1e-12, atol=1e-14)


def test_a_function_that_decides_on_values_is_called_for_each_point():
    def f(x):
        return x * x if x < 1 else 3 * x - 2

    value, slope = plot.derivatives(f, (-1, 3)).axes
    x, y = curve(value)
    np.testing.assert_allclose(y, np.where(x < 1, x * x, 3 * x - 2), rtol=1e-15)
    x, y = curve(slope)
    known = np.isfinite(y)
    np.testing.assert_allclose(y[known], np.where(x < 1, 2 * x, 3)[known], rtol=1e-15)


def test_a_function_of_many_points_is_called_a_few_times():
    calls = []

    def f(x):
        calls.append(x)
        return np.sin(x)

    plot.derivatives(f, (0, 1), order=2)
    assert len(calls) < 10


def test_large_arrays_are_not_computed_for_all_points_at_once():
    data = np.linspace(0, 1, 50_000)
    tracemalloc.start()
    try:
        x, y = curve(plot.derivatives(lambda x: np.exp(-x * data).mean(), (0, 1)).axes[0])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * MOST_ELEMENTS * 8  # all at once they take 480 MB
    np.testing.assert_allclose(y[1:], (1 - np.exp(-x[1:])) / x[1:], rtol=1e-4)


def test_one_of_several_arguments_moves():
    def f(x1, x2):
        return np.log(x1) + x1 * x2 - np.sin(x2)

    figure = plot.derivatives(f, (0.5, 8), 2.0, 5.0, wrt="x2", order=2, at=5.0)
    expected = (lambda t: np.log(2) + 2 * t - np.sin(t), lambda t: 2 - np.cos(t), np.sin)
    for ax, exact in zip(figure.axes, expected, strict=True):
        x, y = curve(ax)
        np.testing.assert_allclose(y, exact(x), rtol=1e-13, atol=1e-15)
    assert [ax.get_ylabel() for ax in figure.axes] == ["f", "∂f/∂x2", "∂²f/∂x2²"]
    assert figure.axes[-1].get_xlabel() == "x2"
    assert figure.get_suptitle() == "f and its derivatives to order 2 along x2, at x1 = 2"
    assert legend_texts(figure) == ["tangent at x2 = 5: slope 1.716"]


@pytest.mark.parametrize("wrt", ["x[2]", "x[-1]"])
def test_a_component_of_an_array_moves(wrt):
    def f(x, n):
        return np.prod(x) ** n

    figure = plot.derivatives(f, (-1, 1), np.array([2.0, 3.0, 4.0]), 2, wrt=wrt, order=2)
    for ax, exact in zip(figure.axes, (lambda t: 36 * t**2, lambda t: 72 * t, lambda t: 72 + 0 * t), strict=True):
        x, y = curve(ax)
        np.testing.assert_allclose(y, exact(x), rtol=1e-13, atol=1e-13)
    assert figure.axes[2].get_ylabel() == "∂²f/∂(x[2])²"


def test_the_first_number_moves_by_default_and_arguments_may_be_containers():
    figure = plot.derivatives(lambda n, p: n * p["b"] ** 2 + p["w"][0], (0, 1), 3, {"b": 1.0, "w": np.zeros(2)})
    assert figure.axes[-1].get_xlabel() == "p_b"
    x, y = curve(figure.axes[0])
    np.testing.assert_allclose(y, 3 * x**2, rtol=1e-15)


def test_a_tensor_is_taken_by_its_values():
    figure = plot.derivatives(lambda x, a: a * x, (0, 1), 1.0, wg.tensor(3.0, requires_grad=True))
    np.testing.assert_allclose(curve(figure.axes[1])[1], 3.0)


def test_integers_move_as_numbers_do():
    x, y = curve(plot.derivatives(lambda x, n: x**n, (0, 2), 1, 3, order=1).axes[1])
    np.testing.assert_allclose(y, 3 * x**2, rtol=1e-14)


# --- derivatives: gaps, limits -------------------------------------------------------------------------------------


def test_poles_are_gaps_at_the_right_places():
    value, slope = plot.derivatives(np.tan, (-5, 5)).axes
    poles = np.pi * np.array([-1.5, -0.5, 0.5, 1.5])
    np.testing.assert_allclose(gaps(value), poles, atol=1e-12)
    low, high = value.get_ylim()
    assert -40 < low < -3
    assert 3 < high < 40
    assert slope.get_ylim()[1] < 1000
    _, y = curve(value)
    for k in np.flatnonzero(np.isnan(y)):
        assert y[k - 1] > high
        assert y[k + 1] < low


def test_a_pole_without_a_change_of_sign_is_cut_off():
    value, slope = plot.derivatives(lambda x: 1 / x**2, (-1, 1.3)).axes
    assert value.get_ylim()[1] < 1000
    np.testing.assert_allclose(gaps(slope), [0.0], atol=1e-12)
    x, y = curve(value)
    np.testing.assert_allclose(y, 1 / x**2, rtol=1e-12)


def test_no_line_crosses_the_view_at_the_poles_of_the_gamma_function():
    value = plot.derivatives(gamma, (-4.5, 4.5), order=0).axes[0]
    _, y = curve(value)
    low, high = value.get_ylim()
    crossing = np.flatnonzero(((y[:-1] > high) & (y[1:] < low)) | ((y[:-1] < low) & (y[1:] > high)))
    assert crossing.size == 0
    np.testing.assert_allclose(gaps(value), np.round(gaps(value)), atol=1e-9)
    assert set(np.round(gaps(value))) == {-4, -3, -2, -1, 0}


def test_jumps_are_gaps_and_both_sides_reach_them():
    value, slope = plot.derivatives(lambda x: np.floor(x) + x, (-1.5, 1.5)).axes
    np.testing.assert_allclose(gaps(value), [-1, 0, 1], atol=1e-12)
    x, y = curve(value)
    for k, jump in zip(np.flatnonzero(np.isnan(y)), (-1, 0, 1), strict=True):
        np.testing.assert_allclose([x[k - 1], x[k + 1]], jump, atol=1e-12)
        np.testing.assert_allclose([y[k - 1], y[k + 1]], [2 * jump - 1, 2 * jump], atol=1e-11)
    assert gaps(slope) == []


def test_a_kink_is_a_gap_of_the_derivative_alone():
    value, slope = plot.derivatives(lambda x: np.abs(np.sin(x)), (-4, 4)).axes
    assert gaps(value) == []
    found = gaps(slope)
    for kink in (-np.pi, 0.0, np.pi):
        assert min(abs(np.array(found) - kink)) < 1e-12
    assert all(min(abs(np.array([-np.pi, 0.0, np.pi]) - x)) < 1e-12 for x in found)


def test_the_edge_of_the_domain_is_reached():
    value, slope = plot.derivatives(np.sqrt, (-1, 4)).axes
    x, y = curve(value)
    known = np.isfinite(y)
    assert 0 <= x[known].min() < 1e-12
    np.testing.assert_allclose(y[known], np.sqrt(x[known]), rtol=1e-14)
    assert slope.get_ylim()[1] < 20


def test_a_peak_between_two_samples_is_no_pole():
    value, slope = plot.derivatives(lambda x: 1 / (1 + 1e8 * (x - 0.3001) ** 2), (-1, 1)).axes
    assert 1 <= value.get_ylim()[1] < 1.2
    steepest = 1e4 * 3 * np.sqrt(3) / 8  # of 1 / (1 + u²), with u = 10⁴ x
    assert -1.3 * steepest < slope.get_ylim()[0] < -0.9 * steepest
    assert 0.9 * steepest < slope.get_ylim()[1] < 1.3 * steepest


def limits(f, interval, k=0, **options):
    """The limits of the curve or of a derivative without the room around them."""
    low, high = plot.derivatives(f, interval, **options).axes[k].get_ylim()
    room = (high - low) * 0.06 / 1.12
    return low + room, high - room


LOGARITHMS = [
    ("at the edge", np.log, (0, 4), (np.log(0.005 * 4), np.log(4))),
    ("inside", lambda x: np.log(np.abs(x - 0.3001)), (-1, 1), (np.log(0.0025 * 2), np.log(1.3001))),
    ("upwards", lambda x: -np.log(x), (0, 1), (0, -np.log(0.005))),
    ("on both sides", np.arctanh, (-1, 1), (-np.arctanh(0.99), np.arctanh(0.99))),
    ("with a plain side", lambda x: np.log(x) if x > 0 else 0 * x, (-1, 3), (np.log(0.005 * 4), np.log(3))),
    ("beside more", lambda x: np.log(x) + 5 * x, (0, 4), (np.log(0.005 * 4), np.log(4) + 20)),
]


@pytest.mark.parametrize("samples", [51, 401, 2000])
@pytest.mark.parametrize(
    ("f", "interval", "expected"), [each[1:] for each in LOGARITHMS], ids=[e[0] for e in LOGARITHMS]
)
def test_a_logarithm_is_cut_off_where_little_of_its_length_is_left(f, interval, expected, samples):
    low, high = limits(f, interval, samples=samples)
    height = expected[1] - expected[0]
    np.testing.assert_allclose([low, high], expected, atol=0.12 * height)


WHOLE = [
    ("wave", np.sin, (0, 6), (-1, 1)),
    ("root", np.sqrt, (-1, 4), (0, 2)),
    ("cusp", lambda x: np.abs(x) ** 0.5, (-1, 1), (0, 1)),
    ("narrow cusp", lambda x: -(np.abs(x) ** 0.1), (-1, 1), (-1, 0)),
    ("kink", np.abs, (-2, 2), (0, 2)),
    ("step", lambda x: np.where(x > 0.3, 1.0, 0.0) + 0 * x, (-1, 1), (0, 1)),
    ("growth", lambda x: np.exp(10 * x), (-1, 1), (np.exp(-10), np.exp(10))),
    ("one fiftieth", lambda x: np.exp(-(((x - 1.234) / 0.08) ** 2) / 2), (-2, 2), (0, 1)),
    ("between samples", lambda x: np.exp(-(((x - 1.2361) / 0.002) ** 2) / 2), (-2, 2), (0, 1)),
    ("a peak and a pole", lambda x: np.log(x) - 20 * np.exp(-(((x - 2) / 0.004) ** 2)), (0, 4), (-19.307, np.log(4))),
    ("x log x", lambda x: x * np.log(x), (0, 2), (-np.exp(-1), 2 * np.log(2))),
]  # fmt: skip


@pytest.mark.parametrize(("f", "interval", "expected"), [each[1:] for each in WHOLE], ids=[each[0] for each in WHOLE])
def test_nothing_is_cut_off_of_what_is_finite(f, interval, expected):
    height = expected[1] - expected[0]
    np.testing.assert_allclose(limits(f, interval), expected, atol=0.01 * height)


def test_the_derivative_of_a_cusp_is_cut_off_alike_on_both_sides():
    low, high = limits(lambda x: np.abs(x) ** 0.5, (-1, 1), k=1)
    assert 3 < high < 20
    assert low == pytest.approx(-high, rel=1e-6)


def test_a_peak_between_two_samples_is_drawn_as_it_is():
    x, y = curve(plot.derivatives(lambda x: np.exp(-(((x - 1.2361) / 0.002) ** 2) / 2), (-2, 2)).axes[0])
    assert np.max(y) > 0.999
    assert np.sum(np.abs(x - 1.2361) < 0.004) > 10


def test_a_curve_is_drawn_finer_where_it_bends():
    x, y = curve(plot.derivatives(lambda x: np.sin(40 * x), (0, 6), order=0, samples=101).axes[0])
    middle = (x[1:] + x[:-1]) / 2
    assert np.max(np.abs(np.sin(40 * middle) - (y[1:] + y[:-1]) / 2)) < 0.02


def test_a_function_that_never_stops_swinging_has_a_bounded_number_of_points():
    x, _ = curve(plot.derivatives(lambda x: np.sin(1 / x), (-0.2, 0.3), order=0).axes[0])
    assert len(x) <= 21 * 401


def test_points_where_python_has_no_value_are_left_out():
    def f(x):
        if x < 1:
            raise ZeroDivisionError
        return 1 / (x * x)

    x, y = curve(plot.derivatives(f, (0, 3), order=0).axes[0])
    assert np.all(np.isnan(y[x < 1]))
    np.testing.assert_allclose(y[x >= 1], 1 / x[x >= 1] ** 2, rtol=1e-14)


def test_a_constant_is_a_level_line():
    figure = drawn(plot.derivatives(lambda x: 3, (0, 1), order=2))
    for ax, level in zip(figure.axes, (3, 0, 0), strict=True):
        assert np.all(curve(ax)[1] == level)
        low, high = ax.get_ylim()
        assert low < level < high


# --- derivatives: tangent, texts, axes -----------------------------------------------------------------------------


def test_the_tangent_has_value_and_slope_of_the_function():
    figure = plot.derivatives(lambda x: x**3, (-1, 3), at=2.0)
    line = next(line for line in figure.axes[0].lines if line.get_label().startswith("tangent"))
    x, y = (np.asarray(part) for part in line.get_data())
    np.testing.assert_allclose(y, 8 + 12 * (x - 2), rtol=1e-14)
    points = [line for ax in figure.axes for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([line.get_xydata()[0] for line in points], [(2, 8), (2, 12)])
    assert legend_texts(figure) == ["tangent at x = 2: slope 12"]


def test_a_tangent_leaves_the_limits_as_they_are():
    limits = [plot.derivatives(np.exp, (0, 3), at=at).axes[0].get_ylim() for at in (None, 3.0)]
    assert limits[0] == limits[1]


def test_a_tangent_may_be_upright():
    figure = plot.derivatives(np.sqrt, (0, 4), at=0)
    (line,) = (line for line in figure.axes[0].lines if line.get_label().startswith("tangent"))
    assert list(line.get_xdata()) == [0, 0]
    assert legend_texts(figure) == ["tangent at x = 0: slope inf"]


def test_labels_say_which_derivative_it_is():
    figure = plot.derivatives(lambda t: 2 * t, (0, 1), order=5)
    assert [ax.get_ylabel() for ax in figure.axes] == ["f(t)", "f′(t)", "f″(t)", "f‴(t)", "f⁽⁴⁾(t)", "f⁽⁵⁾(t)"]
    assert figure.axes[-1].get_xlabel() == "t"
    assert figure.get_suptitle() == "f and its derivatives to order 5"
    assert plot.derivatives(np.sin, (0, 1)).get_suptitle() == "sin and its derivative"
    assert plot.derivatives(np.sin, (0, 1), order=0).get_suptitle() == "sin"


def test_one_axes_has_all_curves_with_a_legend_that_covers_none():
    ax = fresh_axes()
    figure = drawn(plot.derivatives(np.sin, (0, 6), order=2, at=1.0, ax=ax))
    assert figure is ax.figure
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["sin(x)", "sin′(x)", "sin″(x)", "tangent at x = 1: slope 0.54"]
    assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1
    assert len({line.get_linestyle() + line.get_color() for line in ax.lines[:3]}) == 3


def test_a_sequence_of_axes_has_a_curve_each():
    axes = fresh_axes(2)
    plot.derivatives(np.sin, (0, 6), ax=axes)
    assert [ax.get_ylabel() for ax in axes] == ["sin(x)", "sin′(x)"]
    plot.derivatives(np.sin, (0, 6), ax=np.array(axes))
    plot.derivatives(np.sin, (0, 6), ax=tuple(axes))


@pytest.mark.parametrize("at", [None, 2.0])
def test_legend_and_title_cover_no_axes(at):
    figure = drawn(plot.derivatives(lambda x: x * np.exp(-x), (0, 5), order=2, at=at))
    boxes = [ax.get_tightbbox() for ax in figure.axes]
    others = [legend.get_window_extent() for legend in figure.legends] + [figure._suptitle.get_window_extent()]
    assert not any(box.overlaps(other) for box in boxes for other in others)
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_names_are_no_formulas():
    def f(x):
        return x * x

    f.__name__ = "$x^2$ <script>alert(1)</script>\x1b[31m"
    figure = drawn(plot.derivatives(f, (0, 1), at=0.5))
    assert figure.axes[0].get_ylabel() == "$x^2$ <script>alert(1)</script>\\x1b[31m(x)"
    assert not figure.axes[0].yaxis.label.get_parse_math()
    assert not figure._suptitle.get_parse_math()


# --- derivatives: errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "interval", [(1, 1), (2, 1), (0, np.inf), (0, np.nan), (-1e308, 1e308), 3, (1, 2, 3), ("a", "b"), None]
)
def test_an_interval_needs_two_numbers(interval):
    with pytest.raises(ArgumentError, match="the smaller one first"):
        plot.derivatives(np.sin, interval)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": -1}, r"order=-1. Give an integer from 0 to 8"),
        ({"order": 9}, r"order=9"),
        ({"order": 1.5}, r"order=1.5"),
        ({"samples": 1}, r"samples=1. Give an integer from 2"),
        ({"samples": 10**6}, r"samples=1000000"),
        ({"at": np.nan}, r"at=nan. Give a finite number"),
        ({"at": "x"}, r"at='x'"),
        ({"at": -1.0}, r"log has no tangent at x = -1: its value is nan"),
        ({"ax": 3}, r"ax=3. Give axes of Matplotlib, or a sequence of 2"),
        ({"ax": []}, r"ax=\[\]"),
        ({"wrt": "y"}, r"wrt='y', which names no number"),
        ({"wrt": 1}, r"wrt=1, which names no number"),
        ({"wrt": 1.5}, r"wrt=1.5"),
        ({"wrt": True}, r"wrt=True"),
    ],
)
def test_options_without_meaning_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        plot.derivatives(np.log, (1, 2), **options)


def test_a_wrong_number_of_axes_is_refused():
    with pytest.raises(ArgumentError, match="a sequence of 2"):
        plot.derivatives(np.sin, (0, 1), ax=fresh_axes(3))


@pytest.mark.parametrize("wrt", ["z", "y[5]", "y[0, 0]", "x[0]", 2, -1])
def test_wrt_that_names_no_number_is_refused(wrt):
    with pytest.raises(ArgumentError, match=r"names no number. The arguments are x of shape \(\), y of shape \(2,\)"):
        plot.derivatives(lambda x, y: x * y[0], (0, 1), 1.0, np.ones(2), wrt=wrt)


def test_arguments_without_a_number_are_refused():
    with pytest.raises(ArgumentError, match="found no number among the arguments"):
        plot.derivatives(lambda x: 1.0, (0, 1), np.zeros(0))
    with pytest.raises(DtypeError, match="asked to move x, which has dtype complex128"):
        plot.derivatives(abs, (0, 1), 1j, wrt=0)


def test_a_function_without_values_is_refused():
    with pytest.raises(ArgumentError, match="no finite value at 401 points from 1 to 2"):
        plot.derivatives(lambda x: np.log(-x), (1, 2))
    with pytest.raises(ZeroDivisionError):
        plot.derivatives(lambda x: 1 // 0, (1, 2))


def test_a_result_that_is_no_real_number_is_refused():
    with pytest.raises(ShapeError, match=r"derivatives needs a scalar result, but f returned shape \(2,\)"):
        plot.derivatives(lambda x: np.array([1.0, 2.0]) * x, (1, 2))
    with pytest.raises(DtypeError, match="derivatives needs a real result, but f returned dtype complex128"):
        plot.derivatives(lambda x: 1j * x, (1, 2))


def test_errors_of_the_function_come_through():
    with pytest.raises(LostDerivativeError):
        plot.derivatives(lambda x: __import__("math").sin(x), (1, 2))
    with pytest.raises(KeyError):
        plot.derivatives(lambda x: {}["a"], (1, 2))


# --- error_against_step --------------------------------------------------------------------------------------------


def error_lines(figure):
    """The errors by method: steps and errors."""
    found = {}
    for line in figure.axes[0].lines:
        name, colon, _ = line.get_label().partition(":")
        if colon and len(line.get_xdata()) > 2:
            found[name] = (np.asarray(line.get_xdata()), np.asarray(line.get_ydata()))
    return found


def test_of_many_components_those_with_the_largest_derivatives_are_moved():
    weights = np.random.default_rng(0).permutation(np.arange(1.0, 1001.0))
    moved, calls = set(), []

    def f(x):
        calls.append(1)
        if isinstance(x, np.ndarray):
            moved.update(np.flatnonzero(x != 2.0))
        return np.sum(weights * x**3)

    figure = plot.error_against_step(f, np.full(1000, 2.0), methods=("forward", "central"))
    assert set(weights[list(moved)]) == set(range(951, 1001))
    assert len(calls) < 3000
    assert figure.axes[0].get_xlabel() == "step h\n(for the 50 largest of 1,000 derivatives)"
    steps, errors = error_lines(figure)["forward difference"]
    np.testing.assert_allclose(errors[steps == 1e-3], (6e-3 + 1e-6) / 12, rtol=1e-5)  # (3 x h + h²) / 3 x²


def test_of_few_components_all_are_moved():
    moved = set()

    def f(x):
        if isinstance(x, np.ndarray):
            moved.update(np.flatnonzero(x != 2.0))
        return np.sum(x**3)

    figure = plot.error_against_step(f, np.full(50, 2.0), methods=("forward", "complex"))
    assert moved == set(range(50))
    assert figure.axes[0].get_xlabel() == "step h"


def test_errors_are_those_of_the_difference_quotients():
    figure = plot.error_against_step(np.exp, 1.0, methods=("forward", "central"), steps=[1e-1, 1e-2, 1e-3])
    found = error_lines(figure)
    for name, quotient in (
        ("forward difference", lambda h: (np.exp(1 + h) - np.exp(1)) / h),
        ("central difference", lambda h: (np.exp(1 + h) - np.exp(1 - h)) / (2 * h)),
    ):
        steps, errors = found[name]
        assert list(steps) == [1e-1, 1e-2, 1e-3]
        np.testing.assert_allclose(errors, abs(quotient(steps) / np.e - 1), rtol=1e-6)


def test_slopes_are_one_and_two_and_rounding_follows():
    found = error_lines(plot.error_against_step(np.exp, 1.0))
    for name, order, best in (("forward difference", 1, 1e-8), ("central difference", 2, 1e-5)):
        steps, errors = found[name]
        long = (steps > 100 * best) & (steps < 0.05)
        slope = np.polyfit(np.log(steps[long]), np.log(errors[long]), 1)[0]
        assert slope == pytest.approx(order, abs=0.02)
        assert best / 30 < steps[np.argmin(errors)] < best * 10
        short = (steps < best / 100) & (steps > 1e-14)
        assert np.all(errors[short] < 10 * EPS / steps[short])
    steps, errors = found["complex step"]
    assert np.all(errors[steps < 1e-9] <= EPS)


def test_the_slopes_of_the_theory_are_named():
    figure = plot.error_against_step(np.exp, 1.0)
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["∝ h", "∝ h²", "∝ ε |f| / h"]


def test_no_slope_is_drawn_where_the_errors_have_none():
    figure = plot.error_against_step(abs, 1e-3, methods=("forward", "central"), steps=np.logspace(-6, 0, 13))
    assert not any("h²" in text.get_text() or text.get_text() == "∝ h" for text in figure.axes[0].texts)


def test_the_best_step_is_marked():
    figure = plot.error_against_step(np.exp, 1.0, methods=("forward",), steps=[1e-2, 1e-4, 1e-8, 1e-12])
    marks = [line for line in figure.axes[0].lines if line.get_markersize() == 10]
    assert [line.get_xdata()[0] for line in marks] == [1e-8]
    assert legend_texts(figure)[0].startswith("forward difference: best ")
    assert legend_texts(figure)[0].endswith(" at h = 10⁻⁸")


def test_automatic_differentiation_is_a_line_at_the_rounding_level():
    figure = plot.error_against_step(np.exp, 1.0)
    (line,) = (line for line in figure.axes[0].lines if line.get_label().startswith("automatic differentiation"))
    assert set(line.get_ydata()) == {EPS}


def test_an_error_of_zero_is_shown_below_the_rounding_level():
    figure = plot.error_against_step(lambda x: 2 * x, 1.0, methods=("central",), steps=[0.5, 0.25])
    (errors,) = (errors for _, errors in error_lines(figure).values()) if error_lines(figure) else (None,)
    lines = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "white"]
    assert errors is None
    assert [list(line.get_xdata()) for line in lines] == [[0.5, 0.25]]
    assert np.all(lines[0].get_ydata() < EPS)
    assert legend_texts(figure)[0] == "central difference: error 0 at h = 5.0·10⁻¹"


def test_of_a_gradient_the_largest_error_counts():
    x = np.array([1.0, 2.0, 3.0])
    figure = plot.error_against_step(lambda x: np.sum(x**3), x, methods=("forward",), steps=[1e-2, 1e-3, 1e-4])
    steps, errors = error_lines(figure)["forward difference"]
    np.testing.assert_allclose(errors, (3 * 3 * steps + steps**2) / 27, rtol=1e-6)
    assert figure.get_suptitle() == "Error of the gradient of f at x = [1, 2, 3]"


def test_several_arguments_are_one_point():
    figure = plot.error_against_step(lambda a, b: a**2 * b, 2.0, 3.0, methods=("forward",), steps=[1e-2, 1e-3, 1e-4])
    steps, errors = error_lines(figure)["forward difference"]
    np.testing.assert_allclose(errors, 3 * steps / 12, rtol=1e-6)
    assert figure.get_suptitle() == "Error of the gradient of f at a = 2, b = 3"


def test_the_error_of_a_zero_derivative_is_absolute():
    figure = plot.error_against_step(np.square, 0.0, methods=("forward",), steps=[1e-2, 1e-3, 1e-4])
    np.testing.assert_allclose(error_lines(figure)["forward difference"][1], [1e-2, 1e-3, 1e-4])
    assert figure.axes[0].get_ylabel() == "error"
    figure = plot.error_against_step(np.exp, 0.0)
    assert figure.axes[0].get_ylabel() == "error relative to the derivative"


def test_a_step_out_of_the_domain_is_left_out():
    found = error_lines(plot.error_against_step(np.log, 0.05, methods=("central",), steps=[0.1, 0.01, 1e-3]))
    assert list(np.isnan(found["central difference"][1])) == [True, False, False]

    def f(x):
        if x < 0:
            raise ZeroDivisionError
        return x**2

    found = error_lines(plot.error_against_step(f, 0.05, methods=("central", "forward"), steps=[0.1, 0.01, 1e-3]))
    assert np.isnan(found["forward difference"][1]).sum() == 0


def test_a_method_that_does_not_apply_is_named_so():
    texts = legend_texts(plot.error_against_step(abs, 1.5))
    assert "complex step: does not apply" in texts
    with pytest.raises(LostDerivativeError, match="complex step needs f to be analytic"):
        plot.error_against_step(abs, 1.5, methods=("complex",))


def test_many_components_take_fewer_steps():
    few, many = (
        len(error_lines(plot.error_against_step(lambda x: np.sum(x**2), np.ones(n), methods=("forward",)))[
            "forward difference"
        ][0])
        for n in (2, 30)
    )  # fmt: skip
    assert (few, many) == (65, 17)


def test_given_axes_have_the_errors():
    ax = fresh_axes()
    assert plot.error_against_step(np.exp, 1.0, ax=ax) is ax.figure
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert ax.get_xlabel() == "step h"


def test_legend_covers_no_errors():
    figure = drawn(plot.error_against_step(np.exp, 1.0, methods=("forward", "central", "complex", "richardson")))
    assert not figure.legends[0].get_window_extent().overlaps(figure.axes[0].get_tightbbox())
    assert not figure._suptitle.get_window_extent().overlaps(figure.axes[0].get_tightbbox())


@pytest.mark.parametrize("methods", ["forward", (), ("backward",), 3, None])
def test_unknown_methods_are_refused(methods):
    with pytest.raises(ArgumentError, match="Give a sequence of 'forward', 'central'"):
        plot.error_against_step(np.sin, 1.0, methods=methods)


def test_steps_without_meaning_are_refused():
    with pytest.raises(ArgumentError, match="Give positive, finite numbers"):
        plot.error_against_step(np.sin, 1.0, steps=[1e-2, -1e-3])
    with pytest.raises(ArgumentError, match="Give positive, finite numbers"):
        plot.error_against_step(np.sin, 1.0, steps=["a"])
    with pytest.raises(ShapeError, match=r"steps of shape \(1, 1\)"):
        plot.error_against_step(np.sin, 1.0, steps=[[1e-2]])
    with pytest.raises(ShapeError, match=r"steps of shape \(0,\)"):
        plot.error_against_step(np.sin, 1.0, steps=[])


def test_what_has_no_gradient_is_refused():
    with pytest.raises(ArgumentError, match="the gradient of sqrt is not finite here: inf"):
        plot.error_against_step(np.sqrt, 0.0)
    with pytest.raises(ShapeError, match=r"plot.error_against_step needs a scalar result, but f returned shape \(2,\)"):
        plot.error_against_step(lambda x: x * np.ones(2), 1.0)
    with pytest.raises(DtypeError, match=r"plot.error_against_step needs real numbers"):
        plot.error_against_step(np.sin, 1j)
    with pytest.raises(ArgumentError, match=r"plot.error_against_step found no argument of f"):
        plot.error_against_step(lambda: 1.0)
    with pytest.raises(ArgumentError, match="ax=3"):
        plot.error_against_step(np.sin, 1.0, ax=3)


# --- descent -------------------------------------------------------------------------------------------------------


def bowl(x, y):
    return x**2 + 4 * y**2 + x * y


WALK = np.array([[2.0, 1.5], [1.4, 0.2], [1.0, -0.1], [0.5, -0.1]])
GRADIENTS = np.stack([2 * WALK[:, 0] + WALK[:, 1], 8 * WALK[:, 1] + WALK[:, 0]], axis=-1)


def path_of(ax):
    line = next(line for line in ax.lines if len(line.get_xdata()) > 1)
    return np.asarray(line.get_xydata())


def named_points(ax):
    return {
        line.get_label(): tuple(line.get_xydata()[0])
        for line in ax.lines
        if line.get_label() in ("start", "end")
    }  # fmt: skip


@pytest.mark.parametrize(
    "trajectory",
    [
        WALK,
        WALK.tolist(),
        [tuple(point) for point in WALK],
        [(wg.tensor(x), wg.tensor(y)) for x, y in WALK],
        iter(WALK),
    ],
    ids=["array", "lists", "tuples", "tensors", "iterator"],
)
def test_the_path_goes_through_the_points_in_order(trajectory):
    main, value, norm = plot.descent(bowl, trajectory).axes
    np.testing.assert_array_equal(path_of(main), WALK)
    assert named_points(main) == {"start": (2.0, 1.5), "end": (0.5, -0.1)}
    np.testing.assert_allclose(path_of(value), np.stack([np.arange(4), bowl(*WALK.T)], axis=-1), rtol=1e-14)
    np.testing.assert_allclose(path_of(norm)[:, 1], np.linalg.norm(GRADIENTS, axis=1), rtol=1e-13)
    assert (main.get_xlabel(), main.get_ylabel()) == ("x", "y")
    assert (value.get_ylabel(), norm.get_ylabel(), norm.get_xlabel()) == ("bowl", "|∇bowl|", "iteration")


def arrows_of(ax):
    return next(part for part in ax.collections if type(part).__name__ == "Quiver")


def test_arrows_have_the_direction_of_steepest_descent():
    arrows = arrows_of(plot.descent(bowl, WALK).axes[0])
    taken = [k for k, point in enumerate(WALK) if any(np.allclose(point, other) for other in arrows.XY)]
    assert taken[:2] == [0, 1]
    exact = -GRADIENTS[taken]
    found = np.stack([arrows.U, arrows.V], axis=-1)
    np.testing.assert_allclose(found, exact / np.linalg.norm(exact, axis=1)[:, None], rtol=1e-13)


def test_contours_are_where_the_function_has_their_values():
    main = plot.descent(bowl, WALK, levels=[0.5, 2.0, 8.0]).axes[0]
    lines = main.collections[1]
    assert list(lines.levels) == [0.5, 2.0, 8.0]
    for level, paths in zip(lines.levels, lines.get_paths(), strict=True):
        x, y = paths.vertices.T
        np.testing.assert_allclose(bowl(x, y), level, atol=2e-3)


def test_the_number_of_contours_is_the_users():
    assert len(plot.descent(bowl, WALK, levels=5).axes[0].collections[1].levels) == 5


def test_the_view_has_the_whole_path():
    main = plot.descent(bowl, WALK).axes[0]
    for limits, values in ((main.get_xlim(), WALK[:, 0]), (main.get_ylim(), WALK[:, 1])):
        assert limits[0] < values.min()
        assert values.max() < limits[1]


def test_a_function_of_one_array_and_one_of_several_numbers_are_told_apart():
    def f(p):
        return bowl(p[0], p[1])

    main = plot.descent(f, WALK).axes[0]
    assert (main.get_xlabel(), main.get_ylabel()) == ("p[0]", "p[1]")
    np.testing.assert_array_equal(path_of(main), WALK)


def test_the_result_of_gradient_descent_is_taken_as_it_is():
    def loss(p):
        return (p["w"] - 1) ** 2 + 3 * (p["b"] + 2) ** 2

    walk = wg.optimize.gradient_descent(loss, {"w": 0.0, "b": 0.0}, learning_rate=0.1, steps=10, progress=False)
    figure = plot.descent(loss, walk)
    main, value, _ = figure.axes
    assert (main.get_xlabel(), main.get_ylabel()) == ("p_b", "p_w")
    np.testing.assert_array_equal(path_of(main), walk.trajectory)
    np.testing.assert_allclose(path_of(value)[:, 1], walk.fun_trajectory, rtol=1e-14)
    assert figure.get_suptitle() == "loss: 10 steps, from 13 to 0.012"


def test_containers_of_arrays_are_points():
    def f(W, b):
        return np.sum(W**2) + b

    figure = plot.descent(f, [(np.ones((1, 2)), 3.0), (np.zeros((1, 2)), 1.0)], wrt=("W[0, 1]", "b"))
    assert figure.axes[0].get_xlabel() == "W[0, 1]"
    np.testing.assert_array_equal(path_of(figure.axes[0]), [[1, 3], [0, 1]])
    np.testing.assert_allclose(path_of(figure.axes[1])[:, 1], [5, 1])


def test_of_one_number_the_path_lies_on_the_curve():
    def f(x):
        return np.sin(3 * x) + x**2

    points = np.array([2.0, 1.5, 1.3, 1.2])
    main, value, _ = plot.descent(f, points).axes
    x, y = curve(main)
    np.testing.assert_allclose(y, f(x), rtol=1e-13)
    assert x[0] < 1.2
    assert x[-1] > 2.0
    np.testing.assert_allclose(main.collections[0].get_offsets(), np.stack([points, f(points)], axis=-1))
    np.testing.assert_allclose(path_of(value)[:, 1], f(points))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_descent_that_runs_away_to_infinity_is_shown(size):
    rate = -10.0  # of the factor in each step
    points = np.multiply.outer(rate ** np.arange(0, 309, 7), np.ones(size)[:, None]).reshape(-1, size)
    points[-1] = np.inf
    figure = drawn(plot.descent(lambda x: np.sum(x**2), points))
    value = figure.axes[-2]
    found = path_of(value)[:, 1]
    np.testing.assert_allclose(found[:17], size * points[:17, 0] ** 2)
    assert not np.any(np.isfinite(found[-10:]))


@pytest.mark.parametrize("interval", [(0, 5e-324), (1, 1 + 1e-15), (-1e200, 1e200)])
def test_intervals_of_extreme_length_are_drawn_without_a_warning(interval):
    drawn(plot.derivatives(lambda x: 1.7e50 * x, interval, order=2))


@pytest.mark.parametrize("size", [1e300, 1.7e308])
def test_values_at_the_end_of_floating_point_are_gaps(size):
    figure = drawn(plot.derivatives(lambda x: size * x, (-1, 1)))
    assert figure.axes[0].get_ylim()[1] < 1e251


def test_of_many_numbers_values_and_gradients_are_shown():
    points = np.linspace(1, 0, 6)[:, None] * np.array([1.0, 2.0, 3.0])
    value, norm = plot.descent(lambda x: np.sum(x**2), points).axes
    np.testing.assert_allclose(path_of(value)[:, 1], 14 * np.linspace(1, 0, 6) ** 2, atol=1e-15)
    np.testing.assert_allclose(path_of(norm)[:, 1], 2 * np.sqrt(14) * np.linspace(1, 0, 6), atol=1e-15)


@pytest.mark.parametrize("wrt", [("x[0]", "x[2]"), (0, 2), ["x[0]", 2], np.array([0, 2])])
def test_of_many_numbers_two_can_be_chosen(wrt):
    points = np.array([[1.0, 2.0, 3.0], [0.5, 1.0, 1.0]])
    figure = plot.descent(lambda x: x[0] ** 2 + x[1] * x[2] ** 2, points, wrt=wrt, levels=[1.0, 2.0])
    main = figure.axes[0]
    np.testing.assert_array_equal(path_of(main), points[:, [0, 2]])
    assert (main.get_xlabel(), main.get_ylabel()) == ("x[0]", "x[2]")
    for level, paths in zip((1.0, 2.0), main.collections[1].get_paths(), strict=True):
        x, z = paths.vertices.T
        np.testing.assert_allclose(x**2 + 1.0 * z**2, level, atol=2e-3)  # x[1] is held where the path ends
    assert figure.get_suptitle() == "f: 1 step, from 19 to 1.25; contours at x[1] = 1"


def test_a_function_that_decides_on_values_has_contours_too():
    def f(x, y):
        return x + y if x > 0 else y - x

    main = plot.descent(f, [[1.0, 1.0], [-0.5, 0.5]], levels=[0.75]).axes[0]
    for paths in main.collections[1].get_paths():
        x, y = paths.vertices.T
        np.testing.assert_allclose(abs(x) + y, 0.75, atol=0.05)


def test_contours_of_a_function_with_large_arrays_are_coarser():
    calls = []
    x = np.linspace(0, 1, 100_000)

    def loss(p):
        calls.append(1)
        return np.mean((p[0] * x + p[1]) ** 2)

    main = plot.descent(loss, WALK, levels=[0.3, 1.0]).axes[0]
    for level, paths in zip((0.3, 1.0), main.collections[1].get_paths(), strict=True):
        a, b = paths.vertices.T
        np.testing.assert_allclose(a**2 / 3 + a * b + b**2, level, atol=0.05)
    assert len(calls) < 100


def test_a_diverging_path_has_a_gap():
    points = np.array([[1.0, 1.0], [np.inf, 0.0], [0.5, 0.5], [np.nan, 1.0]])
    main, value, _ = plot.descent(bowl, points).axes
    assert named_points(main) == {"start": (1.0, 1.0), "end": (0.5, 0.5)}
    assert list(np.isnan(path_of(value)[:, 1])) == [False, True, False, True]


def test_a_single_point_and_a_level_function_can_be_shown():
    drawn(plot.descent(bowl, [[0.0, 0.0]]))
    drawn(plot.descent(lambda x, y: 3.0, WALK))


def test_given_axes_have_the_path_alone():
    for trajectory, f in ((WALK, bowl), (WALK[:, 0], np.square), (np.ones((3, 5)), np.sum)):
        ax = fresh_axes()
        assert plot.descent(f, trajectory, ax=ax) is ax.figure
        assert len(ax.figure.axes) == 1


def test_legend_and_title_of_a_descent_cover_no_axes():
    figure = drawn(plot.descent(bowl, WALK))
    others = [figure.legends[0].get_window_extent(), figure._suptitle.get_window_extent()]
    assert not any(ax.get_tightbbox().overlaps(other) for ax in figure.axes for other in others)


@pytest.mark.parametrize(
    ("trajectory", "message"),
    [
        ([], "which has no points"),
        (3.0, "which is float, no sequence of points"),
        ([[1.0, 2.0], [1.0]], "whose points are not all of one form"),
        ([{"a": 1.0}, {"b": 1.0}], "whose points are not all of one form"),
        (np.zeros((2, 0)), "whose points have no numbers"),
        ([[np.nan, 1.0]], "which has no finite point"),
    ],
)
def test_trajectories_without_meaning_are_refused(trajectory, message):
    with pytest.raises(ArgumentError, match=message):
        plot.descent(bowl, trajectory)


def test_points_that_are_no_real_numbers_are_refused():
    with pytest.raises(DtypeError, match="a point with dtype complex128"):
        plot.descent(bowl, [[1j, 0j]])
    with pytest.raises(DtypeError, match="a point with dtype <U1"):
        plot.descent(bowl, [["a", "b"]])


@pytest.mark.parametrize("wrt", ["x", ("x",), ("x", "z"), ("x", "x"), (0, 2), 3])
def test_wrt_that_names_no_pair_is_refused(wrt):
    with pytest.raises(ArgumentError, match=r"names no two numbers of a point. They are x, y"):
        plot.descent(bowl, WALK, wrt=wrt)


@pytest.mark.parametrize("levels", [0, 201, 1.5, "a", [], [np.nan], [[1.0]], None])
def test_levels_without_meaning_are_refused(levels):
    with pytest.raises(ArgumentError, match="Give a number of contours from 1 to 200"):
        plot.descent(bowl, WALK, levels=levels)


def test_a_function_that_gives_no_number_is_refused():
    with pytest.raises(ShapeError, match=r"plot.descent needs a scalar result, but f returned shape \(2,\)"):
        plot.descent(lambda x: x, WALK)


# --- what is left alone --------------------------------------------------------------------------------------------

PLOTS = {
    "derivatives": lambda: plot.derivatives(np.sin, (0, 1), at=0.5),
    "error_against_step": lambda: plot.error_against_step(np.sin, 1.0),
    "descent": lambda: plot.descent(bowl, WALK),
}


@pytest.mark.parametrize("make", PLOTS.values(), ids=PLOTS)
def test_settings_stay_as_they_are(make):
    before = dict(mpl.rcParams)
    make()
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("make", PLOTS.values(), ids=PLOTS)
def test_a_notebook_shows_a_picture_by_itself(make):
    data, size = make()._repr_png_()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(data[16:20], "big") == 2 * size["width"]
    assert int.from_bytes(data[20:24], "big") == 2 * size["height"]


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_a_figure_is_written_to_a_file(tmp_path, suffix):
    path = tmp_path / f"plot.{suffix}"
    plot.derivatives(np.sin, (0, 1)).savefig(path)
    assert path.stat().st_size > 1000


def test_neither_pyplot_nor_a_display_is_needed():
    code = """
import sys, numpy as np, wengert as wg
assert "matplotlib" not in sys.modules
wg.plot.derivatives(np.sin, (0, 1))._repr_png_()
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={"MPLBACKEND": "qtagg", "PATH": ""})


@pytest.mark.parametrize("make", PLOTS.values(), ids=PLOTS)
def test_a_missing_matplotlib_is_named(make, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match=r'needs Matplotlib, .* pip install "wengert\[plots\]"'):
        make()
