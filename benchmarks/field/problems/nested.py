"""Optimisations with a derivative within a derivative (Pearlmutter and Siskind 2008; GradBench `saddle`, `particle`).

`saddle` is min over x of max over y of f, where both are found by gradient descent: the outer one differentiates
through all steps of the inner one. `particle` is the position of a charge that makes a particle reach the origin: its
path is integrated with the gradient of a potential, and its end differentiated.

Each is there in four ways, outer mode first: ff, fr, rf, rr, with f for forward and r for reverse. The loops run until
they converge, in all systems by the same steps; a size says to how many digits (five in the paper), and how many steps
of the path make a unit of time (ten). Value and gradient of a point are computed at once, and accepted or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, NotSuitedError, Problem, Size, Step, by_wengert

PATIENCE = 10  # how many better points in a row double the rate
BOUND = 512  # more rounds than any loop takes, for JAX's reverse mode
BLOCKS = {"saddle-rf": 16, "saddle-rr": 16, "particle-rf": 16}  # the sizes of blocks that took JAX the least time
CHARGES = np.array([[10.0, 10.0], [10.0, 0.0]])
MOVING = np.array([[0.0, -1.0], [0.0, 0.0]])  # how the charges depend on the control
START, SPEED = np.array([0.0, 8.0]), np.array([0.75, 0.0])
Both = Callable[[Callable[[Any], Any]], Callable[[Any], tuple[Any, Any]]]  # f → (x → value, gradient)


# --- wengert: one program, which runs as it stands and compiled ------------------------------------------------------


def forward(f: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
    """Value and gradient in forward mode."""
    import wengert as wg

    def both(x: Any) -> tuple[Any, Any]:
        columns = [wg.jvp(f, (x,), (direction,)) for direction in np.eye(len(x))]
        return columns[0][0], np.stack([slope for _, slope in columns])

    return both


def reverse(f: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
    """Value and gradient in reverse mode."""
    import wengert as wg

    return wg.value_and_grad(f)


MODES: dict[str, Both] = {"f": forward, "r": reverse}


def lowest(both: Callable[[Any], tuple[Any, Any]], start: Any, tolerance: float) -> Any:
    """Where a function is smallest, by gradient descent from `start`."""
    import wengert as wg

    def next_rate(rate: Any, better: Any) -> Any:
        return np.where(better == PATIENCE, 2.0 * rate, rate)

    def goes_on(state: Any) -> Any:
        _, _, slope, rate, better = state
        size = np.sqrt(np.sum(slope**2))
        return (size > tolerance) & (next_rate(rate, better) * size > tolerance)

    def step(state: Any) -> Any:
        x, height, slope, rate, better = state
        rate, better = next_rate(rate, better), np.where(better == PATIENCE, 0, better)
        new = x - rate * slope
        new_height, new_slope = both(new)
        is_lower = new_height < height
        return (
            np.where(is_lower, new, x),
            np.where(is_lower, new_height, height),
            np.where(is_lower, new_slope, slope),
            np.where(is_lower, rate, 0.5 * rate),
            np.where(is_lower, better + 1, 0),
        )

    return wg.while_loop(goes_on, step, (start, *both(start), tolerance, 0))[0]


def height_at(x: Any, y: Any) -> Any:
    """|x|² - |y|²."""
    return np.sum(x**2) - np.sum(y**2)


def saddle(outer: Both, inner: Both) -> Callable[..., Any]:
    """(start, digits) → x, y."""

    def point(start: Any, digits: int) -> Any:
        tolerance = 10.0**-digits

        def highest(x: Any) -> Any:
            return height_at(x, lowest(inner(lambda y: -height_at(x, y)), start, tolerance))

        x = lowest(outer(highest), start, tolerance)
        return x, lowest(outer(lambda y: -height_at(x, y)), start, tolerance)

    return point


def particle(outer: Both, inner: Both) -> Callable[..., Any]:
    """(control, digits, steps) → control that makes the particle cross the axis at the origin."""
    import wengert as wg

    def miss(control: Any, h: float) -> Any:
        """Square of where the particle crosses the axis."""
        charges = CHARGES + control * MOVING
        push = inner(lambda x: np.sum(1.0 / np.sqrt(np.sum((x - charges) ** 2, axis=1))))

        def is_above(state: Any) -> Any:
            x, speed = state
            return x[1] + h * speed[1] > 0.0

        def step(state: Any) -> Any:
            x, speed = state
            return x + h * speed, speed - h * push(x)[1]

        x, speed = wg.while_loop(is_above, step, (START, SPEED))
        return (x[0] - x[1] / speed[1] * speed[0]) ** 2

    def found(control: Any, digits: int, steps: int) -> Any:
        return (lowest(outer(lambda w: miss(w, 1.0 / steps)), control, 10.0**-digits),)

    return found


# --- PyTorch and HIPS autograd: loops in Python ----------------------------------------------------------------------


def lowest_in_python(both: Callable[[Any], tuple[Any, Any]], start: Any, tolerance: float) -> Any:
    """The same descent, with decisions on numbers."""
    x, rate, better = start, tolerance, 0
    height, slope = both(x)
    while True:
        size = plain((slope**2).sum()) ** 0.5
        if better == PATIENCE:
            rate, better = 2.0 * rate, 0
        if size <= tolerance or rate * size <= tolerance:
            return x
        new = x - rate * slope
        new_height, new_slope = both(new)
        if plain(new_height) < plain(height):
            x, height, slope, better = new, new_height, new_slope, better + 1
        else:
            rate, better = 0.5 * rate, 0


def plain(x: Any) -> float:
    """Number in a tensor of PyTorch or in a box of HIPS autograd, however many levels there are."""
    while hasattr(x, "_value"):
        x = x._value
    return float(x.detach() if hasattr(x, "detach") else x)


def saddle_in_python(outer: Both, inner: Both) -> Callable[..., Any]:
    """(start, digits) → x, y; arrays have the method `sum`."""

    def height(x: Any, y: Any) -> Any:
        return (x**2).sum() - (y**2).sum()

    def point(start: Any, digits: int) -> Any:
        tolerance = 10.0**-digits

        def highest(x: Any) -> Any:
            return height(x, lowest_in_python(inner(lambda y: -height(x, y)), start, tolerance))

        x = lowest_in_python(outer(highest), start, tolerance)
        return x, lowest_in_python(outer(lambda y: -height(x, y)), start, tolerance)

    return point


def particle_in_python(outer: Both, inner: Both, array: Callable[[Any], Any]) -> Callable[..., Any]:
    """(control, digits, steps) → control; `array` makes constants."""
    charges_at_zero, moving, start, first_speed = map(array, (CHARGES, MOVING, START, SPEED))

    def miss(control: Any, h: float) -> Any:
        charges = charges_at_zero + control * moving
        push = inner(lambda x: (((x - charges) ** 2).sum(1) ** -0.5).sum())
        x, speed = start, first_speed
        while True:
            slope = push(x)[1]
            new = x + h * speed
            if not plain(new[1]) > 0.0:
                return (x[0] - x[1] / speed[1] * speed[0]) ** 2
            x, speed = new, speed - h * slope

    def found(control: Any, digits: int, steps: int) -> Any:
        return (lowest_in_python(outer(lambda w: miss(w, 1.0 / steps)), control, 10.0**-digits),)

    return found


def derivative_torch(which: str, modes: str) -> Callable[..., Step]:
    """Eagerly: reverse mode records a graph of the gradient, forward mode goes in dual numbers."""

    def make(_: Any, given: Inputs) -> Step:
        import torch
        from torch.autograd import forward_ad

        if modes == "ff":
            raise NotSuitedError("torch.autograd.forward_ad has no forward mode within forward mode")

        def outer_forward(f: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
            def both(x: Any) -> tuple[Any, Any]:
                slopes = []
                for direction in torch.eye(len(x), dtype=x.dtype):
                    with forward_ad.dual_level():
                        y, slope = forward_ad.unpack_dual(f(forward_ad.make_dual(x, direction)))
                    slopes.append(torch.zeros_like(y) if slope is None else slope)
                return y, torch.stack(slopes)

            return both

        def with_graph(create_graph: bool) -> Both:
            def mode(f: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
                def both(x: Any) -> tuple[Any, Any]:
                    if not x.requires_grad:
                        x = x.detach().requires_grad_()
                    y = f(x)
                    return y if create_graph else y.detach(), torch.autograd.grad(y, x, create_graph=create_graph)[0]

                return both

            return mode

        outer = outer_forward if modes[0] == "f" else with_graph(create_graph=False)
        inner = outer_forward if modes[1] == "f" else with_graph(create_graph=True)
        solve = saddle_in_python(outer, inner) if which == "saddle" else particle_in_python(outer, inner, torch.tensor)
        start = torch.tensor(given.parameters[0])
        return lambda: solve(start, *given.static)

    return make


def torch_func(which: str, modes: str) -> Callable[[Inputs], Step]:
    """By transforms of functions."""

    def make(given: Inputs) -> Step:
        import torch

        def by_columns(f: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
            def both(x: Any) -> tuple[Any, Any]:
                slope, y = torch.func.jacfwd(lambda x: (f(x),) * 2, has_aux=True)(x)
                return y, slope

            return both

        def by_sweep(f: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
            both = torch.func.grad_and_value(f)

            def swapped(x: Any) -> tuple[Any, Any]:
                slope, y = both(x)
                return y, slope

            return swapped

        outer, inner = (by_columns if mode == "f" else by_sweep for mode in modes)
        solve = saddle_in_python(outer, inner) if which == "saddle" else particle_in_python(outer, inner, torch.tensor)
        start = torch.tensor(given.parameters[0])
        return lambda: solve(start, *given.static)

    return make


def derivative_autograd(which: str, modes: str) -> Callable[..., Step]:
    """HIPS autograd, eagerly."""

    def make(_: Any, given: Inputs) -> Step:
        import autograd
        from autograd import numpy as anp

        def by_columns(f: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
            def both(x: Any) -> tuple[Any, Any]:
                push = autograd.make_jvp(f)(x)
                columns = [push(direction) for direction in np.eye(len(x))]
                return columns[0][0], anp.stack([slope for _, slope in columns])

            return both

        outer, inner = (by_columns if mode == "f" else autograd.value_and_grad for mode in modes)
        solve = saddle_in_python(outer, inner) if which == "saddle" else particle_in_python(outer, inner, np.asarray)
        return lambda: solve(*given.parameters, *given.static)

    return make


# --- JAX: compiled as a whole ----------------------------------------------------------------------------------------


def jax_forward(f: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
    """Value and gradient in forward mode."""
    import jax

    def both(x: Any) -> tuple[Any, Any]:
        slope, y = jax.jacfwd(lambda x: (f(x),) * 2, has_aux=True)(x)
        return y, slope

    return both


def bounded_loop(block: int) -> Callable[..., Any]:
    """JAX's `while_loop` for reverse mode, which it does not have: rounds that change nothing once the loop has ended.

    Blocks of rounds are left out after the end.
    """
    from jax import lax
    from jax import numpy as jnp

    def loop(goes_on: Any, step: Any, state: Any) -> Any:
        def one(carry: Any, _: Any) -> Any:
            keep = goes_on(carry)
            return tuple(jnp.where(keep, a, b) for a, b in zip(step(carry), carry, strict=True)), None

        def rounds(carry: Any) -> Any:
            return lax.scan(one, carry, length=block)[0]

        def one_block(carry: Any, _: Any) -> Any:
            return lax.cond(goes_on(carry), rounds, lambda same: same, carry), None

        return rounds(state) if block == BOUND else lax.scan(one_block, state, length=BOUND // block)[0]

    return loop


def jax_lowest(loop: Callable[..., Any], both: Callable[[Any], tuple[Any, Any]], start: Any, tolerance: float) -> Any:
    """The same descent."""
    from jax import numpy as jnp

    def next_rate(rate: Any, better: Any) -> Any:
        return jnp.where(better == PATIENCE, 2.0 * rate, rate)

    def goes_on(state: Any) -> Any:
        _, _, slope, rate, better = state
        size = jnp.sqrt(jnp.sum(slope**2))
        return (size > tolerance) & (next_rate(rate, better) * size > tolerance)

    def step(state: Any) -> Any:
        x, height, slope, rate, better = state
        rate, better = next_rate(rate, better), jnp.where(better == PATIENCE, 0, better)
        new = x - rate * slope
        new_height, new_slope = both(new)
        accepted, rejected = (new, new_height, new_slope, rate, better + 1), (x, height, slope, 0.5 * rate, 0)
        return tuple(jnp.where(new_height < height, a, b) for a, b in zip(accepted, rejected, strict=True))

    return loop(goes_on, step, (start, *both(start), jnp.asarray(tolerance), jnp.asarray(0)))[0]


def jax_saddle(outer: Both, inner: Both, loop: Callable[..., Any]) -> Callable[..., Any]:
    """(start, digits) → x, y."""
    from jax import lax
    from jax import numpy as jnp

    def height(x: Any, y: Any) -> Any:
        return jnp.sum(x**2) - jnp.sum(y**2)

    def point(start: Any, digits: int) -> Any:
        tolerance = 10.0**-digits

        def highest(x: Any) -> Any:
            return height(x, jax_lowest(loop, inner(lambda y: -height(x, y)), start, tolerance))

        x = jax_lowest(lax.while_loop, outer(highest), start, tolerance)
        return x, jax_lowest(lax.while_loop, outer(lambda y: -height(x, y)), start, tolerance)

    return point


def jax_particle(outer: Both, inner: Both, loop: Callable[..., Any]) -> Callable[..., Any]:
    """(control, digits, steps) → control."""
    from jax import lax
    from jax import numpy as jnp

    def miss(control: Any, h: float) -> Any:
        charges = CHARGES + control * MOVING
        push = inner(lambda x: jnp.sum(lax.rsqrt(jnp.sum((x - charges) ** 2, axis=1))))

        def is_above(state: Any) -> Any:
            x, speed = state
            return x[1] + h * speed[1] > 0.0

        def step(state: Any) -> Any:
            x, speed = state
            return x + h * speed, speed - h * push(x)[1]

        x, speed = loop(is_above, step, (jnp.asarray(START), jnp.asarray(SPEED)))
        return (x[0] - x[1] / speed[1] * speed[0]) ** 2

    def found(control: Any, digits: int, steps: int) -> Any:
        both = outer(lambda w: miss(w, 1.0 / steps))
        return (jax_lowest(lax.while_loop, both, control, 10.0**-digits),)

    return found


def derivative_jax(which: str, modes: str) -> Callable[..., Step]:
    """The loops that are differentiated in reverse have a bound."""

    def make(_: Any, given: Inputs) -> Step:
        import jax

        outer, inner = (jax_forward if mode == "f" else jax.value_and_grad for mode in modes)
        loop = jax.lax.while_loop if modes[0] == "f" else bounded_loop(BLOCKS.get(f"{which}-{modes}", BOUND))
        solve = (jax_saddle if which == "saddle" else jax_particle)(outer, inner, loop)
        compiled = jax.jit(lambda start: solve(start, *given.static))
        start = jax.numpy.asarray(given.parameters[0])
        return lambda: tuple(jax.block_until_ready(compiled(start)))

    return make


# --- the problems ----------------------------------------------------------------------------------------------------


def saddle_inputs(size: Size, seed: int) -> Inputs:
    """Where all descents start, near the paper's (1, 1); the number of digits."""
    return Inputs((np.ones(2) + 0.1 * np.random.default_rng(seed).random(2),), (), (size["digits"],))


