"""Densities and distribution functions of SciPy's distributions, with location and scale.

    y = stats.norm.logpdf(x, mu, sigma)        grad_x = -grad_y * ((x - mu) / sigma) / sigma

A distribution tells the derivatives of its logarithmic density, by the standardised variable z and
by its shape parameters; those of all its methods follow. Where a density is 0 it stays 0, and so
the derivative of its logarithm, minus infinity, is given as 0.
"""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir.types import Array, Type, shape_of
from .elementwise import select
from .emit import call, keyword_items
from .inference import as_array, broadcast_shapes
from .late import Late, Package
from .op import Attributes, Bound, Emission, Op, OperationError, Spelling, arguments
from .scipy_special import special
from .stack_rules import together

__all__ = ["ENTRIES", "float_type", "method_binder", "stats"]

stats = Package("scipy.stats")

Slope = Callable[..., Any]
_EVERYWHERE = (-math.inf, math.inf)
_POSITIVE = (0.0, math.inf)


@dataclass(frozen=True)
class Distribution:
    """A continuous distribution: its name in SciPy, and what derivatives its density has.

    `slope` is the derivative of the logarithmic density by z, a function of z and the shapes;
    `shapes` has one for each shape parameter, by its name. `support` is where z may lie.
    """

    name: str
    slope: Slope
    shapes: tuple[tuple[str, Slope], ...] = ()
    support: tuple[float, float] = _EVERYWHERE

    def inside(self, z: Any, found: Any) -> Any:
        """`found`, and 0 where the density is 0."""
        below, above = self.support
        if math.isfinite(above):
            return select((z < below) | (z > above), 0.0, found)
        return select(z < below, 0.0, found) if math.isfinite(below) else found


def _logistic(z: Any) -> Any:
    return -np.tanh(z / 2)


def _student(z: Any, df: Any) -> Any:
    parts = special.psi((df + 1) / 2) - special.psi(df / 2) - 1 / df - np.log1p(z * z / df)
    return (parts + (df + 1) * z * z / (df * (df + z * z))) / 2


DISTRIBUTIONS = (
    Distribution("norm", lambda z: -z),
    Distribution("laplace", lambda z: -np.sign(z)),
    Distribution("logistic", _logistic),
    Distribution("cauchy", lambda z: -2 * z / (1 + z * z)),
    Distribution("expon", lambda z: -1.0, support=_POSITIVE),
    Distribution("uniform", lambda z: 0.0, support=(0.0, 1.0)),
    Distribution("gamma", lambda z, a: (a - 1) / z - 1,
                 (("a", lambda z, a: np.log(z) - special.psi(a)),), _POSITIVE),
    Distribution("beta", lambda z, a, b: (a - 1) / z - (b - 1) / (1 - z),
                 (("a", lambda z, a, b: np.log(z) - special.psi(a) + special.psi(a + b)),
                  ("b", lambda z, a, b: np.log1p(-z) - special.psi(b) + special.psi(a + b))),
                 (0.0, 1.0)),
    Distribution("t", lambda z, df: -(df + 1) * z / (df + z * z), (("df", _student),)),
    Distribution("lognorm", lambda z, s: -(np.log(z) / (s * s) + 1) / z,
                 (("s", lambda z, s: (np.log(z) / s) ** 2 / s - 1 / s),), _POSITIVE),
)  # fmt: skip


def _standard(x: Any, loc: Any, scale: Any) -> Any:
    moved = x if loc.constant == 0 else x - loc
    return moved if scale.constant == 1 else moved / scale


def _density(one: Distribution, method: str, k: int) -> Callable[..., Any]:
    """The rules of `pdf` and `logpdf`."""

    def rule(g: Any, x: Any, *rest: Any) -> Any:
        *shapes, loc, scale, y = rest
        z = _standard(x, loc, scale)
        if method == "pdf":
            g = g * y
        if 0 < k <= len(shapes):
            return g * one.inside(z, one.shapes[k - 1][1](z, *shapes))
        slope = one.slope(z, *shapes)
        if k == len(shapes) + 2:
            return -g * one.inside(z, 1 + z * slope) / scale
        found = one.inside(z, slope) if scale.constant == 1 else one.inside(z, slope) / scale
        return g * found if not k else -g * found

    return rule


def _distribution(one: Distribution, method: str, k: int) -> Callable[..., Any]:
    """The rules of `cdf`, `sf` and their logarithms, from the density."""
    sign = -1 if "sf" in method else 1

    def rule(g: Any, x: Any, *rest: Any) -> Any:
        *parameters, y = rest
        *shapes, loc, scale = parameters
        if 0 < k <= len(shapes):
            _no_shape(one, method, k)
        density = _emit(x, one, "logpdf" if "log" in method else "pdf", parameters)
        found = g * (np.exp(density - y) if "log" in method else density)
        if not k:
            return found if sign > 0 else -found
        found = found if k == len(shapes) + 1 else found * _standard(x, loc, scale)
        return -found if sign > 0 else found

    return rule


