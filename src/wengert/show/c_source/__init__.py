"""A Wengert list as a file of C11, with loops over arrays and no allocation.

Reading order: `literals`, `identifiers`, `layouts`, `places` (how numbers, names, arrays and values are written),
`page`, `prelude`, `vocabulary`, `folds` (lines, functions, elementwise primitives, reductions), `planning` (what goes
into one loop), `functions`, `blocks`, `elements` (the code of a list), `moving`, `products`, `sequences`, `taking`
(statements that write their own loops), `control` (statements with sub-lists), `document` (the file).
"""

from __future__ import annotations

from wengert.show.c_source.document import c_source

__all__ = ["c_source"]
