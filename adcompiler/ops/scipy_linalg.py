"""Linear algebra of SciPy: linear systems, triangular ones, Cholesky factors.

    x = linalg.solve_triangular(a, b, lower=True)

    grad_b = linalg.solve_triangular(a, grad_x, trans=1, lower=True)
    grad_a = -np.tril(np.outer(grad_b, x))

What a function doesn't read has no gradient: of a triangular matrix the other triangle, and of a
symmetric one the half that SciPy leaves aside; the half that is read gets what is due to both (see
`decompositions`). Rules: Giles (2008), Murray (2016).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Type, rank
from .emit import call, default_call
from .inference import as_array, promote
from .late import Late, Package
from .op import (
    Attributes,
    Bound,
    Emission,
    Expansion,
    Op,
    OperationError,
    Regular,
    Spelling,
    arguments,
)

__all__ = [
    "ENTRIES", "EXPANSIONS", "REGULAR", "linalg", "matrix", "matrix_entry",
    "read_triangle", "square_of",
    "untouched",
]  # fmt: skip

linalg = Package("scipy.linalg")


def matrix(type_: Type, name: str) -> Array:
    """The type of one square matrix, as LAPACK takes it."""
    array = as_array(type_)
    if rank(array) != 2:
        raise OperationError(
            f"scipy.linalg.{name} of {array}, which is no single matrix",
            "give an array of two dimensions, or loop over the stack",
        )
    m, n = array.shape
    if m != n and (1 in (m, n) or (isinstance(m, int) and isinstance(n, int))):
        raise OperationError(
            f"scipy.linalg.{name} of {array}, which isn't square", "check the shape"
        )
    if array.dtype[0] == "c":
        raise OperationError(f"scipy.linalg.{name} of complex matrices", "use real ones")
    return Array(array.dtype if array.dtype in ("f4", "f8") else "f8", array.shape)


def _right_side(a: Array, type_: Type, name: str) -> Array:
    b = as_array(type_)
    if rank(b) not in (1, 2):
        raise OperationError(
            f"scipy.linalg.{name} with {b} on the right", "give a vector or a matrix"
        )
    if b.dtype[0] == "c":
        raise OperationError(f"scipy.linalg.{name} of complex numbers", "use real ones")
    m, n = a.shape[0], b.shape[0]
    if m != n and (1 in (m, n) or (isinstance(m, int) and isinstance(n, int))):
        raise OperationError(f"scipy.linalg.{name} of {a} and {b}", "check the shapes")
    dtype = b.dtype if b.dtype in ("f4", "f8") else "f8"
    return Array(promote((a, Array(dtype, ()))), b.shape)


def _system(name: str) -> Callable[[Sequence[Type], Attributes], Type]:
    return lambda types, attributes: _right_side(matrix(types[0], name), types[1], name)


def square_of(name: str) -> Callable[[Sequence[Type], Attributes], Type]:
    return lambda types, attributes: matrix(types[0], name)


def _products(left: Any, right: Any) -> Any:
    """The matrix of the right sides' products, summed over the right sides."""
    return np.outer(left, right) if left.ndim == 1 else left @ right.T


def _triangle(t: Any, lower: bool, unit: bool = False) -> Any:
    if lower:
        return np.tril(t, -1) if unit else np.tril(t)
    return np.triu(t, 1) if unit else np.triu(t)


def read_triangle(t: Any, lower: bool) -> Any:
    """The gradient for a symmetric matrix, in the triangle that is read."""
    if lower:
        return np.tril(t) + np.triu(t, 1).T
    return np.triu(t) + np.tril(t, -1).T


def untouched(name: str, value: Any) -> None:
    """Memory of the caller's that a function may use for its own."""
    if getattr(value, "value", value) is not False:
        raise OperationError(
            f"`{name}=` lets the function destroy its argument", "leave it out"
        )


# trans=1 and trans=2 are the same for real matrices.
_TRANSPOSED = {0: False, "N": False, 1: True, "T": True, 2: True, "C": True}


def _bind_triangular(
    a: Any, b: Any, trans: Any = 0, lower: Any = False, unit_diagonal: Any = False,
    overwrite_b: Any = False, check_finite: Any = True,
) -> Bound:  # fmt: skip
    untouched("overwrite_b", overwrite_b)
    return arguments(
        a, b, trans=trans, lower=lower, unit_diagonal=unit_diagonal, check_finite=check_finite
    )


def _triangular_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if attributes["trans"] not in _TRANSPOSED:
        raise OperationError(
            f"scipy.linalg.solve_triangular with trans={attributes['trans']!r}", "use 0 or 1"
        )
    return _system("solve_triangular")(types, attributes)


def _triangular_right(g: Any, a: Any, b: Any, x: Any, trans: Any, **given: Any) -> Any:
    back = 0 if _TRANSPOSED[trans] else 1
    return a.emit("linalg_solve_triangular", g, trans=back, **given)


