"""What a program is held to, and the verdict on it.

The user's function says what the value is, bit for bit, and what is printed; differences say what
the gradient is. All levels, `grad` and `value_and_grad`, a second call, and the interpreter on the
verified SSA have to say the same, and no argument may be changed. At level 2 the value may round
otherwise.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import itertools
import random
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import driving
import numpy as np

import adcompiler
from adcompiler import AdcompilerError, grad, value_and_grad
from adcompiler.diagnostics import Diagnostic
from adcompiler.ir.core import Function, walk
from adcompiler.ir.interpreter import interpret
from adcompiler.ir.types import Array
from adcompiler.ir.verifier import verify
from adcompiler.ops import evaluate
from adcompiler.pipeline import Options, gradient_function

from .differences import along
from .program import load, unload

__all__ = ["Failure", "Verdict", "assert_program", "judge", "judge_function", "leaves", "quiet"]

Take = Callable[..., Any]


@dataclass(frozen=True)
class Verdict:
    """`kind` is passed, refused, raises, skipped or failed; `what` the code, or the class."""

    kind: str
    what: str = ""
    detail: str = ""
    diagnostic: Diagnostic | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.what}".strip()


class Failure(Exception):
    """An oracle disagrees."""

    def __init__(self, what: str, detail: str) -> None:
        super().__init__(what, detail)
        self.what, self.detail = what, detail


class _Skipped(Exception):
    """The program says nothing about the compiler."""


class _Refused(Exception):
    """The emitted text refuses these arguments."""


_SHARED = Diagnostic(
    "ValueError", "the function stores into an array that shares memory with another argument;"
    " known only when it is called.", "pass a copy.",
)  # fmt: skip


def assert_program(text: str) -> None:
    """For regression tests: the program passes, or is refused with a diagnostic."""
    verdict = judge(text)
    assert verdict.kind in ("passed", "refused"), f"{verdict}\n{verdict.detail}"


def judge(text: str, take: Take = value_and_grad, take_gradient: Take = grad) -> Verdict:
    """The verdict on a module's text that has `f` and `arguments`."""
    module = load(text)
    try:
        return judge_function(module.f, module.arguments, take, take_gradient)
    finally:
        unload(module)


def judge_function(
    f: Any, arguments: Callable[[], dict[str, Any]], take: Take = value_and_grad,
    take_gradient: Take = grad,
) -> Verdict:  # fmt: skip
    """The verdict on a live function; `arguments` gives fresh ones, by name."""
    with quiet():
        return _judged(f, arguments, take, take_gradient)


def _judged(f: Any, arguments: Callable[[], Any], take: Take, take_gradient: Take) -> Verdict:
    wrt = tuple(name for name, v in arguments().items() if any(_float_leaves(v)))
    wanted = _outcome(f, arguments())
    unplanned = wanted.error and not isinstance(wanted.error, (AssertionError, ValueError))
    try:
        if unplanned:
            # The emitted text may raise otherwise, or not at all; the compiler must still stand.
            _source(take(f, wrt), arguments())
            return Verdict("raises", type(wanted.error).__name__)
        found = [_compiled(take(f, wrt, optimize=level), arguments, wanted) for level in (0, 1)]
        found.append(_compiled(take(f, wrt, optimize=2), arguments, wanted, rounding=True))
        if wanted.error is not None:
            return Verdict("raises", "as the function does")
        alone = _outcome(take_gradient(f, wrt), arguments())
        if alone.error is not None:
            raise alone.error
        found.append(list(leaves(alone.value)))
        _agree(found, arguments())
        _interpreted(f, arguments, wanted.value, wrt, found[1])
        _against_differences(f, arguments, wrt, found[1])
    except AdcompilerError as error:
        return _refused(error)
    except _Refused as refusal:
        (diagnostic,) = refusal.args
        return Verdict("refused", diagnostic.code, diagnostic.reason, diagnostic)
    except _Skipped as reason:
        return Verdict("skipped", str(reason))
    except Failure as failure:
        return Verdict("failed", failure.what, failure.detail)
    except Exception as error:
        return Verdict("failed", _class_of(error), "".join(traceback.format_exception(error)))
    return Verdict("passed")


def _source(gradient: Any, arguments: dict[str, Any]) -> None:
    with contextlib.suppress(AdcompilerError):
        gradient.source(**arguments)


def _refused(error: AdcompilerError) -> Verdict:
    """A refusal has a code, a place, a sentence of reason and one of advice."""
    (first, *_) = error.diagnostics
    complete = first.code and first.span and first.reason.endswith(".") and first.advice
    if not complete:
        return Verdict("failed", "incomplete diagnostic", str(error))
    return Verdict("refused", first.code, str(error), first)


