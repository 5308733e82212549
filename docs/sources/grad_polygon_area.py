# The gradient of this program, written by `python docs/generate_sources.py`:
#
# @program(normal(5, 2))
# def polygon_area(vertices):
#     x, y = vertices.T
#     return 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))

import numpy as np


def grad_polygon_area(vertices):
    """Compute polygon_area.

    Parameters
    ----------
    vertices : float64 array of shape (5, 2)

    Returns
    -------
    vertices_bar : float64 array of shape (5, 2)
    """
    # geometry.py:42  x, y = vertices.T
    t1 = vertices.T[0]
    t2 = vertices.T[1]
    # geometry.py:43  return 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))
    t3 = np.roll(t2, -1)
    t4 = np.roll(t1, -1)

    # adjoint of line 43: return 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))
    t1_bar = np.roll(-0.5 * t2, 1) + 0.5 * t3
    t2_bar = -0.5 * t4 + np.roll(0.5 * t1, 1)
    # adjoint of line 42: x, y = vertices.T
    t1 = np.zeros((2, 5))
    t1[1] = t2_bar
    t1[0] += t1_bar
    vertices_bar = t1.T
    return vertices_bar
