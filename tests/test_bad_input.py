"""Bad input: each kind has its own message, class, code and place, and shows no inner frames."""

from __future__ import annotations

import enum
import functools
import math

import numpy as np
import pytest
from refusing import check, refusal, underlined

from adcompiler import (
    SignatureError,
    SourceError,
    UnsupportedError,
    grad,
    primitive,
    sigmoid,
    value_and_grad,
)  # fmt: skip

V = np.array([1.0, 2.0, 3.0])


def square(x):
    return x * x


def product(x, y):
    return x * y


async def coroutine(x):
    return x


def generator(x):
    yield x


@functools.lru_cache
def cached(x):
    return x * x


class Model:
    def __call__(self, x):
        return x * x


class Bare:
    pass


# What can't be a function of ours at all: known when `grad` is called.
NO_FUNCTIONS = {
    "a builtin": (len, SourceError, "builtin-function", "`len`"),
    "a C function": (math.sin, SourceError, "builtin-function", "`sin`"),
    "a ufunc": (np.sin, SourceError, "builtin-function", "`sin`"),
    "a NumPy function": (np.sum, SourceError, "builtin-function", "`sum`"),
    "a method of a builtin": ([].append, SourceError, "builtin-function", "`append`"),
    "a number": (3.0, SourceError, "not-a-function", "`float`"),
    "a string": ("square", SourceError, "not-a-function", "`str`"),
    "a class": (Model, SourceError, "not-a-function", "`Model` is a class"),
    "an instance that isn't callable": (Bare(), SourceError, "not-a-function", "`Bare`"),
    "a partial of a builtin": (functools.partial(pow, 2), SourceError, "builtin-function", "`pow`"),
    "a cached function": (cached, SourceError, "wrapped-function", "`cached`"),
    "a gate": (sigmoid, UnsupportedError, "gate", "`sigmoid` is a gate"),
}


@pytest.mark.parametrize("case", NO_FUNCTIONS)
@pytest.mark.parametrize("take", [grad, value_and_grad, grad(), grad(optimize=0)])
def test_what_is_no_python_function_is_refused_at_once(case, take):
    function, *expected = NO_FUNCTIONS[case]
    check(refusal(take, function), *expected)


WRONG_WRT = {
    "q": "'q'", 2: "2", -3: "-3", True: "True", 0.0: "0.0", None: "None", ("x", "q"): "'q'",
    ("x", 7): "7", (("x",),): "('x',)",
}  # fmt: skip


@pytest.mark.parametrize("wrt", WRONG_WRT, ids=repr)
def test_an_unknown_wrt_is_refused_at_once(wrt):
    error = refusal(grad, product, wrt=wrt)
    check(error, SignatureError, "unknown-wrt", f"wrt={WRONG_WRT[wrt]} names no parameter")
    assert error.diagnostics[0].advice == "its parameters are: x, y."


def test_a_list_as_wrt_is_told_that_a_tuple_is_meant():
    error = refusal(grad, product, wrt=["x", "y"])
    check(error, SignatureError, "unknown-wrt", "['x', 'y']")
    assert "tuple" in error.diagnostics[0].advice


def test_a_function_without_parameters():
    def nothing():
        return 1.0

    error = refusal(grad, nothing)
    check(error, SignatureError, "unknown-wrt", "wrt=0")
    assert error.diagnostics[0].advice == "its parameters are: none."


@pytest.mark.parametrize("level", [3, -1, "1", None, 0.5])
def test_an_unknown_level(level):
    check(refusal(grad, square, optimize=level), SignatureError, "unknown-level", repr(level))


# Functions whose text isn't the text that runs, or isn't there.
def test_source_that_cannot_be_read():
    namespace = {}
    exec(compile("def hidden(x):\n    return x * x\n", "<nowhere>", "exec"), namespace)
    error = refusal(grad(namespace["hidden"]), 2.0)
    check(error, SourceError, "no-source", "`hidden`")


def test_a_file_that_was_edited_after_import(tmp_path):
    path = tmp_path / "edited.py"
    path.write_text("def f(x):\n    return x * x\n")
    namespace = {}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    path.write_text("def f(x):\n    return x * x * x * x\n")
    check(refusal(grad(namespace["f"]), 2.0), SourceError, "source-changed", "edited")


def test_a_file_that_is_gone(tmp_path):
    path = tmp_path / "gone.py"
    namespace = {}
    exec(compile("def f(x):\n    return x * x\n", str(path), "exec"), namespace)
    check(refusal(grad(namespace["f"]), 2.0), SourceError, "no-source", str(path))


@pytest.mark.parametrize("function", [coroutine, generator], ids=lambda f: f.__name__)
def test_functions_that_do_not_return_their_value(function):
    error = refusal(grad(function), 2.0)
    check(error, SourceError, "unsupported-function", f"`{function.__name__}`")
    assert function.__name__ in underlined(error, __file__)


