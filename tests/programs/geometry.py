"""Geometry, graphics, robotics, optics and signal chains."""

from __future__ import annotations

import numpy as np

from programs.corpus import normal, positive, program


def _rotation(axis, angle):
    x, y, z = axis / np.linalg.norm(axis)
    K = np.array([[0.0 * x, -z, y], [z, 0.0 * x, -x], [-y, x, 0.0 * x]])
    return np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * (K @ K)


@program(np.array([0.3, -0.5, 0.8]), 0.7)
def rodrigues_rotation(axis, angle):
    return _rotation(axis, angle) @ np.array([1.0, 2.0, 3.0])


@program(np.array([0.3, 0.4, -0.2]))
def robot_arm(angles):
    x = y = direction = 0.0
    for length, angle in zip([1.0, 0.7, 0.4], angles, strict=True):
        direction = direction + angle
        x = x + length * np.cos(direction)
        y = y + length * np.sin(direction)
    return np.array([x, y])


@program(normal(4))
def quaternion_rotation(q):
    w, x, y, z = q / np.sqrt(np.sum(q**2))
    v = np.array([1.0, -0.5, 0.25])
    u = np.stack([x, y, z])
    t = 2 * np.cross(u, v)
    return v + w * t + np.cross(u, t)


@program(normal(5, 2))
def polygon_area(vertices):
    x, y = vertices.T
    return 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))


@program(normal(3), normal(3), normal(3))
def triangle_normal(a, b, c):
    n = np.cross(b - a, c - a)
    return n / np.linalg.norm(n)


@program(normal(3, 3), normal(2))
def camera_projection(R, shift):
    points = np.array([[0.1, 0.2, 3.0], [-0.4, 0.3, 4.0], [0.5, -0.5, 5.0]])
    seen = points @ R.T + np.concatenate([shift, np.array([8.0])])
    return seen[:, :2] / seen[:, 2:]


@program(np.array([0.2, 0.1, -1.0]), 1.0)
def ray_and_sphere(direction, radius):
    d = direction / np.linalg.norm(direction)
    o = np.array([0.0, 0.0, 3.0])
    b = np.dot(o, d)
    return -b - np.sqrt(b**2 - (o @ o - radius**2))


@program(positive(4))
def thin_lens_chain(focal):
    height, angle = 1.0, 0.05
    for f in focal:
        angle = angle - height / f
        height = height + 0.3 * angle
    return np.array([height, angle])


@program(normal(4, 3))
def distance_matrix(points):
    squares = np.sum(points**2, axis=1)
    d2 = squares[:, None] + squares[None, :] - 2 * points @ points.T
    return np.sqrt(np.where(np.eye(4, dtype=bool), 1.0, d2))


@program(normal(6, 2))
def discrete_curvature(curve):
    first = np.diff(curve, axis=0)
    angle = np.arctan2(first[:, 1], first[:, 0])
    return np.sum(np.diff(np.unwrap(angle)) ** 2)


@program(normal(4, 4))
def image_gradients(image):
    gy, gx = np.gradient(image)
    return np.sum(np.sqrt(gx**2 + gy**2 + 1e-2))


@program(normal(3, 3), 0.4)
def padded_filter(image, strength):
    p = np.pad(image, 1, mode="edge")
    return image + strength * (p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] - 4 * image)


@program(normal(4, 2), normal(4, 2))
def procrustes_fit(a, b):
    U, _, Vt = np.linalg.svd(a.T @ b)
    return np.sum((a @ (U @ Vt) - b) ** 2)


@program(np.array([0.9, 0.2, 0.1]))
def colour_conversion(rgb):
    linear = np.where(rgb > 0.04, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    weights = np.array([0.2126, 0.7152, 0.0722])
    return np.cbrt(weights @ linear) * 116 - 16


@program(normal(5))
def bezier_length(y):
    t = np.linspace(0, 1, 9)
    coefficients = np.array([1.0, 4.0, 6.0, 4.0, 1.0])
    k = np.arange(5)
    basis = coefficients * t[:, None] ** k * (1 - t[:, None]) ** (4 - k)
    curve = basis @ y
    return np.sum(np.hypot(np.diff(curve), np.diff(t)))


@program(normal(4))
def great_circle(p):
    lat1, lon1, lat2, lon2 = p
    a = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * np.arcsin(np.sqrt(a))


@program(0.3, np.array([0.5, 0.2]))
def complex_impedance(frequency, parts):
    omega = 2 * np.pi * frequency
    z = parts[0] + 1j * omega * parts[1] + 1 / (1j * omega * 0.7)
    return np.array([np.abs(z), np.angle(z)])


@program(np.array([0.2 + 0.3j, -0.5 + 0.1j]))
def moebius_transform_complex(z):
    for _ in range(3):
        z = (z + 0.5j) / (1 - 0.3j * z)
    return z


@program(normal(6))
def kronecker_and_tiles(x):
    a, b = x[:2].reshape(1, 2), x[2:].reshape(2, 2)
    return np.kron(a, b) @ np.tile(x[:2], 2) + np.repeat(x[:1], 2)


@program(normal(3, 2))
def rotated_and_flipped(a):
    return np.rot90(a) @ np.fliplr(a) + np.flipud(a)[:2].T @ np.ones((2, 2))


@program(normal(5), branches=True)
def piecewise_profile(x):
    return np.piecewise(x, [x < -0.5, x > 0.5], [lambda v: -(v**2), np.exp, lambda v: v / 2])


@program(normal(5))
def selected_branches(x):
    return np.select([x < -0.5, x < 0.5], [x**2, np.sin(x)], default=x**3)
