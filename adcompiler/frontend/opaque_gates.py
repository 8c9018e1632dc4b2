"""Gates whose function, or rules, are called and not read: what is declared takes their place.

    @primitive(opaque=True, result="f8[n]")     the kinds of a result: f8[n], f4[3, n], float, int;
    def solve(a, b): ...                        or the name of a parameter that it is like

A size is a number, an int parameter, `x.shape[0]` of a parameter x, or any other name: unknown. The
emitted text checks what comes back by `declared`, and takes the function as a keyword argument.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.sizes import Size, unknown
from ..ir.types import Array, Saved, Scalar, Static, Type, rank, shape_of
from ..ops.effects import Template
from ..ops.gates import Primitive, told_signature
from .context import Context, Path
from .items import Item, leaves
from .references import Written, handed

__all__ = ["Calling", "declared_result", "like"]

_NUMBERS = ("float", "int", "bool", "complex")
_DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", "c8", "c16")
_ARRAY = re.compile(r"(\w+)\[(.*)\]")
_SIZE_OF = re.compile(r"(\w+)\.shape\[(\d+)\]")

Given = Mapping[str, Item]


@dataclass(frozen=True)
class Declared:
    """What is known of a part of a result: its type, and the sizes as numbers, as values that they
    are read of, or None; `like` is an array whose shape it has."""

    type: Type
    sizes: tuple[int | Value | tuple[Value, int] | None, ...] = ()
    like: Value | None = None

    @staticmethod
    def of(value: Value) -> Declared:
        """What is known of a value: the kind of number, and the sizes that are numbers."""
        sizes = tuple(n if isinstance(n, int) else None for n in shape_of(value.type))
        return replace(like(value), sizes=sizes, like=None)

    @property
    def kind(self) -> str | None:
        """As `declared` names it; None for any object."""
        if isinstance(self.type, Saved):
            return None
        if isinstance(self.type, Scalar):
            return self.type.kind
        assert isinstance(self.type, Array)
        return {"f8": "float", "c16": "complex"}[self.type.dtype] if self.type.weak else (
            self.type.dtype
        )


class Calling(Written):
    """Writes a call of something opaque; the operands in front are those of the gate."""

    def __init__(
        self, ctx: Context, node: ast.AST, gate: Primitive[..., Any], operands: Sequence[Value]
    ) -> None:
        super().__init__(ctx, node)
        self.gate = gate
        self.operands = [*operands]
        # Where shapes are asked for apart, so that an array isn't kept for its shape.
        self.builder: Builder | None = None

    def hole(self, value: Value) -> ast.expr:
        if value not in self.operands:
            self.operands.append(value)
        return ast.Name(f"${self.operands.index(value)}", ast.Load())

    def template(
        self, callee: Any, path: Path, name: str, arguments: Sequence[Item],
        keywords: Given, parts: Sequence[Declared],
    ) -> Template:  # fmt: skip
        """`declared(callee(arguments), "name", kinds...)`."""
        made = ast.Call(
            self.hole(handed(self.ctx, callee, path, name)),
            [self.item(item) for item in arguments],
            [ast.keyword(key, self.item(item)) for key, item in keywords.items()],
        )
        kinds: list[ast.expr] = [
            ast.Tuple([ast.Constant(part.kind), self._shape(part)], ast.Load()) for part in parts
        ]
        checked = ast.Name("$helper.declared", ast.Load())
        return Template(ast.Call(checked, [made, ast.Constant(name), *kinds], []))

    def _shape(self, part: Declared) -> ast.expr:
        if part.like is not None and rank(part.type):
            if self.builder is not None:
                return self.hole(self.builder.emit("shape", (part.like,), Static()))
            return ast.Attribute(self.hole(part.like), "shape", ast.Load())
        return ast.Tuple([self._size(size) for size in part.sizes], ast.Load())

    def _size(self, size: Any) -> ast.expr:
        match size:
            case Value():
                return self.hole(size)
            case (Value() as owner, axis):
                shape = ast.Attribute(self.hole(owner), "shape", ast.Load())
                return ast.Subscript(shape, ast.Constant(axis), ast.Load())
        return ast.Constant(size)

    def call_of_gate(
        self, callee: Any, path: Path, given: Given, parts: Sequence[Declared]
    ) -> Template:
        """The call of the gate itself, or of what gives its residuals: with the same arguments."""
        arguments, keywords = _passed(self.gate.function, given)
        name = getattr(callee, "__name__", self.gate.name)
        return self.template(callee, path, name, arguments, keywords, parts)


def _passed(function: Any, given: Given) -> tuple[list[Item], dict[str, Item]]:
    """Arguments by position and by keyword."""
    arguments: list[Item] = []
    keywords: dict[str, Item] = {}
    for name, kind in _kinds(function, given):
        item = given[name]
        match kind:
            case inspect.Parameter.KEYWORD_ONLY:
                keywords[name] = item
            case inspect.Parameter.VAR_POSITIONAL:
                arguments += item
            case inspect.Parameter.VAR_KEYWORD:
                keywords.update(item)
            case _:
                arguments.append(item)
    return arguments, keywords


def _kinds(function: Any, given: Given) -> Iterator[tuple[str, Any]]:
    signature = told_signature(function)
    if signature is None:
        yield from ((name, inspect.Parameter.POSITIONAL_ONLY) for name in given)
        return
    yield from ((name, p.kind) for name, p in signature.parameters.items() if name in given)


def like(value: Value) -> Declared:
    """The kind of another value: of an argument, for its contribution."""
    type_ = value.type
    if isinstance(type_, Scalar) and type_.kind in ("float", "complex"):
        type_ = Array("f8" if type_.kind == "float" else "c16", (), weak=True)
    elif isinstance(type_, Array) and not rank(type_) and type_.dtype in ("f8", "c16"):
        type_ = Array(type_.dtype, (), weak=True)
    return Declared(type_, like=value)


def declared_result(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], inside: Given
) -> list[Declared]:
    """The parts of the gate's result."""
    texts = gate.result if isinstance(gate.result, tuple) else (gate.result,)
    return [_part(ctx, node, gate, inside, str(text)) for text in texts]


