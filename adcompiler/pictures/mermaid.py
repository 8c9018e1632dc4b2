"""A picture as text for Mermaid, which pages and READMEs draw.

    flowchart LR
      n3(["*<br/>s0 = -2<br/>gradient 0.1966"])
      n1 --> n3
"""

from __future__ import annotations

from collections.abc import Iterator

from .model import Box, Node, Picture, Wire

__all__ = ["mermaid"]

_SHAPES = {
    "gate": ("([", "])"), "parameter": ("[", "]"), "carry": ("([", "])"), "choice": ("{", "}"),
}  # fmt: skip


def mermaid(picture: Picture) -> str:
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield "---"
    yield f"title: {_yaml(picture.whole.title)}"
    yield "---"
    yield "flowchart LR"
    yield from _inside(picture.whole, "  ")
    yield from (f"  {_wire(wire)}" for wire in picture.wires)
    faded = [node.key for node in picture.nodes if node.faded]
    if faded:
        yield "  classDef faded opacity:0.45"
        yield f"  class {','.join(faded)} faded"


def _inside(box: Box, indent: str) -> Iterator[str]:
    for part in box.parts:
        if isinstance(part, Node):
            yield f"{indent}{_node(part)}"
            continue
        yield f'{indent}subgraph {part.key}["{_quoted(part.title)}"]'
        yield from _inside(part, f"{indent}  ")
        yield f"{indent}end"


def _node(node: Node) -> str:
    value = " = ".join(filter(None, [node.name, node.value]))
    gradient = f"gradient {node.gradient}" if node.gradient else ""
    text = "<br/>".join(_quoted(line) for line in (node.label, value, gradient) if line)
    opening, closing = _SHAPES.get(node.kind, (">", "]"))
    return f'{node.key}{opening}"{text}"{closing}'


def _wire(wire: Wire) -> str:
    return f"{wire.start} {'-.->' if wire.back or wire.dashed else '-->'} {wire.end}"


def _quoted(text: str) -> str:
    """As Mermaid's own entities: quotes would end the text, `*` and others make it Markdown."""
    marked = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "*": "#42;", "_": "#95;",
              "`": "#96;", "&": "#amp;"}  # fmt: skip
    return "".join(marked.get(letter, letter) for letter in text)


def _yaml(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
