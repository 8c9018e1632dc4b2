"""An operation on stacks that has no batched form: done for one after the other.

    %y = interp %x, %xp, %fp          %0 = range 0, %n, 1
    (x: stacks)                       %1 = list_of
                                      %2 = for[carry=1] %1, %0 (%3, %i):
                                          %4 = index[key=(Slot(0),)] %x, %i
                                          %5 = interp %4, %xp, %fp
                                          %6 = append %3, %5
                                          yield %6
                                      %y = asarray %2
"""

from __future__ import annotations

from ..ir.core import Value
from ..ir.sizes import unknown
from ..ir.types import INT, List, Scalar, Type
from ..ops import Tracer, Var
from ..ops.places import Slot
from ..ops.stacks import Stacks, swapped

__all__ = ["one_by_one"]


def one_by_one(stacks: Stacks) -> tuple[Var, ...]:
    """The stacks of results."""
    tracer = stacks.operands[0].tracer
    arrays = [
        stacks.of_list(x, {}) if own and isinstance(x.type, List) else x
        for x, own in zip(stacks.operands, stacks.batched, strict=True)
    ]
    counted = tracer.emit("range", (0, stacks.count, 1), {})
    body = tracer.builder.nested()
    inner = Tracer(body, tracer.table, tracer.spellings, tracer.library, tracer.constants)
    i = Value(INT, "i")
    operands = [
        _one(inner.var(x.value), inner.var(i), type_) if own else inner.var(x.value)
        for x, own, type_ in zip(arrays, stacks.batched, stacks.types, strict=True)
    ]
    results = inner.emit_all(stacks.entry.name, operands, stacks.attributes)
    made = [v.emit("asarray") if isinstance(v.type, List) else v for v in results]
    carries = [Value(List(v.type, unknown())) for v in made]
    following = [
        inner.append("append", (inner.var(c), v), {}, (None,))[0]
        for c, v in zip(carries, made, strict=True)
    ]
    starts = [tracer.emit("list_of", (), {"element": v.type}).value for v in made]
    finals = [Value(List(v.type, stacks.size)) for v in made]
    tracer.builder.region(
        "for", (*starts, counted.value), finals, (body.block((*carries, i), following),),
        {"carry": len(carries)},
    )  # fmt: skip
    return tuple(
        _restored(tracer.var(final), type_)
        for final, type_ in zip(finals, stacks.results, strict=True)
    )


def _one(x: Var, i: Var, type_: Type) -> Var:
    """The operand of one call: of Python's own kind where it is."""
    found = x.emit("index", i, key=(Slot(0),))
    match type_:
        case Scalar(kind):
            return found.emit("cast", type=kind)
        case List(Scalar()):
            return found.emit("tolist", type=type_)
        case List():
            return found.emit("elements")
    return found


def _restored(x: Var, type_: Type) -> Var:
    array = x.emit("asarray")
    return swapped(array).emit("elements") if isinstance(type_, List) else array
