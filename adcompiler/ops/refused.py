"""Functions that are refused on purpose: the reason, and the nearest thing that works.

    np.load("weights.npy")      error[unknown-function]: np.load reads or writes files.
                                  help: do that outside of the function, and pass the arrays in.

Every public function of NumPy and `math`, and every method and attribute of arrays, is in the
tables, handled by the front end, or here; of SciPy those for which something else can be said to
work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

__all__ = ["REFUSED", "Refusal", "refusal"]


@final
@dataclass(frozen=True)
class Refusal:
    """Why a function isn't taken, as a sentence that begins with its name, and the way out."""

    reason: str
    advice: str


def _alike(reason: str, advice: str, module: str, names: str) -> dict[str, Refusal]:
    """Functions that are refused for the same reason."""
    return {f"{module}.{name}": Refusal(reason, advice) for name in names.split()}


_OUTSIDE = {
    **_alike("reads or writes files", "do that outside of the function, and pass the arrays in",
             "np", "fromfile fromregex genfromtxt load loadtxt memmap save savetxt savez"
             " savez_compressed"),
    **_alike("makes an array of text, bytes or foreign memory",
             "make the array outside of the function, and pass it in",
             "np", "from_dlpack frombuffer fromstring"),
    **_alike("makes text of arrays", "use an f-string, or print()",
             "np", "array2string array_repr array_str base_repr binary_repr"
             " format_float_positional format_float_scientific"),
    **_alike("changes or shows NumPy's settings", "call it outside of the function",
             "np", "get_include get_printoptions getbufsize geterr geterrcall info printoptions"
             " set_printoptions setbufsize seterr seterrcall show_config show_runtime"),
    **_alike("computes with dates", "count in days, as numbers, outside of the function",
             "np", "busday_count busday_offset busdaycalendar datetime_as_string datetime_data"
             " is_busday isnat"),
    **_alike("asks which memory arrays have",
             "leave the question out: the gradient's arrays have memory of their own",
             "np", "may_share_memory shares_memory"),
    **_alike("packs numbers into single bits", "use an array of bools",
             "np", "packbits unpackbits"),
}  # fmt: skip

_OBJECTS = {
    **_alike("calls a Python function for each element, on its own",
             "use NumPy functions on whole arrays, or write the loop",
             "np", "apply_along_axis apply_over_axes fromfunction fromiter frompyfunc vectorize"),
    **_alike("goes over arrays by an object that changes at each step",
             "use zip, enumerate, or loops over ranges",
             "np", "broadcast flatiter nditer nested_iters"),
    **_alike("makes a special class of arrays, whose operators mean other things",
             "use plain arrays", "np", "asmatrix bmat matrix recarray"),
    **_alike("is the class of NumPy's functions, not one of them", "call the function itself",
             "np", "ufunc"),
    **_alike("makes an array of what memory holds by chance", "use np.zeros, or np.array",
             "np", "ndarray"),
    **_alike("makes a polynomial that is an object", "keep the coefficients as an array,"
             " and evaluate them with a loop over them (Horner's rule)", "np", "poly1d"),
}  # fmt: skip

_DATA = {
    **_alike("gives an array whose size depends on the values",
             "call it outside of the function, and pass in what it gives",
             "np", "intersect1d setdiff1d setxor1d trim_zeros union1d unique_all"
             " unique_counts unique_inverse unique_values"),
    **_alike("changes the size of an array in place, or repeats it to fill one",
             "use reshape, np.tile or np.concatenate", "np", "resize"),
    **_alike("finds the roots of a polynomial as eigenvalues of a matrix, complex ones among them",
             "find the root by Newton's method, in a loop", "np", "roots"),
    **_alike("gives eigenvalues in no settled order, complex ones among them",
             "use np.linalg.eigh or np.linalg.eigvalsh, if the matrix is symmetric",
             "np.linalg", "eig eigvals"),
    **_alike("gives a least-squares solution with its rank and singular values",
             "solve for the coefficients: np.linalg.lstsq(np.vander(x, n), y)[0]",
             "np", "polyfit"),
}  # fmt: skip

_POLYNOMIALS = {
    **_alike("computes with polynomials by their coefficients",
             "write Horner's rule as a loop: y = y * x + c[k]",
             "np", "poly polydiv"),
}  # fmt: skip

_COMPLEX = {
    **_alike("gives complex numbers or real ones, as the values are", "use .real, or np.sort",
             "np", "sort_complex"),
}  # fmt: skip

