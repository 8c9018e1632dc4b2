"""What type checkers know of derivatives: how the types of a function and of its gradient hang
together.

    def loss(w: NDArray[np.float64], x: float) -> float: ...

    grad(loss)(w, 2.0)              NDArray[np.float64]: the type of the first parameter
    value_and_grad(loss)(w, 2.0)    tuple[float, NDArray[np.float64]]
    grad(loss, "x")(w, 2.0)         Any: which parameter that is, types don't tell
    grad(loss)("w", 2.0)            an error
    grad(loss)(x=2.0, w=w)          by keyword alone, arguments aren't checked
    model.gradient(w, 2.0)          Any, of a method: its first parameter is the model

Nothing here runs: the objects are those of `gradient`, `transformations`, `jacobians`, `batching`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ParamSpec, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array", "BatchedOf", "GradientOf", "Leaf", "MatrixOf", "ProductOf", "PullbackOf",
    "PushforwardOf",
]  # fmt: skip

A = TypeVar("A")  # the first parameter
P = ParamSpec("P")  # the others
R = TypeVar("R")  # what the function returns
X = TypeVar("X")  # what it returns besides
# The same of the objects, with their variance; Co is what the derivative returns.
In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)
Co = TypeVar("Co", covariant=True)

Array = NDArray[Any]
Leaf = TypeVar("Leaf", bound=np.generic)


class Shows(Protocol):
    """What was compiled for these arguments, as text."""

    def source(self, *args: Any, **kwargs: Any) -> str: ...
    def module(self, *args: Any, **kwargs: Any) -> str: ...
    def ir(self, *args: Any, **kwargs: Any) -> str: ...


class CalledGradient(Shows, Protocol[In, P, Out, Co]):
    """What is called with a function's arguments."""

    @overload
    def __call__(self, first: In, /, *args: P.args, **kwargs: P.kwargs) -> Co: ...
    @overload
    def __call__(self, /, **kwargs: Any) -> Co: ...

    @overload
    def forward(self, first: In, /, *args: P.args, **kwargs: P.kwargs) -> Out: ...
    @overload
    def forward(self, /, **kwargs: Any) -> Out: ...


class MethodGradient(Shows, Protocol[P, Out]):
    """The same as a method."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    def forward(self, *args: P.args, **kwargs: P.kwargs) -> Out: ...
    def value_and_grad(self, *args: P.args, **kwargs: P.kwargs) -> tuple[Out, Any]: ...


class GradientOf(CalledGradient[In, P, Out, Co], Protocol[In, P, Out, Co]):
    """What `grad` and `value_and_grad` give; as an attribute of a class, a method."""

    @property
    def value_and_grad(self) -> CalledGradient[In, P, Out, tuple[Out, Co]]: ...

    @overload
    def __get__(self, instance: None, owner: Any = None) -> GradientOf[In, P, Out, Co]: ...
    @overload
    def __get__(self, instance: In, owner: Any = None) -> MethodGradient[P, Out]: ...


class PushforwardOf(Shows, Protocol[Co]):
    """What `jvp(f)` gives."""

    def __call__(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Co: ...


class PullbackOf(Protocol):
    """What `vjp` gives beside the value."""

    def __call__(self, cotangent: Any) -> Any: ...
    def source(self) -> str: ...


class ProductOf(Shows, Protocol[Co]):
    """What `hvp(f)` gives."""

    def __call__(self, *args: Any) -> Co: ...


class MatrixOf(Shows, Protocol[Co]):
    """What `jacobian` and `hessian` give."""

    def __call__(self, *args: Any) -> Co: ...


class BatchedOf(Shows, Protocol[Co]):
    """What `vmap` gives."""

    def __call__(self, *args: Any, **kwargs: Any) -> Co: ...
