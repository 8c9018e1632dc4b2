"""Function bodies outside the subset: what the message says, and what it underlines."""

from __future__ import annotations

import linecache

import numpy as np
import pytest
from refusing import check, refusal, underlined

from adcompiler import UnsupportedError, grad

V = np.array([1.0, 2.0, 3.0])


def not_a_table_function(x):
    return np.sum(np.linalg.eig(x)[0])


def misspelled(x):
    return np.sum(np.tahn(x))


def unknown_name(x):
    return nowhere(x)


def unknown_method(x):
    return x.summ()


def inner(x):
    return np.tahn(x)


def outer(x):
    y = x * 2
    return inner(y)


def store(x):
    y = x.sum()
    y[0] = 1.0
    return y


def lost_alias(x):
    y = x.reshape(-1)
    x[0] = 1.0
    return np.sum(y)


def with_block(x):
    with open("log.txt"):
        return x * x


def comprehension(x):
    return {k: x for k in x}[0]


def global_statement(x):
    global V
    V = x
    return x


def try_block(x):
    try:
        return 1 / x
    except ZeroDivisionError:
        return 0.0


def class_inside(x):
    class Local:
        pass

    return x


def endless(x):
    while True:
        if x > 1:
            continue
        x = x * 2
    return x


def walrus(x):
    return x * x if x > 0 and (y := x) else x


def recursive(x):
    return x * recursive(x / 2)


def number_called(x):
    return x(2.0)


def array_truth(x):
    return x.sum() if x else 0.0


def too_many_arguments(x):
    return np.exp(x, x, x, x)


def unknown_keyword(x):
    return np.sum(np.tile(x, 2, axis=3))


def wrong_helper_arguments(x):
    return inner(x, x)


def axis_out_of_range(x):
    return np.sum(np.sum(x, axis=2))


def axis_no_int(x):
    return np.sum(np.sum(x, axis=1.0))


def axis_text(x):
    return np.sum(np.concatenate((x, x), axis="a"))


def subset_of_sum(x):
    return np.sum(x, 0, None, 3)


def subset_of_method(x):
    return x.sum(0, None, 3)


def bare_sin(x):
    return sin(x)


def bare_misspelled(x):
    return iner(x)


def range_added(x):
    return x + range(3)


def read_before(x):
    y = x * BOUND_LATER
    BOUND_LATER = 2.0
    return y * BOUND_LATER


def loop_reads_before(x):
    for i in range(3):
        if i > 0:
            x = x * y
        y = np.sin(x)
    return x


BOUND_LATER = 1.0


def unicode_before(größe):
    ä = "ü"; return größe + np.tahn(größe) + len(ä)  # fmt: skip


def sorted_at_run_time(x):
    return sorted(x)[0]


