"""Source-to-source differentiation for Python and NumPy: the gradient is code that you can read."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import VERSION as __version__
from .api import grad, value_and_grad
from .batching import vmap
from .diagnostics import AdcompilerError, SignatureError, SourceError, UnsupportedError
from .frontend.marks import checkpoint
from .gates import relu, sigmoid
from .jacobians import hessian, jacobian
from .ops.gates import primitive
from .ops.hooks import grad_of
from .ops.stopping import stop_gradient
from .optimize import Passes
from .transformations import hvp, jvp, vjp

if TYPE_CHECKING:
    from .checking import check_grads
    from .graph import lower

__all__ = [
    "AdcompilerError",
    "Passes",
    "SignatureError",
    "SourceError",
    "UnsupportedError",
    "__version__",
    "check_grads",
    "checkpoint",
    "grad",
    "grad_of",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "lower",
    "primitive",
    "relu",
    "sigmoid",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
]

_LATER = {"check_grads": "checking", "lower": "graph"}


def __getattr__(name: str) -> Any:
    """What loads the whole compiler is loaded when it is asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
