"""Where each primitive of the registry is tested: operands in its declared domain, and parameters.

Elementwise primitives need no entry here unless an operand is not an ordinary number. The others have a table
of shapes and parameters. `test_registry` fails for a primitive that has neither.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import wengert  # noqa: F401  # fills the registry
from laws.given import Given
from wengert.facts import Kind
from wengert.primitive import Primitive
from wengert.registry import load_families, table

load_families()
PRIMITIVES = dict(table.primitives)


# Every module in ``laws/tables`` may have these; what they say is put together here.
_TABLES = [
    import_module(f"laws.tables.{found.stem}") for found in sorted(Path(__file__).with_name("tables").glob("*.py"))
]


def _merged(name: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for module in _TABLES:
        entries = getattr(module, name, {})
        twice = merged.keys() & entries.keys()
        if twice:
            raise ValueError(f"{module.__name__}.{name}: {sorted(twice)} stand in another table too.")
        merged.update(entries)
    return merged


#: Primitive → why it has no example.
LEFT_OUT: dict[str, str] = _merged("LEFT_OUT")
#: Primitive → {operand number: its value}, for operands that are no ordinary numbers, or on whose value a jump depends.
FIXED_OPERANDS: dict[str, dict[int, Any]] = _merged("FIXED_OPERANDS")
#: Primitive → how many numbers an elementwise example has, where 7 are not enough for every case to occur.
LENGTHS: dict[str, int] = _merged("LENGTHS")
#: Primitive → (shapes of the operands, parameters), drawn from its domain; or `laws.given.given`, the operands as such.
SHAPES: dict[str, Sequence[Any]] = _merged("SHAPES")
#: Primitive → relative precision of its law against numerical differentiation, where the usual one is too fine.
TOLERANCES: dict[str, float] = _merged("TOLERANCES")
#: Primitive → first step of numerical differentiation, where the usual one is too long or too short.
STEPS: dict[str, float] = _merged("STEPS")
#: Primitive → why its law is not tried on complex numbers although NumPy computes them.
REAL_ONLY: dict[str, str] = _merged("REAL_ONLY")
#: Primitive → why its results in single and double precision may differ by more than rounding.
ARBITRARY_SIGNS: dict[str, str] = _merged("ARBITRARY_SIGNS")
#: Names of functions of integers: flat, so that they are only evaluated.
INTEGER_FUNCTIONS: frozenset[str] = frozenset(_merged("INTEGER_FUNCTIONS"))
INTEGERS = np.array([6, 1, 4])


@dataclass(frozen=True)
class Example:
    """A primitive with operands and parameters.

    Attributes
    ----------
    free : tuple of int
        Numbers of the operands that may be moved: floating point, and not fixed.
    output : int
        Number of the result that is looked at, for a primitive with several.
    """

    prim: Primitive
    operands: tuple[Any, ...]
    free: tuple[int, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    output: int = 0

    def __str__(self) -> str:
        shapes = ",".join(str(np.shape(x)).replace(" ", "") for x in self.operands)
        params = ",".join(f"{key}={value}".replace(" ", "") for key, value in self.params.items())
        result = f"[{self.output}]" if self.prim.outputs > 1 else ""
        return f"{self.prim.name}{result}-{shapes}{'-' if params else ''}{params}".replace("\n", "")

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
        return self._result(self.prim(*self.all_operands(arguments), **self.params))

    def plain(self, *arguments: Any) -> Any:
        """The same by NumPy alone: nothing of the derivative table has a part in it."""
        return self._result(self.prim.compute(*self.all_operands(arguments), **self.params))

    def _result(self, y: Any) -> Any:
        return y[self.output] if self.prim.outputs > 1 else y

    @property
    def has_complex_version(self) -> bool:
        """Whether NumPy computes it for complex operands."""
        if self.prim.name in REAL_ONLY:
            return False
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
        return STEPS.get(self.prim.name, 0.01 if self.prim.analytic else 1e-4)

    @property
    def rtol(self) -> float:
        """Relative precision at which its derivative agrees with numerical differentiation."""
        return TOLERANCES.get(self.prim.name, 1e-12 if self.prim.analytic else 1e-8)

    def converted(self, dtype: Any) -> Example:
        """The same example in another floating point or complex dtype."""
        arguments = [x.astype(dtype) for x in self.arguments]
        return replace(self, operands=tuple(self.all_operands(arguments)))

    def turned(self, angle: float = 0.4) -> Example:
        """The same example at complex operands, off the real axis."""
        rng = generator(self.prim.name)
        arguments = [x * np.exp(1j * angle * rng.uniform(0.5, 1, x.shape)) for x in self.arguments]
        return replace(self, operands=tuple(self.all_operands(arguments)))


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
    """All examples of a primitive, one for each result that is no index; none where it stands in no table above."""
    for example in _examples_of_all_results(prim):
        for k in range(prim.outputs):
            one = replace(example, output=k)
            if prim.outputs == 1 or np.asarray(one.plain(*one.arguments)).dtype.kind in "fc":
                yield one


def _examples_of_all_results(prim: Primitive) -> Iterator[Example]:
    if prim.name in SHAPES:
        for entry in SHAPES[prim.name]:
            if isinstance(entry, Given):
                yield Example(prim, entry.operands, entry.free, entry.params)
            else:
                shapes, params = entry
                yield Example(prim, *operands_of(prim, shapes), params)
    elif prim.name in INTEGER_FUNCTIONS:
        yield Example(prim, (INTEGERS,) * len(prim.facts), ())
    elif prim.kind is Kind.ELEMENTWISE:
        if prim.name in FIXED_OPERANDS:
            yield elementwise_example(prim, (3,))
        else:
            yield elementwise_example(prim, (LENGTHS.get(prim.name, 7),))
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
