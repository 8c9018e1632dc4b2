"""What must hold of every function between two passes; what doesn't is shown in place.

    function f(%x: float):
        %y = mul %x, %<undefined z>
        ^ error: operand %<undefined z> is not visible here
        return %y

A use is visible if its definition stands earlier in an enclosing block, or in the k-th block of
an `if` when the use is inside the k-th block of that `if`'s mirror. `relaxed` holds between
`reverse` and `legalise_saves`: a definition earlier in program order is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .core import Block, Function, Label, Operation, Value, hint, walk
from .layout import layout_errors
from .printer import print_function
from .sizes import Size, add, is_known, may_be_one, negate
from .types import SAVED, Array, List, Scalar, Tape, Type, fits, kind_of, rank

__all__ = ["Infer", "VerificationError", "agree", "verify"]

Infer = Callable[[Operation], Sequence[Type]]
_REGIONS = ("if", "for", "while")


class VerificationError(AssertionError):
    """A function that breaks the rules of the IR; the text shows it with the errors inline."""


def verify(function: Function, infer: Infer, *, relaxed: bool = False) -> None:
    """Raise VerificationError unless the function is well-formed.

    `infer` gives the types of a plain operation's results, or raises KeyError for an unknown
    opcode.
    """
    notes: dict[object, list[str]] = {}
    for one in (function, *function.functions.values()):
        check = _Check(infer, relaxed, function.functions, notes)
        check.definitions(one)
        check.block(one.body)
    if notes:
        count = sum(map(len, notes.values()))
        text = print_function(function, notes=notes)
        raise VerificationError(f"{count} error{'s' if count > 1 else ''} in\n{text}")


def agree(declared: Type, inferred: Type) -> bool:
    """Whether a value of the inferred type is what the declared type promises.

    Sizes that nothing is known of compare loosely. At rank 0 a Python number and a weak NumPy
    scalar of its kind are one; and what is declared to be a NumPy scalar may be read from a
    variable that on another path holds a Python number.
    """
    match declared, inferred:
        case (Scalar(kind), Scalar(other)):
            return kind == other
        case (Scalar(), Array()) | (Array(), Scalar()):
            array = declared if isinstance(declared, Array) else inferred
            assert isinstance(array, Array)
            return array.weak and not rank(array) and kind_of(declared) == kind_of(inferred)
        case (Array(), Array()):
            same = declared.dtype == inferred.dtype and rank(declared) == rank(inferred)
            return same and all(map(_same_size, declared.shape, inferred.shape))
        case (Tape(element), Tape(other_element)):
            return agree(element, other_element)
        case (List(number, size), List(other_number, other_size)):
            return agree(number, other_number) and _same_size(size, other_size)
    return declared == inferred


def _same_size(a: Size, b: Size) -> bool:
    """False where two sizes can't be equal: n and n - 1, or n and 1; `w1` and `b0` may well be."""
    if a == b or not (is_known(a) and is_known(b)):
        return True
    if 1 in (a, b):
        return may_be_one(a) and may_be_one(b)
    return not isinstance(add(a, negate(b)), int)


