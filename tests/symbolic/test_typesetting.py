r"""`latex`: what it writes, and that it can be typeset."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
import scipy.special as sc
import sympy as sp

import wengert as wg
from laws.examples import LEFT_OUT, PRIMITIVES, examples_of
from wengert.errors import ArgumentError
from wengert.symbolic import latex
from wengert.symbolic.latex_table import TABLE
from wengert.symbolic.notation import name_in_latex, number_in_latex


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def test_one_line_for_each_statement():
    assert latex(textbook).splitlines() == [
        r"\begin{aligned}",
        r"v_{1} &= \log x_{1} \\",
        r"v_{2} &= x_{1} x_{2} \\",
        r"v_{3} &= v_{1} + v_{2} \\",
        r"v_{4} &= \sin x_{2} \\",
        r"v_{5} &= v_{3} - v_{4} \\",
        r"\operatorname{textbook}\left(x_{1}, x_{2}\right) &= v_{5}",
        r"\end{aligned}",
    ]


def test_lists_tapes_and_formulas_of_sympy():
    lst = wg.trace(textbook)(2.0, 5.0)
    assert latex(lst) == latex(wg.tape(textbook, 2.0, 5.0)) == latex(textbook)
    x = sp.Symbol("x")
    assert latex(sp.sqrt(x) / 2) == r"\frac{\sqrt{x}}{2}"


def test_derivative_programs_have_bars_and_dots():
    lst = wg.trace(textbook)(2.0, 5.0)
    assert r"\bar{x}_{1} &= " in latex(wg.adjoint(lst))
    assert r"\dot{v}_{3} &= \dot{v}_{1} + \dot{v}_{2}" in latex(wg.tangent(lst))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("v12", "v_{12}"),
        ("theta", r"\theta"),
        ("theta2", r"\theta_{2}"),
        ("θ", r"\theta"),
        ("lmbda", r"\lambda"),
        ("Sigma", r"\Sigma"),
        ("x_bar", r"\bar{x}"),
        ("x1_bar", r"\bar{x}_{1}"),
        ("v3_dot", r"\dot{v}_{3}"),
        ("x_dot_bar", r"\bar{\dot{x}}"),
        ("w_out", r"w_{\mathrm{out}}"),
        ("w_i2", "w_{i_{2}}"),
        ("params_w_3", r"\mathrm{params}_{w,3}"),
        ("weights", r"\mathrm{weights}"),
        ("x_", "x'"),
        ("x__", "x''"),
        ("_", r"\mathrm{\_}"),
        ("_x", "x"),
        ("bar", r"\mathrm{bar}"),
    ],
)
def test_names(name, expected):
    assert name_in_latex(name) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2, "2"),
        (2.0, "2"),
        (-0.5, "-0.5"),
        (1e-5, "10^{-5}"),
        (2.5e20, r"2.5 \cdot 10^{20}"),
        (np.inf, r"\infty"),
        (-np.inf, r"-\infty"),
        (np.nan, r"\mathrm{nan}"),
        (True, r"\mathrm{true}"),
        (1 - 2j, r"1 - 2\mathrm{i}"),
        (1j, r"\mathrm{i}"),
        (-3j, r"-3\mathrm{i}"),
        (np.array([1.0, 2.0]), r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
        (np.eye(2), r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}"),
        (np.zeros((3, 4)), r"\mathtt{f64[3,4]}"),
        (np.zeros(0), r"\mathtt{f64[0]}"),
        (None, r"\mathrm{None}"),
    ],
)
def test_numbers(number, expected):
    assert number_in_latex(number).text == expected


V, M = np.ones(3), np.ones((2, 3))


@pytest.mark.parametrize(
    ("f", "args", "expected"),
    [
        (lambda x, y: x - (y - x), (1.0, 1.0), r"x - \left(y - x\right)"),
        (lambda x, y: x - y - x, (1.0, 1.0), r"x - y - x"),
        (lambda x, y: (x + y) * x, (1.0, 1.0), r"\left(x + y\right) x"),
        (lambda x, y: x * (-y), (1.0, 1.0), r"x \left(-y\right)"),
        (lambda x, y: -(x * y), (1.0, 1.0), r"-x y"),
        (lambda x, y: -(x + y), (1.0, 1.0), r"-\left(x + y\right)"),
        (lambda x: x * 2, (1.0,), r"x \cdot 2"),
        (lambda x: 2 * x, (1.0,), r"2 x"),
        (lambda x: x + -3, (1.0,), r"x + \left(-3\right)"),
        (lambda x: np.sin(x) * x, (1.0,), r"\sin x \cdot x"),
        (lambda x: x * np.sin(x) * 3, (1.0,), r"x \sin x \cdot 3"),
        (lambda x: np.sin(x) ** 2, (1.0,), r"\left(\sin x\right)^{2}"),
        (lambda x: np.sin(x * x), (1.0,), r"\sin \left(x x\right)"),
        (lambda x: np.sin(x / 2), (1.0,), r"\sin \frac{x}{2}"),
        (lambda x: (x / 2) ** x, (1.0,), r"\left(\frac{x}{2}\right)^{x}"),
        (lambda x: np.exp(-x * x / 2), (1.0,), r"e^{\frac{\left(-x\right) x}{2}}"),
        (lambda x: np.exp(x) * np.sqrt(1 + x), (1.0,), r"e^{x} \sqrt{1 + x}"),
        (lambda x: abs(x) + np.floor(x), (1.0,), r"\left| x \right| + \left\lfloor x \right\rfloor"),
        (lambda x: np.hypot(x + 1, x), (1.0,), r"\sqrt{\left(x + 1\right)^{2} + x^{2}}"),
        (
            lambda x: np.where(x > 0, x, 0.0),
            (1.0,),
            r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        ),
        (np.maximum, (1.0, 1.0), r"\max\left(x_{1}, x_{2}\right)"),
        (lambda A, x: A @ x, (M, V), "A x"),
        (lambda A, B: A.T @ B, (M, M), r"A^{\mathsf{T}} B"),
        (lambda A, B: A * B, (M, M), r"A \odot B"),
        (lambda A: A**2, (M,), r"A^{\circ 2}"),
        (np.linalg.inv, (np.eye(2),), "a^{-1}"),
        (np.linalg.solve, (np.eye(2), np.ones(2)), "a^{-1} b"),
        (np.linalg.det, (np.eye(2),), r"\det a"),
        (np.sum, (V,), r"\sum_{i} a_{i}"),
        (lambda A: np.sum(A, axis=1), (M,), r"\sum_{j} A_{ij}"),
        (np.sum, (M,), r"\sum_{i,j} a_{ij}"),
        (lambda x1: x1.sum(), (V,), r"\sum_{i} \left(x_{1}\right)_{i}"),
        (lambda x: np.prod(x * x), (V,), r"\prod_{i} \left(x \odot x\right)_{i}"),
        (np.mean, (V,), r"\frac{1}{3} \sum_{i} a_{i}"),
        (lambda x: np.max(x) - np.min(x), (V,), r"\max_{i} x_{i} - \min_{i} x_{i}"),
        (np.linalg.norm, (V,), r"\left\| x \right\|"),
        (lambda x: x[0] * x[-1], (V,), "x_{0} x_{-1}"),
        (lambda x: x[1:], (V,), "x_{1{:}}"),
        (lambda A: A[..., 0], (M,), r"A_{\ldots, 0}"),
        (lambda x: x[np.array([0, 2])], (V,), r"x_{\left[0, 2\right]}"),
        (lambda x: np.concatenate([x, x]), (V,), r"\left[x, x\right]"),
        (lambda x: x.reshape(1, 3), (V,), r"\operatorname{reshape}_{1 \times 3}\left(x\right)"),
        (lambda x: np.einsum("i,i->", x, x), (V,), r"\operatorname{einsum}_{i,i \to }\left(x, x\right)"),
        (np.cumsum, (V,), r"\operatorname{cumsum}\left(a; \mathrm{axis} = 0\right)"),
        (lambda x: sc.gamma(x) * sc.jv(2, x), (1.0,), r"\Gamma\left(x\right) J_{2}\left(x\right)"),
        (lambda x: sc.erfcx(x) + 1, (1.0,), r"\operatorname{erfcx}\left(x\right) + 1"),
        (lambda x: sc.psi(x) * x, (1.0,), r"\psi\left(x\right) x"),
        (
            lambda x: np.linalg.eigh(x)[0],
            (np.eye(2),),
            r"\left(\operatorname{eigh}\left(x; \mathrm{UPLO} = \mathrm{L}\right)\right)_{0}",
        ),
        (lambda x: (x, 2.0), (1.0,), r"\left(x, 2\right)"),
    ],
)  # fmt: skip
def test_expanded(f, args, expected):
    found = latex(f, *args, expanded=True)
    assert found == expected
    check(found)


def test_control_statements():
    def loop(x):
        return wg.fori_loop(0, 2, lambda i, s: s * x + i, 1 * x)

    lines = latex(loop).splitlines()
    assert lines[3:6] == [
        r"\quad \text{body: } \left(i, x, s\right) &\mapsto w_{2} \\",
        r"\quad \quad w_{1} &= s x \\",
        r"\quad \quad w_{2} &= w_{1} + i \\",
    ]
    assert latex(loop, expanded=True) == r"\left(1 x x + 0\right) x + 1"
    branch = latex(lambda x: wg.cond(x > 0, np.sin, np.cos, x), expanded=True)
    assert branch == r"\begin{cases} \sin x & \text{if } x > 0 \\ \cos x & \text{otherwise} \end{cases}"
    switch = latex(lambda i, x: wg.switch(i, [np.sin, np.cos], x), 0, 1.0, expanded=True)
    assert switch == r"\begin{cases} \sin x & \text{if } i = 0 \\ \cos x & \text{if } i = 1 \end{cases}"
    assert latex(lambda x: wg.call(np.exp, x) * 2, expanded=True) == r"e^{x} \cdot 2"
    rounds = latex(lambda x: wg.while_loop(lambda s: s < 9, lambda s: s * 2, x), expanded=True)
    assert rounds == r"\operatorname{while\_loop}\left(x\right)"


# ------------------------------------------------------------------------------------------------ it can be typeset


def check(text):
    """Whether braces, \\left and \\right, and environments are nested as LaTeX needs them."""
    openings: list[str] = []
    for kind, name in _tokens(text):
        if kind in ("{", "left", "begin"):
            openings.append({"{": "}", "left": "right", "begin": f"end {name}"}[kind])
        else:
            found = kind if kind != "end" else f"end {name}"
            assert openings, f"{found} without a beginning in {text}"
            assert openings.pop() == found, text
    assert not openings, text
    assert not re.search(r"<\d+>|<ufunc", text), text  # no placeholder was left


def _tokens(text) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"\\(begin|end)\{(\w+)\}|\\(left|right)(?![a-z])|(?<!\\)([{}])", text):
        environment, name, side, brace = found.groups()
        yield environment or side or brace, name or ""


@pytest.mark.parametrize(
    "text", [r"\left( x", "{", "x}", r"\left( {x \right)}", r"\begin{cases} x", r"\begin{cases} x \end{aligned}", "<0>"]
)
def test_the_checker_sees_what_is_wrong(text):
    with pytest.raises(AssertionError):
        check(text)


def one_example_of_each():
    for prim in PRIMITIVES.values():
        if prim.name not in LEFT_OUT:
            found = next(examples_of(prim), None)
            if found is not None and found.arguments:
                yield found


@pytest.mark.parametrize("example", list(one_example_of_each()), ids=str)
@pytest.mark.parametrize("expanded", [False, True])
def test_every_primitive_is_written_so_that_it_can_be_typeset(example, expanded):
    def nested(*xs):
        return example.of_values(*(x - 1.0 * x * x if x.dtype.kind == "f" else x for x in xs))

    lst = wg.trace(nested)(*example.arguments)
    check(latex(lst, expanded=expanded))


def test_every_row_of_the_table_is_that_of_a_primitive():
    assert set(TABLE) <= set(PRIMITIVES) | {"bessel_i"}


def test_ten_thousand_lines():
    def chain(x):
        for _ in range(10_000):
            x = np.sin(x)
        return x

    text = latex(chain)
    assert len(text.splitlines()) == 10_003
    check(text)


# ------------------------------------------------------------------------------------------------ wrong input


def test_an_expanded_formula_that_would_be_too_long():
    def doubling(x):
        for _ in range(40):
            x = x * x
        return x

    with pytest.raises(ArgumentError) as caught:
        latex(doubling, expanded=True)
    message = str(caught.value)
    assert "the expanded formula of doubling has more than 100,000 characters." in message
    assert "Leave out expanded=True: then each statement is one line." in message
    assert "x = x * x" in message


def test_something_else():
    with pytest.raises(ArgumentError, match="latex needs a Wengert list or a function, and got int"):
        latex(3)
