"""How the refusal of wrong arguments is held against NumPy: the same exception, in the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import wengert as wg


def exception_of(function: Callable[..., Any], x: Any) -> Exception:
    """What `function` raises; the test fails if it raises nothing."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  # which one is the question
        function(x)
    return caught.value


def assert_refused_as_numpy_does(function: Callable[..., Any], x: Any, same_words: bool = True) -> None:
    """Values are refused with the type of exception, and mostly the text, that arrays are refused with."""
    expected = exception_of(function, x)
    found = exception_of(function, wg.tensor(x, requires_grad=True))
    assert isinstance(found, type(expected)), (found, expected)
    if same_words:
        assert str(found) == str(expected)
