"""What a problem is: its function in the language of each system, its inputs, and the derivative that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.field.c_code import Kernel

Size = Mapping[str, int]
Step = Callable[[], tuple[Any, ...]]  # value, then derivatives, as arrays of the system's own
SIZES = ("tiny", "small", "middle", "full")  # for tests; the smallest, the middle and the largest of a problem's range


class NotSuitedError(Exception):
    """A system is not for the problem or its size; the message says why."""


@dataclass(frozen=True)
class Inputs:
    """Arguments of the function, in its order: differentiated arrays, other arrays, numbers that fix the program."""

    parameters: tuple[Any, ...]
    data: tuple[Any, ...] = ()
    static: tuple[int, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A function with what each system needs to differentiate it.

    The derivative asked for is the gradient with respect to all parameters, unless `derivatives` says how a system
    makes another one: system → function of (function, inputs) to a step. What only some problems are written for is in
    `others`: system → function of inputs to a step.
    """

    name: str
    title: str
    definition: str
    sizes: Mapping[str, tuple[Size, ...]]
    inputs: Callable[[Size, int], Inputs]
    value: Callable[..., Any]
    kernel: Callable[[Inputs], Kernel]
    torch_value: Callable[[], Callable[..., Any]]
    jax_value: Callable[[], Callable[..., Any]]
    autograd_value: Callable[[], Callable[..., Any]]
    compiled_value: Callable[..., Any] | None = None  # with structured loops, where `value` has a loop in Python
    derivatives: Mapping[str, Callable[[Callable[..., Any], Inputs], Step]] = field(default_factory=dict)
    others: Mapping[str, Callable[[Inputs], Step]] = field(default_factory=dict)
    has_primal: bool = True  # whether the value can be had without derivatives
    rtol: float = 1e-8

    @property
    def is_gradient(self) -> bool:
        """Whether the derivative asked for is the gradient of a scalar."""
        return not self.derivatives

    def sizes_of(self, which: Iterable[str]) -> tuple[Size, ...]:
        """Sizes of the sets named, in the order of `SIZES`."""
        return tuple(size for name in SIZES if name in set(which) for size in self.sizes[name])


def by_wengert(make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> dict[str, Callable[..., Step]]:
    """Both columns of wengert for a derivative that is no gradient: `make` gives it for the function."""

    def eager(f: Callable[..., Any], given: Inputs) -> Step:
        derivative = make(f)
        return lambda: derivative(*given.parameters, *given.data)

    def compiled(f: Callable[..., Any], given: Inputs) -> Step:
        import wengert as wg

        derivative = wg.compile(make(f))
        return lambda: derivative(*given.parameters, *given.data)

    return {"wengert": eager, "wengert compiled": compiled}


def label(size: Size) -> str:
    """A size as text, as in "n = 1,000, d = 2"."""
    return ", ".join(f"{name} = {number:,}" for name, number in size.items())