def _class_of(error: BaseException) -> str:
    """What tells defects apart: the error's type, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "adcompiler" in Path(f.filename).parts or f.filename[0] == "<"]
    last = own[-1] if own else frames[-1]
    if last.filename.startswith("<adcompiler"):
        words = re.sub(r"'\w+'|`\w+`", "...", str(error))
        return f"{type(error).__name__} in emitted text: {words[:60]}"
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.name}"


@dataclass(frozen=True)
class _Outcome:
    value: Any
    printed: str
    error: Exception | None
    arguments: Any


def _outcome(function: Any, arguments: dict[str, Any]) -> _Outcome:
    """A call: the value or the exception, and what it printed."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            value = function(**arguments)
    except AdcompilerError:
        raise
    except Exception as error:
        return _Outcome(None, printed.getvalue(), error, arguments)
    return _Outcome(value, printed.getvalue(), None, arguments)


def _compiled(
    gradient: Any, arguments: Callable[[], Any], wanted: _Outcome, rounding: bool = False
) -> list[Any]:
    """The gradient's leaves, from two calls that must tell the same and give the same value;
    `rounding`: up to the last digits."""
    found = []
    for _ in range(2):
        outcome = _outcome(gradient, arguments())
        if outcome.error is not None and not _ran(outcome.error):
            raise outcome.error
        if wanted.error is not None:
            if type(outcome.error) is not type(wanted.error):
                raise Failure("exception", f"{wanted.error!r}, not {outcome.error!r}")
            return []
        if isinstance(outcome.error, ValueError) and "shares memory" in str(outcome.error):
            raise _Refused(_SHARED)
        if outcome.error is not None:
            raise outcome.error
        value, gradients = outcome.value
        if not (_is_close if rounding else driving.same)(value, wanted.value):
            raise Failure("value", f"{value!r} is not {wanted.value!r}")
        if not rounding and outcome.printed != wanted.printed:
            raise Failure("printed", f"{outcome.printed!r} is not {wanted.printed!r}")
        if not _equal(outcome.arguments, arguments()):
            raise Failure("arguments", "an argument was changed")
        found.append(list(leaves(gradients)))
    if not all(map(driving.same, *found)):
        raise Failure("second call", f"{found[0]} and then {found[1]}")
    return found[0]


def _is_close(value: Any, wanted: Any) -> bool:
    """Whether the value is what is wanted, rounded otherwise: of the same kind and dtype."""
    a, b = np.asarray(value), np.asarray(wanted)
    if type(value) is not type(wanted) or a.dtype != b.dtype:
        return False
    return np.allclose(a, b, *([1e-4, 1e-5] if a.dtype == np.float32 else [1e-10, 1e-12]),
                       equal_nan=True)  # fmt: skip


