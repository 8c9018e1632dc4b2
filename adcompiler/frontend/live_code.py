"""The content of code objects: is this AST what that function runs, and are two functions the same?

`runs` compiles an AST in surroundings like the function's own and compares every part of the code
object that has a meaning. File names and line numbers have none here.

>>> import ast
>>> def double(x): return 2 * x
>>> runs(ast.parse("def double(x):\\n    return x * 2").body[0], double)
False
>>> runs(ast.parse("def double(x):\\n    return 2 * x").body[0], double)
True
"""

from __future__ import annotations
import __future__

import ast
import copy
import dis
import hashlib
import inspect
import itertools
import re
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

__all__ = ["code_key", "fingerprint", "future_flags", "nested_codes", "runs"]

# Both tell where a function stands, not what it does.
_PLACE_FLAGS = inspect.CO_NESTED | inspect.CO_NOFREE

_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag
_FUTURE_FLAGS &= ~inspect.CO_NESTED

_JUMPS = frozenset(dis.hasjrel + dis.hasjabs)


def future_flags(code: CodeType) -> int:
    """The `from __future__` imports under which `code` was compiled, as flags for `compile`."""
    return code.co_flags & _FUTURE_FLAGS


def nested_codes(code: CodeType) -> Iterator[CodeType]:
    """`code` and, depth first, every code object within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested_codes(constant)


def fingerprint(function: FunctionType) -> str:
    """A hash of what the function's code does and is called, equal in every process.

    Of the same Python version, that is: byte code differs between versions. Defaults, globals and
    closed-over values, file name and line numbers don't count.
    """
    return hashlib.sha256(repr(code_key(function.__code__)).encode()).hexdigest()


def code_key(code: CodeType) -> tuple[object, ...]:
    """Everything in `code` that has a meaning, as a tuple fit for `==` and for `repr`."""
    return (*_signature(code), *_body(code))


def _signature(code: CodeType) -> tuple[object, ...]:
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    flags = code.co_flags & ~_PLACE_FLAGS
    starred = bool(flags & inspect.CO_VARARGS) + bool(flags & inspect.CO_VARKEYWORDS)
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + starred]
    return (code.co_name, flags, counts, parameters)


def _body(code: CodeType) -> tuple[object, ...]:
    return (
        code.co_code,
        getattr(code, "co_exceptiontable", b""),
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        tuple([_constant_key(c) for c in code.co_consts]),
    )


def _constant_key(value: object) -> object:
    """Equal only for one constant of one type: 1, 1.0 and True differ, and 0.0 and -0.0 do."""
    if isinstance(value, str):
        # Python 3.10 keeps the qualified names of nested functions among the constants; what
        # encloses the outermost function shows in them.
        return value.rpartition(".<locals>.")[2] if sys.version_info < (3, 11) else value
    if isinstance(value, CodeType):
        return code_key(value)
    if isinstance(value, tuple):
        return ("tuple", *[_constant_key(v) for v in value])
    if isinstance(value, frozenset):
        return ("frozenset", *sorted([repr(_constant_key(v)) for v in value]))
    text = hex(value) if isinstance(value, int) else repr(value)  # repr refuses 5000 digits
    return (type(value).__name__, text)


def runs(node: ast.FunctionDef | ast.Lambda, function: FunctionType) -> bool:
    """Whether `node`, with the line numbers of its file, is the text of the code that runs."""
    live = function.__code__
    for imports in (_imported_modules, _possible_imports):
        try:
            ours = _recompile(node, function, imports(function))
        except (SyntaxError, ValueError):
            return False
        if code_key(ours) == code_key(live):
            return True
    return _has_rewritten_asserts(live) and _agree_outside_asserts(node, ours, live)


def _recompile(
    node: ast.FunctionDef | ast.Lambda, function: FunctionType, imports: set[str]
) -> CodeType:
    """Compile `node` inside a function that binds its free variables and a class of the right name.

    The class gives private names (`__x`) and `__class__` their meaning. Decorators, defaults and
    annotations belong to the code around the function, so they are left out. `imports` are the
    names that the module is said to import: from Python 3.11 on, a method call on such a name
    compiles to other byte code.
    """
    live = function.__code__
    class_name = _enclosing_class(getattr(live, "co_qualname", function.__qualname__))
    statement: ast.stmt = _bare(node)
    # Names that the scope would bind but the function looks up in its module.
    bound = {getattr(statement, "name", ""), class_name} - {"", *live.co_freevars}
    lines = [f"import {name}" for name in sorted(filter(str.isidentifier, imports))]
    lines += [f"def scope({', '.join(live.co_freevars)}):"]
    lines += [f" global {name}" for name in sorted(bound)]
    lines += [f" class {class_name}: pass" if class_name else " pass"]
    module = ast.parse("\n".join(lines))
    block = module.body[-1].body  # type: ignore[attr-defined]
    if class_name:
        block = block[-1].body
    block[-1] = statement
    flags = future_flags(live)
    code: CodeType = compile(module, live.co_filename, "exec", flags, dont_inherit=True)
    for _ in range(3 if class_name else 2):
        code = next(c for c in code.co_consts if isinstance(c, CodeType))
    return code


def _imported_modules(function: FunctionType) -> set[str]:
    """Names in the code that stand for modules: a good guess at what the file imports."""
    names = {name for code in nested_codes(function.__code__) for name in code.co_names}
    return {n for n in names if isinstance(function.__globals__.get(n), ModuleType)}


def _possible_imports(function: FunctionType) -> set[str]:
    """Every name whose method calls, if there are any, are compiled as those of an import.

    Exact where the guess fails: for `from m import thing`, and for locals named like an import.
    """
    names, methods = set[str](), set[str]()
    for code in nested_codes(function.__code__):
        names.update(code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        for load, attribute in itertools.pairwise(dis.get_instructions(code)):
            if _loads_method(attribute):
                base = load.argval
                methods.add(base[-1] if isinstance(base, tuple) else base)
    # An imported `super` would be another function than the one the compiler knows.
    return names - methods - {"super"}


def _loads_method(step: dis.Instruction) -> bool:
    if sys.version_info < (3, 12):
        return step.opname == "LOAD_METHOD"
    return step.opname == "LOAD_ATTR" and bool((step.arg or 0) & 1)


def _enclosing_class(qualname: str) -> str:
    """The innermost class around a function, or nothing: a name with no `<locals>` behind it.

    >>> _enclosing_class("build.<locals>.Model.loss.<locals>.inner"), _enclosing_class("build")
    ('Model', '')
    """
    parts = qualname.split(".")
    classes = [a for a, b in itertools.pairwise(parts) if a.isidentifier() and b != "<locals>"]
    return classes[-1] if classes else ""


def _bare(node: ast.FunctionDef | ast.Lambda) -> ast.stmt:
    bare = copy.copy(node)
    bare.args = copy.copy(node.args)
    for kind in ("posonlyargs", "args", "kwonlyargs"):
        setattr(bare.args, kind, [_unannotated(a) for a in getattr(node.args, kind)])
    bare.args.vararg = node.args.vararg and _unannotated(node.args.vararg)
    bare.args.kwarg = node.args.kwarg and _unannotated(node.args.kwarg)
    bare.args.defaults = []
    bare.args.kw_defaults = [None] * len(node.args.kwonlyargs)
    if isinstance(bare, ast.Lambda):
        return ast.copy_location(ast.Expr(bare), node)
    bare.decorator_list, bare.returns = [], None
    bare.type_params = []  # type: ignore[attr-defined,unused-ignore]
    return bare


def _unannotated(parameter: ast.arg) -> ast.arg:
    bare = copy.copy(parameter)
    bare.annotation = None
    return bare


def _has_rewritten_asserts(code: CodeType) -> bool:
    return any("@pytest_ar" in c.co_names for c in nested_codes(code))


def _agree_outside_asserts(
    node: ast.FunctionDef | ast.Lambda, ours: CodeType, live: CodeType
) -> bool:
    """Compare the two codes without the lines of `assert` statements.

    pytest rewrites the asserts of test modules before it compiles them, so their byte code can't
    agree with the text, though the text is right. Every other line must use the same names,
    constants and operators on both sides; jumps are left out, since the rewriting moves them. The
    order within a line isn't compared, nor is what shares a line with an assert.
    """
    asserts = [n for n in ast.walk(node) if isinstance(n, ast.Assert)]
    skipped = {line for a in asserts for line in range(a.lineno, (a.end_lineno or 0) + 1)}
    if _signature(ours) != _signature(live):
        return False
    return set(_steps(ours, skipped)) == set(_steps(live, skipped))


def _steps(code: CodeType, skipped: set[int]) -> Iterator[tuple[int, str, object]]:
    """Line, kind and operand of each instruction outside the lines `skipped`."""
    spans = [(range(start, end), line) for start, end, line in code.co_lines()]
    lines = {offset: line for offsets, line in spans for offset in offsets}
    for step in dis.get_instructions(code):
        line = lines.get(step.offset)
        if line is None or line in skipped or step.opcode in _JUMPS:
            continue
        if step.opcode in dis.haslocal:
            # Python 3.13 fuses neighbours: STORE_FAST_LOAD_FAST has two names.
            names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
            kinds = re.findall("LOAD|STORE|DELETE", step.opname)
            for kind, name in zip(kinds, names, strict=True):
                yield line, kind, name
        elif isinstance(step.argval, CodeType):
            yield from _steps(step.argval, skipped)
        elif step.opcode in dis.hasconst:
            if step.argval is not None:  # `return None` at the end moves with the last jump
                yield line, "const", _constant_key(step.argval)
        elif step.opname not in ("NOP", "EXTENDED_ARG", "RETURN_VALUE"):
            yield line, step.opname, step.argval
