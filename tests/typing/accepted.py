"""What a user's type checker knows of derivatives: `mypy --strict` accepts this file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

import adcompiler
from adcompiler import (
    Passes,
    check_grads,
    checkpoint,
    grad,
    grad_of,
    hessian,
    hvp,
    jacobian,
    jvp,
    lower,
    primitive,
    relu,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)

Vector = NDArray[np.float64]
w = np.ones(3)


def loss(w: Vector, x: float, n: int = 2) -> float:
    return float(np.sum(w * x)) ** n


def scalar(x: float) -> float:
    return x * x


def both(w: Vector, x: float) -> tuple[float, Vector]:
    return float(np.sum(w * x)), w


def layer(x: Vector, w: Vector) -> Vector:
    return np.tanh(w * x)


# Calls of grad, with every way to say what is differentiated by.
assert_type(grad(loss)(w, 2.0), Vector)
assert_type(grad(loss)(w, 2.0, n=3), Vector)
assert_type(grad(loss)(x=2.0, w=w), Vector)
assert_type(grad(scalar)(2.0), float)
assert_type(grad(loss, 1)(w, 2.0), Any)
assert_type(grad(loss, ("w", "x"))(w, 2.0), Any)
assert_type(grad(loss, optimize=Passes(1, without=("nest",)))(w, 2.0), Vector)
assert_type(grad(loss).forward(w, 2.0), float)
assert_type(grad(loss).source(w, 2.0), str)
assert_type(grad(both, has_aux=True)(w, 2.0), tuple[Vector, Vector])
assert_type(grad(grad(scalar))(2.0), float)

assert_type(value_and_grad(loss)(w, 2.0), tuple[float, Vector])
assert_type(value_and_grad(both, has_aux=True)(w, 2.0), tuple[tuple[float, Vector], Vector])
assert_type(grad(loss).value_and_grad(w, 2.0), tuple[float, Vector])


# Decorators.
@grad
def bare(w: Vector, x: float) -> float:
    return float(np.sum(w * x))


@grad(optimize=0)
def at_level_0(w: Vector, x: float) -> float:
    return float(np.sum(w * x))


@value_and_grad(wrt=("w", "x"))
def with_names(w: Vector, x: float) -> float:
    return float(np.sum(w * x))


assert_type(bare(w, 2.0), Vector)
assert_type(bare.forward(w, 2.0), float)
assert_type(at_level_0(w, x=2.0), Vector)
value, (grad_w, grad_x) = with_names(w, 2.0)


class Model:
    rate = 0.1

    @grad
    def gradient(self, w: Vector, x: float) -> float:
        return float(np.sum(w * x)) * self.rate

    @value_and_grad
    def both(self, w: Vector, x: float) -> float:
        return float(np.sum(w * x)) * self.rate


assert_type(Model().gradient(w, x=2.0), Any)
assert_type(Model().gradient.forward(w, 2.0), float)
assert_type(Model().gradient.value_and_grad(w, 2.0), tuple[float, Any])
assert_type(Model().both(w, 2.0), Any)

# A function without annotations is one of Any.
untyped = grad(lambda a: a * a)(2.0)

# The other derivatives.
assert_type(jvp(layer, (w, w), (w, w)), tuple[Vector, Vector])
assert_type(jvp(layer)((w, w), (w, w)), tuple[Vector, Vector])
assert_type(jvp(both, (w, 1.0), (w, 1.0), has_aux=True), tuple[float, float, Vector])
out, pullback = vjp(layer, w, w)
assert_type(out, Vector)
cotangents = pullback(w)
number, pullback, aux = vjp(both, w, 1.0, has_aux=True)
assert_type(number, float)
assert_type(aux, Vector)
assert_type(hvp(loss, w, 2.0, w), Vector)
assert_type(hvp(loss)(w, 2.0, w), Vector)
assert_type(hessian(loss)(w, 2.0), NDArray[Any])
assert_type(jacobian(layer)(w, w), NDArray[Any])
assert_type(jacobian(layer, "w", mode="reverse")(w, w), Any)
assert_type(vmap(layer, (0, None))(np.ones((2, 3)), w), Vector)
assert_type(vmap(grad(loss), (0, None))(np.ones((2, 3)), 1.0), NDArray[Any])
assert_type(vmap(loss, (0, None))(np.ones((2, 3)), 1.0), NDArray[Any])


# Gates, with rules of their own.
@primitive
def gate(x: Vector, k: float) -> Vector:
    return np.tanh(x * k)


@gate.backward
def gate_backward(g: Vector, x: Vector, k: float, y: Vector) -> tuple[Vector, float]:
    return g * (1 - y * y) * k, float(np.sum(g * (1 - y * y) * x))


@gate.forward(opaque=True)
def gate_forward(dx: Vector, dk: float, x: Vector, k: float, y: Vector) -> Vector:
    return (1 - y * y) * (dx * k + x * dk)


@primitive(nondiff="k", opaque=True, result="x")
def opaque(x: Vector, k: int) -> Vector:
    return x * k


assert_type(gate(w, 2.0), Vector)
assert_type(gate_backward(w, w, 2.0, w), tuple[Vector, float])
assert_type(gate_forward(w, 2.0, w, 2.0, w), Vector)
assert_type(opaque(w, k=2), Vector)


# What marks a function's own lines.
def marked(x: Vector) -> float:
    y = stop_gradient(x)
    assert_type(y, Vector)
    for gx in grad_of(x):
        assert_type(gx, Vector)
    with grad_of(x) as gx:
        assert_type(gx, Vector)
    for i in checkpoint(range(3), every=2):
        assert_type(i, int)
        x = checkpoint(layer)(x, y)
    return float(np.sum(relu(x)))


graph = lower(loss)
assert_type(graph.backward(), dict[str, Any])
for step in graph.forward_steps(w, 2.0):
    assert_type(step.line, int | None)
check_grads(loss, (w, 2.0))
assert_type(adcompiler.__version__, str)
try:
    grad(loss)(w, 2.0)
except adcompiler.AdcompilerError as error:
    assert_type(error.diagnostics, tuple[adcompiler.diagnostics.Diagnostic, ...])
