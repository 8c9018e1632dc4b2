"""What other libraries give: `python -m tests.conventions.measure`, where autograd, JAX and PyTorch
are installed, writes measured.json.

"–": the library hasn't got the function, or no derivative of it; "raises": it fails at that point.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .page import MEASURED
from .table import GROUPS, LIBRARIES, NAMES, Row, shown

__all__ = ["measure"]


def measure() -> dict[str, Any]:
    """The gradients by row and library, and the versions."""
    found: dict[str, Any] = {
        "versions": {name: importlib.metadata.version(name).split("+")[0] for name in LIBRARIES}
    }
    for rows in GROUPS.values():
        for row in rows:
            found[row.what] = {name: _cell(row, name) for name in LIBRARIES}
    return found


def _cell(row: Row, library: str) -> str:
    text = row.text_for(library)
    if not text:
        return "–"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return shown(_GRADIENTS[library](text, row.arguments()))
        except (NotImplementedError, AttributeError):
            return "–"
        except (ArithmeticError, RuntimeError, ValueError):  # LinAlgError is one, or the other
            return "raises"


def _function(text: str, count: int, names: dict[str, Any]) -> Callable[..., Any]:
    made: Callable[..., Any] = eval(f"lambda {', '.join(NAMES[:count])}: {text}", names)
    return made


def _autograd(text: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    autograd = importlib.import_module("autograd")
    importlib.import_module("autograd.scipy.special")
    names = {"np": autograd.numpy, "scipy": autograd.scipy}
    f = _function(text, len(arguments), names)
    return tuple(autograd.grad(f, k)(*arguments) for k in range(len(arguments)))


def _jax(text: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    np_ = importlib.import_module("jax.numpy")
    importlib.import_module("jax.scipy.special")
    f = _function(text, len(arguments), {"np": np_, "jax": jax, "scipy": jax.scipy})
    found = jax.grad(f, tuple(range(len(arguments))))(*map(np_.asarray, arguments))
    return tuple(map(np.asarray, found))


def _torch(text: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    torch = importlib.import_module("torch")
    torch.set_default_dtype(torch.float64)
    tensors = [torch.tensor(a, requires_grad=True) for a in arguments]
    result = _function(text, len(arguments), {"torch": torch, "math": math})(*tensors)
    found = torch.autograd.grad(result, tensors, allow_unused=True)
    return tuple(
        np.zeros_like(t.detach().numpy()) if g is None else g.resolve_conj().numpy()
        for g, t in zip(found, tensors, strict=True)
    )


_GRADIENTS = {"autograd": _autograd, "jax": _jax, "torch": _torch}

if __name__ == "__main__":
    text = json.dumps(measure(), indent=1, ensure_ascii=False)
    MEASURED.write_text(f"{text}\n", encoding="utf-8")
