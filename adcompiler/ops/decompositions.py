"""Decompositions of matrices, and of stacks of them.

    w, v = np.linalg.eigh(a)         t = v @ (grad_w diagonal + F * (v.T @ grad_v)) @ v.T
                                     grad_a = np.tril(t) + np.triu(t, 1).T

NumPy reads one triangle of a symmetric matrix, and so does the derivative: what the other triangle
would get is added to the one that is read. Either half of a matrix that is symmetric by the way it
is computed then gets what it should; JAX and PyTorch give each half of the matrix half of that.

Where eigenvalues or singular values are equal, their vectors have no derivative: `F`, which holds
1 / (w[j] - w[i]), is infinite there. A complex vector is known up to a factor of absolute value 1,
which LAPACK chooses: a gradient that depends on it raises an error when it is computed.

Rules: Giles (2008), section 3; Murray, "Differentiation of
the Cholesky decomposition" (2016); Walter and Lehmann (2018) for QR; Townsend (2016) for SVD.
"""

from __future__ import annotations

import ast
import functools
import inspect
import operator
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, unknown
from ..ir.types import Array, Type, is_complex
from .effects import Template, hole
from .elementwise import select
from .emit import call, default_call
from .linear_solves import (
    SQUARES,
    adjoint,
    as_matrices,
    ascending,
    differ,
    may_raise,
    real,
    same_index,
    square,
)
from .op import (
    Attributes,
    Bound,
    Op,
    OperationError,
    Regular,
    Spelling,
    arguments,
    operands_only,
)
from .stacks import as_it_is

__all__ = ["ENTRIES", "scaled", "smaller"]

_QRResult = namedtuple("_QRResult", ("Q", "R"))
_EighResult = namedtuple("_EighResult", ("eigenvalues", "eigenvectors"))
_SVDResult = namedtuple("_SVDResult", ("U", "S", "Vh"))


def scaled(vectors: Any, factors: Any) -> Any:
    """Each column times a number of its own."""
    return vectors * _row(factors)


def _read_triangle(t: Any, upper: bool) -> Any:
    """The gradient for a Hermitian matrix, in the triangle that NumPy reads."""
    if upper:
        return _with_real_diagonal(np.triu(t)) + adjoint(np.tril(t, -1))
    return _with_real_diagonal(np.tril(t)) + adjoint(np.triu(t, 1))


def _with_real_diagonal(m: Any) -> Any:
    """Of a Hermitian matrix NumPy reads no more of the diagonal."""
    return select(same_index(m), m.emit("real"), m) if is_complex(m.type) else m


def _from_lower(m: Any) -> Any:
    """The Hermitian matrix with that lower triangle, and the real part of that diagonal."""
    return _with_real_diagonal(np.tril(m)) + adjoint(np.tril(m, -1))


@ascending
def _cholesky(g: Any, a: Any, y: Any, upper: bool) -> Any:
    factor, g = (y, adjoint(g)) if upper else (adjoint(y), g)
    middle = _from_lower(factor @ g)
    t = np.linalg.solve(factor, adjoint(np.linalg.solve(factor, middle)))
    return _read_triangle(t / 2, upper)


def _qr_type(types: Sequence[Type], attributes: Attributes) -> Type | tuple[Type, ...]:
    mode = attributes["mode"]
    if mode not in ("reduced", "r"):
        raise OperationError(
            f"np.linalg.qr with mode={mode!r}", "use mode='reduced', which is the default, or 'r'"
        )
    array = as_matrices(types[0], "qr")
    *stack, m, n = array.shape
    k = smaller(m, n)
    r = Array(array.dtype, (*stack, k, n))
    return r if mode == "r" else (Array(array.dtype, (*stack, m, k)), r)


def smaller(m: Size, n: Size) -> Size:
    """The smaller of two sizes."""
    if isinstance(m, int) and isinstance(n, int):
        return min(m, n)
    return 1 if 1 in (m, n) else m if m == n else unknown()


