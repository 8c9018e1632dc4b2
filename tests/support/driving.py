"""Driving the compiler by its interpreter: lower, differentiate, optimise, verify, evaluate.

`check(f, *args)` is the whole proof for one call: value, gradient and second order, at both levels.
"""

from __future__ import annotations

import copy
import importlib.util
import inspect
import itertools
import math
import os
import types
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sampling import conforms, drawn

from adcompiler import grad, optimize, value_and_grad
from adcompiler.frontend.context import ARGUMENT, StaticNeeded, lookup_path
from adcompiler.frontend.items import Record
from adcompiler.frontend.lower import Lowered, lower
from adcompiler.frontend.signature import Static, abstract
from adcompiler.ir.builder import Builder
from adcompiler.ir.core import Function, Operation, Value
from adcompiler.ir.interpreter import interpret
from adcompiler.ir.types import Type, is_complex, is_differentiable, rank
from adcompiler.ir.verifier import verify
from adcompiler.ops import SPELLINGS, TABLE, Tracer, evaluate, infer
from adcompiler.ops.inference import as_array
from adcompiler.transform.reverse import reverse
from adcompiler.transform.saves import legalise_saves
from adcompiler.transform.split import split

LEVELS = (0, 1)


@dataclass(frozen=True)
class Case:
    """A lowered function with its arguments as leaves."""

    lowered: Lowered
    inputs: tuple[Any, ...]

    @property
    def function(self) -> Function:
        return self.lowered.function

    @property
    def active(self) -> list[int]:
        """The positions of the arguments' leaves that are floats."""
        count = len(self.function.parameters) - sum(
            len(list(_leaves(c.structure, None))) for c in self.lowered.passed
        )
        parameters = self.function.parameters[:count]
        return [k for k, p in enumerate(parameters) if is_differentiable(p.type)]


def _leaves(structure: Any, value: Any) -> Any:
    """The run-time leaves of an argument, in the order of its structure."""
    if isinstance(structure, Static):
        return
    if isinstance(structure, (tuple, list)):
        values = itertools.repeat(None) if value is None else value
        for part, inner in zip(structure, values, strict=False):
            yield from _leaves(part, inner)
    elif isinstance(structure, dict):
        for key, part in structure.items():
            yield from _leaves(part, None if value is None else value[key])
    elif isinstance(structure, Record):
        for name, part in structure.fields.items():
            yield from _leaves(part, None if value is None else getattr(value, name))
    else:
        yield value


