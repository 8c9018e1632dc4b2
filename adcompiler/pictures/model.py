"""What a picture shows, before anything has a place: nodes, wires, boxes for loops and branches.

    L = sigmoid(w * x)      w, x -> (*) s0 -> (sigmoid) L -> return
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Box", "Node", "Picture", "Wire"]


@dataclass
class Node:
    """A gate; or a leaf: a `parameter`, a `constant`, a loop's `element`; or where wires meet: a
    `carry` at the beginning of an iteration, a `choice` behind an `if`; or a `result`.

    `label` is the operation, or the leaf's text; `name` the variable's. `value` and `gradient` are
    short texts, empty where there is none; `title` tells more. `faded`: it hasn't run."""

    key: str
    kind: str
    label: str
    name: str = ""
    value: str = ""
    gradient: str = ""
    title: str = ""
    faded: bool = False


@dataclass
class Box:
    """A loop's body, a side of a branch, an iteration; what it holds, in the program's order."""

    key: str
    title: str
    faded: bool = False
    parts: list[Node | Box] = field(default_factory=list)

    def nodes(self) -> Iterator[Node]:
        for part in self.parts:
            if isinstance(part, Node):
                yield part
            else:
                yield from part.nodes()

    def boxes(self) -> Iterator[Box]:
        """Those inside, the outer ones first."""
        for part in self.parts:
            if isinstance(part, Box):
                yield part
                yield from part.boxes()


@dataclass(frozen=True)
class Wire:
    """From a node to the `slot`-th operand of another. `back`: to the next iteration; `dashed`: it
    decides, and hands on no number."""

    start: str
    end: str
    slot: int = 0
    back: bool = False
    dashed: bool = False


@dataclass(frozen=True)
class Picture:
    """`whole` is everything; its title is the function, or the call."""

    whole: Box
    wires: list[Wire]

    @property
    def nodes(self) -> list[Node]:
        return list(self.whole.nodes())
