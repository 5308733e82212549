"""Wengert lists as machine code, through LLVM.

A list goes through `coverage` (what there is code for), `factorisations.prepared` and `rewriting` (lists as the code
wants them), `planning` with `bands`, `tiles` and `layers` (what is stored, which statements share a loop), `memory`
(where), `emission` (LLVM's text: one function for each group of statements, by `body`, or of the rows of a band by
`lanes`, of those of a tile by `tile_code`), `machine` (machine code, kept on disk by `object_files`, with what it calls
from outside, `externals`) and `entry` (from a call in Python to the code). `program` puts native and interpreted parts
together, `compilation` is what users call.
"""

from wengert.native.compilation import Compiled, compile  # noqa: A004  # the name that the field has for it

__all__ = ["Compiled", "compile"]
