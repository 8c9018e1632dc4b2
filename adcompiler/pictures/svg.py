"""A picture as SVG: circles for gates, on each gate's wire its value above and its gradient below.

           -2             The wire between a gate and where it parts is drawn as part of the gate,
    (×) ---------o        so that its two numbers have room. Colours follow the reader's light or
          0.1966          dark scheme. The same picture gives the same bytes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from html import escape

from .layout import Layout, Rectangle, layout
from .model import Box, Node, Picture, Wire

__all__ = ["SCHEMES", "svg"]

# Per scheme: the page, boxes, lines of boxes, heads of gates, wires, text, quiet text, values,
# gradients. Text has a contrast of at least 4.5 to page, boxes and heads, wires of 3.
SCHEMES = {
    "light": {
        "page": "#ffffff", "box": "#f4f6f8", "edge": "#b9c1ca", "head": "#e3ecfb", "rim": "#4a72b8",
        "wire": "#78828e", "ink": "#1b1f24", "quiet": "#555e68", "value": "#0f6a2b",
        "gradient": "#b01030",
    },
    "dark": {
        "page": "#0d1117", "box": "#171d26", "edge": "#434c58", "head": "#1f3354", "rim": "#7aa5ee",
        "wire": "#7d8894", "ink": "#e8edf3", "quiet": "#a3adb8", "value": "#6fdd8b",
        "gradient": "#ff8a94",
    },
}  # fmt: skip

_RADIUS = 16
_MARGIN, _TITLE = 18, 30
_LABEL, _NUMBER, _SMALL = 7.9, 7.0, 6.7  # the widths of a character, at 13, 11.5 and 11 px
_BARE = {"constant", "element", "result"}


def svg(picture: Picture) -> str:
    """ModuleNotFoundError without the library that finds places."""
    nodes = picture.nodes
    widths = {node.key: (_head(node), _stub(node)) for node in nodes}
    titles = {box.key: round(len(box.title) * _SMALL) for box in picture.whole.boxes()}
    return "\n".join(_lines(picture, layout(picture, widths, titles))) + "\n"


def _head(node: Node) -> int:
    """The width of a node's own shape."""
    if node.kind in _BARE:
        return round(len(node.label) * _LABEL) + 6
    if node.kind == "choice":
        return 2 * _RADIUS + 8
    return max(2 * _RADIUS, round(len(node.label) * _LABEL) + 18)


def _stub(node: Node) -> int:
    """The width of the wire with its numbers."""
    longest = max(len(node.value), len(node.gradient))
    return round(longest * _NUMBER) + 14 if longest else 0


def _lines(picture: Picture, places: Layout) -> Iterator[str]:
    least = round(len(picture.whole.title) * _LABEL)
    width = max(places.width, least) + 2 * _MARGIN
    height = places.height + 2 * _MARGIN + _TITLE
    title = escape(picture.whole.title)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="adc" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{title}">'
    )
    yield from _style()
    yield f'<rect class="adc-page" width="{width}" height="{height}" rx="6"/>'
    yield f'<text class="adc-label" x="{_MARGIN}" y="{_MARGIN + 10}">{title}</text>'
    yield f'<g transform="translate({_MARGIN} {_MARGIN + _TITLE})">'
    for box in picture.whole.boxes():
        yield _box(box, places.places[box.key])
    nodes = {node.key: node for node in picture.nodes}
    for wire in picture.wires:
        yield _wire(wire, places, nodes)
    for box in picture.whole.boxes():
        at = places.places[box.key]
        style = "adc-name adc-halo" + " adc-faded" * box.faded
        yield _text(style, at.left + 9, at.top + 16, box.title)
    parting = Counter(wire.start for wire in picture.wires)
    for node in picture.nodes:
        yield from _node(node, places.places[node.key], parting[node.key])
    yield "</g>"
    yield "</svg>"


def _style() -> Iterator[str]:
    yield "<style>"
    yield (
        ".adc text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',"
        "monospace}"
    )
    yield ".adc-label{font-size:13px}.adc-number{font-size:11.5px}.adc-name{font-size:11px}"
    yield ".adc-name{font-style:italic}.adc-faded{opacity:.45}.adc-middle{text-anchor:middle}"
    yield ".adc-wire{fill:none;stroke-width:1.4}.adc-dashed{stroke-dasharray:4 3}"
    yield ".adc-halo{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}"
    yield from _colours(SCHEMES["light"])
    yield "@media (prefers-color-scheme: dark){"
    yield from _colours(SCHEMES["dark"])
    yield "}"
    yield "</style>"