def particle_inputs(size: Size, seed: int) -> Inputs:
    """The control that the descent starts from, near the paper's 0; the numbers of digits and of steps."""
    return Inputs((0.01 * np.random.default_rng(seed).random(1),), (), (size["digits"], size["steps"]))


def kernel(which: str) -> Callable[[Inputs], Kernel]:
    """All derivatives by hand, in forward mode."""

    def make(given: Inputs) -> Kernel:
        results = ((2,), (2,)) if which == "saddle" else ((1,),)
        return Kernel(which, given.static, given.parameters, results)

    return make


def no_function() -> Callable[..., Any]:
    """The peers' programs are whole: there is no function apart from its derivatives."""

    def f(*_: Any) -> Any:
        raise NotSuitedError("the derivatives are within the function")

    return f


TITLES = {"saddle": "saddle point", "particle": "charged particle"}
WORDS = {"f": "forward", "r": "reverse"}


def problem(which: str, modes: str) -> Problem:
    """One of the eight."""
    solve = (saddle if which == "saddle" else particle)(MODES[modes[0]], MODES[modes[1]])
    steps = {} if which == "saddle" else {"steps": 10}
    return Problem(
        name=f"{which}-{modes}",
        title=f"{TITLES[which]}, {WORDS[modes[0]]} over {WORDS[modes[1]]}",
        definition=f"GradBench {which}",
        sizes={
            "tiny": ({"digits": 1} if which == "saddle" else {"digits": 2, "steps": 2},),
            "small": ({"digits": 2, **steps},),
            "middle": ({"digits": 3, **steps},),
            "full": ({"digits": 5, **steps},),
        },
        inputs=saddle_inputs if which == "saddle" else particle_inputs,
        value=solve,
        kernel=kernel(which),
        torch_value=no_function,
        jax_value=no_function,
        autograd_value=no_function,
        derivatives={
            **by_wengert(lambda f: f),
            "PyTorch": derivative_torch(which, modes),
            "JAX": derivative_jax(which, modes),
            "autograd": derivative_autograd(which, modes),
        },
        others={"torch.func": torch_func(which, modes)},
        has_primal=False,
    )


PROBLEMS = tuple(problem(which, modes) for which in TITLES for modes in ("ff", "fr", "rf", "rr"))
