"""Types as text: every spelling, every way of getting one wrong."""

from __future__ import annotations

import typing

import numpy as np
import pytest
from numpy.typing import NDArray

from adcompiler.diagnostics import SignatureError
from adcompiler.frontend.annotations import (
    annotated_structure,
    parameter_structures,
    parse_structure,
)
from adcompiler.frontend.paths import ARGUMENT
from adcompiler.frontend.signature import Static, abstract, describe
from adcompiler.ir.sizes import symbol
from adcompiler.ir.types import Array, List, Scalar

N, D = symbol("n", unit=False), symbol("d", unit=False)
FLOAT = Scalar("float")


def by_name(found):
    """What is found of values, with sizes that are told apart by their names alone, as in text."""
    match found:
        case Array(dtype, shape):
            return Array(dtype, tuple(n if isinstance(n, int) else _named(n) for n in shape))
        case List(element, size):
            return List(element, size if isinstance(size, int) else _named(size))
        case Scalar(kind, size) if size is not None:
            return Scalar(kind, _named(size))
        case tuple() | list():
            return type(found)(map(by_name, found))
        case dict():
            return {key: by_name(part) for key, part in found.items()}
    return found


def _named(size):
    ((variable, _),) = size.terms
    return symbol(variable.name, variable.unit)


@pytest.mark.parametrize(
    ("text", "structure"),
    [
        ("float", FLOAT),
        ("bool", Scalar("bool")),
        ("int", Scalar("int", symbol("x"))),
        ("f8[n, d]", Array("f8", (N, D))),
        ("f4[3,1]", Array("f4", (3, 1))),
        ("f8[]", Array("f8", ())),
        (" i8 [ n ] ", Array("i8", (N,))),
        ("f8[n, n,]", Array("f8", (N, N))),
        ("(float, f8[n])", (FLOAT, Array("f8", (N,)))),
        ("(float,)", (FLOAT,)),
        ("(float)", FLOAT),
        ("()", ()),
        ("tuple[float, bool]", (FLOAT, Scalar("bool"))),
        ("[f8[n,d], f8[d]]", [Array("f8", (N, D)), Array("f8", (D,))]),
        ("{w: f8[n,d], 'b': f8[d]}", {"w": Array("f8", (N, D)), "b": Array("f8", (D,))}),
        ("{0: float}", {0: FLOAT}),
        ("[(float, {a: [float]})]", [(FLOAT, {"a": [FLOAT]})]),
        ("list[float]", List(FLOAT, symbol("x0", unit=False))),
        ("'relu'", Static("relu")),
        ("None", Static(None)),
        ("True", Static(True)),
        ("-1", Static(-1)),
        ("0.5", Static(0.5)),
        ("(0, 1)", (Static(0), Static(1))),
    ],
)
def test_text_gives_structure(text, structure):
    assert parse_structure(text, "x") == structure


def test_dict_keeps_the_order_of_its_keys():
    assert list(parse_structure("{b: float, a: float}", "x")) == ["b", "a"]


def test_an_int_in_a_structure_is_labelled_by_its_place():
    assert parse_structure("(float, int)", "p") == (FLOAT, Scalar("int", symbol("p_1")))
    assert parse_structure("{k: int}", "p") == {"k": Scalar("int", symbol("p_k"))}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("float", 1.0),
        ("int", 3),
        ("(bool, f4[1, 0])", (True, np.ones((1, 0), np.float32))),
        ("{w: f8[], v: list[int]}", {"w": np.float64(1), "v": [1, 2, 3]}),
        ("'relu'", "relu"),
    ],
)
def test_text_and_value_agree(text, value):
    assert parse_structure(text, "x") == by_name(abstract(value, "x"))


