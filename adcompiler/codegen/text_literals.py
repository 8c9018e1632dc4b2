"""Constants and docstrings as literals: a value comes in, text (or an `ast` to print) goes out.

A few values have no literal of their own: negative numbers, infinities, NaN, most complex numbers.
For these `spelled_out` gives the expression that evaluates to them.

>>> literal("it's"), literal(b"x"), literal(1e-07)
('"it\\'s"', 'b"x"', '1e-07')
>>> ast.unparse(spelled_out(float("-inf")))
"float('-inf')"
"""

from __future__ import annotations

import ast
import math
import re

# CPython refuses to read or write longer integers in decimal; hexadecimal has no such limit.
_DECIMAL_BITS = 2048


def literal(value: object) -> str:
    """The literal of `value`; numbers must be non-negative and finite (see `spelled_out`)."""
    match value:
        case None | bool():
            return repr(value)
        case str():
            return _double_quoted(str.__repr__(value), '"' in value)
        case bytes():
            return "b" + _double_quoted(bytes.__repr__(value)[1:], b'"' in value)
        case int():
            return int.__repr__(value) if value.bit_length() < _DECIMAL_BITS else hex(value)
        case float():
            return float.__repr__(value)
        case complex():
            return complex.__repr__(value)
    if value is Ellipsis:
        return "..."
    raise TypeError(f"no literal for a constant of type {type(value).__qualname__}")


def _double_quoted(quoted: str, has_double: bool) -> str:
    return quoted if has_double or quoted[0] == '"' else f'"{quoted[1:-1]}"'


def spelled_out(value: object) -> ast.expr | None:
    """The expression for a number without a literal, or None where `literal` will do."""
    if isinstance(value, bool) or not isinstance(value, int | float | complex):
        return None
    if isinstance(value, complex):
        return _complex(value.real, value.imag)
    if isinstance(value, float) and not math.isfinite(value):
        return _call("float", ast.Constant(float.__repr__(value)))
    if value < 0 or (value == 0 and math.copysign(1.0, value) < 0):
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return None


def _complex(real: float, imag: float) -> ast.expr | None:
    """Signs of zeros decide: `-2j` has the real part -0.0, `1.0 - 0j` the imaginary part 0.0."""
    imag_negative = math.copysign(1.0, imag) < 0
    real_negative = math.copysign(1.0, real) < 0
    if not (math.isfinite(real) and math.isfinite(imag)):
        return _call("complex", ast.Constant(real), ast.Constant(imag))
    if real == 0 and real_negative == imag_negative:
        return ast.UnaryOp(ast.USub(), ast.Constant(-imag * 1j)) if imag_negative else None
    if (real == 0 and real_negative) or (imag == 0 and imag_negative):
        return _call("complex", ast.Constant(real), ast.Constant(imag))
    operator = ast.Sub() if imag_negative else ast.Add()
    return ast.BinOp(ast.Constant(real), operator, ast.Constant(complex(0.0, abs(imag))))


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def docstring(text: str) -> str:
    """`text` in triple quotes, its line breaks kept, everything invisible escaped."""
    body = re.sub(r'"(?="|\Z)', r"\"", text.replace("\\", "\\\\"))
    body = "".join(c if c == "\n" or c.isprintable() else _escaped(c) for c in body)
    body = re.sub(r" (?=\n)", r"\\x20", body)
    return f'"""{body}"""'


def _escaped(character: str) -> str:
    return ascii(character)[1:-1]
