"""Reverse mode: the backward part, written as if every forward value were still visible.

    function f(%x):                  function f_grad(%x, %grad_y):
        %y = tanh %x                     %y = tanh %x
        return %y                        %0 = mul %y, %y
                                         %1 = sub 1, %0
                                         %grad_x = mul %grad_y, %1
                                         return %grad_x

Region operations get a mirror image: an `if` on the same condition, a `for` that runs the other
way. The result may refer from a mirror's body to values of the original's body; `saves` makes
that legal afterwards, for those references that optimisation has left over.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Block, Derived, Function, Operation, Region, Value
from ..ir.loops import Loop
from ..ir.rewrite import defined_in, free_values
from ..ir.types import (
    INT,
    UNDEFINED,
    Array,
    List,
    Range,
    Scalar,
    Tape,
    Type,
    fits,
    is_differentiable,
    is_integer,
    rank,
    shape_of,
)  # fmt: skip
from ..ops import TABLE, Op, Tracer, Var
from .activity import differentiable_operands
from .adjoints import Adjoints, plan_adjoints
from .called import enter, in_two_parts, no_cotangents, pulled_back
from .cotangents import Cotangents
from .derivatives import derivative_type, float_dtypes
from .gates import pullback_of, read_by_rule, without_recordings
from .hazards import hazardous_values, safe_point
from .masks import Flow
from .paths import Sides
from .recompute import is_recomputed, run_again
from .rules import alone, contribution_of, masks_selected
from .splice import splice

__all__ = ["backwards_through", "reverse"]


def reverse(
    function: Function, wrt: Sequence[Value], name: str, *, value: bool = False, level: int = 1,
    table: Mapping[str, Op] = TABLE, results: Sequence[Value] | None = None,
    seen: Iterable[Value] = (),
) -> Function:  # fmt: skip
    """The pullback of a function with respect to parameters or any value: of a function with one
    number as its result, the gradient.

    The last parameters of what comes back are the seeds, the cotangents of `results` (all, unless
    told). Its results are the gradients, each with the shape and dtype of its value, after the
    function's own results if `value` asks for them. The rules are those of `table`. `seen`: values,
    in regions too, whose cotangents are computed for the blocks under `grad_of` that look at them.
    """
    function = without_recordings(function)
    results = function.results if results is None else results
    prefix = "grad" if level == 1 else f"grad{level}"
    seeds = [Value(_seed_type(result.type), Derived(prefix, result)) for result in results]
    adjoints = plan_adjoints(function, (*wrt, *seen), results, name)
    exact = len(float_dtypes(function)) > 1
    function = replace(function, body=adjoints.record(function.body, adjoints.active))
    backwards = functools.partial(backwards_through, table=table)
    masks = None
    while masks != adjoints.masks():
        masks = adjoints.masks()
        parts = {
            adjoint.label: in_two_parts(adjoint, adjoints, prefix, exact, backwards)
            for adjoint in adjoints.called.values()
        }
        cotangents = no_cotangents(function, prefix, exact)
        for result, seed in zip(results, seeds, strict=True):
            if result in adjoints.active:
                enter(cotangents, result, _entering(cotangents, seed, result))
        backwards(function, adjoints.active, adjoints, cotangents)
        gradients = [_returned(cotangents, v) for v in wrt]
    outputs = (*function.results, *gradients) if value else tuple(gradients)
    block = cotangents.builder.block((*function.parameters, *seeds), outputs)
    return Function(name, block, function.span, {**function.functions, **parts})


def backwards_through(
    function: Function, active: frozenset[Value], adjoints: Adjoints, cotangents: Cotangents,
    entering: Iterable[Value] = (), table: Mapping[str, Op] = TABLE,
) -> None:  # fmt: skip
    """Append the backward part of a function whose results have their cotangents."""
    hazards = hazardous_values(function, cotangents.constants, entering)
    _Reverse(active, Sides(function), hazards, adjoints, table).block(function.body, cotangents)


def _entering(cotangents: Cotangents, seed: Value, result: Value) -> Value:
    """The seed as the result's cotangent: callers pass a Python float."""
    if not cotangents.exact or not isinstance(result.type, Array):
        return seed
    return cotangents.typed(seed, result.type, cotangents.name(result))


def _seed_type(type_: Type) -> Type:
    if rank(type_) or isinstance(type_, (List, Tape)):
        return derivative_type(type_)
    return Array(type_.dtype, (), weak=True) if isinstance(type_, Array) else Scalar("float")


