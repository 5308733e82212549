# The gradient of this program, written by `python docs/generate_sources.py`:
#
# @program(normal(3), normal(3))
# def cosine_similarity(x, y):
#     return np.sum(x * y) / (np.sqrt(np.sum(x**2)) * np.sqrt((y * y).sum()))

import numpy as np


def grad_cosine_similarity(x, y):
    """Compute cosine_similarity.

    Parameters
    ----------
    x : float64 array of shape (3,)
    y : float64 array of shape (3,)

    Returns
    -------
    x_bar : float64 array of shape (3,)
    y_bar : float64 array of shape (3,)
    """
    # basics.py:324  return np.sum(x * y) / (np.sqrt(np.sum(x**2)) * np.sqrt((y * y).sum()))
    t1 = np.sqrt(np.sum(np.square(x)))
    t2 = np.sqrt(np.sum(y * y))
    t3 = t1 * t2
    t4 = np.sum(x * y) / t3

    # adjoint of line 324: return np.sum(x * y) / (np.sqrt(np.sum(x**2)) * np.sqrt((y * y).sum()))
    t5 = 1 / t3
    t3 = t4 / t3
    t4 = t3 * t1 * (0.5 / t2) * y
    x_bar = t5 * y - t3 * t2 * (0.5 / t1) * (2 * x)
    y_bar = -t4 - t4 + t5 * x
    return x_bar, y_bar
