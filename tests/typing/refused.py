"""What a user's type checker finds: `mypy --strict` says of each marked line that it is wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adcompiler import Passes, grad, hessian, hvp, jacobian, jvp, primitive, value_and_grad, vmap

Vector = NDArray[np.float64]
w = np.ones(3)


def loss(w: Vector, x: float) -> float:
    return float(np.sum(w * x))


grad(loss)("w", 2.0)  # E: call-overload
grad(loss)(w, "x")  # E: call-overload
grad(loss)(w)  # E: call-overload
grad(loss)(w, 2.0, 3.0)  # E: call-overload
number: float = grad(loss)(w, 2.0)  # E: assignment
grad(loss).forward(w)  # E: call-overload
grad(loss).module(w, 2.0) + 1  # E: operator
grad(loss, wrt=1.5)  # E: call-overload
grad(loss, level=0)  # E: call-overload
grad(2.0)  # E: call-overload
grad(loss).sources(w, 2.0)  # E: attr-defined
value_and_grad(loss)(w, 2.0)[2]  # E: misc
hvp(loss, w, 2.0, w).level()  # E: attr-defined
jvp(loss)((w, 2.0))  # E: call-arg
jacobian(loss, mode="backward")  # E: call-overload
hessian(loss, has_aux=1)  # E: call-overload
vmap(loss, in_axes="0")  # E: call-overload
Passes(1, without=3)  # E: arg-type


@grad(wrt="w", levels=0)  # E: call-overload, untyped-decorator
def with_a_wrong_option(w: Vector, x: float) -> float:
    return float(np.sum(w * x))


class Model:
    @grad
    def gradient(self, w: Vector) -> float:
        return float(np.sum(w))


Model().gradient(2.0)  # E: arg-type


@primitive
def gate(x: float, k: float) -> float:
    return x * k


gate("x", 2.0)  # E: arg-type
gate(1.0)  # E: call-arg


@gate.backward(opaque="yes")  # E: call-overload, untyped-decorator
def rule(g: float, x: float, k: float, y: float) -> tuple[float, float]:
    return g * k, g * x