@pytest.mark.parametrize("text", ["f8[x0, x1]", "list[float]"])
def test_description_of_a_value_can_be_read_back(text):
    value = np.ones((3, 4)) if text.startswith("f8") else [1.0, 2.0]
    assert parse_structure(text, "x") == by_name(abstract(value, "x"))
    if text.startswith("f8"):
        assert describe({"x": abstract(value, "x")}) == ["x: f8[:, :]"]
        assert describe({"x": parse_structure("f8[n, n]", "x")}) == ["x: f8[n, n]"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "its type is empty"),
        ("f8", "`f8` has no dimensions"),
        ("f8[n", "`]` is missing at the end"),
        ("f8[n d]", "`]` is missing before `d`"),
        ("f8[n]]", "`]` is left over"),
        ("f8[,]", "a size is missing before `,`"),
        ("f8[-1]", "a size is missing before `-1`"),
        ("f8[1.5]", "a size is missing before `1.5`"),
        ("f9[n]", "`f9` is no kind of argument"),
        ("float64[n]", "`float64` isn't spelled so"),
        ("np.ndarray", "`np.ndarray` is no kind of argument"),
        ("string", "`string` is no kind of argument"),
        ("float[n]", "`float` is no kind of argument"),
        ("(float, ", "a type is missing at the end"),
        ("(float; int)", "`;` has no meaning here"),
        ("{w f8[n]}", "`:` is missing before `f8`"),
        ("{: f8[n]}", "a key is missing before `:`"),
        ("{a.b: float}", "a key is missing before `a.b`"),
        ("{a: float, a: float}", "the key 'a' stands twice"),
        ("list[f8[n]]", "`list[...]` holds numbers only"),
        ("'unfinished", "has no meaning here"),
        ("(" * 100_000, "nested too deeply"),
    ],
)
def test_bad_text_is_refused_with_the_name_of_the_argument(text, reason):
    with pytest.raises(SignatureError) as caught:
        parse_structure(text, "weights")
    message = str(caught.value)
    assert "argument `weights`" in message
    assert reason in message
    assert "help: " in message


def test_advice_for_a_numpy_name_is_the_code():
    with pytest.raises(SignatureError, match=r"write `f4\[n\]`"):
        parse_structure("float32[n]", "x")


@pytest.mark.parametrize(
    ("annotation", "structure"),
    [
        (float, FLOAT),
        ("float", FLOAT),
        (int, Scalar("int", symbol("x"))),
        ("f8[n, d]", Array("f8", (N, D))),
        ("'f8[n, d]'", Array("f8", (N, D))),
        ('"f8[n, d]"', Array("f8", (N, D))),
        (None, Static(None)),
        ("None", Static(None)),
        (np.float32, Array("f4", ())),
        ("np.float32", Array("f4", ())),
        (list[float], List(FLOAT, symbol("x0", unit=False))),
        (typing.List[float], List(FLOAT, symbol("x0", unit=False))),
        (tuple[float, bool], (FLOAT, Scalar("bool"))),
        ("tuple[float, bool]", (FLOAT, Scalar("bool"))),
        (typing.Annotated[np.ndarray, "f8[n]"], Array("f8", (N,))),
        (typing.Annotated[float, 3], FLOAT),
    ],
)
def test_annotation_gives_structure(annotation, structure):
    assert annotated_structure(annotation, "x") == structure


@pytest.mark.parametrize(
    "annotation",
    [
        np.ndarray,
        "np.ndarray",
        "numpy.ndarray",
        NDArray[np.float64],
        "NDArray[np.float64]",
        "npt.NDArray[np.float64]",
        "np.ndarray[Any, np.dtype[np.float64]]",
        dict[str, float],
        list[np.ndarray],
        tuple[float, ...],
        float | None,
        typing.Any,
        "Any",
        "typing.Any",
        "dict[str, float]",
        np.str_,
        object(),
        np.ones(2),
    ],
)
def test_annotation_that_says_too_little_is_refused_with_a_way_out(annotation):
    with pytest.raises(SignatureError) as caught:
        annotated_structure(annotation, "x")
    assert "argument `x`" in str(caught.value)
    assert "--arg x=f8[n]" in str(caught.value)


def test_parameters_take_the_given_type_then_annotation_then_default_then_float():
    def f(a: int, b: "f8[n]", c, d=3, mode="relu", *, e: float = 1.0):
        return a, b, c, d, mode, e

    found = parameter_structures(f, {"a": "f4[n]"})
    assert found == {
        "a": Array("f4", (N,)),
        "b": Array("f8", (N,)),
        "c": FLOAT,
        "d": Scalar("int", symbol("d", origin=(ARGUMENT, "d"))),
        "mode": Static("relu"),
        "e": FLOAT,
    }


def test_one_size_name_is_one_size_across_parameters():
    found = parameter_structures(lambda w, x: w @ x, {"w": "f8[n, d]", "x": "f8[d]"})
    assert found["w"].shape[1] == found["x"].shape[0]
    assert found["w"].shape[0] != found["x"].shape[0]


def test_a_parameter_for_any_number_of_arguments_is_refused():
    with pytest.raises(SignatureError, match=r"\*xs"):
        parameter_structures(lambda *xs: xs, {})
