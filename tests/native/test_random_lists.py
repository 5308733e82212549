"""Random lists, of operations and control flow: machine code and interpreter agree."""

import pytest
from hypothesis import given, settings

from native.random_lists import check_program, programs
from wengert.native.machine import unavailable

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())


@pytest.fixture(autouse=True, scope="module")
def nothing_is_kept_on_disk():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WENGERT_CACHE", "0")
        yield


@settings(max_examples=180)
@given(programs())
def test_values_and_gradients_agree(program):
    check_program(program)


@pytest.mark.slow
@settings(max_examples=5000)
@given(programs(most=16))
def test_values_and_gradients_of_many_lists_agree(program):
    check_program(program)
