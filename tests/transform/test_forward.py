"""Forward mode: every entry's tangent, against reverse mode by ⟨Jv, w⟩ = ⟨v, Jᵀw⟩."""

import numpy as np
import pytest
from driving import agree, close, gradient, run
from sampling import conforms, drawn, is_there, samples

from adcompiler import optimize
from adcompiler.ir.types import FLOAT, List, is_differentiable
from adcompiler.ir.verifier import verify
from adcompiler.ops import TABLE, OperationError, infer
from adcompiler.transform.forward import forward

DIFFERENTIABLE = [op for op in TABLE.values() if is_there(op) and not op.no_gradient]


def cases(dtype, ops, every=1):
    return [
        pytest.param(s, id=str(s))
        for op in ops for k, s in enumerate(samples(op, dtype)) if k % every == 0
        if np.dtype(dtype).kind != "c" or not {s.attributes.get(a) for a in DTYPES} & REAL
    ]  # fmt: skip


DTYPES = ("type", "dtype")
REAL = {"f4", "f8", "float", FLOAT, *(List(FLOAT, n) for n in range(4))}


def tangent(function, wrt, level):
    """The function with its tangents after all passes, each verified."""
    found = forward(function, wrt, f"{function.name}_jvp")
    verify(found, infer)
    for passes in (optimize.BEFORE_SAVES, optimize.AFTER_SAVES):
        found = optimize.run(found, passes[level], lambda f: verify(f, infer))
    return found


def like(rng, value):
    """A random tangent of a value."""
    if isinstance(value, list):
        return [float(v) for v in rng.normal(size=len(value))]
    found = drawn(rng, (-1, 1), np.shape(value), np.asarray(value).dtype)
    return found if np.shape(value) else type(value)(found)


def check_forward(sample, tolerance):
    rng = np.random.default_rng(3)
    try:
        function, inputs = sample.function()
    except OperationError:
        pytest.skip("not of operands of this dtype")
    positions = [k for k, p in enumerate(function.parameters) if is_differentiable(p.type)]
    if not positions or not any(is_differentiable(v.type) for v in function.results):
        pytest.skip("no float in, or none out")
    dots = [like(rng, inputs[k]) for k in positions]
    tangents = []
    for level in (0, 1):
        pushed = tangent(function, [function.parameters[k] for k in positions], level)
        found = run(pushed, (*inputs, *dots))[len(function.results) :]
        kinds = [v.type for v in function.results if is_differentiable(v.type)]
        assert all(conforms(d, v.type) for d, v in zip(found, pushed.results[-len(kinds) :]))
        tangents.append(found)
    for a, b in zip(*tangents, strict=True):
        agree(function, a, b)
    made, inputs, positions = sample.scalar()
    wrt = [made.parameters[k] for k in positions]
    (*_, along) = run(tangent(made, wrt, 1), (*inputs, *dots))
    gradients = run(gradient(made, wrt, 1), (*inputs, 1.0))
    # dL is the real part of cotangent times dz.
    expected = sum(
        np.sum(np.asarray(g, complex) * np.asarray(d)).real
        for g, d in zip(gradients, dots, strict=True)
    )
    close(along, expected, tolerance)


@pytest.mark.parametrize("sample", cases(np.float64, DIFFERENTIABLE))
def test_tangent(sample):
    check_forward(sample, 2e-4 if "f4" in sample.attributes.values() else 1e-10)


# Complex eigenvectors have arbitrary phases.
COMPLEX = [op for op in DIFFERENTIABLE if op.complex and op.name not in ("eigh", "svd")]


@pytest.mark.parametrize("sample", cases(np.complex128, COMPLEX, 3))
def test_tangent_over_complex_numbers(sample):
    check_forward(sample, 1e-10)


@pytest.mark.parametrize("sample", cases(np.float32, DIFFERENTIABLE, 5))
def test_tangent_in_single_precision(sample):
    check_forward(sample, 2e-4)