@ascending
def _qr(g: Any, a: Any, y: Any, mode: str) -> Any:
    q, r = y if mode == "reduced" else np.linalg.qr(a)
    grad_q, grad_r = g if mode == "reduced" else (None, g)
    _refuse_if(operator.lt, r, r, "np.linalg.qr of a matrix with more columns than rows")
    if grad_q is None:
        found = q @ _from_lower(r @ adjoint(grad_r))
    else:
        turned = adjoint(grad_q) @ q
        inner = -turned if grad_r is None else r @ adjoint(grad_r) - turned
        found = grad_q + q @ _from_lower(inner)
    return adjoint(np.linalg.solve(r, adjoint(found)))


def _refuse_if(refused: Any, a: Any, b: Any, what: str) -> None:
    """Matrices for whose shape the rule isn't right, by their rows and columns: the last sizes of
    two arrays, compared now or at run time."""
    m, n = a.shape[-2], b.shape[-1]
    if m == n:
        return
    if not differ(m, n):
        sizes = a.emit("size", axis=a.ndim - 2), b.emit("size", axis=b.ndim - 1)
        error = call("builtin.ValueError", (ast.Constant(f"{what} has no derivative"),))
        statement = ast.If(hole(0), [ast.Raise(error, None)], [])
        operands = (refused(*sizes).value,)
        a.tracer.builder.region("effect", operands, (), (), {"template": Template(statement)})
    elif refused(*(2 if 1 in (m, n) and k != 1 else k for k in (m, n))):
        raise OperationError(f"{what} has no derivative", "leave columns out, or transpose it")


def _refuse_turned(turned: Any, size: Any, name: str) -> None:
    """Complex vectors, where the result changes with the factor that each of them may have: by the
    gradients for turning them, and how large the gradients are."""
    if 0 in turned.shape:
        return
    rounding = 1e-3 if turned.type.dtype == "c8" else 1e-6
    changes = np.max(np.abs(turned.emit("imag"))) > np.max(np.abs(size)) * rounding
    reason = f"the result depends on the phases of np.linalg.{name}'s vectors, which are arbitrary"
    error = call("builtin.ValueError", (ast.Constant(reason),))
    template = Template(ast.If(hole(0), [ast.Raise(error, None)], []))
    changes.tracer.builder.region("effect", (changes.value,), (), (), {"template": template})


def _diagonal_of(m: Any) -> Any:
    return np.diagonal(m, 0, -2, -1) if m.ndim > 2 else np.diagonal(m)


def _row(w: Any) -> Any:
    """A number for each column."""
    return w if w.ndim == 1 else w[..., None, :]


def _gaps(w: Any, same: Any) -> Any:
    """1 / (w[j] - w[i]), and 0 where i is j."""
    return select(same, 0.0, 1 / select(same, 1.0, _row(w) - np.expand_dims(w, -1)))


@ascending
def _eigh(g: Any, a: Any, y: Any, UPLO: str) -> Any:
    (grad_w, grad_v), (w, v) = g, y
    if grad_v is None:
        t = scaled(v, grad_w) @ adjoint(v)
    else:
        same, inner = same_index(w), adjoint(v) @ grad_v
        if is_complex(a.type):
            _refuse_turned(_diagonal_of(inner), inner, "eigh")
        middle = _gaps(w, same) * inner
        if grad_w is not None:
            middle = middle + select(same, _row(grad_w), 0.0)
        t = v @ middle @ adjoint(v)
    return _read_triangle(t, UPLO.upper() == "U")


def _eigvalsh(g: Any, a: Any, y: Any, UPLO: str) -> Any:
    _, v = a.tracer.call_all(np.linalg.eigh, a, UPLO=UPLO)
    return _eigh((g, None), a, (y, v), UPLO)


def _symmetric(type_: Type, attributes: Attributes, name: str) -> tuple[Type, Type]:
    if attributes["UPLO"] not in ("L", "U", "l", "u"):
        raise OperationError(
            f"np.linalg.{name} of the triangle {attributes['UPLO']!r}", "name it 'L' or 'U'"
        )
    array = square(type_, name)
    return Array(real(array.dtype), array.shape[:-1]), array


