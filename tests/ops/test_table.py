"""The proof of the table: each entry's value, type and derivative on its own samples."""

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from driving import LEVELS, agree, close, follows, gradient, run, same
from sampling import Sample, conforms, drawn, is_there, on_samples, spelled, vias

from adcompiler.ir.builder import Builder
from adcompiler.ir.core import Value
from adcompiler.ir.sizes import symbol
from adcompiler.ir.types import FLOAT, Array, List, is_complex, rank
from adcompiler.ir.verifier import verify
from adcompiler.ops import SPELLINGS, TABLE, Op, OperationError, Tracer, families, infer
from adcompiler.ops.op import Call

# NumPy before 2.4 takes np.insert's bools for ints, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:in the future insert:FutureWarning")

INSTALLED = list(filter(is_there, TABLE.values()))
DIFFERENTIABLE = [op for op in INSTALLED if not op.no_gradient]
VALUED = [op for op in INSTALLED if op.domain or op.samples]


def has_rules(op):
    return bool(op.rules) or op.accumulate is not None


def test_no_two_entries_have_one_name():
    names = [one.name for _, entries in families() for one in entries if isinstance(one, Op)]
    assert len(names) == len(set(names)) == len(TABLE)


# Entries whose rule does nothing but say why there is no derivative.
REFUSING = {"opaque_rule"}


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_every_entry_has_samples_or_says_why_it_has_no_gradient(op):
    if op.no_gradient:
        assert not any(op.rule(k) for k in range(3)) and op.accumulate is None
    else:
        assert has_rules(op)
        assert op.domain or op.samples or op.examples or op.name in REFUSING


SAMPLED = [op for op in DIFFERENTIABLE if op.domain or op.samples]


BOTH = ((np.float64, None), (np.float32, None))


@on_samples(VALUED, *BOTH)
def test_value_and_type(sample):
    """What the entry promises of its result, the result is."""
    function, inputs = sample.function()
    verify(function, infer)
    for value, result in zip(quietly(run, function, inputs), function.results, strict=True):
        assert conforms(value, result.type), (value, result.type)


@on_samples([op for op in VALUED if op.elementwise], *BOTH)
def test_value_is_that_of_the_function_spelled(sample):
    function, inputs = sample.function()
    expected = quietly(spelled(sample.op, sample.attributes["via"]), *inputs)
    assert same(quietly(run, function, inputs)[0], expected)


def quietly(function, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args)


def gradients(sample, square=True, levels=LEVELS):
    """The gradients of the sample's weighted sum, alike at both levels; with its function, and the
    gradient as a function."""
    made = sample.scalar(square)
    if made is None or not made[2]:
        return None
    function, inputs, positions = made
    wrt = [function.parameters[k] for k in positions]
    compiled = [gradient(function, wrt, level) for level in levels]
    found = [run(one, (*inputs, 1.0)) for one in compiled]
    for a, b in zip(found[0], found[-1], strict=True):
        agree(a, b, inputs)
    return function, inputs, positions, compiled[-1], found[-1]


@on_samples(SAMPLED, (np.float64, False))
def test_gradient(sample):
    """The gradient, and the gradient of a weighted sum of the gradients."""
    made = gradients(sample)
    if made is None:
        return False
    check_gradient(*made, 1e-8)
    check_second_order(*made)
    return True


def check_gradient(function, inputs, positions, compiled, found, tolerance, width=1e-3):
    for k, g in zip(positions, found, strict=True):
        has_form_of(g, inputs[k])
        follows(g, function, inputs, k, tolerance, width)


@on_samples(SAMPLED, (np.float32, None), (np.float64, True))
def test_gradient_in_single_precision(sample):
    """The dtype of each argument, and the value that double precision gives."""
    made = gradients(sample)
    if made is None:
        return False
    _, inputs, positions, _, found = made
    attributes = {k: _double_type(v) for k, v in sample.attributes.items()}
    double = Sample(sample.op, tuple(map(_double, sample.operands)), attributes)
    exact = gradients(double, levels=(1,))
    for k, g, e in zip(positions, found, exact[-1], strict=True):
        has_form_of(g, inputs[k])
        close(g, e, 2e-4)
    return True