def module(folder: Path, text: str) -> types.ModuleType:
    """A text as a module with a file of its own; `math` and `np` are imported."""
    path = folder / f"sample_{len(os.listdir(folder))}.py"
    path.write_text(f"import math\nimport numpy as np\n\n{text}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def case(f: Any, *args: Any) -> Case:
    """Lower `f` for these arguments; verified."""
    bound = inspect.signature(f).bind(*args)
    bound.apply_defaults()
    structures = {name: abstract(value, name) for name, value in bound.arguments.items()}
    static: frozenset[Any] = frozenset()
    while True:
        try:
            lowered = lower(f, structures, static)
            break
        except StaticNeeded as need:
            assert need.path not in static
            static |= {need.path}
            if need.path[0] == ARGUMENT:
                structures[need.path[1]] = Static(bound.arguments[need.path[1]])
    inputs = [leaf for name, s in structures.items() for leaf in _leaves(s, bound.arguments[name])]
    for capture in lowered.passed:
        inputs += _leaves(capture.structure, lookup_path(f, capture.path))
    verify(lowered.function, infer)
    return Case(lowered, tuple(inputs))


def remembered() -> Callable[[Operation], tuple[Type, ...]]:
    """`infer` for one compilation: most operations pass through most passes as they are, and are
    inferred once."""
    known: dict[Operation, tuple[Type, ...]] = {}

    def inferred(op: Operation) -> tuple[Type, ...]:
        if op not in known:
            known[op] = infer(op)
        return known[op]

    return inferred


def gradient(
    function: Function, wrt: Any, level: int, *, value: bool = False, order: int = 1
) -> Function:
    """The gradient after all passes, each verified."""
    inferred = remembered()

    def strictly(found: Function) -> None:
        verify(found, inferred)

    def leniently(found: Function) -> None:
        verify(found, inferred, relaxed=True)

    found = reverse(function, wrt, f"{function.name}_grad", value=value, level=order)
    leniently(found)
    found = optimize.run(found, optimize.before_saves(optimize.Passes(level)), leniently)
    found = legalise_saves(found)
    strictly(found)
    found = optimize.run(found, optimize.after_saves(optimize.Passes(level)), strictly)
    if not found.functions:
        return found
    found = split(found)
    strictly(found)
    return optimize.run(found, optimize.after_saves(optimize.Passes(level)), strictly)


def run(function: Function, inputs: Any) -> tuple[Any, ...]:
    """The function's results; every operation's results have the types that it promises."""
    return interpret(function, inputs, evaluate, _conforming)


def _conforming(op: Operation, results: Any) -> None:
    for result, value in zip(op.results, results, strict=True):
        assert conforms(value, result.type), (op.opcode, value, result.type)


def same(a: Any, b: Any) -> bool:
    """Equal bit for bit, type included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (float, complex, np.ndarray, np.generic)):
        p, q = np.asarray(a), np.asarray(b)
        if p.dtype != q.dtype or p.shape != q.shape:
            return False
        if p.dtype.kind in "fc" and np.isnan(p).any():
            return bool(np.array_equal(p, q, equal_nan=True))
        return p.tobytes() == q.tobytes()
    return bool(a == b)


def fits(found: Any, argument: Any) -> None:
    """The gradient has its argument's shape and dtype."""
    if isinstance(argument, list):
        assert isinstance(found, list), found
        assert len(found) == len(argument)
        return
    assert np.shape(found) == np.shape(argument), (found, argument)
    assert np.asarray(found).dtype == np.asarray(argument).dtype, (found, argument)
    assert isinstance(found, np.ndarray) or np.ndim(argument) == 0, (found, argument)


def gradients(f: Any, *args: Any) -> list[Any]:
    """The gradients with respect to all floats; both levels, the value checked, agree."""
    made = case(f, *args)
    expected = f(*copy.deepcopy(args))
    (lowered,) = run(made.function, made.inputs)
    assert same(lowered, expected), (lowered, expected)
    wrt = [made.function.parameters[k] for k in made.active]
    found = []
    for level in LEVELS:
        compiled = gradient(made.function, wrt, level, value=True)
        before = [np.array(v, copy=True) for v in made.inputs]
        value, *grads = run(compiled, (*made.inputs, 1.0))
        _, *again = run(compiled, (*made.inputs, _seed(expected)))
        for a, b in zip(grads, again, strict=True):
            fits(a, b)
            np.testing.assert_allclose(a, b, 1e-5 if small(a) else 0)
        assert same(value, expected), (level, value, expected)
        for old, new in zip(before, made.inputs, strict=True):
            assert np.array_equal(old, new, equal_nan=old.dtype.kind in "fc"), "argument changed"
        found.append(grads)
    for a, b in zip(*found, strict=True):
        agree(a, b, made.inputs)
    for k, g in zip(made.active, found[1], strict=True):
        fits(g, made.inputs[k])
    return found[1]


def agree(a: Any, b: Any, inputs: Sequence[Any] = ()) -> None:
    """Two levels give the same, up to what the order of factors and sums makes of rounding."""
    if not np.array_equal(a, b, equal_nan=True):
        assert nearly(a, b, inputs), ("levels differ", a, b)


def nearly(a: Any, b: Any, inputs: Sequence[Any] = ()) -> bool:
    """Equal but for a few last bits of the largest number; single precision among the inputs
    rounds a Python number's gradient, too."""
    single = small(a) or small(b) or any(hasattr(v, "dtype") and small(v) for v in inputs)
    relative = 1e-4 if single else 1e-12
    finite = np.abs(np.where(np.isfinite(b), b, 0))
    scale = float(np.max(finite, initial=0.0))
    return bool(np.allclose(a, b, relative, relative * scale, equal_nan=True))


def check_emitted(f: Any, *args: Any, second: bool = True) -> None:
    """The same through the emitted text: both levels, with and without the value; nothing that was
    passed is changed, and a second call gives the same."""
    found = check(f, *args, second=second)
    expected = f(*copy.deepcopy(args))
    names = [
        name for name, value in inspect.signature(f).bind(*args).arguments.items()
        if np.asarray(value).dtype.kind in "fc"
    ]  # fmt: skip
    for level in LEVELS:
        with_value = value_and_grad(f, tuple(names), optimize=level)
        alone = grad(f, tuple(names), optimize=level)
        before = copy.deepcopy(args)
        for _ in range(2):
            value, gradients_ = with_value(*args)
            assert same(value, expected), (level, value, expected)
            for one in (gradients_, alone(*args)):
                for a, b in zip(one, found, strict=True):
                    assert nearly(a, b, args), (level, a, b, with_value.source(*args))
        for old, new in zip(before, args, strict=True):
            assert same(old, new), "argument changed"


def small(value: Any) -> bool:
    return np.asarray(value).dtype in (np.float32, np.complex64)


def _seed(value: Any) -> Any:
    return type(value)(1.0) if isinstance(value, (np.generic, float)) else 1.0


# Whether each element is compared with differences of its own.
THOROUGH = "ADCOMPILER_PROGRAMS" in os.environ


def follows(
    g: Any, function: Function, inputs: Any, position: int, rtol: float, width: float = 1e-3
) -> None:
    """The gradient is the derivative with respect to one argument: of a few elements of each, of
    more along two directions in which all of them count."""
    found = np.asarray(g)
    parts = found.size * (1 + (found.dtype.kind == "c"))
    if parts <= 2 or THOROUGH or not np.isfinite(found).all():
        close(g, numeric(function, inputs, position, width), rtol)
        return
    inputs = list(map(_double, inputs))
    base = np.asarray(inputs[position])
    at = _moving(function, inputs, position)
    rng = np.random.default_rng(position)
    for _ in range(2):
        direction = _direction(rng, base)
        slope = _central(lambda distance, d=direction: at(base + distance * d), width)
        np.testing.assert_allclose(
            np.sum(found * direction).real, slope, rtol=rtol,
            atol=rtol * max(1.0, float(np.max(np.abs(found)))),
        )  # fmt: skip


def _direction(rng: np.random.Generator, base: Any) -> Any:
    """Of length 1, measured by the elements' own sizes; none of its parts is small."""

    def part() -> Any:
        return rng.choice([-1.0, 1.0], base.shape) * rng.uniform(0.5, 1, base.shape)

    found = part() + 1j * part() if base.dtype.kind == "c" else part()
    sizes = np.where(np.isfinite(base), np.abs(base), 1.0)
    return found / np.linalg.norm(found) * np.maximum(1.0, sizes)


def numeric(function: Function, inputs: Any, position: int, width: float = 1e-3) -> Any:
    """The derivative with respect to one argument by 5-point central differences, in float64;
    of a complex argument that along the real axis less 1j times that along the imaginary one."""
    inputs = list(map(_double, inputs))
    base = np.array(inputs[position])
    base = base.astype(complex if base.dtype.kind == "c" else float)
    result = np.zeros_like(base)
    axes = (1, 1j) if base.dtype.kind == "c" else (1,)
    at = _moving(function, inputs, position)
    for index, axis in itertools.product(np.ndindex(base.shape), axes):

        def along(distance: float, index: Any = index, axis: Any = axis) -> float:
            moved = base.copy()
            moved[index] += distance * axis
            return at(moved)

        step = width * max(1.0, abs(base[index]))
        result[index] += _central(along, step) * np.conj(axis)
    return result


def _moving(function: Function, inputs: Any, position: int) -> Any:
    """The function of one argument alone."""

    def at(moved: Any) -> float:
        before, after = inputs[:position], inputs[position + 1 :]
        arguments = (*before, _like(moved, inputs[position]), *after)
        return float(interpret(function, arguments, evaluate)[0])

    return at


def _central(at: Any, step: float) -> float:
    near, far = at(step) - at(-step), at(2 * step) - at(-2 * step)
    return (8 * near - far) / (12 * step)


def _double(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "fc":
        return value.astype(float if value.dtype.kind == "f" else complex)
    return value


def _like(moved: Any, argument: Any) -> Any:
    if isinstance(argument, list):
        return moved.tolist()
    return moved if isinstance(argument, np.ndarray) else type(argument)(moved)


def close(found: Any, expected: Any, rtol: float) -> None:
    expected = np.asarray(expected)
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale)


def tolerance(inputs: Any) -> float:
    return 2e-4 if any(hasattr(v, "dtype") and small(v) for v in inputs) else 1e-8


def check(f: Any, *args: Any, second: bool = True) -> list[Any]:
    """Value, gradient against central differences, second order against those of the gradient."""
    found = gradients(f, *args)
    made = case(f, *args)
    rtol = tolerance(made.inputs)
    for k, g in zip(made.active, found, strict=True):
        follows(g, made.function, made.inputs, k, rtol)
    if second:
        check_second(made)
    return found


def check_second(made: Case) -> None:
    """The gradient of a weighted sum of gradients."""
    wrt = [made.function.parameters[k] for k in made.active]
    rtol = tolerance(made.inputs)
    for level in LEVELS:
        first = gradient(made.function, wrt, level)
        seed = _seed(run(made.function, made.inputs)[0])
        total, weights = weighted(first, made)
        inputs = (*made.inputs, seed, *weights)
        second = gradient(total, [total.parameters[k] for k in made.active], level, order=2)
        found = run(second, (*inputs, 1.0))
        for k, g in zip(made.active, found, strict=True):
            fits(g, made.inputs[k])
            follows(g, total, inputs, k, 10 * rtol)


def weighted(first: Function, made: Case) -> tuple[Function, list[Any]]:
    """A function with one number as its result: the sum of weights times the gradients."""
    rng = np.random.default_rng(7)
    builder = Builder()
    builder.operations += first.body.operations
    tracer = Tracer(builder, TABLE, SPELLINGS)
    total: Any = 0.0
    parameters, values = [], []
    for g, k in zip(first.results, made.active, strict=True):
        argument = made.inputs[k]
        weight = drawn(rng, (0.5, 1.5), np.shape(argument), np.asarray(argument).dtype)
        dtype = getattr(argument, "dtype", np.dtype(float))
        parameters.append(Value(as_array(first.parameters[k].type), f"weight{k}"))
        values.append(np.asarray(weight, dtype)[()])
        var = tracer.var(g)
        var = var.emit("asarray") if isinstance(argument, list) else var
        product = tracer.var(parameters[-1]) * var
        product = product.emit("real") if is_complex(product.type) else product
        total = (np.sum(product) if rank(product.type) else product) + total
    body = builder.block((*first.parameters, *parameters), (tracer.lift(total),))
    return replace(first, body=body), values


def quiet(function: Any, *args: Any) -> Any:
    """Call without warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args)


def is_clean(value: Any) -> bool:
    return all(map(math.isfinite, np.ravel(value)))
