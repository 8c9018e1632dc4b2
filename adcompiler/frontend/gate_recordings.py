"""What a gate becomes where it is differentiated: it returns residuals for its backward rule.

    @softmax.residuals                      recording: function softmax_fwd(%x):
    def softmax_fwd(x):                         ...
        y = ...                                 return %y, %y
        return y, y
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..ir.core import Function, Value, hint
from ..ir.types import SAVED, fits
from ..ops.gates import Primitive
from .apart import lower_apart, outside_values
from .context import Context, Path
from .items import Item, in_words, leaves, rebuild, same_structure
from .opaque_gates import Calling, Declared, declared_result

__all__ = ["Recording", "recording"]

Given = Mapping[str, Item]


@dataclass(frozen=True)
class Recording:
    """The attributes that a call gets, the residuals, and what is read from outside."""

    attributes: dict[str, Any]
    saved: Item
    outside: list[Value]


def recording(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], path: Path, inside: Given, result: Item
) -> Recording:
    """The gate with residuals, for arguments and a result like these."""
    path = (*path, "<recording>")
    if "recording" in gate.opaque:
        return _called(ctx, node, gate, path, inside, result)
    operands = [v for item in inside.values() for v in leaves(item) if isinstance(v, Value)]
    builder, item = lower_apart(ctx, node, gate.recording, path, list(inside.values()))
    if not isinstance(item, tuple) or len(item) != 2:
        ctx.refuse(
            node, "gate-rule", f"the residuals' function of `{gate.name}` returns"
            f" {in_words(item)}.", "return a pair: the result, and what the backward rule needs.",
        )  # fmt: skip
    outer, ctx.builder = ctx.builder, builder
    lifted = rebuild(item, lambda leaf: ctx.settled(leaf, node))
    ctx.builder = outer
    made, saved = lifted
    _check_result(ctx, node, gate, result, made)
    returned = [v for v in leaves(made) if isinstance(v, Value)]
    residuals = [v for v in leaves(saved) if isinstance(v, Value)]
    added = [v for v in dict.fromkeys(residuals) if v not in operands and v not in returned]
    results = [*returned, *added]
    name = getattr(gate.recording, "__name__", "residuals")
    function = Function(name, builder.block(operands, results))
    attributes = {
        "opcode": "call", "gate": gate, "types": tuple(v.type for v in results),
        "primal": function, "arity": len(operands),
        "saved": tuple(
            ("operand", operands.index(v)) if v in operands else ("result", results.index(v))
            for v in residuals
        ),
        "names": tuple(hint(v) or "saved" for v in added),
    }  # fmt: skip
    return Recording(attributes, saved, outside_values(ctx, function.body))


def _check_result(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], wanted: Item, found: Item
) -> None:
    """It takes the gate's place: what it returns is of the same kind."""
    pairs = zip(leaves(found), leaves(wanted), strict=False)
    same = same_structure(found, wanted) and all(
        fits(a.type, b.type) if isinstance(a, Value) and isinstance(b, Value) else a is b or a == b
        for a, b in pairs
    )
    if not same:
        ctx.refuse(
            node, "gate-rule", f"the residuals' function of `{gate.name}` returns {in_words(found)}"
            f" as the result, where the gate returns {in_words(wanted)}.",
            "return what the gate does, and the residuals beside it.",
        )  # fmt: skip


def _called(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], path: Path, inside: Given, result: Item
) -> Recording:
    """Residuals of a function that is called: one object of any kind."""
    if "rule" not in gate.opaque or not isinstance(result, Value):
        reason = "the rule is read" if "rule" not in gate.opaque else "there are several results"
        ctx.refuse(
            node, "opaque-gate", f"the residuals of `{gate.name}` come from a function that is"
            f" called, and {reason}.",
            "make the backward rule opaque, too, and let the gate return one number or array.",
        )  # fmt: skip
    operands = [v for item in inside.values() for v in leaves(item) if isinstance(v, Value)]
    writing = Calling(ctx, node, gate, operands)
    if "function" in gate.opaque:
        parts = declared_result(ctx, node, gate, inside)
    else:
        parts = [Declared.of(result)]
    template = writing.call_of_gate(gate.recording, path, inside, [*parts, Declared(SAVED)])
    attributes = {
        "opcode": "opaque", "gate": gate, "types": (result.type, SAVED), "template": template,
        "arity": len(operands), "saved": (("result", 1),), "names": ("saved",),
    }  # fmt: skip
    return Recording(attributes, Value(SAVED, "saved"), writing.operands[len(operands) :])
