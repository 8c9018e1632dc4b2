"""Effects run in the gradient's forward part as in the function: once, in order, the same text.

`agree` compares all that a call lets the outside see: output, logs, warnings, the exception.
"""

from __future__ import annotations

import io
import logging
import math
import sys
import warnings
from collections import deque
from contextlib import redirect_stderr, redirect_stdout

import driving
import numpy as np
import pytest
from refusing import refusal, underlined
from saying import arrays, checks, message_computed, never

from adcompiler import UnsupportedError, grad, primitive, value_and_grad
from adcompiler.ir.core import walk
from adcompiler.ir.interpreter import interpret
from adcompiler.ops import evaluate, has_effect

logger = logging.getLogger("tests.effects")
LEVELS = (0, 1)
V = np.array([1.5, -2.0, 0.25])


class Failure(Exception):
    """An exception class of the user's own."""


class Recorder(logging.Handler):
    """Keeps what was logged, as text."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((record.name, record.levelname, record.getMessage()))


def seen(call, *args):
    """What a call lets the outside see, apart from its result."""
    out, err, recorder = io.StringIO(), io.StringIO(), Recorder()
    root = logging.getLogger()
    level = root.level
    root.addHandler(recorder)
    root.setLevel(logging.DEBUG)
    error = None
    try:
        with (
            redirect_stdout(out), redirect_stderr(err),
            warnings.catch_warnings(record=True) as caught,
        ):  # fmt: skip
            warnings.simplefilter("always")
            try:
                call(*args)
            except Exception as raised:
                error = (type(raised), str(raised), repr(raised))
    finally:
        root.removeHandler(recorder)
        root.setLevel(level)
    warned = [(w.category, str(w.message)) for w in caught]
    return out.getvalue(), err.getvalue(), recorder.lines, warned, error


def agree(function, *args, **options):
    """Function, gradient and value with gradient are seen to do the same, at both levels."""
    expected = seen(function, *args)
    for level in LEVELS:
        for make in (grad, value_and_grad):
            assert seen(make(function, optimize=level, **options), *args) == expected
    return expected


def says(x):
    """A docstring, an ellipsis and a string by itself."""
    ...
    "nothing"
    print("x is", x, "and", 2 * x, sep=", ", end=";\n")
    y = x * x
    print(f"{y:.3f} {y!r:>20} {{}} {x + 1:{10}.{2}f} {'k'!s}")
    print("%s of %d" % (y, 3), "{:>8.2f}|{name}".format(y, name="n"), str(x) + "!", repr(x))
    return y * 3.0


def loops(x, n):
    total = 0.0
    for i in range(n):
        total = total + x * i
        if i % 2:
            print(i, total)
        else:
            print(f"even {i}")
    k = 0
    while total > 1.0:
        print("halve", total)
        total = total / 2
        k = k + 1
    return total * x


def raises(x):
    if x < 0:
        raise ValueError(f"negative: {x}")
    if x == 0:
        message = "zero: %g" % x
        raise Failure(message, 3)
    elif x > 100:
        raise Failure
    else:
        y = x * x
    if x > 50:
        y = y * 2
    else:
        if x > 40:
            raise KeyError("between", x)
        y = y * 3
    return y


def returns_or_raises(x):
    if x > 0:
        return x * x
    if x > -1:
        return x
    raise ArithmeticError(x)


def check(x, low):
    """Called for its effect alone."""
    if x < low:
        raise ValueError(f"{x} < {low}")
    print("checked", x)


def calls_a_check(x):
    check(x, -1.0)
    y = x * x
    check(y, 2.0)
    return y


def logs(x):
    logger.info("start")
    logger.warning("%s and %r", x, x)
    logging.getLogger("tests.other").error(f"{x:.2f}")
    logging.info("root %d", 3)
    warnings.warn(f"x is {x}", RuntimeWarning, stacklevel=2)
    warnings.warn("plain")
    sys.stderr.write(f"{x}\n")
    print(x, file=sys.stderr)
    return x * x


def message_by_branch(x):
    if x > 0:
        word = "above"
    else:
        word = f"below {x}"
    print(word)
    verbose = True
    print("said") if verbose else None
    x > 1 and print("more than one")
    x > 1 or print("not more than one")
    return x * x


def order(x, k):
    a = 1.0 / k
    print("between")
    b = 1.0 / (k - 1.0)
    print("after", a)
    return a * x + b * x


def deletes(x):
    y = x * x
    z = y * 2
    del y
    for _ in range(3):
        t = z * x
        z = z + t
        del t
    return z


def structured(a, b):
    p = {"a": a, "b": [b, (a,)]}
    print(p, p["a"])
    if p["a"] > 1:
        raise ValueError(p["a"], "too large")
    return p["a"] * p["b"][0][1]


def local_exception(x):
    error = ValueError(f"{x}")
    if x > 1:
        raise error from None
    return x


def unused(x):
    print(x)
    unused = math.exp(x)
    return 3.0 * x


CASES = [
    *((says, (v,)) for v in (0.5, np.float32(1.5))),
    *((loops, (1.25, n)) for n in (0, 3, 5)),
    *((checks, (v,)) for v in (2.0, -1.0, 4.0)),
    *((raises, (v,)) for v in (2.0, -1.0, 0.0, 200.0, 60.0, 45.0)),
    *((returns_or_raises, (v,)) for v in (2.0, -0.5, -3.0)),
    *((calls_a_check, (v,)) for v in (2.0, 1.0, -3.0)),
    (logs, (0.75,)), (arrays, (V,)), (arrays, (np.array([1.0, np.nan, 2.0]),)),
    (message_by_branch, (2.0,)), (message_by_branch, (-2.0,)),
    (order, (2.0, 3.0)), (order, (2.0, 0.0)), (order, (2.0, 1.0)), (deletes, (0.5,)),
    (structured, (0.5, V)), (structured, (1.5, V)),
    (local_exception, (0.5,)), (local_exception, (1.5,)), (unused, (0.5,)),
    (message_computed, (0.25,)), (message_computed, (-0.25,)),
]  # fmt: skip


@pytest.mark.parametrize(("function", "args"), CASES, ids=lambda c: getattr(c, "__name__", ""))
def test_the_gradient_is_seen_to_do_what_the_function_does(function, args):
    agree(function, *args)


@pytest.mark.parametrize(("function", "args"), CASES, ids=lambda c: getattr(c, "__name__", ""))
def test_values_and_gradients(function, args):
    """Value and both levels' gradients agree where the function returns; second order holds."""
    if seen(function, *args)[-1] is not None or function is unused:
        return
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            driving.check(function, *args)


