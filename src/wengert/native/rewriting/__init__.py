"""Lists as machine code wants them where NumPy wants them otherwise.

Each pass goes through a list once and gives the list itself where there is nothing for it: quotients that are there but
for their sign (`quotients`), batches of small products (`batches`), what is known to be zero (`sparsity` with
`known_zeros` and `known_parts`), sums that are known (`batches`) or are sums of a factor (`sums_of_products`), what is
the same along an axis (`narrowing`). `decisions` says which choices are better branches.
"""

from wengert.native.rewriting.batches import in_batches, with_common_sums
from wengert.native.rewriting.narrowing import narrowed
from wengert.native.rewriting.quotients import with_shared_quotients
from wengert.native.rewriting.sparsity import without_zeros
from wengert.native.rewriting.sums_of_products import with_sums_of_factors
from wengert.wlist import WengertList

__all__ = ["rewritten"]

_PASSES = (with_shared_quotients, in_batches, without_zeros, with_common_sums, with_sums_of_factors, narrowed)


def rewritten(lst: WengertList) -> WengertList:
    """The list after all passes."""
    for each in _PASSES:
        lst = each(lst)
    return lst
