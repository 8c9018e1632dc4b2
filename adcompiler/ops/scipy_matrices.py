"""Functions of a matrix in SciPy: inverse, determinant, exponential; block diagonal matrices.

    y = linalg.expm(a)        grad_a = linalg.expm_frechet(a.T, grad_y, compute_expm=False)

Rules: Giles (2008); for the exponential Al-Mohy and Higham, "Computing the Frechet derivative of
the matrix exponential" (2009).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import add
from ..ir.types import Array, Type, is_complex, rank
from .emit import call
from .inference import as_array, promote
from .late import Late
from .op import Attributes, Bound, Expansion, Op, OperationError, Regular, arguments
from .scipy_linalg import REGULAR, linalg, matrix, matrix_entry, square_of, untouched

__all__ = ["ENTRIES", "EXPANSIONS"]


def _inverse(g: Any, a: Any, y: Any, check_finite: bool) -> Any:
    return -y.T @ g @ y.T


def _bind_checked(a: Any, overwrite_a: Any = False, check_finite: Any = True) -> Bound:
    untouched("overwrite_a", overwrite_a)
    return arguments(a, check_finite=check_finite)


def _determinant_type(types: Sequence[Type], attributes: Attributes) -> Type:
    matrix(types[0], "det")
    return Array("f8", ())


def _frechet_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return Array("f8", matrix(types[0], "expm_frechet").shape)


def _frechet(g: Any, a: Any) -> Any:
    """The adjoint of the derivative of expm at `a`: the derivative at the transpose."""
    return a.T.emit("linalg_expm_frechet", g)


def _second_of_frechet(g: Any, a: Any, e: Any, y: Any) -> Any:
    """expm_frechet(a, e) is the corner of expm([[a, e], [0, a]]) (Al-Mohy and Higham, 2009)."""
    zero = a * 0.0
    whole = np.concatenate((np.concatenate((a, e), 1), np.concatenate((zero, a), 1)))
    seed = np.concatenate((np.concatenate((zero, g), 1), np.concatenate((zero, zero), 1)))
    found = _frechet(seed, whole)
    n = _length(a, 0)
    return _block(found, (None, n), (None, n)) + _block(found, (n, None), (n, None))


def _block(x: Any, *bounds: tuple[Any, Any]) -> Any:
    """`x[start:stop, start:stop]`."""
    return x[tuple(slice(*pair) for pair in bounds)]


def _diagonal_type(types: Sequence[Type], attributes: Attributes) -> Type:
    arrays = [as_array(t) for t in types]
    if any(rank(a) > 2 for a in arrays):
        raise OperationError("scipy.linalg.block_diag of stacks", "give numbers, rows or matrices")
    shapes = [(1,) * (2 - rank(a)) + a.shape for a in arrays]
    rows, columns = ([shape[k] for shape in shapes] for k in (0, 1))
    shape = (functools.reduce(add, rows), functools.reduce(add, columns))
    return Array(promote(arrays), shape)


def _diagonal(g: Any, *rest: Any, index: int) -> Any:
    *arrays, _ = rest
    x = arrays[index]
    before = [[_extent(a, axis) for a in arrays[:index]] for axis in (0, 1)]
    starts = [functools.reduce(_plus, sizes, 0) for sizes in before]
    bounds = [(s, _plus(s, _extent(x, axis))) for axis, s in enumerate(starts)]
    block = _block(g, *bounds)
    return block if x.ndim == 2 else block[(0,) * (2 - x.ndim)]


def _length(x: Any, axis: int) -> Any:
    size = x.shape[axis]
    return size if isinstance(size, int) else x.emit("size", axis=axis)


def _plus(a: Any, b: Any) -> Any:
    return b if isinstance(a, int) and a == 0 else a + b


def _extent(x: Any, axis: int) -> Any:
    """How many rows or columns an operand of block_diag takes."""
    return 1 if axis < 2 - x.ndim else _length(x, axis - 2 + x.ndim)


ENTRIES: tuple[Op, ...] = (
    matrix_entry("inv", square_of("inv"), (_inverse,), _bind_checked,
           tuple(arguments(Regular(shape), check_finite=True) for shape in REGULAR)),
    matrix_entry("det", _determinant_type,
           (lambda g, a, y, check_finite: g * a.emit("cofactors"),), _bind_checked,
           tuple(arguments(Regular(shape), check_finite=True) for shape in REGULAR)),
    matrix_entry("expm", square_of("expm"), (lambda g, a, y: _frechet(g, a),),
           lambda A: arguments(A), tuple(arguments(shape) for shape in REGULAR), defaults={}),
    matrix_entry("expm_frechet", _frechet_type,
           (_second_of_frechet, lambda g, a, e, y: _frechet(g, a)), None,
           tuple(arguments(shape, shape) for shape in REGULAR),
           evaluate=lambda attributes, operands: linalg.expm_frechet(*operands, compute_expm=False),
           emit=lambda emission: call(
               "linalg.expm_frechet", emission.operands, compute_expm=False)),
    matrix_entry("block_diag", _diagonal_type, _diagonal, lambda *arrs: (arrs, {}),
           (arguments((2, 2), (3, 1)), arguments((2,), (), (1, 3)), arguments((3, 2))),
           defaults={}, raises=None, linear="together",
           examples=("scipy.linalg.block_diag({2,2}, {3})",)),
)  # fmt: skip


def _toeplitz(c: Any, r: Any = None) -> Any:
    """Each element from a row that holds every diagonal's once, the lowest first."""
    c, r = (_vector(x) for x in (c, c if r is None else r))
    m, n = _length(c, 0), _length(r, 0)
    once = np.concatenate((c[::-1], r[1:]))
    rows, columns = (c.tracer.call(np.arange, k) for k in (m, n))
    return once[rows[::-1][:, None] + columns[None, :]]


def _vector(x: Any) -> Any:
    if not hasattr(x, "ndim") or x.ndim != 1:
        raise OperationError("scipy.linalg.toeplitz of what is no vector", "pass one-dimensional"
                             " arrays")  # fmt: skip
    if is_complex(x.type):
        raise OperationError("scipy.linalg.toeplitz of complex numbers", "pass real ones")
    return x


EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("toeplitz", _toeplitz, (Late("scipy.linalg", "toeplitz"),),
              examples=("scipy.linalg.toeplitz({3})", "scipy.linalg.toeplitz({3}, {2})")),
)  # fmt: skip
