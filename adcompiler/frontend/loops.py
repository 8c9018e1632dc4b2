"""Loops: `for` over a range or an array, `while`; what is known in length and static unrolls.

    for i in range(n):           %r = range %0, %n, %1
        y = y * x                %y.1 = for[carry=1] %y.0, %r (%y.2, %i): ...

Every name that the body assigns becomes a carry (see `carries`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..ir.core import Block, Value
from ..ir.types import INT, Range
from . import statements
from .assignment import assign
from .branches import guarded
from .carries import Carries
from .context import LOOP, Context, NeedsUnrolling
from .expressions import condition, expression, refuse_bound
from .items import UNBOUND, Item, RangeItem
from .iteration import (
    Chain,
    Content,
    Known,
    Nested,
    Segments,
    Walk,
    downwards,
    looped_over,
)  # fmt: skip
from .jumps import BROKE, RESULT, RETURNED, SKIP, STOP, STOPPED, Jumps, flag
from .problems import tested
from .segments import Plan, append_segments, plan

__all__ = ["loop"]

_UNROLL_LIMIT = 10_000

Body = Callable[[Item], None]


def loop(ctx: Context, node: ast.For | ast.While) -> Item:
    """Lower a loop without its `else`; gives whether it has ended by `break`."""
    outer, names = ctx.frame.jumps, ctx.frame.names
    before = {name: flag(names, name) for name in (BROKE, RETURNED)}
    ctx.frame.jumps = Jumps.of_loop(node, ctx.syntax)
    names.update(dict.fromkeys((BROKE, STOP, STOPPED, SKIP), False))
    if isinstance(node, ast.For):
        _run_over(ctx, node, looped_over(ctx, node.iter, expression(ctx, node.iter)))
    else:
        _while_loop(ctx, node)
    ctx.frame.jumps = outer
    names = ctx.frame.names
    broke = flag(names, BROKE)
    # The loops around this one haven't jumped yet, unless it has returned.
    returned = flag(names, RETURNED)
    jumped = False if returned is before[RETURNED] else returned
    names[BROKE], names[SKIP] = before[BROKE], jumped if outer.skips else False
    names[STOP] = jumped if outer.loop else False
    names[STOPPED] = jumped if outer.segments else False
    return broke


def _run_over(ctx: Context, node: ast.For, found: Content | Segments) -> None:
    """Unroll over what is known one by one; make a loop of the rest."""
    match found:
        case Known():
            _unroll(ctx, node, found)
        case Walk():
            _walk(ctx, node, found)
        case Segments():
            _segmented(ctx, node, found)
        case Nested():
            _refuse_stops(ctx, node)
            _nested(ctx, node, found)
        case Chain(contents):
            _refuse_stops(ctx, node)
            for part in contents:
                _run_over(ctx, node, part)


def _refuse_stops(ctx: Context, node: ast.For) -> None:
    """What becomes several loops can't be left by one `break`."""
    if ctx.frame.jumps.stops:
        ctx.refuse(
            node, "unsupported-iteration", "this becomes several loops, which one `break` or"
            " `return` can't leave.", "write the loops out.",
        )  # fmt: skip


def _unroll(ctx: Context, node: ast.For, found: Known) -> None:
    def check(position: int) -> None:
        if not found.is_unchanged(position):
            ctx.refuse(
                node, "unsupported-iteration", "the body changes what the loop runs over.",
                "loop over a copy: list(...) or tuple(...).",
            )  # fmt: skip

    def body(item: Item) -> None:
        assign(ctx, node.target, item)
        statements.statements(ctx, node.body)

    _written_out(ctx, node, found.items, body, check)


def _written_out(
    ctx: Context, node: ast.For, items: Sequence[Item], body: Body,
    check: Callable[[int], None] = lambda position: None,
) -> None:  # fmt: skip
    """The body once for each item, as far as no jump has ended the loop."""
    if len(items) > _UNROLL_LIMIT:
        ctx.refuse(node, "unrolling", "this loop unrolls too often.", "loop over a range.")
    names = ctx.syntax.assigned_names([node.target, *node.body])
    for position, item in enumerate(items):

        def lower(item: Item = item) -> None:
            with ctx.looping():
                body(item)
            ctx.frame.names[SKIP] = False

        stop = flag(ctx.frame.names, STOP)
        if stop is True:
            break
        if isinstance(stop, Value):
            guarded(ctx, node, stop, names, lower)
        else:
            lower()
        check(position)


def _walk(ctx: Context, node: ast.For, walk: Walk) -> None:
    if ctx.frame.jumps.stops:
        walk = downwards(ctx, node.iter, walk)

    def body(index: Item) -> None:
        assign(ctx, node.target, walk.at(index, node.target))
        statements.statements(ctx, node.body)

    _counted(ctx, node, walk, walk.index_name(node.target), body)


