r"""How each primitive is written in LaTeX: a column of the derivative table.

A row is a template with ``<0>``, ``<1>`` for the operands, the precedence of its outermost operator, and the precedence
that each operand must have to stand without brackets (the last one counts for all that follow). Primitives without a
row are written ``\operatorname{name}\left(x, y\right)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from wengert.symbolic.notation import APPLICATION, ATOM, POWER, PRODUCT, RELATION, SIGN, SUM

__all__ = ["TABLE", "Row"]


class Row(NamedTuple):
    """A template, its precedence, and what it needs of its operands."""

    template: str
    precedence: int = ATOM
    needs: tuple[int, ...] = (RELATION,)


def _function(sign: str) -> Row:
    r"""A function that needs no brackets around a letter: ``\sin x``."""
    return Row(rf"{sign} <0>", APPLICATION, (POWER,))


def _called(sign: str, operands: int = 1) -> Row:
    """A function with its operands in brackets."""
    return Row(rf"{sign}\left({', '.join(f'<{k}>' for k in range(operands))}\right)")


def _of_order(letter: str) -> Row:
    """A function of a family: its first operand is a subscript."""
    return Row(rf"{letter}_{{<0>}}\left(<1>\right)")


def _relation(sign: str) -> Row:
    return Row(f"<0> {sign} <1>", RELATION, (SIGN,))


_SAME = Row("<0>", RELATION, (ATOM,))

# fmt: off
TABLE: Mapping[str, Row] = MappingProxyType({
    # Arithmetic. Products and powers are put together in `typesetting`, which looks at what stands side by side.
    "negative": Row("-<0>", SIGN, (PRODUCT,)),
    "positive": _SAME,
    "constant": _SAME,
    "detach": _SAME,
    "astype": _SAME,
    "copy": _SAME,
    "add": Row("<0> + <1>", SUM, (SIGN, SUM)),
    "subtract": Row("<0> - <1>", SUM, (SIGN, PRODUCT)),
    "divide": Row(r"\frac{<0>}{<1>}", POWER),
    "sqrt": Row(r"\sqrt{<0>}"),
    "root": Row(r"\sqrt{<0>}"),
    "cbrt": Row(r"\sqrt[3]{<0>}"),
    "reciprocal": Row(r"\frac{1}{<0>}", POWER),
    "floor_divide": Row(r"\left\lfloor \frac{<0>}{<1>} \right\rfloor"),
    "remainder": Row(r"<0> \bmod <1>", PRODUCT, (POWER,)),
    "hypot": Row(r"\sqrt{<0>^{2} + <1>^{2}}", ATOM, (ATOM,)),
    "cosine": Row(r"\frac{<0>}{\sqrt{<0>^{2} + <1>^{2}}}", POWER, (ATOM,)),
    # Exponentials and logarithms.
    "exp": Row("e^{<0>}", POWER),
    "exp2": Row("2^{<0>}", POWER),
    "expm1": Row("e^{<0>} - 1", SUM),
    "log": _function(r"\log"),
    "log2": _function(r"\log_{2}"),
    "log10": _function(r"\log_{10}"),
    "log1p": Row(r"\log\left(1 + <0>\right)", ATOM, (SUM,)),
    "logaddexp": Row(r"\log\left(e^{<0>} + e^{<1>}\right)"),
    "logaddexp2": Row(r"\log_{2}\left(2^{<0>} + 2^{<1>}\right)"),
    "exp_share": Row(r"\frac{1}{1 + e^{<1> - <0>}}", POWER, (PRODUCT, SIGN)),
    "exp2_share": Row(r"\frac{1}{1 + 2^{<1> - <0>}}", POWER, (PRODUCT, SIGN)),
    # Trigonometric and hyperbolic functions.
    **{name: _function(f"\\{name}") for name in (
        "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
    )},
    "arcsinh": _function(r"\operatorname{arsinh}"),
    "arccosh": _function(r"\operatorname{arcosh}"),
    "arctanh": _function(r"\operatorname{artanh}"),
    "arctan2": _called(r"\operatorname{atan2}", 2),
    "sinc": _function(r"\operatorname{sinc}"),
    "sec_squared": _function(r"\sec^{2}"),
    "sech_squared": _function(r"\operatorname{sech}^{2}"),
    "arcsin_slope": Row(r"\frac{1}{\sqrt{1 - <0>^{2}}}", POWER, (ATOM,)),
    "arctan_slope": Row(r"\frac{1}{1 + <0>^{2}}", POWER, (ATOM,)),
    "arccosh_slope": Row(r"\frac{1}{\sqrt{<0>^{2} - 1}}", POWER, (ATOM,)),
    "arctanh_slope": Row(r"\frac{1}{1 - <0>^{2}}", POWER, (ATOM,)),
    # Absolute values, signs, steps, complex parts.
    "absolute": Row(r"\left| <0> \right|"),
    "fabs": Row(r"\left| <0> \right|"),
    "sign": _function(r"\operatorname{sgn}"),
    "floor": Row(r"\left\lfloor <0> \right\rfloor"),
    "ceil": Row(r"\left\lceil <0> \right\rceil"),
    "real": _function(r"\operatorname{Re}"),
    "imag": _function(r"\operatorname{Im}"),
    "conjugate": Row(r"\overline{<0>}"),
    "angle": _function(r"\arg"),
    # Selections, comparisons, truth values.
    "maximum": _called(r"\max", 2),
    "minimum": _called(r"\min", 2),
    "fmax": _called(r"\max", 2),
    "fmin": _called(r"\min", 2),
    "clip": Row(r"\min\left(\max\left(<0>, <1>\right), <2>\right)"),
    "where": Row(r"\begin{cases} <1> & \text{if } <0> \\ <2> & \text{otherwise} \end{cases}", SIGN),
    "less": _relation("<"),
    "less_equal": _relation(r"\le"),
    "greater": _relation(">"),
    "greater_equal": _relation(r"\ge"),
    "equal": _relation("="),
    "not_equal": _relation(r"\ne"),
    "logical_and": Row(r"<0> \land <1>", RELATION, (SIGN,)),
    "logical_or": Row(r"<0> \lor <1>", RELATION, (SIGN,)),
    "logical_not": Row(r"\lnot <0>", SIGN, (ATOM,)),
    "bitwise_and": Row(r"<0> \land <1>", RELATION, (SIGN,)),
    "bitwise_or": Row(r"<0> \lor <1>", RELATION, (SIGN,)),
    "invert": Row(r"\lnot <0>", SIGN, (ATOM,)),
    # Matrices.
    "inv": Row("<0>^{-1}", POWER, (ATOM,)),
    "solve": Row("<0>^{-1} <1>", PRODUCT, (ATOM, POWER)),
    "solve_or_nan": Row("<0>^{-1} <1>", PRODUCT, (ATOM, POWER)),
    "det": _function(r"\det"),
    "pinv": Row("<0>^{+}", POWER, (ATOM,)),
    "cholesky": _called(r"\operatorname{chol}"),
    "expm": Row("e^{<0>}", POWER),
    "logm": _function(r"\log"),
    "sqrtm": Row("<0>^{1/2}", POWER, (ATOM,)),
    # Gamma and its relatives.
    "gamma": _called(r"\Gamma"),
    "loggamma": _called(r"\log \Gamma"),
    "gammaln": Row(r"\log \left| \Gamma\left(<0>\right) \right|", APPLICATION),
    "rgamma": Row(r"\frac{1}{\Gamma\left(<0>\right)}", POWER),
    "psi": _called(r"\psi"),
    "polygamma": Row(r"\psi^{\left(<0>\right)}\left(<1>\right)"),
    "digamma_difference": Row(
        r"\psi^{\left(<0>\right)}\left(<1> + <2>\right) - \psi^{\left(<0>\right)}\left(<1>\right)", SUM, (SUM,)
    ),
    "beta": _called(r"\mathrm{B}", 2),
    "betaln": _called(r"\log \mathrm{B}", 2),
    "binom": Row(r"\binom{<0>}{<1>}"),
    "poch": Row(r"\left(<0>\right)_{<1>}"),
    "gammainc": _called("P", 2),
    "gammaincc": _called("Q", 2),
    "betainc": Row(r"I_{<2>}\left(<0>, <1>\right)"),
    "zeta": _called(r"\zeta", 2),
    "riemann_zeta": _called(r"\zeta"),
    # Statistics and learning.
    "expit": _called(r"\sigma"),
    "log_expit": _called(r"\log \sigma"),
    "logit": Row(r"\log \frac{<0>}{1 - <0>}", APPLICATION, (PRODUCT,)),
    "ndtr": _called(r"\Phi"),
    "log_ndtr": _called(r"\log \Phi"),
    "ndtri": _called(r"\Phi^{-1}"),
    "xlogy": Row(r"<0> \log <1>", PRODUCT, (POWER,)),
    "xlog1py": Row(r"<0> \log\left(1 + <1>\right)", PRODUCT, (POWER, SUM)),
    "entr": Row(r"-<0> \log <0>", SIGN, (POWER,)),
    "rel_entr": Row(r"<0> \log \frac{<0>}{<1>}", PRODUCT, (POWER,)),
    # Error functions and integrals.
    **{name: _function(rf"\operatorname{{{name}}}") for name in ("erf", "erfc", "erfi")},
    "erfinv": _function(r"\operatorname{erf}^{-1}"),
    "expi": _called(r"\operatorname{Ei}"),
    "exp1": _called("E_{1}"),
    "expn": _of_order("E"),
    "spence": _called(r"\operatorname{Li}_{2}"),
    "lambertw": Row(r"W_{<1>}\left(<0>\right)"),
    "ellipk": _called("K"),
    "ellipe": _called("E"),
    # Bessel functions.
    **{name: _of_order(letter) for name, letter in (
        ("jv", "J"), ("yv", "Y"), ("iv", "I"), ("kv", "K"), ("yn", "Y"), ("kn", "K"), ("hankel1", "H^{(1)}"),
        ("hankel2", "H^{(2)}"), ("spherical_jn", "j"), ("spherical_yn", "y"), ("spherical_in", "i"),
        ("spherical_kn", "k"), ("bessel_i", "I"),
    )},
    **{name: _called(sign) for name, sign in (
        ("j0", "J_{0}"), ("j1", "J_{1}"), ("y0", "Y_{0}"), ("y1", "Y_{1}"), ("i0", "I_{0}"), ("special_i0", "I_{0}"),
        ("i1", "I_{1}"), ("k0", "K_{0}"), ("k1", "K_{1}"),
    )},
    # Orthogonal polynomials and hypergeometric functions.
    **{name: _of_order(letter) for name, letter in (
        ("eval_legendre", "P"), ("eval_chebyt", "T"), ("eval_chebyu", "U"), ("eval_hermite", "H"),
        ("eval_hermitenorm", r"\mathit{He}"), ("eval_laguerre", "L"),
    )},
    "eval_genlaguerre": Row(r"L_{<0>}^{\left(<1>\right)}\left(<2>\right)"),
    "eval_gegenbauer": Row(r"C_{<0>}^{\left(<1>\right)}\left(<2>\right)"),
    "eval_jacobi": Row(r"P_{<0>}^{\left(<1>, <2>\right)}\left(<3>\right)"),
    "hyp0f1": Row(r"{}_{0}F_{1}\left(<0>; <1>\right)"),
    "hyp1f1": Row(r"{}_{1}F_{1}\left(<0>; <1>; <2>\right)"),
    "hyp2f1": Row(r"{}_{2}F_{1}\left(<0>, <1>; <2>; <3>\right)"),
})
# fmt: on