def _svd_type(types: Sequence[Type], attributes: Attributes) -> Type | tuple[Type, ...]:
    if attributes["hermitian"]:
        raise OperationError("np.linalg.svd with hermitian=True", "leave it out, or use eigh")
    array = as_matrices(types[0], "svd")
    *stack, m, n = array.shape
    k = smaller(m, n)
    s = Array(real(array.dtype), (*stack, k))
    if not attributes["compute_uv"]:
        return s
    rows, columns = (m, n) if attributes["full_matrices"] else (k, k)
    return Array(array.dtype, (*stack, m, rows)), s, Array(array.dtype, (*stack, columns, n))


@ascending
def _svd(g: Any, a: Any, y: Any, full_matrices: bool, compute_uv: bool, hermitian: bool) -> Any:
    grads = g if compute_uv else (None, g, None)
    is_square = a.shape[-2] == a.shape[-1]
    if grads[0] is None and grads[2] is None:
        direct = compute_uv and (is_square or not full_matrices)
        u, _, vt = y if direct else np.linalg.svd(a, full_matrices=False)
        return scaled(u, grads[1]) @ vt
    if full_matrices:
        _refuse_if(operator.ne, y[0], y[2], "np.linalg.svd(full_matrices=True) of a matrix that"
                   " isn't square")
    found, outside = _svd_of_vectors(grads, y)
    if full_matrices or is_square or not outside:
        return found
    if differ(*a.shape[-2:]):
        return found + outside
    rows, columns = (a.emit("size", axis=a.ndim - k) for k in (2, 1))
    return found + select(rows == columns, 0.0, outside)


def _svd_of_vectors(g: Any, y: Any) -> tuple[Any, Any]:
    """What turns the vectors within their space, and, of matrices that aren't square, out of it."""
    (gu, gs, gv), (u, s, vt) = g, y
    same = same_index(s)
    gaps, row = _gaps(s * s, same), _row(s)
    middle: list[Any] = []
    outside: list[Any] = []
    turned: list[Any] = []
    if gu is not None:
        inner = adjoint(u) @ gu
        middle.append(gaps * (inner - adjoint(inner)) * row)
        outside.append(((gu - u @ inner) / row) @ vt)
        if is_complex(u.type):
            turned.append(inner)
            middle.append(select(same, inner.emit("imag") * 1j / row, 0.0))
    if gs is not None:
        middle.append(select(same, _row(gs), 0.0))
    if gv is not None:
        inner = vt @ adjoint(gv)
        middle.append(np.expand_dims(s, -1) * (gaps * (inner - adjoint(inner))))
        outside.append((u / row) @ (gv - adjoint(inner) @ vt))
        if is_complex(u.type):
            turned.append(inner)
    if turned:
        size = functools.reduce(operator.add, map(np.abs, turned))
        _refuse_turned(_diagonal_of(_total(turned)), size, "svd")
    return u @ _total(middle) @ vt, _total(outside)


def _total(parts: list[Any]) -> Any:
    return functools.reduce(operator.add, parts)


def _symmetric_call(name: str, function: Any, infer: Any, rule: Any, results: Any) -> Op:
    """`eigh` and `eigvalsh`."""
    spelling = Spelling(lambda a, UPLO="L": arguments(a, UPLO=UPLO))
    return Op(
        name, infer, lambda attributes, operands: function(operands[0], **attributes),
        default_call(f"np.linalg.{name}", UPLO="L"), batch=as_it_is, rules=(rule,), fresh=True,
        complex=True, raises=may_raise, spellings={function: spelling},
        samples=tuple(
            arguments(Regular(shape), UPLO=triangle)
            for shape in ((1, 1), (3, 3), (2, 3, 3)) for triangle in "LU"
        ),
        examples=(f"np.linalg.{name}({{3,3!}})", f"np.linalg.{name}({{2,2,2!}}, 'U')"),
        **results,
    )  # fmt: skip


def _bind_cholesky(a: Any, *, upper: Any = False) -> Bound:
    return arguments(a, upper=upper)


def _bind_qr(a: Any, mode: Any = "reduced") -> Bound:
    return arguments(a, mode=mode)


def _bind_svd(
    a: Any, full_matrices: Any = True, compute_uv: Any = True, hermitian: Any = False
) -> Bound:
    return arguments(a, full_matrices=full_matrices, compute_uv=compute_uv, hermitian=hermitian)


