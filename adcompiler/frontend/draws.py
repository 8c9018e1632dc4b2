"""Random numbers: generators, and what is drawn from them (see `ops.random`).

    rng = np.random.default_rng(seed)     %rng = draw[np.random.default_rng($0)] %seed
    rng.uniform(0.0, 1.0, size=(n, 3))    draw[$0.uniform(0.0, 1.0, size=($1, 3))] %rng, %n
    np.random.rand(3)                     draw[np.random.rand(3)]

A generator is made by the function, or comes from outside: an argument, or a global. It is called
as the user calls it, at each call of the gradient anew.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..ir.core import Value
from ..ir.sizes import Size, unknown
from ..ir.types import FLOAT, INT, Array, Scalar, Static, Type, kind_of, shape_of
from ..ops.casting import dtype_argument
from ..ops.effects import Template
from ..ops.inference import broadcast_shapes
from ..ops.op import OperationError
from ..ops.random import DISTRIBUTIONS, LEGACY, Distribution
from ..ops.shapes import shape_template, template_shape
from .context import ARGUMENT, Context
from .items import Instance, Item
from .references import Written

__all__ = ["Drawing", "call", "callee_of", "is_generator", "method_of"]

_RANDOM_STATE = np.random.mtrand._rand
_MAKERS = (np.random.default_rng, np.random.RandomState)


@final
@dataclass(frozen=True, eq=False)
class Drawing:
    """A method of a generator, or of np.random (owner None), before the call."""

    owner: Instance | Value | None
    method: str
    legacy: bool


@final
@dataclass(frozen=True, eq=False)
class Making:
    """What makes a generator."""

    maker: Any


def is_generator(ctx: Context, item: Item) -> bool:
    """A generator from outside, or one that the function has made."""
    if isinstance(item, Instance):
        return isinstance(item.value, (np.random.Generator, np.random.RandomState))
    return isinstance(item, Value) and item in ctx.generators


def method_of(ctx: Context, owner: Any, name: str) -> Drawing:
    kind = ctx.generators[owner] if isinstance(owner, Value) else type(owner.value)
    return Drawing(owner, name, not issubclass(kind, np.random.Generator))


def callee_of(callee: Item) -> Drawing | Making | None:
    """What a call of it has to do with random numbers, if it has."""
    if isinstance(callee, Drawing):
        return callee
    if any(callee is maker for maker in _MAKERS):
        return Making(callee)
    if getattr(callee, "__self__", None) is _RANDOM_STATE:
        name = getattr(callee, "__name__", "")
        return None if name == "seed" else Drawing(None, name, True)
    return None


def call(
    ctx: Context, node: ast.AST, callee: Drawing | Making, args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    """A generator, or what is drawn."""
    apart = next((call for call in ctx.instances.active if call.instance is not None), None)
    if apart is not None and apart.instance is not None:
        ctx.refuse(
            node, "operation", "random numbers are drawn in a function"
            f" {apart.instance.callee.told.replace('which', 'that')}.",
            "draw them outside of it, and pass them in.",
        )  # fmt: skip
    written = Written(ctx, node)
    if isinstance(callee, Making):
        return _made(ctx, node, written, callee.maker, args, keywords, name)
    try:
        type_, place = _result(ctx, node, callee, args, keywords)
    except OperationError as error:
        ctx.refuse_operation(node, error)
    shown = written.call(_callee(written, callee, node), node, args, keywords)
    places = tuple(k for k, v in enumerate(written.operands) if v is place)
    return _draw(ctx, node, written, shown, type_, name, places)


def _draw(
    ctx: Context, node: ast.AST, written: Written, tree: ast.expr, type_: Type, name: str | None,
    places: tuple[int, ...] = (),
) -> Value:  # fmt: skip
    attributes = {"template": Template(tree), "drawn": type_, "places": places}
    return ctx.emit(node, "draw", written.operands, attributes, name)


def _made(
    ctx: Context, node: ast.AST, written: Written, maker: Any, args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    if args and is_generator(ctx, args[0]):
        return args[0]
    shown = written.call(_random(maker.__name__), node, args, keywords)
    made = _draw(ctx, node, written, shown, Static(), name)
    kind = np.random.RandomState if maker is np.random.RandomState else np.random.Generator
    ctx.generators[made] = kind
    return made


def _random(name: str) -> ast.expr:
    module = ast.Attribute(ast.Name("$np", ast.Load()), "random", ast.Load())
    return ast.Attribute(module, name, ast.Load())


def _callee(written: Written, callee: Drawing, node: ast.AST) -> ast.expr:
    if callee.owner is None:
        return _random(callee.method)
    if isinstance(callee.owner, Value):
        return ast.Attribute(written.hole(callee.owner), callee.method, ast.Load())
    return ast.Attribute(_generator(written, callee.owner, node), callee.method, ast.Load())


def _generator(written: Written, owner: Instance, node: ast.AST) -> ast.expr:
    """A generator from outside; one that an argument holds is read of it: `rng = self.rng`."""
    if owner.path[:1] == (ARGUMENT,) and len(owner.path) > 2:
        return written.hole(written.held(owner.path))
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return written.outside(owner, node.func.value if named else None)  # type: ignore[attr-defined]


def _result(
    ctx: Context, node: ast.AST, callee: Drawing, args: list[Item], keywords: dict[str, Item]
) -> tuple[Type, Item]:
    """The type of what is drawn, and the parameter that moves it."""
    special = (_OLD if callee.legacy else _NEW).get(callee.method)
    if special is not None:
        try:
            inspect.signature(special).bind(ctx, node, *args, **keywords)
        except TypeError as error:
            raise OperationError(
                f"these arguments of `{callee.method}` are not supported: {error}",
                "leave them out, or draw the numbers outside of the function",
            ) from None
        return special(ctx, node, *args, **keywords), None
    known = (LEGACY if callee.legacy else DISTRIBUTIONS).get(callee.method)
    if known is None:
        raise OperationError(
            f"what `{callee.method}` of a random generator gives is not in the table",
            _ADVICE.get(callee.method, "draw it outside of the function, and pass it in"),
        )
    given = _bound(callee.method, known, args, keywords)
    dtype = dtype_argument(ctx.static(given.get("dtype"), node, "`dtype=`"))
    drawn = [given[key] for key in known.parameters if key in given]
    return _numbers(drawn, given.get("size"), known.kind, dtype), given.get(known.place or "")


_ADVICE = {
    "shuffle": "index with a permutation: x[rng.permutation(len(x))]",
    "permuted": "index with a permutation: x[rng.permutation(len(x))]",
    "multivariate_normal": "mean + np.linalg.cholesky(cov) @ rng.standard_normal(n)",
    "standard_gamma": "give its shape",
}


def _bound(
    method: str, known: Distribution, args: list[Item], keywords: dict[str, Item]
) -> dict[str, Item]:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([
        inspect.Parameter(key, kind, default=inspect.Parameter.empty if at < known.needed else None)
        for at, key in enumerate(known.signature)
    ])  # fmt: skip
    try:
        return dict(signature.bind(*args, **keywords).arguments)
    except TypeError as error:
        raise OperationError(
            f"these arguments of `{method}` are not supported: {error}",
            f"the supported form is {method}{signature}",
        ) from None


def _numbers(parameters: Sequence[Item], size: Item, kind: str, dtype: str | None) -> Type:
    """Numbers of one kind: Python's own where no shape is asked for."""
    shapes = [_shape_of(item) for item in parameters]
    code = dtype or ("f8" if kind == "float" else "i8")
    if size is None and not any(shapes):
        return FLOAT if kind == "float" else INT
    shape = broadcast_shapes(shapes) if size is None else _size(size)
    return Array(code, shape)


