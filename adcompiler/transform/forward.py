"""Forward mode: the tangents beside the values, computed as the function runs.

    function f(%x):                  function f_jvp(%x, %dot_x):
        %y = tanh %x                     %y = tanh %x
        return %y                        %0 = mul %y, %y
                                         %1 = sub 1, %0
                                         %dot_y = mul %dot_x, %1
                                         return %y, %dot_y

The rules are those of reverse mode. An elementwise operation's is diagonal, and takes the tangent
in the cotangent's place. A linear operation is its own tangent map (`Op.linear`). Of all others the
pullback, which is linear in the cotangent, is transposed: reverse mode of the rule itself.

    y = norm(x)      pullback  g -> g * x / y      transposed  dot_x -> sum(dot_x * x / y)

Regions stay what they are, with the tangents beside what they carry and hand on. The result of
`reverse` may be taken before its saves are legal: a tangent stands where its value stands.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Block, Function, Operation, Value, callee_of
from ..ir.loops import Loop
from ..ir.rewrite import constants_of, defined_in
from ..ir.types import Scalar, TypeMismatch, is_differentiable
from ..ops import TABLE, Op, OperationError, Var
from .activity import differentiable_operands
from .adjoints import Adjoints, plan_adjoints
from .derivatives import float_dtypes
from .gates import recorded, without_recordings
from .paths import maybe_undefined
from .rules import contribution_of
from .splice import splice
from .tangents import Tangents
from .transposition import transposed

__all__ = ["forward"]


def forward(
    function: Function, wrt: Sequence[Value], name: str, *, prefix: str = "dot",
    results: Sequence[Value] | None = None, table: Mapping[str, Op] = TABLE,
) -> Function:  # fmt: skip
    """The function with the tangents of `results` (all that have one, unless told) after its own
    results, for the tangents of the parameters `wrt`, which come after its own parameters.
    """
    function = without_recordings(function)
    if results is None:
        results = [v for v in function.results if is_differentiable(v.type)]
    adjoints = plan_adjoints(function, wrt, results, name, ("jvp",))
    # Beside float32s a Python float's place in promotion is another than a NumPy scalar's.
    exact = bool(float_dtypes(function) - {"f8"})

    def pushed(
        one: Function, active: frozenset[Value], by: Sequence[Value], of: Sequence[Value]
    ) -> Block:
        """Tangents of parameters after these, of results after those."""
        tangents = Tangents(
            Builder(backward=True), prefix, constants_of(one), set(), maybe_undefined(one), exact
        )
        seeds = [tangents.fresh(v) for v in by]
        _Forward(active, adjoints, table).block(one.body, tangents)
        found = [tangents.current(v) for v in of]
        return tangents.builder.block((*one.parameters, *seeds), (*one.results, *found))

    called = {}
    for adjoint in adjoints.called.values():
        one = adjoint.function
        by = [one.parameters[k] for k in adjoint.parameters]
        of = [one.results[k] for k in adjoint.results]
        body = pushed(one, adjoint.active, by, of)
        called[adjoint.forward] = Function(str(adjoint.forward), body, one.span)
    body = pushed(function, adjoints.active, wrt, results)
    return Function(name, body, function.span, {**function.functions, **called})


@dataclass(frozen=True)
class _Forward:
    active: frozenset[Value]
    adjoints: Adjoints
    table: Mapping[str, Op]

    def block(self, block: Block, tangents: Tangents) -> None:
        """Append the block's operations, each followed by that of its tangent."""
        for op in block.operations:
            active = not self.active.isdisjoint(_defined(op))
            tangents.builder.span = op.span
            if op.blocks and active:
                self.region(op, tangents)
                continue
            if active and callee_of(op) is not None:
                self.invoked(op, tangents)
                continue
            if active and "pushforward" not in op.attributes:
                op = recorded(op)
            tangents.builder.append(op)
            if active:
                self.plain(op, tangents)

    def plain(self, op: Operation, tangents: Tangents) -> None:
        """One operation's tangents."""
        positions = [
            k for k in differentiable_operands(op) if self.has_tangent(op.operands[k], tangents)
        ]
        entry = self.table[op.opcode]
        if "received" in op.attributes:
            found = self.gate(op, positions, tangents)
        elif entry.elementwise:
            found = [_diagonal(entry, op, positions, tangents)]
        elif entry.linear:
            found = _linear(entry, op, positions, tangents)
        else:
            found = self.pulled(op, positions, tangents)
        for result, tangent in zip(op.results, found, strict=True):
            if result not in self.active:
                continue
            if tangent is None:
                tangents.set(result, tangents.zero(result))
                continue
            fitted = tangents.fit(tangent, result)
            tangents.set(result, tangents.named(fitted, tangents.name(result)))

    def has_tangent(self, value: Value, tangents: Tangents) -> bool:
        """Whether a value that an operation reads varies; all that do have been met before."""
        found = tangents.get(value) is not None
        assert found or value not in self.active, f"{value!r} has no tangent"
        return found

    def gate(self, op: Operation, positions: list[int], tangents: Tangents) -> list[Var | None]:
        """A gate: by its author's tangent rule, or by the backward rule transposed."""
        pushforward: Function | None = op.attributes.get("pushforward")
        if pushforward is None:
            return self.pulled(op, positions, tangents)
        tracer = tangents.tracer()
        dots = [tangents.current(op.operands[k]) for k in op.attributes["moved"]]
        given = (*dots, *op.operands[: op.attributes["arity"]], *op.results)
        found = map(tracer.var, splice(pushforward, given, tracer))
        named = dict(zip(op.attributes["received"], found, strict=True))
        return [named.get(k) for k in range(len(op.results))]

    def pulled(self, op: Operation, positions: list[int], tangents: Tangents) -> list[Var | None]:
        """The pullback's transpose, for each result that has a tangent."""
        entry = self.table[op.opcode]
        return [
            transposed(entry, op, positions, result, tangents) if result in self.active else None
            for result in op.results
        ]

    def invoked(self, op: Operation, tangents: Tangents) -> None:
        """A call: the function's own tangents come back after its results."""
        label = callee_of(op)
        adjoint = self.adjoints.called[label] if label is not None else None
        assert adjoint is not None
        dots = [tangents.current(op.operands[k]) for k in adjoint.parameters]
        results = [tangents.fresh(op.results[k]) for k in adjoint.results]
        tangents.builder.append(replace(
            op, operands=(*op.operands, *dots), results=(*op.results, *results),
            attributes={**op.attributes, "callee": adjoint.forward},
        ))  # fmt: skip

    def region(self, op: Operation, tangents: Tangents) -> None:
        if op.opcode == "if":
            self.branch(op, tangents)
        else:
            self.loop(op, tangents)

    def branch(self, op: Operation, tangents: Tangents) -> None:
        """The sides hand on the tangents after the values."""
        wanted = [k for k, v in enumerate(op.results) if v in self.active]
        blocks = []
        for block in op.blocks:
            side = tangents.inside(tangents.builder.nested())
            self.block(block, side)
            found = [side.current(block.results[k]) for k in wanted]
            blocks.append(side.builder.block((), (*block.results, *found)))
        results = (*op.results, *(tangents.fresh(op.results[k]) for k in wanted))
        tangents.builder.append(replace(op, results=results, blocks=tuple(blocks)))

    def loop(self, op: Operation, tangents: Tangents) -> None:
        """Carries, elements and tapes have their tangents beside them."""
        loop = Loop(op)
        carried = [
            k for k in range(loop.carry)
            if loop.parameters[k] in self.active or loop.finals[k] in self.active
            or loop.following[k] in self.active
        ]  # fmt: skip
        saved = [k for k, v in enumerate(loop.collected) if loop.tapes[k] in self.active]
        starts = [tangents.current(loop.starts[k]) for k in carried]
        enter = [tangents.fresh(loop.parameters[k]) for k in carried]
        sequences, elements = _elements(loop, tangents)
        blocks = tuple(
            self.inner(loop, block, carried, saved, enter, elements, tangents)
            for block in op.blocks
        )
        finals = [tangents.fresh(loop.finals[k]) for k in carried]
        tapes = [tangents.fresh(loop.tapes[k]) for k in saved]
        trips = () if loop.trips is None else (loop.trips,)
        tangents.builder.append(replace(
            op, operands=(*loop.starts, *starts, *sequences),
            results=(*loop.finals, *finals, *loop.tapes, *tapes, *trips), blocks=blocks,
            attributes={**op.attributes, "carry": loop.carry + len(carried)},
        ))  # fmt: skip

    def inner(
        self, loop: Loop, block: Block, carried: list[int], saved: list[int], enter: list[Value],
        elements: list[Value], tangents: Tangents,
    ) -> Block:  # fmt: skip
        """A loop's body, or its condition, which has the same parameters and nothing to add."""
        parameters = (*block.parameters[: loop.carry], *enter, *elements)
        if block is not loop.body:
            own = [Value(v.type, v.name) for v in enter]
            return replace(block, parameters=(*block.parameters[: loop.carry], *own))
        inner = tangents.inside(tangents.builder.nested())
        self.block(block, inner)
        following = [inner.current(loop.following[k]) for k in carried]
        collected = [inner.current(loop.collected[k]) for k in saved]
        stop = () if loop.stop is None else (loop.stop,)
        results = (*loop.following, *following, *loop.collected, *collected, *stop)
        return inner.builder.block(parameters, results)