def _part(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], inside: Given, text: str
) -> Declared:
    if text in inside:
        (*rest,) = leaves(inside[text])
        if len(rest) == 1 and isinstance(rest[0], Value) and isinstance(
            rest[0].type, (Array, Scalar)
        ):
            return like(rest[0])
        _refuse(ctx, node, gate, text, f"`{text}` is no number or array here")
    if text in ("float", "complex"):
        return Declared(Array("f8" if text == "float" else "c16", (), weak=True))
    if text in _NUMBERS:
        return Declared(Scalar(text))
    match = _ARRAY.fullmatch(text.strip())
    if match is None or match[1] not in _DTYPES:
        _refuse(ctx, node, gate, text, "it is neither a type nor a parameter")
    sizes, checks = [], []
    for one in filter(None, (part.strip() for part in match[2].split(","))):
        size, check = _size(ctx, node, gate, inside, text, one)
        sizes.append(size)
        checks.append(check)
    return Declared(Array(match[1], tuple(sizes)), tuple(checks))


def _size(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], inside: Given, text: str, one: str
) -> tuple[Size, Any]:
    """A size in the compiler's terms, and what it is compared with at run time."""
    if one.isdigit():
        return int(one), int(one)
    item = inside.get(one)
    if type(item) is int:
        return item, item
    if isinstance(item, Value) and isinstance(item.type, Scalar) and item.type.kind == "int":
        return (unknown() if item.type.size is None else item.type.size), item
    found = _SIZE_OF.fullmatch(one)
    owner = inside.get(found[1]) if found else None
    if found and isinstance(owner, Value) and int(found[2]) < rank(owner.type):
        assert isinstance(owner.type, Array)
        return owner.type.shape[int(found[2])], (owner, int(found[2]))
    if not one.isidentifier():
        _refuse(ctx, node, gate, text, f"`{one}` is no size")
    return unknown(), None


def _refuse(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], text: str, reason: str
) -> NoReturn:
    raise UnsupportedError(
        Diagnostic(
            "opaque-gate",
            f"the result of the gate `{gate.name}` is declared as {text!r}: {reason}.",
            'write a type, "float" or "f8[n, 3]", or the name of a parameter that it is like.',
            ctx.span(node), ctx.frame.trail,
        )
    )  # fmt: skip
