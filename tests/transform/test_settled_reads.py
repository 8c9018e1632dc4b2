"""Reads that the array left behind by the loop still holds: no tape, and never a wrong row."""

import re

import numpy as np
import pytest
from driving import check_emitted

from adcompiler import grad

L = np.array([[3.1, 0.0, 0.0, 0.0], [0.3, 2.7, 0.0, 0.0], [-0.6, 0.2, 3.3, 0.0],
              [0.4, -0.1, 0.7, 2.9]])  # fmt: skip
B = np.array([0.7, -0.4, 0.9, 0.2])


def substitution(m, b):
    x = np.zeros(len(b))
    for i in range(len(b)):
        x[i] = (b[i] - m[i, :i] @ x[:i]) / m[i, i]
    return np.sum(x**2)


def trajectory(u, dt):
    rows = np.zeros((6, 4))
    rows[0] = u
    for t in range(5):
        rows[t + 1] = rows[t] + dt * np.sin(rows[t]) * rows[t][::-1]
    return np.sum(rows**2)


def two_steps_back(u, dt):
    rows = np.zeros((6, 4))
    rows[0] = u
    rows[1] = u * 2
    for t in range(2, 6):
        rows[t] = rows[t - 1] * rows[t - 2] * dt
        if dt > 0:
            rows[t] += 0.1 * rows[t - 1] ** 2
        for j in range(3):
            rows[t, j] *= 0.2 * np.sum(np.sin(rows[:t, j]))
    rows[0] = 0.0
    return np.sum(rows)


def left_early(u, dt):
    rows = np.zeros((7, 4))
    rows[0] = u
    for t in range(0, 5, 2):
        rows[t + 1] = np.sin(rows[t]) * dt
        rows[t + 2] = rows[t + 1] * rows[t]
        if rows[t + 2][0] > -0.01:
            break
    doubled = rows * 2
    rows[1:3] = doubled[2] * 0.5
    return np.sum(rows**2) + np.sum(doubled)


def from_the_end(u, dt):
    rows = np.zeros((5, 4))
    rows[0] = u
    rows[4] = u
    for t in range(5):
        rows[t] = np.sin(rows[t - 1]) * dt + rows[t] * rows[t - 1]
    return np.sum(rows**2)


def stored_again(u, dt):
    rows = np.zeros((6, 4))
    rows[0] = u
    for t in range(5):
        a = rows[t] * dt
        rows[t + 1] = a * a
        rows[t] = a
        rows[t + 1] += rows[t] * rows[t]
    return np.sum(rows**2)


def through_a_view(u, dt):
    rows = np.zeros((6, 4))
    rows[0] = u
    for t in range(5):
        row = rows[t]
        rows[t + 1] = np.sin(row) * row
        row *= dt
    return np.sum(rows**2)


def downwards(u, dt):
    rows = np.zeros((6, 4))
    rows[5] = u
    for t in range(4, -1, -1):
        rows[t] = np.sin(rows[t + 1]) * rows[t + 1] * dt
    return np.sum(rows**2)


def twice(u, dt):
    rows = np.zeros((6, 4))
    rows[0] = 0.5 * u
    for _ in range(2):
        for t in range(5):
            rows[t + 1] += rows[t] * rows[t] * dt
    for t in range(5, 0, -1):
        rows[t - 1] += rows[t] ** 2
    return np.sum(rows**2)


def replaced(u, dt):
    rows = np.zeros((6, 4))
    rows[0] = u
    for t in range(5):
        rows[t + 1] = np.sin(rows[t]) * dt * rows[t]
        rows = rows * 1.1
    return np.sum(rows**2)


SETTLED = (trajectory, two_steps_back, left_early)
OTHERS = (from_the_end, stored_again, through_a_view, downwards, twice, replaced)


@pytest.mark.parametrize("f", (*SETTLED, *OTHERS), ids=lambda f: f.__name__)
def test_gradient(f):
    check_emitted(f, B, 0.6)


def test_substitution():
    check_emitted(substitution, L, B)
    text = grad(substitution, ("m", "b")).source(L, B)
    assert "np.array(" not in text and text.count("append") == 1, text


@pytest.mark.parametrize("f", SETTLED, ids=lambda f: f.__name__)
def test_what_is_read_from_the_array_is_not_copied(f):
    text = grad(f, ("u", "dt")).source(B, 0.6)
    forward, backward = text.split("# backward")
    assert "np.array(rows[t]" not in forward, text
    assert re.search(r"[^_]rows\[", backward), text


@pytest.mark.parametrize("f", [twice, stored_again, from_the_end], ids=lambda f: f.__name__)
def test_rows_are_copied_not_the_array(f):
    text = grad(f, ("u", "dt")).source(B, 0.6)
    assert "np.array(rows)" not in text, text
