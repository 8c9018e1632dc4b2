"""Bundle adjustment: GradBench's reprojection errors, as the gradient of half their squares' sum.

A camera is its rotation (an axis times an angle), centre, focal length, principal point and two
coefficients of radial distortion: 11 numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.formulas import in_autograd, in_jax, in_torch
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]

CAMERAS, POINTS, OBSERVATIONS = 50, 800, 5000
WRT = (0, 1, 2)


def rotated(rotation, x):
    """Rodrigues's formula, for rows of rotations and points."""
    angle = np.sqrt(np.sum(rotation**2, axis=1, keepdims=True))
    axis = rotation / angle
    along = np.sum(axis * x, axis=1, keepdims=True)
    cos = np.cos(angle)
    return x * cos + np.cross(axis, x) * np.sin(angle) + axis * along * (1 - cos)


def projected(camera, x):
    y = rotated(camera[:, :3], x - camera[:, 3:6])
    u = y[:, :2] / y[:, 2:]
    squared = np.sum(u**2, axis=1, keepdims=True)
    distortion = 1 + camera[:, 9:10] * squared + camera[:, 10:] * squared**2
    return u * distortion * camera[:, 6:7] + camera[:, 7:9]


def loss(cameras, points, weights, which_camera, which_point, seen):
    error = weights[:, None] * (projected(cameras[which_camera], points[which_point]) - seen)
    return 0.5 * (np.sum(error**2) + np.sum((1 - weights**2) ** 2))


def cross(a, b):
    c = np.empty_like(a)
    c[0] = a[1] * b[2] - a[2] * b[1]
    c[1] = a[2] * b[0] - a[0] * b[2]
    c[2] = a[0] * b[1] - a[1] * b[0]
    return c


def by_hand(cameras, points, weights, which_camera, which_point, seen):
    """A row of numbers for each coordinate; gradients are gathered by counting."""
    camera = np.ascontiguousarray(cameras.T)[:, which_camera]
    x = np.ascontiguousarray(points.T)[:, which_point]
    rotation, focal, k1, k2 = camera[:3], camera[6], camera[9], camera[10]
    x -= camera[3:6]
    angle = np.sqrt(np.einsum("ip,ip->p", rotation, rotation))
    axis = rotation / angle
    cos, sin = np.cos(angle), np.sin(angle)
    turned = cross(axis, x)
    along = np.einsum("ip,ip->p", axis, x)
    rest = along * (1 - cos)
    y = x * cos
    y += turned * sin
    y += axis * rest
    inverse = 1 / y[2]
    u = y[:2] * inverse
    squared = np.einsum("ip,ip->p", u, u)
    distortion = 1 + squared * (k1 + k2 * squared)
    flat = u * distortion
    error = flat * focal
    error += camera[7:9]
    error -= seen.T
    g = np.empty_like(camera)
    squares = weights * np.einsum("ip,ip->p", error, error)
    grad_weights = squares - 2 * weights * (1 - weights * weights)
    error *= weights * weights  # the gradient of what was projected
    g[7:9] = error
    np.einsum("ip,ip->p", error, flat, out=g[6])
    error *= focal
    grad_distortion = np.einsum("ip,ip->p", error, u)
    np.multiply(grad_distortion, squared, out=g[9])
    np.multiply(g[9], squared, out=g[10])
    error *= distortion
    error += u * (2 * grad_distortion * (k1 + 2 * k2 * squared))
    grad_y = np.empty_like(y)
    np.multiply(error, inverse, out=grad_y[:2])
    np.einsum("ip,ip->p", grad_y[:2], u, out=grad_y[2])
    grad_y[2] *= -1
    grad_turned = grad_y * sin
    on_axis = np.einsum("ip,ip->p", grad_y, axis)
    grad_along = on_axis * (1 - cos)
    grad_axis = cross(x, grad_turned)
    grad_axis += x * grad_along
    grad_axis += grad_y * rest
    grad_angle = cos * np.einsum("ip,ip->p", grad_y, turned)
    grad_angle -= sin * (np.einsum("ip,ip->p", grad_y, x) - along * on_axis)
    grad_x = cross(grad_turned, axis)
    grad_y *= cos
    grad_x += grad_y
    grad_x += axis * grad_along
    np.negative(grad_x, out=g[3:6])
    grad_axis /= angle
    grad_angle -= np.einsum("ip,ip->p", grad_axis, axis)
    axis *= grad_angle
    np.add(grad_axis, axis, out=g[:3])
    grad_cameras = [np.bincount(which_camera, row, len(cameras)) for row in g]
    grad_points = [np.bincount(which_point, row, len(points)) for row in grad_x]
    return np.stack(grad_cameras, axis=1), np.stack(grad_points, axis=1), grad_weights


def in_torchs_names(cameras, points, weights, which_camera, which_point, seen):
    camera = cameras[which_camera]
    rotation, x = camera[:, :3], points[which_point] - camera[:, 3:6]
    angle = torch.sqrt(torch.sum(rotation**2, 1, keepdim=True))
    axis = rotation / angle
    along, cos = torch.sum(axis * x, 1, keepdim=True), torch.cos(angle)
    y = x * cos + torch.linalg.cross(axis, x) * torch.sin(angle) + axis * along * (1 - cos)
    u = y[:, :2] / y[:, 2:]
    squared = torch.sum(u**2, 1, keepdim=True)
    distortion = 1 + camera[:, 9:10] * squared + camera[:, 10:] * squared**2
    error = weights[:, None] * (u * distortion * camera[:, 6:7] + camera[:, 7:9] - seen)
    return 0.5 * (torch.sum(error**2) + torch.sum((1 - weights**2) ** 2))


def _arguments() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    cameras = rng.normal(size=(CAMERAS, 11)) / 10
    cameras[:, 5] -= 5  # all points are before it
    cameras[:, 6] += 1
    points = rng.normal(size=(POINTS, 3)) / 2
    which = [rng.integers(0, n, OBSERVATIONS) for n in (CAMERAS, POINTS)]
    seen = rng.normal(size=(OBSERVATIONS, 2)) / 10
    return cameras, points, rng.uniform(0.5, 1, OBSERVATIONS), *which, seen


KERNELS = (
    Kernel(
        "bundle adjustment", loss, _arguments, by_hand, WRT,
        {
            "autograd": in_autograd(loss, _arguments, WRT),
            "jax": in_jax(loss, _arguments, WRT),
            "jax jit": in_jax(loss, _arguments, WRT, jit=True),
            "torch": in_torch(in_torchs_names, _arguments, WRT),
        },
        calls=4,
        optimize=2,
        left_out={"mygrad": "has no cross product"},
    ),
)  # fmt: skip
