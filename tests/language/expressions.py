"""Expressions."""

import math

import numpy as np

from tests.language.rows import group, row

group("Expressions")


@row("arithmetic: `+ - * / ** -x`")
def arithmetic(x, y):
    return -x * y + x / y - (x + 2.0) ** y


@row("`//`, `%`")
def integer_division(x, y):
    return (x + 2.0) % 0.6 * y + (x // 0.3) * y


@row("`math` functions")
def math_functions(x):
    return math.exp(x) * math.sin(x) + math.log(x) + math.sqrt(x) + math.pow(x, 1.5)


@row("NumPy's elementwise functions")
def ufuncs(a):
    return np.sum(np.exp(a) * np.sin(a) + np.tanh(a) + np.square(a) + np.log1p(a * a))


@row("`abs`, `max`, `min`, `pow`, `round`, `sum`, `float`, `int`, `len`")
def builtins(x, y, t, a):
    return abs(y) * max(x, y) + pow(x, 2) + float(x) * len(a) + sum((x, y)) + int(x) + round(x)


@row("`np.where`, `np.maximum`, `np.clip`, `np.abs`")
def choices(a, b):
    return np.sum(np.where(a > 0.5, a * b, b) + np.maximum(a, b) + np.clip(a, -1.0, 0.5))


@row("reductions: `sum`, `mean`, `max`, `min`, `prod`, `var`, `std`")
def reductions(a, m):
    return np.mean(a) * np.prod(a) + np.var(m) + np.std(a) + np.sum(np.max(m, axis=0)) + m.min()


@row("`np.linalg.norm`")
def norm(a):
    return np.linalg.norm(a)


@row("`@`, `np.dot`, `np.outer`")
def products(m, a):
    return np.sum(m @ a) + np.dot(a, a) * np.sum(np.outer(a, a)[0])


@row("`np.einsum`")
def einsum(m, a):
    return np.sum(np.einsum("ij,j->i", m, a))


@row("`np.linalg.solve`, `inv`, `det`")
def solved(a):
    q = np.eye(3) * 2.0 + np.outer(a, a)
    return np.sum(np.linalg.solve(q, a)) + np.linalg.det(q) + np.sum(np.linalg.inv(q))


@row("`np.cumsum`, `np.diff`")
def cumulative(a):
    return np.sum(np.cumsum(a) * np.diff(np.append(a, 1.0)))


@row("`np.sort`")
def sorting(a):
    return np.sum(np.sort(a) * np.arange(3.0))


@row("comparisons; sums of booleans")
def comparisons(a, x):
    return np.sum(a > x + 0.05) + (x > 0.5)


@row("`np.floor`, `np.sign`, `np.round`, `astype(int)`")
def steps(a):
    return np.sum(np.floor(a) + np.sign(a) + np.round(a)) + np.sum(a.astype(int))


@row("list comprehensions")
def comprehension(a, x):
    return np.sum(np.array([math.sin(v) * x for v in a]))


@row("generator expressions in `sum`")
def generator_sum(a, x):
    return sum(v * x for v in a)


@row("dict comprehensions")
def dict_comprehension(x, y):
    d = {k: v * v for k, v in (("u", x), ("v", y))}
    return d["u"] * d["v"]


@row("set displays and comprehensions")
def set_display(x):
    return sum({1.0, 2.0}) * x


@row("f-strings")
def formatted(x):
    label = f"{x:.2f}"
    return x * x * (len(label) > 0)


@row("lambdas")
def lambdas(x, y):
    scaled = lambda v: v * y  # noqa: E731
    return scaled(x) * scaled(2.0)


@row("`is None`, `is not None`, `in` of known things")
def identity(x, p):
    if p is not None and "c" in p:
        return x * p["c"]
    return x


@row("complex numbers")
def complex_numbers(x):
    return abs(np.exp(1j * x) + x)
