"""How NumPy's errors are compared: a value is refused where an array is, with the same exception and the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import wengert as wg


def assert_refused_alike(call: Callable[[Any], Any], x: Any) -> None:
    """`call` raises for a tensor what it raises for the array `x`."""
    with pytest.raises(Exception) as of_array:  # noqa: PT011  # which one is what NumPy says
        call(x)
    with pytest.raises(type(of_array.value)) as of_value:
        call(wg.tensor(x, requires_grad=True))
    assert type(of_value.value) is type(of_array.value)
    assert str(of_value.value) == str(of_array.value)
