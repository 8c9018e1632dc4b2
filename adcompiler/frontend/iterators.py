"""What `zip`, `enumerate`, `reversed`, `itertools` and `np.ndindex` make of what they run over.

    enumerate(zip(x, y))         a walk over range(min(len(x), len(y))) that gives, at its place i,
                                 (i, (x[i], y[i]))
    zip(x, (a, b))               (x[0], a), (x[1], b): known one by one, as what is beside x
    itertools.product(x, y)      one walk in the other
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..ir.core import Value
from ..ops.indexing import Slot
from .context import Context
from .items import Item, RangeItem
from .iteration import (
    Chain,
    Content,
    Known,
    Nested,
    OneWay,
    Source,
    Walk,
    called,
    compute,
    content,
    materialised,
    name_of,
    one_way,
    part_of,
    places_of,
)

__all__ = [
    "chained",
    "enumerated",
    "mapped",
    "neighbours",
    "over_places",
    "product",
    "turned",
    "zipped",
]


def _unordered(found: Sequence[Content]) -> tuple[Source, ...]:
    """The sources of what is read in an order of its own."""
    sources = (s for part in found if isinstance(part, Known) for s in part.sources)
    return tuple(replace(source, ordered=False) for source in sources)


def _ordered(found: Sequence[Content]) -> tuple[Source, ...]:
    return tuple(s for part in found if isinstance(part, Known) for s in part.sources)


def zipped(
    ctx: Context, node: ast.AST, name: str, parts: Sequence[Content], join: Any = None
) -> OneWay:
    """Elements side by side, up to the end of the shortest; `join` makes one element of them."""

    def joined(items: tuple[Item, ...]) -> Item:
        return items if join is None else join(*items)

    for part in parts:
        if isinstance(part, (Nested, Chain)):
            what = "the length of what is taken side by side"
            parts = [materialised(ctx, node, p, None, what) for p in parts]  # type: ignore
            parts = [Known(p) for p in parts]  # type: ignore[arg-type]
            break
    lengths = [len(part.items) for part in parts if isinstance(part, Known)]
    if lengths or not parts:
        count = min(lengths, default=0)
        what = f"the length of what {name}() takes beside a tuple or list"
        columns = [materialised(ctx, node, part, count, what) for part in parts]
        rows = tuple(map(joined, zip(*columns, strict=False)))
        return one_way(ctx, name, Known(rows, _ordered(parts)))
    walks = [part for part in parts if isinstance(part, Walk)]
    places = [places_of(ctx, node, walk) for walk in walks]

    def at(index: Item, target: ast.expr | None) -> Item:
        return joined(tuple(
            get(index, part_of(target, k) if join is None else None)
            for k, (_, get) in enumerate(places)
        ))  # fmt: skip

    paths = [
        (k, *walk.path) for k, (walk, (_, get)) in enumerate(zip(walks, places, strict=True))
        if walk.path is not None and get is walk.at and join is None
    ]  # fmt: skip
    stop = _shortest(ctx, node, [length for length, _ in places])
    path, over = paths[0] if paths else None, tuple(v for walk in walks for v in walk.over)
    return one_way(ctx, name, Walk(RangeItem(0, stop, 1), at, path=path, over=over))


def _shortest(ctx: Context, node: ast.AST, lengths: Sequence[Item]) -> Item:
    """`min(len(x), len(y))`, each length that is known to be another's left out."""
    kept: dict[Any, Item] = {}
    for length in lengths:
        size = length.type.size if isinstance(length, Value) else length  # type: ignore
        kept.setdefault(length if size is None else size, length)
    first, *rest = kept.values()
    for other in rest:
        first = ctx.emit(node, "minimum", (first, other), {"via": "op"})
    return first


