"""Source-to-source differentiation for Python and NumPy: the gradient is code that you can read."""

from ._version import VERSION as __version__
from .api import grad, value_and_grad
from .batching import vmap
from .checking import check_grads
from .diagnostics import AdcompilerError, SignatureError, SourceError, UnsupportedError
from .frontend.checkpoints import checkpoint
from .gates import relu, sigmoid
from .graph import lower
from .jacobians import hessian, jacobian
from .ops.gates import primitive
from .ops.hooks import grad_of
from .ops.stopping import stop_gradient
from .optimize import Passes
from .transformations import hvp, jvp, vjp

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
