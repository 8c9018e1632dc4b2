"""A picture as text for Graphviz.

    digraph {
      n3 [shape=ellipse, label=<<i>s0</i><br/>*<br/><font color="#0f6a2b">-2</font> ...>];
      n1 -> n3;
    }
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from .model import Box, Node, Picture, Wire
from .svg import SCHEMES

__all__ = ["dot"]

_SHAPES = {
    "gate": "shape=ellipse", "parameter": "shape=box", "carry": "shape=ellipse, style=dashed",
    "choice": "shape=diamond",
}  # fmt: skip
_COLOURS = SCHEMES["light"]


def dot(picture: Picture) -> str:
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield "digraph {"
    yield f"  rankdir=LR; labelloc=t; label={_quoted(picture.whole.title)};"
    yield '  node [fontname="monospace"]; edge [arrowsize=0.6];'
    yield from _inside(picture.whole, "  ")
    yield from (f"  {_wire(wire)};" for wire in picture.wires)
    yield "}"


def _inside(box: Box, indent: str) -> Iterator[str]:
    for part in box.parts:
        if isinstance(part, Node):
            yield f"{indent}{_node(part)};"
            continue
        yield f"{indent}subgraph cluster_{part.key} {{"
        colour = ' color="gray70"; fontcolor="gray60";' if part.faded else ""
        yield f"{indent}  label={_quoted(part.title)}; labeljust=l;{colour}"
        yield from _inside(part, f"{indent}  ")
        yield f"{indent}}}"


def _node(node: Node) -> str:
    lines = [f"<i>{escape(node.name)}</i>"] * bool(node.name) + [escape(node.label)]
    numbers = [
        f'<font color="{_COLOURS[kind]}">{escape(text)}</font>'
        for kind, text in (("value", node.value), ("gradient", node.gradient)) if text
    ]  # fmt: skip
    label = "<br/>".join([*lines, *numbers])
    faded = ', color="gray70", fontcolor="gray60"' if node.faded else ""
    return f"{node.key} [{_SHAPES.get(node.kind, 'shape=plain')}, label=<{label}>{faded}]"


def _wire(wire: Wire) -> str:
    if wire.back:
        return f"{wire.start} -> {wire.end} [style=dashed, constraint=false]"
    return f"{wire.start} -> {wire.end}" + " [style=dashed]" * wire.dashed


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
