"""The catalogue of operations: what it says of a gradient is what the compiler computes."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from adcompiler import grad
from adcompiler.operations import KINDS, described
from adcompiler.ops import EXPANSIONS, SPELLINGS, TABLE
from adcompiler.runtime import HELPERS, helpers
from tests.generator.program import load

NAMES = {"np": np, "math": math, **{name: getattr(helpers, name) for name in HELPERS}}
CALLS = [
    one for one in described()
    if one.kind == "gradient" and one.flows and one.entry in TABLE and TABLE[one.entry].elementwise
]  # fmt: skip


@pytest.mark.parametrize("one", CALLS, ids=lambda one: one.form)
def test_the_formula_is_the_gradient(one):
    """Run as text, on numbers drawn from the entry's domain."""
    op = TABLE[one.entry]
    rng = np.random.default_rng(len(one.form))
    names = re.findall(r"grad_(\w+) = ", "; ".join(one.flows))
    parameters = ["x"] if len(op.domain) == 1 else [*"abcd"[: len(op.domain)]]
    drawn = [rng.uniform(*interval) for interval in op.domain]
    arguments = [
        int(number) if isinstance(interval[0], int) else np.float64(number)
        for number, interval in zip(drawn, op.domain, strict=True)
    ]
    if one.form.startswith("math."):
        arguments = [a if isinstance(a, int) else float(a) for a in arguments]
    packages = "import scipy.special\n" if "scipy.special" in one.form else ""
    text = f"{packages}import math, numpy as np\n\ndef f({', '.join(parameters)}):\n"
    f = load(f"{text}    return {one.form}\n").f
    known = {**NAMES, **_scipy(), **dict(zip(parameters, arguments, strict=True)), "grad_y": 1.0}
    known["y"] = f(*arguments)
    found = grad(f, wrt=tuple(names))(*arguments)
    for line, expected in zip(one.flows, found, strict=True):
        value = eval(line.partition(" = ")[2], known)
        np.testing.assert_allclose(value, expected, rtol=1e-13)


def _scipy():
    """What lines about SciPy's functions name."""
    try:
        from scipy import special
    except ImportError:
        return {}
    return {"special": special}


def test_every_spelling_of_the_tables_is_there():
    entries = {one.entry for one in described()}
    assert {op.name for op, _ in SPELLINGS.values()} <= entries
    assert {one.name for one in EXPANSIONS.values()} <= entries
    assert {one.kind for one in described()} == set(KINDS)


def test_forms_are_those_that_users_write():
    forms = {one.form: one for one in described()}
    assert forms["np.tanh(x)"].flows == ("grad_x = grad_y * (1 - y * y)",)
    assert forms["a @ b"].flows == ("grad_a = grad_y @ b.T", "grad_b = a.T @ grad_y")
    assert forms["np.fliplr(m)"].flows == ("np.fliplr(a) = a[:, ::-1]",)
    assert forms["np.floor(x)"].kind == "no gradient"
    assert forms["len(item)"].kind == "front end"
    assert {"np.abs(x)", "np.absolute(x)", "abs(x)", "x.T", "-x"} <= forms.keys()


def test_nothing_of_this_process_is_in_it():
    text = "\n".join(f"{one.form} {one.flows}" for one in described())
    assert not re.search(r"0x[0-9a-f]{6}| object at |<function", text)
