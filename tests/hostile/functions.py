"""Finding functions: of modules, of their classes, and nested ones by walking code objects."""

from __future__ import annotations

import functools
import importlib
import sys
import types
import warnings
from collections.abc import Iterator

__all__ = ["LIBRARIES", "STANDARD", "functions"]

_STANDARD = """
argparse ast asyncio.base_events base64 bisect calendar codecs collections colorsys configparser
contextlib copy csv ctypes.util dataclasses datetime decimal difflib dis email.message enum
fractions functools glob heapq html.parser http.client inspect ipaddress json.decoder json.encoder
locale logging mailbox numbers optparse os pathlib pickle pickletools plistlib posixpath pprint
profile random reprlib sched shlex shutil socket sre_parse statistics string subprocess tarfile
tempfile textwrap threading timeit tokenize traceback turtle typing unittest.mock urllib.parse uuid
wave weakref xml.dom.minidom zipfile
"""
_LIBRARIES = """
numpy.polynomial.polynomial numpy.polynomial.chebyshev numpy.lib._function_base_impl
numpy.lib._shape_base_impl numpy.lib._nanfunctions_impl numpy.lib._twodim_base_impl
numpy.lib._arraysetops_impl numpy.lib._polynomial_impl numpy.linalg._linalg numpy._core.numeric
numpy._core.fromnumeric numpy._core._methods numpy.ma.core numpy.fft._helper
scipy.optimize._optimize scipy.optimize._root scipy.optimize._zeros_py scipy.special._basic
scipy.special._orthogonal scipy.stats._stats_py scipy.stats._continuous_distns
scipy.linalg._basic scipy.linalg._matfuncs scipy.integrate._quadrature scipy.integrate._ivp.rk
scipy.interpolate._polyint scipy.signal._waveforms scipy.signal._filter_design
scipy.spatial.distance scipy.spatial.transform._rotation sklearn.metrics._regression
sklearn.utils.extmath sklearn.metrics.pairwise
"""
STANDARD, LIBRARIES = _STANDARD.split(), _LIBRARIES.split()


def functions(module_name: str) -> Iterator[types.FunctionType]:
    """The functions whose text is in a module; none where it can't be imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = importlib.import_module(module_name)
        except ImportError:
            return
    seen: set[types.CodeType] = set()
    for owner in (module, *(c for c in list(vars(module).values()) if _is_of(c, module_name))):
        for found in list(vars(owner).values()):
            function = _unwrapped(found)
            if function is not None and function.__module__ == module_name:
                yield from _with_nested(function, seen)


def _is_of(found: object, module_name: str) -> bool:
    return isinstance(found, type) and found.__module__ == module_name


def _unwrapped(found: object) -> types.FunctionType | None:
    """The plain function in a method, a property or a decorator's wrapper."""
    match found:
        case types.FunctionType():
            return found
        case classmethod() | staticmethod():
            return _unwrapped(found.__func__)
        case property():
            return _unwrapped(found.fget)
        case functools.cached_property():
            return _unwrapped(found.func)
    wrapped = getattr(found, "__wrapped__", None) if callable(found) else None
    return wrapped if isinstance(wrapped, types.FunctionType) else None


def _with_nested(
    function: types.FunctionType, seen: set[types.CodeType]
) -> Iterator[types.FunctionType]:
    """The function, and the functions and lambdas in it, their closures empty."""
    if function.__code__ in seen:
        return
    seen.add(function.__code__)
    yield function
    for constant in function.__code__.co_consts:
        # `<listcomp>` and `<genexpr>` are no functions of the user's.
        if isinstance(constant, types.CodeType) and (
            constant.co_name == "<lambda>" or not constant.co_name.startswith("<")
        ):
            yield from _with_nested(_made(function, constant), seen)


def _made(outer: types.FunctionType, code: types.CodeType) -> types.FunctionType:
    cells = tuple(types.CellType() for _ in code.co_freevars)
    made = types.FunctionType(code, outer.__globals__, code.co_name, None, cells)
    made.__module__ = outer.__module__
    made.__qualname__ = getattr(code, "co_qualname", f"{outer.__qualname__}.{code.co_name}")
    return made


def skipped_modules() -> list[str]:
    """Those of the standard library's that this Python doesn't have."""
    return [name for name in STANDARD if name.split(".")[0] not in sys.stdlib_module_names]
