"""A rule of the table as the line that it emits, for people to read.

    lambda g, x, y, via: g * (1 - y * y)        grad_x = grad_y * (1 - y * y)

The rule is run on Vars, as when a function is differentiated, and what it appended is printed.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from . import optimize
from .codegen.module import emit_module
from .codegen.signature import FunctionShape
from .codegen.text import to_text
from .frontend.lower import lower
from .frontend.signature import abstract
from .ir.builder import Builder
from .ir.core import Function, Value
from .ir.sizes import symbol
from .ir.types import FLOAT, Array, Scalar, Type, dtype_code, is_differentiable, rank
from .ops import SPELLINGS, TABLE, Op, OperationError, Spelling, Tracer
from .ops.op import Bound
from .optimize.copies import forward_copies
from .optimize.dead_code import drop_dead
from .optimize.simplify import simplify
from .runtime.loader import load

__all__ = ["expanded", "formulas", "operand_names"]

_WIDTH = 88
_ARRAY = re.compile(r"\{([\d,]*)!?\}")
_SCIPY = re.compile(r"scipy(\.\w+)+")
_NOTHING: Mapping[str, Any] = {}
_PASSES = (forward_copies, simplify, drop_dead)


def formulas(op: Op, spelling: Spelling) -> dict[str, str] | None:
    """`grad_x = ...` for each operand with a gradient, as far as it is one line; None where
    what comes out has none."""
    for operands, given in _typical(op):
        types = [t for t in map(_type, operands) if t]
        attributes = {**given, **spelling.preset}
        if len(types) == len(operands) and _is_possible(op, types, attributes):
            names = operand_names(op, spelling, len(operands), attributes)
            return _lines(op, types, attributes, names)
    return {}


def _is_possible(op: Op, types: Sequence[Type], attributes: Mapping[str, Any]) -> bool:
    """Whether this spelling takes such operands: `float(x)` and `math.sin(x)` take numbers."""
    if attributes.get("via") == "math" and any(map(rank, types)):
        return False
    try:
        op.infer(types, attributes)
    except OperationError:
        return False
    return True


def expanded(example: str) -> str | None:
    """An example of a call, as the others that it is made of, if that is one expression."""
    shapes = _ARRAY.findall(example)
    names = [chr(ord("a") + k) for k in range(len(shapes))]
    called = iter(names)
    text = _ARRAY.sub(lambda match: next(called), example)
    head = "".join(f"import {name}\n" for name in ("math", *_packages(text)))
    source = f"{head}import numpy as np\n\ndef f({', '.join(names)}):\n    return {text}\n"
    arrays = [np.ones(tuple(int(n) for n in shape.split(",") if n))[()] for shape in shapes]
    structures = {name: abstract(a, name) for name, a in zip(names, arrays, strict=True)}
    function = lower(load(source, "example")["f"], structures).function
    printed = emit_module(function, FunctionShape.plain(function), 1, "").function
    return _one_expression(printed)


def _packages(text: str) -> list[str]:
    return sorted({match[0].rpartition(".")[0] for match in _SCIPY.finditer(text)})


def operand_names(
    op: Op, spelling: Spelling, count: int = 0, attributes: Mapping[str, Any] = _NOTHING
) -> tuple[str, ...]:
    """What the operands are called: as in the spelled function's signature, or x; a, b; a, b, c."""
    count = count or len(op.domain)
    known = inspect.signature(spelling.bind).parameters.values()
    named = [
        _word(p.name) for p in known
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name not in attributes
    ]  # fmt: skip
    if len(named) >= count:
        return tuple(named[:count])
    return ("x",) if count == 1 else tuple("abcdefgh"[:count])


def _word(name: str) -> str:
    return "x" if name == "self" else name


def _typical(op: Op) -> list[Bound]:
    """The samples, the most telling first: matrices, before stacks, numbers and unit dimensions.
    An elementwise entry has none: it takes numbers (Python's, for `math`) and arrays."""
    if op.elementwise:
        return [(((3,),) * len(op.domain), {}), ((1.0,) * len(op.domain), {})]

    def order(sample: Bound) -> tuple[bool, int, int, int]:
        shapes = [np.shape(v) if isinstance(v, np.ndarray) else v for v in sample[0]]
        shapes = [shape for shape in shapes if isinstance(shape, tuple)]
        special = any(n < 2 for shape in shapes for n in shape)
        many = -len(sample[0]), -len(shapes)
        return special, *many, sum(len(shape) not in (2, 3) for shape in shapes)

    return sorted(op.samples, key=order)


def _type(operand: Any) -> Type | None:
    """A sample's operand as a type: sizes are symbols, so that the text holds for any."""
    match operand:
        case tuple():
            return Array("f8", tuple(n if n < 2 else symbol(f"n{n}", unit=False) for n in operand))
        case np.ndarray():
            shape = tuple(n if n < 2 else symbol(f"n{n}", unit=False) for n in operand.shape)
            return Array(dtype_code(operand.dtype), shape)
        case bool() | int():
            return Scalar(type(operand).__name__)
        case float():
            return FLOAT
    return None


def _lines(
    op: Op, types: Sequence[Type], attributes: Mapping[str, Any], names: Sequence[str]
) -> dict[str, str] | None:
    made = op.infer(types, attributes)
    if not is_differentiable(made):
        return None
    result = "y" if "y" not in names else "out"
    operands = [Value(t, name) for t, name in zip(types, names, strict=True)]
    parameters = (Value(made, f"grad_{result}"), *operands, Value(made, result))
    found = {}
    for k, operand in enumerate(operands):
        rule = op.rule(k)
        if rule is not None and is_differentiable(operand.type):
            text = _printed(rule, parameters, attributes)
            if text is None or len(text) > _WIDTH:
                return {}
            if text != "0":
                found[names[k]] = f"grad_{names[k]} = {text}"
    return found


def _printed(
    rule: Callable[..., Any], parameters: Sequence[Value], attributes: Mapping[str, Any]
) -> str | None:
    """What one rule emits, if that is one expression."""
    builder = Builder()
    tracer = Tracer(builder, TABLE, SPELLINGS, attributes.get("via", "np"))
    contribution = rule(*map(tracer.var, parameters), **attributes)
    if contribution is None:
        return "0"
    block = builder.block(parameters, (tracer.lift(contribution),))
    function = optimize.run(Function("rule", block), _PASSES)
    text = emit_module(function, FunctionShape.plain(function), 1, "").function
    return _one_expression(text)


def _one_expression(text: str) -> str | None:
    """What a function returns, with its intermediate steps where they are used."""
    (definition,) = ast.parse(text).body
    assert isinstance(definition, ast.FunctionDef)
    *steps, last = definition.body
    known: dict[str, ast.expr] = {}
    for step in steps:
        match step:
            case ast.Assign([ast.Name(name)], value):
                known[name] = _Inlined(known).visit(value)
            case _:
                return None
    if not isinstance(last, ast.Return) or last.value is None:
        return None
    return to_text(_Inlined(known).visit(last.value))


class _Inlined(ast.NodeTransformer):
    """Names replaced by what they stand for."""

    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.known.get(node.id, node)
