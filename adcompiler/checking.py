"""`check_grads`: derivatives compared with central differences, and with each other.

>>> check_grads(lambda x, y: x * np.sin(y), (2.0, 0.5))

Order 1 takes the partials of all results by all arguments. Order 2 takes those of the tangent
along a random direction (mode "fwd": forward mode over itself) and those of the gradient (mode
"rev": forward over reverse), of a random projection where the function gives more than a number.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .api import grad
from .comparison import Comparison, Direction, Subject, Tolerance
from .diagnostics import Diagnostic, SignatureError, UnsupportedError
from .fitting import flat
from .float_leaves import Results, vector
from .transformations import hvp, jvp, vjp

__all__ = ["check_grads"]

_MODES = ("fwd", "rev")
_TOLD = 5


def check_grads(
    f: Callable[..., Any], args: Sequence[Any], order: int = 2,
    modes: Sequence[str] = _MODES, *, rtol: float | None = None, atol: float | None = None,
    eps: float | None = None, seed: int = 0,
) -> None:  # fmt: skip
    """Raise AssertionError where the derivatives of `f` at `args` are wrong; else return nothing.

    f: what `grad` takes, with results of any number, shape and structure. args: its arguments, a
    tuple; all that hold floats are differentiated by. order: 1, or 2 for second derivatives, too.
    modes: "fwd" checks jvp, "rev" vjp; of both also that they agree with each other.

    Found and expected may differ by rtol times the larger one, and by atol; by default 1e-6 (2e-3
    where there is single precision), and a hundredth of that of the largest partial by the same
    argument. eps: the step of the differences; by default steps that suit the arguments. At a
    kink, any number between the slopes on its two sides passes, and nothing of second order is
    asked. Where the differences don't settle (noise, a jump, an infinite value) nothing is known,
    and that is reported as well. seed: of the random directions.

    The message has a line for each of the first faults: order, mode, result and argument with the
    entry, what was found and expected, the tolerance. `f` is called with copies of the arguments,
    some ten times for each entry. Raises what `grad` raises where `f` can't be differentiated, and
    SignatureError for other orders and modes.
    """
    modes = tuple(modes)
    _check_usage(args, order, modes)
    comparison = Comparison(tuple(args), _names(f, args), _tolerance(args, rtol, atol, eps), seed)
    if not comparison.wrt:
        _refuse(
            "none of the arguments holds floats.",
            "pass a float (2.0 instead of 2), or an array of floats.",
        )
    with np.errstate(all="ignore"):
        value = f(*comparison.fresh())
        comparison.tolerance = _tolerance((*args, value), rtol, atol, eps)
        comparison.run(_first(f, comparison, value, modes))
        if order == 2 and not comparison.found:
            _check_second(f, comparison, value, modes)
    if comparison.found:
        raise AssertionError(_report(f, comparison.found))


def _report(f: Any, found: list[str]) -> str:
    name = getattr(f, "__qualname__", None) or repr(f)
    more = f"\n  and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    return f"check_grads({name}):" + "".join(f"\n  {line}" for line in found[:_TOLD]) + more


def _first(
    f: Callable[..., Any], comparison: Comparison, value: Any, modes: Sequence[str]
) -> Subject:
    """The function itself."""
    results = Results(value, "result", comparison.random)
    wrt = comparison.wrt
    told: dict[str, Callable[[Direction], Any]] = {}
    if "fwd" in modes:
        told["fwd"] = lambda direction: results.of(
            vector(jvp(f, comparison.fresh(), comparison.tangents(direction.along), wrt=wrt)[1])
        )
    if "rev" in modes:
        rows = list(map(comparison.floats, _pulled_back(f, comparison, results)))
        told["rev"] = lambda direction: np.array(
            [sum(_inner(a, b) for a, b in zip(row, direction.along, strict=True)) for row in rows]
        )
    return Subject(1, lambda args: vector(f(*args)), results, told)


def _pulled_back(f: Callable[..., Any], comparison: Comparison, results: Results) -> list[Any]:
    """What each cotangent gives. A pullback isn't for what draws random numbers: the gradient of a
    projection, which draws once, takes its place."""
    try:
        _, pullback = vjp(f, *comparison.fresh(), wrt=comparison.wrt)
        return [pullback(row) for row in results.cotangents()]
    except UnsupportedError as error:
        gradient = grad(_projection(f), tuple(k + 1 for k in comparison.wrt))
        try:
            return [gradient(row, *comparison.fresh()) for row in results.cotangents()]
        except UnsupportedError:
            raise error from None


def _projection(f: Callable[..., Any]) -> Callable[..., Any]:
    def projection(weights: Any, *args: Any) -> Any:
        return _dot(weights, f(*args))

    return projection


def _inner(a: Any, b: Any) -> float:
    return float(np.sum(np.real(np.asarray(a) * b)))


def _check_second(
    f: Callable[..., Any], comparison: Comparison, value: Any, modes: Sequence[str]
) -> None:
    if "fwd" in modes:
        try:
            comparison.run(_forward_again(f, comparison))
        except UnsupportedError:
            # Inside a function derivatives can do less; the other way has to do, then.
            if "rev" not in modes:
                raise
    if "rev" in modes:
        comparison.run(_gradient_again(f, comparison, value))


def _forward_again(f: Callable[..., Any], comparison: Comparison) -> Subject:
    """The tangent along a random direction, by forward mode over forward mode."""

    def own(*args: Any) -> Any:
        return f(*_own(args))

    def pushed(tangents: Any, *args: Any) -> Any:
        return jvp(own, args, tangents)[1]

    along = comparison.tangents_anywhere()
    parts = iter(along)
    given = tuple(next(parts) if k in comparison.wrt else None for k in range(len(comparison.args)))
    wrt = tuple(k + 1 for k in comparison.wrt)

    def value(args: Sequence[Any]) -> Any:
        return jvp(f, args, along, wrt=comparison.wrt)[1]

    def again(direction: Direction) -> Any:
        primals = (given, *comparison.fresh())
        tangent = jvp(pushed, primals, comparison.tangents(direction.along), wrt=wrt)[1]
        return results.of(vector(tangent))

    results = Results(value(comparison.fresh()), "tangent", comparison.random)
    return Subject(2, lambda args: vector(value(args)), results, {"fwd": again})


def _own(value: Any) -> Any:
    """The structure with copies of the arrays, for a function that stores into them; read by the
    compiler."""
    if isinstance(value, tuple):
        return tuple([_own(part) for part in value])
    if isinstance(value, list):
        return [_own(part) for part in value]
    if isinstance(value, dict):
        return {key: _own(value[key]) for key in value}
    if isinstance(value, np.ndarray):
        return value.copy()
    return value


def _gradient_again(f: Callable[..., Any], comparison: Comparison, value: Any) -> Subject:
    """The gradient, by forward mode over it: where there are more results, of a projection."""
    weights = Results(value, "result", comparison.random).random_cotangent(comparison.random)
    function, before = _projection(f), [weights]
    if _is_one_number(value):
        function, before = f, []
    wrt = tuple(k + len(before) for k in comparison.wrt)
    gradient = grad(function, wrt)
    results = Results(gradient(*before, *comparison.fresh()), "gradient", comparison.random)
    results.named([leaf.text for leaf in comparison.leaves])
    return Subject(2, lambda args: vector(gradient(*before, *args)), results, {
        "rev": lambda direction: results.of(vector(
            hvp(function, *before, *comparison.fresh(), comparison.tangents(direction.along),
                wrt=wrt)
        ))
    })  # fmt: skip


def _is_one_number(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind == "f"
    return isinstance(value, (float, np.floating))


def _dot(weights: Any, value: Any) -> Any:
    """The real part of the sum of products, over a structure; read by the compiler."""
    if weights is None:
        return 0.0
    if isinstance(weights, (tuple, list)):
        total = 0.0
        for weight, part in zip(weights, value, strict=True):
            total = total + _dot(weight, part)
        return total
    if isinstance(weights, dict):
        total = 0.0
        for key in weights:
            total = total + _dot(weights[key], value[key])
        return total
    return np.sum(np.real(weights * value))


def _tolerance(
    values: Sequence[Any], rtol: float | None, atol: float | None, eps: float | None
) -> Tolerance:
    dtypes = [np.asarray(leaf).dtype for leaf in flat(tuple(values))]
    precision = max([float(np.finfo(d).eps) for d in dtypes if d.kind in "fc"], default=1e-16)
    usual = 1e-6 if precision < 1e-10 else 2e-3 if precision < 1e-5 else 5e-2
    given = rtol is not None or atol is not None
    return Tolerance(usual if rtol is None else rtol, atol, eps, precision, given)


def _names(f: Any, args: Sequence[Any]) -> list[str]:
    """The arguments as they are written: `x`, `args[0]`."""
    found = [f"argument {k}" for k in range(len(args))]
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return found
    for k, parameter in enumerate(parameters):
        if parameter.kind is parameter.VAR_POSITIONAL:
            return found[:k] + [f"{parameter.name}[{i}]" for i in range(len(args) - k)]
        if k < len(found):
            found[k] = parameter.name
    return found


def _check_usage(args: Any, order: int, modes: tuple[str, ...]) -> None:
    if not isinstance(args, (tuple, list)):
        _refuse("the arguments aren't a tuple.", "write check_grads(f, (x,)) for one.")
    if order not in (1, 2):
        _refuse(f"there is no order {order!r}.", "use 1 or 2.")
    if not modes or not set(modes) <= set(_MODES):
        _refuse(f"the modes are {modes!r}.", 'use some of "fwd" and "rev", in a tuple.')


def _refuse(reason: str, advice: str) -> None:
    raise SignatureError(Diagnostic("check-grads", reason, advice))
