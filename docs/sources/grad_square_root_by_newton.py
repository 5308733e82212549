# The gradient of this program, written by `python docs/generate_sources.py`:
#
# @program(3.0)
# def square_root_by_newton(a):
#     x = 1.0
#     for _ in range(6):
#         x = 0.5 * (x + a / x)
#     return x


def grad_square_root_by_newton(a):
    """Compute square_root_by_newton.

    Parameters
    ----------
    a : float64

    Returns
    -------
    a_bar : float64
    """
    # basics.py:31  x = 0.5 * (x + a / x)
    x = 0.5 * (1.0 + a)
    t1 = a / x
    x_2 = 0.5 * (x + t1)
    t2 = a / x_2
    x_3 = 0.5 * (x_2 + t2)
    t3 = a / x_3
    x_4 = 0.5 * (x_3 + t3)
    t4 = a / x_4
    x_5 = 0.5 * (x_4 + t4)
    t5 = a / x_5

    # adjoint of line 31: x = 0.5 * (x + a / x)
    x_bar = 0.5 + -0.5 * (t5 / x_5)
    t5 = x_bar * 0.5
    x_bar = t5 - t5 * (t4 / x_4)
    t4 = x_bar * 0.5
    a_bar = 0.5 * (1 / x_5) + t5 * (1 / x_4) + t4 * (1 / x_3)
    x_bar = t4 - t4 * (t3 / x_3)
    t3 = x_bar * 0.5
    x_bar = t3 - t3 * (t2 / x_2)
    t2 = x_bar * 0.5
    a_bar = a_bar + t3 * (1 / x_2) + t2 * (1 / x)
    x_bar = t2 - t2 * (t1 / x)
    a_bar += x_bar * 0.5
    return a_bar