def _returned(cotangents: Cotangents, value: Value) -> Value:
    """The gradient as the caller gets it: never a Python float for a NumPy scalar's, or in f8
    for an f4's."""
    found = cotangents.current(value)
    dtype = getattr(value.type, "dtype", None)
    if rank(value.type) == 0 and dtype is not None:
        exact = isinstance(found.type, Array) and found.type.dtype == dtype and not found.type.weak
        if not exact:
            var = cotangents.tracer().var(found).emit("cast", type=dtype)
            return cotangents.named(var, cotangents.name(value))
    for kind, own in (("float", "f8"), ("complex", "c16")):
        if value.type == Scalar(kind) and getattr(found.type, "dtype", own) != own:
            var = cotangents.tracer().var(found).emit("cast", type=kind)
            return cotangents.named(var, cotangents.name(value))
    return found


@dataclass(frozen=True)
class _Reverse:
    active: frozenset[Value]
    sides: Sides
    hazards: frozenset[Value]
    adjoints: Adjoints
    table: Mapping[str, Op]
    flow: Flow = field(default_factory=Flow)

    def block(self, block: Block, cotangents: Cotangents) -> None:
        """Append the backward part of the block's operations, last one first."""
        for op in reversed(block.operations):
            mirrored = TABLE[op.opcode].mirrored if op.opcode in TABLE else None
            if mirrored is not None:
                cotangents.builder.region(mirrored, op.operands, (), (), op.attributes)
                continue
            reached = any(cotangents.get(r) is not None for r in op.results)
            if not reached and not self.sides.is_reached(op):
                continue
            cotangents.builder.span = op.span
            match op.opcode:
                case "if":
                    self.branch(op, cotangents)
                case _ if op.blocks and is_recomputed(op):
                    self.again(op, cotangents)
                case "for" | "while":
                    self.loop(op, cotangents)
                case _ if op.attributes.get("callee") in self.adjoints.recorded:
                    *results, saved = op.results
                    adjoint = self.adjoints.recorded[op.attributes["callee"]]
                    pulled_back(op, (saved,), results, cotangents, adjoint, self.active)
                case _ if op.attributes.get("callee") in self.adjoints.called:
                    adjoint = self.adjoints.called[op.attributes["callee"]]
                    pulled_back(op, op.operands, op.results, cotangents, adjoint, self.active)
                case _ if "received" in op.attributes:
                    self.spliced(op, cotangents)
                case _:
                    self.plain(op, cotangents)

    def again(self, op: Operation, cotangents: Cotangents) -> None:
        """Run the loop once more, and mirror that run."""
        copy, mapping = run_again(op)
        active = self.active | {new for old, new in mapping.items() if old in self.active}
        hazards = self.hazards | {new for old, new in mapping.items() if old in self.hazards}
        (copy,) = self.adjoints.record(Block((), (copy,), ()), active).operations
        cotangents.builder.append(copy)
        cotangents.copied(mapping)
        self.sides.add(copy)
        for old, new in zip(op.results, copy.results, strict=True):
            g = cotangents.get(old)
            if g is not None:
                cotangents.set(new, g)
        replace(self, active=active, hazards=hazards).loop(copy, cotangents)
        for new in copy.results:
            cotangents.drop(new)

    def plain(self, op: Operation, cotangents: Cotangents) -> None:
        """One operation: a contribution to each active operand."""
        entry, incoming = self.table[op.opcode], [cotangents.get(r) for r in op.results]
        tracer = cotangents.tracer(op.attributes.get("via", "np"))
        masked = any(g in cotangents.masked for g in incoming)
        g: Any = alone([None if g is None else tracer.var(g) for g in incoming])
        found: dict[Value, list[Var]] = {}
        positions = [k for k in differentiable_operands(op) if op.operands[k] in self.active]
        last = {op.operands[k]: k for k in positions}
        plain = [tracer.var(v) for v in (*op.operands, *op.results)]
        into = entry.adds_into([v.type for v in op.operands], op.attributes)
        for k in positions:
            operand = op.operands[k]
            if k == 0 and into:
                self.accumulate(op, cotangents, operand, g, masked)
                continue
            primals = plain
            if masked and entry.elementwise:
                primals = self.guarded(op, tracer, [c for c in incoming if c is not None], plain)
            contribution = contribution_of(entry, op, k, g, primals)
            if contribution is not None:
                if masked or masks_selected(op, k):
                    cotangents.masked.add(contribution.value)
                found.setdefault(operand, []).append(contribution)
            if operand in found and last[operand] == k:
                cotangents.add(operand, cotangents.joined(operand, found.pop(operand)))

    def guarded(
        self, op: Operation, tracer: Tracer, incoming: list[Value], primals: list[Var]
    ) -> list[Var]:
        """The operands and results; at a safe point wherever the masked cotangents are zero and a
        partial may be infinite."""
        point = safe_point(op, tracer)
        exponents = self.table[op.opcode].factors
        divisors = [v for v, e in zip(op.operands, exponents, strict=False) if e < 0]
        unsafe = [
            (is_differentiable(p.type) or (point is not None and p.value in divisors))
            and p.constant is None
            and p.ndim <= len(shape_of(incoming[0].type))
            and (point is not None or p.value in self.hazards)
            for p in primals
        ]
        if not any(unsafe):
            return primals
        zero: Any = 0
        nonzero = functools.reduce(operator.or_, [tracer.var(g) != zero for g in incoming])
        safe: float = 1.0 if point is None else point
        return [
            p.tracer.emit("select", (nonzero, p, int(safe) if is_integer(p.type) else safe), {})
            if bad else p
            for p, bad in zip(primals, unsafe, strict=True)
        ]

    def accumulate(
        self, op: Operation, cotangents: Cotangents, operand: Value, g: Any, masked: bool
    ) -> None:
        """A contribution to a part of an array goes into the array's gradient at that place."""
        entry = self.table[op.opcode]
        rule = entry.accumulate
        assert rule is not None
        before = cotangents.current(operand)
        tracer = cotangents.tracer()
        primals = [tracer.var(v) for v in op.operands]
        results = alone([tracer.var(v) for v in op.results])
        g = cotangents.project(g, operand)
        after = rule(tracer.var(before), g, *primals, results, **op.attributes)
        assert after is not None
        result = cotangents.named(after, cotangents.name(operand))
        part = None if masked else entry.part([v.type for v in op.operands], op.attributes)
        filled = part is not None and self.flow.fills(before, result, part)
        if before in cotangents.masked and not filled:
            cotangents.masked.add(result)
        cotangents.set(operand, result)

    def spliced(self, op: Operation, cotangents: Cotangents) -> None:
        """A gate: its author's rule, in place."""
        seeds = [cotangents.current(op.results[k]) for k in op.attributes["received"]]
        masked = all(g in cotangents.masked for g in seeds)
        tracer = cotangents.tracer()
        given = read_by_rule(op)
        arguments = op.operands[: op.attributes["arity"]]
        named = op.attributes.get("named", False)
        found = splice(pullback_of(op), (*seeds, *arguments, *given), tracer, named)
        for k, contribution in zip(op.attributes["differentiable"], found, strict=True):
            if op.operands[k] in self.active:
                if masked:
                    cotangents.masked.add(contribution)
                cotangents.add(op.operands[k], tracer.var(contribution))

    def branch(self, op: Operation, cotangents: Cotangents) -> None:
        """The mirror of an `if`: each side adds to the cotangents of what it has read."""
        sides = [self._side(op, block, cotangents) for block in op.blocks]
        inside = defined_in(op.blocks[0]) | defined_in(op.blocks[1])
        touched = [v for v in dict.fromkeys([*sides[0].own, *sides[1].own]) if v not in inside]
        blocks, results = [], [Value(cotangents.type(v), cotangents.name(v)) for v in touched]
        self.sides.reach(touched)
        for index, side in enumerate(sides):
            values = [
                side.current(v) if self.sides.visible(v, op, index) else _missing(side)
                for v in touched
            ]
            blocks.append(side.builder.block((), values))
            for value, result in zip(values, results, strict=True):
                if value in cotangents.masked:
                    cotangents.masked.add(result)
        attributes = {"region": Region(), "mirrors": op.attributes["region"]}
        cotangents.builder.region("if", op.operands, results, blocks, attributes)
        for value, result in zip(touched, results, strict=True):
            cotangents.set(value, result)

    def _side(self, op: Operation, block: Block, cotangents: Cotangents) -> Cotangents:
        side = cotangents.inside(cotangents.builder.nested())
        for inner, result in zip(block.results, op.results, strict=True):
            g = cotangents.get(result)
            if g is not None and inner in self.active:
                _hand_in(side, inner, g, inside=inner in _made_in(block))
        self.block(block, side)
        return side

    def loop(self, op: Operation, cotangents: Cotangents) -> None:
        """The mirror of a loop: carries' cotangents run backwards, the rest accumulates."""
        loop = Loop(op)
        carried = [
            k for k in range(loop.carry)
            if loop.parameters[k] in self.active or loop.finals[k] in self.active
        ]  # fmt: skip
        read = [v for v in free_values(loop.body) if v in self.active]
        starts = [cotangents.current(loop.finals[k]) for k in carried]
        starts += [cotangents.current(v) for v in read]
        enter = [
            Value(cotangents.type(v), cotangents.name(v))
            for v in (*(loop.parameters[k] for k in carried), *read)
        ]
        sequences, elements, given = self._sequences(loop, cotangents)
        self.flow.enters(op, starts, enter, cotangents.masked)
        for rounds in itertools.count(1):
            inner = cotangents.inside(cotangents.builder.nested())
            for saved, element in given:
                inner.add(saved, inner.tracer().var(element))
            following, tapes = self._body(loop, inner, carried, read, enter)
            if not self.flow.enters(op, following, enter, cotangents.masked, rounds):
                break
        block = inner.builder.block((*enter, *elements), (*following, *tapes.values()))
        results = [
            Value(cotangents.type(v), cotangents.name(v))
            for v in (*(loop.finals[k] for k in carried), *read)
        ]
        collected = [Value(Tape(v.type), cotangents.name(t)) for t, v in tapes.items()]
        cotangents.builder.region(
            "for", (*starts, *sequences), (*results, *collected), (block,),
            {"carry": len(enter), "reverse": not op.attributes.get("reverse", False),
             "region": Region(), "mirrors": op.attributes["region"]},
        )  # fmt: skip
        handed = zip((*results, *collected), (*enter, *tapes.values()), strict=True)
        cotangents.masked.update(r for r, g in handed if g in inner.masked)
        gradients = dict(zip(tapes, collected, strict=True))
        self._hand_over(op, cotangents, carried, read, results, gradients)

    def _sequences(
        self, loop: Loop, cotangents: Cotangents
    ) -> tuple[list[Value], list[Value], list[tuple[Value, Value]]]:
        """The original's sequences as far as it has read them, and the cotangents of its tapes;
        the elements of all, and what those of tapes are the cotangents of."""
        sequences = _executed(loop, cotangents.builder)
        elements = [Value(p.type, p.name) for p in loop.elements] or [Value(INT)]
        given = []
        for saved, tape in zip(loop.collected, loop.tapes, strict=True):
            g = cotangents.get(tape)
            if g is not None and saved in self.active:
                element = Value(cotangents.type(saved), cotangents.name(saved))
                if g in cotangents.masked:
                    cotangents.masked.add(element)
                sequences.append(g)
                elements.append(element)
                given.append((saved, element))
        return sequences, elements, given

    def _body(
        self, loop: Loop, inner: Cotangents, carried: list[int], read: list[Value],
        enter: list[Value],
    ) -> tuple[list[Value], dict[Value, Value]]:  # fmt: skip
        """Append the backward body; gives the next cotangents, and those of tape elements."""
        body = loop.body
        for v, g in zip(read, enter[len(carried) :], strict=True):
            inner.set(v, g)
        for k, g in zip(carried, enter, strict=False):
            if body.results[k] in self.active:
                _hand_in(inner, body.results[k], g, body.results[k] in _made_in(body))
        self.block(body, inner)
        following = [
            inner.own.get(body.parameters[k]) or inner.zero(body.parameters[k]) for k in carried
        ]
        following += [inner.current(v) for v in read]
        tapes = {}
        for tape, element in zip(loop.sequences, loop.elements, strict=True):
            found = inner.own.get(element)
            if found is not None and is_differentiable(tape.type) and tape in self.active:
                tapes[tape] = found
        return following, tapes

    def _hand_over(
        self, op: Operation, cotangents: Cotangents, carried: list[int], read: list[Value],
        results: list[Value], tapes: dict[Value, Value],
    ) -> None:  # fmt: skip
        """The mirror's results become cotangents of what went into the loop."""
        for v, g in zip(read, results[len(carried) :], strict=True):
            cotangents.set(v, g)
        tracer = cotangents.tracer()
        for k, g in zip(carried, results, strict=False):
            if op.operands[k] in self.active:
                cotangents.add(op.operands[k], tracer.var(g))
        for tape, g in tapes.items():
            cotangents.add(tape, tracer.var(g))


def _hand_in(cotangents: Cotangents, value: Value, g: Value, inside: bool) -> None:
    """A region's result has the cotangent of what it becomes outside; no gate, no line."""
    if inside and cotangents.get(value) is None and fits(g.type, cotangents.type(value)):
        cotangents.set(value, g)
    else:
        cotangents.add(value, cotangents.tracer().var(g))


def _missing(side: Cotangents) -> Value:
    """The cotangent of what doesn't exist on a side: nothing will read it."""
    return side.builder.emit("undefined", (), UNDEFINED)


def _made_in(block: Block) -> set[Value]:
    return {v for op in block.operations for v in op.results}


def _executed(loop: Loop, builder: Builder) -> list[Value]:
    """What the iterations that took place have run over."""
    if loop.trips is None:
        return list(loop.sequences)
    if loop.sequences:
        return [builder.emit("taken", (s, loop.trips), s.type) for s in loop.sequences]
    bounds = (builder.constant(0), loop.trips, builder.constant(1))
    return [builder.emit("range", bounds, Range())]
