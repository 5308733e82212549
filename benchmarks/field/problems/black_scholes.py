"""Greeks of European calls by Black and Scholes (1973): gradient of the sum of the prices of many options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtr

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step


def inputs(size: Size, seed: int) -> Inputs:
    """Spot prices, volatilities, rates and times to expiry, of which the derivatives are delta, vega, rho and -theta.

    The strikes are data.
    """
    rng = np.random.default_rng(seed)
    ranges = [(80.0, 120.0), (0.1, 0.5), (0.0, 0.05), (0.1, 2.0)]
    parameters = tuple(rng.uniform(low, high, size["n"]) for low, high in ranges)
    return Inputs(parameters, (rng.uniform(80.0, 120.0, size["n"]),))


def value(spot: Any, volatility: Any, rate: Any, time: Any, strike: Any) -> Any:
    """Sum of the prices. NumPy has no distribution function of the normal law, so it is SciPy's."""
    spread = volatility * np.sqrt(time)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / spread
    return np.sum(spot * ndtr(d1) - strike * np.exp(-rate * time) * ndtr(d1 - spread))


def torch_value() -> Callable[..., Any]:
    """In PyTorch."""
    import torch

    def f(spot: Any, volatility: Any, rate: Any, time: Any, strike: Any) -> Any:
        spread = volatility * torch.sqrt(time)
        d1 = (torch.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / spread
        normal = torch.special.ndtr
        return torch.sum(spot * normal(d1) - strike * torch.exp(-rate * time) * normal(d1 - spread))

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX."""
    from jax import numpy as jnp
    from jax.scipy.special import ndtr as normal

    def f(spot: Any, volatility: Any, rate: Any, time: Any, strike: Any) -> Any:
        spread = volatility * jnp.sqrt(time)
        d1 = (jnp.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / spread
        return jnp.sum(spot * normal(d1) - strike * jnp.exp(-rate * time) * normal(d1 - spread))

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd."""
    from autograd import numpy as anp
    from autograd.scipy.stats.norm import cdf

    def f(spot: Any, volatility: Any, rate: Any, time: Any, strike: Any) -> Any:
        spread = volatility * anp.sqrt(time)
        d1 = (anp.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / spread
        return anp.sum(spot * cdf(d1) - strike * anp.exp(-rate * time) * cdf(d1 - spread))

    return f


def kernel(given: Inputs) -> Kernel:
    """The closed forms of the greeks, in one loop."""
    shapes = tuple(x.shape for x in given.parameters)
    return Kernel("black_scholes", (given.data[0].size,), (*given.parameters, *given.data), ((), *shapes))


def by_casadi(given: Inputs) -> Step:
    """In CasADi: price and greeks of one option in numbers, mapped over all."""
    import casadi as ca

    spot, volatility, rate, time, strike = one = [ca.SX.sym(name) for name in ("s", "v", "r", "t", "k")]
    spread = volatility * ca.sqrt(time)
    d1 = (ca.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / spread

    def normal(x: Any) -> Any:
        return 0.5 * (1.0 + ca.erf(x / np.sqrt(2.0)))

    price = spot * normal(d1) - strike * ca.exp(-rate * time) * normal(d1 - spread)
    greeks = [ca.gradient(price, x) for x in one[:4]]
    n = given.data[0].size
    mapped = ca.Function("option", one, [price, *greeks], {"cse": True}).map(n)
    rows = [ca.MX.sym(name, 1, n) for name in ("s", "v", "r", "t", "k")]
    prices, *slopes = mapped(*rows)
    function = ca.Function("f", rows, [ca.sum2(prices), *slopes])
    return casadi_code.step_of(function, (*given.parameters, *given.data), ((), *(x.shape for x in given.parameters)))


PROBLEM = Problem(
    name="black-scholes",
    title="Black-Scholes, four greeks",
    definition="Black and Scholes 1973",
    sizes={
        "tiny": ({"n": 37},),
        "small": ({"n": 10_000},),
        "middle": ({"n": 100_000},),
        "full": ({"n": 1_000_000},),
    },
    inputs=inputs,
    value=value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    others={"CasADi": by_casadi},
)
