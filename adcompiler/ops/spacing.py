"""Numbers between two ends: `linspace`, `logspace`, `geomspace`; powers: `vander`.

    np.linspace(a, b, 5)      grad_b = np.sum(grad_y * np.linspace(0.0, 1.0, 5))
    np.geomspace(a, b, 5)     grad_b = np.sum(grad_y * y / b * np.linspace(0.0, 1.0, 5))

Numbers given as arrays lie along an axis of the result each.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, unknown
from ..ir.types import FLOAT, Array, Scalar, Type, rank, shape_of
from .casting import dtype_argument
from .emit import call, constant, dtype_source
from .given import array
from .inference import as_array, broadcast_shapes, constant_axis, promote
from .op import Attributes, Bound, Emission, Expansion, Op, OperationError, Spelling, arguments
from .turning import moved

__all__ = ["ENTRIES", "EXPANSIONS"]


def _bind(
    start: Any, stop: Any, num: Any = 50, endpoint: Any = True, dtype: Any = None, axis: Any = 0
) -> Bound:
    more = {} if dtype is None else {"dtype": dtype_argument(dtype)}
    return arguments(start, stop, num, endpoint=endpoint, axis=axis, **more)


def _shape(types: Sequence[Type], attributes: Attributes) -> tuple[Size, ...]:
    shape = list(broadcast_shapes(shape_of(t) for t in types[:2]))
    size = types[2].size if isinstance(types[2], Scalar) else None
    (axis,) = constant_axis(attributes["axis"], len(shape) + 1)
    shape.insert(axis, unknown() if size is None else size)
    return tuple(shape)


def _linspace_type(types: Sequence[Type], attributes: Attributes) -> Type:
    dtype = attributes.get("dtype") or promote((*types[:2], FLOAT))
    return Array(dtype, _shape(types, attributes))


def _geomspace_type(types: Sequence[Type], attributes: Attributes) -> Type:
    dtype = attributes.get("dtype") or promote([*map(as_array, types[:2]), as_array(FLOAT)])
    return Array(dtype, _shape(types, attributes))


def _weighted(g: Any, num: Any, index: int, endpoint: bool, axis: int) -> Any:
    """The gradient times how much of this end there is in each number; the numbers' axis first."""
    weights = g.tracer.call(np.linspace, 0.0, 1.0, num, endpoint)
    if not index:
        weights = 1 - weights
    first = axis % g.ndim == 0
    key = (slice(None), *[None] * (g.ndim - 1))
    return (g if first else moved(g, axis, 0)) * (weights[key] if g.ndim > 1 else weights)


def _linspace_rule(
    g: Any, start: Any, stop: Any, num: Any, y: Any, endpoint: bool, axis: int, index: int,
    dtype: Any = None,
) -> Any:  # fmt: skip
    return None if index == 2 else _weighted(g, num, index, endpoint, axis)


def _geomspace_rule(
    g: Any, start: Any, stop: Any, num: Any, y: Any, endpoint: bool, axis: int, index: int,
    dtype: Any = None,
) -> Any:  # fmt: skip
    if index == 2:
        return None
    return _weighted(g * y, num, index, endpoint, axis) / (stop if index else start)


def _step_type(types: Sequence[Type], attributes: Attributes) -> Type:
    num = attributes["num"]
    if type(num) is not int or num - attributes["endpoint"] < 1:
        raise OperationError(
            "np.linspace with retstep=True of numbers that may be too few for a step",
            "compute the step: (stop - start) / (num - 1)",
        )
    return Array(promote((*types, FLOAT)), broadcast_shapes(shape_of(t) for t in types))


def _step_rule(
    g: Any, start: Any, stop: Any, y: Any, num: int, endpoint: bool, index: int
) -> Any:
    step = g / (num - endpoint)
    return step if index else -step


def _call(name: str) -> Any:
    def emit(emission: Emission) -> ast.expr:
        named: dict[str, Any] = {}
        if not emission.attributes["endpoint"]:
            named["endpoint"] = False
        if "dtype" in emission.attributes:
            named["dtype"] = dtype_source(emission.attributes["dtype"])
        if emission.attributes["axis"]:
            named["axis"] = emission.attributes["axis"]
        return call(name, emission.operands, **named)

    return emit


def _emit_step(emission: Emission) -> ast.expr:
    endpoint = [] if emission.attributes["endpoint"] else [constant(False)]
    parts = (*emission.operands, constant(emission.attributes["num"]), *endpoint)
    made = call("np.linspace", parts, retstep=True)
    return ast.Subscript(made, ast.Constant(1), ast.Load())


def _linspace(
    start: Any, stop: Any, num: Any = 50, endpoint: Any = True, retstep: Any = False,
    dtype: Any = None, axis: Any = 0,
) -> Any:  # fmt: skip
    start, stop = array(start), array(stop)
    ends = (start, stop, num, bool(endpoint))
    numbers = start.tracer.call(np.linspace, *ends, dtype=dtype, axis=axis)
    if not retstep:
        return numbers
    return numbers, start.emit("linspace_step", stop, num=num, endpoint=bool(endpoint))


def _logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: Any = True, base: Any = 10.0,
    dtype: Any = None, axis: Any = 0,
) -> Any:  # fmt: skip
    if isinstance(base, (list, tuple)) or (not isinstance(base, float) and base.ndim):
        raise OperationError("np.logspace to an array of bases", "use base ** np.linspace(...)")
    numbers: Any = np.power(base, _linspace(start, stop, num, endpoint, axis=axis))
    code = dtype_argument(dtype)
    return numbers if code in (None, as_array(numbers.type).dtype) else numbers.astype(code)


