"""Questions about dtypes, which are answered when the gradient is compiled.

    np.issubdtype(x.dtype, np.floating)      True
    np.result_type(x, y)                     dtype('float64')
    np.finfo(x.dtype).eps                    np.float64(2.220446049250313e-16)
"""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import Array, List, Scalar
from .computing import computed
from .context import Context
from .items import Item, in_words, leaves

__all__ = ["DTYPES", "representatives"]


def representatives(type_: Any) -> list[Any]:
    """Objects of all the classes that a value of this type can have at run time."""
    match type_:
        case Scalar(kind):
            return [getattr(builtins, kind)(1)]
        case Array(dtype, ()):
            plain = np.zeros((), dtype)
            kinds = [plain, plain[()]]
            return [*kinds, float(plain)] if type_.weak else kinds
        case Array(dtype, shape):
            return [np.zeros((0,) * len(shape), dtype)]
        case List():
            return [[]]
    return [None]


def _answered(function: Callable[..., Any]) -> Callable[..., Item]:
    """A function of what kinds its arguments are of; they may be given by keyword, too."""

    def handler(
        ctx: Context, node: ast.Call, name: str | None, *items: Item, **keywords: Item
    ) -> Item:
        given = [*items, *keywords.values()]
        for item in given:
            if not isinstance(item, Value) and any(isinstance(v, Value) for v in leaves(item)):
                ctx.refuse(
                    node, "not-static", "the kind of several values together is asked for.",
                    "make an array of them, and ask for its dtype.",
                )  # fmt: skip
        choices = [representatives(i.type) if isinstance(i, Value) else [i] for i in given]
        answers = []
        for chosen in itertools.product(*choices):
            named = dict(zip(keywords, chosen[len(items) :], strict=True))
            answer = functools.partial(function, *chosen[: len(items)], **named)
            answers.append(computed(ctx, node, answer))
        if any(answer != answers[0] for answer in answers):
            known = next(i for i, found in zip(given, choices, strict=True) if len(found) > 1)
            ctx.refuse(
                node, "not-static", f"what the answer is for {in_words(known)} is known only at run"
                " time.", "ask for the dtype of an array, or name it.",
            )  # fmt: skip
        return answers[0]

    return handler


_QUESTIONS = (
    "can_cast", "common_type", "dtype", "finfo", "iinfo", "iscomplexobj", "isdtype", "isrealobj",
    "isscalar", "issubdtype", "iterable", "min_scalar_type", "mintypecode", "promote_types",
    "result_type", "typename",
)  # fmt: skip
DTYPES: dict[Any, Callable[..., Item]] = {
    getattr(np, name): _answered(getattr(np, name)) for name in _QUESTIONS
}
