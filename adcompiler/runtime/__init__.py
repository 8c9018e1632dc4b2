"""What emitted modules need at run time, and where they live: helpers, loader, disk cache.

>>> print(helper_source("divide").splitlines()[0])
def divide(a, b):
"""

from __future__ import annotations

import ast
import functools
import inspect
import re

from . import helpers

__all__ = ["HELPERS", "helper_source"]

HELPERS = (
    "unbroadcast", "divide", "power", "sign", "require_apart", "require_shape", "own_all",
    "add_lists", "add_rows", "last_stored", "shifted", "recurrence", "overlapped", "cells",
    "prod_others", "cofactors", "equal_parts", "polygamma", "sinc_derivative", "bessel_i",
    "inner_doubled", "resized", "declared",
)  # fmt: skip


@functools.cache
def helper_source(name: str, alias: str = "") -> str:
    """The source text of one helper, by another name if wanted, ready to stand in a module that
    has `np`.

    Annotations are ours, for the type checker; the text that users read goes without.
    """
    if name not in HELPERS:
        raise KeyError(f"no helper named {name!r}; there are {', '.join(HELPERS)}")
    text = inspect.getsource(getattr(helpers, name))
    definition = ast.parse(text).body[0]
    assert isinstance(definition, ast.FunctionDef)
    for argument in (*definition.args.args, *filter(None, [definition.args.vararg])):
        argument.annotation = None
    parameters = ast.unparse(definition.args)
    _, body = text.split(":\n", 1)
    source = f"def {name}({parameters}):\n{body}"
    return re.sub(rf"\b{name}(?=\()", alias, source) if alias not in ("", name) else source
