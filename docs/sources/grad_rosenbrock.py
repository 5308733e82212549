# The gradient of this program, written by `python docs/generate_sources.py`:
#
# @program(np.array([-1.2, 1.0, 0.8, 1.1]))
# def rosenbrock(x):
#     return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

import numpy as np


def grad_rosenbrock(x):
    """Compute rosenbrock.

    Parameters
    ----------
    x : float64 array of shape (4,)

    Returns
    -------
    x_bar : float64 array of shape (4,)
    """
    # basics.py:112  return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    t1 = x[:-1]
    t2 = x[1:] - np.square(t1)
    t3 = 1 - t1

    # adjoint of line 112: return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    x_bar = np.zeros(4)
    x_bar[:-1] = -2 * t3
    x_bar[:-1] += -200.0 * t2 * (2 * t1)
    x_bar[1:] += 200.0 * t2
    return x_bar
