"""Functions of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.linalg.conventions import array, scipys
from wengert.registry import table
from wengert.rules.matrix_functions import pack
from wengert.value import Value


@scipys
def expm(A: Any) -> Any:
    """The matrix exponential.

    Parameters
    ----------
    A : (..., n, n) array or value, real or complex

    Returns
    -------
    (..., n, n) array or value

    Notes
    -----
    The derivative is the exponential of a matrix of twice the size (Mathias 1996), about eight times the cost.
    """
    return table.expm(array(A))


@scipys
def logm(A: Any) -> Any:
    """The principal logarithm of a matrix (..., n, n) without eigenvalues on the negative real axis."""
    return table.logm(array(A))


@scipys
def sqrtm(A: Any) -> Any:
    """The principal square root of a matrix (..., n, n) without eigenvalues on the negative real axis."""
    return table.sqrtm(array(A))


@scipys
def expm_frechet(A: Any, E: Any, *, compute_expm: bool = True) -> Any:
    """The exponential of A (n, n) and its derivative in the direction E."""
    A, E = array(A), array(E)
    n = A.shape[-1]
    whole = expm(pack([[A, E], [np.zeros_like(A), A]]))
    derivative = whole[..., :n, n:]
    return (whole[..., :n, :n], derivative) if compute_expm else derivative


def _halves(A: Any) -> tuple[Any, Any]:
    """The exponentials of i A and -i A."""
    return expm(1j * array(A)), expm(-1j * array(A))


def _real_like(y: Any, A: Any) -> Any:
    return y if array(A).dtype.kind == "c" else np.real(y)


@scipys
def cosm(A: Any) -> Any:
    """The matrix cosine of (n, n)."""
    plus, minus = _halves(A)
    return _real_like((plus + minus) / 2, A)


@scipys
def sinm(A: Any) -> Any:
    """The matrix sine of (n, n)."""
    plus, minus = _halves(A)
    return _real_like((plus - minus) / 2j, A)


@scipys
def tanm(A: Any) -> Any:
    """The matrix tangent of (n, n)."""
    return np.linalg.solve(cosm(A), sinm(A))


@scipys
def coshm(A: Any) -> Any:
    """The hyperbolic matrix cosine of (n, n)."""
    return (expm(A) + expm(-array(A))) / 2


@scipys
def sinhm(A: Any) -> Any:
    """The hyperbolic matrix sine of (n, n)."""
    return (expm(A) - expm(-array(A))) / 2


@scipys
def tanhm(A: Any) -> Any:
    """The hyperbolic matrix tangent of (n, n)."""
    return np.linalg.solve(coshm(A), sinhm(A))


@scipys
def fractional_matrix_power(A: Any, t: Any) -> Any:
    """The power exp(t log A) of a matrix (n, n); derivatives in both."""
    if not isinstance(t, Value) and float(t).is_integer():
        return np.linalg.matrix_power(array(A), int(t))
    return expm(t * logm(A))


@scipys
def signm(A: Any) -> Any:
    """The matrix sign A (A²)^(-1/2) of (n, n) without eigenvalues on the imaginary axis."""
    A = array(A)
    return np.linalg.solve(sqrtm(A @ A), A)
