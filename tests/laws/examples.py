"""Where each primitive of the registry is tested: operands in its declared domain, and parameters.

Elementwise primitives need no entry here unless an operand is not an ordinary number. The others have a table
of shapes and parameters. `test_registry` fails for a primitive that has neither.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import wengert  # noqa: F401  # fills the registry
from wengert.facts import Kind
from wengert.primitive import Primitive
from wengert.registry import table

PRIMITIVES = dict(table.primitives)

LEFT_OUT = {
    "detach": "the identity whose derivative is declared to be zero",
    "isnat": "takes dates, which no value holds",
}

# Operands that are no ordinary numbers, or on whose value a jump depends: they stay as they are.
FIXED_OPERANDS: dict[str, dict[int, Any]] = {
    "where": {0: np.array([True, False, True])},
    "ldexp": {1: np.array([2, -1, 0])},
    "heaviside": {0: np.array([0.0, 1.5, -1.0])},
}

# Integer functions: flat, so they are only evaluated.
INTEGERS = np.array([6, 1, 4])
INTEGER_FUNCTIONS = frozenset(
    {
        "bitwise_and", "bitwise_count", "bitwise_or", "bitwise_xor", "gcd", "invert", "lcm", "left_shift",
        "right_shift",
    }
)  # fmt: skip

# So many numbers are needed for every case of a function with cases to occur among them.
_LENGTHS = {"clip": 16}

_MIDDLE = {"axis": (1,), "keepdims": False}
_REDUCTION = [
    [((3,), {"axis": (0,), "keepdims": False})],
    [((2, 3), {"axis": (0,), "keepdims": False})],
    [((2, 3), {"axis": (1,), "keepdims": True})],
    [((2, 3), {"axis": (0, 1), "keepdims": False})],
    [((2, 3, 2), {"axis": (0, 2), "keepdims": False})],
    [((2, 3), {"axis": (0, 1), "keepdims": True})],
    [((2, 5), _MIDDLE)],
    [((2, 1), _MIDDLE)],
    [((), {"axis": (), "keepdims": False})],
]
_POSITIONS = [((4,), {"axis": None}), ((2, 3), {"axis": 1})]


def _one(shape: tuple[int, ...], /, **params: Any) -> tuple[tuple[tuple[int, ...], ...], dict[str, Any]]:
    return (shape,), params


# Primitive → shapes of its operands, and parameters.
SHAPES: dict[str, Sequence[tuple[tuple[tuple[int, ...], ...], Mapping[str, Any]]]] = {
    "matmul": [
        (((3,), (3,)), {}),
        (((2, 3), (3,)), {}),
        (((3,), (3, 2)), {}),
        (((2, 3), (3, 4)), {}),
        (((2, 2, 3), (3, 2)), {}),
        (((2, 3), (2, 3, 2)), {}),
        (((2, 1, 2, 3), (3, 3, 2)), {}),
        (((2, 2, 3), (3,)), {}),
        (((3,), (2, 3, 2)), {}),
    ],
    **{name: [_one(s, **p) for [(s, p)] in _REDUCTION] for name in ("sum", "mean", "prod", "max", "min")},
    **{name: [_one(s, **p) for [(s, p)] in _REDUCTION] for name in ("all", "any", "count_nonzero")},
    "argmax": [_one(s, **p) for s, p in _POSITIONS],
    "argmin": [_one(s, **p) for s, p in _POSITIONS],
    "argsort": [_one((4,), axis=-1), _one((2, 3), axis=0)],
    "cumsum": [_one((4,), axis=0), _one((2, 3), axis=0), _one((2, 3), axis=1)],
    "getitem": [
        _one((4,), index=2),
        _one((4,), index=-1),
        _one((4,), index=slice(1, 3)),
        _one((5,), index=slice(None, None, -2)),
        _one((2, 3), index=(slice(None), 1)),
        _one((2, 3), index=(..., None, 0)),
        _one((4,), index=np.array([0, 2, 2, -1])),
        _one((3, 4), index=(np.array([0, 2, 0]), np.array([1, 1, 1]))),
        _one((3, 4), index=(np.array([[0], [2]]), slice(1, 3))),
        _one((3, 2), index=np.array([True, False, True])),
        _one((2, 2), index=np.array([[True, False], [True, True]])),
        _one((3,), index=np.array([], dtype=int)),
    ],
    "scatter": [
        _one((), index=2, shape=(4,)),
        _one((2,), index=slice(1, 3), shape=(4,)),
        _one((4,), index=np.array([0, 2, 2, -1]), shape=(4,)),
        _one((2,), index=np.array([True, False, True]), shape=(3,)),
        _one((2,), index=(slice(None), 1), shape=(2, 3)),
    ],
    "reshape": [_one((2, 3), shape=(3, 2)), _one((2, 3), shape=(6,)), _one((), shape=(1, 1))],
    "transpose": [_one((2, 3), axes=(1, 0)), _one((2, 3, 4), axes=(2, 0, 1))],
    "broadcast_to": [
        _one((), shape=(2, 3)),
        _one((3,), shape=(2, 3)),
        _one((2, 1), shape=(2, 3)),
        _one((1, 3, 1), shape=(2, 3, 4)),
    ],
    "concatenate": [
        (((2,), (3,)), {"axis": 0}),
        (((2, 1), (2, 3), (2, 2)), {"axis": 1}),
        (((1, 2), (2, 2)), {"axis": 0}),
        (((2,),), {"axis": 0}),
    ],
    "flip": [_one((4,), axis=(0,)), _one((2, 3), axis=(0, 1)), _one((2, 3), axis=(1,))],
    "astype": [_one((3,), dtype=np.dtype(np.float64)), _one((3,), dtype=np.dtype(np.complex128))],
    "astype_integer": [_one((3,), dtype=np.dtype(np.int64)), _one((3,), dtype=np.dtype(bool))],
}


@dataclass(frozen=True)
class Example:
    """A primitive with operands and parameters.

    Attributes
    ----------
    free : tuple of int
        Numbers of the operands that may be moved: floating point, and not fixed.
    """

    prim: Primitive
    operands: tuple[Any, ...]
    free: tuple[int, ...]
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shapes = ",".join(str(np.shape(x)).replace(" ", "") for x in self.operands)
        params = ",".join(f"{key}={value}".replace(" ", "") for key, value in self.params.items())
        return f"{self.prim.name}-{shapes}{'-' if params else ''}{params}".replace("\n", "")

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The operands that may be moved."""
        return tuple(self.operands[i] for i in self.free)

    def all_operands(self, arguments: Sequence[Any]) -> list[Any]:
        """The operands, with `arguments` in the places of those that may be moved."""
        operands = list(self.operands)
        for i, x in zip(self.free, arguments, strict=True):
            operands[i] = x
        return operands

    def of_values(self, *arguments: Any) -> Any:
        """The primitive as a function of the operands that may be moved, on values of any kind."""
        return self.prim(*self.all_operands(arguments), **self.params)

    def plain(self, *arguments: Any) -> Any:
        """The same by NumPy alone: nothing of the derivative table has a part in it."""
        return self.prim.compute(*self.all_operands(arguments), **self.params)

    @property
    def has_complex_version(self) -> bool:
        """Whether NumPy computes it for complex operands."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                self.plain(*(x + 0.1j for x in self.arguments))
        except (TypeError, np.exceptions.ComplexWarning):
            return False
        return True

    @property
    def is_real(self) -> bool:
        """Whether the result is real for these operands."""
        return not np.iscomplexobj(self.plain(*self.arguments))

    @property
    def first_step(self) -> float:
        """For numerical differentiation: short enough not to meet a kink."""
        return 0.01 if self.prim.analytic else 1e-4

    def converted(self, dtype: Any) -> Example:
        """The same example in another floating point or complex dtype."""
        arguments = [x.astype(dtype) for x in self.arguments]
        return Example(self.prim, tuple(self.all_operands(arguments)), self.free, self.params)

    def turned(self, angle: float = 0.4) -> Example:
        """The same example at complex operands, off the real axis."""
        rng = generator(self.prim.name)
        arguments = [x * np.exp(1j * angle * rng.uniform(0.5, 1, x.shape)) for x in self.arguments]
        return Example(self.prim, tuple(self.all_operands(arguments)), self.free, self.params)


def generator(name: str) -> np.random.Generator:
    """Random numbers that are the same at each run."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def operands_of(prim: Primitive, shapes: Sequence[tuple[int, ...]]) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Operands of `shapes` in the domain of `prim`, and the numbers of those that may be moved."""
    rng = generator(f"{prim.name}{shapes}")
    fixed = FIXED_OPERANDS.get(prim.name, {})
    domain = prim.domain if len(prim.domain) == len(shapes) else prim.domain[:1] * len(shapes)
    drawn = [rng.uniform(low, high, shape)[()] for (low, high), shape in zip(domain, shapes, strict=True)]
    operands = tuple(fixed.get(i, x) for i, x in enumerate(drawn))
    return operands, tuple(i for i in range(len(shapes)) if i not in fixed)


