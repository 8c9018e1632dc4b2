"""Objects with attributes: what is read of them, their methods, calls, and making them.

    self.lr * self.scale(w)      self.lr: a number read at each call, by the path self.lr
                                 self.scale: the function in self's class, with self in front
    State(x=s.x + s.v, v=s.v)    a record of two values

Attributes follow Python's own order: properties of the class, then what the object itself holds,
then what its class does.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import functools
import inspect
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from ..diagnostics import SourceError
from ..ir.core import Value
from ..ir.types import Scalar
from . import calls
from .binding import bind, signature_of
from .context import Context, Path
from .items import Instance, Item, Record, in_words, is_namedtuple, is_object
from .paths import member
from .records import is_generated, is_plain_tuple
from .source import read_function

__all__ = [
    "Super",
    "attribute",
    "by_method",
    "call_object",
    "class_of",
    "construct",
    "has_operators",
    "is_constructible",
    "member_of",
    "operator",
    "private",
    "truth",
    "unary",
]


@final
@dataclass(frozen=True, eq=False)
class Super:
    """`super()`: an object, seen from behind one of its classes."""

    owner: Item
    after: int


_MISSING = object()


def attribute(ctx: Context, node: ast.AST, owner: Instance | Record, name: str) -> Item:
    """`owner.name`."""
    if isinstance(owner, Record) and name in owner.fields:
        return owner.fields[name]
    if name == "__class__":
        return class_of(ctx, owner)
    found = member_of(ctx, node, owner, name)
    if found is not _MISSING:
        return found
    instance = owner if isinstance(owner, Instance) else owner.instance
    live = _class(owner) if instance is None else instance.value
    if isinstance(owner, Record) and _is_computed(live, name):
        ctx.refuse(
            node, "unsupported-attribute", f"`.{name}` of {in_words(owner)} is computed where it"
            " is read, by something else than a property.", "make it a property or a method.",
        )  # fmt: skip
    try:
        value = getattr(live, name)
    except AttributeError:
        close = difflib.get_close_matches(name, [*dir(live), *getattr(owner, "fields", ())], n=1)
        ctx.refuse(
            node, "unknown-name", f"{in_words(owner)} has no attribute `{name}`.",
            f"did you mean `{close[0]}`?" if close else "check the name.",
        )  # fmt: skip
    except Exception as error:
        ctx.refuse(
            node, "static-error", f"reading `.{name}` of {in_words(owner)} fails:"
            f" {type(error).__name__}: {error}.", "correct the object.",
        )  # fmt: skip
    start = _class_path(ctx, live) if instance is None else instance.path
    return ctx.capture((*start, name), value, node)


def _is_computed(live: Any, name: str) -> bool:
    """Whether an attribute is more than what the object or its class holds: it may depend on
    fields that are differentiated."""
    try:
        found = inspect.getattr_static(live, name)
    except AttributeError:
        return hasattr(live, name)
    cls = live if isinstance(live, type) else type(live)
    return hasattr(type(vars_of(cls).get(name, found)), "__get__") and not isinstance(
        found, (types.FunctionType, types.MemberDescriptorType, types.BuiltinFunctionType, type)
    )


def vars_of(cls: type) -> dict[str, Any]:
    """What a class and its bases hold, the nearest first."""
    return {name: held for one in reversed(cls.__mro__) for name, held in vars(one).items()}


def member_of(ctx: Context, node: ast.AST, owner: Item, name: str, after: int = -1) -> Item:
    """What a class gives an object: a method with the object in front, a property's value.

    _MISSING for anything else, which is then read as data.
    """
    instance = owner if isinstance(owner, Instance) else getattr(owner, "instance", None)
    live = _class(owner) if instance is None else instance.value
    try:
        found = member(live, name, after)
    except AttributeError:
        return _MISSING
    start = _class_path(ctx, live) if instance is None else instance.path
    look = f"<member {name}>" if after < 0 else f"<super {after} {name}>"
    match found:
        case types.FunctionType():
            return _method(ctx.rely((*start, look), found), owner)
        case staticmethod(__func__=function):
            return ctx.rely((*start, look, "__func__"), function)
        case classmethod(__func__=function):
            return _method(ctx.rely((*start, look, "__func__"), function), class_of(ctx, owner))
        case property(fget=types.FunctionType() as function):
            ctx.rely((*start, look, "fget"), function)
            if isinstance(owner, Instance) and not _is_readable(function):
                return _MISSING  # nothing of the object is differentiated: its value will do
            return calls.invoke(ctx, node, function, [owner], {}, None)
    return _MISSING


def _is_readable(function: types.FunctionType) -> bool:
    try:
        read_function(function)
    except SourceError:
        return False
    return True


def _method(function: Any, owner: Item) -> Record:
    return Record(types.MethodType, {"__func__": function, "__self__": owner})


def _class(owner: Item) -> type:
    if isinstance(owner, Instance):
        return type(owner.value)
    if isinstance(owner, type):
        return owner
    return owner.cls if isinstance(owner, Record) else type(owner)


def class_of(ctx: Context, owner: Item) -> type:
    """The class of an object; the text holds as long as it has that class."""
    if isinstance(owner, type):
        return owner
    cls = _class(owner)
    instance = owner if isinstance(owner, Instance) else getattr(owner, "instance", None)
    if instance is not None:
        ctx.rely((*instance.path, "<class>"), cls)
    return cls


def _class_path(ctx: Context, cls: type) -> Path:
    path = ctx.found.get(id(cls))
    if path is None:
        path = (cls,)
        ctx.rely(path, cls)
    return path


def private(ctx: Context, name: str) -> str:
    """`__lr` inside a class is `_Model__lr`: the name that the code object has."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    code = ctx.frame.source.function.__code__
    qualified = getattr(code, "co_qualname", ctx.frame.source.function.__qualname__)
    scopes = [part for part in qualified.split(".")[:-1] if part != "<locals>"]
    known = {f"_{scope.lstrip('_')}{name}" for scope in scopes} & {*_names(code)}
    return known.pop() if len(known) == 1 else name


