"""Arrays stretched to a shape, without a copy: `broadcast_to`, `broadcast_arrays`, `meshgrid`.

    np.broadcast_to(x, (n, 3))        grad_x = np.sum(grad_y, axis=0)
    X, Y = np.meshgrid(x, y)          grad_x = np.sum(grad_X, axis=0)
                                      grad_y = np.sum(grad_Y, axis=1)

NumPy doesn't let stretched arrays be written to: several of their elements are one.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, is_known, may_be_one
from ..ir.types import Array, Scalar, Type, rank, shape_of
from . import stack_rules
from .emit import call
from .given import array, only, whole
from .indexing import Slot, fill
from .inference import as_array, broadcast_shapes
from .op import Attributes, Bound, Emission, Expansion, Op, OperationError, Spelling, arguments
from .shapes import shape_template, template_shape, template_source
from .var import Var

__all__ = ["ENTRIES", "EXPANSIONS"]


def _bind_to(array: Any, shape: Any, subok: Any = False) -> Bound:
    template, operands = shape_template(shape)
    return arguments(array, *operands, shape=template)


def _to_type(types: Sequence[Type], attributes: Attributes) -> Type:
    own = as_array(types[0])
    shape = template_shape(attributes["shape"], types[1:])
    if any(type(part) is int and part < 0 for part in attributes["shape"]):
        raise OperationError("np.broadcast_to a negative size", "give sizes from 0")
    if rank(own) > len(shape):
        raise OperationError(
            f"np.broadcast_to fewer dimensions than the {rank(own)} of the array",
            "index or sum the array first",
        )
    for mine, wanted in zip(reversed(own.shape), reversed(shape), strict=False):
        known = isinstance(mine, int) and isinstance(wanted, int)
        if (known and mine not in (1, wanted)) or (wanted == 1 and not may_be_one(mine)):
            raise OperationError(
                f"np.broadcast_to size {wanted} of size {mine}", "stretch axes of size 1 only"
            )
    return Array(own.dtype, shape)


def _emit_to(emission: Emission) -> ast.expr:
    x, *operands = emission.operands
    template = emission.attributes["shape"]
    shown = template if len(template) != 1 else template[0]
    return call("np.broadcast_to", (x, template_source(shown, operands)))


def _together_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return Array(as_array(types[0]).dtype, broadcast_shapes(shape_of(t) for t in types))


def _together(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return np.broadcast_arrays(*_in_order(operands, attributes["index"]))[attributes["index"]]


def _in_order(operands: Sequence[Any], index: int) -> list[Any]:
    """The operands as users name them; the one that the result looks at comes first here."""
    first, *others = operands
    return [*others[:index], first, *others[index:]]


def _emit_together(emission: Emission) -> ast.expr:
    index = emission.attributes["index"]
    made = call("np.broadcast_arrays", _in_order(emission.operands, index))
    return ast.Subscript(made, ast.Constant(index), ast.Load())


def _broadcast_arrays(*args: Any, subok: Any = False) -> Any:
    arrays = [array(x) for x in args]
    shapes = {x.shape for x in arrays}
    if len(shapes) == 1 and all(map(is_known, next(iter(shapes)))):
        return tuple(x if isinstance(x.type, Array) else x.emit("asarray") for x in arrays)
    return tuple(
        x.emit("broadcast_with", *arrays[:k], *arrays[k + 1 :], index=k)
        for k, x in enumerate(arrays)
    )


def _broadcast_shapes(*args: Any) -> Any:
    """The shape as a tuple of sizes, where it is known which of them stand in it."""
    shapes = [one if isinstance(one, (tuple, list)) else (one,) for one in map(whole, args)]
    count = max(map(len, shapes), default=0)
    padded = [(*[1] * (count - len(shape)), *shape) for shape in shapes]
    return tuple(map(_common, zip(*padded, strict=True)))


def _common(sizes: Sequence[Any]) -> Any:
    """The one size other than 1; more than one have to be known to be the same."""
    wide = {_known(size): size for size in sizes if _known(size) != 1}
    if len(wide) > 1 or None in wide:
        raise OperationError(
            "np.broadcast_shapes of sizes that may differ, or be 1",
            "write down the shape that comes out",
        )
    return next(iter(wide.values()), 1)


def _known(size: Any) -> Size | None:
    if isinstance(size, Var):
        known = size.type.size if isinstance(size.type, Scalar) else None
        return None if known is None or may_be_one(known) else known
    return int(size)


def _meshgrid(*xi: Any, copy: Any = True, sparse: Any = False, indexing: Any = "xy") -> Any:
    arrays = [array(x) for x in xi]
    only(
        copy, (True,), "`copy` of np.meshgrid",
        "leave it out; np.broadcast_to makes arrays that share memory",
    )  # fmt: skip
    only(indexing, ("xy", "ij"), "`indexing` of np.meshgrid", "'xy' or 'ij'")
    if not arrays:
        return ()
    if len(arrays) == 1:
        flat: Any = np.reshape(arrays[0], -1)
        return (flat.emit("own", order="C"),)
    attributes = {"sparse": bool(sparse), "indexing": indexing}
    return arrays[0].tracer.emit_all("meshgrid", arrays, attributes)


def _meshgrid_types(types: Sequence[Type], attributes: Attributes) -> tuple[Type, ...]:
    sizes: list[Size] = [1] * len(types)
    for k, type_ in enumerate(types):
        if rank(type_) > 1:
            raise OperationError(f"np.meshgrid of {type_}", "give arrays of one dimension")
        sizes[_place(k, len(types), attributes)] = shape_of(type_)[0] if rank(type_) else 1
    found = []
    for k, type_ in enumerate(types):
        place = _place(k, len(types), attributes)
        own = [n if j == place else 1 for j, n in enumerate(sizes)]
        found.append(Array(as_array(type_).dtype, tuple(own if attributes["sparse"] else sizes)))
    return tuple(found)


def _place(index: int, count: int, attributes: Attributes) -> int:
    """The axis along which the array at `index` lies: 'xy' swaps the first two."""
    swapped = attributes["indexing"] == "xy" and count > 1 and index < 2
    return 1 - index if swapped else index


def _meshgrid_rule(g: Any, *rest: Any, index: int, **attributes: Any) -> Any:
    *arrays, _ = rest
    own, x = g[index], arrays[index]
    if own is None:
        return None
    place = _place(index, len(arrays), attributes)
    axes = tuple(k for k in range(len(arrays)) if k != place)
    if attributes["sparse"]:
        return own.emit("reshape_to", x.emit("shape"), type=as_array(x.type))
    total = np.sum(own, axis=axes if len(axes) > 1 else axes[0])
    return total if x.ndim else np.sum(total)


def _emit_meshgrid(emission: Emission) -> ast.expr:
    defaults = {"sparse": False, "indexing": "xy"}
    named = {k: v for k, v in emission.attributes.items() if v != defaults[k]}
    return call("np.meshgrid", emission.operands, **named)


_PLAIN: dict[str, Any] = {"sparse": False, "indexing": "xy"}

ENTRIES: tuple[Op, ...] = (
    Op("broadcast_to", _to_type,
       lambda attributes, operands: np.broadcast_to(
           operands[0], fill(attributes["shape"], operands[1:])),
       _emit_to, linear="together", batch=stack_rules.stretched_to,
       rules=(lambda g, x, *rest, shape: g,), view=(0,), shares="view", fixed=True,
       boxes=True, complex=True, spellings={np.broadcast_to: Spelling(_bind_to)},
       fits=lambda types, attributes: (shape_of(types[0]), shape_of(_to_type(types, attributes))),
       samples=(
           arguments((3,), shape=(2, 3)), arguments((), shape=(2, 3)), arguments(1.5, shape=(2,)),
           arguments((3, 1), 4, shape=(2, 3, Slot(0))), arguments((2, 3), shape=(2, 3)),
           arguments((), shape=()), arguments((1, 3), 2, shape=(Slot(0), 3)),
       ),
       examples=("np.broadcast_to({3}, (2, 3))", "np.broadcast_to({2,1}, (2, 3))",
                 "np.broadcast_to({}, 3)", "np.broadcast_to({3}, ({2,1}.shape[0], 3))")),
    Op("broadcast_with", _together_type, _together, _emit_together,
       linear="together", batch=stack_rules.together(),
       rules=(lambda g, *rest, index: g,), view=(0,), shares="view", fixed=True, boxes=True,
       complex=True, agreeing=lambda types, attributes: [shape_of(t) for t in types],
       samples=(arguments((3,), (2, 1), index=0), arguments((2, 1), (3,), index=1),
                arguments((), (2, 3), (3,), index=2))),
    Op("meshgrid", _meshgrid_types,
       lambda attributes, operands: tuple(np.meshgrid(*operands, **attributes)), _emit_meshgrid,
       linear="together", rules=_meshgrid_rule, fresh=True, complex=True,
       samples=(
           arguments((3,), (2,), **_PLAIN), arguments((3,), (2,), (4,), **_PLAIN),
           arguments((3,), (2,), **{**_PLAIN, "indexing": "ij"}),
           arguments((3,), (), **{**_PLAIN, "sparse": True}), arguments((), (2,), **_PLAIN),
       )),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("broadcast_arrays", _broadcast_arrays, (np.broadcast_arrays,), complex=True,
              static=("subok",),
              examples=("np.broadcast_arrays({3}, {2,1})", "np.broadcast_arrays({}, {2})",
                        "np.broadcast_arrays({1}, {1})", "np.broadcast_arrays({2,1}, {3}, {1})")),
    Expansion("meshgrid", _meshgrid, (np.meshgrid,), complex=True,
              static=("copy", "sparse", "indexing"),
              examples=("np.meshgrid({3}, {2})", "np.meshgrid({3}, {2}, indexing='ij')",
                        "np.meshgrid({3}, {1}, {2})", "np.meshgrid({3}, {2}, sparse=True)",
                        "np.meshgrid({3})", "np.meshgrid({}, {2}, copy=True)")),
    Expansion("broadcast_shapes", _broadcast_shapes, (np.broadcast_shapes,), plain=("args",),
              examples=("np.ones(np.broadcast_shapes({3}.shape, {2,1}.shape)) * {3}",
                        "np.zeros(np.broadcast_shapes((3, 1), 2)) + {2}")),
)  # fmt: skip