def test_the_text():
    text = grad(raises).source(2.0)
    assert text.splitlines()[:9] == [
        "def raises_grad(x, *, Failure, grad_y=1.0):",
        "    # forward",
        "    if x < 0:",
        '        raise ValueError(f"negative: {x}")',
        "    if x == 0:",
        '        message = "zero: %g" % x',
        "        raise Failure(message, 3)",
        "    if x > 100:",
        "        raise Failure",
    ]


def test_asserts_known_to_hold_vanish():
    text = grad(checks).source(2.0)
    assert 'assert x > 0, f"{x} is not positive"' in text
    assert "never shown" not in text


def test_an_assert_known_to_fail_stays():
    expected = agree(never, 2.0)
    assert expected[-1][:2] == (AssertionError, "not written yet")


def by_mode(x, mode):
    if mode == "square":
        return x * x
    raise ValueError(f"no such mode: {mode}")


def test_raising_on_the_only_path():
    assert grad(by_mode)(3.0, "square") == 6.0
    agree(by_mode, 3.0, "cube")


def test_a_message_that_takes_computing_is_computed_only_for_a_failure():
    text = grad(message_computed).source(0.5)
    lines = text.splitlines()
    at = next(k for k, line in enumerate(lines) if "if not x > 0" in line)
    assert any("sqrt" in line for line in lines[at:])
    assert not any("sqrt" in line for line in lines[:at])


