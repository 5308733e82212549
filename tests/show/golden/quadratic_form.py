def quadratic_form_adjoint(x, A, y_bar):
    """Compute the results of quadratic_form, and the cotangents of its inputs for those of the results.

    Parameters
    ----------
    x : float64 array of shape (3,)
    A : float64 array of shape (3, 3)
    y_bar : float64

    Returns
    -------
    y : float64
    x_bar : float64 array of shape (3,)
    A_bar : float64 array of shape (3, 3)
    """
    # basics.py:0  return x @ A @ x / (x @ x)
    t1 = x @ A
    t2 = x @ x
    y = t1 @ x / t2

    # adjoint of line 0: return x @ A @ x / (x @ x)
    t3 = y_bar * (1 / t2)
    t2 = y_bar * (y / t2)
    x_bar = -(t2 * x) - x * t2 + t1 * t3
    t1 = (t3 * x).reshape(1, 3)
    A_bar = x.reshape(3, 1) * t1
    x_bar += (t1 @ A.T).ravel()
    return y, x_bar, A_bar