def _double_type(attribute):
    if isinstance(attribute, Array):
        return replace(attribute, dtype="f8")
    return "f8" if attribute == "f4" else attribute


def _double(operand):
    if isinstance(operand, Call):
        return Call(operand.opcode, _double(operand.operand))
    if isinstance(operand, (np.ndarray, np.generic)) and operand.dtype == np.float32:
        return operand.astype(np.float64)
    return operand


def has_form_of(gradient_, argument):
    if isinstance(argument, list):
        assert isinstance(gradient_, list) and len(gradient_) == len(argument)
        return
    assert np.shape(gradient_) == np.shape(argument)
    assert np.asarray(gradient_).dtype == np.asarray(argument).dtype
    if np.ndim(argument):
        assert isinstance(gradient_, np.ndarray)


def check_second_order(function, inputs, positions, first, _, width=1e-3):
    """The gradient of a weighted sum of the gradients, along a random direction."""
    numbers = [k for k in positions if not isinstance(inputs[k], list)]
    if not numbers:
        return  # lists are differentiated twice elsewhere
    if numbers != positions:
        positions = numbers
        first = gradient(function, [function.parameters[k] for k in positions], 1)
    total, weights = _weighted(first, positions, inputs)
    arguments = (*inputs, 1.0, *weights)
    second = gradient(total, [total.parameters[k] for k in positions], 1, order=2)
    found = run(second, (*arguments, 1.0))
    for k, g in zip(positions, found, strict=True):
        has_form_of(g, inputs[k])
        follows(g, total, arguments, k, 1e-7, width)


def _weighted(first, positions, inputs):
    rng = np.random.default_rng(11)
    builder = Builder()
    builder.operations += first.body.operations
    tracer = Tracer(builder, TABLE, SPELLINGS)
    total, parameters, values = 0.0, [], []
    for k, g in zip(positions, first.results, strict=True):
        parameters.append(Value(first.parameters[k].type, f"weight{k}"))
        weight = drawn(rng, (0.5, 1.5), np.shape(inputs[k]), _weight_dtype(inputs[k]))
        values.append(weight if np.ndim(weight) else type(inputs[k])(weight))
        product = tracer.var(g) * tracer.var(parameters[-1])
        product = product.emit("real") if is_complex(product.type) else product
        total = (np.sum(product) if rank(product.type) else product) + total
    body = builder.block((*first.parameters, *parameters), (tracer.lift(total),))
    return replace(first, body=body), values


def _weight_dtype(argument):
    return complex if np.iscomplexobj(argument) else float


# Complex eigenvectors have arbitrary phases: see test_linear_algebra.
COMPLEX = [op for op in SAMPLED if op.complex and op.name not in ("eigh", "svd")]


@on_samples(COMPLEX, (np.complex128, None))
def test_gradient_over_complex_numbers(sample):
    """dL/dx - i dL/dy, twice."""
    made = gradients(sample) if _takes_complex_numbers(sample) else None
    if made is None:
        return False
    check_gradient(*made, 1e-8, 2e-4)
    check_second_order(*made, 2e-4)
    return True


@on_samples(COMPLEX, (np.complex64, None))
def test_gradient_over_complex_numbers_in_single_precision(sample):
    made = gradients(sample) if _takes_complex_numbers(sample) else None
    if made is None:
        return False
    check_gradient(*made, 2e-4, 2e-4)
    return True


def _takes_complex_numbers(sample):
    if sample.attributes.get("keepdims"):
        return False  # differs from others by that alone
    types = [v.element if isinstance(v, List) else v for v in sample.attributes.values()]
    if any(v in ("f4", "f8", "float", FLOAT) for v in types):
        return False
    try:
        sample.function()
    except OperationError:
        return False
    return True


UNARY = [op for op in DIFFERENTIABLE if op.elementwise and len(op.domain) == 1]
LINEAR = {"angle", "neg", "pos", "degrees", "radians", "rad2deg", "deg2rad"}