def test_effects_stand_in_the_forward_part_once_at_second_order():
    made = driving.case(says, 0.5)
    wrt = [made.function.parameters[k] for k in made.active]
    for level in LEVELS:
        with redirect_stdout(io.StringIO()) as out:
            says(0.5)
        first = driving.gradient(made.function, wrt, level)
        total, weights = driving.weighted(first, made)
        second = driving.gradient(total, [total.parameters[0]], level, order=2)
        assert sum(has_effect(op) for op in walk(second.body) if not op.blocks) == 3
        with redirect_stdout(io.StringIO()) as again:
            interpret(second, (*made.inputs, 1.0, *weights, 1.0), evaluate)
        assert again.getvalue() == out.getvalue()


def test_an_exception_of_the_users_is_a_parameter_by_keyword():
    module = grad(raises).module(2.0)
    assert "Failure, grad_y=1.0" in module
    with pytest.raises(Failure):
        grad(raises)(200.0)


def test_modules_are_imported_by_the_emitted_one():
    module = grad(logs).module(0.75)
    assert "import logging\nimport sys\nimport warnings\n" in module
    namespace = {}
    exec(module, namespace)
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        assert namespace["logs_grad"](0.75, logger=logger) == 1.5


def with_logger(x, log):
    log.info("x is %s", x)
    return x * x


def test_a_logger_as_an_argument_is_that_parameter():
    assert "def with_logger_grad(x, log, *, grad_out=1.0):" in grad(with_logger).source(2.0, logger)
    expected = agree(with_logger, 2.0, logger)
    assert expected[2] == [("tests.effects", "INFO", "x is 2.0")]


recent = deque(maxlen=3)


def records(x):
    recent.append(x * 2)
    return x * x


def test_an_object_from_outside_is_called():
    recent.clear()
    g = grad(records)
    assert [g(1.0), g(2.0)] == [2.0, 4.0]
    assert list(recent) == [2.0, 4.0]
    assert "recent.append(x * 2)" in g.source(1.0)


def records_array(x):
    recent.append(x)
    return np.sum(x * x)


def test_what_cant_be_looked_into_gets_no_array():
    error = refusal(grad(records_array), V)
    assert error.diagnostics[0].code == "opaque-call"
    assert underlined(error, __file__) == "recent.append(x)"


def logs_array(x, n):
    for _ in range(n):
        logger.info("%s", x)
        x = x * 2
    return np.sum(x)


def test_a_log_keeps_its_arrays():
    agree(logs_array, V, 3)


@primitive
def loud(x):
    print("gate", x)
    return x * x


@loud.backward
def loud_backward(g, x, y):
    return 2 * g * x


def uses_a_gate(x):
    loud(x)
    return loud(x) + x


def test_a_gate_with_an_effect_is_called_as_often():
    agree(uses_a_gate, 1.5)


def shadows(x):
    print = x * 2
    ValueError = print * 3
    if x < 0:
        raise TypeError("negative")
    return ValueError


def test_names_of_builtins_taken_by_variables():
    agree(shadows, 2.0)
    agree(shadows, -2.0)


REFUSED = {
    "raise": "unsupported-statement",
    "raise ValueError('a') from x": "unsupported-statement",
    "raise x": "unsupported-statement",
    "del x.a": "unsupported-statement",
    "del y": "unbound",
    "if f'{x}': x = 1.0": "text",
    "x = len(f'{x}')": "not-a-value",
    "x = f'{x}' == 'a'": "text",
    "x = f'{x}'.split()": "text",
    "global q": "unsupported-statement",
    "try:\n        x = 1.0\n    finally: pass": "unsupported-statement",
    "x = sys.getsizeof(x)": "unknown-function",
    "del x; y = x * 2": "unbound",
}