def _ran(error: Exception) -> bool:
    """Whether the error comes from emitted text, and not from the compiler."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = Path(adcompiler.__file__).parent
    last = [f.filename for f in frames if f.filename.startswith("<adcompiler")
            or Path(f.filename).is_relative_to(ours)]  # fmt: skip
    return not last or last[-1].startswith("<adcompiler")


def _agree(found: list[list[Any]], arguments: dict[str, Any]) -> None:
    """The levels, and `grad`; shapes and dtypes are those of the arguments."""
    floats = [leaf for v in arguments.values() for leaf in leaves(v) if _is_float(leaf)]
    for leaf, *gradients in zip(floats, *found, strict=True):
        for gradient in gradients:
            try:
                driving.fits(gradient, leaf)
            except AssertionError as error:
                raise Failure("shape or dtype", repr(error)) from None
            tolerance = 1e-10 if np.asarray(leaf).dtype == np.float64 else 1e-4
            scale = 1 + np.max(np.abs(gradients[0]), initial=0.0)
            if not np.allclose(gradient, gradients[0], 0, tolerance * scale, equal_nan=True):
                raise Failure("levels", f"levels 0, 1, 2, grad: {gradients}")


def _interpreted(
    f: Any, arguments: Callable[[], Any], wanted: Any, wrt: tuple[str, ...], gradients: list[Any]
) -> None:
    """The SSA, verified after every pass, run by the interpreter."""
    given = _in_order(f, arguments())
    made = driving.case(f, *given)
    run = _run_unwatched if _may_widen(made.function) else driving.run
    with contextlib.redirect_stdout(io.StringIO()):
        (value,) = run(made.function, copy.deepcopy(made.inputs))
        if not driving.same(value, wanted):
            raise Failure("interpreter", f"the value is {value!r}, not {wanted!r}")

        inferred = driving.remembered()

        def check(step: str, function: Any, relaxed: bool) -> None:
            verify(function, inferred, relaxed=relaxed)

        compiled, _ = gradient_function(made.lowered, Options(wrt, False, True), check)
        seed = driving._seed(wanted)
        run = _run_unwatched if _may_widen(compiled) else driving.run
        value, *found = run(compiled, (*copy.deepcopy(made.inputs), seed))
    if not driving.same(value, wanted):
        raise Failure("interpreter", f"the gradient's value is {value!r}, not {wanted!r}")
    for a, b in zip(leaves(found), gradients, strict=True):
        if not np.allclose(a, b, 1e-12 if np.asarray(b).dtype == np.float64 else 1e-4, 1e-12,
                           equal_nan=True):  # fmt: skip
            raise Failure("interpreter", f"{found} is not {gradients}")


def _may_widen(function: Function) -> bool:
    """Whether a Python float may stand for a NumPy scalar where float32s are about: what they make
    is a float32 or a float64, and types promise too much."""
    bodies = (function, *function.functions.values())
    types = [v.type for one in bodies for op in walk(one.body) for v in op.results]
    types += [v.type for one in bodies for v in one.parameters]
    arrays = [t for t in types if isinstance(t, Array)]
    return any(t.weak for t in arrays) and any(t.dtype == "f4" for t in arrays)


def _run_unwatched(function: Function, inputs: Any) -> tuple[Any, ...]:
    return interpret(function, inputs, evaluate)


def _in_order(f: Any, arguments: dict[str, Any]) -> list[Any]:
    return [arguments[name] for name in inspect.signature(f).parameters if name in arguments]


def _against_differences(
    f: Any, arguments: Callable[[], Any], wrt: tuple[str, ...], gradients: list[Any]
) -> None:
    """The gradient in one direction of each argument, against differences in double precision."""
    sharp = all(_is_double(leaf) for v in arguments().values() for leaf in leaves(v))
    rng = random.Random(1)
    for group in _groups(arguments(), wrt):
        directions = [_direction(rng, group[0][1])] * len(group)
        found = sum(
            float(np.sum(np.asarray(gradients[k], float) * d))
            for (k, _), d in zip(group, directions, strict=True)
        )
        positions = [k for k, _ in group]
        slope = along(partial(_moved, f, arguments, positions, directions), 0.0, sharp)
        if slope.trouble:
            raise _Skipped(slope.trouble)
        tolerance = 2e-7 if sharp else 5e-3
        if not abs(found - slope.derivative) <= tolerance * slope.scale:
            raise Failure("gradient", f"{found} along {directions[0]} in argument leaf {positions},"
                          f" differences say {slope.derivative}")  # fmt: skip


def _moved(
    f: Any, arguments: Callable[[], Any], positions: list[int], directions: list[Any], t: float
) -> float:
    """The function where these leaves are moved; what is one object stays one."""
    counter, memo = itertools.count(), {}

    def move(value: Any) -> Any:
        match value:
            case dict():
                return {key: move(part) for key, part in value.items()}
            case tuple() if hasattr(value, "_fields"):
                return type(value)(*map(move, value))
            case tuple() | list():
                return type(value)(map(move, value))
        if not _is_float(value):
            return value
        k = next(counter)
        double = value.astype(float) if isinstance(value, (np.ndarray, np.generic)) else value
        if k in positions:
            double = double + t * directions[positions.index(k)]
        if isinstance(value, np.ndarray):
            return memo.setdefault(id(value), double)
        return double

    with contextlib.redirect_stdout(io.StringIO()):
        kept = arguments()
        try:
            return float(f(**move(kept)))
        except Exception as error:
            raise _Skipped(f"{type(error).__name__} nearby") from None


def _groups(arguments: dict[str, Any], wrt: tuple[str, ...]) -> list[list[tuple[int, Any]]]:
    """Positions among the float leaves; those of one array that was passed twice together."""
    floats = [leaf for v in arguments.values() for leaf in leaves(v) if _is_float(leaf)]
    groups: dict[int, list[tuple[int, Any]]] = {}
    for k, leaf in enumerate(floats):
        key = id(leaf) if isinstance(leaf, np.ndarray) else -1 - k
        groups.setdefault(key, []).append((k, leaf))
    return list(groups.values())


def _direction(rng: random.Random, leaf: Any) -> Any:
    if not np.ndim(leaf):
        return 1.0
    drawn = [rng.choice((-1, 1)) * rng.uniform(0.5, 1.0) for _ in range(np.size(leaf))]
    return np.array(drawn).reshape(np.shape(leaf))


def leaves(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for part in value.values():
                yield from leaves(part)
        case tuple() | list():
            for part in value:
                yield from leaves(part)
        case _:
            yield value


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, (float, np.ndarray, np.generic)) and np.asarray(leaf).dtype.kind == "f"


def _is_double(leaf: Any) -> bool:
    return not _is_float(leaf) or np.asarray(leaf).dtype == np.float64


def _float_leaves(value: Any) -> Iterator[bool]:
    return (_is_float(leaf) for leaf in leaves(value))


def _equal(a: Any, b: Any) -> bool:
    return all(map(driving.same, leaves(a), leaves(b)))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
