"""Language model of diagonal LSTM layers on a sequence of characters of 14 bits (ADBench and GradBench `lstm`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step

BITS = 14


def inputs(size: Size, seed: int) -> Inputs:
    """Weights and biases of the layers (2 l, 56), of input and output (3, 14); hidden and cell states; characters."""
    rng = np.random.default_rng(seed)
    layers, length = size["layers"], size["length"]
    main, extra = rng.uniform(-1.0, 1.0, (2 * layers, 4 * BITS)), rng.uniform(-1.0, 1.0, (3, BITS))
    state = rng.uniform(-1.0, 1.0, (2 * layers, BITS))
    return Inputs((main, extra), (state, rng.integers(0, 2, (length, BITS)).astype(np.float64)))


def value(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
    """Minus the mean of the logarithms of what the model says of each next character."""
    layers = main.shape[0] // 2
    hidden, cells = [state[2 * i] for i in range(layers)], [state[2 * i + 1] for i in range(layers)]
    total = 0.0
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for i in range(layers):
            gates = np.concatenate([x, hidden[i], x, hidden[i]]) * main[2 * i] + main[2 * i + 1]
            open_ = 1.0 / (1.0 + np.exp(-gates[: 3 * BITS]))
            cells[i] = cells[i] * open_[:BITS] + open_[BITS : 2 * BITS] * np.tanh(gates[3 * BITS :])
            x = hidden[i] = open_[2 * BITS :] * np.tanh(cells[i])
        guess = x * extra[1] + extra[2]
        total = total + np.sum(sequence[t + 1] * (guess - np.log(2.0 + np.sum(np.exp(guess)))))
    return -total / sequence[1:].size


def compiled_value(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
    """The loop over the characters as one statement of the list."""
    import wengert as wg

    layers = main.shape[0] // 2

    def step(carry: Any, characters: Any) -> Any:
        hidden, cells = list(carry[0]), list(carry[1])
        now, following = characters
        x = now * extra[0]
        for i in range(layers):
            gates = np.concatenate([x, hidden[i], x, hidden[i]]) * main[2 * i] + main[2 * i + 1]
            open_ = 1.0 / (1.0 + np.exp(-gates[: 3 * BITS]))
            cells[i] = cells[i] * open_[:BITS] + open_[BITS : 2 * BITS] * np.tanh(gates[3 * BITS :])
            x = hidden[i] = open_[2 * BITS :] * np.tanh(cells[i])
        guess = x * extra[1] + extra[2]
        return (tuple(hidden), tuple(cells)), np.sum(following * (guess - np.log(2.0 + np.sum(np.exp(guess)))))

    start = tuple(state[2 * i] for i in range(layers)), tuple(state[2 * i + 1] for i in range(layers))
    _, parts = wg.scan(step, start, (sequence[:-1], sequence[1:]))
    return -np.sum(parts) / sequence[1:].size


def torch_value() -> Callable[..., Any]:
    """In PyTorch: a loop in Python; its own LSTM has full matrices."""
    import torch

    def f(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
        layers = main.shape[0] // 2
        weights, biases, states = main[0::2].unbind(), main[1::2].unbind(), state.unbind()
        hidden, cells = list(states[0::2]), list(states[1::2])
        xs, outputs = (sequence[:-1] * extra[0]).unbind(), []
        for t in range(len(sequence) - 1):
            x = xs[t]
            for i in range(layers):
                gates = torch.addcmul(biases[i], torch.cat([x, hidden[i], x, hidden[i]]), weights[i])
                forget, enter, leave = torch.sigmoid(gates[: 3 * BITS]).chunk(3)
                cells[i] = cells[i] * forget + enter * torch.tanh(gates[3 * BITS :])
                x = hidden[i] = leave * torch.tanh(cells[i])
            outputs.append(x)
        guess = torch.stack(outputs) * extra[1] + extra[2]
        normal = torch.log(2.0 + torch.sum(torch.exp(guess), dim=1, keepdim=True))
        return -torch.sum(sequence[1:] * (guess - normal)) / sequence[1:].numel()

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX: a scan."""
    import jax
    from jax import numpy as jnp

    def f(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
        layers = main.shape[0] // 2

        def step(carry: Any, x: Any) -> Any:
            hidden, cells = list(carry[0]), list(carry[1])
            for i in range(layers):
                gates = jnp.concatenate([x, hidden[i], x, hidden[i]]) * main[2 * i] + main[2 * i + 1]
                forget, enter, leave = jnp.split(jax.nn.sigmoid(gates[: 3 * BITS]), 3)
                cells[i] = cells[i] * forget + enter * jnp.tanh(gates[3 * BITS :])
                x = hidden[i] = leave * jnp.tanh(cells[i])
            return (hidden, cells), x

        start = [state[2 * i] for i in range(layers)], [state[2 * i + 1] for i in range(layers)]
        _, outputs = jax.lax.scan(step, start, sequence[:-1] * extra[0])
        guess = outputs * extra[1] + extra[2]
        normal = jnp.log(2.0 + jnp.sum(jnp.exp(guess), axis=1, keepdims=True))
        return -jnp.sum(sequence[1:] * (guess - normal)) / sequence[1:].size

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd: a loop in Python."""
    from autograd import numpy as anp

    def f(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
        layers = main.shape[0] // 2
        hidden, cells = [state[2 * i] for i in range(layers)], [state[2 * i + 1] for i in range(layers)]
        weights, biases = [main[2 * i] for i in range(layers)], [main[2 * i + 1] for i in range(layers)]
        xs, outputs = sequence[:-1] * extra[0], []
        for t in range(len(sequence) - 1):
            x = xs[t]
            for i in range(layers):
                gates = anp.concatenate([x, hidden[i], x, hidden[i]]) * weights[i] + biases[i]
                open_ = 1.0 / (1.0 + anp.exp(-gates[: 3 * BITS]))
                cells[i] = cells[i] * open_[:BITS] + open_[BITS : 2 * BITS] * anp.tanh(gates[3 * BITS :])
                x = hidden[i] = open_[2 * BITS :] * anp.tanh(cells[i])
            outputs.append(x)
        guess = anp.stack(outputs) * extra[1] + extra[2]
        normal = anp.log(2.0 + anp.sum(anp.exp(guess), axis=1, keepdims=True))
        return -anp.sum(sequence[1:] * (guess - normal)) / sequence[1:].size

    return f


def kernel(given: Inputs) -> Kernel:
    """Gates and states of all characters are kept."""
    (main, extra), (state, sequence) = given.parameters, given.data
    layers, length = len(main) // 2, len(sequence)
    work = 16 * (layers * (length * 8 + 24) + 6 * length + 16)
    arrays = (main, extra, state, sequence)
    return Kernel("lstm", (layers, length), arrays, ((), main.shape, extra.shape), work)


def by_casadi(given: Inputs) -> Step:
    """In CasADi: the layers at one character in numbers, repeated by `mapaccum`."""
    import casadi as ca

    layers, length = len(given.parameters[0]) // 2, len(given.data[1])
    carry, now = ca.SX.sym("carry", BITS, 2 * layers), ca.SX.sym("now", BITS)
    weights = ca.SX.sym("weights", 4 * BITS, 2 * layers)
    x, columns = now, []
    for i in range(layers):
        hidden, cell = carry[:, 2 * i], carry[:, 2 * i + 1]
        gates = ca.vertcat(x, hidden, x, hidden) * weights[:, 2 * i] + weights[:, 2 * i + 1]
        forget, enter, leave = ca.vertsplit(1.0 / (1.0 + ca.exp(-gates[: 3 * BITS])), BITS)
        cell = cell * forget + enter * ca.tanh(gates[3 * BITS :])
        x = leave * ca.tanh(cell)
        columns += [x, cell]
    after = ca.vec(ca.horzcat(*columns))
    step = ca.Function("step", [ca.vec(carry), now, ca.vec(weights)], [after, x], {"cse": True})

    def f(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
        rounds = length - 1
        inputs, following = sequence[:-1, :].T, sequence[1:, :].T
        scale, weight, bias = (ca.repmat(extra[i, :].T, 1, rounds) for i in range(3))
        repeated = ca.repmat(ca.vec(main.T), 1, rounds)
        _, outputs = step.mapaccum(rounds)(ca.vec(state.T), inputs * scale, repeated)
        guess = outputs * weight + bias
        normal = ca.repmat(ca.log(2.0 + ca.sum1(ca.exp(guess))), BITS, 1)
        return -ca.sum1(ca.sum2(following * (guess - normal))) / (rounds * BITS)

    return casadi_code.gradient_step(f, given)


PROBLEM = Problem(
    name="lstm",
    title="LSTM language model",
    definition="ADBench lstm",
    sizes={
        "tiny": ({"layers": 2, "length": 6},),
        "small": ({"layers": 2, "length": 1024},),
        "middle": ({"layers": 4, "length": 4096},),
        "full": ({"layers": 6, "length": 8192},),
    },
    inputs=inputs,
    value=value,
    compiled_value=compiled_value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    others={"CasADi": by_casadi},
)
