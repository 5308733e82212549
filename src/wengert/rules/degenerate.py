"""Repeated eigenvalues and singular values: what depends on the arbitrary basis of their space, and what does not.

Values that are equal to rounding form a *group*; NumPy returns some orthonormal basis of its space. A function that does
not depend on this choice has a derivative there, one that does has none. Reverse mode tells the two apart and finds the
derivative of the first (docs/decisions/0005):

* What is computed from a degenerate spectrum goes on as a `Twofold`: once from NumPy's basis, once from another one. A
  derivative that is not the same in both is refused.
* Both carry the values of a group as *jets* w + ε d with different d, ε² = 0: the spectrum of a matrix near by, whose
  eigenvectors are the same. The rules divide cotangents by differences of eigenvalues; within a group both vanish, and
  their quotient is that of the coefficients of ε (the rule of l'Hôpital).
* A `Twofold` also knows how large its rounding may be: only what differs by more than that depends on the choice.

Neither carries a derivative of the user's: their levels lie below all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from wengert.errors import DegenerateError, user_location
from wengert.facts import Kind, flat, tangent
from wengert.memory import note_view
from wengert.primitive import Primitive
from wengert.value import Value, bind, has_nan, is_view_of, settled

__all__ = [
    "DEPENDS_ON_ONE",
    "DIVIDES",
    "LIMITED",
    "Jet",
    "Limit",
    "OfBothBases",
    "Twofold",
    "alike",
    "allowance",
    "as_text",
    "bound_of",
    "check_agreement",
    "check_alike",
    "check_within",
    "decomposed",
    "diagonal",
    "distinct",
    "half_width",
    "in_one_group",
    "jets",
    "largest_of",
    "near_pairs",
    "noise_of",
    "pair_error",
    "place",
    "quotients",
    "rotation",
    "size_of",
    "split_apart",
    "tolerance",
    "too_near",
    "width",
    "zero_error",
    "zero_group",
]


# --- the values ------------------------------------------------------------------------------------------------


class _Private(Value):
    """A value that carries no derivative of the user's."""

    __slots__ = ()

    def _carries_derivative(self) -> bool:
        return False

    def _concrete(self) -> Any:
        return self._settled()

    def _has_nan(self) -> bool:
        return has_nan(self._settled())

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        shape: tuple[int, ...] = self._settled().shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        dtype: np.dtype[Any] = self._settled().dtype
        return dtype

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settled()})"


class Jet(_Private):
    """An array and its coefficient of ε."""

    __slots__ = ("__weakref__", "slope", "value")

    _level = -2

    def __init__(self, value: Any, slope: Any):
        self.value = value
        self.slope = slope

    def _settled(self) -> Any:
        return self.value

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        xs = [x.value if isinstance(x, Jet) else x for x in operands]
        y = bind(prim, xs, params)
        if prim.is_flat:
            return y
        slopes = [x.slope if isinstance(x, Jet) else None for x in operands]
        with np.errstate(all="ignore"):
            y_slope = prim.push_forward(slopes, y, xs, params)
        if y_slope is None:
            return y
        if y.__class__ is tuple:
            return tuple(one if t is None else Jet(one, t) for one, t in zip(y, y_slope, strict=True))
        return Jet(y, y_slope)


class Twofold(_Private):
    """An array computed from NumPy's basis and the same from another one; each may be a `Jet`.

    Attributes
    ----------
    both : tuple
    noise : array
        About how far the rounding of each operation on the way here may have moved each element, with random signs: what
        is left of numbers that have cancelled is not smaller.
    """

    __slots__ = ("__weakref__", "both", "noise")

    _level = -1

    def __init__(self, first: Any, second: Any, noise: Any = 0.0):
        self.both = (first, second)
        self.noise = _scattered(noise + rounding_of(value_of(first)))

    def _settled(self) -> Any:
        return value_of(self.both[0])

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        if isinstance(prim, OfBothBases):
            return prim.compute(*operands, **params)
        first = bind(prim, [x.both[0] if isinstance(x, Twofold) else x for x in operands], params)
        if prim.is_flat:
            return first
        with np.errstate(all="ignore"):  # NumPy has warned of what is wrong in its own basis
            second = bind(prim, [x.both[1] if isinstance(x, Twofold) else x for x in operands], params)
            noise = _noise(prim, first, operands, params)
        if first.__class__ is tuple:
            return tuple(map(Twofold, first, second, noise))
        result = Twofold(first, second, noise)
        if prim.views and is_view_of(result._settled(), self._settled()):
            note_view(result, self, prim, params)
        return result

    def _alias(self) -> Twofold:
        return Twofold(*self.both, self.noise)

    def _holding(self, array: Any) -> Twofold:
        return array if isinstance(array, Twofold) else Twofold(array, array)

    def _take_over(self, new: Any) -> None:
        self.both, self.noise = new.both, new.noise


