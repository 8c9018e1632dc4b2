"""Places for what a picture shows, by Graphviz: boxes in boxes, from left to right.

Only sizes are handed over, never text, so that the fonts of a machine change nothing. A node is a
table: on the left its head, with a port for each operand, in order; on the right what its numbers
take, where its wires start.

    | i0 |           |
    |----|  numbers  o
    | i1 |           |
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .model import Box, Picture, Wire

__all__ = ["HEIGHT", "Layout", "Rectangle", "layout"]

HEIGHT = 46
_POINTS = 72.0
Point = tuple[int, int]


@dataclass(frozen=True)
class Rectangle:
    left: int
    top: int
    right: int
    bottom: int

    @property
    def middle(self) -> int:
        return (self.top + self.bottom) // 2


@dataclass(frozen=True)
class Layout:
    """By key: where nodes and boxes are. By wire: the points of its Bézier curves."""

    width: int
    height: int
    places: Mapping[str, Rectangle]
    curves: Mapping[Wire, list[Point]]


def layout(
    picture: Picture, widths: Mapping[str, tuple[int, int]], titles: Mapping[str, int]
) -> Layout:
    """widths: of each node's head, and of its numbers; titles: of the boxes' titles.

    Raises ModuleNotFoundError without pygraphviz."""
    try:
        import pygraphviz
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "pictures are laid out by pygraphviz. Install the extra `graph`: python -m pip install"
            " 'adcompiler[graph]', or '.[graph]' in a clone. .dot and .mmd need no library.",
            name=error.name,
        ) from None
    text = "\n".join(_lines(picture, widths, titles))
    graph = pygraphviz.AGraph(string=text)
    return _read(json.loads(graph.draw(format="json0", prog="dot")), picture)


def _lines(
    picture: Picture, widths: Mapping[str, tuple[int, int]], titles: Mapping[str, int]
) -> Iterator[str]:
    slots = {node.key: 1 for node in picture.nodes}
    for wire in picture.wires:
        slots[wire.end] = max(slots[wire.end], wire.slot + 1)
    yield "digraph {"
    yield "rankdir=LR; ranksep=0.33; nodesep=0.22;"
    yield "edge [arrowhead=none];"
    yield "node [shape=none, margin=0, width=0, height=0];"
    yield from _box(picture.whole, widths, titles, slots)
    for k, wire in enumerate(picture.wires):
        if wire.back:
            start, end = (
                f"{key}:{'h' if widths[key][1] else 'o'}:s" for key in (wire.start, wire.end)
            )
            yield f"{end} -> {start} [id=w{k}, weight=0];"
        else:
            yield f"{wire.start}:o:e -> {wire.end}:i{wire.slot}:w [id=w{k}];"
    yield "}"


def _box(
    box: Box, widths: Mapping[str, tuple[int, int]], titles: Mapping[str, int],
    slots: Mapping[str, int],
) -> Iterator[str]:  # fmt: skip
    for part in box.parts:
        if isinstance(part, Box):
            yield f"subgraph cluster_{part.key} {{ margin=12; labeljust=l;"
            yield (
                "label=<<table border='0' cellpadding='0' fixedsize='true' height='14' "
                f"width='{titles[part.key]}'><tr><td></td></tr></table>>;"
            )
            yield from _box(part, widths, titles, slots)
            yield "}"
        else:
            yield _node(part.key, *widths[part.key], slots[part.key])


def _node(key: str, head: int, numbers: int, slots: int) -> str:
    each = max(HEIGHT, 15 * slots) // slots
    rows = "".join(f"<tr>{_cell(f'i{k}', head, each)}</tr>" for k in range(slots))
    right = _cell("o", numbers, each * slots) if numbers else ""
    port = "h" if numbers else "o"
    label = f"<tr><td port='{port}'><table {_PLAIN}>{rows}</table></td>{right}</tr>"
    return f"{key} [label=<<table {_PLAIN}>{label}</table>>];"


_PLAIN = "border='0' cellborder='0' cellspacing='0' cellpadding='0'"


def _cell(port: str, width: int, height: int) -> str:
    return f"<td port='{port}' fixedsize='true' width='{width}' height='{height}'></td>"


def _read(found: Any, picture: Picture) -> Layout:
    _, _, width, height = map(float, found["bb"].split(","))

    def point(x: str, y: str) -> Point:
        return round(float(x)), round(height - float(y))

    places = {}
    for item in found.get("objects", ()):
        name = item["name"].removeprefix("cluster_")
        if "bb" in item:
            left, bottom, right, top = item["bb"].split(",")
            places[name] = Rectangle(*point(left, top), *point(right, bottom))
        elif "pos" in item:
            x, y = map(float, item["pos"].split(","))
            half = float(item["width"]) * _POINTS / 2, float(item["height"]) * _POINTS / 2
            corner = round(x - half[0]), round(height - y - half[1])
            places[name] = Rectangle(
                *corner, corner[0] + round(2 * half[0]), corner[1] + round(2 * half[1])
            )
    curves = {}
    for item in found.get("edges", ()):
        wire = picture.wires[int(item["id"][1:])]
        points = _curve(item["pos"], point)
        curves[wire] = points[::-1] if wire.back else points
    return Layout(round(width), round(height), places, curves)


def _curve(text: str, point: Any) -> list[Point]:
    """Graphviz's `x,y x,y x,y ...`: a point, and then three for each curve."""
    return [point(*part.split(",")) for part in text.split()]
