"""Assignment, mutation, aliases."""

import types

import numpy as np

from tests.language.rows import group, row

group("Assignment and mutation")
SETTINGS = types.SimpleNamespace(value=0.0)


@row("a variable overwritten several times")
def overwritten(x, y):
    z = x * y
    z = z * z + x
    z = np.sin(z)
    return z


@row("`a, b = b, a + b`, also in a loop")
def swapped(x, y, n):
    for _ in range(n):
        x, y = y, x + y * x
    return x * y


@row("starred unpacking")
def starred(x, y):
    first, *rest, last = (x, y, x * y, 2.0)
    return first * rest[1] + rest[0] * last


@row("`a = b = expression`, annotated assignment")
def chained(x, y):
    u = v = x * y
    w: float = u * v
    return w + v


@row("`+=` and its kin on numbers")
def augmented_number(x, y):
    x += y
    x *= x
    x -= y
    x /= 2.0
    x **= 2
    return x


@row("`y = x; y += 1` on an array: both names change")
def augmented_alias(a):
    c = a * 1.0
    d = c
    d += 1.0
    return np.sum(c * d)


@row("`+=` and its kin on an array made inside")
def augmented_array(a, b):
    c = a * 2.0
    c += b
    c *= b
    return np.sum(c * c)


@row("`*=` on an argument: the caller's array stays as it is")
def augmented_argument(a):
    a *= 2.0
    return np.sum(a * a)


@row("`y[i] = v` into an array made inside")
def store(x, y):
    c = np.zeros(3)
    c[0] = x
    c[-1] = x * y
    return np.sum(c * c)


@row("`y[i] = f(y[i - 1])` in a loop")
def recurrence(x, n):
    c = np.zeros(5)
    c[0] = x
    for i in range(1, 5):
        c[i] = np.sin(c[i - 1]) + 0.1 * i
    return np.sum(c)


@row("`y[i] += v`")
def accumulated(a, x):
    c = np.zeros(3)
    for i in range(3):
        c[i % 2] += a[i] * x
    return np.sum(c * c)


@row("a store into an argument")
def stored_argument(a, x):
    a[1] = x * a[0]
    return np.sum(a * a)


@row("stores of slices, with steps and backwards")
def slices(a, x):
    c = np.zeros(6)
    c[::2] = a
    c[4:0:-2] = x
    c[:2] *= 3.0
    return np.sum(c * c)


@row("overlapping slices: `y[1:] = y[:-1] * x[1:]`")
def overlapping(a):
    c = a * 1.0
    c[1:] = c[:-1] * a[1:]
    return np.sum(c * c)


@row("stores with several indices, `...` and rows")
def matrix_stores(m, a, x):
    c = m * 1.0
    c[0, 1] = x
    c[1] = a
    c[..., 2] = x * x
    return np.sum(c * c)


@row("stores under a mask")
def masked(a, x):
    c = a * 1.0
    c[c < 0.0] = x
    return np.sum(c * c)


@row("stores with an index array; the last of repeated indices wins")
def index_array(a, i):
    c = np.zeros(3)
    c[i] = a
    return np.sum(c * c)


@row("`np.add.at`: repeated indices add up")
def added_at(a, i):
    c = np.zeros(3)
    np.add.at(c, i, a)
    return np.sum(c * c)


@row("a store through a view: `z = y[1:]; z[0] = v`")
def through_view(a, x):
    c = a * 1.0
    d = c[1:]
    d[0] = x
    return np.sum(c * c)


@row("a store through a reshaped or transposed view")
def through_reshaped(m, x):
    c = m * 1.0
    c.T[0] = x
    c.reshape(-1)[3] = x * x
    return np.sum(c * c)


@row("a store through another name")
def through_alias(a, x):
    c = a * 1.0
    d = c
    d[0] = x
    return np.sum(c * c)


def fill(c, v):
    c[0] = v


@row("a store through a helper's parameter")
def through_helper(a, x):
    c = a * 1.0
    fill(c, x)
    return np.sum(c * c)


@row("a store through a name that a branch has chosen")
def through_chosen(a, b, x):
    c, d = a * 1.0, b * 1.0
    e = c if x > 0.0 else d
    e[0] = x
    return np.sum(c * d)


@row("`out=`")
def out_argument(a):
    c = np.zeros(3)
    np.sin(a, out=c)
    return np.sum(c * c)


@row("array methods that store: `fill`, `sort`")
def storing_method(a, x):
    c = a * 1.0
    c.sort()
    c[:1].fill(x)
    return np.sum(c * c)


@row("stores into lists and dicts")
def containers(x, y):
    c = [x, y]
    c[0] = x * y
    d = {"u": x}
    d["v"] = y
    return c[0] * c[1] + d["u"] * d["v"]


@row("lists built by `append`")
def appended(x, n):
    c = []
    for i in range(n):
        c.append(x * i)
    return np.sum(np.array(c) ** 2)


@row("the same array passed twice")
def twice(a, b):
    return np.sum(a * b)


SHARED = np.array([0.4, 0.9, -0.3])


@row("an array that shares memory with another argument stored into", both=(SHARED, SHARED))
def stored_twice(both, x):
    first, second = both
    first[0] = x
    return np.sum(first) * np.sum(second)


@row("`del`")
def deleted(x):
    y = x * x
    del x
    return y


@row("`global`")
def global_name(x):
    global SCALE
    return x


@row("attributes stored")
def attribute_store(x):
    SETTINGS.value = x
    return x


@row("a walrus, `(y := x)`")
def walrus(x):
    return (y := x * x) * y
