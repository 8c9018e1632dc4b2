"""A table entry's samples as functions of IR, built without the front end."""

from __future__ import annotations

import importlib.util
import itertools
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from adcompiler.frontend.signature import abstract
from adcompiler.ir.builder import Builder
from adcompiler.ir.core import Function, Value
from adcompiler.ir.types import Array, is_complex, is_differentiable, rank
from adcompiler.ops import SPELLINGS, TABLE, Expansion, Op, Tracer, Var
from adcompiler.ops.inference import as_array
from adcompiler.ops.late import Late, is_installed
from adcompiler.ops.op import SHAPES, Call, Regular

# How the operands of a binary entry meet: alike, a number with an array, a unit dimension on
# either side, in either place, and a missing dimension.
PAIRS = (
    ((), ()), ((3,), (3,)), ((), (3,)), ((3,), ()), ((2, 3), (2, 3)), ((2, 1), (2, 3)),
    ((2, 3), (1, 3)), ((2, 1), (1, 3)), ((3,), (2, 3)), ((2, 3), (1,)), ((1,), (1,)), ((0,), (1,)),
)  # fmt: skip

TRIPLES = (((), (), ()), ((3,), (3,), (3,)), ((), (3,), (2, 3)), ((2, 1), (), (3,)))
ALONE = tuple((shape,) for shape in (*SHAPES, (0,)))
MEETING = {1: ALONE, 2: PAIRS, 3: TRIPLES, 4: tuple(((), *shapes) for shapes in TRIPLES)}


def is_there(op: Op | Expansion) -> bool:
    """Whether what the entry needs is installed, and has the functions that it is spelled by."""
    needs = getattr(op, "needs", "")
    if needs and importlib.util.find_spec(needs) is None:
        return False
    return is_installed(op.spellings)


# Longer runs leave nothing out.
THOROUGH = "ADCOMPILER_PROGRAMS" in os.environ


@dataclass(frozen=True)
class Sample:
    """One call of an entry: operands as they come, the attributes."""

    op: Op
    operands: tuple[Any, ...]
    attributes: dict[str, Any]

    def __str__(self) -> str:
        shown = [_shown(v) for v in self.operands]
        shown += [f"{k}={v}" for k, v in self.attributes.items()]
        return f"{self.op.name}-{'-'.join(shown)}"

    def function(self) -> tuple[Function, tuple[Any, ...]]:
        """The call as a function, and its inputs; constants stay constants."""
        builder = Builder()
        tracer = Tracer(builder, TABLE, SPELLINGS, self.attributes.get("via", "np"))
        parameters: list[Value] = []
        inputs: list[Any] = []

        def enter(operand: Any) -> Any:
            if isinstance(operand, Call):
                return tracer.emit(operand.opcode, (enter(operand.operand),), {})
            label = f"a{len(parameters)}"
            parameters.append(Value(abstract(operand, label), label))
            inputs.append(operand)
            return tracer.var(parameters[-1])

        results = tracer.emit_all(self.op.name, list(map(enter, self.operands)), self.attributes)
        block = builder.block(parameters, [v.value for v in results])
        return Function(self.op.name, block), tuple(inputs)

    def scalar(self, square: bool = True) -> tuple[Function, tuple[Any, ...], list[int]] | None:
        """The weighted sum of the results' elements, its inputs and which of them are floats.

        It is squared, so that linear operations have second derivatives too.
        """
        function, inputs = self.function()
        results = [k for k, v in enumerate(function.results) if is_differentiable(v.type)]
        if not results:
            return None
        builder = Builder()
        builder.operations += function.body.operations
        tracer = Tracer(builder, TABLE, SPELLINGS)
        positions = [k for k, p in enumerate(function.parameters) if is_differentiable(p.type)]
        values = _evaluated(function, inputs)
        rng = np.random.default_rng(5)
        parameters = function.parameters
        total: Any = None
        for k in results:
            found = tracer.var(function.results[k])
            if type(found.type).__name__ == "List":
                found = found.emit("asarray")
            if is_complex(found.type):
                found = (found * (0.6 - 0.8j)).emit("real")
            if rank(found.type):
                weight = Value(found.type, "weight")
                dtype = as_array(found.type).dtype
                inputs = (*inputs, drawn(rng, (0.5, 1.5), np.shape(values[k]), dtype))
                parameters = (*parameters, weight)
                found = np.sum(found * tracer.var(weight))
            part: Var = found * found if square else found
            total = part if total is None else total + part
        block = builder.block(parameters, (total.value,))
        return Function(self.op.name, block), inputs, positions


def drawn(rng: np.random.Generator, interval: Any, shape: Any, dtype: Any) -> Any:
    """Numbers from the interval; complex ones not far from it, away from poles and cuts."""
    values = rng.uniform(*interval, shape)
    if np.dtype(dtype).kind == "c":
        values = values + 0.4j * rng.uniform(*interval, shape)
    return np.asarray(values).astype(dtype)


def _evaluated(function: Function, inputs: tuple[Any, ...]) -> Any:
    from driving import run

    return run(function, inputs)


def _shown(value: Any) -> str:
    if isinstance(value, (np.ndarray, np.generic)):
        return f"{value.dtype}{list(value.shape)}".replace(" ", "")
    return type(value).__name__


def samples(op: Op, dtype: Any = np.float64) -> Iterator[Sample]:
    """Every sample of an entry, arrays in this dtype."""
    rng = np.random.default_rng(len(op.name))
    if op.elementwise:
        yield from _elementwise(op, dtype, rng)
        return
    for operands, attributes in op.samples:
        if isinstance(attributes.get("type"), Array):
            attributes = {**attributes, "type": replace(attributes["type"], dtype=_code(dtype))}
        yield Sample(op, tuple(_drawn(v, dtype, rng) for v in operands), attributes)