# Arguments.
@pytest.mark.parametrize(
    ("argument", "kind"),
    [(2, "int"), (True, "bool"), (np.int32(2), "i4"), (np.bool_(True), "b1"), (np.array(2), "i8")],
    ids=repr,
)
def test_an_integer_argument_has_no_gradient(argument, kind):
    error = refusal(grad(square), argument)
    check(error, SignatureError, "integer-wrt", f"`x`, which is {kind}")
    assert underlined(error, __file__) == "def square(x):"


def total(x):
    return np.sum(x)


@pytest.mark.parametrize(
    "argument", [np.arange(3), np.ones(3, bool), np.ones((2, 2), np.uint8), [1, 2], [True, False]]
)
def test_integer_arrays_and_lists_have_no_gradient(argument):
    check(refusal(grad(total), argument), SignatureError, "integer-wrt", "`x`")


def test_an_integer_among_floats_is_named_by_its_place():
    def first(p):
        return p["a"][0] * p["a"][1]

    error = refusal(grad(first), {"a": (2.0, 3)})
    check(error, SignatureError, "integer-wrt", "`p['a'][1]`, which is int")


def test_an_integer_beside_the_floats_is_no_obstacle():
    assert grad(product)(2.0, 3) == 3.0
    check(refusal(grad(product, wrt="y"), 2.0, 3), SignatureError, "integer-wrt", "`y`")
    check(refusal(grad(product, wrt=(0, 1)), 2.0, 3), SignatureError, "integer-wrt", "`y`")


@pytest.mark.parametrize(
    "argument", ["abc", None, square, b"x"], ids=["str", "None", "function", "bytes"]
)
def test_an_argument_that_is_no_number(argument):
    def ignored(x, y):
        return y

    check(refusal(grad(ignored), argument, 2.0), SignatureError, "static-wrt", "`x`")


@pytest.mark.parametrize(
    "argument",
    [
        np.array([1.0, None]),
        np.array(["a"]),
        np.array([1], "M8[s]"),
        np.zeros(2, "f4,f8"),
        np.array([b"a"]),
    ],
    ids=lambda a: a.dtype.str,
)
def test_an_array_of_something_else_than_numbers(argument):
    check(refusal(grad(total), argument), SignatureError, "dtype", "`x` has dtype")
    # Also where no gradient is asked for.
    check(refusal(grad(product), 1.0, argument), SignatureError, "dtype", "`y` has dtype")


class Order(enum.IntEnum):
    FIRST = 1


@pytest.mark.parametrize(
    "key", [Order.FIRST, object, frozenset(), float("nan"), (1, Order.FIRST), np.int64(3)], ids=repr
)
def test_keys_that_have_no_literal(key):
    def first(p):
        return next(iter(p))

    check(refusal(grad(first), {key: 1.0}), SignatureError, "dict-key", "a key of `p`")
    check(refusal(grad(product), 1.0, {key: 1.0}), SignatureError, "dict-key", "a key of `y`")


class Flipped(np.ndarray):
    def __mul__(self, other):
        return other


ODD_ARRAYS = [np.array([[1.0, 2.0]]).view(np.matrix), np.ma.array([1.0]), V.view(Flipped)]
SECRET = ODD_ARRAYS[0]


@pytest.mark.parametrize("argument", ODD_ARRAYS, ids=lambda a: type(a).__name__)
def test_a_subclass_of_arrays(argument):
    name = type(argument).__name__
    check(refusal(grad(total), argument), SignatureError, "array-subclass", name)
    gradient = grad(product)
    assert gradient(2.0, 3.0) == 3.0
    error = refusal(gradient, 1.0, argument)
    check(error, SignatureError, "array-subclass", "`y` is a")
    nested = refusal(gradient, 1.0, {"a": [argument]})
    check(nested, SignatureError, "array-subclass", "`y_a_0` is a")


def test_a_subclass_of_arrays_from_outside():
    def reads(x):
        return np.sum(x * SECRET)

    error = refusal(grad(reads), V)
    check(error, UnsupportedError, "array-subclass", "`SECRET` is a numpy.matrix")
    assert underlined(error, __file__) == "SECRET"


def test_an_array_becomes_one_of_a_subclass():
    def reads(x):
        return np.sum(x * array)

    array = np.ones((1, 3))
    gradient = grad(reads)
    np.testing.assert_array_equal(gradient(V), np.ones(3))
    array = array.view(np.matrix)
    check(refusal(gradient, V), UnsupportedError, "array-subclass", "`array` is a numpy.matrix")


