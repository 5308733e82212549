"""An entry of a table of examples that names its operands instead of their shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Given:
    """Operands as they are, of which those in `free` may be moved, and parameters."""

    operands: tuple[Any, ...]
    free: tuple[int, ...]
    params: Mapping[str, Any]


def given(*operands: Any, free: tuple[int, ...] | None = None, **params: Any) -> Given:
    """An example at these operands; those of floating point may be moved unless `free` says which."""
    arrays = tuple(x if isinstance(x, (int, bool)) else np.asarray(x)[()] for x in operands)
    movable = tuple(i for i, x in enumerate(arrays) if getattr(x, "dtype", np.dtype(int)).kind in "fc")
    return Given(arrays, movable if free is None else free, params)