def elementwise_example(prim: Primitive, *shapes: tuple[int, ...]) -> Example:
    """An example of an elementwise primitive; the last shape counts for all operands that follow."""
    wanted = list(shapes) + [shapes[-1]] * (len(prim.facts) - len(shapes))
    return Example(prim, *operands_of(prim, wanted))


def examples_of(prim: Primitive) -> Iterator[Example]:
    """All examples of a primitive; none where it has no entry in the tables above."""
    if prim.name in SHAPES:
        for shapes, params in SHAPES[prim.name]:
            yield Example(prim, *operands_of(prim, shapes), params)
    elif prim.name in INTEGER_FUNCTIONS:
        yield Example(prim, (INTEGERS,) * len(prim.facts), ())
    elif prim.kind is Kind.ELEMENTWISE:
        if prim.name in FIXED_OPERANDS:
            yield elementwise_example(prim, (3,))
        else:
            yield elementwise_example(prim, (_LENGTHS.get(prim.name, 7),))
            yield elementwise_example(prim, ())


DIFFERENTIABLE = [
    example
    for prim in PRIMITIVES.values()
    if not prim.is_flat and prim.name not in LEFT_OUT
    for example in examples_of(prim)
]
FLAT = [
    example
    for prim in PRIMITIVES.values()
    if prim.is_flat and prim.name not in LEFT_OUT
    for example in examples_of(prim)
]
