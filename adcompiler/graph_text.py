"""What a graph shows: steps as Python text, and the table of a run.

    line  gate  expression     value     gradient
          w                        0.5      0.3497
       3  s0    w * x              1.0      0.1748
       3  h     sigmoid(s0)     0.7311      0.8892
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .ir.core import Function, Operation, Value, hint, walk
from .ops import TABLE
from .ops.op import Emission

if TYPE_CHECKING:
    from .graph import Gate

__all__ = ["aligned", "expressions", "operation_name", "rows_of", "shown", "symbol"]


def operation_name(op: Operation) -> str:
    """The operation's name in the IR; a gate's own."""
    gate = op.attributes.get("gate") or op.attributes.get("callee")
    return op.opcode if gate is None else str(getattr(gate, "name", gate))


def expressions(
    function: Function, given: Mapping[Value, str]
) -> dict[tuple[Value, ...], str]:
    """By results, the operation as text: with names for the gates and for what is `given`."""
    trees = {v: ast.parse(name, mode="eval").body for v, name in given.items()}
    found = {}
    for op in walk(function.body):
        if op.blocks or not op.results:
            continue
        operands = [trees.get(v) or ast.Name(hint(v) or "_", ast.Load()) for v in op.operands]
        tree = _tree(op, operands)
        plain = ast.fix_missing_locations(_Plain().visit(copy.deepcopy(tree)))
        found[op.results] = ast.unparse(plain)
        if len(op.results) == 1 and hint(op.result) is None and isinstance(tree, ast.expr):
            trees[op.result] = tree
    return found


_HOLE = "ˍ"  # an identifier that nobody writes


def symbol(op: Operation) -> str:
    """The operation without its operands: `*`, `tanh`, `[1:]`, `sum(·, axis=0)`."""
    holes = [ast.Name(_HOLE, ast.Load())] * len(op.operands)
    tree = _Short().visit(copy.deepcopy(_tree(op, holes)))
    text = ast.unparse(ast.fix_missing_locations(tree))
    match tree:
        case ast.Call(ast.Name(name), args, []) if all(map(_is_hole, args)):
            return name
        case ast.BinOp(left, _, right) | ast.Compare(left, [_], [right]) if (
            _is_hole(left) and _is_hole(right)
        ):
            return text.replace(_HOLE, "").strip()
        case ast.UnaryOp(_, inner) | ast.Attribute(inner) | ast.Subscript(inner) if _is_hole(inner):
            return text.replace(_HOLE, "", 1).strip().replace(_HOLE, "·")
    return text.replace(_HOLE, "·")


def _is_hole(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == _HOLE


class _Plain(ast.NodeTransformer):
    """Modules by the names that people give them: emitted text imports them itself."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        name = node.id.lstrip("$").removeprefix("builtin.").removeprefix("helper.")
        return ast.Name(name, ast.Load())


class _Short(_Plain):
    """Functions of modules by their own names."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        module = isinstance(node.value, ast.Name) and node.value.id.startswith("$")
        return ast.Name(node.attr, ast.Load()) if module else self.generic_visit(node)


def _tree(op: Operation, operands: Sequence[ast.expr]) -> ast.AST:
    entry = TABLE.get(op.opcode)
    if entry is None or "gate" in op.attributes or "callee" in op.attributes:
        return ast.Call(ast.Name(operation_name(op), ast.Load()), list(operands), [])
    types = [v.type for v in op.operands]
    emission = Emission(op.attributes, types, op.results[0].type, operands)
    if entry.statement is not None:
        return entry.statement(operands[0], emission)
    return entry.emit(emission)


def rows_of(
    parameters: Mapping[str, Any], gradients: Mapping[str, Any], gates: Sequence[Gate]
) -> list[list[str]]:
    """The table as cells, its heading first."""
    looped = any(gate.iteration for gate in gates)
    head = ["line", *(["iteration"] if looped else []), "gate", "expression", "value", "gradient"]
    rows = [head]
    for name, value in parameters.items():
        rows.append(["", *([""] if looped else []), name, "", shown(value),
                     shown(gradients.get(name))])  # fmt: skip
    for gate in gates:
        where = [", ".join(map(str, gate.iteration))] if looped else []
        line = "" if gate.line is None else str(gate.line)
        rows.append([line, *where, gate.name, gate.expression, shown(gate.value),
                     shown(gate.gradient)])  # fmt: skip
    return rows


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """The rows as columns, the first to the right. A row of one cell stands across them."""
    cells = [row for row in rows if len(row) > 1]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_row(row, widths) for row in rows)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    if len(cells) == 1:
        return cells[0]
    first = cells[0].rjust(widths[0])
    rest = [cell.ljust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "  ".join([first, *rest]).rstrip()


def shown(value: Any) -> str:
    """A number with 6 digits; an array's first and last entries, and its shape where some are
    left out."""
    if value is None:
        return ""
    if isinstance(value, (float, np.floating)):
        text = f"{value:.6g}"
        return f"{text}.0" if text.lstrip("-").isdecimal() else text
    if isinstance(value, np.ndarray):
        edge = 2 if value.ndim == 1 else 1
        text = np.array2string(value, precision=4, threshold=8, edgeitems=edge,
                               max_line_width=10**6).replace("\n", "")  # fmt: skip
        text = " ".join(text.split())
        return f"{text} {value.shape}" if value.size > 8 else text
    return str(value)