def _vander_type(types: Sequence[Type], attributes: Attributes) -> Type:
    x = as_array(types[0])
    if rank(x) != 1:
        raise OperationError(f"np.vander of {x}", "give an array of one dimension")
    count = attributes["N"]
    if count is not None and (type(count) is not int or count < 0):
        raise OperationError(f"np.vander with N={count!r}", "give the number of columns")
    columns = x.shape[0] if count is None else count
    return Array(promote((x, Array("i8", ()))), (x.shape[0], columns))


def _vander_rule(g: Any, x: Any, y: Any, N: Any, increasing: bool) -> Any:
    """Each power times its exponent, times the power before."""
    count = y.emit("size", axis=1) if N is None else N
    if isinstance(count, int) and count < 2:
        return None
    if increasing:
        exponents = g.tracer.call(np.arange, 1, count)
        return np.sum(g[:, 1:] * y[:, :-1] * exponents, axis=1)
    exponents = g.tracer.call(np.arange, count - 1, 0, -1)
    return np.sum(g[:, :-1] * y[:, 1:] * exponents, axis=1)


def _emit_vander(emission: Emission) -> ast.expr:
    count = emission.attributes["N"]
    operands = [*emission.operands, *([] if count is None else [constant(count)])]
    named = {"increasing": True} if emission.attributes["increasing"] else {}
    return call("np.vander", operands, **named)


_EVEN: dict[str, Any] = {"endpoint": True, "axis": 0}

ENTRIES: tuple[Op, ...] = (
    Op("linspace", _linspace_type,
       lambda attributes, operands: np.linspace(*operands, **attributes), _call("np.linspace"),
       linear=(0, 1),
       rules=_linspace_rule, fresh=True, spellings={np.linspace: Spelling(_bind)},
       samples=(
           arguments((), 2.0, 5, **_EVEN), arguments(0.5, (), 4, **{**_EVEN, "endpoint": False}),
           arguments(0.5, 1.5, 1, **_EVEN), arguments(0.5, 1.5, 0, **_EVEN),
           arguments((3,), (), 4, **_EVEN), arguments((2, 1), (3,), 4, **_EVEN),
           arguments((3,), (3,), 4, endpoint=True, axis=-1),
           arguments((2, 3), 1.5, 3, endpoint=False, axis=1),
           arguments((), 2.0, 5, **_EVEN, dtype="f4"),
       )),
    Op("linspace_step", _step_type,
       lambda attributes, operands: np.linspace(*operands, **attributes, retstep=True)[1],
       _emit_step, rules=_step_rule, fresh=True, boxes=True,
       samples=(arguments((), 2.0, num=5, endpoint=True),
                arguments((3,), (), num=4, endpoint=False))),
    Op("geomspace", _geomspace_type,
       lambda attributes, operands: np.geomspace(*operands, **attributes), _call("np.geomspace"),
       rules=_geomspace_rule, fresh=True, spellings={np.geomspace: Spelling(_bind)},
       samples=(
           arguments(0.5, 2.0, 5, **_EVEN), arguments(-0.5, -3.0, 4, **_EVEN),
           arguments(np.array([0.5, 1.5]), 8.0, 3, **_EVEN),
           arguments(np.array([0.5, 1.5]), np.array([1.0, 2.0]), 4, endpoint=False, axis=-1),
       ),
       examples=("np.geomspace(1.0 + {} ** 2, 9.0, 4)", "np.geomspace(1.0 + {2} ** 2, 9.0, 3)",
                 "np.geomspace(0.5, 1.0 + {2} ** 2, 3, endpoint=False, axis=1)")),
    Op("vander", _vander_type, lambda attributes, operands: np.vander(operands[0], **attributes),
       _emit_vander, rules=(_vander_rule,), fresh=True,
       spellings={np.vander: Spelling(lambda x, N=None, increasing=False: arguments(
           x, N=N, increasing=increasing))},
       samples=(
           *(arguments((3,), N=n, increasing=up) for n in (None, 1, 2, 4) for up in (True, False)),
           arguments((1,), N=None, increasing=False), arguments((3,), N=0, increasing=True),
       ),
       examples=("np.vander({3})", "np.vander({3}, 4)", "np.vander({2}, 3, increasing=True)",
                 "np.vander({3}, N=2)")),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("linspace", _linspace, (np.linspace,), plain=("num",),
              static=("endpoint", "retstep", "dtype", "axis"),
              examples=("np.linspace({}, 2.0, 5)", "np.linspace({}, {}, 4, endpoint=False)",
                        "np.linspace({3}, {}, 3)", "np.linspace({3}, {3}, 3, axis=-1)",
                        "np.linspace({}, 3.0, 5, retstep=True)", "np.linspace(0, {}, num=1)",
                        "np.linspace({}, {}, {3}.shape[0])", "np.linspace([{}, 1.0], {}, 3)")),
    Expansion("logspace", _logspace, (np.logspace,), plain=("num",),
              static=("endpoint", "dtype", "axis"),
              examples=("np.logspace({}, 1.0, 4)", "np.logspace(0.5, {}, 3, base=2.0)",
                        "np.logspace({2}, 1.0, 3, endpoint=False, axis=1)",
                        "np.logspace(0, 1, 3, base=1.0 + {} ** 2)")),
)  # fmt: skip
