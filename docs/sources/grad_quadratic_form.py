# The gradient of this program, written by `python docs/generate_sources.py`:
#
# @program(normal(3), normal(3, 3))
# def quadratic_form(x, A):
#     return x @ A @ x / (x @ x)


def grad_quadratic_form(x, A):
    """Compute quadratic_form.

    Parameters
    ----------
    x : float64 array of shape (3,)
    A : float64 array of shape (3, 3)

    Returns
    -------
    x_bar : float64 array of shape (3,)
    A_bar : float64 array of shape (3, 3)
    """
    # basics.py:233  return x @ A @ x / (x @ x)
    t1 = x @ A
    t2 = x @ x
    t3 = t1 @ x / t2

    # adjoint of line 233: return x @ A @ x / (x @ x)
    t4 = 1 / t2
    t2 = t3 / t2
    x_bar = -(t2 * x) - x * t2 + t1 * t4
    t1 = (t4 * x).reshape(1, 3)
    A_bar = x.reshape(3, 1) * t1
    x_bar += (t1 @ A.T).ravel()
    return x_bar, A_bar
