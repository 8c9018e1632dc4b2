"""The golden programs, their tangents and the tangents of their gradients, by the stack."""

import copy

import numpy as np
import pytest
from driving import case, close, run
from golden_files import CASES, load
from stacking import stack, unstack

from adcompiler import UnsupportedError, optimize
from adcompiler.ir.verifier import verify
from adcompiler.ops import infer
from adcompiler.transform.batch import batch
from adcompiler.transform.forward import forward
from adcompiler.transform.reverse import reverse
from adcompiler.transform.saves import legalise_saves

COUNT = 3
# What they take decides which way they go.
DECIDED = {
    "checked", "conditional", "jumps", "nested", "newton", "newton_break", "search", "simpson",
}  # fmt: skip


def compiled(function):
    """After all passes of level 1, each verified."""
    strict, relaxed = (
        (lambda f: verify(f, infer)), (lambda f: verify(f, infer, relaxed=True))
    )  # fmt: skip
    relaxed(function)
    function = optimize.run(function, optimize.before_saves(optimize.Passes()), relaxed)
    function = legalise_saves(function)
    strict(function)
    return optimize.run(function, optimize.after_saves(optimize.Passes()), strict)


def check(function, positions, draws):
    parameters = [function.parameters[k] for k in positions]
    made = compiled(batch(function, parameters, "batch"))
    alone = compiled(function)
    whole = list(draws[0])
    for k in positions:
        whole[k] = stack([one[k] for one in draws])
    found = run(made, copy.deepcopy(whole))
    for k, one in enumerate(draws):
        for value, expected in zip(found, run(alone, copy.deepcopy(one)), strict=True):
            close(np.asarray(unstack(value, k)), expected, 1e-10)


def tangent(rng, value):
    if isinstance(value, list):
        return [float(v) for v in rng.normal(size=len(value))]
    drawn = rng.normal(size=np.shape(value)).astype(np.asarray(value).dtype)
    return drawn if np.ndim(value) else type(value)(drawn)


def near(value, k):
    if isinstance(value, list):
        return [v * (1 + 0.01 * k) for v in value]
    return value * (1 + 0.01 * k)


def lowered(stem):
    program = load(stem)
    return case(program.FUNCTION, *copy.deepcopy(program.ARGUMENTS))


@pytest.mark.parametrize("stem", CASES)
def test_tangents(stem):
    made, rng = lowered(stem), np.random.default_rng(0)
    wrt = [made.function.parameters[k] for k in made.active]
    kinds = [(forward(made.function, wrt, "jvp"), ())]
    if not made.function.functions:
        gradient = reverse(made.function, wrt, "grad")
        kinds.append((forward(gradient, wrt, "hvp"), (1.0,)))
    for function, seed in kinds:
        draws = [
            [*made.inputs, *seed, *(tangent(rng, made.inputs[k]) for k in made.active)]
            for _ in range(COUNT)
        ]
        count = len(function.parameters)
        check(function, range(count - len(wrt), count), draws)


@pytest.mark.parametrize("stem", CASES)
def test_arguments(stem):
    made = lowered(stem)
    draws = [list(made.inputs) for _ in range(COUNT)]
    for k, one in enumerate(draws):
        for position in made.active:
            one[position] = near(made.inputs[position], k)
    if stem not in DECIDED:
        check(made.function, made.active, draws)
        return
    with pytest.raises(UnsupportedError, match="differs within the batch"):
        check(made.function, made.active, draws)