def _triangular_left(g: Any, a: Any, b: Any, x: Any, trans: Any, **given: Any) -> Any:
    found = _triangular_right(g, a, b, x, trans, **given)
    product = _products(x, found) if _TRANSPOSED[trans] else _products(found, x)
    return -_triangle(product, given["lower"], given["unit_diagonal"])


def _bind_cholesky(
    a: Any, lower: Any = False, overwrite_a: Any = False, check_finite: Any = True
) -> Bound:
    untouched("overwrite_a", overwrite_a)
    return arguments(a, lower=lower, check_finite=check_finite)


def _from_factor(g: Any, y: Any, lower: bool) -> Any:
    """The cotangent of a symmetric matrix from that of its factor (Murray, 2016)."""
    upper, g = (y.T, g) if lower else (y, g.T)
    middle = np.tril(upper @ g)
    middle = middle + np.tril(middle, -1).T
    half = upper.emit("linalg_solve_triangular", middle, **_PLAIN)
    t = upper.emit("linalg_solve_triangular", half.T, **_PLAIN)
    return read_triangle(t / 2, lower)


_PLAIN = {"trans": 0, "lower": False, "unit_diagonal": False, "check_finite": True}


def _cholesky(g: Any, a: Any, y: Any, lower: bool, check_finite: bool) -> Any:
    return _from_factor(g, y, lower)


def _cho_factor(g: Any, a: Any, c: Any, lower: bool, check_finite: bool) -> Any:
    """The triangle that doesn't hold the factor holds what was in the matrix there, or zeros."""
    factor, rest = (np.tril(c), np.triu(g, 1)) if lower else (np.triu(c), np.tril(g, -1))
    found = _from_factor(_triangle(g, lower), factor, lower)
    return found + rest if _keeps_the_rest() else found


def _keeps_the_rest() -> bool:
    """SciPy before 1.18 leaves the other triangle as it is."""
    return bool(linalg.cho_factor(np.array([[4.0, 1.0], [1.0, 4.0]]), lower=True)[0][0, 1])


def _cho_factor_of(
    a: Any, lower: Any = False, overwrite_a: Any = False, check_finite: Any = True
) -> Any:
    untouched("overwrite_a", overwrite_a)
    found = a.emit("linalg_cho_factor", lower=bool(lower), check_finite=check_finite)
    return found, lower


def _bind_cho_solve(
    c_and_lower: Any, b: Any, overwrite_b: Any = False, check_finite: Any = True
) -> Bound:
    untouched("overwrite_b", overwrite_b)
    if not isinstance(c_and_lower, tuple) or len(c_and_lower) != 2:
        raise OperationError(
            "scipy.linalg.cho_solve takes what cho_factor gives", "pass (c, lower), a tuple"
        )
    c, lower = c_and_lower
    return arguments(c, b, lower=lower, check_finite=check_finite)


def _emit_cho_solve(emission: Emission) -> ast.expr:
    c, b = emission.operands
    pair = ast.Tuple([c, ast.Constant(emission.attributes["lower"])], ast.Load())
    finite = {} if emission.attributes["check_finite"] is True else {"check_finite": False}
    return call("linalg.cho_solve", (pair, b), **finite)


def _evaluate_cho_solve(attributes: Attributes, operands: Sequence[Any]) -> Any:
    c, b = operands
    given = {"check_finite": attributes["check_finite"]}
    return linalg.cho_solve((c, attributes["lower"]), b, **given)


def _cho_solve_right(g: Any, c: Any, b: Any, x: Any, **given: Any) -> Any:
    return c.emit("linalg_cho_solve", g, **given)


def _cho_solve_left(g: Any, c: Any, b: Any, x: Any, **given: Any) -> Any:
    product = _products(_cho_solve_right(g, c, b, x, **given), x)
    both, lower = product + product.T, given["lower"]
    factor = _triangle(c, lower)
    return -_triangle(both @ factor if lower else factor @ both, lower)


_READS = {"gen": False, "general": False, "sym": True, "symmetric": True, "her": True,
          "hermitian": True, "pos": True, "positive definite": True}  # fmt: skip


def _bind_solve(
    a: Any, b: Any, lower: Any = False, overwrite_a: Any = False, overwrite_b: Any = False,
    check_finite: Any = True, assume_a: Any = None, transposed: Any = False,
) -> Bound:  # fmt: skip
    untouched("overwrite_a", overwrite_a)
    untouched("overwrite_b", overwrite_b)
    return arguments(
        a, b, lower=lower, check_finite=check_finite, assume_a=assume_a, transposed=transposed
    )


def _solve_type(types: Sequence[Type], attributes: Attributes) -> Type:
    assumed = attributes["assume_a"]
    if assumed is not None and assumed not in _READS:
        raise OperationError(
            f"scipy.linalg.solve with assume_a={assumed!r}",
            "use 'gen', 'sym' or 'pos', or solve_triangular for a triangular matrix",
        )
    if attributes["transposed"] and _READS.get(assumed):
        raise OperationError("the transpose of a symmetric matrix", "leave `transposed` out")
    return _system("solve")(types, attributes)


