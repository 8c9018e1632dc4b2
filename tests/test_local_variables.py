"""Gradients by local variables, against those by `d` of the function with a line `h = h + d`.

In each text `# here` stands where the variable has its last value.
"""

from pathlib import Path

import numpy as np
import pytest
from driving import module

from adcompiler import SignatureError, UnsupportedError, grad, hvp, jacobian, value_and_grad, vjp

X = np.array([0.3, -0.7, 1.1])
CASES = {
    "once": ("""
def f(w, x, d=0.0):
    h = w * x
    # here
    return np.tanh(h) * h
""", (0.5, 0.8)),
    "several": ("""
def f(w, x, d=0.0):
    h = w * x
    h = np.sin(h) + h
    h += x
    # here
    y = h * w
    return y * h
""", (0.5, 0.8)),
    "another name": ("""
def f(w, x, d=0.0):
    h = g = w * x
    # here
    k = h
    return h * g * k
""", (0.5, 0.8)),
    "a parameter's value": ("""
def f(w, x, d=0.0):
    h = w
    # here
    return h * w * x
""", (0.5, 0.8)),
    "a constant": ("""
def f(w, x, d=0.0):
    h = 0.5
    # here
    if h > 0:
        return w * h ** 2
    return x
""", (0.5, 0.8)),
    "unused": ("""
def f(w, x, d=0.0):
    h = w * x
    # here
    return w
""", (0.5, 0.8)),
    "a loop": ("""
def f(w, x, d=0.0):
    h = w
    for i in range(3):
        h = np.sin(h * x)
    # here
    return h * h
""", (0.5, 0.8)),
    "read in a loop": ("""
def f(w, x, d=0.0):
    h = w * x
    # here
    y = 1.0
    while y < 9.0:
        y = y * (2.0 + h)
    return y * h
""", (0.5, 0.8)),
    "a branch": ("""
def f(w, x, d=0.0):
    if w > x:
        h = w
    else:
        h = w * x
    # here
    if h > 5.0:
        return h
    return h * h * w
""", (0.5, 0.8)),
    "returned": ("""
def f(w, x, d=0.0):
    h = w * x
    # here
    return h
""", (0.5, 0.8)),
    "arrays": ("""
def f(w, x, d=np.zeros(3)):
    h = w * x
    # here
    return np.sum(np.sqrt(1.0 + h * h) * h[::-1])
""", (0.5, X)),
    "a view": ("""
def f(w, x, d=np.zeros(2)):
    h = x[1:]
    # here
    return np.sum(h * x[:2]) * w
""", (0.5, X)),
    "stored into": ("""
def f(w, x, d=np.zeros(3)):
    h = np.zeros(3)
    for i in range(3):
        h[i] = w * x[i]
    h[0] += 1.0
    # here
    return np.sum(h ** 3)
""", (0.5, X)),
    "stored into before, read elsewhere": ("""
def f(w, x, d=np.zeros(3)):
    y = x * w
    h = y
    h[0] = w
    # here
    return np.sum(h * y)
""", (0.5, X)),
    "float32": ("""
def f(w, x, d=np.zeros(3, np.float32)):
    h = w * x
    # here
    return np.sum(h * h)
""", (np.float32(0.5), X.astype("f4"))),
    "unpacked": ("""
def f(w, x, d=0.0):
    h, k = w * x, w + x
    # here
    return h * k
""", (0.5, 0.8)),
    "after a call": ("""
def half(h):
    h = h / 2
    return h
def f(w, x, d=0.0):
    h = half(w)
    # here
    return half(h) * h * x
""", (0.5, 0.8)),
    "read by a function that calls itself": ("""
def f(w, x, d=0.0):
    h = w * x
    def scaled(z, n):
        return z if n == 0 else h * scaled(z, n - 1)
    y = scaled(x, 3)
    h = h * y
    # here
    return scaled(w, 2) * y * h
""", (0.5, 0.8)),
    "a walrus": ("""
def f(w, x, d=0.0):
    y = (h := w * x) + 1.0
    # here
    return y * h
""", (0.5, 0.8)),
    "with": ("""
def f(w, x, d=0.0):
    with np.errstate(all="ignore"):
        h = w * x
    # here
    return h * w
""", (0.5, 0.8)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_that_by_what_is_added_there(case, tmp_path: Path):
    text, args = CASES[case]
    plain = module(tmp_path, text.replace("# here", "pass")).f
    moved = module(tmp_path, text.replace("# here", "h = h + d")).f
    expected = grad(moved, wrt="d")(*args, *moved.__defaults__)
    both = grad(moved, wrt=("w", "d"))(*args, *moved.__defaults__)
    for level in (0, 1):
        found = grad(plain, wrt="h", optimize=level)(*args)
        np.testing.assert_array_equal(found, expected)
        assert np.asarray(found).dtype == np.asarray(expected).dtype
        value, mixed = value_and_grad(plain, wrt=("w", "h"), optimize=level)(*args)
        assert value == plain(*args)
        for a, b in zip(mixed, both, strict=True):
            np.testing.assert_allclose(a, b, 1e-12 if case != "float32" else 1e-6)


def hidden(w, x):
    h = np.tanh(w * x)
    pair = (h * 2.0, h + x)
    count = 3
    y = pair[0] * pair[1] * h * count
    return y


def test_a_tuple():
    dh, (da, db) = grad(hidden, wrt=("h", "pair"))(0.5, 0.8)
    h = np.tanh(0.4)
    assert (da, db) == pytest.approx(((h + 0.8) * h * 3, 2 * h * h * 3))
    assert dh == pytest.approx(18 * h**2 + 12 * h * 0.8)


def test_the_module_says_so():
    text = grad(hidden, wrt="h").module(0.5, 0.8)
    assert "Gradient of hidden (test_local_variables.py) with respect to its local" in text
    assert "grad_h" in grad(hidden, wrt="h").source(0.5, 0.8)
    assert repr(grad(hidden, wrt=("w", "h"))).endswith("with respect to w, h>")
    assert "copy" not in grad(hidden, wrt="h").ir(0.5, 0.8)


def test_parameters_take_precedence():
    def f(h):
        h = h * h
        return h * 3.0

    assert grad(f, wrt="h")(2.0) == 12.0


def test_the_gradient_by_a_variable_is_differentiated_by_a_parameter():
    def f(w, x):
        h = w * x
        return h**3

    assert grad(grad(f, wrt="h"), wrt="w")(2.0, 5.0) == 6 * 10 * 5


def test_pullbacks():
    def f(w, x):
        h = w * x
        return h * h, h + x

    _, pullback = vjp(f, 0.5, X, wrt="h")
    np.testing.assert_allclose(pullback((X, X)), X * X + X)


def refused(error, call):
    with pytest.raises(error) as caught:
        call()
    (found,) = caught.value.diagnostics
    return found


@pytest.mark.parametrize("make", [hvp, jacobian, lambda f, wrt: grad(grad(f), wrt=wrt)])
def test_tangents_and_second_derivatives_are_taken_by_parameters(make):
    def call():
        made = make(hidden, wrt="h")
        made(0.5, 0.8, 1.0) if make is hvp else made(0.5, 0.8)

    assert refused(SignatureError, call).code == "local-wrt"


def test_an_unknown_name_lists_what_there_is():
    found = refused(SignatureError, lambda: grad(hidden, wrt="pairs"))
    assert found.code == "unknown-wrt"
    assert found.advice == (
        "did you mean 'pair'? its parameters are: w, x; its local variables: h, pair, count, y."
    )


def test_a_number_that_is_no_float():
    found = refused(UnsupportedError, lambda: grad(hidden, wrt="count")(0.5, 0.8))
    assert (found.code, found.span.line) == ("local-wrt", hidden.__code__.co_firstlineno + 3)


REFUSED = {
    "behind a return": ("""
def f(w, x):
    if w > x:
        return w
    h = w * x
    return h * h
""", "may have returned"),
    "in a branch that returns": ("""
def f(w, x):
    if w > x:
        h = w
        return h * x
    else:
        h = w * x
    return h
""", "may have returned"),
    "behind a loop that returns": ("""
def f(w, x):
    for i in range(3):
        if w * i > x:
            return w
    h = w * x
    return h
""", "may have returned"),
    "never reached": ("""
def f(w, x):
    return w * x
    h = w
""", "may have returned"),
    "recursive": ("""
def f(w, x):
    h = w * x
    if h > 10.0:
        return h
    return f(h, x + 1.0)
""", "called itself"),
    "deleted": ("""
def f(w, x):
    h = w * x
    y = h * h
    del h
    return y
""", "no value"),
    "a list": ("""
def f(w, x):
    h = [w * x, w]
    return h[0] * h[1]
""", "holds a list"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_without_a_last_value_on_every_way_it_is_refused(case, tmp_path: Path):
    text, reason = REFUSED[case]
    f = module(tmp_path, text).f
    found = refused(UnsupportedError, lambda: grad(f, wrt="h")(2.0, 3.0))
    assert found.code == "local-wrt"
    assert reason in found.reason
    grad(f)(2.0, 3.0)


@pytest.mark.parametrize("change", ["y[0] = w", "fill(h)", "k = y[1:]\n    k[0] = 1.0"])
def test_an_array_that_is_changed_behind_that_is_refused(change, tmp_path: Path):
    f = module(tmp_path, f"""
def fill(a):
    a[0] = 2.0

def f(w, x):
    y = w * x
    h = y
    {change}
    return np.sum(h * y)
""").f  # fmt: skip
    found = refused(UnsupportedError, lambda: grad(f, wrt="h")(0.5, X))
    assert (found.code, "changed in place" in found.reason) == ("local-wrt", True)