@dataclass
class _Check:
    infer: Infer
    relaxed: bool
    functions: Mapping[Label, Function]
    notes: dict[object, list[str]]
    # Values and blocks that the place just looked at can see.
    visible: set[Value] = field(default_factory=set)
    open: set[Block] = field(default_factory=set)
    # By the region attribute: an `if` that stands before, and the block it stands in.
    branches: dict[object, tuple[Operation, Block]] = field(default_factory=dict)

    def note(self, place: object, message: str) -> None:
        self.notes.setdefault(place, []).append(message)

    def definitions(self, function: Function) -> None:
        """Every value is defined once, every region has an identity of its own."""
        values: set[Value] = set()
        regions: set[object] = set()

        def define(place: object, new: Iterable[Value]) -> None:
            for value in new:
                if value in values:
                    self.note(place, f"{_name(value)} is defined twice")
                values.add(value)

        define(function, function.parameters)
        for op in walk(function.body):
            for block in op.blocks:
                define(op, block.parameters)
            define(op, op.results)
            region = op.attributes.get("region")
            if region is not None and region in regions:
                self.note(op, "another operation has the same `region`")
            regions.add(region)

    def block(self, block: Block) -> None:
        """The operations in order, then what the block yields."""
        self.open.add(block)
        self.visible.update(block.parameters)
        for op in block.operations:
            self.operation(op, block)
            self.visible.update(op.results)
        self.uses(block, block.results, "result")

    def uses(self, place: object, values: Iterable[Value], role: str) -> None:
        for value in values:
            if value not in self.visible:
                self.note(place, f"{role} {_name(value)} is not visible here")

    def operation(self, op: Operation, parent: Block) -> None:
        self.uses(op, op.operands, "operand")
        if op.opcode in _REGIONS:
            for message in layout_errors(op):
                self.note(op, message)
            for index, inner in enumerate(op.blocks):
                self.region_block(op, index, inner)
            if op.opcode == "if":
                self.branches[op.attributes.get("region")] = (op, parent)
        elif op.blocks:
            self.note(op, f"`{op.opcode}` has no blocks")
        elif op.opcode == "invoke":
            self.invoke(op)
        elif op.opcode == "unpack":
            self.unpack(op)
        else:
            self.plain(op)

    def region_block(self, op: Operation, index: int, block: Block) -> None:
        before, opened = set(self.visible), set(self.open)
        self.look_into(op, index)
        self.block(block)
        if not self.relaxed:
            self.visible, self.open = before, opened

    def look_into(self, op: Operation, index: int) -> None:
        """Make visible what the mirrored `if` (and the one that it mirrors) defines here."""
        found = self.branches.get(op.attributes.get("mirrors")) if op.opcode == "if" else None
        if found is None or found[1] not in self.open or index >= len(found[0].blocks):
            return
        original = found[0].blocks[index]
        self.open.add(original)
        for inner in original.operations:
            self.visible.update(inner.results)
        self.look_into(found[0], index)

    def invoke(self, op: Operation) -> None:
        """A call gives a function what it takes, and takes what it gives."""
        label = op.attributes.get("callee")
        callee = self.functions.get(label) if isinstance(label, Label) else None
        joint = [f.parts for f in self.functions.values() if f.parts is not None]
        if callee is None and not any(parts.backward is label for parts in joint):
            self.note(op, f"there is no function `{label}`")
        if callee is None or callee.parts is not None:
            return
        self.pairs(op, "argument", op.operands, callee.parameters)
        self.pairs(op, "result", callee.results, op.results)

    def pairs(
        self, op: Operation, what: str, values: Sequence[Value], targets: Sequence[Value]
    ) -> None:
        if len(values) != len(targets):
            self.note(op, f"{what}s: {len(values)} for {len(targets)}")
            return
        for value, target in zip(values, targets, strict=True):
            if not fits(value.type, target.type) and not agree(target.type, value.type):
                self.note(op, f"{what} {_name(value)} doesn't fit {_name(target)}")

    def unpack(self, op: Operation) -> None:
        if [v.type for v in op.operands] != [SAVED]:
            self.note(op, "`unpack` takes apart one tuple of saved values")

    def plain(self, op: Operation) -> None:
        try:
            inferred = self.infer(op)
        except KeyError:
            self.note(op, f"the opcode `{op.opcode}` is in no table")
            return
        except Exception as error:
            self.note(op, f"these operands are refused: {error}")
            return
        if len(op.results) != len(inferred):
            self.note(op, f"`{op.opcode}` has {_results(inferred)}, not {len(op.results)}")
            return
        for result, type_ in zip(op.results, inferred, strict=True):
            if not agree(result.type, type_):
                which = "the result" if len(inferred) == 1 else _name(result)
                self.note(op, f"{which} is {type_}, declared as {result.type}")


def _results(types: Sequence[Type]) -> str:
    return {0: "no result", 1: "one result"}.get(len(types), f"{len(types)} results")


def _name(value: Value) -> str:
    return f"%{hint(value) or '_'}: {value.type}"
