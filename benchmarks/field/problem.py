"""What a problem is: its function in the language of each system, its inputs, and the derivative that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.field.c_code import Kernel

Size = Mapping[str, int]
Step = Callable[[], tuple[Any, ...]]  # value, then derivatives, as arrays of the system's own


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
    makes another one: system → function of (function, inputs) to a step.
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
    rtol: float = 1e-8

    def sizes_of(self, which: str) -> tuple[Size, ...]:
        """Sizes of "tiny" (for tests), "small", or "full" (which has the small ones in it)."""
        return (*self.sizes["small"], *self.sizes["full"]) if which == "full" else self.sizes[which]


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
