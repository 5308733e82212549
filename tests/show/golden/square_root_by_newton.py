def square_root_by_newton_adjoint(a, x_bar):
    """Compute the results of square_root_by_newton, and the cotangents of its inputs for those of the results.

    Parameters
    ----------
    a : float64
    x_bar : float64

    Returns
    -------
    x : float64
    a_bar : float64
    """
    # basics.py:0  x = 0.5 * (x + a / x)
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
    x_6 = 0.5 * (x_5 + t5)

    # adjoint of line 0: x = 0.5 * (x + a / x)
    t6 = x_bar * 0.5
    x_bar = t6 - t6 * (t5 / x_5)
    t5 = x_bar * 0.5
    x_bar = t5 - t5 * (t4 / x_4)
    t4 = x_bar * 0.5
    a_bar = t6 * (1 / x_5) + t5 * (1 / x_4) + t4 * (1 / x_3)
    x_bar = t4 - t4 * (t3 / x_3)
    t3 = x_bar * 0.5
    x_bar = t3 - t3 * (t2 / x_2)
    t2 = x_bar * 0.5
    a_bar = a_bar + t3 * (1 / x_2) + t2 * (1 / x)
    x_bar = t2 - t2 * (t1 / x)
    a_bar += x_bar * 0.5
    return x_6, a_bar