@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.name)
def test_nan_is_never_masked(op):
    """Where the operand is NaN, so is the gradient, unless the derivative is a constant."""
    if vias(op) == ["math"]:
        *_, (alone,) = quietly(gradients, Sample(op, (math.nan,), {"via": "math"}), False)
        assert math.isnan(alone)
        return
    sample = Sample(op, (np.array([math.nan, 0.5]),), {"via": vias(op)[0]})
    *_, found = quietly(gradients, sample, False)
    assert math.isnan(found[0][0]) or op.name in LINEAR
    assert not math.isnan(found[0][1]) or op.name == "arccosh"


@pytest.mark.parametrize("name", ["maximum", "minimum", "max", "min"])
def test_a_nan_that_was_chosen_isn_t_hidden_by_a_zero(name):
    op = TABLE[name]
    x = np.array([math.nan, 0.5, 0.7])
    if op.elementwise:
        sample = Sample(op, (x, np.array([0.1, 0.2, math.nan])), {"via": "np"})
    else:
        sample = Sample(op, (x,), {"axis": None, "keepdims": False})
    *_, found = quietly(gradients, sample, False)
    assert np.asarray(found[0])[0] != 0


@pytest.mark.parametrize("name", ["fmax", "fmin"])
def test_fmax_passes_by_nan(name):
    sample = Sample(TABLE[name], (np.array([math.nan, 0.5]), np.array([0.1, math.nan])),
                    {"via": "np"})  # fmt: skip
    *_, (left, right) = gradients(sample)
    assert left[0] == 0 != right[0]
    assert right[1] == 0 != left[1]


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [(0.0, 1.0, (1, 0, 0)), (0.7, 1.0, (0, 1, 0)), (0.0, 0.3, (0, 0, 1)), (0.7, 0.3, (0, 0, 1))],
)
def test_clip_gives_the_gradient_to_what_it_returns(lower, upper, expected):
    operands = (np.array([0.5]), np.array([lower]), np.array([upper]))
    *_, found = gradients(Sample(TABLE["clip"], operands, {"bounds": "both"}))
    assert tuple(int(g[0] != 0) for g in found) == expected


N = symbol("n")


@pytest.mark.parametrize(
    ("name", "types", "attributes", "reason"),
    [
        ("squeeze", [Array("f8", (N, 2))], {"axis": None}, "only at run time"),
        ("concatenate", [Array("f8", (2,))], {"axis": None}, "over no axis"),
        ("concatenate", [Array("f8", (2,)), Array("f8", (2, 2))], {"axis": 0}, "different ranks"),
        ("sum", [Array("f8", (2,))], {"axis": 1, "keepdims": False}, "out of bounds"),
        ("add", [Array("f8", (2,)), Array("f8", (3,))], {"via": "op"}, "don't broadcast"),
        ("add", [List(FLOAT, N), FLOAT], {"via": "op"}, "lists of numbers"),
        ("sin", [Array("U4", (2,))], {"via": "np"}, "no loop"),
        ("matmul", [Array("f8", (2, 3)), Array("f8", (2,))], {"via": "op"}, "3 is not 2"),
        ("matmul", [FLOAT, Array("f8", (2,))], {"via": "op"}, "@ of a number"),
        ("maximum", [Array("f8", (2,)), FLOAT], {"via": "op"}, "whole arrays"),
        ("minimum", [Array("f8", ()), Array("f4", ())], {"via": "op"}, "now the other"),
        ("round", [Array("f8", (2,))], {"digits": None}, "whole array"),
        ("cast", [Array("f8", (2,))], {"type": "float"}, "is no number"),
        ("index", [Array("f8", (2,))], {"key": (0, 0)}, "too many indices"),
        ("transpose", [Array("f8", (2, 2))], {"axes": (0, 0)}, "no permutation"),
        ("dot", [Array("f8", (2, 2, 3)), Array("f8", (2,))], {}, "3 is not 2"),
    ],
)
def test_refusals_of_the_table(name, types, attributes, reason):
    with pytest.raises(OperationError) as caught:
        TABLE[name].infer(types, attributes)
    assert reason in caught.value.reason
    assert caught.value.advice
