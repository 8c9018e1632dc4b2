"""What users call: `grad` and `value_and_grad`, as functions and as decorators.

>>> @grad
... def square(x):
...     return x * x
>>> square(3.0), square.forward(3.0), square.value_and_grad(3.0)
(6.0, 9.0, (9.0, 6.0))
>>> print(square.source(3.0))
def square_grad(x, *, grad_out=1.0):
    # backward
    grad_x = grad_out * x * 2
    return grad_x
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, Literal, overload

from .gradient import Gradient, without_our_frames
from .optimize import Passes
from .targets import Wrt

if TYPE_CHECKING:
    from .typed import A, GradientOf, P, R, X

__all__ = ["grad", "value_and_grad"]


@overload
def grad(
    f: Callable[Concatenate[A, P], R], /, wrt: Literal[0] = 0, *, has_aux: Literal[False] = False,
    optimize: int | Passes = 1,
) -> GradientOf[A, P, R, A]: ...
@overload
def grad(
    f: Callable[Concatenate[A, P], tuple[R, X]], /, wrt: Literal[0] = 0, *,
    has_aux: Literal[True], optimize: int | Passes = 1,
) -> GradientOf[A, P, tuple[R, X], tuple[A, X]]: ...
@overload
def grad(
    f: Callable[Concatenate[A, P], R], /, wrt: Wrt, *, has_aux: bool = False,
    optimize: int | Passes = 1,
) -> GradientOf[A, P, R, Any]: ...
@overload
def grad(
    f: Callable[..., Any], /, wrt: Wrt = 0, *, has_aux: bool = False, optimize: int | Passes = 1
) -> GradientOf[Any, ..., Any, Any]: ...
@overload
def grad(
    f: None = None, /, wrt: Literal[0] = 0, *, has_aux: Literal[False] = False,
    optimize: int | Passes = 1,
) -> Callable[[Callable[Concatenate[A, P], R]], GradientOf[A, P, R, A]]: ...
@overload
def grad(
    f: None = None, /, wrt: Wrt = 0, *, has_aux: bool = False, optimize: int | Passes = 1
) -> Callable[[Callable[Concatenate[A, P], R]], GradientOf[A, P, R, Any]]: ...
@without_our_frames
def grad(
    f: Any = None, /, wrt: Wrt = 0, *, has_aux: bool = False, optimize: int | Passes = 1
) -> Any:
    """The gradient of a function with one real result.

    f: a Python function in the subset. wrt: what to differentiate by, a parameter's position or
    name, the name of a local variable (as it is behind the last statement of the function's body
    that changes it), or a tuple of these; a tuple gives a tuple of gradients. optimize: 0 for the
    lecture form, a line for each gate; 1 for what a careful person would write; 2 may change how
    the forward part rounds; `Passes` to leave some out. has_aux: f returns
    `(loss, aux)`, and a call gives `(gradient, aux)`; aux is what f returns, in any structure of
    numbers, arrays, strings and None.

    Use it as `grad(f)`, as `@grad`, or as `@grad(wrt=("w", "b"))`. Raises SignatureError where
    `wrt` names nothing, SourceError where f is no Python function; its text is read, and checked,
    at the first call.
    """
    return _made(f, wrt, optimize, False, has_aux)


@overload
def value_and_grad(
    f: Callable[Concatenate[A, P], R], /, wrt: Literal[0] = 0, *, has_aux: Literal[False] = False,
    optimize: int | Passes = 1,
) -> GradientOf[A, P, R, tuple[R, A]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[A, P], tuple[R, X]], /, wrt: Literal[0] = 0, *,
    has_aux: Literal[True], optimize: int | Passes = 1,
) -> GradientOf[A, P, tuple[R, X], tuple[tuple[R, X], A]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[A, P], R], /, wrt: Wrt, *, has_aux: bool = False,
    optimize: int | Passes = 1,
) -> GradientOf[A, P, R, Any]: ...
@overload
def value_and_grad(
    f: Callable[..., Any], /, wrt: Wrt = 0, *, has_aux: bool = False, optimize: int | Passes = 1
) -> GradientOf[Any, ..., Any, Any]: ...
@overload
def value_and_grad(
    f: None = None, /, wrt: Literal[0] = 0, *, has_aux: Literal[False] = False,
    optimize: int | Passes = 1,
) -> Callable[[Callable[Concatenate[A, P], R]], GradientOf[A, P, R, tuple[R, A]]]: ...
@overload
def value_and_grad(
    f: None = None, /, wrt: Wrt = 0, *, has_aux: bool = False, optimize: int | Passes = 1
) -> Callable[[Callable[Concatenate[A, P], R]], GradientOf[A, P, R, Any]]: ...
@without_our_frames
def value_and_grad(
    f: Any = None, /, wrt: Wrt = 0, *, has_aux: bool = False, optimize: int | Passes = 1
) -> Any:
    """Like `grad`, but a call gives `(value, gradient)`, with has_aux `((value, aux), gradient)`;
    fits `scipy.optimize`'s `jac=True`."""
    return _made(f, wrt, optimize, True, has_aux)


def _made(f: Any, wrt: Wrt, optimize: int | Passes, value: bool, aux: bool) -> Any:
    if f is None:
        return without_our_frames(lambda function: _made(function, wrt, optimize, value, aux))
    return Gradient(f, wrt, optimize, value, aux=bool(aux))


grad.__adcompiler_derivative__ = "grad"  # type: ignore[attr-defined]
value_and_grad.__adcompiler_derivative__ = "value_and_grad"  # type: ignore[attr-defined]
grad.__adcompiler_decorator__ = "grad"  # type: ignore[attr-defined]
value_and_grad.__adcompiler_decorator__ = "value_and_grad"  # type: ignore[attr-defined]
