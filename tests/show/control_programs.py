"""Programs with control statements, and arguments for them."""

import numpy as np

import wengert as wg


def recurrent(x, a):
    def body(i, carry):
        h, s = carry
        h = np.tanh(h @ a) + x
        s = s + np.sum(h)
        return h, s

    return wg.fori_loop(1, 5, body, (x, 0.0))[1]


def newton(a):
    x = wg.while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: (x + a / x) / 2, a)
    return wg.cond(x > 1, lambda x: x * 2, np.sin, x)


def accumulated(x):
    def body(i, t):
        return wg.index_update(t, i, 0.9 * t[i - 1] + x[i])

    return wg.fori_loop(1, 6, body, np.zeros(6))


def scanned(x, w):
    def step(h, x):
        h = np.tanh(w @ h + x)
        return h, h * 2

    h, ys = wg.scan(step, np.zeros(3), x, reverse=True)
    return ys, h


def energy(v):
    return v @ v / 2


def calling(v):
    return wg.call(energy, v) + wg.call(energy, 2 * v)


def exchanging(x):
    def body(i, carry):
        a, b = carry
        return b, a + b * i

    return wg.fori_loop(0, 5, body, (x, x * 0.5))


def choosing(k, x):
    return wg.switch(k, [np.sin, lambda x: x, lambda x: np.float64(2.0)], x)


def nested(x, k):
    def outer(i, x):
        def inner(j, y):
            return y + wg.cond(y > 1, lambda y: x * y, lambda y: y / (1 + x * x), y) * (i + j)

        return wg.fori_loop(0, 3, inner, x) / 10

    return wg.fori_loop(0, k, outer, x)


def powers(x):
    return wg.fori_loop(-2, 3, lambda i, y: y + x**2 * i / 3 + np.sin(i), x)


CONTROL = {
    recurrent: (np.full(3, 0.3), np.arange(9.0).reshape(3, 3) / 10),
    newton: (np.float64(2.0),),
    accumulated: (np.arange(6.0),),
    scanned: (np.arange(12.0).reshape(4, 3) / 7, np.arange(9.0).reshape(3, 3) / 10),
    calling: (np.arange(3.0),),
    exchanging: (np.float64(1.5),),
    choosing: (np.int64(1), np.float64(0.3)),
    nested: (np.float64(0.7), np.int64(3)),
    powers: (np.float64(0.7),),
}