def _colours(scheme: dict[str, str]) -> Iterator[str]:
    rules = {
        "page": "fill:page", "box": "fill:box;stroke:edge", "head": "fill:head;stroke:rim",
        "leaf": "fill:page;stroke:wire", "wire": "stroke:wire", "tip": "fill:wire",
        "label": "fill:ink", "name": "fill:quiet", "value": "fill:value",
        "gradient": "fill:gradient", "halo": "stroke:box",
    }  # fmt: skip
    for name, rule in rules.items():
        pairs = [part.split(":") for part in rule.split(";")]
        yield f".adc-{name}{{{';'.join(f'{key}:{scheme[colour]}' for key, colour in pairs)}}}"


def _box(box: Box, at: Rectangle) -> str:
    return (
        f'<rect class="adc-box{" adc-faded" * box.faded}" x="{at.left}" y="{at.top}" '
        f'width="{at.right - at.left}" height="{at.bottom - at.top}" rx="8"/>'
    )


def _wire(wire: Wire, places: Layout, nodes: dict[str, Node]) -> str:
    points = places.curves[wire]
    start, end = nodes[wire.start], nodes[wire.end]
    names = "adc-wire" + " adc-dashed" * (wire.back or wire.dashed)
    names += " adc-faded" * (start.faded or end.faded)
    at, to = places.places[wire.start], places.places[wire.end]
    if wire.back:
        low = to.middle + _RADIUS
        before, after = f"M{points[0][0]} {at.middle + _RADIUS}", f"V{low + 7}"
        tip = f'<path class="adc-tip" d="M{points[-1][0]} {low}l-4 8h8z"/>'
    else:
        inset = _inset(end, abs(points[-1][1] - to.middle))
        before, after, tip = f"M{at.right} {at.middle}", f"H{to.left + inset}", ""
    numbers = [f"{x} {y}" for x, y in points]
    curves = " ".join(f"C{a} {b} {c}" for a, b, c in zip(*[iter(numbers[1:])] * 3, strict=True))
    return f'<path class="{names}" d="{before}L{numbers[0]}{curves}{after}"/>{tip}'


def _inset(node: Node, off: float) -> int:
    """How far inside of its rectangle the node's outline is, so far off its middle."""
    if node.kind in _BARE:
        return 0
    if node.kind == "choice":
        return round((_RADIUS + 4) * min(off / _RADIUS, 1.0))
    return round(_RADIUS - math.sqrt(max(_RADIUS**2 - off**2, 0.0)))


def _node(node: Node, at: Rectangle, wires: int) -> Iterator[str]:
    middle, head = at.middle, _head(node)
    x = at.left + head // 2
    yield f'<g class="adc-{node.kind}{" adc-faded" * node.faded}">'
    if node.title:
        yield f"<title>{escape(node.title)}</title>"
    yield from _shape(node, at.left, middle, head)
    yield _text("adc-label adc-middle", x, middle + 4, node.label)
    if node.name:
        yield _text("adc-name adc-middle", x, middle - _RADIUS - 4, node.name)
    if _stub(node):
        start = at.left + head
        yield f'<path class="adc-wire" d="M{start} {middle}H{at.right}"/>'
        centre = (start + at.right) // 2
        if node.value:
            yield _text("adc-number adc-value adc-middle", centre, middle - 5, node.value)
        if node.gradient:
            yield _text("adc-number adc-gradient adc-middle", centre, middle + 14, node.gradient)
    if wires > 1 and node.kind not in _BARE:
        yield f'<circle class="adc-tip" cx="{at.right}" cy="{middle}" r="2.6"/>'
    yield "</g>"


def _shape(node: Node, left: int, middle: int, width: int) -> Iterator[str]:
    if node.kind in _BARE:
        return
    if node.kind == "choice":
        half = width // 2
        yield (
            f'<path class="adc-leaf" d="M{left} {middle}l{half} {-_RADIUS} {half} {_RADIUS} '
            f'{-half} {_RADIUS}z"/>'
        )
        return
    style = "adc-head" if node.kind == "gate" else "adc-leaf"
    style += " adc-dashed" * (node.kind == "carry")
    radius = 5 if node.kind == "parameter" else _RADIUS
    yield (
        f'<rect class="{style}" x="{left}" y="{middle - _RADIUS}" width="{width}" '
        f'height="{2 * _RADIUS}" rx="{radius}"/>'
    )


def _text(classes: str, x: int, y: int, text: str) -> str:
    return f'<text class="{classes}" x="{x}" y="{y}">{escape(_printed(text))}</text>'


def _printed(text: str) -> str:
    """Numbers with the sign for minus."""
    return text.replace("-", "\u2212") if text.lstrip("-[")[:1].isdecimal() else text
