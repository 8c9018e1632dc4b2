"""From SSA to a picture: a node for each gate, a wire for each operand, a box for each region.

A loop's body is drawn once, with the numbers of one iteration, or iteration by iteration. What
enters an iteration is a `carry`, with a wire back from where the iteration leaves it; what a branch
hands on is a `choice`. Constants stand beside the gate that reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from ..diagnostics import Diagnostic, SignatureError
from ..frontend.lower import Lowered
from ..graph import Graph, no_run
from ..graph_program import names_of
from ..graph_text import expressions, shown, symbol
from ..ir.core import Block, Function, Operation, Value, hint, is_temporary, on_all
from ..ir.loops import Loop, is_loop
from ..ir.types import Array, Static
from ..naming import with_temporaries
from ..transform.probes import is_look
from .model import Box, Node, Picture, Wire
from .numbers import Numbers, Place, short

__all__ = ["picture_of", "picture_of_run", "picture_of_types"]

_PRINTED = {"*": "×", "-": "\u2212"}
_LONGEST = 24
_MOST = 1000


def picture_of_run(
    graph: Graph, iteration: Sequence[int] = (), unroll: bool = False, title: str = ""
) -> Picture:
    """The graph's last run; title: the function's name, if not given."""
    program = graph._program
    if program is None or graph._run is None:
        raise no_run("to draw")
    numbers = Numbers(graph, program.function)
    name = title or program.function.name
    return picture_of(program.function, program.names, name, numbers, iteration, unroll)


def picture_of_types(lowered: Lowered, title: str) -> Picture:
    """Without numbers: loops once, both sides of branches, and the types of arrays."""
    function = on_all(with_temporaries, lowered.function)
    return picture_of(function, names_of(lowered), title)


def picture_of(
    function: Function, names: Mapping[Value, str], title: str, numbers: Numbers | None = None,
    iteration: Sequence[int] = (), unroll: bool = False,
) -> Picture:  # fmt: skip
    """numbers: those of a run; iteration: which one of a loop is shown, the outermost loop's
    first, instead of the last; unroll: every one."""
    texts = expressions(function, names)
    builder = _Builder(function, names, texts, numbers, tuple(iteration), unroll)
    whole = Box("whole", title)
    place = None if numbers is None else ()
    for v in function.parameters:
        builder.node(whole, "parameter", names[v], v, place)
    builder.block(function.body, place, whole)
    for v in function.body.results:
        start = builder.source(v, whole)
        if start is not None:
            end = builder.add(whole, "result", "return").key
            builder.wire(start, end)
    return _pruned(Picture(whole, builder.wires))


@dataclass
class _Builder:
    function: Function
    names: Mapping[Value, str]
    texts: Mapping[tuple[Value, ...], str]
    numbers: Numbers | None
    iteration: tuple[int, ...]
    unroll: bool
    wires: list[Wire] = field(default_factory=list)
    sources: dict[Value, str | None] = field(default_factory=dict)
    made: int = 0

    def key(self) -> str:
        self.made += 1
        if self.made > _MOST:
            raise SignatureError(
                Diagnostic(
                    "graph", f"the picture would have more than {_MOST} gates.",
                    "show one iteration of each loop, or fewer layers.",
                )
            )  # fmt: skip
        return f"{self.made}"

    def add(self, box: Box, kind: str, label: str) -> Node:
        text = label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
        node = Node(self.key(), kind, text, faded=box.faded)
        box.parts.append(node)
        return node

    def node(self, box: Box, kind: str, label: str, value: Value, place: Place | None) -> Node:
        """A node for a value, with its numbers, or its type."""
        node = self.add(box, kind, label)
        self.sources[value] = node.key
        if self.numbers is None:
            array = isinstance(value.type, Array) and value.type.shape
            node.value = str(value.type) if array else ""
            return node
        pair = None if place is None else self.numbers.pair(value, place)
        node.faded = place is None or (pair is None and kind == "gate")
        if pair is not None:
            node.value, node.gradient = short(pair[0]), short(pair[1])
            gradient = "" if pair[1] is None else f", gradient {shown(pair[1])}"
            node.title = f"{shown(pair[0])}{gradient}"
        return node

    def wire(self, start: str | None, end: str, slot: int = 0, *, back: bool = False,
             dashed: bool = False) -> None:  # fmt: skip
        if start is not None:
            self.wires.append(Wire(start, end, slot, back, dashed))

    def source(self, value: Value, box: Box) -> str | None:
        """The node that a value comes from: one made for a constant, where there is none yet."""
        if value in self.sources:
            return self.sources[value]
        text = self.texts.get((value,)) or hint(value)
        if text is None or isinstance(value.type, Static):
            return None
        return self.add(box, "constant", text).key

    def block(self, block: Block, place: Place | None, box: Box) -> None:
        for op in block.operations:
            if op.opcode == "undefined":
                self.sources[op.result] = None
            elif is_look(op):
                self.sources[op.result] = self.source(op.operands[0], box)
            elif op.opcode == "if":
                self.branch(op, place, box)
            elif is_loop(op):
                self.loop(op, place, box)
            else:
                self.gates(op, place, box)

    def gates(self, op: Operation, place: Place | None, box: Box) -> None:
        named = [v for v in op.results if hint(v) is not None and not isinstance(v.type, Static)]
        starts = [self.source(v, box) for v in op.operands] if named else []
        for v in named:
            text = symbol(op)
            node = self.node(box, "gate", _PRINTED.get(text, text), v, place)
            node.name = str(hint(v))
            line = "" if op.span is None else f"line {op.span.line}: "
            node.title = f"{line}{node.name} = {self.texts[op.results]}\n{node.title}".strip()
            for slot, start in enumerate(starts):
                self.wire(start, node.key, slot)

    def branch(self, op: Operation, place: Place | None, box: Box) -> None:
        condition = op.operands[0]
        text = self.text(condition)
        truth = self.numbers.truth(condition, place) if self.numbers and place is not None else None
        ends = []
        for k, block in enumerate(op.blocks):
            taken = truth is None or truth == (k == 0)
            title = "else" if k else f"if {text}"
            inner = Box(self.key(), title, box.faded or not taken)
            box.parts.append(inner)
            self.block(block, place if taken else None, inner)
            ends.append([self.source(v, inner) for v in block.results])
        decides = self.source(condition, box)
        for v, then, otherwise in zip(op.results, *ends, strict=True):
            if then is None or otherwise is None or then == otherwise:
                self.sources[v] = then or otherwise
                continue
            node = self.node(box, "choice", "if", v, place)
            node.name = "" if is_temporary(v) else str(hint(v))
            self.wire(decides, node.key, 0, dashed=True)
            self.wire(then, node.key, 1)
            self.wire(otherwise, node.key, 2)

    def loop(self, op: Operation, place: Place | None, box: Box) -> None:
        loop = Loop(op)
        trips = self.numbers.count(op, place) if self.numbers and place is not None else None
        title, inner = self.loop_title(loop), Box(self.key(), "")
        box.parts.append(inner)
        if self.unroll and trips is not None and place is not None:
            inner.title = title
            self.unrolled(loop, trips, place, inner)
            return
        chosen = None
        if trips:
            depth = len(place or ())
            wanted = self.iteration[depth] if len(self.iteration) > depth else trips - 1
            chosen = range(trips)[max(min(wanted, trips - 1), -trips)]
            title += f" · iteration {chosen} of 0…{trips - 1}" if trips > 1 else " · iteration 0"
        elif self.numbers is not None:
            inner.faded = True
        inner.title = title
        self.once(loop, None if chosen is None else (*(place or ()), chosen), inner, box)
        if chosen is not None and chosen != (trips or 0) - 1:
            for v in loop.finals:  # what the last iteration gives isn't what is shown
                end = self.sources[v]
                node = self.node(box, "carry", hint(v) or "carry", v, place)
                self.wire(end, node.key, dashed=True)
        if trips == 0:
            for v, start in zip(loop.finals, loop.starts, strict=True):
                self.sources[v] = self.source(start, box)

    def once(self, loop: Loop, place: Place | None, inner: Box, box: Box) -> None:
        starts = [self.source(v, box) for v in loop.starts]
        entries = []
        for v, start in zip(loop.parameters, starts, strict=True):
            node = self.node(inner, "carry", hint(v) or "carry", v, place)
            self.wire(start, node.key)
            entries.append(node.key)
        self.enter(loop, entries, place, inner)
        for v, entry, following in zip(loop.finals, entries, loop.following, strict=True):
            end = self.source(following, inner)
            self.sources[v] = end
            if end != entry:
                self.wire(end, entry, back=True)

    def unrolled(self, loop: Loop, trips: int, place: Place, inner: Box) -> None:
        carried = [self.source(v, inner) for v in loop.starts]
        for k in range(trips):
            box = Box(self.key(), f"iteration {k}")
            inner.parts.append(box)
            self.enter(loop, carried, (*place, k), box)
            carried = [self.source(v, box) for v in loop.following]
        self.sources.update(zip(loop.finals, carried, strict=True))
        self.last_question(loop, carried, (*place, trips), inner)

    def last_question(
        self, loop: Loop, carried: Sequence[str | None], place: Place, inner: Box
    ) -> None:
        """The condition that ended a `while`; none was asked where it was left by `break`."""
        for block in loop.op.blocks[:-1]:
            if self.numbers is not None and self.numbers.pair(block.results[0], place) is not None:
                box = Box(self.key(), "the end")
                inner.parts.append(box)
                self.sources.update(zip(block.parameters, carried, strict=True))
                self.block(block, place, box)

    def enter(
        self, loop: Loop, carried: Sequence[str | None], place: Place | None, box: Box
    ) -> None:
        """An iteration, from the condition on."""
        for block in loop.op.blocks:
            self.sources.update(zip(block.parameters[: loop.carry], carried, strict=True))
        for v in loop.elements:
            self.node(box, "element", hint(v) or "_", v, place)
        for block in loop.op.blocks:
            self.block(block, place, box)

    def loop_title(self, loop: Loop) -> str:
        if loop.op.opcode == "while":
            return f"while {self.text(loop.op.blocks[0].results[0])}"
        names = ", ".join(hint(v) or "_" for v in loop.elements)
        return f"for {names} in {', '.join(map(self.text, loop.sequences))}"

    def text(self, value: Value) -> str:
        text = self.texts.get((value,)) or self.names.get(value) or hint(value) or "…"
        return text if len(text) <= 2 * _LONGEST else f"{text[: 2 * _LONGEST - 1]}…"


_USED = {"constant", "choice", "carry", "element"}


def _pruned(picture: Picture) -> Picture:
    """Without what stands between gates and isn't read, and without empty boxes."""
    wires = picture.wires
    kinds = {node.key: node.kind for node in picture.nodes}
    while True:
        read = {wire.start for wire in wires if not (wire.back and kinds[wire.start] in _USED)}
        gone = {key for key, kind in kinds.items() if kind in _USED and key not in read}
        if not gone:
            break
        kinds = {key: kind for key, kind in kinds.items() if key not in gone}
        wires = [wire for wire in wires if wire.start in kinds and wire.end in kinds]
    numbers = {key: f"n{k}" for k, key in enumerate(kinds, 1)}
    renumbered = [replace(w, start=numbers[w.start], end=numbers[w.end]) for w in wires]
    return Picture(_kept(picture.whole, numbers, count(1)), renumbered)


def _kept(box: Box, numbers: Mapping[str, str], boxes: Iterator[int]) -> Box:
    parts: list[Node | Box] = []
    for part in box.parts:
        if isinstance(part, Box):
            inner = _kept(part, numbers, boxes)
            if inner.parts:
                parts.append(inner)
        elif part.key in numbers:
            parts.append(replace(part, key=numbers[part.key]))
    return replace(box, key=f"b{next(boxes)}", parts=parts)
