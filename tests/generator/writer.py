"""What a program is written with: lines, the variables in sight, the productions to draw from.

A production is a function that adds a statement, or gives an expression, and belongs to a feature.
Each program draws a few features and uses the productions of those alone, so that constructs meet
in many small groups, and one that is refused keeps few programs from being compiled.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "ARRAYS", "CONDITIONS", "NUMBERS", "STATEMENTS", "NotApplicable", "Variable", "Writer", "array",
    "condition", "number", "statement",
]  # fmt: skip

Shape = tuple[int, ...]


class NotApplicable(Exception):
    """The production finds nothing in sight to work on; another one is drawn."""


@dataclass(frozen=True)
class Variable:
    """A name in sight. `kind` is "number", "array" or "int"; an int is below `bound`."""

    name: str
    kind: str
    shape: Shape = ()
    bound: int = 0
    writable: bool = True


@dataclass(frozen=True)
class Production:
    feature: str
    weight: float
    make: Callable[..., Any]


STATEMENTS: list[Production] = []
NUMBERS: list[Production] = []
ARRAYS: list[Production] = []
CONDITIONS: list[Production] = []


def _register(table: list[Production]) -> Callable[..., Any]:
    def named(feature: str, weight: float = 1.0) -> Callable[..., Any]:
        def add(make: Callable[..., Any]) -> Callable[..., Any]:
            table.append(Production(feature, weight, make))
            return make

        return add

    return named


statement = _register(STATEMENTS)
number = _register(NUMBERS)
array = _register(ARRAYS)
condition = _register(CONDITIONS)

# Names that the emitted text might want for itself.
_NASTY = ("grad_x", "s0", "s1", "grad_out", "x_tape", "out", "grad_v1", "value", "trips", "_")
_SHAPES: tuple[Shape, ...] = ((3,), (3,), (4,), (2, 3), (2, 3), (3, 3), (3, 2))


@dataclass
class Writer:
    """One program while it is written."""

    rng: random.Random
    features: frozenset[str]
    lines: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    known: list[Variable] = field(default_factory=list)
    indent: int = 1
    depth: int = 0
    count: int = 0
    loops: int = 0
    in_function: bool = False

    def has(self, feature: str) -> bool:
        return feature in self.features

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def fresh(self, letter: str) -> str:
        self.count += 1
        if letter in "va" and self.rng.random() < 0.05:
            name = self.rng.choice(_NASTY)
            if all(v.name != name for v in self.known):
                return name
        return f"{letter}{self.count}"

    def choose(self, *options: Any) -> Any:
        return self.rng.choice(options)

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def shape(self) -> Shape:
        return self.rng.choice(_SHAPES)

    def learn(self, name: str, kind: str, shape: Shape = (), **facts: Any) -> Variable:
        """The name stands for this from here on."""
        self.known = [v for v in self.known if v.name != name]
        self.known.append(Variable(name, kind, shape, **facts))
        return self.known[-1]

    def forget(self, name: str) -> None:
        self.known = [v for v in self.known if v.name != name]

    def of_kind(self, kind: str) -> list[Variable]:
        return [v for v in self.known if v.kind == kind]

    def arrays(self, rank: int | None = None, writable: bool = False) -> list[Variable]:
        return [
            v
            for v in self.of_kind("array")
            if (rank is None or len(v.shape) == rank) and (v.writable or not writable)
        ]

    def pick(self, options: Sequence[Variable]) -> Variable:
        if not options:
            raise NotApplicable
        return self.rng.choice(options)

    def draw(self, table: list[Production], *args: Any) -> Any:
        """What one of the productions of the program's features makes."""
        options = [p for p in table if p.feature == "base" or p.feature in self.features]
        for _ in range(20):
            (chosen,) = self.rng.choices(options, [p.weight for p in options])
            mark, known = len(self.lines), self.known
            try:
                return chosen.make(self, *args)
            except NotApplicable:
                del self.lines[mark:]
                self.known = known
        raise NotApplicable

    @contextmanager
    def block(self, header: str | None = None) -> Iterator[None]:
        """An indented block; an empty one gets a `pass`."""
        if header is not None:
            self.line(header)
        self.indent += 1
        self.depth += 1
        start = len(self.lines)
        try:
            yield
            if len(self.lines) == start:
                self.line("pass")
        finally:
            self.indent -= 1
            self.depth -= 1

    def statements(self, count: int) -> None:
        for _ in range(count):
            self.draw(STATEMENTS)

    def number(self, depth: int = 0) -> str:
        """A float expression of moderate size, smooth."""
        if depth > 2 or self.chance(0.25):
            return self.number_leaf()
        return str(self.draw(NUMBERS, depth + 1))

    def number_leaf(self) -> str:
        names = [v.name for v in self.of_kind("number")]
        if names and self.chance(0.85):
            return self.rng.choice(names)
        return str(self.rng.choice([0.5, 1.5, 0.7, 1.0, -0.6, 0.25]))

    def array(self, shape: Shape, depth: int = 0) -> str:
        """An array expression of this shape, of moderate size."""
        if depth > 2 or self.chance(0.25):
            return self.array_leaf(shape)
        try:
            return str(self.draw(ARRAYS, shape, depth + 1))
        except NotApplicable:
            return self.array_leaf(shape)

    def array_leaf(self, shape: Shape) -> str:
        names = [v.name for v in self.arrays() if v.shape == shape]
        if names and self.chance(0.9):
            return self.rng.choice(names)
        size = shape[0] if len(shape) == 1 else shape
        return self.rng.choice([f"np.full({size}, {self.number_leaf()})", f"np.ones({size})"])

    def condition(self) -> str:
        return str(self.draw(CONDITIONS))

    def index(self, length: int) -> str:
        """An int expression that is an index of this length."""
        ints = [v for v in self.of_kind("int") if v.bound]
        if ints and self.chance(0.6):
            v = self.rng.choice(ints)
            return v.name if v.bound <= length else f"{v.name} % {length}"
        return str(self.rng.randrange(-length, length))