BODIES = {
    sorted_at_run_time: ("unsupported-call", "how sorted() orders", "sorted(x)"),
    not_a_table_function: ("unknown-function", "np.linalg.eig", "np.linalg.eig(x)"),
    misspelled: ("unknown-name", "`tahn`", "np.tahn"),
    unknown_name: ("unknown-name", "`nowhere`", "nowhere"),
    unknown_method: ("unknown-function", "`.summ`", "x.summ()"),
    outer: ("unknown-name", "`tahn`", "np.tahn"),
    store: ("in-place-store", "no elements to store into", "y[0]"),
    lost_alias: ("alias", "`y` may share memory", "y"),
    with_block: ("unsupported-statement", "`with`", 'open("log.txt")'),
    comprehension: ("unsupported-expression", "which keys", "{k: x for k in x}"),
    global_statement: ("unsupported-statement", "`global`", "global V"),
    try_block: ("unsupported-statement", "`try`", "try:"),
    class_inside: ("unsupported-statement", "class", "class Local:"),
    endless: ("endless-loop", "never changes", "True"),
    walrus: ("unsupported-expression", "`y :=`", "x > 0 and (y := x)"),
    recursive: ("recursion", "every path through `recursive` calls it", "recursive(x / 2)"),
    number_called: ("not-callable", "no function", "x(2.0)"),
    too_many_arguments: ("unsupported-argument", "np.exp", "np.exp(x, x, x, x)"),
    unknown_keyword: ("unsupported-argument", "`axis=`", "np.tile(x, 2, axis=3)"),
    wrong_helper_arguments: ("arguments", "`inner`", "inner(x, x)"),
    axis_out_of_range: ("operation", "axis 2", "np.sum(x, axis=2)"),
    axis_no_int: ("operation", "`axis=1.0` of np.sum is no axis", "np.sum(x, axis=1.0)"),
    axis_text: ("operation", "`axis='a'`", 'np.concatenate((x, x), axis="a")'),
    subset_of_sum: ("unsupported-argument", "np.sum", "np.sum(x, 0, None, 3)"),
    subset_of_method: ("unsupported-argument", ".sum", "x.sum(0, None, 3)"),
    bare_sin: ("unknown-name", "`sin`", "sin"),
    bare_misspelled: ("unknown-name", "`iner`", "iner"),
    range_added: ("not-a-value", "a range", "x + range(3)"),
    read_before: ("unbound", "`BOUND_LATER`", "BOUND_LATER"),
    loop_reads_before: ("unbound", "`y`", "y"),
    unicode_before: ("unknown-name", "`tahn`", "np.tahn"),
}
SCALARS = (try_block, endless, recursive, number_called, walrus, loop_reads_before)
ADVICE = {
    subset_of_sum: "the supported form is np.sum(a, axis=None, dtype=None, out=None,"
    " keepdims=False, initial=..., where=True).",
    subset_of_method: "the supported form is .sum(axis=None, dtype=None, out=None,"
    " keepdims=False, initial=..., where=True).",
    bare_sin: "did you mean np.sin?",
    bare_misspelled: "did you mean `inner`?",
    loop_reads_before: "give `y` a value beforehand, also before a loop that assigns it.",
}


@pytest.mark.parametrize("function", BODIES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("level", [0, 1])
def test_a_body_outside_the_subset_is_underlined(function, level):
    code, words, marked = BODIES[function]
    argument = 3.0 if function in SCALARS else V
    error = refusal(grad(function, optimize=level), argument)
    check(error, UnsupportedError, code, words)
    assert underlined(error, __file__) == marked


@pytest.mark.parametrize("function", ADVICE, ids=lambda f: f.__name__)
def test_the_advice(function):
    argument = 3.0 if function in SCALARS else V
    assert refusal(grad(function), argument).diagnostics[0].advice == ADVICE[function]


@pytest.mark.parametrize("method", ["source", "module", "ir"])
def test_the_other_ways_to_ask_refuse_alike(method):
    error = refusal(getattr(grad(misspelled), method), V)
    check(error, UnsupportedError, "unknown-name", "`tahn`")
    assert underlined(error, __file__) == "np.tahn"


def test_a_refusal_repeats_itself():
    g = grad(misspelled)
    assert str(refusal(g, V)) == str(refusal(g, V)) == str(refusal(g.value_and_grad, V))


def test_the_calls_that_led_to_a_refusal_are_told():
    error = refusal(grad(outer), V)
    (call,) = error.diagnostics[0].trail
    assert linecache.getline(call.filename, call.line).strip() == "return inner(y)"
    assert str(error).splitlines()[-1] == f"  note: reached by the call at {call}"


def test_a_misspelled_name_gets_a_suggestion():
    assert "tan" in refusal(grad(misspelled), V).diagnostics[0].advice


def test_the_truth_of_an_array():
    error = refusal(grad(array_truth), V)
    check(error, UnsupportedError, "truth-value", "neither true nor false")
    assert underlined(error, __file__) == "x"


def test_the_end_of_the_range_may_lie_on_another_line():
    def several_lines(x):
        return np.linalg.svd(
            x,
        )

    error = refusal(grad(several_lines), V)
    assert underlined(error, __file__) == "np.linalg.svd("
