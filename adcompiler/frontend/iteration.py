"""What loops run over: elements that are known one by one, or places counted by a range.

    for i, (a, b) in enumerate(zip(x, y)):         for i in range(min(len(x), len(y))):
        ...                                            a, b = x[i], y[i]

Tuples, lists and dicts are `Known`. Ranges, arrays and lists of run-time length are a `Walk`: a
range, and what stands at each of its values. `zip`, `enumerate` and the like (`iterators`) combine
these into others; each gives a `OneWay`, which, as in Python, can be read once.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from ..ir.core import Value
from ..ir.sizes import Size, add, is_positive, negate
from ..ir.types import Array, List, rank
from ..ops.indexing import Slot
from . import arithmetic
from .context import Context
from .items import DictView, Item, RangeItem, in_words
from .names import size_item

__all__ = [
    "At",
    "Chain",
    "Content",
    "Known",
    "Nested",
    "OneWay",
    "Segments",
    "Source",
    "Walk",
    "called",
    "compute",
    "content",
    "downwards",
    "gathered",
    "known",
    "looped_over",
    "materialised",
    "name_of",
    "one_way",
    "part_of",
    "places_of",
    "range_length",
    "use",
]

# Gives the element at an index, which is a value or an int; `target` is what it is bound to.
At = Callable[[Item, "ast.expr | None"], Item]


@final
@dataclass(frozen=True)
class Known:
    """Elements that are known one by one: the loop unrolls.

    `sources`: what gives the elements as they are now, which the loop's body must not change ahead
    of the loop.
    """

    items: Sequence[Item]
    sources: tuple[Source, ...] = ()

    def is_unchanged(self, position: int) -> bool:
        """Whether the elements after this position are still what they were."""
        return all(source.is_unchanged(position) for source in self.sources)


@final
@dataclass(frozen=True)
class Source:
    """The elements of a list or dict; `ordered`: they are taken from the first to the last.

    `changes`: how often the owner had changed when they were taken.
    """

    owner: Any
    now: Callable[[], Sequence[Item]]
    items: Sequence[Item]
    changes: int
    ordered: bool = True

    @staticmethod
    def of(owner: Any, now: Callable[[], Sequence[Item]]) -> Source:
        """The elements as they are now; only what the function has made ever changes."""
        return Source(owner, now, now(), getattr(owner, "changes", 0))

    def is_unchanged(self, position: int) -> bool:
        if getattr(self.owner, "changes", 0) == self.changes:
            return True
        now, first = self.now(), position + 1 if self.ordered else 0
        return len(now) == len(self.items) and all(map(_same, now[first:], self.items[first:]))


def _same(a: Item, b: Item) -> bool:
    if a is not b and isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return a is b


@final
@dataclass(frozen=True)
class Walk:
    """An element for each value of a range.

    `reverse`: from the range's last value to its first. `path`: where in the loop's target the
    range's value itself stands: () if it is the target, None if it is not in it. `over`: the lists
    that it reads, whose lengths must stay.
    """

    bounds: RangeItem
    at: At
    reverse: bool = False
    path: tuple[int, ...] | None = None
    over: tuple[Value, ...] = ()

    def index_name(self, target: ast.expr) -> str | None:
        """The user's name for the range's value."""
        for step in self.path or ():
            target = part_of(target, step)  # type: ignore[assignment]
        return None if self.path is None else name_of(target)


@final
@dataclass(frozen=True)
class Nested:
    """A loop in a loop: `element` joins what the loops, the outermost first, stand at; `path` says
    where in the target the tuple of places stands."""

    walks: tuple[Walk, ...]
    element: Callable[[tuple[Item, ...], ast.expr | None], Item]
    path: tuple[int, ...] = ()

    def index_name(self, target: ast.expr, level: int) -> str | None:
        """The user's name for the place in one of the loops."""
        walk = self.walks[level]
        path = None if walk.path is None else (*self.path, level, *walk.path)
        return replace(walk, path=path).index_name(target)


@final
@dataclass(frozen=True)
class Chain:
    """One after the other."""

    contents: tuple[Content, ...]