def _names(code: types.CodeType) -> list[str]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return [*code.co_names, *(name for c in inner for name in _names(c))]


def special(ctx: Context, owner: Item, name: str) -> types.FunctionType | None:
    """A method that Python itself calls: it counts only in the class."""
    cls = _class(owner)
    try:
        found = member(cls, name)
    except AttributeError:
        return None
    if not isinstance(found, types.FunctionType):
        return None
    class_of(ctx, owner)
    function: types.FunctionType = ctx.rely((*_class_path(ctx, cls), f"<member {name}>"), found)
    return function


def call_object(
    ctx: Context, node: ast.AST, callee: Instance | Record, args: Sequence[Item],
    keywords: Mapping[str, Item], name: str | None,
) -> Item:  # fmt: skip
    """A call of a method with its object, of a partial, or of an object with `__call__`."""
    match callee:
        case Record(types.MethodType, fields):
            first = [fields["__self__"], *args]
            return calls.invoke(ctx, node, fields["__func__"], first, dict(keywords), name)
        case Record(functools.partial, fields):
            first = [*fields["args"], *args]
            both = {**fields["keywords"], **keywords}
            return calls.invoke(ctx, node, fields["func"], first, both, name)
    function = special(ctx, callee, "__call__")
    if function is None:
        ctx.refuse(
            node, "not-callable", f"{in_words(callee)} has no `__call__` in Python.",
            "call a function or a method.",
        )  # fmt: skip
    return calls.invoke(ctx, node, function, [callee, *args], dict(keywords), name)


def is_constructible(callee: Any) -> bool:
    """A class of the user's own, rather than a type that the table or a handler knows."""
    return isinstance(callee, type) and (
        callee is types.SimpleNamespace
        or dataclasses.is_dataclass(callee)
        or (issubclass(callee, tuple) and hasattr(callee, "_fields"))
    )


def construct(
    ctx: Context, node: ast.AST, cls: Any, args: Sequence[Item], keywords: Mapping[str, Item]
) -> Item:
    """`State(x=..., v=...)`: a dataclass, a named tuple or a namespace."""
    if cls is types.SimpleNamespace and not args:
        return Record(cls, dict(keywords))
    if issubclass(cls, tuple) and is_plain_tuple(cls):
        signature = signature_of(cls.__new__)
        bound = bind(ctx, node, cls.__name__, signature, [None, *args], keywords)
        return cls._make(list(bound.values())[1:])
    if not is_generated(cls):
        ctx.refuse(
            node, "constructor", f"`{cls.__name__}` does more than keep its fields when it is made:"
            " it has an __init__, __new__ or __post_init__ of its own, or fields outside of them.",
            "make it outside the function, or use a plain dataclass.",
        )  # fmt: skip
    bound = bind(ctx, node, cls.__name__, signature_of(cls.__init__), [None, *args], keywords)
    fields = {}
    for field in dataclasses.fields(cls):
        item = bound[field.name]
        if field.default_factory is not dataclasses.MISSING and _is_marker(item):
            item = calls.invoke(ctx, node, field.default_factory, [], {}, None)
        elif item is field.default and not _is_plain(item):
            path = (*_class_path(ctx, cls), "<member __init__>", f"<default {field.name}>")
            item = ctx.capture(path, item, node)
        fields[field.name] = item
    return Record(cls, fields)