def _nested(ctx: Context, node: ast.For, found: Nested) -> None:
    """One loop in the other; all of them assign what the body assigns."""

    def body(places: tuple[Item, ...]) -> None:
        level = len(places)
        if level == len(found.walks):
            assign(ctx, node.target, found.element(places, node.target))
            statements.statements(ctx, node.body)
            return
        walk = found.walks[level]

        def step(index: Item) -> None:
            body((*places, walk.at(index, None)))

        _counted(ctx, node, walk, found.index_name(node.target, level), step)

    body(())


def _segmented(ctx: Context, node: ast.For, found: Segments) -> None:
    """A loop over segments; the loop in it, over one segment's elements, is recomputed."""
    divided = plan(ctx, node.iter, found)
    walk, running = divided.walk, len(ctx.running)
    ctx.frame.jumps = replace(ctx.frame.jumps, segments=True)

    def body(index: Item) -> None:
        assign(ctx, node.target, walk.at(index, node.target))
        statements.statements(ctx, node.body)

    try:
        ctx.running += walk.over
        starts = _range(ctx, node, divided.starts)
        name = walk.index_name(node.target) or _free_index(ctx)
        _range_loop(ctx, node, starts, False, name, body, divided)
    except NeedsUnrolling as need:
        if need.path != _loop_path(node):
            raise
        ctx.refuse(
            node.target, "checkpoint", "this variable is used where its value must be known when"
            " the function is compiled; so its loop would be written out, and have no segments.",
            "leave checkpoint() out.",
        )  # fmt: skip
    finally:
        del ctx.running[running:]


def _range(ctx: Context, node: ast.For, bounds: RangeItem) -> Value:
    operands = [ctx.lift(part, node.iter) for part in (bounds.start, bounds.stop, bounds.step)]
    ctx.builder.span = ctx.span(node.iter)
    return ctx.builder.emit("range", operands, Range())


def _loop_path(node: ast.For) -> tuple[str, ...]:
    return (LOOP, f"{node.lineno}:{node.col_offset}")


def _counted(ctx: Context, node: ast.For, walk: Walk, name: str | None, body: Body) -> None:
    """A loop over a range; it unrolls where its variable has to be static."""
    # A tape of a loop that runs backwards would have to be told apart wherever it is handed on.
    walk = downwards(ctx, node.iter, walk)
    bounds = (walk.bounds.start, walk.bounds.stop, walk.bounds.step)
    frame, builder, count = ctx.frame, ctx.builder, len(ctx.builder.operations)
    names, jumps, state = dict(frame.names), frame.jumps, ctx.memory.state.copy()
    running, refused = len(ctx.running), ctx.refused()
    if all(type(part) is int for part in bounds):
        ctx.short.add(_loop_path(node))
    try:
        sequence = _range(ctx, node, walk.bounds)
        ctx.running += walk.over
        _range_loop(ctx, node, sequence, walk.reverse, name or _free_index(ctx), body)
        del ctx.running[running:]
    except NeedsUnrolling as need:
        if need.path != _loop_path(node):
            raise
        frame.names, frame.jumps, ctx.builder = names, jumps, builder
        ctx.memory.state = state
        del ctx.running[running:]
        del builder.operations[count:]
        ctx.forget(refused)
        what = "the range of a loop that unrolls"
        places = range(*[ctx.static(part, node, what) for part in bounds])
        _written_out(ctx, node, places[::-1] if walk.reverse else places, body)


def _free_index(ctx: Context, *wanted: str) -> str:
    """A name for the places of a loop, for which the user has none."""
    code = ctx.frame.source.function.__code__
    taken = {*code.co_varnames, *code.co_names, *code.co_cellvars, *code.co_freevars, *ctx.loops}
    names = (*wanted, "i", "j", "k", "m", "n", "at")
    return next(name for name in names if name not in taken)


def _range_loop(
    ctx: Context, node: ast.For, sequence: Value, reverse: bool, name: str, body: Body,
    divided: Plan | None = None,
) -> None:  # fmt: skip
    carries = _carries(ctx, node, [node.target, *node.body])

    def lower(parameters: Sequence[Value]) -> tuple[Block, list[Item]]:
        index = Value(INT, name)
        ctx.origins[index] = _loop_path(node)
        with ctx.looping(name):
            return _body(ctx, node, carries, (*parameters, index), lambda: body(index))

    block = carries.settle(lower)
    exits = _exits(ctx, carries, block)
    ctx.builder.span = ctx.span(node.iter)
    if divided is not None:
        first = _free_index(ctx, "start", "first")
        append_segments(ctx, node.iter, divided, sequence, carries, block, first)
        return
    trips = [Value(INT, "trips")] if exits else []
    attributes = {"exits": True} if exits else {"reverse": True} if reverse else {}
    ctx.builder.region(
        "for", (*carries.initial, sequence), (*carries.results, *trips), (block,),
        {"carry": len(carries.results), **attributes},
    )  # fmt: skip