def _svd_samples() -> tuple[Bound, ...]:
    kinds = [(False, True), (True, False)]
    shapes = ((2, 2), (3, 2), (2, 3), (1, 1), (3, 1), (1, 3), (2, 3, 2))
    found = [
        arguments(Regular(shape), full_matrices=full, compute_uv=vectors, hermitian=False)
        for shape in shapes for full, vectors in kinds
    ]
    return (*found, arguments(Regular((3, 3)), full_matrices=True, compute_uv=True,
                              hermitian=False))  # fmt: skip


_VALUES = {"full_matrices": False, "compute_uv": False, "hermitian": False}

# Later versions of NumPy give the upper factor, too.
_BOTH = "upper" in inspect.signature(np.linalg.cholesky).parameters
_FACTORS = (False, True) if _BOTH else (False,)

ENTRIES: tuple[Op, ...] = (
    Op("cholesky", lambda types, attributes: square(types[0], "cholesky"),
       lambda attributes, operands: np.linalg.cholesky(
           operands[0], **{k: v for k, v in attributes.items() if v}),
       default_call("np.linalg.cholesky", upper=False), batch=as_it_is, rules=(_cholesky,),
       fresh=True, complex=True,
       raises=may_raise, spellings={np.linalg.cholesky: Spelling(_bind_cholesky)},
       samples=tuple(arguments(*operands, upper=upper)
                     for operands, _ in SQUARES for upper in _FACTORS),
       examples=("np.linalg.cholesky({3,3!})", "np.linalg.cholesky({2,2,2!})",
                 *(["np.linalg.cholesky({3,3!}, upper=True)"] if _BOTH else []))),
    Op("qr", _qr_type, lambda attributes, operands: np.linalg.qr(operands[0], **attributes),
       default_call("np.linalg.qr", mode="reduced"), batch=as_it_is, rules=(_qr,), fresh=True,
       complex=True, spellings={np.linalg.qr: Spelling(_bind_qr)}, results=("q", "r"),
       structure=lambda found: _QRResult(*found),
       samples=tuple(arguments(Regular(shape), mode=mode)
                     for shape in ((2, 2), (3, 2), (1, 1), (3, 1), (2, 3, 2))
                     for mode in ("reduced", "r")),
       examples=("np.linalg.qr({3,3!})", "np.linalg.qr({4,2!})[0]", "np.linalg.qr({4,2!}).R",
                 "np.linalg.qr({2,3,2!}, mode='r')")),
    _symmetric_call(
        "eigh", np.linalg.eigh, lambda types, attributes: _symmetric(types[0], attributes, "eigh"),
        _eigh, {"results": ("eigenvalues", "eigenvectors"),
                "structure": lambda found: _EighResult(*found)}),
    _symmetric_call(
        "eigvalsh", np.linalg.eigvalsh,
        lambda types, attributes: _symmetric(types[0], attributes, "eigvalsh")[0], _eigvalsh, {}),
    Op("svd", _svd_type, lambda attributes, operands: np.linalg.svd(operands[0], **attributes),
       default_call("np.linalg.svd", full_matrices=True, compute_uv=True, hermitian=False),
       batch=as_it_is, rules=(_svd,), fresh=True, raises=may_raise, complex=True,
       spellings={np.linalg.svd: Spelling(_bind_svd)}, results=("u", "s", "vt"),
       structure=lambda found: _SVDResult(*found), samples=_svd_samples(),
       examples=("np.linalg.svd({3,2!}, full_matrices=False)", "np.linalg.svd({3,3!})[1]",
                 "np.linalg.svd({2,3!}, compute_uv=False)", "np.linalg.svd({2,3!}).S")),
    Op("svdvals", lambda types, attributes: _svd_type(types, _VALUES),
       lambda attributes, operands: np.linalg.svdvals(operands[0]),
       lambda emission: call("np.linalg.svdvals", emission.operands),
       batch=as_it_is, rules=(lambda g, a, y: _svd(g, a, y, **_VALUES),), fresh=True,
       raises=may_raise, complex=True,
       spellings={np.linalg.svdvals: Spelling(operands_only(1))},
       samples=tuple(arguments(Regular(shape)) for shape in ((2, 2), (3, 2), (2, 2, 3))),
       examples=("np.linalg.svdvals({3,2!})",)),
)  # fmt: skip
