"""Calls of `np.einsum` and of the cross product."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(19)


def _array(*shape):
    return _RNG.uniform(0.5, 2.0, shape)


_SQUARE, _MATRIX, _VECTOR, _CUBE = _array(3, 3), _array(3, 4), _array(4), _array(2, 3, 4)


def _sum(subscripts, *operands, complex_too=False, **options):
    return call(lambda *xs: np.einsum(subscripts, *xs, **options), *operands, complex_too=complex_too)


CALLS = {
    "numpy.einsum": [
        _sum("ij,jk->ik", _MATRIX, _array(4, 2), complex_too=True),
        _sum("ij,jk", _MATRIX, _array(4, 2)),
        _sum("ba", _MATRIX),
        _sum("ji->ij", _MATRIX),
        _sum("ij", _MATRIX),
        _sum("ij->", _MATRIX, complex_too=True),
        _sum("ij->j", _MATRIX),
        _sum("ii", _SQUARE, complex_too=True),
        _sum("ii->i", _SQUARE, complex_too=True),
        _sum("iji->ij", _array(2, 3, 2)),
        _sum("iijj->ji", _array(2, 2, 3, 3)),
        _sum("iij->j", _array(2, 2, 3)),
        _sum("i,i", _VECTOR, _VECTOR + 1, complex_too=True),
        _sum("i,j->ij", _VECTOR, _array(3)),
        _sum("i,j->", _VECTOR, _array(3)),
        _sum("ij,j->i", _MATRIX, _VECTOR),
        _sum("ij,j->", _MATRIX, _VECTOR),
        _sum("bij,bjk->bik", _CUBE, _array(2, 4, 3)),
        _sum("ij,ij->ij", _MATRIX, _MATRIX + 1),
        _sum("ij,kl->jl", _MATRIX, _CUBE[0]),
        _sum("ii,ij->j", _SQUARE, _MATRIX),
        _sum("ii,jj->ij", _SQUARE, _array(2, 2)),
        _sum("i,i,i->i", _VECTOR, _VECTOR + 1, _VECTOR + 2, complex_too=True),
        _sum("ij,jk,kl->il", _MATRIX, _array(4, 2), _array(2, 3)),
        _sum("ij,jk,kl,li", _MATRIX, _array(4, 2), _array(2, 3), _SQUARE),
        _sum("i,ij,j->", _array(3), _MATRIX, _VECTOR, optimize=True),
        _sum("...ij,...jk->...ik", _CUBE, _array(4, 2)),
        _sum("...ij,...jk", _array(2, 1, 3, 4), _array(5, 4, 2)),
        _sum("...i,...i->...", _CUBE, _VECTOR),
        _sum("i...->...", _CUBE),
        _sum("i...j->j...", _CUBE),
        _sum("...", _MATRIX),
        _sum("...,...", _MATRIX, _VECTOR),
        _sum("...,...->...", _array(1, 4), _array(3, 1)),
        _sum("i...i", _array(2, 3, 2)),
        _sum("ij,ij->j", _array(1, 4), _MATRIX),
        _sum("ij,ij->", _array(3, 1), _array(1, 4)),
        _sum("ii,i->i", _array(1, 1), _VECTOR),
        _sum(",ij->ji", 1.5, _MATRIX),
        _sum(" i j , j k -> i k ", _MATRIX, _array(4, 2)),
        _sum("->", 1.5),
        _sum("ij,jk->ik", _MATRIX, _array(4, 2), optimize="optimal"),
        _sum("ij,jk,kl->il", _MATRIX, _array(4, 2), _array(2, 3), optimize="greedy"),
        _sum("ij,jk,kl->il", _MATRIX, _array(4, 2), _array(2, 3), optimize=["einsum_path", (1, 2), (0, 1)]),
        _sum("ij,jk,kl->il", _MATRIX, _array(4, 2), _array(2, 3), optimize=("optimal", 100)),
        _sum("...i->i", _MATRIX, optimize=True),
        _sum("ij,jk->ki", _array(20, 20), _array(20, 20)),
        _sum("aij,ajk,b->ki", _array(3, 9, 9), _array(3, 9, 9), _VECTOR),
        _sum("ij,jk->ik", _MATRIX, _array(4, 2), dtype=complex),
        _sum("ij,jk->ik", _MATRIX, _array(4, 2), order="F", casting="safe"),
        call(lambda x, y: np.einsum(x, [0, 1], y, [1, 2], [0, 2]), _MATRIX, _array(4, 2), complex_too=True),
        call(lambda x, y: np.einsum(x, [0, 1], y, [1, 2]), _MATRIX, _array(4, 2)),
        call(lambda x: np.einsum(x, [5, 3]), _MATRIX),
        call(lambda x, y: np.einsum(x, [Ellipsis, 1], y, [1], [Ellipsis]), _CUBE, _VECTOR),
        call(lambda x: np.einsum(x, [0, 0]), _SQUARE),
        call(lambda x: np.einsum(x, np.array([30, 2]), (2,)), _MATRIX),
        call(lambda x: np.einsum("ij,j", x, [1.0, 2.0, 3.0, 4.0]), _MATRIX),
        call(lambda x: np.einsum("ij,kj->ik", x, x), _MATRIX, complex_too=True),
        call(lambda x: np.einsum("i,i", x, [1, 2, 3, 4]), _VECTOR),
    ],
    "numpy.cross": [
        call(np.cross, _array(3), _array(3), complex_too=True),
        call(np.cross, _array(2, 3), _array(4, 1, 3)),
        call(lambda a, b: np.cross(a, b, axisa=0, axisb=1, axisc=0), _array(3, 2), _array(2, 3)),
        call(lambda a, b: np.cross(a, b, axis=0), _array(3, 4), _array(3, 4)),
        call(lambda a: np.cross(a, [1.0, 2.0, 3.0]), _array(2, 3)),
        call(lambda b: np.cross([[1.0, 2.0, 3.0]], b), _array(3)),
    ],
    "numpy.linalg.cross": [
        call(np.linalg.cross, _array(2, 3), _array(3), complex_too=True),
        call(lambda a, b: np.linalg.cross(a, b, axis=0), _array(3, 2), _array(3, 2)),
    ],
}
