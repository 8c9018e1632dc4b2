"""Expressions to items: numbers and arrays become SSA values, the rest stays static.

    w * x + np.sin(x)        %0 = mul %w, %x
                             %1 = sin %x
                             %2 = add %0, %1
"""

from __future__ import annotations

import ast
from typing import Any

from ..ir.core import Value
from ..ir.types import List, Type, TypeMismatch, join, kind_of, rank
from . import (
    arithmetic,
    calls,
    comprehensions,
    growing,
    mutation,
    names,
    special_methods,
    text_values,
)
from .binding import local_function
from .context import Context
from .instances import WAITS, attempt, settled_side
from .items import (
    UNBOUND,
    Ambiguous,
    BoundMethod,
    Item,
    freeze,
    in_words,
    is_object,
    leaves,
    rebuild,
    same_structure,
)  # fmt: skip
from .iteration import known
from .merging import Merger
from .problems import tested
from .subscripts import subscript

__all__ = ["branch", "condition", "expression", "truth"]


def expression(ctx: Context, node: ast.expr, name: str | None = None) -> Item:
    """The item that an expression stands for; `name` is what the result will be called."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(id):
            return names.read_name(ctx, node, id)
        case ast.BinOp(left, op, right):
            both = (expression(ctx, left), expression(ctx, right))
            return arithmetic.binary(ctx, node, op, *both, name)
        case ast.UnaryOp(ast.Not(), operand):
            return negate(ctx, node, expression(ctx, operand))
        case ast.UnaryOp(op, operand):
            return arithmetic.unary(ctx, node, op, expression(ctx, operand), name)
        case ast.BoolOp(op, values):
            return _short_circuit(ctx, node, isinstance(op, ast.And), values, name)
        case ast.Compare():
            return _comparison(ctx, node, name)
        case ast.IfExp(test, chosen, otherwise):
            return _conditional(ctx, node, test, chosen, otherwise, name)
        case ast.Call():
            return calls.call(ctx, node, name)
        case ast.Attribute(value, attr):
            return names.attribute(ctx, node, expression(ctx, value), attr)
        case ast.Subscript(value, index):
            return subscript(ctx, node, expression(ctx, value), index, name)
        case ast.Tuple(elements):
            return tuple(_elements(ctx, elements))
        case ast.List(elements):
            return mutation.own_list(ctx, node, _elements(ctx, elements), name)
        case ast.Dict(keys, values):
            return mutation.own_dict(ctx, _dictionary(ctx, node, keys, values))
        case ast.JoinedStr():
            return text_values.f_string(ctx, node, name)
        case ast.Lambda():
            return local_function(ctx, node)
        case ast.ListComp():
            return comprehensions.list_comprehension(ctx, node, name)
        case ast.GeneratorExp():
            return comprehensions.generator(ctx, node)
        case ast.DictComp():
            return comprehensions.dict_comprehension(ctx, node)
        case ast.NamedExpr():
            return comprehensions.named(ctx, node)
    words = _REFUSED.get(type(node))
    reason, advice = words or (
        "such expressions are outside the subset", "compute it another way"
    )  # fmt: skip
    return ctx.refuse(node, "unsupported-expression", f"{reason}.", f"{advice}.")


_REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.SetComp: ("sets hold no numbers to differentiate", "use an array"),
    ast.Set: ("sets hold no numbers to differentiate", "use a tuple"),
    ast.Await: ("coroutines can't be differentiated", "call it outside the function"),
    ast.Yield: ("generators can't be differentiated", "return the value"),
    ast.YieldFrom: ("generators can't be differentiated", "return the value"),
    ast.Starred: ("`*` stands where it can't be resolved", "write the elements out"),
}


def _elements(ctx: Context, nodes: list[ast.expr]) -> list[Item]:
    items: list[Item] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            inner = expression(ctx, node.value)
            items += known(ctx, node, inner, "the length of what `*` unpacks")
        else:
            items.append(expression(ctx, node))
    return items


def _dictionary(
    ctx: Context, node: ast.expr, keys: list[ast.expr | None], values: list[ast.expr]
) -> dict[Any, Item]:
    result: dict[Any, Item] = {}
    for key, value in zip(keys, values, strict=True):
        item = expression(ctx, value)
        if key is None:
            result.update(item)
        else:
            result[ctx.static(expression(ctx, key), key, "a dict's key")] = item
    return result


def truth(ctx: Context, node: ast.expr, item: Item) -> Item:
    """What `if` and `while` ask: a static bool, or a value that has a truth value."""
    if not isinstance(item, Value):
        if isinstance(item, (Ambiguous, BoundMethod)) or item is UNBOUND:
            ctx.refuse_item(item, node)
        return special_methods.truth(ctx, node, item) if is_object(item) else bool(item)
    if isinstance(item.type, List):
        length = names.size_item(ctx, node, item, 0, via="len")
        return arithmetic.binary(ctx, node, ast.NotEq(), length, 0)
    if text_values.is_text(item):
        ctx.refuse(
            node, "text", "whether this string is empty is known only at run time.",
            "ask the numbers that it was made of.",
        )  # fmt: skip
    if rank(item.type):
        ctx.refuse(
            node, "truth-value", "an array of several elements is neither true nor false.",
            "use .any() or .all(), or np.where to choose element by element.",
        )  # fmt: skip
    return item


def condition(ctx: Context, node: ast.expr) -> Item:
    """The test of an `if`, `while` or conditional expression; no values, but truths."""
    match node:
        case ast.BoolOp(op, values):
            return _tests(ctx, node, isinstance(op, ast.And), values)
        case ast.UnaryOp(ast.Not(), operand):
            return _not(ctx, node, condition(ctx, operand))
    return truth(ctx, node, expression(ctx, node))


def _tests(ctx: Context, node: ast.expr, conjunction: bool, values: list[ast.expr]) -> Item:
    first, *others = values
    test = condition(ctx, first)
    if not others:
        return test
    if not isinstance(test, Value):
        return _tests(ctx, node, conjunction, others) if bool(test) is conjunction else test
    settled = _as_bool(ctx, first, test)

    def rest() -> Item:
        return _as_bool(ctx, node, _tests(ctx, node, conjunction, others))

    sides = (rest, lambda: settled) if conjunction else (lambda: settled, rest)
    return branch(ctx, node, settled, *sides)


def _as_bool(ctx: Context, node: ast.expr, test: Item) -> Item:
    """A number as a comparison, so that two tests have one type."""
    if not isinstance(test, Value) or kind_of(test.type) == "bool":
        return test
    return arithmetic.binary(ctx, node, ast.NotEq(), test, 0)


def negate(ctx: Context, node: ast.UnaryOp, item: Item) -> Item:
    """`not x`."""
    return _not(ctx, node, truth(ctx, node, item))


def _not(ctx: Context, node: ast.expr, item: Item) -> Item:
    if not isinstance(item, Value):
        return not item
    return ctx.emit(node, "not", (item,), {})


def _comparison(ctx: Context, node: ast.Compare, name: str | None) -> Item:
    """`a < b < c` is `a < b and b < c`, with b read once."""
    left = expression(ctx, node.left)
    pairs = list(zip(node.ops, node.comparators, strict=True))

    def compare(index: int, left: Item) -> Item:
        op, right_node = pairs[index]
        right = expression(ctx, right_node)
        first = _compare(ctx, node, op, left, right, name)
        if index == len(pairs) - 1:
            return first
        return _and(ctx, node, first, lambda: compare(index + 1, right))

    return compare(0, left)


def _compare(
    ctx: Context, node: ast.Compare, op: ast.cmpop, left: Item, right: Item, name: str | None
) -> Item:
    match op:
        case ast.Is() | ast.IsNot():
            same = left is right
            if all(isinstance(i, Value) or is_object(i) for i in (left, right)):
                ctx.refuse(
                    node, "unsupported-expression", "`is` between numbers, arrays or objects asks"
                    " for their identity, not their value.", "compare with ==, or test `is None`.",
                )  # fmt: skip
            return same if isinstance(op, ast.Is) else not same
        case ast.In() | ast.NotIn():
            found = _contains(ctx, node, left, right)
            return found if isinstance(op, ast.In) else not found
    return arithmetic.binary(ctx, node, op, left, right, name)


def _contains(ctx: Context, node: ast.Compare, left: Item, right: Item) -> bool:
    keys = list(right) if isinstance(right, (dict, tuple, list, str)) else None
    if isinstance(right, str) and not isinstance(left, str):
        keys = None
    if keys is None or any(isinstance(k, Value) or is_object(k) for k in leaves([left, *keys])):
        ctx.refuse(
            node, "unsupported-expression", "`in` looks for a value known only at run time.",
            "test static keys and names, or compare with ==.",
        )  # fmt: skip
    return left in (right if isinstance(right, str) else keys)


def _and(ctx: Context, node: ast.expr, first: Item, rest: Any) -> Item:
    first = truth(ctx, node, first)
    if not isinstance(first, Value):
        return rest() if first else first
    return branch(ctx, node, first, rest, lambda: first)


def _short_circuit(
    ctx: Context, node: ast.expr, conjunction: bool, values: list[ast.expr], name: str | None
) -> Item:
    first, *others = values
    item = expression(ctx, first)
    if not others:
        return item
    test = truth(ctx, first, item)

    def rest() -> Item:
        return _short_circuit(ctx, node, conjunction, others, name)

    if not isinstance(test, Value):
        return rest() if bool(test) is conjunction else item
    chosen = (rest, lambda: item) if conjunction else (lambda: item, rest)
    return branch(ctx, node, test, *chosen, name=name)


def _conditional(
    ctx: Context, node: ast.IfExp, test: ast.expr, chosen: ast.expr, otherwise: ast.expr,
    name: str | None,
) -> Item:  # fmt: skip
    found = tested(ctx, lambda: condition(ctx, test))
    if not isinstance(found, Value):
        return expression(ctx, chosen if found else otherwise, name)
    return branch(
        ctx, node, found, lambda: expression(ctx, chosen), lambda: expression(ctx, otherwise),
        name=name,
    )  # fmt: skip


def refuse_bound(ctx: Context, node: ast.AST, before: dict[str, Item]) -> None:
    """`:=` in a part that may or may not be evaluated."""
    bound = [name for name, item in ctx.function_names.items() if before.get(name) is not item]
    if bound:
        ctx.refuse(
            node, "unsupported-expression", f"`{bound[0]} :=` stands in a part of an expression"
            " that may not be evaluated.", "assign on a line of its own.",
        )  # fmt: skip


def branch(
    ctx: Context, node: ast.AST, test: Value, then: Any, otherwise: Any, name: str | None = None
) -> Item:
    """An `if` whose two sides are expressions: one result."""
    outer, state, items, sides = ctx.builder, ctx.memory.state, [], []
    for side in (then, otherwise):
        ctx.builder, ctx.memory.state = outer.nested(), state.copy()
        before = dict(ctx.function_names)
        items.append(attempt(ctx, lambda ctx, side=side: side()))
        refuse_bound(ctx, node, before)
        sides.append((ctx.builder, ctx.memory.state))
    ctx.builder, ctx.memory.state = outer, state
    if any(isinstance(item, WAITS) for item in items):
        pairs = [((i, s), b) for i, (b, s) in zip(items, sides, strict=True)]
        item, ctx.memory.state = settled_side(ctx, outer, pairs, lambda side: side[0])
        return rebuild(item, lambda leaf: ctx.lift(leaf, node))
    merger = Merger(ctx, node, (sides[0], sides[1]))
    values = _leaves_of_sides(ctx, node, merger, items)
    changed = merger.objects()
    results = [
        Value(_joined(ctx, node, a, b), name if len(values) == 1 else None)
        for a, b in values
    ]
    ctx.builder.span = ctx.span(node)
    blocks = [
        side.block((), (*(pair[k] for pair in values), *(pair[k] for pair in changed)))
        for k, (side, _) in enumerate(sides)
    ]
    attributes = {} if changed or len(values) != 1 else {"expression": True}
    all_results = (*results, *(r for _, _, r in changed))
    ctx.builder.region("if", (test,), all_results, blocks, attributes)
    for result, one, other in zip(results, *map(leaves, items), strict=True):
        merger.relate(result, one, other)
    merger.finish()
    left = iter(results)
    return rebuild(items[0], lambda _: next(left))


def _leaves_of_sides(
    ctx: Context, node: ast.AST, merger: Merger, items: list[Item]
) -> list[tuple[Value, Value]]:
    """The values that the two sides have in the same places of one structure."""
    growing.meet(ctx, *items)
    if not same_structure(*items):
        ctx.refuse(
            node, "type-mismatch", f"one side is {in_words(items[0])}, the other"
            f" {in_words(items[1])} of another form.", "give both sides one form.",
        )  # fmt: skip
    freeze(items[1])
    found: list[list[Value]] = []
    for index, item in enumerate(items):
        with merger.on(index):
            found.append([text_values.lift(ctx, leaf, node) for leaf in leaves(item)])
    return list(zip(*found, strict=True))


def _joined(ctx: Context, node: ast.AST, a: Value, b: Value) -> Type:
    try:
        return join(a.type, b.type)
    except TypeMismatch as error:
        return ctx.refuse(
            node, "type-mismatch", f"the two sides have different types: {error}.",
            "give both sides one kind, dtype and number of dimensions.",
        )  # fmt: skip
