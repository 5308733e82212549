"""Operands and parameters of sums of products."""

from __future__ import annotations


def _sum(subscripts, *shapes, optimize=None):
    return shapes, {"subscripts": subscripts, "optimize": optimize}


SHAPES = {
    "einsum": [
        _sum("ij,jk->ik", (2, 3), (3, 2)),
        _sum("ij->j", (2, 3)),
        _sum("ii->", (3, 3)),
        _sum("iij,j->j", (2, 2, 3), (3,)),
        _sum("i,i,j->ij", (2,), (2,), (3,)),
        _sum("ij,ij->i", (1, 3), (2, 1)),
        _sum("i,jk->i", (2,), (2, 3)),
        _sum("ij,jk->ki", (17, 17), (17, 17)),
        _sum("ij,jk,kl->il", (2, 3), (3, 2), (2, 2), optimize="greedy"),
    ],
    "take_diagonals": [
        (((3, 3),), {"subscripts": "ii->i"}),
        (((2, 3, 2),), {"subscripts": "iji->ji"}),
        (((2, 3, 3, 2),), {"subscripts": "ijji->ij"}),
    ],
    "put_diagonals": [
        (((3,),), {"subscripts": "ii->i", "shape": (3, 3)}),
        (((3, 2),), {"subscripts": "iji->ji", "shape": (2, 3, 2)}),
    ],
}