def _noise(prim: Primitive, y: Any, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The noise of the operands in the result: the sum of what each brings, so that no two cancel."""
    xs = [settled(x) for x in operands]
    noisy = [i for i, x in enumerate(operands) if isinstance(x, Twofold)]
    if y.__class__ is tuple:  # a decomposition, whose signs may jump
        return [0.0] * len(y)
    total: Any = 0.0
    for i in noisy:
        moved = prim.compute(*(x + operands[i].noise if k == i else x for k, x in enumerate(xs)), **params)
        distance = np.abs(moved - value_of(y))
        total = total + np.where(np.isfinite(distance), distance, 0)
    return total


def decomposed(first: Any, second: Any) -> Twofold:
    """A result of LAPACK and the same from another basis: its rounding is that of its largest element, everywhere."""
    return Twofold(first, second, np.max(rounding_of(value_of(first)), initial=0))


def rounding_of(x: Any) -> Any:
    """The size of the rounding of each number."""
    return np.abs(x) * np.finfo(x.dtype).eps


def _scattered(noise: Any) -> Any:
    """The same with random signs, so that sums of it do not cancel as a rule."""
    return noise * np.random.default_rng(noise.size).choice((-1, 1), noise.shape)


def noise_in(x: Any) -> float:
    """The largest noise in a cotangent; of one that is not finite nothing is known."""
    noise = np.abs(x.noise) if isinstance(x, Twofold) else rounding_of(x)
    return float(np.max(noise, initial=0, where=np.isfinite(noise)))


def value_of(x: Any) -> Any:
    """The array without ε."""
    return x.value if isinstance(x, Jet) else x


def jets(x: Any) -> list[tuple[Any, Any]]:
    """For each of the two bases, an array and its coefficient of ε."""
    both = x.both if isinstance(x, Twofold) else (x, x)
    return [(y.value, y.slope) if isinstance(y, Jet) else (y, np.zeros_like(y)) for y in both]


def size_of(x: Any) -> Any:
    """The largest absolute value of each matrix, in an array that broadcasts against it."""
    return np.max(np.abs(x), axis=(-2, -1), keepdims=True, initial=0)


def allowance(w_bar: Any, w: Any, *of_vectors: Any) -> Any:
    """What is taken for rounding in the cotangent of a rotation of vectors, for each matrix.

    All terms may cancel, as those of V w V⁻¹ at the identity do, where the cotangent of V is 0; so a small part of what is
    left is not the only measure.
    """
    split = largest_of(w)
    own = sum(size_of(part) for x in of_vectors for part in jets(x)[0])
    own = own + np.max(np.abs(settled(w_bar)), axis=-1, initial=0)[..., None, None] * split
    return tolerance(settled(w).dtype) * own + noise_of(w_bar, w, *of_vectors)


def noise_of(w_bar: Any, w: Any, *of_vectors: Any) -> Any:
    """What rounding leaves of numbers that cancel in the cotangent of a rotation of vectors."""
    return _ROUNDINGS * (sum(map(noise_in, of_vectors)) + noise_in(w_bar) * largest_of(w))


def largest_of(w: Any) -> Any:
    """The largest of the ε of each matrix, in an array that broadcasts against it; 1 where there is none."""
    largest = np.max(np.abs(w.both[0].slope), axis=-1, initial=0)[..., None, None]
    return np.where(largest == 0, 1, largest)


# --- groups ----------------------------------------------------------------------------------------------------

_CLOSE = 8  # in units of n eps ‖A‖: more than LAPACK's rounding leaves between equal eigenvalues
_ROUNDINGS = 1e3  # times the rounding of one operation: more than that of a whole program


def tolerance(dtype: Any) -> float:
    """The relative size below which a quantity that should vanish is taken for rounding."""
    return float(np.finfo(dtype).eps ** (2 / 3))


def width(w: Any) -> Any:
    """The distance below which values along the last axis are equal to rounding, with that axis of length 1."""
    largest = np.max(np.abs(w), axis=-1, keepdims=True, initial=0)
    return _CLOSE * w.shape[-1] * np.finfo(w.dtype).eps * largest


def half_width(w: Any) -> Any:
    """The distance below which values agree in half of their digits, so that a quotient by it has less than these."""
    largest = np.max(np.abs(w), axis=-1, keepdims=True, initial=0)
    return np.maximum(width(w), np.sqrt(np.finfo(w.dtype).eps) * largest)


def in_one_group(w: Any, distance: Any = None) -> Any:
    """The matrix that is True for pairs of different values in one group: sorted, and chained while they are close."""
    apart = np.abs(np.diff(w, axis=-1)) > (width(w) if distance is None else distance)
    number = np.concatenate([np.zeros((*w.shape[:-1], min(w.shape[-1], 1)), int), np.cumsum(apart, axis=-1)], axis=-1)
    return (number[..., :, None] == number[..., None, :]) & ~np.eye(w.shape[-1], dtype=bool)


def zero_group(w: Any, distance: Any = None) -> Any:
    """Which values are zero to rounding, or in one group with such a value."""
    small = np.abs(w) <= (width(w) if distance is None else distance)
    return small | np.any(in_one_group(w, distance) & small[..., None, :], axis=-1)


def near_pairs(w: Any) -> Any:
    """The matrix that is True for pairs of different values that agree in half of their digits."""
    near = np.abs(w[..., :, None] - w[..., None, :]) <= half_width(w)[..., None]
    return near & ~np.eye(w.shape[-1], dtype=bool)


def split_apart(w: Any, cluster: Any, concerned: Any) -> Jet:
    """The jet in which the values of each cluster that are `concerned` go different ways, by steps of the size of w."""
    before = np.sum(np.tril(cluster, -1), axis=-1)
    size = np.max(np.abs(w), axis=-1, keepdims=True, initial=0)
    return Jet(w, (np.where(concerned, before + 1, 0) * np.where(size == 0, 1, size)).astype(w.dtype))


def quotients(value: Any, slope: Any, divisors: tuple[Any, Any], equal: Any, near: Any, noise: Any) -> Any:
    """The quotients of `value` by the first of `divisors`; their limits, of the coefficients of ε, where both vanish.

    Where values are not equal but near, the limit is right up to their distance, the quotient up to rounding by their
    distance. The limit is taken if the value is what it lets expect: otherwise vectors themselves are wanted.
    """
    divisor, split = (np.where(x == 0, 1, x) for x in divisors)
    limit = slope / split
    is_smooth = np.abs(value - divisor * limit) <= noise
    return np.where(equal | (near & is_smooth), limit, value / divisor)


def rotation(mask: Any, dtype: Any, seed: int = 0) -> Any:
    """A random unitary matrix that is the identity outside of the blocks, larger than 1, in which `mask` is True."""
    rng = np.random.default_rng(seed)
    itself = np.eye(mask.shape[-1], dtype=bool)
    entries = rng.standard_normal(mask.shape) + 1j * rng.standard_normal(mask.shape)
    filled = np.where(mask, entries if np.dtype(dtype).kind == "c" else entries.real, 0)
    q, r = np.linalg.qr(np.where(itself, 1 + np.abs(filled), filled))
    signs = np.sign(diagonal(r).real)
    return (q * signs[..., None, :]).astype(dtype)


# --- errors ----------------------------------------------------------------------------------------------------

_CHOICE = "Within the space of equal values the basis is an arbitrary choice."
_NULL = "The bases of the null spaces are an arbitrary choice."
DEPENDS_ON_ONE = "the result depends on one of them more than on the other"
_USE_WHOLE = (
    "Use what belongs to the space as a whole: the sum of its values, its projector V_g @ V_g.T, a function "
    "V g(w) V.T of the matrix; or perturb the matrix so that the values differ."
)


_EQUAL = "are equal to rounding"
_NEAR = "agree in half of their digits"


def pair_error(
    mask: Any, w: Any, name: str, what: str, *, how: str = _EQUAL, why: str = _CHOICE, remedy: str = _USE_WHOLE
) -> DegenerateError:
    """The error that names the first pair of equal values in `mask`."""
    inside, batch, (i, j) = place(mask, 2)
    numbers = " and ".join(as_text(w[(*batch, k)]) for k in sorted((i, j)))
    return DegenerateError(
        f"{name}s {min(i, j)} and {max(i, j)}{inside} {how} ({numbers}), and {what}.",
        why=why,
        remedy=remedy,
        where=user_location(),
    )


def place(mask: Any, count: int) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    """Where `mask` is first True: the matrix of the batch in words, its indices, and the `count` indices in it."""
    indices = tuple(int(k) for k in np.argwhere(mask)[0])
    batch = indices[: len(indices) - count]
    return f" of the matrix at {batch}" if batch else "", batch, indices[len(batch) :]


def as_text(number: Any) -> str:
    """A number with nine digits, without an imaginary part that is 0."""
    return f"{number if number.imag else number.real:.9g}"


def zero_error(mask: Any, w: Any, name: str, what: str, *, why: str = _NULL, remedy: str = _USE_WHOLE) -> DegenerateError:
    """The error that names the first zero value in `mask`."""
    inside, batch, (k,) = place(mask, 1)
    return DegenerateError(
        f"{name} {k}{inside} is zero to rounding ({w[(*batch, k)]:.3g}), and {what}.",
        why=why,
        remedy=remedy,
        where=user_location(),
    )


def check_within(group: Any, rotations: Any, allowed: Any, w: Any, name: str) -> None:
    """Refuse a cotangent of vectors that changes when those of a group are rotated among themselves."""
    wrong = group & (np.abs(rotations) > allowed)
    if np.any(wrong):
        raise pair_error(wrong, w, name, "the result depends on the basis of their space")


def check_agreement(group: Any, difference: Any, bound: Any, w: Any, name: str) -> None:
    """Refuse a derivative that is not the same from both bases; the difference is told in the first of them."""
    apart = np.abs(difference) > bound
    if np.any(apart):
        wrong = group & (np.any(apart, axis=-1) | np.any(apart, axis=-2))[..., None]
        raise pair_error(wrong if np.any(wrong) else group, w, name, DEPENDS_ON_ONE)


def bound_of(allowed: Any, factors: Any, *totals: Any) -> Any:
    """How far apart the derivatives from two bases may be by rounding, where it was multiplied with these factors."""
    dtype = totals[0].dtype
    return allowed * np.abs(factors) + _ROUNDINGS * np.finfo(dtype).eps * sum(map(size_of, totals))


def diagonal(x: Any) -> Any:
    """The diagonals of the matrices in the last two axes."""
    return np.diagonal(x, axis1=-2, axis2=-1)


# --- checks and limits, which are primitives: recorded derivatives and masked sweeps make them too ---------------


class OfBothBases(Primitive):
    """An operation that a `Twofold` does not apply to each of its bases: it takes operands of that kind as they are."""

    __slots__ = ()


def check_alike(ct: Any, group: Any, w: Any, name: str) -> None:
    """Refuse a cotangent of eigenvalues that is not the same for all of a group."""
    if np.any(group):
        numbers = settled(ct)
        size = np.max(np.abs(numbers), axis=-1, initial=0)[..., None, None]
        bound = tolerance(w.dtype) * size + _ROUNDINGS * noise_in(ct)
        apart = np.abs(numbers[..., :, None] - numbers[..., None, :]) > bound
        if np.any(group & apart):
            raise pair_error(group & apart, w, name, DEPENDS_ON_ONE)


def _alike(ct: Any, w: Any, name: str) -> Any:
    check_alike(ct, in_one_group(w), w, name)
    return ct


LIMITED = {
    "why": "The limit is taken for the first derivatives of a function alone, not for second ones or in a list.",
    "remedy": "Perturb the matrix so that the values differ.",
}


DIVIDES = "a derivative of their vectors divides by the difference"


def _distinct(w: Any, name: str, zero: bool) -> Any:
    if isinstance(w, Twofold):
        raise too_near(near_pairs(settled(w)), settled(w), name)
    mask = in_one_group(w)
    if np.any(mask):
        raise pair_error(mask, w, name, DIVIDES, **LIMITED)
    if zero and np.any(np.abs(w) <= width(w)):
        raise zero_error(np.abs(w) <= width(w), w, name, "a derivative of its vectors divides by it", **LIMITED)
    return w


def too_near(mask: Any, w: Any, name: str) -> DegenerateError:
    """The error for a derivative that is found for values further apart only."""
    if np.any(mask):
        return pair_error(mask, w, name, DIVIDES, how=_NEAR, **LIMITED)
    return zero_error(np.abs(w) <= half_width(w), w, name, "a derivative of its vectors divides by it", **LIMITED)


# fmt: off
#: The cotangents of eigenvalues, which must be equal within a group.
alike = OfBothBases("alike", _alike, Kind.GUFUNC,
                    [tangent(lambda t, y, ct, w, name: t, lambda y_bar, y, ct, w, name: y_bar), flat],
                    signature="(n),(n)->(n)", mixes=True)
#: Eigenvalues, no two of which may be equal, nor one of them zero where that counts too.
distinct = OfBothBases("distinct", _distinct, Kind.GUFUNC,
                       [tangent(lambda t, y, w, name, zero: t, lambda y_bar, y, w, name, zero: y_bar)],
                       signature="(n)->(n)", mixes=True)
# fmt: on


class Limit(OfBothBases):
    """The adjoint at a degenerate spectrum: it reads both bases and the jets of its operands."""

    __slots__ = ()

    def __init__(self, name: str, compute: Callable[..., Any], signature: str):
        count = signature.split("->", maxsplit=1)[0].count("(")
        super().__init__(
            name, compute, Kind.GUFUNC, [tangent(_no_second, _no_second)] * count, signature=signature, mixes=True
        )


def _no_second(*_: Any, **__: Any) -> Any:
    raise DegenerateError(
        "a second derivative was asked for at repeated eigenvalues or singular values, with their vectors.",
        why="The limit at equal values is taken for first derivatives alone.",
        remedy="Perturb the matrix so that the values differ.",
        where=user_location(),
    )
