"""Forward mode: every entry's tangent, against reverse mode by ⟨Jv, w⟩ = ⟨v, Jᵀw⟩."""

import numpy as np
from driving import agree, close, gradient, run
from sampling import conforms, drawn, is_there, on_samples

from adcompiler import optimize
from adcompiler.ir.types import FLOAT, List, is_differentiable
from adcompiler.ir.verifier import verify
from adcompiler.ops import TABLE, OperationError, infer
from adcompiler.transform.forward import forward

DIFFERENTIABLE = [op for op in TABLE.values() if is_there(op) and not op.no_gradient]


def tangent(function, wrt, level):
    """The function with its tangents after all passes, each verified."""
    found = forward(function, wrt, f"{function.name}_jvp")
    verify(found, infer)
    passes = optimize.Passes(level)
    for steps in (optimize.before_saves(passes), optimize.after_saves(passes)):
        found = optimize.run(found, steps, lambda f: verify(f, infer))
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
        return False
    positions = [k for k, p in enumerate(function.parameters) if is_differentiable(p.type)]
    if not positions or not any(is_differentiable(v.type) for v in function.results):
        return False
    dots = [like(rng, inputs[k]) for k in positions]
    tangents = []
    for level in (0, 1):
        pushed = tangent(function, [function.parameters[k] for k in positions], level)
        found = run(pushed, (*inputs, *dots))[len(function.results) :]
        kinds = [v.type for v in function.results if is_differentiable(v.type)]
        assert all(conforms(d, v.type) for d, v in zip(found, pushed.results[-len(kinds) :]))
        tangents.append(found)
    for a, b in zip(*tangents, strict=True):
        agree(a, b, inputs)
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
    return True


@on_samples(DIFFERENTIABLE, (np.float64, False), every=3)
def test_tangent(sample):
    return check_forward(sample, 1e-10)


# Complex eigenvectors have arbitrary phases.
COMPLEX = [op for op in DIFFERENTIABLE if op.complex and op.name not in ("eigh", "svd")]
DTYPES = ("type", "dtype")
REAL = {"f4", "f8", "float", FLOAT, *(List(FLOAT, n) for n in range(4))}


@on_samples(COMPLEX, (np.complex128, None), every=3)
def test_tangent_over_complex_numbers(sample):
    if {sample.attributes.get(a) for a in DTYPES} & REAL or sample.attributes.get("keepdims"):
        return False
    return check_forward(sample, 1e-10)


@on_samples([op for op in DIFFERENTIABLE if not op.elementwise], (np.float32, None))
def test_tangent_in_single_precision(sample):
    return False if sample.attributes.get("keepdims") else check_forward(sample, 2e-4)


@on_samples([op for op in DIFFERENTIABLE if op.elementwise], (np.float32, None), every=3)
def test_tangent_in_single_precision_where_ranks_meet(sample):
    ranks = {np.ndim(v) for v in sample.operands}
    return check_forward(sample, 2e-4) if len(ranks) > 1 else False