@final
@dataclass(frozen=True)
class Segments:
    """A walk whose loop saves what it carries every so many elements; None: about sqrt(n)."""

    walk: Walk
    every: Item


Content = Known | Walk | Nested | Chain


@final
@dataclass(eq=False)
class OneWay:
    """What `zip`, `map`, `reversed` give: it is read once, in the loop that it is made in."""

    name: str
    content: Content | Segments | Callable[[], Content]
    depth: int
    # Of a generator: its elements as a list; `all` or `any` of them.
    gather: Callable[[], Item] | None = None
    truth: Callable[[bool], Item] | None = None
    used: bool = False


def content(ctx: Context, node: ast.AST, item: Item) -> Content:
    """What iterating over an item runs over."""
    match item:
        case DictView():
            source = Source.of(item.owner, item.now)
            return Known(source.items, (source,))
        case tuple():
            return Known(item)
        case list() | dict():
            source = Source.of(item, lambda: tuple(item))
            return Known(source.items, (source,))
        case RangeItem():
            return Walk(item, lambda index, target: index, path=())
        case OneWay():
            return _taken(ctx, node, item)
        case Value(Array() | List()) if rank(item.type):
            return _elements(ctx, node, item)
    advice = "loop over a range, an array, a tuple, a list or a dict."
    if isinstance(item, str):
        advice = "loop over a tuple of strings."
    return ctx.refuse(
        node, "unsupported-iteration", f"{in_words(item)} can't be iterated over.", advice
    )


def use(ctx: Context, node: ast.AST, item: OneWay) -> None:
    """Note that the item is read; it can be once."""
    if item.used or item.depth != len(ctx.loops):
        ctx.refuse(
            node, "unsupported-iteration", f"{called(item)} gives its elements once, and this may"
            " be the second time.", "make it where it is looped over, or make a list of it.",
        )  # fmt: skip
    item.used = True


def _taken(ctx: Context, node: ast.AST, item: OneWay) -> Content:
    use(ctx, node, item)
    found = item.content() if callable(item.content) else item.content
    if isinstance(found, Segments):
        ctx.refuse(
            node, "checkpoint", "checkpoint() is not what a `for` statement runs over.",
            "write it around the whole: `for i, v in checkpoint(enumerate(x)):`.",
        )  # fmt: skip
    return found


def looped_over(ctx: Context, node: ast.AST, item: Item) -> Content | Segments:
    """What a `for` statement runs over."""
    if isinstance(item, OneWay) and isinstance(item.content, Segments):
        use(ctx, node, item)
        return item.content
    return content(ctx, node, item)


def called(item: OneWay) -> str:
    """What it is called in messages."""
    return item.name if " " in item.name else f"what {item.name}() gives"


def gathered(ctx: Context, node: ast.AST, item: Item) -> Item:
    """The elements of a generator expression as a list; anything else as it is."""
    if not isinstance(item, OneWay) or item.gather is None:
        return item
    use(ctx, node, item)
    return item.gather()


def _elements(ctx: Context, node: ast.AST, value: Value) -> Walk:
    """`x[0]`, `x[1]`, ...: the rows of an array, the elements of a list."""

    def at(index: Item, target: ast.expr | None) -> Item:
        if isinstance(index, int):
            return ctx.emit(node, "index", (value,), {"key": (index,)}, name_of(target))
        return ctx.emit(node, "index", (value, index), {"key": (Slot(0),)}, name_of(target))

    over = (ctx.memory.owner(value),) if isinstance(value.type, List) else ()
    bounds = RangeItem(0, size_item(ctx, node, value, 0, via="len"), 1)
    return Walk(bounds, at, over=over)


def known(ctx: Context, node: ast.AST, item: Item, what: str) -> list[Item]:
    """The elements of something whose length has to be known."""
    return materialised(ctx, node, content(ctx, node, item), None, what)


