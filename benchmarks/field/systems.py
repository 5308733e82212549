"""The systems: how each makes value and derivative of a problem. Packages are imported when they are asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import wengert as wg
from benchmarks.field import c_code
from benchmarks.field.problem import Inputs, NotSuitedError, Problem, Step


@dataclass(frozen=True)
class System:
    """A way to the derivative: its column's name, the function that makes a step, and whether its package is missing.

    `prepare` raises NotSuitedError where the system is not for the problem. One that `compiles` does so in its first
    call; the first call of another one is like all.
    """

    name: str
    prepare: Callable[[Problem, Inputs], Step]
    missing: Callable[[], str | None]
    compiles: bool = False


def _without(package: str) -> Callable[[], str | None]:
    def missing() -> str | None:
        return None if importlib.util.find_spec(package) else f"the package {package} is not installed"

    return missing


# --- wengert ---------------------------------------------------------------------------------------------------------


def flat(value_and_gradient: Callable[..., Any], *arguments: Any) -> Step:
    """Step of a function that gives (value, gradients)."""

    def step() -> tuple[Any, ...]:
        value, gradients = value_and_gradient(*arguments)
        return (value, *gradients)

    return step


def closed(f: Callable[..., Any], inputs: Inputs) -> Callable[..., Any]:
    """The function of the arrays alone, where numbers fix the program."""
    if not inputs.static:
        return f

    def of_arrays(*arrays: Any) -> Any:
        return f(*arrays, *inputs.static)

    return of_arrays


def selected(inputs: Inputs) -> tuple[int, ...]:
    """Positions of the differentiated arguments."""
    return tuple(range(len(inputs.parameters)))


def _wengert(problem: Problem, inputs: Inputs) -> Step:
    f = closed(problem.value, inputs)
    if "wengert" in problem.derivatives:
        return problem.derivatives["wengert"](f, inputs)
    return flat(wg.value_and_grad(f, selected(inputs)), *inputs.parameters, *inputs.data)


def _compiled(problem: Problem, inputs: Inputs) -> Step:
    f = closed(problem.compiled_value or problem.value, inputs)
    if "wengert compiled" in problem.derivatives:
        return problem.derivatives["wengert compiled"](f, inputs)
    compiled = wg.compile(wg.value_and_grad(f, selected(inputs)))
    return flat(compiled, *inputs.parameters, *inputs.data)


# --- peers -----------------------------------------------------------------------------------------------------------


def _torch(problem: Problem, inputs: Inputs) -> Step:
    import torch

    f = closed(problem.torch_value(), inputs)
    if "PyTorch" in problem.derivatives:
        return problem.derivatives["PyTorch"](f, inputs)
    parameters = [torch.tensor(x, requires_grad=True) for x in inputs.parameters]
    data = [torch.tensor(x) for x in inputs.data]

    def step() -> tuple[Any, ...]:
        value = f(*parameters, *data)
        return (value.detach(), *torch.autograd.grad(value, parameters))

    return step


def _jax(problem: Problem, inputs: Inputs) -> Step:
    import jax

    jax.config.update("jax_enable_x64", True)
    f = closed(problem.jax_value(), inputs)
    if "JAX" in problem.derivatives:
        return problem.derivatives["JAX"](f, inputs)
    arguments = [jax.numpy.asarray(x) for x in (*inputs.parameters, *inputs.data)]
    function = jax.jit(jax.value_and_grad(f, selected(inputs)))

    def step() -> tuple[Any, ...]:
        value, gradients = jax.block_until_ready(function(*arguments))
        return (value, *gradients)

    return step


def _autograd(problem: Problem, inputs: Inputs) -> Step:
    import autograd

    f = closed(problem.autograd_value(), inputs)
    if "autograd" in problem.derivatives:
        return problem.derivatives["autograd"](f, inputs)

    def of_parameters(parameters: Sequence[Any]) -> Any:
        return f(*parameters, *inputs.data)

    return flat(autograd.value_and_grad(of_parameters), tuple(inputs.parameters))


def _for_some(name: str) -> Callable[[Problem, Inputs], Step]:
    """A system that only some problems are written for."""

    def prepare(problem: Problem, inputs: Inputs) -> Step:
        if name not in problem.others:
            raise NotSuitedError
        return problem.others[name](inputs)

    return prepare


# --- references ------------------------------------------------------------------------------------------------------


def _c(problem: Problem, inputs: Inputs) -> Step:
    step: Step = problem.kernel(inputs).bind()
    return step


def _no_compiler() -> str | None:
    return None if c_code.compiler() else "no C compiler is installed"


def value_alone(problem: Problem, inputs: Inputs) -> Step:
    """The plain function in NumPy: no derivative, for the ratio of gradient to primal."""
    if not problem.has_primal:
        raise NotSuitedError
    arguments = (*inputs.parameters, *inputs.data, *inputs.static)

    def step() -> tuple[Any, ...]:
        return (problem.value(*arguments),)

    return step


def compiled_value_alone(problem: Problem, inputs: Inputs) -> Step:
    """The same as machine code, where the derivative is a gradient: the ratio of both compiled."""
    if not problem.is_gradient:
        raise NotSuitedError
    compiled = wg.compile(closed(problem.compiled_value or problem.value, inputs))
    arguments = (*inputs.parameters, *inputs.data)

    def step() -> tuple[Any, ...]:
        return (compiled(*arguments),)

    return step


def _nothing_missing() -> str | None:
    return None


VALUE, COMPILED_VALUE = VALUES = "NumPy, value", "wengert compiled, value"
COMPILED = "wengert compiled"
SYSTEMS = (
    System("C", _c, _no_compiler),
    System(VALUE, value_alone, _nothing_missing),
    System("wengert", _wengert, _nothing_missing),
    System(COMPILED, _compiled, _without("llvmlite"), compiles=True),
    System(COMPILED_VALUE, compiled_value_alone, _without("llvmlite"), compiles=True),
    System("PyTorch", _torch, _without("torch")),
    System("torch.func", _for_some("torch.func"), _without("torch")),
    System("JAX", _jax, _without("jax"), compiles=True),
    System("autograd", _autograd, _without("autograd")),
    System("CasADi", _for_some("CasADi"), _without("casadi"), compiles=True),
)


def as_arrays(results: Sequence[Any]) -> list[Any]:
    """Results of any system as NumPy arrays."""
    return [np.asarray(x.detach().numpy() if hasattr(x, "detach") else x, dtype=np.float64) for x in results]


def disagreement(found: Sequence[Any], expected: Sequence[Any], rtol: float) -> str | None:
    """What differs, or None: relative to each element, with a thousandth of `rtol` of the largest one."""
    if len(found) != len(expected):
        return f"{len(found)} results instead of {len(expected)}"
    for i, (a, b) in enumerate(zip(as_arrays(found), as_arrays(expected), strict=True)):
        if a.shape != b.shape:
            return f"result {i} has shape {a.shape} instead of {b.shape}"
        largest = float(np.max(np.abs(b), initial=0.0))
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            return f"result {i} is not finite"
        error = np.abs(a - b) - rtol * (np.abs(b) + 1e-3 * largest)
        if (error > 0).any():
            return f"result {i} differs by up to {np.max(np.abs(a - b)):.3g} where the largest element is {largest:.3g}"
    return None