def _solve_given(attributes: Attributes) -> dict[str, Any]:
    """Without `assume_a=` where it wasn't said: its default has changed."""
    return {k: v for k, v in attributes.items() if k != "assume_a" or v is not None}


def _solve_right(g: Any, a: Any, b: Any, x: Any, **given: Any) -> Any:
    back = given if _READS.get(given["assume_a"]) else {
        **given, "transposed": not given["transposed"]
    }  # fmt: skip
    return a.emit("linalg_solve", g, **back)


def _solve_left(g: Any, a: Any, b: Any, x: Any, **given: Any) -> Any:
    found = _solve_right(g, a, b, x, **given)
    if _READS.get(given["assume_a"]):
        return -read_triangle(_products(found, x), given["lower"])
    return -(_products(x, found) if given["transposed"] else _products(found, x))

REGULAR = ((2, 2), (3, 3), (1, 1))
_SIDES = ((3,), (3, 2))
FINITE = {"check_finite": True}


def matrix_entry(
    name: str, infer: Callable[[Sequence[Type], Attributes], Type], rules: Any,
    bind: Callable[..., Bound] | None, samples: tuple[Bound, ...], **more: Any,
) -> Op:  # fmt: skip
    """A function of matrices, whose attributes are its keywords."""
    spellings: dict[object, Spelling] = {}
    if bind is not None:
        spellings[Late("scipy.linalg", name)] = Spelling(bind)
    defaults = more.pop("defaults", FINITE)
    given: dict[str, Any] = {
        "evaluate": lambda attributes, operands: getattr(linalg, name)(*operands, **attributes),
        "emit": default_call(f"linalg.{name}", **defaults),
        "raises": lambda types, attributes, known: True,  # LinAlgError, of NaN a ValueError
        **more,
    }
    return Op(
        f"linalg_{name}", infer, rules=rules, spellings=spellings, fresh=True, needs="scipy",
        samples=samples, **given,
    )  # fmt: skip


def _symmetric(**attributes: Any) -> tuple[Bound, ...]:
    return tuple(
        arguments(Regular(shape), lower=lower, check_finite=True, **attributes)
        for shape in REGULAR for lower in (True, False)
    )  # fmt: skip


def _cho_factor_call(emission: Emission) -> ast.expr:
    made = default_call("linalg.cho_factor", lower=False, **FINITE)(emission)
    return ast.Subscript(made, ast.Constant(0), ast.Load())


_ASSUMED = ((None, False), ("gen", True), ("sym", False), ("pos", False))
_TRIANGULAR = matrix_entry(
    "solve_triangular", _triangular_type, (_triangular_left, _triangular_right), _bind_triangular,
    tuple(
        arguments(Regular((3, 3)), side, trans=trans, lower=lower, unit_diagonal=unit,
                  check_finite=True)
        for side in _SIDES for trans in (0, "T") for lower in (False, True)
        for unit in (False, True)
    ), defaults=_PLAIN,
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    _TRIANGULAR,
    matrix_entry("solve", _solve_type, (_solve_left, _solve_right), _bind_solve,
           tuple(arguments(Regular((3, 3)), side, lower=lower, check_finite=True,
                           assume_a=assumed, transposed=turned)
                 for side in _SIDES for assumed, turned in _ASSUMED for lower in (False, True)),
           evaluate=lambda attributes, operands: linalg.solve(
               *operands, **_solve_given(attributes)),
           defaults={"lower": False, "assume_a": None, "transposed": False, **FINITE}),
    matrix_entry("cholesky", square_of("cholesky"), (_cholesky,), _bind_cholesky, _symmetric(),
           defaults={"lower": False, **FINITE}),
    matrix_entry("cho_factor", square_of("cho_factor"), (_cho_factor,), None, _symmetric(),
           evaluate=lambda attributes, operands: linalg.cho_factor(*operands, **attributes)[0],
           emit=_cho_factor_call),
    matrix_entry("cho_solve", _system("cho_solve"), (_cho_solve_left, _cho_solve_right),
           _bind_cho_solve,
           tuple(arguments(Regular((3, 3)), side, lower=lower, check_finite=True)
                 for side in _SIDES for lower in (False, True)),
           evaluate=_evaluate_cho_solve, emit=_emit_cho_solve,
           examples=("scipy.linalg.cho_solve((scipy.linalg.cholesky({3,3!}), False), {3})",)),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("cho_factor", _cho_factor_of, (Late("scipy.linalg", "cho_factor"),),
              static=("lower", "overwrite_a", "check_finite"),
              examples=("scipy.linalg.cho_solve(scipy.linalg.cho_factor({3,3!}), {3})",
                        "scipy.linalg.cho_solve(scipy.linalg.cho_factor({3,3!}, True), {3,2})")),
)  # fmt: skip
