"""The derivative table. Importing this package declares every primitive.

Read in this order: `algebra`, `elementwise`, `reductions`, `structural`, `indexing`, `linear_algebra`.
"""

from __future__ import annotations

from wengert.rules import algebra, elementwise, indexing, linear_algebra, reductions, structural

__all__ = ["algebra", "elementwise", "indexing", "linear_algebra", "reductions", "structural"]
