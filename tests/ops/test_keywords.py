"""Every keyword that a function in the tables has is honoured or refused, never ignored.

An example of each function gets one more keyword, with a value other than its default:

    np.median({2,3}, axis=1)        np.median({2,3}, axis=1, overwrite_input=True)

What comes out is what NumPy or SciPy gives, bit for bit and of its type, or a diagnostic.
"""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
from calling import alone
from driving import case, quiet, run, same
from sampling import is_there

from adcompiler import AdcompilerError
from adcompiler.ops import EXPANSIONS, TABLE
from adcompiler.ops.late import Late

UFUNC = ("out", "casting", "order", "dtype", "subok")  # `where` goes with `out`
# Values by the keyword's name; `{first}` is the call's first array, `{shape}` and `{dtype}` are
# those of what it gives without the keyword.
VALUES = {
    "a_max": ("0.5",), "a_min": ("0.0",), "allow_singular": ("True",), "append": ("0.5",),
    "atol": ("0.5",), "aweights": ("[0.5, 1.0, 2.0, 1.5, 1.0]",), "axes": ("1", "(1, 0)"),
    "axis": ("0", "-1", "(0, 1)", "None"), "axis1": ("1",), "axis2": ("0",), "axisa": ("0",),
    "axisb": ("0",), "axisc": ("0",), "b": ("2.0",), "bias": ("True",), "casting": ("'unsafe'",),
    "check_finite": ("False",), "compute_uv": ("False",), "constant_values": ("1.5",),
    "copy": ("False", "None"), "correction": ("1",), "cov": ("2.0",), "ddof": ("1", "0"),
    "decimals": ("1",), "default": ("0.5",), "device": ("'cpu'",), "discont": ("4.0",),
    "dtype": ("np.float32", "complex", "int"), "dx": ("0.5",), "edge_order": ("2",),
    "end_values": ("0.5",), "endpoint": ("False",), "equal_nan": ("True",),
    "fill_value": ("0.5",), "full_matrices": ("False",), "fweights": ("[1, 2, 1, 1, 3]",),
    "hermitian": ("True",), "include_initial": ("True",), "indexing": ("'ij'",),
    "initial": ("0.5", "-0.25"), "interpolation": ("'lower'",), "k": ("1", "-1"),
    "keepdims": ("True",), "kind": ("'stable'",), "left": ("0.5",), "like": ("np.zeros(1)",),
    "loc": ("0.5",), "lower": ("True",), "m": ("2",), "mean": ("0.25", "{first} * 0 + 0.25"),
    "method": ("'lower'", "'hazen'"), "mode": ("'same'", "'clip'", "'edge'", "'r'"), "n": ("2",),
    "nan": ("0.5",), "ndmin": ("3",), "neginf": ("0.5",), "norm": ("'ortho'",), "num": ("4",),
    "offset": ("1",), "optimize": ("True",), "ord": ("1", "np.inf"), "order": ("'F'", "'A'"),
    "out": ("np.zeros({shape}, {dtype!r})", "np.ones({shape}, {dtype!r}), where={first} > 0"),
    "overwrite_a": ("True",), "overwrite_b": ("True",), "overwrite_input": ("True",),
    "p": ("1",), "period": ("2.0",),
    "posinf": ("0.5",), "prepend": ("0.5",), "rcond": ("0.5",), "reflect_type": ("'odd'",),
    "retstep": ("True",), "return_counts": ("True",), "return_index": ("True",),
    "return_inverse": ("True",), "return_sign": ("True",), "returned": ("True",),
    "right": ("0.5", "True"), "rowvar": ("False",), "rtol": ("0.5",), "s": ("(2, 2)",),
    "scale": ("2.0",), "shape": ("(3, 2)",), "shift": ("1",), "side": ("'right'",),
    "sorted": ("False",), "sparse": ("True",), "stable": ("True",), "stat_length": ("1",),
    "subok": ("False",), "to_begin": ("0.5",), "to_end": ("0.5",), "tol": ("0.5",),
    "trans": ("1",), "trim": ("'b'",), "unit_diagonal": ("True",), "upper": ("True",),
    "weights": ("{first} ** 2 + 1",), "where": ("{first} > 0", "np.array(True)"),
    "x": ("np.arange(1.0, 1 + np.shape({first})[-1]) ** 2",),
}  # fmt: skip


def outermost(call):
    """The name of the function or method called, and what comes before its closing parenthesis;
    None where the example is something else around it."""
    name, bracket, _ = call.partition("(")
    depth, last = 0, len(call) - 1
    for k, letter in enumerate(call):
        depth += (letter in "([") - (letter in ")]")
        if bracket and depth == 0 and k > len(name) and k < last:
            return None
    whole = re.fullmatch(r"[\w.]+|\{[\d,]*\}\.\w+", name)
    return (name, call[:-1]) if whole and call.endswith(")") else None