_NOTES = {
    **_alike("sums between places that the values of an array name",
             "loop over the pairs of places: np.sum(x[i:j])", "np.add", "reduceat"),
    **_alike("plans the order of products, without computing them",
             "call np.einsum with optimize=True", "np", "einsum_path"),
    **_alike("raises where a number is infinite or NaN", "call np.asarray, and test np.isfinite",
             "np", "asarray_chkfinite"),
    **_alike("asks how the array lies in memory, or arranges it",
             "leave it out: the result is the same", "np", "isfortran require"),
    **_alike("is a window of fixed numbers",
             "compute it outside of the function, and pass it in",
             "np", "bartlett blackman hamming hanning kaiser"),
    **_alike("counts in several dimensions at once", "use np.histogram for each, or np.bincount",
             "np", "histogram2d histogram_bin_edges histogramdd"),
    **_alike("finds places by calling a function", "use np.triu_indices or np.tril_indices",
             "np", "mask_indices"),
    **_alike("is an old name", "use np.isin", "np", "in1d"),
    **_alike("is an old name", "use np.trapezoid", "np", "trapz"),
}  # fmt: skip

_METHODS = {
    **_alike("makes text or bytes of an array, or writes it to a file",
             "do that outside of the function, with what it returns",
             "x", "dump dumps hex tobytes tofile tostring"),
    **_alike("changes how the array's memory is read, not its numbers",
             "use astype, reshape or transpose",
             "x", "byteswap getfield newbyteorder setfield setflags to_device view"),
    **_alike("changes the size of the array in place",
             "make an array: np.concatenate, np.pad, np.tile", "x", "resize"),
    **_alike("asks which memory the array has", "ask for x.shape or x.dtype",
             "x", "base ctypes data device flags nbytes strides"),
    **_alike("goes over all elements as if there were one axis", "use x.ravel()", "x", "flat"),
    **_alike("asks for the binary form of a number", "compare with np.floor(x)",
             "x", "as_integer_ratio fromhex is_integer"),
}  # fmt: skip

_SCIPY = {
    **{name: Refusal("fixes the parameters of a distribution in an object",
                     "pass them with each call: scipy.stats.norm.logpdf(x, loc, scale)")
       for name in ("rv_continuous_frozen", "rv_discrete_frozen")},
    "multivariate_normal_frozen": Refusal(
        "fixes the parameters of a distribution in an object",
        "pass them with each call: scipy.stats.multivariate_normal.logpdf(x, mean, cov)"),
    **_alike("calls a function as often as its own estimate of the error asks",
             "sum the function's values at fixed nodes times their weights",
             "scipy.integrate", "quad dblquad tplquad nquad quad_vec cubature fixed_quad"),
    **_alike("chooses its steps by the values that it finds",
             "write the steps of a method, such as Runge-Kutta, in a loop",
             "scipy.integrate", "solve_ivp odeint solve_bvp"),
    **_alike("searches until it is near enough",
             "write Newton's method in a loop, or make a gate with @adcompiler.primitive whose rule"
             " is that of the implicit function",
             "scipy.optimize", "minimize minimize_scalar root root_scalar brentq bisect newton"
             " fsolve fixed_point least_squares curve_fit linprog nnls differential_evolution"),
    **_alike("prepares an object that interpolates", "use products with weights that are"
             " computed outside of the function",
             "scipy.interpolate", "interp1d CubicSpline make_interp_spline PchipInterpolator"
             " Akima1DInterpolator BSpline RegularGridInterpolator RBFInterpolator griddata"
             " splrep splev interpn"),
    **_alike("gives complex numbers", "solve w * np.exp(w) = x by Newton's method, in a loop",
             "scipy.special", "lambertw"),
    **_alike("gives complex numbers", "use erfcx or dawsn of a real number",
             "scipy.special", "wofz"),
    **_alike("has no derivative in closed form",
             "make it a gate with @adcompiler.primitive, with a rule of your own",
             "scipy.special", "zeta"),
    **_alike("gives several arrays at once",
             "make what you need of it a gate with @adcompiler.primitive",
             "scipy.special", "airy airye ellipj fresnel sici shichi"),
    **{f"scipy.linalg.{name}": Refusal("isn't in the tables", f"use np.linalg.{name}")
       for name in ("norm", "svd", "svdvals", "qr", "eigh", "eigvalsh", "eig", "eigvals", "pinv",
                    "lstsq")},
    **_alike("isn't in the tables", "use scipy.linalg.solve",
             "scipy.linalg", "lu lu_factor lu_solve solve_banded solveh_banded"),
    **_alike("isn't in the tables", "use the eigenvalues: np.linalg.eigh of a symmetric matrix",
             "scipy.linalg", "logm sqrtm funm fractional_matrix_power"),
}  # fmt: skip

_RANDOM = Refusal(
    "makes a generator of random numbers, or asks for its state",
    "use np.random.default_rng(seed), or make the generator outside and pass it in",
)

REFUSED: Mapping[str, Refusal] = {
    **_OUTSIDE, **_OBJECTS, **_DATA, **_POLYNOMIALS, **_COMPLEX, **_NOTES, **_METHODS, **_SCIPY,
}  # fmt: skip


def refusal(name: str) -> Refusal | None:
    """Why the function of this name, as users write it, is refused; None where it isn't known.

    >>> refusal("np.save").reason
    'reads or writes files'
    """
    return _RANDOM if name.startswith("np.random.") else REFUSED.get(name)
