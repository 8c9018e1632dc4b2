"""Types as text: what the command line and annotations say of arguments that aren't there.

    f8[n, d]              float64 array; n and d are sizes above 1, one name is one size
    f4[3, 1], f8[]        known sizes; a NumPy scalar
    float, int, bool      Python numbers
    list[float]           a list of numbers, of any length
    (float, f8[n]), [f8[n, d], f8[d]], {w: f8[n, d], b: f8[d]}
    'relu', None, 3       a value that the gradient is compiled for

>>> from adcompiler.frontend.signature import describe
>>> describe({"p": parse_structure("{w: f8[n, 1], b: f8[n], layers: [f4[], float]}", "p")})
["p: {'w': f8[n, 1], 'b': f8[n], 'layers': [f4[], float]}"]
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import numpy as np

from ..diagnostics import Diagnostic, SignatureError
from ..ir.sizes import Size, symbol
from ..ir.types import Array, List, Scalar, dtype_code
from .signature import Static, Structure, abstract

__all__ = ["annotated_structure", "parameter_structures", "parse_structure"]

T = TypeVar("T")

_NUMBERS = {kind.__name__: kind for kind in (float, int, bool, complex)}
_DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", "c8", "c16")
_TOKEN = re.compile(
    r"""\s*(?: (?P<word>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
             | (?P<number>-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)
             | (?P<string>'[^'\\]*'|"[^"\\]*")
             | (?P<mark>[][(){},:]) )""",
    re.VERBOSE,
)
_CLASS = re.compile(r"([\w.]+\.)?([A-Z]\w*|ndarray|object|dict)\b(?!['\"])")
_EXAMPLES = "write `float`, `f8[n, d]`, `(float, f8[n])` or `{w: f8[n, d]}`."
_PER_PARAMETER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def parameter_structures(
    function: Callable[..., Any], given: Mapping[str, str]
) -> dict[str, Structure]:
    """The structure of each parameter: from a text given for it, its annotation, its default.

    A parameter with none of these counts as `float`.
    """
    return {
        name: parse_structure(given[name], name) if name in given else _declared(parameter)
        for name, parameter in inspect.signature(function).parameters.items()
    }


def _declared(parameter: inspect.Parameter) -> Structure:
    if parameter.kind in _PER_PARAMETER:
        _fail(
            parameter.name,
            f"`{parameter}` takes any number of arguments, and no type says how many.",
            "give a whole call in place of types: `--call \"f(1.0, k=2.0)\"`.",
        )
    if parameter.annotation is not parameter.empty:
        return annotated_structure(parameter.annotation, parameter.name)
    if parameter.default is not parameter.empty:
        return abstract(parameter.default, parameter.name)
    return Scalar("float")


def annotated_structure(annotation: object, name: str) -> Structure:
    """The structure that a parameter's annotation declares, be it text or an object."""
    if annotation is None:
        return Static(None)
    if isinstance(annotation, str):
        return _annotation_text(annotation, name)
    if typing.get_origin(annotation) is typing.Annotated:
        texts = [a for a in annotation.__metadata__ if isinstance(a, str)]  # type: ignore[attr-defined]
        return annotated_structure(texts[0] if texts else typing.get_args(annotation)[0], name)
    if typing.get_origin(annotation) is not None:
        return _generic(annotation, name)
    if _is_number(annotation):
        return parse_structure(annotation.__name__, name)  # type: ignore[attr-defined]
    if isinstance(annotation, type) and issubclass(annotation, np.generic):
        return _numpy_scalar(annotation, name)
    return _not_understood(name, getattr(annotation, "__qualname__", str(annotation)))


def _annotation_text(text: str, name: str) -> Structure:
    # Under `from __future__ import annotations` a quoted type is a quoted text within a text.
    try:
        inner = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        inner = None
    if isinstance(inner, str):
        text = inner
    word = text.strip().rpartition(".")[2]
    if text.strip() != word and hasattr(np, word):
        return annotated_structure(getattr(np, word), name)
    if _CLASS.match(text.strip()) and text.strip() not in ("None", "True", "False"):
        return _not_understood(name, text.strip())
    return parse_structure(text, name)


def _is_number(annotation: object) -> bool:
    return any(annotation is kind for kind in _NUMBERS.values())


def _generic(annotation: object, name: str) -> Structure:
    """`list[float]`, `tuple[float, float]`; the rest says too little."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list and _is_number(parts[0]):
        return _list(parts[0].__name__, name)
    if origin is tuple and Ellipsis not in parts:
        return tuple(annotated_structure(p, f"{name}_{k}") for k, p in enumerate(parts))
    return _not_understood(name, str(annotation))


def _numpy_scalar(kind: type[np.generic], name: str) -> Structure:
    try:
        code = dtype_code(np.dtype(kind))
    except TypeError:
        code = ""
    return Array(code, ()) if code in _DTYPES else _not_understood(name, kind.__name__)


def _not_understood(name: str, shown: str) -> NoReturn:
    _fail(
        name,
        f"the annotation `{shown}` doesn't say which dtype, dimensions or parts it has.",
        f'say so with `--arg {name}=f8[n]`, or annotate it with a text: `{name}: "f8[n, d]"`.',
    )


def _list(kind: str, name: str) -> List:
    return List(Scalar(kind), symbol(f"{name}0", unit=False))


def parse_structure(text: str, name: str) -> Structure:
    """The structure that a text describes; SignatureError, naming the argument, where it doesn't.

    >>> parse_structure("f4[3, 1]", "x")
    Array(dtype='f4', shape=(3, 1), weak=False)
    """
    parser = _Parser(text, name)
    try:
        return parser.whole()
    except RecursionError:
        return parser.fail("it is nested too deeply.", "use fewer brackets.")


class _Parser:
    """Recursive descent over the tokens; `place` is the index of the next one."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.tokens = self._tokens()
        self.place = 0

    def _tokens(self) -> list[tuple[str, str]]:
        text, start, found = self.text.rstrip(), 0, []
        while start < len(text):
            match = _TOKEN.match(text, start)
            if match is None:
                self.fail(f"`{text[start:].strip()[0]}` has no meaning here.")
            found.append((match.lastgroup or "", match[match.lastgroup or 0]))
            start = match.end()
        return [*found, ("end", "")]

    def fail(self, reason: str, advice: str = _EXAMPLES) -> NoReturn:
        shown = textwrap.shorten(self.text, 60, placeholder="…")
        _fail(
            self.name, f"`{shown}` is no type: {reason}" if shown else "its type is empty.", advice
        )

    def take(self) -> tuple[str, str]:
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, mark: str) -> None:
        if self.take()[1] != mark:
            self.place -= 1
            self.fail(f"`{mark}` is missing {self._here()}.")

    def _here(self) -> str:
        kind, token = self.tokens[self.place]
        return "at the end" if kind == "end" else f"before `{token}`"

    def whole(self) -> Structure:
        structure = self.structure(self.name)
        if self.tokens[self.place][0] != "end":
            self.fail(f"`{self.tokens[self.place][1]}` is left over.")
        return structure

    def structure(self, label: str) -> Structure:
        kind, token = self.take()
        match kind, token:
            case "word", "None" | "True" | "False":
                return Static({"None": None, "True": True, "False": False}[token])
            case "word", _:
                return self._named(token, label)
            case "number", _:
                return Static(_number(token))
            case "string", _:
                return Static(token[1:-1])
            case "mark", "{":
                return self._dict(label)
            case "mark", "[":
                return self.several("]", lambda k: self.structure(f"{label}_{k}"))
            case "mark", "(":
                return self._parentheses(label)
        self.place -= 1
        return self.fail(f"a type is missing {self._here()}.")

    def _named(self, word: str, label: str) -> Structure:
        subscripted = self.tokens[self.place][1] == "["
        if word in _NUMBERS and not subscripted:
            return Scalar(word, symbol(label) if word == "int" else None)
        if word == "list" and subscripted:
            self.take()
            return self._list_of(label)
        if word == "tuple" and subscripted:
            self.take()
            return tuple(self.several("]", lambda k: self.structure(f"{label}_{k}")))
        if word in _DTYPES and subscripted:
            self.take()
            return Array(word, tuple(self.several("]", lambda k: self._size())))
        return self._unknown(word)

    def _unknown(self, word: str) -> NoReturn:
        if word in _DTYPES:
            self.fail(f"`{word}` has no dimensions.", f"write `{word}[n]`, or `{word}[]` for one.")
        try:
            code = dtype_code(np.dtype(word))
        except TypeError:
            code = ""
        if code in _DTYPES and word not in _NUMBERS:
            self.fail(f"`{word}` isn't spelled so here.", f"write `{code}[n]`.")
        self.fail(
            f"`{word}` is no kind of argument.",
            f"numbers are {', '.join(_NUMBERS)}; arrays f8[n], f4[n, d], f8[]; with the dtypes "
            f"{', '.join(_DTYPES)}.",
        )

    def _list_of(self, label: str) -> List:
        word = self.take()[1]
        if word not in _NUMBERS:
            self.fail(
                "`list[...]` holds numbers only, `list[float]`.",
                "write the parts out: `[f8[n], f8[n]]`.",
            )
        self.expect("]")
        return _list(word, label)

    def _size(self) -> Size:
        kind, token = self.take()
        if kind == "number" and token.isdigit():
            return int(token)
        if kind == "word" and token.isidentifier():
            return symbol(token, unit=False)
        self.place -= 1
        return self.fail(
            f"a size is missing {self._here()}.", "a size is a number or a name: `f8[n, 3]`."
        )

    def _dict(self, label: str) -> dict[Any, Structure]:
        found: dict[Any, Structure] = {}

        def entry(_: int) -> None:
            key = self._key()
            if key in found:
                self.fail(f"the key {key!r} stands twice.")
            self.expect(":")
            found[key] = self.structure(f"{label}_{key}")

        self.several("}", entry)
        return found

    def _key(self) -> str | int | float:
        kind, token = self.take()
        if kind == "number":
            return _number(token)
        if kind == "string":
            return token[1:-1]
        if kind != "word" or "." in token:
            self.place -= 1
            self.fail(f"a key is missing {self._here()}.")
        return token

    def _parentheses(self, label: str) -> Structure:
        """`(float)` is float, `(float,)` a tuple, as in Python."""
        start = self.place
        parts = self.several(")", lambda k: self.structure(f"{label}_{k}"))
        if len(parts) == 1 and self.tokens[self.place - 2][1] != ",":
            self.place = start
            only = self.structure(label)
            self.expect(")")
            return only
        return tuple(parts)

    def several(self, closing: str, part: Callable[[int], T]) -> list[T]:
        """Parts divided by commas, up to and with the closing bracket; a last comma may stand."""
        found: list[T] = []
        while self.tokens[self.place][1] != closing:
            found.append(part(len(found)))
            if self.tokens[self.place][1] != closing:
                self.expect("," if self.tokens[self.place][1] == "," else closing)
        self.take()
        return found


def _number(token: str) -> int | float:
    return int(token) if token.lstrip("-").isdigit() else float(token)


def _fail(name: str, reason: str, advice: str) -> NoReturn:
    raise SignatureError(Diagnostic("argument-type", f"argument `{name}`: {reason}", advice))