def _carries(ctx: Context, node: ast.For | ast.While, nodes: Sequence[ast.AST]) -> Carries:
    """The names that the loop assigns, and the jumps' flags that outlive an iteration."""
    names = ctx.frame.names
    names[RETURNED] = flag(names, RETURNED)
    passing = ctx.syntax.passing_names(ctx.frame.source.node, node).difference(ctx.marked)
    for name in passing:
        names.pop(name, None)
    carried = [name for name in ctx.syntax.assigned_names(nodes) if name not in passing]
    return Carries(ctx, node, [*carried, *ctx.frame.jumps.carried])


def _body(
    ctx: Context, node: ast.For | ast.While, carries: Carries, parameters: Sequence[Value],
    lower: Callable[[], None],
) -> tuple[Block, list[Item]]:  # fmt: skip
    """The loop's body; it yields one value more if it may stop the loop."""
    ctx.frame.names[RESULT] = UNBOUND  # who gets here hasn't returned
    lower()
    ends = carries.ends()
    following = carries.lifted(ends)
    stop = flag(ctx.frame.names, STOP)
    if stop is not False:
        following.append(ctx.lift(stop, node))
    return ctx.builder.block(parameters, following), ends


def _exits(ctx: Context, carries: Carries, body: Block) -> bool:
    """Whether the loop may stop early; where no jump is left in it, the flags are as before."""
    if len(body.results) > len(carries.results):
        return True
    for name in ctx.frame.jumps.carried:
        ctx.frame.names[name] = carries.before.get(name, UNBOUND)
    return False


class _NeverRuns(Exception):
    """A loop whose condition is known to be false."""


def _while_loop(ctx: Context, node: ast.While) -> None:
    """`while`: the condition has a block of its own, with the same carries."""
    names, builder, state = dict(ctx.frame.names), ctx.builder, ctx.memory.state
    carries = _carries(ctx, node, [node.test, *node.body])
    endless = False

    def lower(parameters: Sequence[Value]) -> tuple[tuple[Block, Block], list[Item]]:
        nonlocal endless
        with ctx.looping():
            test_block, endless = _while_condition(ctx, node, carries, parameters)
            body, ends = _body(
                ctx, node, carries, parameters, lambda: statements.statements(ctx, node.body)
            )
        return (test_block, body), ends

    try:
        blocks = carries.settle(lower)
    except _NeverRuns:
        ctx.frame.names, ctx.builder, ctx.memory.state = names, builder, state
        return
    exits = _exits(ctx, carries, blocks[1])
    if endless and not exits:
        ctx.refuse(
            node.test, "endless-loop", "this condition never changes while the loop runs.",
            "let the condition depend on something that the body assigns, or break.",
        )  # fmt: skip
    trips = Value(INT, "trips")
    ctx.builder.span = ctx.span(node.test)
    ctx.builder.region(
        "while", carries.initial, (*carries.results, trips), blocks,
        {"carry": len(carries.results), **({"exits": True} if exits else {})},
    )  # fmt: skip
    if endless and not ctx.syntax.breaks(node.body):
        ctx.frame.names[RETURNED] = True


def _while_condition(
    ctx: Context, node: ast.While, carries: Carries, parameters: Sequence[Value]
) -> tuple[Block, bool]:
    """The condition over carries of its own, so that the two blocks share no values; whether it
    is always true."""
    outer, names, state = ctx.builder, dict(ctx.frame.names), ctx.memory.state.copy()
    own = [Value(p.type, p.name) for p in parameters]
    ctx.builder = outer.nested()
    carries.bind(own)
    bound = dict(ctx.function_names)
    test = tested(ctx, lambda: condition(ctx, node.test))
    if not isinstance(test, Value) and not test:
        raise _NeverRuns
    refuse_bound(ctx, node.test, bound)
    if carries.objects.stored(own):
        ctx.refuse(
            node.test, "in-place-store", "the condition of this loop stores into an array.",
            "compute the condition in the loop's body.",
        )  # fmt: skip
    block = ctx.builder.block(own, (ctx.lift(test, node),))
    ctx.builder, ctx.frame.names, ctx.memory.state = outer, names, state
    return block, test is True
