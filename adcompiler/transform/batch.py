"""A function for a whole stack of arguments at once.

    function f(%x, %w):              function f_batch(%x: f8[batch, n], %w):
        %y = tanh %x                     %y = tanh %x
        %z = sum[axis=0] %y              %z = sum[axis=1] %y
        %t = mul %z, %w                  %t = mul %z, %w
        return %t                        return %t

Parameters that are batched have one axis more, in front, all of one size; so has everything that
depends on them, and nothing else. Operations follow their rules (`Op.batch`); one without a rule
is done for one after the other. Branches and loops whose way is the same for all stay what they
are, with stacks among what they carry and hand on; others are refused. What Python's own numbers
would raise for (a division by 0) is infinite or NaN, as in NumPy's arrays.

The result of `reverse` may be batched before its saves are legal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..ir.builder import Builder
from ..ir.core import Block, Derived, Function, Label, Name, Operation, Value, callee_of, walk
from ..ir.loops import Loop
from ..ir.rewrite import constants_of, uses
from ..ir.sizes import Affine, Size, symbol
from ..ir.types import UNDEFINED, List, Tape, Type, TypeMismatch, shape_of
from ..ops import SPELLINGS, TABLE, Op, OperationError, Tracer, Var
from ..ops.inference import as_array
from ..ops.op import SHAPE_ALONE
from ..ops.stacks import Stacks, across, stacked
from .batched import batched_values, same_for_all
from .one_by_one import one_by_one

__all__ = ["batch"]


def batch(
    function: Function, batched: Collection[Value], name: str, *, size: Size | None = None,
    whole: Collection[Value] | None = None, table: Mapping[str, Op] = TABLE,
) -> Function:  # fmt: skip
    """The function for stacks of the parameters `batched`.

    `size`: how many a stack holds, 1 at least; a symbol unless told. `whole`: the results that
    are stacks in any case (all unless told); others are stacks where they depend on `batched`.
    Raises UnsupportedError where the function can't be batched.
    """
    values = batched_values(function, batched, table)
    taken = {v.type for one in _all(function) for v in _values(one)}
    count = _fresh_size(taken) if size is None else size
    wanted = function.results if whole is None else whole
    start = _Batch(values, count, table, function.functions)
    others = {
        label: _function(one, one.name, start, [v for v in one.results if v in values])
        for label, one in function.functions.items()
    }
    return replace(_function(function, name, start, wanted), functions=others)


def _all(function: Function) -> tuple[Function, ...]:
    return (function, *function.functions.values())


def _values(function: Function) -> list[Value]:
    made = [v for op in walk(function.body) for v in op.results]
    inside = [v for op in walk(function.body) for b in op.blocks for v in b.parameters]
    return [*function.parameters, *made, *inside]


def _fresh_size(types: Collection[Type]) -> Size:
    """A size that nothing in the function is known to have."""
    sizes = [n for t in types for n in _sizes(t) if isinstance(n, Affine)]
    names = " ".join(s.name for n in sizes for s, _ in n.terms)
    name = "batch"
    while name in names:
        name += "_"
    return symbol(name)


def _sizes(type_: Type) -> tuple[Size, ...]:
    inner = type_.element if isinstance(type_, (List, Tape)) else None
    return (*shape_of(type_), *(() if inner is None else _sizes(inner)))


def _function(function: Function, name: str, start: _Batch, whole: Collection[Value]) -> Function:
    one = replace(
        start, constants=constants_of(function), found={}, first=Builder(function.span),
        loose=set(), made={},
    )  # fmt: skip
    parameters = [one.fresh(v) for v in function.parameters]
    one.reference = next((one.found[v] for v in function.parameters if v in one.found), None)
    builder = Builder()
    one.block(function.body, builder)
    results = [
        one.as_stack(v, v.type, builder) if v in whole else one.get(v) for v in function.results
    ]
    operations = (*one.first.operations, *builder.operations)
    return Function(name, Block(tuple(parameters), operations, tuple(results)), function.span)


@dataclass
class _Batch:
    """One function on its way; `found` tells what stands for each batched value."""

    batched: frozenset[Value]
    size: Size
    table: Mapping[str, Op]
    called: Mapping[Label, Function]
    constants: Mapping[Value, object] = field(default_factory=dict)
    found: dict[Value, Value] = field(default_factory=dict)
    first: Builder = field(default_factory=Builder)
    reference: Value | None = None
    # Zeros of the shape of a variable that may be without a value: then they are a single 0.
    loose: set[Value] = field(default_factory=set)
    made: dict[Value, Operation] = field(default_factory=dict)

    def get(self, value: Value) -> Value:
        return self.found.get(value, value)

    def name(self, value: Value) -> Name:
        match value.name:
            case Derived(prefix, of) if of in self.found:
                return Derived(prefix, self.found[of])
        return value.name

    def fresh(self, value: Value) -> Value:
        """What stands for a value that a region, a call or the caller defines."""
        if value not in self.batched:
            return value
        type_ = stacked(value.type, self.size)
        assert type_ is not None
        self.found[value] = Value(type_, self.name(value))
        return self.found[value]

    def tracer(self, builder: Builder) -> Tracer:
        return Tracer(builder, self.table, SPELLINGS, constants=self.constants)

    def length(self) -> Value:
        """How many a stack holds, asked once, of the first parameter that is one."""
        if not self.first.operations and isinstance(self.size, int):
            self.first.constant(self.size)
        elif not self.first.operations:
            assert self.reference is not None
            x = self.tracer(self.first).var(self.reference)
            x = x.emit("index", key=(0,)) if isinstance(x.type, List) else x
            x.emit("size", axis=0)
        return self.first.operations[-1].result

    def as_stack(self, value: Value, type_: Type, builder: Builder) -> Value:
        """The value as a stack of that type, stretched if it isn't one, cast if need be."""
        if value.type == UNDEFINED:
            return value
        wanted = stacked(type_, self.size)
        x = self.tracer(builder).var(self.get(value))
        if value not in self.batched:
            x = self.stretched(value, x, type_)
        if isinstance(wanted, (List, Tape)) or wanted is None:
            return x.value
        dtype = as_array(wanted).dtype
        return x.value if as_array(x.type).dtype == dtype else x.astype(dtype).value

    def stretched(self, value: Value, x: Var, type_: Type) -> Var:
        """What all have in common, as a stack; what is made of a shape alone is made as one."""
        loose, op = value in self.loose, self.made.get(value)
        if op is not None and not loose:
            operands = [x.tracer.var(v) for v in op.operands]
            rule = self.table[op.opcode].batch
            found = rule(self._stacks(op, operands, op.operands, op.results)) if rule else None
            if isinstance(found, Var):
                return found
        return self._stacks(None, (x,), (value,), ()).stretched(x, type_, loose)

    def _stacks(
        self, op: Operation | None, operands: Sequence[Var], values: Sequence[Value],
        results: Sequence[Value],
    ) -> Stacks:  # fmt: skip
        entry = self.table["copy" if op is None else op.opcode]
        return Stacks(
            entry, {} if op is None else op.attributes, tuple(operands),
            tuple(v in self.batched for v in values), tuple(v.type for v in values),
            tuple(v.type for v in results), self.size, self.length,
            lambda k: self.stretched(values[k], operands[k], values[k].type),
        )  # fmt: skip

    def block(self, block: Block, builder: Builder) -> None:
        for op in block.operations:
            builder.span = op.span
            builder.backward, builder.repeats = op.backward, op.repeats
            if not self.concerns(op):
                builder.append(op)
                if op.attributes.get("lenient") or any(v in self.loose for v in op.operands):
                    self.loose.update(op.results)
                entry = self.table.get(op.opcode)
                if entry is not None and entry.no_gradient == SHAPE_ALONE:
                    self.made.update(dict.fromkeys(op.results, op))
            elif op.blocks:
                self.region(op, builder)
            elif callee_of(op) is not None:
                self.invoked(op, builder)
            else:
                self.plain(op, builder)

    def concerns(self, op: Operation) -> bool:
        """Whether a batched value takes part in the operation, or in its regions."""
        if any(v in self.batched for v in (*uses(op), *op.results)):
            return True
        inside = [op, *(inner for block in op.blocks for inner in walk(block))]
        callees = [self.called[label] for label in map(callee_of, inside) if label is not None]
        return any(v in self.batched for one in callees for v in (*one.parameters, *one.results))

    def plain(self, op: Operation, builder: Builder) -> None:
        """One operation: of what is the same for all of the batch, or by its rule."""
        entry = self.table[op.opcode]
        tracer = self.tracer(builder)
        operands = [tracer.var(self.get(v)) for v in op.operands]
        if not any(v in self.batched for v in op.results):
            alone = [
                x.emit("index", key=(0,)) if v in self.batched and same_for_all(entry, k)
                and not isinstance(v.type, (List, Tape)) else x
                for k, (x, v) in enumerate(zip(operands, op.operands, strict=True))
            ]
            builder.append(replace(op, operands=tuple(x.value for x in alone)))
            return
        stacks = self._stacks(op, operands, op.operands, op.results)
        for result, x in zip(op.results, _made(stacks, builder), strict=True):
            self.found[result] = self.named(x, result, builder)

    def named(self, x: Var, value: Value, builder: Builder) -> Value:
        """The stack under the value's name and in its dtype."""
        wanted = stacked(value.type, self.size)
        assert wanted is not None
        if not isinstance(wanted, (List, Tape)) and wanted != UNDEFINED:
            assert len(shape_of(x.type)) == len(shape_of(wanted)), (value, x.type, wanted)
            dtype = as_array(wanted).dtype
            x = x if as_array(x.type).dtype == dtype else x.astype(dtype)
        if value.name is None or not builder.operations:
            return x.value
        last = builder.operations[-1]
        if last.results == (x.value,) and x.value.name is None:
            renamed = Value(x.value.type, self.name(value))
            builder.operations[-1] = replace(last, results=(renamed,))
            return renamed
        return x.value

    def region(self, op: Operation, builder: Builder) -> None:
        if op.opcode == "if":
            self.branch(op, builder)
        else:
            self.loop(op, builder)

    def branch(self, op: Operation, builder: Builder) -> None:
        """What either side hands on as a stack, both do."""
        blocks = []
        for block in op.blocks:
            inner = builder.nested()
            self.block(block, inner)
            results = self.handed(block.results, op.results, inner)
            blocks.append(inner.block((), results))
        results = [self.fresh(v) for v in op.results]
        builder.append(replace(op, results=tuple(results), blocks=tuple(blocks)))

    def handed(
        self, values: Sequence[Value], targets: Sequence[Value], builder: Builder
    ) -> list[Value]:
        """The values that go to these targets: stacks where the targets are."""
        return [
            self.as_stack(v, t.type, builder) if t in self.batched else v
            for v, t in zip(values, targets, strict=True)
        ]

    def loop(self, op: Operation, builder: Builder) -> None:
        """Carries are stacks if they are in any iteration; a tape of stacks has stacks."""
        loop = Loop(op)
        starts = self.handed(loop.starts, loop.parameters, builder)
        blocks = []
        for block in op.blocks:
            parameters = [self.fresh(v) for v in block.parameters]
            inner = builder.nested()
            self.block(block, inner)
            if block is loop.body:
                following = self.handed(loop.following, loop.parameters, inner)
                collected = self.collected(loop, inner)
                stop = () if loop.stop is None else (loop.stop,)
                results = [*following, *collected, *stop]
            else:
                results = list(block.results)
            blocks.append(inner.block(parameters, results))
        sequences = [self.get(v) for v in loop.sequences]
        made = [self.fresh(v) for v in op.results]
        builder.append(replace(
            op, operands=(*starts, *sequences), results=tuple(made), blocks=tuple(blocks)
        ))  # fmt: skip

    def collected(self, loop: Loop, builder: Builder) -> list[Value]:
        found = []
        for value, tape in zip(loop.collected, loop.tapes, strict=True):
            assert isinstance(tape.type, Tape)
            stack = tape in self.batched
            found.append(self.as_stack(value, tape.type.element, builder) if stack else value)
        return found

    def invoked(self, op: Operation, builder: Builder) -> None:
        """A call: what the function takes as a stack in any call, it takes so in all."""
        callee = self.called[op.attributes["callee"]]
        operands = self.handed(op.operands, callee.parameters, builder)
        results = tuple(map(self.fresh, op.results))
        builder.append(replace(op, operands=tuple(operands), results=results))


def _made(stacks: Stacks, builder: Builder) -> Sequence[Var]:
    """By the rule; where there is none, or it doesn't hold for these types, one by one."""
    rule = stacks.entry.batch or (across if stacks.entry.elementwise else None)
    before = len(builder.operations)
    try:
        found = None if rule is None else rule(stacks)
    except (OperationError, TypeMismatch):
        found = None
    if found is None:
        del builder.operations[before:]
        return one_by_one(stacks)
    return found if isinstance(found, tuple) else (found,)
