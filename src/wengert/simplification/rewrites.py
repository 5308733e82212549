"""The table of rewrites: which functions are tried on which primitives, in order, and which of them are exact.

A row that is exact gives the same bits, with the signs of zeros, infinities and nan; what it is short of is said in its
docstring otherwise. Two things are left out of account, as by NumPy itself: the sign of a nan, and that the order of
summation within a sum or a matrix product depends on how its operand lies in memory.
"""

from __future__ import annotations

from wengert.simplification import arithmetic, reshaping
from wengert.simplification.terms import Rewrite

__all__ = ["REWRITES"]

_MOVING = "reshape transpose getitem flip"  # not broadcast_to: -x is computed before it is repeated

# Rows read: function, primitives it is tried on, what one of their operands must be (a constant, or the result of such
# a primitive; nothing: anything), whether it is exact.
# fmt: off
REWRITES: tuple[Rewrite, ...] = (
    # Copies.
    Rewrite(reshaping.copied,                      "positive copy constant",     "",                         True),
    Rewrite(reshaping.detached,                    "detach",                     "",                         True),
    Rewrite(reshaping.cast_to_own_type,            "astype astype_integer",      "",                         True),
    Rewrite(reshaping.part_of_real,                "real conjugate",             "",                         True),
    # Repeated numbers.
    Rewrite(reshaping.uniform_constant,            reshaping.ARITHMETIC,         "constant",                 True),
    Rewrite(reshaping.broadcast_operand,           reshaping.ARITHMETIC,         "broadcast_to",             True),
    # Neutral constants.
    Rewrite(arithmetic.plus_nothing,               "add",                        "constant",                 True),
    Rewrite(arithmetic.plus_zero_of_sure_sign,     "add",                        "constant",                 True),
    Rewrite(arithmetic.minus_nothing,              "subtract",                   "constant",                 True),
    Rewrite(arithmetic.times_one,                  "multiply",                   "constant",                 True),
    Rewrite(arithmetic.times_minus_one,            "multiply",                   "constant",                 True),
    Rewrite(arithmetic.over_one,                   "divide",                     "constant",                 True),
    Rewrite(arithmetic.selecting_one,              "selecting_multiply",         "constant",                 True),
    Rewrite(arithmetic.power_one,                  "power float_power",          "constant",                 True),
    Rewrite(arithmetic.power_zero,                 "power float_power",          "constant",                 True),
    # Signs.
    Rewrite(arithmetic.double_negation,            "negative",                   "negative",                 True),
    Rewrite(arithmetic.sum_with_negation,          "add",                        "negative",                 True),
    Rewrite(arithmetic.difference_with_negation,   "subtract",                   "negative",                 True),
    Rewrite(arithmetic.two_negations,              "multiply divide",            "negative",                 True),
    Rewrite(arithmetic.negation_into_constant,     "multiply divide",            "negative",                 True),
    Rewrite(arithmetic.negation_out_of_product,    "multiply divide",            "negative",                 True),
    Rewrite(arithmetic.negated_scaling,            "negative",                   "multiply divide",          True),
    Rewrite(arithmetic.square_of_magnitude,        "square absolute power",      "negative absolute",        True),
    Rewrite(arithmetic.magnitude_of_non_negative,  "absolute fabs",              "",                         True),
    Rewrite(reshaping.moved_negation,              _MOVING,                      "negative",                 True),
    # Constant factors and powers.
    Rewrite(arithmetic.over_power_of_two,          "divide",                     "constant",                 True),
    Rewrite(arithmetic.constant_factors,           "multiply",                   "multiply",                 True),
    Rewrite(arithmetic.power_of_array,             "power",                      "constant",                 True),
    # Selections.
    Rewrite(reshaping.decided_selection,           "where",                      "constant",                 True),
    Rewrite(reshaping.selection_of_same,           "where",                      "",                         True),
    Rewrite(reshaping.repeated_selection,          "where",                      "where",                    True),
    Rewrite(reshaping.extremum_of_same,            "maximum minimum fmax fmin",  "",                         True),
    # Shapes.
    Rewrite(reshaping.reshape_of_reshape,          "reshape",                    "",                         True),
    Rewrite(reshaping.transpose_of_transpose,      "transpose",                  "",                         True),
    Rewrite(reshaping.flip_of_flip,                "flip",                       "flip",                     True),
    Rewrite(reshaping.broadcast_of_broadcast,      "broadcast_to",               "",                         True),
    Rewrite(reshaping.broadcast_of_unit_axes,      "broadcast_to",               "reshape",                  True),
    Rewrite(reshaping.single_part,                 "concatenate",                "",                         True),
    # Reductions.
    Rewrite(reshaping.sum_of_nothing,              "sum",                        "",                         True),
    Rewrite(reshaping.reduction_of_unit_axes,      "max min prod",               "",                         True),
    # Indices.
    Rewrite(reshaping.whole_index,                 "getitem",                    "",                         True),
    Rewrite(reshaping.index_of_index,              "getitem",                    "getitem",                  True),
    Rewrite(reshaping.index_of_broadcast,          "getitem",                    "broadcast_to",             True),
    Rewrite(reshaping.index_of_concatenation,      "getitem",                    "concatenate",              True),
    Rewrite(reshaping.index_of_update,             "getitem",                    "index_update",             True),
    Rewrite(reshaping.update_of_all,               "index_update",               "",                         True),
    Rewrite(reshaping.update_of_update,            "index_update",               "index_update",             True),
    Rewrite(reshaping.sum_of_scatters,             "add",                        "scatter",                  True),

    # Identities of real numbers that floating point fulfils up to rounding, overflow or the sign of a zero.
    Rewrite(arithmetic.plus_zero,                  "add",                        "constant",                 False),
    Rewrite(arithmetic.zero_minus,                 "subtract",                   "constant",                 False),
    Rewrite(arithmetic.difference_with_itself,     "subtract",                   "",                         False),
    Rewrite(arithmetic.times_zero,                 "multiply",                   "constant",                 False),
    Rewrite(arithmetic.times_one_of_complex,       "multiply divide",            "constant",                 False),
    Rewrite(arithmetic.quotient_with_itself,       "divide",                     "",                         False),
    Rewrite(arithmetic.negation_less,              "subtract",                   "negative",                 False),
    Rewrite(arithmetic.negated_difference,         "negative",                   "subtract",                 False),
    Rewrite(arithmetic.all_constant_factors,       "multiply",                   "multiply",                 False),
    Rewrite(arithmetic.over_constant,              "divide",                     "constant",                 False),
    Rewrite(arithmetic.constant_over_scaled,       "divide",                     "multiply",                 False),
    Rewrite(arithmetic.over_reciprocal,            "divide",                     "divide",                   False),
    Rewrite(arithmetic.times_quotient,             "multiply",                   "divide",                   False),
    Rewrite(arithmetic.times_reciprocal,           "multiply",                   "divide",                   False),
    Rewrite(arithmetic.common_factor,              "add subtract",               "multiply",                 False),
    Rewrite(arithmetic.power_of_number,            "power",                      "constant",                 False),
    Rewrite(arithmetic.power_as_products,          "power",                      "constant",                 False),
    Rewrite(arithmetic.product_with_itself,        "multiply",                   "",                         False),
    Rewrite(arithmetic.inverse_function,           "log exp log1p expm1 square", "exp log expm1 log1p sqrt", False),
    Rewrite(arithmetic.root_of_square,             "sqrt",                       "square",                   False),
    Rewrite(arithmetic.product_of_roots,           "multiply",                   "sqrt",                     False),
    Rewrite(arithmetic.product_of_exponentials,    "multiply divide",            "exp",                      False),
    Rewrite(reshaping.sum_of_broadcast,            "sum",                        "broadcast_to",             False),
)
# fmt: on
