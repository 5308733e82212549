"""A program for each row of the table of rewrites, on which that row alone applies."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wengert.registry import table

#: What an identity of real numbers may get wrong in floating point.
SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 2.3e-308, 1.7e308, -1.7e308, 1e300]
)
N = len(SPECIAL) ** 2
X, Y = np.repeat(SPECIAL, len(SPECIAL)), np.tile(SPECIAL, len(SPECIAL))


@dataclass(frozen=True)
class Program:
    """A function of x, or of x and y, on which the row of this name applies; `near` says where an inexact one holds."""

    row: str
    f: Callable
    near: float = 1e-12

    @property
    def count(self) -> int:
        return self.f.__code__.co_argcount


def written(x):
    y = +x
    y[2] = 5.0 * x[0]
    return y[2] + x[1]


def filled(x):
    y = np.zeros_like(x)
    y[:] = 3 * x
    return y


def overwritten(x):
    y = +x
    y[2] = 5.0 * x[0]
    y[2] = x[1]
    return y


def scattered(x, y):
    return table.scatter(x[:4], index=slice(3, 7), shape=(9,)) + table.scatter(y[:4], index=slice(3, 7), shape=(9,))


EXACT = [
    Program("copied", lambda x: np.exp(+x)),
    Program("copied", lambda x: np.copy(x.reshape((-1, 2)), order="C")),
    Program("detached", lambda x: x * np.isnan(x).detach()),
    Program("cast_to_own_type", lambda x: x.astype(x.dtype) * 3),
    Program("cast_to_own_type", lambda x: x.astype(np.complex128).astype(np.complex128)),
    Program("part_of_real", lambda x: np.conj(x) * 3),
    Program("uniform_constant", lambda x: x * np.full(N, 3.7)),
    Program("uniform_constant", lambda x: np.full(5, 2.5) - x[3]),
    Program("uniform_constant", lambda x: np.full(N, -0.0) + x),
    Program("broadcast_operand", lambda x, y: x * np.broadcast_to(y[3], x.shape)),
    Program("broadcast_operand", lambda x, y: np.broadcast_to(x[5], (7,)) / np.broadcast_to(y[3], (7,))),
    Program("plus_nothing", lambda x: x + -0.0),
    Program("plus_nothing", lambda x: -0.0 + x),
    Program("plus_zero_of_sure_sign", lambda x: 0.0 + x * x),
    Program("plus_zero_of_sure_sign", lambda x: 0 + np.exp(x)),
    Program("plus_zero_of_sure_sign", lambda x: (x + np.abs(x)) + 0.0),
    Program("plus_zero_of_sure_sign", lambda x: (1 - x) + 0.0),
    Program("minus_nothing", lambda x: x - 0.0),
    Program("minus_nothing", lambda x: -0.0 - x),
    Program("times_one", lambda x: 1.0 * x),
    Program("times_one", lambda x: x * 1),
    Program("times_minus_one", lambda x: -1.0 * x),
    Program("over_one", lambda x: x / 1.0),
    Program("over_one", lambda x: x / -1),
    Program("selecting_one", lambda x: table.selecting_multiply(x, 1.0)),
    Program("power_one", lambda x: x**1),
    Program("power_one", lambda x: x**1.0),
    Program("power_zero", lambda x: x**0),
    Program("double_negation", lambda x: np.negative(-x)),
    Program("sum_with_negation", lambda x, y: x + -y),
    Program("sum_with_negation", lambda x, y: -x + y),
    Program("difference_with_negation", lambda x, y: x - (-y)),
    Program("two_negations", lambda x, y: -x * -y),
    Program("two_negations", lambda x, y: -x / -y),
    Program("negation_into_constant", lambda x: -x * 3.7),
    Program("negation_into_constant", lambda x: 0 * -x),
    Program("negation_into_constant", lambda x: 3 / -x),
    Program("negation_into_constant", lambda x: -x / np.arange(1, N + 1)),
    Program("negation_out_of_product", lambda x, y: 0.5 + (-x) * y),
    Program("negation_out_of_product", lambda x, y: 0.5 - (-x) / y),
    Program("negation_out_of_product", lambda x, y: y + 3.0 * (y / -x)),
    Program("negated_scaling", lambda x: -(3.7 * x)),
    Program("negated_scaling", lambda x: -(x / 3)),
    Program("negated_scaling", lambda x: -(0 / x)),
    Program("square_of_magnitude", lambda x: np.square(-x)),
    Program("square_of_magnitude", lambda x: np.square(np.abs(x))),
    Program("square_of_magnitude", lambda x: np.abs(-x)),
    Program("square_of_magnitude", lambda x: (-x) ** 4),
    Program("magnitude_of_non_negative", lambda x: np.abs(np.exp(x))),
    Program("magnitude_of_non_negative", lambda x: np.abs(x * x)),
    Program("magnitude_of_non_negative", lambda x: np.abs(np.where(x > 0, np.square(x), np.exp(x)))),
    Program("moved_negation", lambda x, y: y.reshape((-1, 2)) + (-x).reshape((-1, 2))),
    Program("over_power_of_two", lambda x: x / 8.0),
    Program("over_power_of_two", lambda x: x / -0.125),
    Program("constant_factors", lambda x: 3.7 * (2.0 * x)),
    Program("constant_factors", lambda x: 2.0 * (3.0 * x)),
    Program("constant_factors", lambda x: -1.5 * (x * 4)),
    Program("power_of_array", lambda x: x**2),
    Program("power_of_array", lambda x: x**-1),
    Program("power_of_array", lambda x: x**0.5),
    Program("decided_selection", lambda x, y: np.where(np.ones(N, bool), x, y) * 3),
    Program("decided_selection", lambda x, y: np.where(np.bool_(False), x, y) * 3),
    Program("selection_of_same", lambda x, y: np.where(x > 0, y, y)),
    Program("repeated_selection", lambda x, y: np.where(x > 0, np.where(x > 0, x, y), 0.5)),
    Program("repeated_selection", lambda x, y: np.where(x > 0, 0.5, np.where(x > 0, x, y))),
    Program("extremum_of_same", lambda x: np.maximum(x, x)),
    Program("extremum_of_same", lambda x: np.fmin(x, x)),
    Program("reshape_of_reshape", lambda x: x.reshape((4, -1)).reshape((-1, 8))),
    Program("reshape_of_reshape", lambda x: x.reshape((4, -1)).reshape(x.shape)),
    Program("transpose_of_transpose", lambda x: x.reshape((4, -1)).T.T),
    Program("transpose_of_transpose", lambda x: x.reshape((4, 8, 8)).transpose((1, 2, 0)).transpose((2, 1, 0))),
    Program("transpose_of_transpose", lambda x: x.reshape((4, 8, 8)).transpose((0, 1, 2))),
    Program("flip_of_flip", lambda x: np.flip(np.flip(x))),
    Program("broadcast_of_broadcast", lambda x: np.broadcast_to(np.broadcast_to(x, (2, N)), (3, 2, N))),
    Program("broadcast_of_unit_axes", lambda x: np.broadcast_to(np.expand_dims(x, 0), (2, N))),
    Program("single_part", lambda x: np.concatenate([x])),
    Program("sum_of_nothing", lambda x: np.sum(np.exp(x).reshape((-1, 1)), axis=1)),
    Program("sum_of_nothing", lambda x: np.sum(x, axis=())),
    Program("sum_of_nothing", lambda x: np.sum(x - x, axis=())),
    Program("reduction_of_unit_axes", lambda x: np.max(x.reshape((-1, 1)), axis=1)),
    Program("reduction_of_unit_axes", lambda x: np.prod(x.reshape((1, -1)), axis=0, keepdims=True)),
    Program("whole_index", lambda x: x[:]),
    Program("whole_index", lambda x: x[..., None]),
    Program("whole_index", lambda x: x.reshape((1, -1))[0]),
    Program("index_of_index", lambda x: x[3:][::-2][1]),
    Program("index_of_index", lambda x: x.reshape((4, -1))[1][5:9]),
    Program("index_of_index", lambda x: x[10:2:-1][2:5]),
    Program("index_of_broadcast", lambda x: np.broadcast_to(x[0], (5, 4))[2, 1:3]),
    Program("index_of_broadcast", lambda x: np.broadcast_to(x[:1], (5,))[2]),
    Program("index_of_concatenation", lambda x, y: np.concatenate([x, y])[N + 3]),
    Program("index_of_concatenation", lambda x, y: np.concatenate([x, y])[-1:-5:-2]),
    Program("index_of_concatenation", lambda x, y: np.stack([x, y], axis=1)[:, 1]),
    Program("index_of_update", written),
    Program("update_of_all", filled),
    Program("update_of_update", overwritten),
    Program("sum_of_scatters", scattered),
]

INEXACT = [
    Program("plus_zero", lambda x: x + 0.0),
    Program("zero_minus", lambda x: 0.0 - x),
    Program("difference_with_itself", lambda x: x - x),
    Program("times_zero", lambda x: x * 0.0),
    Program("times_one_of_complex", lambda x: (x * 1j) * 1.0),
    Program("times_one_of_complex", lambda x: (x * 1j) / 1),
    Program("quotient_with_itself", lambda x: x / x),
    Program("negation_less", lambda x, y: 0.5 + (-x - y)),
    Program("negated_difference", lambda x, y: -(x - y)),
    Program("all_constant_factors", lambda x: 3.7 * (x * 0.1)),
    Program("over_constant", lambda x: x / 3.7),
    Program("constant_over_scaled", lambda x: 3.7 / (1.3 * x)),
    Program("over_reciprocal", lambda x, y: y / (1 / x)),
    Program("over_reciprocal", lambda x: 1 / (1 / x)),
    Program("times_quotient", lambda x, y: x / y + x * ((x + 1) / y)),
    Program("times_reciprocal", lambda x, y: x * (1 / y)),
    Program("common_factor", lambda x, y: x * y + 3 * y),
    Program("common_factor", lambda x, y: y * x - y * np.sin(x)),
    Program("power_of_number", lambda x: x[3] ** 2 + x[4] ** -1 + x[5] ** 0.5),
    Program("power_as_products", lambda x: x**3 + x**4 + x**-2),
    Program("product_with_itself", lambda x: x * x),
    Program("inverse_function", lambda x: np.log(np.exp(x)) + np.exp(np.log(x)) + np.square(np.sqrt(x))),
    Program("inverse_function", lambda x: np.log1p(np.expm1(x)) + np.expm1(np.log1p(x))),
    Program("root_of_square", lambda x: np.sqrt(np.square(x - 1.5))),
    Program("product_of_roots", lambda x: np.sqrt(x) * np.sqrt(x)),
    Program("product_of_exponentials", lambda x, y: np.exp(x) * np.exp(y)),
    Program("product_of_exponentials", lambda x, y: np.exp(x) / np.exp(y)),
    Program("sum_of_broadcast", lambda x: np.sum(np.broadcast_to(x[2], (3, 5)), axis=0)),
    Program("sum_of_broadcast", lambda x: np.sum(np.broadcast_to(x[2], (3, 5)))),
]
