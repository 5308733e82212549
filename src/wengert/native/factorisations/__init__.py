"""Matrices in machine code: equations, determinants, factors.

`prepared` says which statements have code and rewrites lists for it, `statements` writes the code of one: written out
for matrices of a few rows (`small`), by loops (`loops`), or by LAPACK (`decompositions`, and `written` for what all of
them share).
"""

from wengert.native.factorisations.statements import memory, work, write_factorisation

__all__ = ["memory", "work", "write_factorisation"]
