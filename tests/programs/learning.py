"""Machine learning: layers, losses, optimisers, attention, kernels."""

from __future__ import annotations

import numpy as np

from programs.corpus import normal, positive, program

_RNG = np.random.default_rng(3)
_INPUT = _RNG.standard_normal((5, 4))
_CLASSES = np.array([0, 1, 2, 1, 0])


def _softmax(z, axis=-1):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


@program(normal(4, 4), normal(4, 4), normal(4, 4))
def self_attention(Wq, Wk, Wv):
    q, k, v = _INPUT @ Wq, _INPUT @ Wk, _INPUT @ Wv
    return _softmax(q @ k.T / 2.0) @ v


@program(normal(2, 4, 3))
def multi_head_scores(W):
    heads = np.einsum("nd,hdk->hnk", _INPUT, W)
    return np.einsum("hnk,hmk->hnm", heads, heads).mean(axis=0)


@program(normal(5, 4), positive(4), normal(4))
def layer_normalisation(x, gain, bias):
    mean = x.mean(axis=-1, keepdims=True)
    variance = x.var(axis=-1, keepdims=True)
    return gain * (x - mean) / np.sqrt(variance + 1e-5) + bias


@program(normal(6, 6), normal(3, 3))
def convolution_layer(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    return np.maximum(np.einsum("ijkl,kl->ij", windows, kernel), 0.0)


@program(normal(6, 6))
def max_pooling(image):
    return image.reshape(3, 2, 3, 2).max(axis=(1, 3))


@program(normal(4, 3), normal(3))
def one_hot_cross_entropy(W, b):
    logits = _INPUT @ W + b
    log_p = np.log(_softmax(logits))
    return -np.sum(np.eye(3)[_CLASSES] * log_p) / 5


@program({"w1": normal(4, 3), "b1": normal(3), "w2": normal(3)})
def momentum_descent(params):
    def loss(w1):
        return np.sum(np.tanh(_INPUT @ w1 + params["b1"]) @ params["w2"])

    h = np.tanh(_INPUT @ params["w1"] + params["b1"])
    gradient = _INPUT.T @ ((1 - h**2) * params["w2"])
    velocity = 0.0
    w1 = params["w1"]
    for _ in range(3):
        velocity = 0.9 * velocity + gradient
        w1 = w1 - 0.01 * velocity
    return loss(w1)


@program(normal(4, 8), normal(2, 8), normal(8))
def lstm_cell(Wx, Wh, b):
    h = c = np.zeros(2)
    for x in _INPUT[:3]:
        gates = x @ Wx + h @ Wh + b
        i, f, o = (1 / (1 + np.exp(-gates[k : k + 2])) for k in (0, 2, 4))
        c = f * c + i * np.tanh(gates[6:])
        h = o * np.tanh(c)
    return h


@program(normal(4, 2))
def contrastive_distances(W):
    z = _INPUT @ W
    d = np.sqrt(np.sum((z[:, None] - z[None]) ** 2, axis=-1) + 1e-3)
    same = _CLASSES[:, None] == _CLASSES[None, :]
    return np.sum(np.where(same, d**2, np.maximum(0.0, 2.0 - d) ** 2))


@program(normal(3, 4))
def k_means_objective(centres):
    d = np.sum((_INPUT[:, None, :] - centres[None]) ** 2, axis=-1)
    return np.sum(np.min(d, axis=1))


@program(normal(3, 4))
def soft_assignment(centres):
    d = np.sum((_INPUT[:, None, :] - centres[None]) ** 2, axis=-1)
    r = _softmax(-d, axis=1)
    return (r.T @ _INPUT) / np.sum(r, axis=0)[:, None]


@program(normal(4), 0.3)
def support_vector_machine(w, b):
    y = np.where(_CLASSES == 1, 1.0, -1.0)
    return np.sum(np.maximum(0.0, 1 - y * (_INPUT @ w + b))) + 0.5 * w @ w


@program(normal(4, 2), normal(4, 2))
def matrix_factorisation(U, V):
    R = U @ V.T
    return np.sum((R - np.arange(16.0).reshape(4, 4) / 8) ** 2 * np.tri(4))


@program(normal(5))
def straight_through_rounding(x):
    return np.sum(x * np.round(x * 4) / 4) + np.sum(np.floor(x))


@program(normal(2, 3), normal(3, 2))
def autoencoder(encoder, decoder):
    x = _INPUT[:, :2]
    return np.mean((np.tanh(x @ encoder) @ decoder - x) ** 2)


@program(normal(6))
def gumbel_softmax(logits):
    noise = np.linspace(-0.5, 0.5, 6)
    return _softmax((logits + noise) / 0.5)


@program(normal(3, 3))
def graph_propagation(W):
    A = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    degree = A.sum(axis=1)
    norm = A / np.sqrt(np.outer(degree, degree))
    x = np.eye(3)
    for _ in range(2):
        x = np.maximum(norm @ x @ W, 0.1 * (norm @ x @ W))
    return x


@program(positive(4))
def attention_with_mask(x):
    scores = np.outer(x, x)
    masked = np.where(np.tri(4, dtype=bool), scores, -np.inf)
    return _softmax(masked) @ x


@program(normal(5, 4))
def embedding_lookup(table):
    tokens = [0, 3, 3, 1]
    return table[tokens].sum(axis=0) * np.sum(table[tokens] ** 2)


@program(np.array([0.4, -0.2]))
def unrolled_optimiser(x):
    w = np.array([0.0, 0.0])
    for _ in range(4):
        gradient = 2 * (w - x) * np.array([1.0, 3.0])
        w = w - 0.1 * gradient
    return np.sum((w - 1) ** 2)
