"""Wengert lists as machine code, through LLVM.

A list goes through `coverage` (what there is code for), `rewriting` and `factorisations.prepared` (lists as the code
wants them), `planning` with `bands` and `layers` (what is stored, which statements share a loop), `memory` (where),
`emission` (LLVM's text: one function for each group of statements, by `body` or, of the rows of a band, by `lanes`),
`machine` (machine code, kept on disk) and `entry` (from a call in Python to the code). `program` puts native and
interpreted parts together, `compilation` is what users call.
"""

from wengert.native.compilation import Compiled, compile  # noqa: A004  # the name that the field has for it

__all__ = ["Compiled", "compile"]
