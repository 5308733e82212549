"""Single operations without derivatives: what a vector function, a fused chain and the call itself cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.field.problem import Step
from benchmarks.field.report import Row
from benchmarks.field.systems import COMPILED, disagreement
from benchmarks.field.timing import interleaved


@dataclass(frozen=True)
class Operation:
    """A function of one array, in the names of NumPy, which PyTorch and JAX share."""

    title: str
    n: int
    function: Callable[[Any, Any], Any]  # (module, x)


def chain(xp: Any, x: Any) -> Any:
    """Ten operations."""
    root = xp.sqrt(x * x + 1.0)
    damped = xp.exp(-root) * xp.sin(x) + x
    return xp.tanh(damped) * root


OPERATIONS = (
    Operation("sine", 10_000, lambda xp, x: xp.sin(x)),
    Operation("chain of ten elementwise operations", 10_000, chain),
    Operation("a call: twice a vector", 3, lambda _, x: 2.0 * x),
)


def _numpy(f: Callable[[Any, Any], Any], x: Any) -> Step:
    return lambda: (f(np, x),)


def _torch(f: Callable[[Any, Any], Any], x: Any) -> Step:
    import torch

    given = torch.tensor(x)
    return lambda: (f(torch, given),)


def _jax(f: Callable[[Any, Any], Any], x: Any) -> Step:
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    given, compiled = jnp.asarray(x), jax.jit(lambda x: f(jnp, x))
    return lambda: (compiled(given).block_until_ready(),)


def _compiled(f: Callable[[Any, Any], Any], x: Any) -> Step:
    import wengert as wg

    compiled = wg.compile(lambda x: f(np, x))
    return lambda: (compiled(x),)


MAKERS: dict[str, Callable[[Callable[[Any, Any], Any], Any], Step]] = {
    "NumPy": _numpy,
    "PyTorch": _torch,
    "JAX": _jax,
    COMPILED: _compiled,
}


def measure(systems: Sequence[str], seconds: float) -> list[Row]:
    """A row for each operation; NumPy's results are what the others must give."""
    rows = []
    for operation in OPERATIONS:
        x = np.random.default_rng(0).uniform(-3.0, 3.0, operation.n)
        expected = [operation.function(np, x)]
        steps, failed = {}, {}
        for name in ("NumPy", *(name for name in MAKERS if name in systems)):
            step = MAKERS[name](operation.function, x)
            difference = disagreement(step(), expected, 1e-12)
            if difference is None:
                steps[name] = step
            else:
                failed[name] = difference
        rows.append(
            Row(operation.title, operation.title, f"n = {operation.n:,}", interleaved(steps, seconds), {}, failed)
        )
    return rows
