"""Shapes and dtypes."""

import numpy as np

from tests.language.rows import group, row

group("Shapes, indexing and dtypes")
COLUMN = np.array([[0.5], [1.5]])


@row("broadcasting with dimensions of size 1", c=COLUMN)
def broadcasting(m, c, a):
    return np.sum(m * c + a)


@row("numbers with arrays, 0-d arrays, NumPy scalars", q=np.array(0.3))
def ranks(a, x, s, q):
    return np.sum(a * x) * s + q


@row("float32 stays float32")
def single(f, x):
    return np.sum(f * f * x)


@row("`axis=`, negative and tuple axes, `keepdims`")
def axes(m):
    return np.sum((m - np.mean(m, axis=-1, keepdims=True)) ** 2 * np.sum(m, axis=(0, 1)))


@row("indexing with ints, slices, negative steps, `...`, `None`")
def indexing(a, m):
    return np.sum(a[::-1] * m[1, 1:2]) + m[..., 0][1] * a[-1] + np.sum(a[:, None] * a)


@row("gathers; repeated indices add up")
def gather(a, i):
    return np.sum(a[i] ** 2)


@row("reads under a mask")
def masked_read(a):
    return np.sum(a[a > 0.0] ** 2)


@row("`reshape`, `ravel`, `.T`, `swapaxes`, `squeeze`")
def reshaped(m):
    return np.sum(m.T @ m) + np.sum(m.reshape(3, 2)[1] * m.ravel()[:2])


@row("`concatenate`, `stack`, `vstack`, `hstack`")
def joined(a, b):
    c = np.concatenate((a, b)) * np.hstack((b, a))
    return np.sum(c) + np.sum(np.stack([a, b])[1] * np.vstack((a, b))[0])


@row("`np.array` of numbers and rows")
def displays(x, y):
    return np.sum(np.array([[x, y], [y, 1.0]]) @ np.array([x, y]))


@row("`zeros`, `ones`, `full`, `eye`, `arange`, `linspace`, `*_like`")
def made(a, x):
    return np.sum(np.zeros_like(a) + np.full(3, x) * np.arange(3.0) + np.linspace(0.0, x, 3))


@row("`np.tile`, `np.repeat`, `np.roll`")
def repeated(a):
    return np.sum(np.roll(a, 1) * a) + np.sum(np.tile(a, 2)[:3] * np.repeat(a, 2)[1:4])


@row("empty arrays", e=np.zeros((0, 3)))
def empty(e, x):
    return np.sum(e) + x * x


@row("Fortran-ordered and strided arguments", q=np.asfortranarray(np.ones((3, 2)))[::2])
def strided(q):
    return np.sum(q * q)


@row("`.shape`, `.size`, `.ndim`, `len` in computations")
def sizes(m, x):
    rows, columns = m.shape
    return x * x * rows / columns + np.sum(m) / m.size


@row("unpacking an array; one of another length raises as Python does")
def unpacked(a):
    u, v, w = a
    return u * v * w


@row("a starred name for what is left of an array whose length is known only at run time")
def starred_array(a):
    u, *rest = a
    return u * len(rest)


@row("ints and bools as arguments; only floats have a gradient")
def integers(x, n, k):
    return x**n * k


@row("`astype` to float32 and back")
def casts(f):
    return np.sum(f.astype(np.float64) ** 2)


@row("strings and `None` as arguments")
def settings(x, mode="square", scale=None):
    y = x * x if mode == "square" else x
    return y if scale is None else y * scale