def _is_marker(item: Item) -> bool:
    """What stands for a default factory in the signature of a dataclass."""
    return type(item).__module__ == "dataclasses"


def _is_plain(item: Item) -> bool:
    return item is None or isinstance(item, (Value, int, float, complex, str)) or is_object(item)


def replaced(
    ctx: Context, node: ast.AST, name: str | None, item: Item, /, **changes: Item
) -> Item:
    """`dataclasses.replace(state, v=...)`."""
    if not isinstance(item, Record) or not is_generated(item.cls):
        ctx.refuse(
            node, "constructor", "dataclasses.replace() of something that is no dataclass, or that"
            " does more than keep its fields when it is made.", "make a new one by its class.",
        )  # fmt: skip
    strange = [key for key in changes if key not in item.fields]
    if strange:
        ctx.refuse(
            node, "arguments", f"`{item.cls.__name__}` has no field `{strange[0]}`.",
            f"its fields are {', '.join(item.fields)}.",
        )  # fmt: skip
    return Record(item.cls, {**item.fields, **changes})


def truth(ctx: Context, node: ast.AST, item: Instance | Record) -> bool:
    """An object is true, unless its class says something about it."""
    for name in ("__bool__", "__len__"):
        if hasattr(_class(item), name):
            ctx.refuse(
                node, "truth-value", f"whether {in_words(item)} is true is up to its `{name}`.",
                "call the method that you mean, or compare with None.",
            )  # fmt: skip
    class_of(ctx, item)
    return True


_NAMES: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("__add__", "__radd__"), ast.Sub: ("__sub__", "__rsub__"),
    ast.Mult: ("__mul__", "__rmul__"), ast.Div: ("__truediv__", "__rtruediv__"),
    ast.MatMult: ("__matmul__", "__rmatmul__"), ast.Pow: ("__pow__", "__rpow__"),
    ast.FloorDiv: ("__floordiv__", "__rfloordiv__"), ast.Mod: ("__mod__", "__rmod__"),
    ast.Lt: ("__lt__", "__gt__"), ast.LtE: ("__le__", "__ge__"), ast.Gt: ("__gt__", "__lt__"),
    ast.GtE: ("__ge__", "__le__"), ast.USub: ("__neg__", ""), ast.UAdd: ("__pos__", ""),
}  # fmt: skip


def has_operators(item: Item) -> bool:
    """An object, or a named tuple whose class gives operators a meaning of its own."""
    return is_object(item) or (
        is_namedtuple(item)
        and any(hasattr(tuple, n) is False or getattr(type(item), n) is not getattr(tuple, n)
                for both in _NAMES.values() for n in both if n and hasattr(type(item), n))
    )  # fmt: skip


def operator(
    ctx: Context, node: ast.AST, op: ast.AST, left: Item, right: Item, name: str | None
) -> Item:
    """`a + b` where one is an object: the method of its class."""
    direct, reflected = _NAMES.get(type(op), ("", ""))
    unclear = isinstance(left, Value) and not isinstance(left.type, Scalar)
    if has_operators(left) and has_operators(right) and _class(left) is not _class(right):
        unclear = issubclass(_class(right), _class(left))  # whose own method would come first
    tries = ((left, direct, right), (right, reflected, left))
    for owner, method, other in () if unclear else tries:
        function = special(ctx, owner, method) if has_operators(owner) else None
        if function is not None:
            result = calls.invoke(ctx, node, function, [owner, other], {}, name)
            if result is not NotImplemented:
                return result
    words = " and ".join(in_words(item) for item in (left, right))
    return ctx.refuse(
        node, "unsupported-expression", f"this operator between {words} is not in the subset.",
        "call a method, or compute with the attributes.",
    )  # fmt: skip