@pytest.mark.parametrize("line", REFUSED)
def test_refusals(line, tmp_path):
    made = driving.module(tmp_path, f"import sys\ndef f(x):\n    {line}\n    return x\n")
    with pytest.raises(UnsupportedError) as caught:
        driving.case(made.f, 2.0)
    assert caught.value.diagnostics[0].code == REFUSED[line]
    assert caught.value.diagnostics[0].span.line == 6


def test_text_ops_are_shown_in_the_ir():
    shown = grad(checks).ir(2.0)
    assert "text[template=f'{$0} is not positive'] %x" in shown
    assert "effect[template=assert $0, $1]" in shown


def in_a_context(x):
    y = x * 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / y
        root = np.sqrt(inverse)
    total = np.sum(np.where(y > 0, root, 0.0))
    for k in range(2):
        if k > 0:
            with np.errstate(all="ignore"), np.printoptions(precision=2):
                total = total + np.sum(np.exp(x)) * k
                print(x)
    return total


def returned_from_a_context(x):
    with np.errstate(over="raise"):
        return np.sum(np.exp(x))


def twice(x):
    y = 1.0 / x
    with np.errstate(divide="raise"):
        z = 1.0 / x
    return np.sum(np.where(x > 0, y * z, 0.0))


@pytest.mark.parametrize("function", [in_a_context, returned_from_a_context])
def test_contexts(function):
    x = np.array([0.5, 1.5, 2.0])
    agree(function, x)
    with redirect_stdout(io.StringIO()):
        driving.check(function, x)


def test_what_a_context_silences_is_silent_backwards_too():
    agree(in_a_context, np.array([0.5, 0.0, -2.0]))
    text = grad(in_a_context).source(V)
    assert text.count("with np.errstate(divide=") == 2
    assert text.count("with np.errstate(all=") == 2


def test_a_context_that_raises():
    assert agree(returned_from_a_context, np.array([1e4]))[-1][0] is FloatingPointError
    assert agree(twice, np.array([0.0, 1.0]))[-1][0] is FloatingPointError


def test_an_empty_context_goes():
    def f(x):
        with np.errstate(all="ignore"):
            y = x * 2.0
        return np.sum(y)

    text = grad(f).source(V)
    assert text.count("errstate") == 1
    assert text.index("# backward") < text.index("with np.errstate")


def swallowed(x):
    with pytest.raises(ValueError):
        y = x
    return y


def test_other_contexts_are_refused():
    error = refusal(grad(swallowed), 2.0)
    assert error.diagnostics[0].code == "unsupported-statement"
    assert underlined(error, __file__) == "pytest.raises(ValueError)"


class Counter:
    """Steps by a method that the function can't look into."""

    def __init__(self):
        self.weight, self.steps = 2.0, []

    def step(self, x):
        self.steps.append(x)


counter = Counter()


def steps(x):
    counter.step(x)
    return x * x


def steps_and_reads(x):
    counter.step(x)
    return x * counter.weight


def test_a_method_of_the_users_is_called():
    counter.steps.clear()
    assert grad(steps)(2.0) == 4.0
    assert counter.steps == [2.0]
    assert "def steps_grad(x, *, counter, grad_out=1.0)" in grad(steps).source(2.0)


def test_what_a_call_might_change_is_not_read():
    error = refusal(grad(steps_and_reads), 2.0)
    assert error.diagnostics[0].code == "opaque-call"
    assert "might change `counter.weight`" in error.diagnostics[0].reason
    assert underlined(error, __file__) == "counter.step(x)"


def test_a_logger_bound_anew_is_the_one_used():
    g = grad(logs)
    first = seen(g, 0.75)[2][0][0]
    globals()["logger"] = logging.getLogger("tests.rebound")
    try:
        second = seen(g, 0.75)[2][0][0]
    finally:
        globals()["logger"] = logging.getLogger("tests.effects")
    assert (first, second) == ("tests.effects", "tests.rebound")
