"""Loops of Python over the elements of arrays, rolled up: statements on numbers that do the same become one on arrays.

A loop ``for i in range(n): total = total + x[i] ** 2`` is traced as 3n statements. A list of thousands of them takes
long to differentiate, to compile, and even to run, for its code does not fit into the caches of a processor. Here
statements of the same form are found again (`families`), and written as one statement on arrays each, their sum as a
sum of an array (`rewriting`). It is the way in which compilers make vectors of straight code (Larsen and Amarasinghe
2000), with the whole program in view.
"""

from wengert.simplification.rolling.rewriting import is_rolling, rolled, rolling

__all__ = ["is_rolling", "rolled", "rolling"]
