"""Functions and names."""

import functools
import math
from collections import namedtuple

import numpy as np

from adcompiler import checkpoint, grad_of, primitive, stop_gradient
from tests.language.rows import group, row

group("Functions, names and effects")
SCALE, WEIGHTS = 1.5, np.array([0.1, 0.2, 0.3])
Point = namedtuple("Point", "u v")


def helper(v, factor=2.0, *, shift=0.5):
    return v * factor + shift


def pair(v):
    return v * v, {"half": v / 2}


def apply(function, v):
    return function(v) + function(2.0 * v)


def spread(v, *rest, **more):
    for r in rest:
        v = v * r
    return v * more.get("k", 1.0)


class Model:
    rate = 0.7

    def __init__(self, shift):
        self.shift = shift

    def step(self, v):
        return self.rate * math.sin(v) + self.shift


MODEL = Model(0.25)
partial_helper = functools.partial(helper, factor=0.5)


@primitive
def gate(v):
    return v * v


@gate.backward
def gate_rule(g, v, y):
    return g * 2 * v


@functools.wraps(helper)
def wrapper(*args):
    return helper(*args)


@row("calls of one's own functions; defaults, keywords, keyword-only parameters")
def calls(x, y):
    return helper(x) * helper(y, shift=x) + helper(factor=y, v=x)


@row("several results, nested structures as results")
def results(x):
    square, parts = pair(x)
    return square * parts["half"]


@row("functions as arguments")
def functional(x):
    return apply(math.sin, x) + apply(lambda v: v * x, x)


@row("nested functions and closures")
def closure(x, y):
    def inner(v, scale=0.5):
        return v * x * scale

    return inner(y) + inner(x, y)


@row("module constants: numbers and arrays read anew at each call")
def constants(x):
    return np.sum(WEIGHTS * x) * SCALE


@row("`*args` and `**kwargs` of a helper")
def variadic(x, y):
    return spread(x, y, 3.0, k=x)


@row("`*` and `**` in a call")
def unpacking_call(x, y):
    args, more = (x, y), {"shift": x}
    return helper(*args, **more)


@row("methods and attributes of an object from outside")
def methods(x):
    return MODEL.step(x) * MODEL.shift


@row("`functools.partial`")
def partials(x):
    return partial_helper(x)


@row("decorated helpers (`functools.wraps`)")
def decorated(x):
    return wrapper(x)


@row("gates of one's own (`@primitive`)")
def gates(x, y):
    return gate(x) * y


@row("`checkpoint(f)(...)`: computed again in the backward part")
def checkpointed_call(x, y):
    return checkpoint(helper)(x, y)


@primitive(opaque=True, result="v")
def unread(v):
    with np.errstate() as _:
        return v * v


@unread.backward
def unread_rule(g, v, y):
    return g * 2 * v


@row("gates that are called, not read (`@primitive(opaque=True, ...)`)")
def opaque_gates(x, y):
    return unread(x) * y


@primitive
def saving(v):
    return v * v


@saving.residuals
def saving_residuals(v):
    return v * v, 2 * v


@saving.backward
def saving_rule(g, doubled):
    return g * doubled


@row("gates with residuals (`.residuals`)")
def gates_with_residuals(x, y, n):
    for _ in range(n):
        x = saving(np.sin(x)) * y
    return x


@row("`for gx in grad_of(x):`, `with grad_of(x) as gx:`", gradient=(4.0, 1.4))
def gradients_inside(x, y):
    z = 2.0 * x
    for gz in grad_of(z):
        gz = gz * -5.0
    return z * y


@row("`stop_gradient(...)`", gradient=(0.7, 1.0))
def stopped(x, y):
    return stop_gradient(x) * x + y


@row("parameters in tuples, lists, dicts, named tuples", q=Point(0.4, 1.1))
def parameters(p, t, q):
    return np.sum(p["w"] * t[1]) * p["c"] + t[0] * q.u * q.v


@row("unused arguments, constant results")
def unused(x, y):
    return 3.0


@row("names like those of the emitted text: `grad_x`, `s0`, `out`")
def nasty_names(x, grad_x=0.3):
    s0 = x * grad_x
    out = s0 * s0
    return out * s0


@row("`import` inside the function")
def local_import(x):
    import math as m

    return m.exp(x)


@row("docstrings")
def documented(x):
    """Twice its argument."""
    return 2.0 * x


@row("`print`")
def printing(x):
    y = x * x
    print("y is", y)
    return y


@row("`assert`")
def asserting(x):
    assert x > 0.0, "x must be positive"
    return x * x


@row("`raise`")
def raising(x):
    if x < 0.0:
        raise ValueError("x must be positive")
    return x * x


@row("a class inside the function")
def class_inside(x):
    class Local:
        pass

    return x


@row("random numbers")
def random(x):
    rng = np.random.default_rng(0)
    return x * rng.normal()


@row("a function without a number as its result")
def array_result(a):
    return a * a