def on_samples(
    entries: Sequence[Op], *kinds: tuple[Any, bool | None], every: int = 1
) -> Any:
    """Makes the check of a sample a test of each entry: on its samples of these dtypes, those that
    are cast to float32 on their way left out, or (dtype, True) taken alone, or (dtype, None) too.

    The check says False of samples that it has nothing to say of. `every`: of entries that are
    elementwise, which have one rule for all, that share will do; all where programs are many.
    """

    def test_of(check: Any) -> Any:
        @pytest.mark.parametrize("op", entries, ids=lambda op: op.name)
        def test(op: Op) -> None:
            stride = every if op.elementwise and not THOROUGH else 1
            found = [_told(check, s) for kind in kinds for s in _of_kind(op, *kind)[::stride]]
            if not any(found):
                pytest.skip("no number in, or none out")

        test.__doc__ = check.__doc__
        return test

    return test_of


def _of_kind(op: Op, dtype: Any, narrow: bool | None) -> list[Sample]:
    return [
        s for s in samples(op, dtype) if narrow is None or ("f4" in s.attributes.values()) is narrow
    ]


def _told(check: Any, sample: Sample) -> bool:
    """The failure says of which sample it is."""
    try:
        return check(sample) is not False
    except Exception as error:
        raise AssertionError(f"{sample}: {type(error).__name__}: {error}") from error


def _code(dtype: Any) -> str:
    return np.dtype(dtype).str[1:]


def _drawn(operand: Any, dtype: Any, rng: np.random.Generator) -> Any:
    if isinstance(operand, Call):
        return Call(operand.opcode, _drawn(operand.operand, dtype, rng))
    if isinstance(operand, Regular):
        return regular(operand.shape, rng, dtype)
    if not isinstance(operand, tuple):
        return operand
    found = drawn(rng, (-2, 2), operand, dtype)
    if np.dtype(dtype).kind == "f":
        found = found + np.copysign(0.05, found).astype(dtype)  # many have a kink at 0
    return found[()]


def regular(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any = np.float64) -> Any:
    """Matrices far from singular; see `Regular`."""
    m, n = shape[-2:]
    found = drawn(rng, (-1, 1), shape, dtype) / max(m, n) + np.eye(m, n) * (2 + 1.5 * np.arange(n))
    return found.astype(dtype)


def _elementwise(op: Op, dtype: Any, rng: np.random.Generator) -> Iterator[Sample]:
    for via in vias(op):
        for shapes in MEETING[len(op.domain)]:
            if via == "math" and (any(shapes) or np.dtype(dtype).kind == "c"):
                continue
            if (via == "op" and any(shapes) and _is_builtin(op)):
                continue
            numbers = [
                _number(interval, shape, dtype, rng)
                for interval, shape in zip(op.domain, shapes, strict=True)
            ]
            for operands in itertools.product(*map(_forms, numbers)):
                if via != "math" or (op.name, type(operands[-1])) not in _NOT_IN_MATH:
                    yield Sample(op, operands, {"via": via})


# `math` truncates no float32, and wants Python's own ints.
_NOT_IN_MATH = {("trunc", np.float32), ("ldexp", np.int64)}


def _number(interval: Any, shape: Any, dtype: Any, rng: np.random.Generator) -> Any:
    if isinstance(interval[0], int):
        return np.asarray(rng.integers(*interval, shape))
    return drawn(rng, interval, shape, dtype)


def _forms(operand: Any) -> list[Any]:
    """A number comes as a Python number and as a NumPy scalar."""
    return [operand] if operand.shape else [operand.item(), operand[()]]


def _is_builtin(op: Op) -> bool:
    return op.name in ("maximum", "minimum")


def vias(op: Op) -> list[str]:
    """The ways in which an entry can be spelled."""
    found = [s.preset["via"] for s in op.spellings.values() if "via" in s.preset]
    return list(dict.fromkeys(found))


def spelled(op: Op, via: str) -> Any:
    """The function that users call."""
    key = next(key for key, s in op.spellings.items() if s.preset.get("via") == via)
    return key.found() if isinstance(key, Late) else key


_KINDS = ["bool", "int", "float", "complex"]


def conforms(value: Any, type_: Any) -> bool:
    """Whether a value has the type: kind or dtype, rank, known sizes; or is a missing one."""
    if value is None or type(value) is object:
        return True
    match type(type_).__name__:
        case "Scalar":
            # A variable that is an int on one path and a float on the other is a float.
            return type(value).__name__ in _KINDS[: _KINDS.index(type_.kind) + 1]
        case "Array":
            if type_.weak and not isinstance(value, (np.ndarray, np.generic)):
                return isinstance(value, (bool, int, float, complex))
            if not isinstance(value, (np.ndarray, np.generic)):
                return False
            of_units = value.ndim == len(type_.shape) and set(value.shape[1:]) == {1}
            if (of_units or not value.shape) and type_.shape and not np.any(value):
                return True  # the zero of a variable without a value, or a stack of these
            sizes = zip(value.shape, type_.shape, strict=True)
            return f"{value.dtype.kind}{value.dtype.itemsize}" == type_.dtype and all(
                not isinstance(known, int) or known == size for size, known in sizes
            )
        case "List" | "Tape":
            return isinstance(value, list) and all(conforms(v, type_.element) for v in value)
    return True


def finite(value: Any) -> bool:
    return all(map(math.isfinite, np.ravel(value)))