@pytest.mark.parametrize(
    ("argument", "words"),
    [("a", "a string"), (None, "None"), (square, "a function"), ((1.0, "a"), "`x[1]`")],
    ids=["str", "None", "function", "tuple"],
)
def test_the_argument_is_refused_before_the_body(argument, words):
    check(refusal(grad(square), argument), SignatureError, "static-wrt", words)
    check(refusal(grad(square).ir, argument), SignatureError, "static-wrt", words)


def test_integers_are_refused_before_the_body():
    check(refusal(grad(square), np.arange(3)), SignatureError, "integer-wrt", "`x`, which is i8")


@pytest.mark.parametrize("argument", [{1.0}, bytearray(b"a"), [1.0, {2.0}]], ids=repr)
def test_an_argument_that_cannot_be_told_apart_by_value(argument):
    check(refusal(grad(product), 1.0, argument), SignatureError, "argument-kind", "type")


def any_number(*args):
    return args[0]


def any_names(**kwargs):
    return kwargs["x"]


def test_arguments_that_the_call_does_not_have():
    error = refusal(grad(any_number, wrt=1), 1.0)
    check(error, SignatureError, "unknown-wrt", "no argument for wrt=1")
    error = refusal(grad(any_names, wrt="y"), x=1.0)
    check(error, SignatureError, "unknown-wrt", "no argument for wrt='y'")
    error = refusal(grad, any_number, wrt=-1)
    check(error, SignatureError, "unknown-wrt", "wrt=-1")


@pytest.mark.parametrize("take", [grad, value_and_grad])
@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        ((1.0,), {}, "'y'"),
        ((1.0, 2.0, 3.0), {}, "too many positional"),
        ((1.0, 2.0), {"z": 3.0}, "'z'"),
        ((1.0, 2.0), {"x": 3.0}, "'x'"),
    ],
)
def test_a_wrong_number_of_arguments_is_pythons_own_error(take, args, kwargs, words):
    gradient = take(product)
    for _ in range(2):
        with pytest.raises(TypeError, match="product") as caught:
            gradient(*args, **kwargs)
        assert type(caught.value) is TypeError
        assert words in str(caught.value)
        gradient(1.0, 2.0)


def test_signature_errors_are_type_errors():
    """So code that expects Python's own classes catches them."""
    with pytest.raises(TypeError):
        grad(product, wrt="q")


# Results.
def returns_array(x):
    return x * 2


def returns_tuple(x):
    return x, x


def returns_dict(x):
    return {"loss": x}


def returns_nothing(x):
    x = x * x


def returns_bare(x):
    return


def returns_text(x):
    return "loss"


def returns_truth(x):
    return x > 0


def returns_method(x):
    return x.sum


def returns_function(x):
    return square


def returns_range(x):
    return range(3)


def returns_complex(x):
    return x * 1j


NO_NUMBER = {
    returns_array: "array (f8[x0])",
    returns_tuple: "a tuple",
    returns_dict: "a dict",
    returns_nothing: "nothing",
    returns_bare: "nothing",
    returns_text: "a string",
    returns_method: "the method `sum`, which isn't called",
    returns_function: "a function",
    returns_range: "a range",
}


@pytest.mark.parametrize("function", NO_NUMBER, ids=lambda f: f.__name__)
@pytest.mark.parametrize("take", [grad, value_and_grad])
def test_a_result_that_is_not_one_number(function, take):
    error = refusal(take(function), V)
    check(error, UnsupportedError, "non-scalar-result", NO_NUMBER[function])
    assert "return" in error.diagnostics[0].advice
    assert underlined(error, __file__) == f"def {function.__name__}(x):"


def test_a_complex_result():
    check(refusal(grad(returns_complex), 2.0), UnsupportedError, "non-scalar-result", "complex")


@pytest.mark.parametrize(("argument", "shown"), [(2.0, "a bool"), (np.float64(2.0), "a b1[]")])
def test_a_truth_value_as_result(argument, shown):
    error = refusal(grad(returns_truth), argument)
    check(error, UnsupportedError, "non-scalar-result", shown)


# Gates.
def test_a_gate_without_a_rule():
    @primitive
    def lonely(x):
        return x * 2

    def user(x):
        return lonely(x)

    error = refusal(grad(user), 2.0)
    check(error, UnsupportedError, "gate-rule", "`lonely` has no derivative")
    assert "@lonely.backward" in error.diagnostics[0].advice
    assert underlined(error, __file__) == "lonely(x)"


def test_a_gate_whose_rule_counts_wrongly():
    @primitive
    def two(x, y):
        return x * y

    @two.backward
    def two_backward(g, x, y, out):
        return g * y

    def user(x):
        return two(x, x)

    check(refusal(grad(user), 2.0), UnsupportedError, "gate-rule", "1 contribution")