def _shape_of(item: Item) -> tuple[Size, ...]:
    if isinstance(item, Value):
        if kind_of(item.type) not in ("float", "int", "bool"):
            raise OperationError(f"{item.type} is no parameter of a distribution", "give numbers")
        return shape_of(item.type)
    if isinstance(item, (list, tuple)):
        return (len(item), *(_shape_of(item[0]) if item else ()))
    return ()


def _size(size: Item) -> tuple[Size, ...]:
    template, operands = shape_template(size)
    if any(not isinstance(v, Value) for v in operands):
        raise OperationError("a size that is no int", "give an int, or a tuple of ints")
    return template_shape(template, [v.type for v in operands])


def _integers(
    ctx: Context, node: ast.AST, low: Item, high: Item = None, size: Item = None,
    dtype: Item = np.int64, endpoint: Item = False,
) -> Type:  # fmt: skip
    code = dtype_argument(ctx.static(dtype, node, "`dtype=`"))
    found = _numbers([low, *([] if high is None else [high])], size, "int", code)
    return Array(code or "i8", ()) if found == INT else found


def _randint(
    ctx: Context, node: ast.AST, low: Item, high: Item = None, size: Item = None
) -> Type:  # fmt: skip
    return _numbers([low, *([] if high is None else [high])], size, "int", None)


def _rand(ctx: Context, node: ast.AST, *sizes: Item) -> Type:
    return _numbers([], tuple(sizes) or None, "float", None)


def _choice(
    ctx: Context, node: ast.AST, a: Item, size: Item = None, replace: Item = True,
    p: Item = None, axis: Item = 0, shuffle: Item = True,
) -> Type:  # fmt: skip
    _check_count(a, "choice", "x[rng.choice(len(x), size=n)]")
    return _numbers([], size, "int", None)


def _permutation(ctx: Context, node: ast.AST, x: Item) -> Type:
    _check_count(x, "permutation", "x[rng.permutation(len(x))]")
    known = x.type.size if isinstance(x, Value) and isinstance(x.type, Scalar) else x
    return Array("i8", (unknown() if known is None or isinstance(known, Value) else known,))


def _check_count(item: Item, method: str, advice: str) -> None:
    """Whether a number of things is chosen from: of an array, the gradient goes to those chosen."""
    whole = isinstance(item, int) or (
        isinstance(item, Value) and kind_of(item.type) == "int" and not shape_of(item.type)
    )
    if not whole:
        raise OperationError(f"`{method}` among the elements of an array", f"index it: {advice}")


_NEW: dict[str, Any] = {"integers": _integers, "choice": _choice, "permutation": _permutation}
_OLD: dict[str, Any] = {
    "randint": _randint, "rand": _rand, "randn": _rand, "choice": _choice,
    "permutation": _permutation,
}  # fmt: skip