def named(call):
    """The function, by its dotted name; for a method NumPy's function of the same name."""
    found = {"np": np}
    if call.startswith("{"):
        return getattr(np, call.rpartition(".")[2], None)
    if call.startswith("scipy."):
        import scipy

        found["scipy"] = scipy
    try:
        return eval(call, found)
    except (AttributeError, SyntaxError, NameError):
        return None


def parameters(function):
    """The names by which arguments may be passed."""
    if isinstance(function, np.ufunc):
        return UFUNC
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ("axis", "dtype", "out", "keepdims", "initial", "where")
    return [one.name for one in found if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD,
                                                          one.POSITIONAL_ONLY)]  # fmt: skip


def calls():
    """Each function's first two examples."""
    entries = {id(one): one for one in (*TABLE.values(), *EXPANSIONS.values())}.values()
    seen = {}
    for one in filter(is_there, entries):
        made = [*one.examples, *drawn_calls(one)]
        for found in filter(None, map(outermost, made)):
            name, start = found
            seen.setdefault(re.sub(r"\{[\d,]*\}", "{}", name), []).append(start)
    return {name: starts[:2] for name, starts in seen.items()}


def drawn_calls(one):
    """Elementwise entries have a domain in place of examples."""
    if not getattr(one, "domain", ()):
        return
    arrays = ", ".join(["{3}"] * len(one.domain))
    for key in one.spellings:
        if isinstance(key, np.ufunc) and getattr(np, key.__name__, None) is key:
            yield f"np.{key.__name__}({arrays})"
        elif isinstance(key, Late):
            yield f"{key.module}.{key.name}({arrays})"


def outcome(call, keyword, value):
    """"honoured" or "refused"; None where the function itself has no such keyword here."""
    try:
        plain = alone(f"{call})")
        result = np.asarray(quiet(plain.f, *plain.arguments))
        value = value.format(first="a0", shape=result.shape, dtype=result.dtype.str)
        made = alone(f"{call}, {keyword}={value})")
        expected = quiet(made.f, *made.arguments)
    except Exception:  # the function itself doesn't take it
        return None
    try:
        lowered = case(made.f, *made.arguments)
    except AdcompilerError:
        return "refused"
    try:
        found = quiet(run, lowered.function, lowered.inputs)
    except ValueError:  # sizes that are known at run time only
        return "refused"
    several = isinstance(expected, (tuple, list))
    for one, wanted in zip(found, expected if several else (expected,), strict=True):
        assert same(one, wanted), (made.call, one, wanted)
    return "honoured"


CALLS = calls()


@pytest.mark.parametrize("name", CALLS)
def test_no_keyword_is_ignored(name):
    for keyword in parameters(named(name)):
        for value in VALUES.get(keyword, ()):
            for start in CALLS[name]:
                outcome(start, keyword, value)


@pytest.mark.parametrize(
    ("call", "keyword", "value"),
    [
        ("np.sum({2,3}", "axis", "1"), ("np.sum({2,3}", "keepdims", "True"),
        ("np.sum({2,3}", "initial", "0.5"), ("np.sum({2,3}", "dtype", "np.float32"),
        ("np.sum({2,3}", "where", "{first} > 0"), ("np.sum({2,3}, 0", "out", "np.zeros(3)"),
        ("{2,3}.var(0", "ddof", "1"), ("np.std({2,3}", "correction", "1"),
        ("np.var({2,3}", "mean", "{first} * 0 + 0.25"), ("np.max({2,3}", "initial", "3.0"),
        ("np.exp({3}", "out", "np.ones({shape}), where={first} > 0"),
        ("np.exp({3}", "dtype", "np.float32"), ("np.ravel({2,3}", "order", "'F'"),
        ("np.take({3}, [0, -1]", "mode", "'clip'"), ("np.convolve({4}, {3}", "mode", "'valid'"),
        ("np.linalg.norm({2,3}", "ord", "1"), ("np.percentile({5}, 30.0", "method", "'lower'"),
        ("np.average({3}", "weights", "{first} ** 2"), ("np.trapezoid({3}", "dx", "0.5"),
        ("np.diff({4}", "n", "2"), ("np.diff({4}", "append", "0.5"), ("np.fft.fft({4}", "n", "6"),
        ("np.interp({3}, [0.0, 0.1], [1.0, 2.0]", "left", "7.0"), ("np.triu({3,3}", "k", "1"),
        ("np.cov({2,5}", "bias", "True"), ("np.gradient({5}", "edge_order", "2"),
        ("np.pad({3}, 1", "mode", "'edge'"), ("np.round({3}", "decimals", "1"),
    ],
)  # fmt: skip
def test_what_matters_is_honoured(call, keyword, value):
    assert outcome(call, keyword, value) == "honoured"
