"""Differential equations, recurrences and dynamical systems."""

from __future__ import annotations

import numpy as np

from programs.corpus import normal, positive, program


@program(0.3, 3.4)
def logistic_map(x, r):
    for _ in range(12):
        x = r * x * (1 - x)
    return x


@program(normal(4), normal(4))
def velocity_verlet(q, p):
    def force(q):
        return -(q**3) + 0.1 * np.roll(q, 1)

    h = 0.1
    for _ in range(5):
        p = p + h / 2 * force(q)
        q = q + h * p
        p = p + h / 2 * force(q)
    return np.concatenate([q, p])


@program(np.array([1.0, 1.0, 1.0]), np.array([10.0, 28.0, 8 / 3]))
def lorenz_system(state, parameters):
    sigma, rho, beta = parameters
    x, y, z = state
    for _ in range(10):
        x, y, z = x + 0.01 * sigma * (y - x), y + 0.01 * (x * (rho - z) - y), z + 0.01 * (x * y - beta * z)
    return np.array([x, y, z])


@program(normal(10), 0.4)
def heat_equation(u, conductivity):
    for _ in range(5):
        u = u + conductivity * (np.roll(u, 1) - 2 * u + np.roll(u, -1))
    return u


@program(normal(8), positive(8))
def wave_equation(u, speed):
    before, now = u, u * 0.98
    for _ in range(4):
        laplacian = np.zeros_like(now)
        laplacian[1:-1] = now[2:] - 2 * now[1:-1] + now[:-2]
        before, now = now, 2 * now - before + 0.2 * speed**2 * laplacian
    return np.sum(now**2)


@program(normal(6) + 2.0)
def burgers_upwind(u):
    for _ in range(3):
        flux = u**2 / 2
        u = u - 0.1 * (flux - np.roll(flux, 1))
    return u


@program(np.array([0.99, 0.01]), 1.7, 0.3)
def epidemic(state, infection, recovery):
    s, i = state
    history = []
    for _ in range(8):
        new = infection * s * i * 0.2
        s, i = s - new, i + new - recovery * i * 0.2
        history.append(i)
    return np.array(history)


@program(normal(3, 2), positive(3))
def n_body(positions, masses):
    def acceleration(x):
        total = np.zeros_like(x)
        for i in range(3):
            for j in range(3):
                if i != j:
                    d = x[j] - x[i]
                    total[i] += masses[j] * d / (d @ d + 0.1) ** 1.5
        return total

    velocities = np.zeros_like(positions)
    for _ in range(3):
        velocities = velocities + 0.05 * acceleration(positions)
        positions = positions + 0.05 * velocities
    return positions


@program(2.0, 0.5)
def van_der_pol_implicit(x, mu):
    v = 0.0
    for _ in range(4):
        new = v
        for _ in range(3):  # fixed-point iteration of the implicit Euler step
            new = v + 0.05 * (mu * (1 - x**2) * new - x)
        v = new
        x = x + 0.05 * v
    return x * v


@program(np.array([0.1, 0.5, 0.2]))
def markov_chain(logits):
    P = np.exp(logits[:, None] * np.arange(3.0))
    P = P / P.sum(axis=1, keepdims=True)
    distribution = np.ones(3) / 3
    for _ in range(6):
        distribution = distribution @ P
    return distribution


@program(positive(4), positive(4))
def chemical_kinetics(concentrations, rates):
    A, B, C, D = concentrations
    for _ in range(6):
        forward, backward = rates[0] * A * B, rates[1] * C
        decay = rates[2] * C * D / (rates[3] + D)
        A, B, C, D = (
            A + 0.05 * (backward - forward),
            B + 0.05 * (backward - forward),
            C + 0.05 * (forward - backward - decay),
            D - 0.05 * decay,
        )
    return A + 2 * B + 3 * C + 4 * D


@program(normal(5))
def cellular_coupling(x):
    for _ in range(4):
        x = np.tanh(1.5 * x + 0.3 * (np.roll(x, 1) - np.roll(x, -1)))
    return x


@program(100.0, 105.0, 0.2)
def option_price_by_tree(spot, strike, volatility):
    steps, rate, dt = 6, 0.03, 1 / 6
    up = np.exp(volatility * np.sqrt(dt))
    q = (np.exp(rate * dt) - 1 / up) / (up - 1 / up)
    payoff = np.maximum(spot * up ** np.arange(-steps, steps + 1, 2.0) - strike, 0.0)
    for _ in range(steps):
        payoff = np.exp(-rate * dt) * (q * payoff[1:] + (1 - q) * payoff[:-1])
    return payoff[0]


@program(normal(20), 0.05, 0.2)
def geometric_brownian_paths(noise, drift, volatility):
    increments = (drift - volatility**2 / 2) * 0.05 + volatility * np.sqrt(0.05) * noise.reshape(4, 5)
    paths = np.exp(np.cumsum(increments, axis=1))
    return np.mean(np.maximum(paths[:, -1] - 1.0, 0.0)) + np.max(paths)


@program(1.2, 0.8, 9.81)
def double_step_projectile(speed, angle, gravity):
    vx, vy = speed * np.cos(angle), speed * np.sin(angle)
    x = y = 0.0
    for _ in range(10):
        drag = 0.1 * np.hypot(vx, vy)
        vx, vy = vx - 0.01 * drag * vx, vy - 0.01 * (gravity + drag * vy)
        x, y = x + 0.01 * vx, y + 0.01 * vy
    return x**2 + y**2


@program(normal(3))
def adaptive_looking_euler(y):
    h = 0.1
    for _ in range(5):
        full = y + h * np.sin(y)
        half = y + h / 2 * np.sin(y)
        half = half + h / 2 * np.sin(half)
        y = 2 * half - full
    return y


@program(0.02, 300.0)
def loan(rate, payment):
    balance, interest = 10000.0, 0.0
    for _ in range(24):
        accrued = balance * rate / 12
        interest = interest + accrued
        balance = balance + accrued - payment
    return balance + interest
