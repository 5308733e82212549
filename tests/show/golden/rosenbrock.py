import numpy as np


def rosenbrock_adjoint(x, y_bar):
    """Compute the results of rosenbrock, and the cotangents of its inputs for those of the results.

    Parameters
    ----------
    x : float64 array of shape (4,)
    y_bar : float64

    Returns
    -------
    y : float64
    x_bar : float64 array of shape (4,)
    """
    # basics.py:0  return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    t1 = x[:-1]
    t2 = x[1:] - np.square(t1)
    t3 = 1 - t1
    y = np.sum(100.0 * np.square(t2) + np.square(t3))

    # adjoint of line 0: return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    x_bar = np.zeros(4)
    x_bar[:-1] = -(y_bar * (2 * t3))
    t2_bar = y_bar * 100.0 * (2 * t2)
    x_bar[:-1] += -t2_bar * (2 * t1)
    x_bar[1:] += t2_bar
    return y, x_bar
