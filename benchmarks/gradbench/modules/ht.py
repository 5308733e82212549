"""Hand tracking: errors of a skinned hand, and their Jacobian in its pose.

A measured point belongs to a vertex or, where there are coordinates `us`, to a place in a triangle of vertices. The
Jacobian's first two columns are then the derivatives in the point's own pair of coordinates.

The bones are a function of their own, which is not compiled: to evaluate it takes less time than to compile it. What
the points need is short, and is compiled for each number of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import wengert as wg
from benchmarks.field.problems.hand import ABOUT_X, ABOUT_Z, ANGLES, BONES
from benchmarks.gradbench.function import Function

SMALL = 1e-4  # an angle of rotation below it counts as none


# --- bones -----------------------------------------------------------------------------------------------------------


def rotation(vector: Any) -> Any:
    """Rotation matrix about a vector, by its length (Rodrigues' formula)."""
    square = np.sum(vector**2)
    small = square < SMALL**2
    angle = np.sqrt(np.where(small, 1.0, square))
    x, y, z = vector / angle
    zero = np.zeros(())
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero]).reshape(3, 3)
    turned = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    return np.where(small, np.eye(3), turned)


def bends(fingers: Any) -> Any:
    """Each bone's own rotation, (22, 4, 4), from the 20 angles of the fingers."""
    angles = np.concatenate([fingers, np.zeros(1)])
    x, z = angles[ABOUT_X], angles[ABOUT_Z]
    one, zero = np.ones(BONES), np.zeros(BONES)
    cos_x, sin_x, cos_z, sin_z = np.cos(x), np.sin(x), np.cos(z), np.sin(z)
    rows = [cos_z, -sin_z * cos_x, sin_z * sin_x, zero, sin_z, cos_z * cos_x, -cos_z * sin_x, zero]
    rows += [zero, sin_x, cos_x, zero, zero, zero, zero, one]
    return np.stack(rows, axis=1).reshape(BONES, 4, 4)


def chained(relative: Any, parents: tuple[int, ...]) -> Any:
    """Product of each bone's matrix with those of all bones that it hangs from, (22, 4, 4).

    Each round makes the chains twice as long, of all bones at once, so that there are few statements.
    """
    above = np.array([BONES if parent < 0 else parent for parent in parents] + [BONES])  # beyond the root: identity
    product = np.concatenate([relative, np.eye(4)[None]])
    while (above < BONES).any():
        product, above = product[above] @ product, above[above]
    return product[:BONES]


def transforms(theta: Any, places: Any, inverses: Any, parents: tuple[int, ...]) -> Any:
    """What each bone does to the hand at rest, (22, 3, 4), but for the hand's translation."""
    return rotation(theta[:3]) @ (chained(places @ bends(theta[6:]), parents) @ inverses)[:, :3]


# --- surface ---------------------------------------------------------------------------------------------------------


def errors(bones: Any, translation: Any, us: Any, surface: Any) -> Any:
    """Measured points minus those of the hand, (n, 3), from the transforms of the bones."""
    blended = (surface["weights"] @ bones.reshape(BONES, 12)).reshape(-1, 3, 4)
    hand = np.sum(blended * surface["vertices"][:, None], axis=2)[surface["seen"]]
    if us is not None:
        shares = np.stack([us[:, 0], us[:, 1], 1.0 - us[:, 0] - us[:, 1]], axis=1)
        hand = np.sum(shares[:, :, None] * hand, axis=1)
    return surface["points"] - hand - translation


def slopes(bones: Any, bone_slopes: Any, translation: Any, us: Any, surface: Any) -> Any:
    """Derivatives of the errors, (n, 3, 26), or (n, 3, 28) with `us`: those of the bones are pushed through.

    A shift of all pairs by the same amount gives each point the derivative in its own pair.
    """

    def of_pose(bones: Any, translation: Any) -> Any:
        return errors(bones, translation, us, surface)

    def along(bones_dot: Any, translation_dot: Any) -> Any:
        return wg.jvp(of_pose, (bones, translation), (bones_dot, translation_dot))[1]

    def of_shift(shift: Any) -> Any:
        return errors(bones, translation, us + shift, surface)

    translation_slopes = np.eye(6 + ANGLES)[3:6]
    found = wg.vmap(along, in_axes=-1, out_axes=-1)(bone_slopes, translation_slopes)
    return found if us is None else np.concatenate([wg.jacobian(of_shift)(np.zeros(2)), found], axis=2)


# --- the two functions -----------------------------------------------------------------------------------------------

compiled_errors, compiled_slopes = wg.compile(errors), wg.compile(slopes)


def objective(theta: Any, us: Any, skeleton: tuple[Any, ...], surface: Any) -> Any:
    """Errors at a pose: rotation as a vector, translation, and 20 angles of the fingers."""
    return compiled_errors(transforms(theta, *skeleton), theta[3:6], us, surface)


def jacobian(theta: Any, us: Any, skeleton: tuple[Any, ...], surface: Any) -> Any:
    """Their Jacobian."""
    bones, bone_slopes = transforms(theta, *skeleton), wg.jacobian(transforms)(theta, *skeleton)
    return compiled_slopes(bones, bone_slopes, theta[3:6], us, surface)


def arguments(given: Any) -> tuple[Any, ...]:
    """Pose, coordinates in triangles or None, the skeleton (places, inverses, parents), the surface by name.

    Of the vertices those are kept that have a measured point; `seen` is (n,), or (n, 3) with triangles.
    """
    model, points = given["data"]["model"], given["data"]["points"]
    parents = tuple(model["parents"])
    if len(parents) != BONES:
        raise ValueError(f"the hand has {len(parents)} bones, but its pose has angles for {BONES}")
    seen, us = np.array(given["data"]["correspondences"]), None
    if len(given["us"]):
        us = np.asarray(given["us"], dtype=np.float64).reshape(-1, 2)
        seen = np.array(model["triangles"])[seen]
    kept, seen = np.unique(seen, return_inverse=True)
    places = np.array(model["base_relatives"], dtype=np.float64)
    if model["is_mirrored"]:
        places[np.array(parents) < 0, 0] *= -1.0  # the first coordinate of all that hangs from these bones
    inverses = np.array(model["inverse_base_absolutes"], dtype=np.float64)
    surface = {
        "weights": np.array(model["weights"], dtype=np.float64)[kept],
        "vertices": np.array(model["base_positions"], dtype=np.float64)[kept],
        "points": np.array(points, dtype=np.float64),
        "seen": seen,
    }
    return np.array(given["theta"], dtype=np.float64), us, (places, inverses, parents), surface


def flat(result: Any) -> Any:
    """Three errors a point, one after the other."""
    return result.ravel().tolist()


def by_rows(result: Any) -> Any:
    """A row for each error."""
    return result.reshape(-1, result.shape[-1]).tolist()


FUNCTIONS = {"objective": Function(arguments, objective, flat), "jacobian": Function(arguments, jacobian, by_rows)}