def _defined(op: Operation) -> set[Value]:
    """The results, and all that a mirror may read of what is inside."""
    return set(op.results).union(*map(defined_in, op.blocks))


def _elements(loop: Loop, tangents: Tangents) -> tuple[list[Value], list[Value]]:
    """What the loop runs over, and the elements. A mirror's first sequences are those of its
    original, in the same order: tangents follow all of them that are the original's."""
    sequences, elements = list(loop.sequences), list(loop.elements)
    for sequence, element in zip(loop.sequences, loop.elements, strict=True):
        found = tangents.get(sequence)
        if found is not None:
            sequences.append(found)
            elements.append(tangents.fresh(element))
    return sequences, elements


def _diagonal(entry: Op, op: Operation, positions: Sequence[int], tangents: Tangents) -> Any:
    """The rules with the tangents in the cotangent's place, added up."""
    tracer = tangents.tracer(op.attributes.get("via", "np"))
    primals = [tracer.var(v) for v in (*op.operands, *op.results)]
    total: Any = None
    for k in positions:
        dot = tangents.get(op.operands[k])
        assert dot is not None
        part = contribution_of(entry, op, k, tracer.var(dot), primals)
        if part is not None:
            part = tangents.fit(part, op.result) if tangents.exact else part
            total = part if total is None else _sum(total, part)
    return total