def _quantile(one: Distribution, method: str, k: int) -> Callable[..., Any]:
    """The rules of `ppf` and `isf`, the inverse functions."""

    def rule(g: Any, q: Any, *rest: Any) -> Any:
        *parameters, y = rest
        *shapes, loc, scale = parameters
        if 0 < k <= len(shapes):
            _no_shape(one, method, k)
        if not k:
            found = g / _emit(y, one, "pdf", parameters)
            return found if method == "ppf" else -found
        return g if k == len(shapes) + 1 else g * _standard(y, loc, scale)

    return rule


def _emit(x: Any, one: Distribution, method: str, parameters: Sequence[Any]) -> Any:
    return x.emit(f"{one.name}_{method}", *parameters)


def _no_shape(one: Distribution, method: str, k: int) -> None:
    name = one.shapes[k - 1][0]
    raise OperationError(
        f"scipy.stats.{one.name}.{method} has no derivative in closed form by its parameter"
        f" `{name}`", f"compute `{name}` from nothing that is differentiated",
    )  # fmt: skip


_METHODS = {
    "pdf": _density, "logpdf": _density, "cdf": _distribution, "sf": _distribution,
    "logcdf": _distribution, "logsf": _distribution, "ppf": _quantile, "isf": _quantile,
}  # fmt: skip


def float_type(types: Sequence[Type], attributes: Attributes) -> Type:
    for type_ in types:
        if as_array(type_).dtype[0] == "c":
            raise OperationError("a distribution of complex numbers", "give real numbers")
    return Array("f8", broadcast_shapes(map(shape_of, types)))


def method_binder(names: Sequence[str], **defaults: int) -> Callable[..., Bound]:
    """A `bind` with the method's own signature: `(x, a, loc=0, scale=1)`."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in names]
    parameters += [inspect.Parameter(n, kind, default=v) for n, v in defaults.items()]
    signature = inspect.Signature(parameters)

    def bind(*args: Any, **keywords: Any) -> Bound:
        bound = signature.bind(*args, **keywords)
        bound.apply_defaults()
        return tuple(bound.arguments.values()), {}

    bind.__signature__ = signature  # type: ignore[attr-defined]
    return bind


def _emission(dotted: str, count: int) -> Callable[[Emission], ast.expr]:
    """`stats.norm.pdf(x, scale=s)`: what stands at its default isn't said."""

    def emit(emission: Emission) -> ast.expr:
        *given, loc, scale = emission.operands
        keywords = {} if _is(loc, 0) else {"loc": loc}
        keywords |= {} if _is(scale, 1) else {"scale": scale}
        called = call(dotted, given)
        assert isinstance(called, ast.Call)
        if set(keywords) == {"loc", "scale"}:
            called.args += [loc, scale]
        else:
            called.keywords += keyword_items(keywords)
        return called

    return emit


def _is(operand: ast.expr, number: int) -> bool:
    return isinstance(operand, ast.Constant) and repr(operand.value) == repr(number)


def _samples(one: Distribution, method: str) -> tuple[Bound, ...]:
    quantile = method in ("ppf", "isf")
    shapes = [2 + k if _is_by_constant(one, method) else 1.7 + k for k in range(len(one.shapes))]
    x = np.array([[0.45], [0.8]])
    return (
        arguments(0.45, *shapes, 0, 1),
        arguments(x if quantile else 0.2 + 1.1 * x, *shapes, np.array([0.1, 0.2]), 1.4),
    )  # fmt: skip


def _examples(method: str) -> tuple[str, ...]:
    x = "1 / (1 + np.exp({3}))" if method in ("ppf", "isf") else "{3}"
    return (
        f"scipy.stats.norm.{method}({x})", f"scipy.stats.norm.{method}({x}, {{}}, np.exp({{3}}))",
    )  # fmt: skip


def _is_by_constant(one: Distribution, method: str) -> bool:
    return bool(one.shapes) and _METHODS[method] is not _density


def _entry(one: Distribution, method: str) -> Op:
    names = [name for name, _ in one.shapes]
    rules = [_METHODS[method](one, method, k) for k in range(len(names) + 3)]
    dotted = f"{one.name}.{method}"
    return Op(
        f"{one.name}_{method}",
        float_type,
        lambda attributes, operands: getattr(getattr(stats, one.name), method)(*operands),
        _emission(f"stats.{dotted}", len(names)),
        batch=together(),
        rules=tuple(rules),
        spellings={
            Late("scipy.stats", dotted): Spelling(
                method_binder(
                    ("q" if method in ("ppf", "isf") else "x", *names), loc=0, scale=1
                )
            )
        },
        fresh=True,
        agreeing=lambda types, attributes: list(map(shape_of, types)),
        needs="scipy",
        samples=_samples(one, method),
        examples=_examples(method) if one.name == "norm" else (),
    )


ENTRIES: tuple[Op, ...] = tuple(
    _entry(one, method) for one in DISTRIBUTIONS for method in _METHODS
)
