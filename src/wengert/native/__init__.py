"""Wengert lists as machine code, through LLVM.

A list goes through `planning` (what is stored, which statements share a loop), `memory` (where), `emission` (LLVM's
text: one function for each group of statements), `machine` (machine code, kept on disk) and `entry` (from a call in
Python to the code). `program` puts native and interpreted parts together, `compilation` is what users call.
"""

from wengert.native.compilation import Compiled, compile  # noqa: A004  # the name that the field has for it

__all__ = ["Compiled", "compile"]