def materialised(
    ctx: Context, node: ast.AST, found: Content, count: int | None, what: str
) -> list[Item]:
    """All elements, or the first `count` ones if that is all that is asked for."""
    match found:
        case Known(items):
            return list(items)
        case Chain(contents):
            return [v for one in contents for v in materialised(ctx, node, one, None, what)]
        case Nested(walks, element):
            rows: list[tuple[Item, ...]] = [()]
            for walk in walks:
                here = materialised(ctx, node, walk, None, what)
                rows = [(*row, v) for row in rows for v in here]
            return [element(row, None) for row in rows]
        case Walk(bounds):
            length, get = places_of(ctx, node, found)
            size = length.type.size if isinstance(length, Value) else length  # type: ignore
            if count is not None and _reaches(size, count):
                return [get(k, None) for k in range(count)]
            parts = (bounds.start, bounds.stop, bounds.step)
            places = range(*[ctx.static(part, node, what) for part in parts])
            return [found.at(k, None) for k in (reversed(places) if found.reverse else places)]


def _reaches(size: Size | None, count: int) -> bool:
    """Whether a size is known to be at least `count`."""
    return size is not None and is_positive(add(size, negate(count - 1)))


def places_of(ctx: Context, node: ast.AST, walk: Walk) -> tuple[Item, At]:
    """The number of elements, and how to get the k-th; a negative number stands for none."""
    start, stop, step = walk.bounds.start, walk.bounds.stop, walk.bounds.step
    plain = (start, step) == (0, 1) if type(start) is type(step) is int else False
    length = stop if plain else range_length(ctx, node, walk.bounds)
    if plain and not walk.reverse:
        return length, walk.at

    def get(k: Item, target: ast.expr | None) -> Item:
        if walk.reverse:
            k = compute(ctx, node, ast.Sub(), compute(ctx, node, ast.Sub(), length, 1), k)
        k = compute(ctx, node, ast.Mult(), k, step)
        return walk.at(compute(ctx, node, ast.Add(), start, k), target)

    return length, get


def range_length(ctx: Context, node: ast.AST, bounds: RangeItem) -> Item:
    """`len(range(...))`."""
    parts = (bounds.start, bounds.stop, bounds.step)
    if all(type(part) is int for part in parts):
        return len(range(*parts))
    return ctx.emit(node, "length", (ctx.emit(node, "range", parts, {}),), {})


def compute(
    ctx: Context, node: ast.AST, op: ast.operator, a: Item, b: Item, target: Any = None
) -> Item:
    """`a op b`, with nothing left of `+ 0` and `* 1`."""
    match op:
        case ast.Add() if type(a) is int and a == 0:
            return b
        case ast.Add() | ast.Sub() if type(b) is int and b == 0:
            return a
        case ast.Mult() if type(b) is int and b == 1:
            return a
    return arithmetic.binary(ctx, node, op, a, b, name_of(target))


def name_of(target: ast.expr | None) -> str | None:
    """The name that an element is bound to, if it is bound to a name."""
    return target.id if isinstance(target, ast.Name) else None


def part_of(target: ast.expr | None, position: int) -> ast.expr | None:
    """The part of a loop's target that the element's part is bound to."""
    if not isinstance(target, (ast.Tuple, ast.List)) or position >= len(target.elts):
        return None
    stars = any(isinstance(one, ast.Starred) for one in target.elts)
    return None if stars else target.elts[position]


def one_way(
    ctx: Context, name: str, found: Content | Segments | Callable[[], Content]
) -> OneWay:
    """What a call of `name` gives."""
    return OneWay(name, found, len(ctx.loops))


def downwards(ctx: Context, node: ast.AST, walk: Walk) -> Walk:
    """A walk from the last value to the first as one over a range that goes down."""
    if not walk.reverse:
        return walk
    start, stop, step = walk.bounds.start, walk.bounds.stop, walk.bounds.step
    if type(step) is int and step == 1:
        first = compute(ctx, node, ast.Sub(), stop, 1)
    else:
        count = compute(ctx, node, ast.Sub(), range_length(ctx, node, walk.bounds), 1)
        first = compute(ctx, node, ast.Add(), start, compute(ctx, node, ast.Mult(), count, step))
    end = compute(ctx, node, ast.Sub(), start, step)
    down = -step if type(step) is int else compute(ctx, node, ast.Sub(), 0, step)
    return replace(walk, bounds=RangeItem(first, end, down), reverse=False)
