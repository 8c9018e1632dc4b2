"""What has no derivative, and is refused before there is one: results that are no single number,
complex numbers where no rule is for them, draws that a pullback would repeat, static places.
"""

from __future__ import annotations

from collections.abc import Sequence

from .codegen.text_literals import literal
from .diagnostics import Diagnostic, SignatureError, Span, UnsupportedError
from .frontend.items import Item, Record, article, in_words
from .frontend.lower import Lowered
from .frontend.records import is_generated
from .ir.core import Function, Operation, Value, callee_of, walk
from .ir.types import Array, Scalar, Static, is_complex, kind_of, rank
from .ops import TABLE
from .transform.activity import active_values, dependences, differentiable_operands
from .wrt import Place, differentiable, is_fit, select, shown

__all__ = [
    "check_aux", "check_complex", "check_repeatable", "check_result", "check_written",
    "differentiable_at",
]  # fmt: skip


def check_result(lowered: Lowered, function: Function, aux: bool = False) -> None:
    """A gradient needs one real number to differentiate."""
    span, trail = function.span, ()
    item = lowered.result
    if aux:
        check_aux(item, span)
        item = item[0]
    if not isinstance(item, Value):
        found = "nothing" if item is None else in_words(item)
        advice = "return a single number, for example the loss."
        if not aux and isinstance(item, tuple) and item and isinstance(item[0], Value):
            advice = (
                "return a single number, for example the loss; or did you mean has_aux=True, for a"
                " function that returns the loss and something else?"
            )
        raise UnsupportedError(
            Diagnostic(
                "non-scalar-result", f"the function returns {found}, not one number.", advice,
                span, trail,
            )
        )  # fmt: skip
    type_ = function.results[0].type
    if rank(type_):
        reason = f"the function returns an array ({type_}), and only a number has a gradient."
        advice = (
            "return a number: its sum (np.sum) or mean, or np.sum(dy * y) for a gradient dy that"
            " comes to it. `vjp` takes results of any shape."
        )
    elif not isinstance(type_, (Scalar, Array)) or kind_of(type_) in ("complex", "bool"):
        reason = f"the function returns {article(str(type_))}."
        advice = "return a real number, for example the loss."
        if kind_of(type_) == "complex":
            advice = "return a real number made of it: its .real, or its abs()."
    else:
        return
    raise UnsupportedError(Diagnostic("non-scalar-result", reason, advice, span, trail))


def check_aux(item: Item, span: Span | None) -> None:
    """With has_aux the function returns a tuple of two."""
    if not isinstance(item, tuple) or len(item) != 2:
        found = "nothing" if item is None else in_words(item)
        raise UnsupportedError(
            Diagnostic(
                "non-scalar-result", f"the function returns {found}; with has_aux=True it has to be"
                " a tuple of two, what is differentiated and something else.",
                "return (loss, something else), or leave has_aux out.", span,
            )
        )  # fmt: skip
    check_written(item[1], span)


def check_written(item: Item, span: Span | None) -> None:
    """What is handed on has to be something that the emitted text can write."""
    match item:
        case Value():
            return
        case tuple() | list():
            parts = list(item)
        case dict():
            parts = list(item.values())
        case Record(cls, fields) if is_generated(cls):
            parts = list(fields.values())
        case _:
            try:
                literal(item)
            except TypeError:
                raise UnsupportedError(
                    Diagnostic(
                        "non-scalar-result", f"the function returns {in_words(item)}, which the"
                        " derivative can't hand on.",
                        "return numbers, arrays, strings and None, in tuples, lists, dicts and"
                        " dataclasses.",
                        span,
                    )
                ) from None  # fmt: skip
            return
    for part in parts:
        check_written(part, span)


def check_repeatable(function: Function, copied: bool = False) -> None:
    """What runs the forward part again would draw other numbers then. `copied`: generators that
    are passed are copied for each run, so that only NumPy's own are left."""
    for one in (function, *function.functions.values()):
        for op in walk(one.body):
            own = any(v.type == Static() for v in op.operands)
            if op.opcode in TABLE and TABLE[op.opcode].once and not (copied and own):
                raise UnsupportedError(
                    Diagnostic(
                        "derivative", "this derivative runs the function several times, and the"
                        " function draws random numbers.",
                        "draw outside, and pass what was drawn; or use value_and_grad.", op.span,
                    )
                )  # fmt: skip


def check_complex(function: Function, wrt: Sequence[Value]) -> None:
    """No gradient flows through complex numbers where the rule is that of real ones alone."""
    bodies = (function, *function.functions.values())
    found = [
        op for one in bodies for op in walk(one.body)
        if any(is_complex(v.type) for v in (*op.operands, *op.results)) and not _is_complex_too(op)
    ]  # fmt: skip
    if not found:
        return
    # Of what functions that call themselves compute, all is taken to be active.
    own = {v for op in walk(function.body) for v in op.results}
    active = active_values(function, wrt, function.results, dependences(function.functions))
    for op in found:
        if active.intersection(op.results) or own.isdisjoint(op.results):
            raise UnsupportedError(
                Diagnostic(
                    "complex", "the derivative of this is known for real numbers only, and a"
                    " gradient would flow through complex ones.",
                    "compute with the real and the imaginary part: z.real, z.imag.", op.span,
                )
            )  # fmt: skip


def _is_complex_too(op: Operation) -> bool:
    """Whether the operation has a rule for complex numbers, or needs none."""
    if op.blocks or callee_of(op) is not None:
        return True
    return op.opcode in TABLE and (TABLE[op.opcode].complex or not differentiable_operands(op))


def differentiable_at(lowered: Lowered, place: Place) -> list[Value]:
    """The floats of a parameter, none of which may have become static, or of a local variable."""
    if place not in lowered.variables and not is_fit(select(lowered.structures, place)):
        raise SignatureError(
            Diagnostic(
                "static-wrt",
                f"the gradient is asked for with respect to `{shown(place)}`, whose value must be"
                " known when the function is compiled.",
                f"leave `{shown(place)}` out of wrt.",
                lowered.function.span,
            )
        )
    return list(differentiable(select(lowered.places, place)))