def _sum(a: Var, b: Var) -> Var:
    """Terms of one shape are told apart from the user's sums, as they may be written together."""
    return a.emit("accumulate", b) if a.type == b.type else a.tracer.call(operator.add, a, b)


def _linear(
    entry: Op, op: Operation, positions: Sequence[int], tangents: Tangents
) -> list[Var | None]:
    """The operation of the tangents: of all of them at once, or of each by turns."""
    if entry.linear == "each" and len(positions) > 1:
        totals: list[Var] = []
        for k in positions:
            terms = _linear_in(entry, op, [k], tangents, [])
            pairs = zip(totals, terms, strict=True)
            totals = [_sum(a, b) for a, b in pairs] if totals else [*terms]
        return list(totals)
    others = () if entry.linear == "each" else entry.together(len(op.operands), op.attributes)
    return list(_linear_in(entry, op, positions, tangents, others))


def _linear_in(
    entry: Op, op: Operation, positions: Sequence[int], tangents: Tangents, zeros: Sequence[int]
) -> tuple[Var, ...]:
    tracer = tangents.tracer()
    operands = [tracer.var(v) for v in op.operands]
    for k in (*positions, *(k for k in zeros if k not in positions)):
        operands[k] = tracer.var(_tangent_or_number(entry, op, k, operands, tangents))
    values = tracer.append(op.opcode, operands, op.attributes, (None,) * len(op.results))
    return tuple(map(tracer.var, values))


def _tangent_or_number(
    entry: Op, op: Operation, position: int, operands: Sequence[Var], tangents: Tangents
) -> Value:
    """The operand's tangent; where it has none, zeros: a plain 0.0 if that will do."""
    found = tangents.get(op.operands[position])
    if found is not None:
        return found
    number = Scalar("float")
    types = [number if k == position else v.type for k, v in enumerate(operands)]
    try:
        fits_too = entry.types(types, op.attributes) == tuple(v.type for v in op.results)
    except (OperationError, TypeMismatch, AttributeError, ValueError, TypeError):
        fits_too = False
    return tangents.builder.constant(0.0) if fits_too else tangents.zero(op.operands[position])
