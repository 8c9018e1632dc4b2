"""A rule of the table as the line that it emits, for people to read.

    lambda g, x, y, via: g * (1 - y * y)        grad_x = grad_y * (1 - y * y)

The rule is run on Vars, as when a function is differentiated, and what it appended is printed.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from . import optimize
from .codegen.module import emit_module
from .codegen.signature import FunctionShape
from .codegen.text import to_text
from .frontend.lower import lower
from .frontend.signature import abstract
from .ir.builder import Builder
from .ir.core import Function, Operation, Value, walk
from .ir.sizes import Size, symbol
from .ir.types import FLOAT, Array, Scalar, Type, dtype_code, is_differentiable, rank
from .ops import SPELLINGS, TABLE, Expansion, Op, OperationError, Spelling, Tracer, Var
from .ops.late import is_installed
from .ops.op import DISCRETE, Bound, Regular
from .optimize.copies import forward_copies
from .optimize.dead_code import drop_dead
from .optimize.simplify import simplify
from .runtime.loader import load

__all__ = ["expanded", "formulas", "operand_names"]

_WIDTH = 88
_ARRAY = re.compile(r"\{([\d,]*)([!j]?)\}")
_SCIPY = re.compile(r"scipy(\.\w+)+")
# What every function has, besides what it computes.
_PLAIN = ("constant", "shape", "size", "count")
_PASSES = (forward_copies, simplify, drop_dead)


def formulas(op: Op, spelling: Spelling) -> dict[str, str] | None:
    """`grad_x = ...` for each operand with a gradient, as far as it is one line; None where
    what comes out has none. Nothing is told where a package is missing that the entry needs."""
    if op.needs and find_spec(op.needs) is None:
        return {}
    for operands, given in _typical(op):
        types = [t for t in map(_type, operands) if t]
        attributes = {**given, **spelling.preset}
        if len(types) == len(operands) and _is_possible(op, types, attributes):
            names = operand_names(op, spelling, len(operands))
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


def expanded(expansion: Expansion) -> tuple[str, tuple[str, ...]]:
    """Of which kind a function made of others is, and what it is: `np.fliplr(a) = a[:, ::-1]`.

    Where it hands its arguments to one operation of its own, as `np.take` does, the gradient of
    that one is told. Nothing is told of a function that isn't installed.
    """
    if not is_installed(expansion.spellings):
        return "made of others", ()
    for example in expansion.examples:
        call, function = _lowered(example)
        steps = [op for op in walk(function.body) if op.opcode in TABLE]
        own = [op for op in steps if not TABLE[op.opcode].spellings and op.opcode not in _PLAIN]
        if own:
            return _of_operations(own)
        text = _one_expression(_text(function))
        if text == call:
            return _of_operations(steps[-1:])
        if text is not None:
            return "made of others", (f"{call} = {text}",)
    return "made of others", ()


def _of_operations(own: Sequence[Operation]) -> tuple[str, tuple[str, ...]]:
    found = {}
    reason = DISCRETE
    for op in own:
        entry = TABLE[op.opcode]
        names = tuple("abcdefgh"[: len(op.operands)])
        types = [v.type for v in op.operands]
        lines = None if entry.no_gradient else _lines(entry, types, op.attributes, names)
        reason = entry.no_gradient or reason
        if lines is not None:
            found[op.opcode] = tuple(lines.values())
    if not found:
        return "no gradient", (reason,)
    return "gradient", tuple(line for lines in found.values() for line in lines)


def _lowered(example: str) -> tuple[str, Function]:
    """An example of a call with names for its arrays; and that as a function of them, in SSA."""
    marks = _ARRAY.findall(example)
    names = [chr(ord("a") + k) for k in range(len(marks))]
    called = iter(names)
    text = _ARRAY.sub(lambda match: next(called), example)
    head = "".join(f"import {name}\n" for name in ("cmath", "math", *_packages(text)))
    source = f"{head}import numpy as np\n\ndef f({', '.join(names)}):\n    return {text}\n"
    arrays = [
        np.ones(tuple(int(n) for n in shape.split(",") if n), complex if kind == "j" else float)[()]
        for shape, kind in marks
    ]
    structures = {name: abstract(a, name) for name, a in zip(names, arrays, strict=True)}
    return text, lower(load(source, "example")["f"], structures).function


def _packages(text: str) -> list[str]:
    return sorted({match[0].rpartition(".")[0] for match in _SCIPY.finditer(text)})


def operand_names(op: Op, spelling: Spelling, count: int = 0) -> tuple[str, ...]:
    """What the operands are called: as in the spelled function's signature, or x; a, b; a, b, c.

    The call is bound to marks, as many as it has operands and then some: those that come out as
    operands tell.
    """
    count = count or len(op.domain)
    known = inspect.signature(spelling.bind).parameters.values()
    positional = [p.name for p in known if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for given in range(count, len(positional) + 1):
        marks = {object(): _word(name) for name in positional[:given]}
        try:
            operands, _ = spelling.bind(*marks)
        except (TypeError, ValueError, AttributeError, OperationError):
            continue  # a mark is no axis
        if len(operands) == count and marks.keys() >= set(operands):
            return tuple(marks[mark] for mark in operands)
    return ("x",) if count == 1 else tuple("abcdefgh"[:count])


def _word(name: str) -> str:
    return "x" if name == "self" else name


def _typical(op: Op) -> list[Bound]:
    """The samples, the most telling first: matrices, before stacks, numbers and unit dimensions.
    An elementwise entry has none: it takes numbers (Python's, for `math`) and arrays."""
    if op.elementwise:
        whole = [isinstance(interval[0], int) for interval in op.domain]
        arrays = tuple(np.ones(3, int) if is_int else (3,) for is_int in whole)
        return [(arrays, {}), (tuple(1 if is_int else 1.0 for is_int in whole), {})]

    def order(sample: Bound) -> tuple[bool, int, int, int]:
        found = [getattr(v, "shape", v) for v in sample[0]]
        shapes = [shape for shape in found if isinstance(shape, tuple)]
        special = any(n < 2 for shape in shapes for n in shape)
        many = -len(sample[0]), -len(shapes)
        return special, *many, sum(len(shape) not in (2, 3) for shape in shapes)

    return sorted(op.samples, key=order)


def _type(operand: Any) -> Type | None:
    """A sample's operand as a type: sizes are symbols, so that the text holds for any."""
    match operand:
        case tuple():
            return Array("f8", _sizes(operand))
        case Regular(shape):
            return Array("f8", _sizes(shape))
        case np.ndarray():
            return Array(dtype_code(operand.dtype), _sizes(operand.shape))
        case bool() | int():
            return Scalar(type(operand).__name__)
        case float():
            return FLOAT
    return None


def _sizes(shape: tuple[int, ...]) -> tuple[Size, ...]:
    return tuple(n if n < 2 else symbol(f"n{n}", unit=False) for n in shape)


def _lines(
    op: Op, types: Sequence[Type], attributes: Mapping[str, Any], names: Sequence[str]
) -> dict[str, str] | None:
    made = op.types(types, attributes)
    if not any(map(is_differentiable, made)):
        return None
    several = op.results or tuple(f"y{k}" for k in range(len(made)))
    results = several if len(made) > 1 else ("y" if "y" not in names else "out",)
    operands = [Value(t, name) for t, name in zip(types, names, strict=True)]
    seeds = [Value(t, f"grad_{name}") for t, name in zip(made, results, strict=True)]
    values = [Value(t, name) for t, name in zip(made, results, strict=True)]
    found = {}
    for k, operand in enumerate(operands):
        rule = op.rule(k)
        if rule is not None and is_differentiable(operand.type):
            text = _printed(rule, seeds, operands, values, attributes)
            if text is None or len(text) > _WIDTH:
                return {}
            if text != "0":
                found[names[k]] = f"grad_{names[k]} = {text}"
    return found


def _printed(
    rule: Callable[..., Any], seeds: Sequence[Value], operands: Sequence[Value],
    values: Sequence[Value], attributes: Mapping[str, Any],
) -> str | None:  # fmt: skip
    """What one rule emits, if that is one expression; 0 where it refuses."""
    builder = Builder()
    tracer = Tracer(builder, TABLE, SPELLINGS, attributes.get("via", "np"))
    g, y = (_one_or_all(tuple(map(tracer.var, several))) for several in (seeds, values))
    try:
        contribution = rule(g, *map(tracer.var, operands), y, **attributes)
    except OperationError:
        return "0"
    if contribution is None:
        return "0"
    block = builder.block((*seeds, *operands, *values), (tracer.lift(contribution),))
    function = optimize.run(Function("rule", block), _PASSES)
    return _one_expression(_text(function))


def _one_or_all(found: tuple[Var, ...]) -> Any:
    return found[0] if len(found) == 1 else found


def _text(function: Function) -> str:
    return emit_module([(function, FunctionShape.plain(function))], optimize.DEFAULT, "").function


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
