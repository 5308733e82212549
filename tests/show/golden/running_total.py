import numpy as np


def running_total_adjoint(x, total_bar):
    """Compute the results of running_total, and the cotangents of its inputs for those of the results.

    Parameters
    ----------
    x : float64 array of shape (6,)
    total_bar : float64 array of shape (6,)

    Returns
    -------
    total : float64 array of shape (6,)
    x_bar : float64 array of shape (6,)
    """
    # in_place.py:0  total[0] = x[0]
    t1 = x[0]
    total = np.zeros(6)
    total[0] = t1
    # in_place.py:0  total[i] = 0.9 * total[i - 1] + x[i]
    t1 = 0.9 * t1 + x[1]
    total[1] = t1
    t1 = 0.9 * t1 + x[2]
    total[2] = t1
    t1 = 0.9 * t1 + x[3]
    total[3] = t1
    t1 = 0.9 * t1 + x[4]
    total[4] = t1
    total[5] = 0.9 * t1 + x[5]

    # adjoint of line 0: total[i] = 0.9 * total[i - 1] + x[i]
    t1 = total_bar[5]
    total_bar = total_bar.copy()
    total_bar[5] = 0.0
    total_bar[4] += t1 * 0.9
    t1_bar = total_bar[4]
    total_bar[4] = 0.0
    total_bar[3] += t1_bar * 0.9
    t1_bar_2 = total_bar[3]
    total_bar[3] = 0.0
    total_bar[2] += t1_bar_2 * 0.9
    t1_bar_3 = total_bar[2]
    total_bar[2] = 0.0
    total_bar[1] += t1_bar_3 * 0.9
    t1_bar_4 = total_bar[1]
    total_bar[1] = 0.0
    total_bar[0] += t1_bar_4 * 0.9
    # adjoint of line 0: total[0] = x[0]
    x_bar = np.zeros(6)
    x_bar[5] = t1
    x_bar[4] += t1_bar
    x_bar[3] += t1_bar_2
    x_bar[2] += t1_bar_3
    x_bar[1] += t1_bar_4
    x_bar[0] += total_bar[0]
    return total, x_bar