def by_method(
    ctx: Context, node: ast.AST, owner: Item, method: str, args: Sequence[Item] = ()
) -> Item:
    """`len(owner)`, `owner[key]`, `-owner`: what the method of its class gives."""
    function = special(ctx, owner, method)
    if function is None:
        ctx.refuse(
            node, "unsupported-expression", f"{in_words(owner)} has no `{method}` in Python.",
            "read its attributes, or call its methods.",
        )  # fmt: skip
    return calls.invoke(ctx, node, function, [owner, *args], {}, None)


def unary(ctx: Context, node: ast.AST, op: ast.AST, item: Item) -> Item:
    return by_method(ctx, node, item, _NAMES.get(type(op), ("__invert__", ""))[0])


def super_of(ctx: Context, node: ast.AST, name: str | None, *args: Item) -> Super:
    """`super()`, or `super(Model, self)`."""
    function = ctx.frame.source.function
    if len(args) == 2:
        cls, owner = args
    else:
        frame = ctx.frame
        code = function.__code__
        if args or "__class__" not in code.co_freevars or not code.co_argcount:
            ctx.refuse(
                node, "unsupported-call", "super() stands where it has no class to start from.",
                "call the method of the class by name: `Base.loss(self, x)`.",
            )  # fmt: skip
        closure = function.__closure__ or ()
        cls = closure[code.co_freevars.index("__class__")].cell_contents
        owner = frame.find(code.co_varnames[0])
    mro = _class(owner).__mro__
    if cls not in mro:
        ctx.refuse(
            node, "unsupported-call", f"{in_words(owner)} is no `{cls.__name__}`.",
            "call super() on an object of the class.",
        )  # fmt: skip
    class_of(ctx, owner)
    return Super(owner, mro.index(cls))


def super_attribute(ctx: Context, node: ast.AST, owner: Super, name: str) -> Item:
    """`super().name`: a method or a property."""
    found = member_of(ctx, node, owner.owner, name, owner.after)
    if found is _MISSING:
        ctx.refuse(
            node, "unsupported-attribute", f"`super().{name}` is no method or property.",
            f"read it from its class, or as `self.{name}`.",
        )  # fmt: skip
    return found


def namedtuple_attribute(ctx: Context, node: ast.AST, owner: Any, name: str) -> Item:
    """A field, or what the class adds; the tuple's own `_replace` and `_asdict` work on items."""
    if name in owner._fields:
        return getattr(owner, name)
    if name in ("_replace", "_asdict", "_fields"):
        return getattr(owner, name)
    return member_of(ctx, node, owner, name)


def is_missing(item: Item) -> bool:
    return item is _MISSING


def get_attribute(
    ctx: Context, node: Any, name: str | None, owner: Item, wanted: Item, *default: Item
) -> Item:
    """`getattr(model, "w1")` with a name that is known."""
    from . import names

    word = ctx.static(wanted, node, "the name of an attribute")
    if default or not isinstance(word, str):
        ctx.refuse(
            node, "unsupported-call", "getattr() is in the subset with an object and a name only.",
            "read the attribute by its name.",
        )  # fmt: skip
    return names.attribute(ctx, node, owner, word)


def kind_of_object(ctx: Context, node: ast.AST, name: str | None, item: Item) -> type:
    """`type(self)`."""
    if not is_object(item) and not is_namedtuple(item):
        ctx.refuse(
            node, "unsupported-call", f"type() of {in_words(item)} is not in the subset.",
            "use isinstance(), or x.dtype.",
        )  # fmt: skip
    return class_of(ctx, item)


def make_partial(
    ctx: Context, node: ast.AST, name: str | None, function: Item, /, *args: Item,
    **keywords: Item,
) -> Record:
    """`functools.partial(f, x)` inside the function."""
    return Record(functools.partial, {"func": function, "args": args, "keywords": keywords})


def _unchanged(function: Any) -> Any:
    """What `functools.wraps(f)` does to a function, as far as calls of it go."""
    return function


def wraps(ctx: Context, node: ast.AST, name: str | None, /, *args: Item, **keywords: Item) -> Any:
    return _unchanged


def unchanged(ctx: Context, node: ast.AST, name: str | None, item: Item) -> Item:
    return item


HANDLERS: dict[Any, Any] = {
    super: super_of,
    getattr: get_attribute,
    type: kind_of_object,
    dataclasses.replace: replaced,
    functools.partial: make_partial,
    functools.wraps: wraps,
    _unchanged: unchanged,
}
