"""Random lists, of operations and control flow: machine code and interpreter agree."""

import pytest
from hypothesis import given, settings

from native.random_lists import check_program, programs
from wengert.native.machine import unavailable

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())


@settings(max_examples=180)
@given(programs())
def test_values_and_gradients_agree(program):
    check_program(program)


@pytest.mark.slow
@settings(max_examples=5000)
@given(programs(most=16))
def test_values_and_gradients_of_many_lists_agree(program):
    check_program(program)
