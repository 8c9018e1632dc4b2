"""Pairs of real files: a user's function, and the modules emitted for it at each level.

`golden/neuron.py` goes in; `golden/neuron_O0.py` and `golden/neuron_O1.py` must come out, as text.
They are imported, run, and checked against central differences, the interpreter and each other.
`pytest --update-golden` rewrites them: read what changed before committing it.
"""

from __future__ import annotations

import copy

import driving
import numpy as np
import pytest
from golden_files import CASES, FOLDER, load

from adcompiler import grad, sigmoid, value_and_grad
from adcompiler.ir.interpreter import interpret
from adcompiler.ops import evaluate

LEVELS = (0, 1)


def emitted(stem, level, **options):
    case = load(stem)
    return grad(case.FUNCTION, wrt=case.WRT, optimize=level).module(*case.ARGUMENTS, **options)


def run_emitted(stem, level):
    """The gradient by the emitted file, as whoever has just that file would compute it."""
    case = load(stem)
    function = getattr(load(f"{stem}_O{level}"), f"{case.FUNCTION.__name__}_grad")
    outside = {n: getattr(case, n) for n in ("RATE", "MEANS") if hasattr(case, n)}
    return function(*copy.deepcopy(case.ARGUMENTS), **outside)


def leaves(value):
    """The numbers and arrays of a structure, in order."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def differences(function, arguments, position):
    """Central differences of fourth order by every element of one argument."""
    found = []
    for k, leaf in enumerate(leaves(arguments[position])):
        slope = np.zeros(np.shape(leaf))
        for index in np.ndindex(slope.shape):

            def at(offset, k=k, index=index):
                moved = copy.deepcopy(arguments)
                target = leaves(moved[position])[k]
                if isinstance(target, np.ndarray):
                    target[index] += offset
                else:
                    moved = (*moved[:position], target + offset, *moved[position + 1 :])
                return float(function(*moved))

            h = 1e-3
            near, far = at(h) - at(-h), at(2 * h) - at(-2 * h)
            slope[index] = (8 * near - far) / (12 * h)
        found.append(slope)
    return found


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("stem", CASES)
def test_text(stem, level, update_golden):
    path, text = FOLDER / f"{stem}_O{level}.py", emitted(stem, level)
    if update_golden:
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("stem", CASES)
def test_gradient_against_central_differences(stem):
    case = load(stem)
    names = list(case.FUNCTION.__code__.co_varnames)
    wrt = (case.WRT,) if isinstance(case.WRT, str) else case.WRT
    expected = [d for n in wrt for d in differences(case.FUNCTION, case.ARGUMENTS, names.index(n))]
    for level in LEVELS:
        found = leaves(run_emitted(stem, level))
        assert len(found) == len(expected)
        for g, e in zip(found, expected, strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("stem", CASES)
def test_levels_and_interpreter_agree(stem):
    case = load(stem)
    made = driving.case(case.FUNCTION, *case.ARGUMENTS)
    count = len(leaves(case.ARGUMENTS))
    wrt = (case.WRT,) if isinstance(case.WRT, str) else case.WRT
    names = [n for n, a in zip(_parameters(case), case.ARGUMENTS, strict=False) for _ in leaves(a)]
    active = [made.function.parameters[k] for k in range(count) if names[k] in wrt]
    seed = 1.0
    for level in LEVELS:
        compiled = driving.gradient(made.function, active, level)
        expected = interpret(compiled, (*made.inputs, seed), evaluate)
        found = leaves(run_emitted(stem, level))
        other = leaves(run_emitted(stem, 1 - level))
        for g, o, e in zip(found, other, expected, strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(g, o, rtol=1e-12, atol=1e-14)


def _parameters(case):
    code = case.FUNCTION.__code__
    return code.co_varnames[: code.co_argcount]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("stem", CASES)
def test_the_value_is_the_functions_own(stem, level):
    case = load(stem)
    compiled = value_and_grad(case.FUNCTION, wrt=case.WRT, optimize=level)
    value, gradient = compiled(*case.ARGUMENTS)
    expected = case.FUNCTION(*case.ARGUMENTS)
    assert type(value) is type(expected)
    assert np.asarray(value).tobytes() == np.asarray(expected).tobytes()
    for g, leaf in zip(leaves(gradient), leaves(run_emitted(stem, level)), strict=True):
        np.testing.assert_allclose(g, leaf, rtol=1e-13, atol=1e-15)


def test_no_emitted_file_without_its_case():
    found = {p.stem for p in FOLDER.glob("*_O?.py")}
    assert found == {f"{stem}_O{level}" for stem in CASES for level in LEVELS}


# The worked examples, with their numbers.
def rounded(values, digits):
    return [np.round(v, digits).tolist() for v in values]


@pytest.mark.parametrize("level", LEVELS)
def test_numbers_of_the_first_circuit(level):
    assert load("gates").FUNCTION(-2.0, 5.0, -4.0) == -12.0
    assert run_emitted("gates", level) == (-4.0, -4.0, 3.0)


@pytest.mark.parametrize("level", LEVELS)
def test_numbers_of_the_neuron(level):
    case = load("neuron")
    assert round(case.FUNCTION(*case.ARGUMENTS), 2) == 0.73
    assert rounded(run_emitted("neuron", level), 2) == [-0.20, 0.39, -0.39, -0.59, 0.20]


@pytest.mark.parametrize("level", LEVELS)
def test_numbers_of_the_two_layer_network(level):
    case = load("two_layer")
    W0, W1, x, _ = case.ARGUMENTS
    x1 = W0 @ x
    assert rounded([x1, np.tanh(x1), W1 @ np.tanh(x1)], 3) == [[0.7, 0.3], [0.604, 0.291], 0.313]
    assert case.FUNCTION(*case.ARGUMENTS) == pytest.approx(0.5 * 0.1869**2, rel=1e-3)
    grad_W0, grad_W1 = run_emitted("two_layer", level)
    assert rounded([W0 - 0.2 * grad_W0], 2) == [[[1.02, -3.0], [0.17, 1.0]]]
    np.testing.assert_allclose(W1 - 0.2 * grad_W1, [1.02, -0.989], atol=5e-3)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("stem", ["hidden_unit", "hidden_vector"])
def test_numbers_of_the_hidden_unit(stem, level):
    v, w, x, y = load(stem).ARGUMENTS
    h = sigmoid(np.dot(w, x))
    slope = (v * h - y) * v * h * (1 - h)
    expected = (v * h - y) * h, slope * x, slope * w
    for found, wanted in zip(run_emitted(stem, level), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-14)


@pytest.mark.parametrize("level", LEVELS)
def test_the_derivative_by_the_hidden_value(level):
    def rest(v, h, y):
        e = v * h
        return 0.5 * (y - e) ** 2

    v, w, x, y = load("hidden_unit").ARGUMENTS
    h = sigmoid(w * x)
    found = grad(rest, wrt="h", optimize=level)(v, h, y)
    assert found == pytest.approx((v * h - y) * v, rel=1e-15)


def body(stem, level):
    case = load(stem)
    text = grad(case.FUNCTION, wrt=case.WRT, optimize=level).source(*case.ARGUMENTS)
    return text.splitlines()


NEURON = """
    s0 = w0 * x0
    s1 = w1 * x1
    s2 = s0 + s1
    s3 = s2 + w2
    L = sigmoid(s3)
    grad_L = 1.0
    grad_s3 = grad_L * (1 - L) * L
    grad_w2 = grad_s3
    grad_s2 = grad_s3
    grad_s0 = grad_s2
    grad_s1 = grad_s2
    grad_w1 = grad_s1 * x1
    grad_x1 = grad_s1 * w1
    grad_w0 = grad_s0 * x0
    grad_x0 = grad_s0 * w0
"""


def test_the_lecture_form_verbatim():
    """Both lines of one add gate may come first."""
    (head, *lines, last), expected = body("neuron", 0), NEURON.strip("\n").splitlines()
    for pair in (7, 9):
        assert sorted(lines[pair : pair + 2]) == sorted(expected[pair : pair + 2])
        lines[pair : pair + 2] = expected[pair : pair + 2]
    assert lines == expected
    assert head == "def f_grad(w0, x0, w1, x1, w2):"
    assert last == "    return grad_w0, grad_x0, grad_w1, grad_x1, grad_w2"


POWER = """
def power_grad(x, n, *, grad_y=1.0):
    # forward
    y = 1.0
    y_tape = []
    for i in range(n):
        y_tape.append(y)
        y = y * x
    # backward
    grad_x = 0.0
    for y in reversed(y_tape):
        grad_x += grad_y * y
        grad_y = grad_y * x
    return grad_x
"""


def test_the_loop_of_the_design_page_verbatim():
    assert body("power", 1) == POWER.strip("\n").splitlines()