def enumerated(ctx: Context, node: ast.AST, found: Content, start: Item) -> OneWay:
    """Each element with its number."""
    if not isinstance(found, Walk):
        first = ctx.static(start, node, "the start of enumerate()")
        items = materialised(ctx, node, found, None, "the length of what enumerate() takes")
        rows = [(first + k, v) for k, v in enumerate(items)]
        return one_way(ctx, "enumerate", Known(rows, _ordered((found,))))
    length, get = places_of(ctx, node, found)

    def at(index: Item, target: ast.expr | None) -> Item:
        number = compute(ctx, node, ast.Add(), index, start, part_of(target, 0))
        return (number, get(index, part_of(target, 1)))

    path = (0,) if type(start) is int and start == 0 else None
    bounds = RangeItem(0, length, 1)
    return one_way(ctx, "enumerate", Walk(bounds, at, path=path, over=found.over))


def turned(ctx: Context, node: ast.AST, item: Item) -> OneWay:
    """`reversed`: of what has places, from its last to its first."""
    if isinstance(item, OneWay):
        ctx.refuse(
            node, "unsupported-iteration", f"reversed() of {called(item)} fails.",
            "reverse what goes into it.",
        )  # fmt: skip
    found = content(ctx, node, item)
    if isinstance(found, Walk):
        return one_way(ctx, "reversed", replace(found, reverse=not found.reverse))
    assert isinstance(found, Known)
    items = tuple(reversed(found.items))
    return one_way(ctx, "reversed", Known(items, _unordered((found,))))


def mapped(
    ctx: Context, node: ast.AST, parts: Sequence[Content], function: Callable[..., Item]
) -> OneWay:
    """`map`: what a function makes of the elements side by side."""
    return zipped(ctx, node, "map", parts, function)


def chained(ctx: Context, parts: Sequence[Content]) -> OneWay:
    """`itertools.chain`."""
    if all(isinstance(part, Known) for part in parts):
        items = [v for part in parts for v in part.items]  # type: ignore[union-attr]
        return one_way(ctx, "chain", Known(items, _unordered(parts)))
    return one_way(ctx, "chain", Chain(tuple(parts)))


def neighbours(ctx: Context, node: ast.AST, found: Content) -> OneWay:
    """`itertools.pairwise`."""
    if not isinstance(found, Walk):
        items = materialised(ctx, node, found, None, "the length of what pairwise() takes")
        rows = tuple(itertools.pairwise(items))
        return one_way(ctx, "pairwise", Known(rows, _ordered((found,))))
    length, get = places_of(ctx, node, found)

    def at(index: Item, target: ast.expr | None) -> Item:
        following = compute(ctx, node, ast.Add(), index, 1)
        return (get(index, part_of(target, 0)), get(following, part_of(target, 1)))

    stop = compute(ctx, node, ast.Sub(), length, 1)
    return one_way(ctx, "pairwise", Walk(RangeItem(0, stop, 1), at, over=found.over))


def product(ctx: Context, node: ast.AST, parts: Sequence[Content]) -> OneWay:
    """`itertools.product`: all combinations, the last part running fastest."""
    if not parts or any(not isinstance(part, Walk) for part in parts):
        what = "the length of what product() takes beside a tuple or list"
        rows: list[tuple[Item, ...]] = [()]
        for part in parts:
            here = materialised(ctx, node, part, None, what)
            rows = [(*row, v) for row in rows for v in here]
        return one_way(ctx, "product", Known(tuple(rows)))
    walks = tuple(part for part in parts if isinstance(part, Walk))
    return one_way(ctx, "product", Nested(walks, lambda items, target: items))


def over_places(
    ctx: Context, node: ast.AST, name: str, sizes: Sequence[Item], array: Value | None = None
) -> OneWay:
    """`np.ndindex` and, with the elements, `np.ndenumerate`."""
    walks = tuple(
        Walk(RangeItem(0, size, 1), lambda index, target: index, path=()) for size in sizes
    )

    def element(index: tuple[Item, ...], target: ast.expr | None) -> Item:
        if array is None:
            return index
        values = [v for v in index if isinstance(v, Value)]
        key = tuple(v if type(v) is int else Slot(values.index(v)) for v in index)
        name = name_of(part_of(target, 1))
        return (index, ctx.emit(node, "index", (array, *values), {"key": key}, name))

    if not walks:
        return one_way(ctx, name, Known((element((), None),)))
    return one_way(ctx, name, Nested(walks, element, () if array is None else (0,)))
