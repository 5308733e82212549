"""Rows that pass on a value and raise where it has no derivative: with NumPy's own error in the written program."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CHECKS", "USED"]

#: Row → the function that does it; ``$name`` is its name, the others are functions of `USED`.
CHECKS: Mapping[str, str] = {
    "distinct": '''\
def $name(w, name, zero):
    """Pass on values: no two may be equal to rounding, nor one of them zero where that counts too."""
    if np.any($in_one_group(w)):
        raise np.linalg.LinAlgError(f"two values ({name}) are equal: a derivative divides by their difference")
    if zero and np.any(np.abs(w) <= $width(w)):
        raise np.linalg.LinAlgError(f"a value ({name}) is zero: a derivative divides by it")
    return w''',
    "alike": '''\
def $name(ct, w, name):
    """Pass on the cotangents of values: those of equal values must be the same."""
    apart = np.abs(ct[..., :, None] - ct[..., None, :])
    size = np.max(np.abs(ct), axis=-1, initial=0)[..., None, None]
    if np.any($in_one_group(w) & (apart > $tolerance(w.dtype) * size)):
        raise np.linalg.LinAlgError(f"two values ({name}) are equal, and the result depends on one of them more")
    return ct''',
    "distinct_of_eig": '''\
def $name(w, v):
    """Pass on eigenvalues: no two may be equal to rounding, and the vectors must be independent."""
    if np.any($condition(v) * np.sqrt(np.finfo(v.dtype).eps) > 0.25):
        raise np.linalg.LinAlgError("the matrix is defective: its eigenvalues are not differentiable")
    if np.any($group(w, v)):
        raise np.linalg.LinAlgError("two eigenvalues are equal: a derivative divides by their difference")
    return w''',
    "alike_of_eig": '''\
def $name(ct, w, v):
    """Pass on the cotangents of eigenvalues: those of equal values must be the same, and the vectors independent."""
    if np.any($condition(v) * np.sqrt(np.finfo(v.dtype).eps) > 0.25):
        raise np.linalg.LinAlgError("the matrix is defective: its eigenvalues are not differentiable")
    apart = np.abs(ct[..., :, None] - ct[..., None, :])
    size = np.max(np.abs(ct), axis=-1, initial=0)[..., None, None]
    if np.any($group(w, v) & (apart > $tolerance(w.dtype) * size)):
        raise np.linalg.LinAlgError("two eigenvalues are equal, and the result depends on one of them more")
    return ct''',
    "phase_free": '''\
def $name(m, x, y, name):
    """Pass on the matrix, whose diagonal must be real: the phases of vectors are arbitrary."""
    allowed = $tolerance(m.dtype) * ($size_of(x) + $size_of(y))
    if np.any(np.abs(np.diagonal(m, axis1=-2, axis2=-1).imag) > allowed[..., 0]):
        raise np.linalg.LinAlgError(f"the result depends on the phase of a vector ({name})")
    return m''',
    "null_free": '''\
def $name(m, k):
    """Pass on the matrix, which must not say that the result depends on the basis of the null space."""
    wrong = np.abs($skew(m)[..., k:, k:]) > $tolerance(m.dtype) * $size_of(m)
    if np.any(wrong):
        raise np.linalg.LinAlgError("the result depends on singular vectors that belong to no singular value")
    return m''',
}

#: What these call: the functions of the modules of rules.
USED: Mapping[str, tuple[str, str]] = {
    "in_one_group": ("degenerate", "in_one_group"),
    "width": ("degenerate", "width"),
    "tolerance": ("degenerate", "tolerance"),
    "size_of": ("degenerate", "size_of"),
    "skew": ("spectra", "skew"),
    "group": ("unsymmetric", "_group"),
    "condition": ("unsymmetric", "_condition"),
}
