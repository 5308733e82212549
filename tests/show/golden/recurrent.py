import numpy as np


def recurrent_adjoint(x, a, s_bar):
    """Compute the results of recurrent, and the cotangents of its inputs for those of the results.

    Parameters
    ----------
    x : float64 array of shape (3,)
    a : float64 array of shape (3, 3)
    s_bar : float64

    Returns
    -------
    s : float64
    x_bar : float64 array of shape (3,)
    a_bar : float64 array of shape (3, 3)
    """
    # control_programs.py:0  return wg.fori_loop(1, 5, body, (x, 0.0))[1]
    h_kept = np.empty((4, 3))
    h = x
    s = 0.0
    for i in range(1, 5):
        h_kept[i - 1] = h
        # control_programs.py:0  h = np.tanh(h @ a) + x
        h = np.tanh(h @ a) + x
        # control_programs.py:0  s = s + np.sum(h)
        s += np.sum(h)

    # adjoint of line 0: return wg.fori_loop(1, 5, body, (x, 0.0))[1]
    a_bar = np.zeros((3, 3))
    x_bar = np.zeros(3)
    h_bar = np.zeros(3)
    for i in reversed(range(1, 5)):
        h = h_kept[i - 1]
        # control_programs.py:0  h = np.tanh(h @ a) + x
        t1 = h @ a
        # adjoint of line 0: s = s + np.sum(h)
        h_bar += s_bar
        # adjoint of line 0: h = np.tanh(h @ a) + x
        x_bar += h_bar
        t1 = (h_bar * (1 / np.cosh(t1)) ** 2).reshape(1, 3)
        h_bar = (t1 @ a.T).ravel()
        a_bar += h.reshape(3, 1) * t1
    # adjoint of line 0: return wg.fori_loop(1, 5, body, (x, 0.0))[1]
    x_bar += h_bar
    return s, x_bar, a_bar
