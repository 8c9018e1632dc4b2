"""Objects with attributes: what is read of them, their methods and properties, `super()`.

    self.lr * self.scale(w)      self.lr: a number read at each call, by the path self.lr
                                 self.scale: the function in self's class, with self in front

Attributes follow Python's own order: properties of the class, then what the object itself holds,
then what its class does.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import types
from dataclasses import dataclass
from typing import Any, final

from ..diagnostics import SourceError
from ..ops import is_known
from . import calls
from .captures import capture, rely
from .context import Context, Path
from .items import Instance, Item, Record, in_words, is_namedtuple, is_object
from .paths import member
from .source import read_function

__all__ = [
    "HANDLERS",
    "Super",
    "attribute",
    "class_behind",
    "class_of",
    "class_path",
    "is_missing",
    "member_of",
    "namedtuple_attribute",
    "private",
    "special",
    "super_attribute",
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
    live = class_behind(owner) if instance is None else instance.value
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
    start = class_path(ctx, live) if instance is None else instance.path
    return capture(ctx, (*start, name), value, node)


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
    live = class_behind(owner) if instance is None else instance.value
    try:
        found = member(live, name, after)
    except AttributeError:
        return _MISSING
    start = class_path(ctx, live) if instance is None else instance.path
    look = f"<member {name}>" if after < 0 else f"<super {after} {name}>"
    match found:
        case types.FunctionType() if instance is not None and is_known(
            whole := types.MethodType(found, live)
        ):
            rely(ctx, instance.path, live)
            return rely(ctx, (*start, name), whole)
        case types.FunctionType():
            return _method(rely(ctx, (*start, look), found), owner)
        case staticmethod(__func__=function):
            return rely(ctx, (*start, look, "__func__"), function)
        case classmethod(__func__=function):
            return _method(rely(ctx, (*start, look, "__func__"), function), class_of(ctx, owner))
        case property(fget=types.FunctionType() as function):
            rely(ctx, (*start, look, "fget"), function)
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


def class_behind(owner: Item) -> type:
    if isinstance(owner, Instance):
        return type(owner.value)
    if isinstance(owner, type):
        return owner
    return owner.cls if isinstance(owner, Record) else type(owner)


def class_of(ctx: Context, owner: Item) -> type:
    """The class of an object; the text holds as long as it has that class."""
    if isinstance(owner, type):
        return owner
    cls = class_behind(owner)
    instance = owner if isinstance(owner, Instance) else getattr(owner, "instance", None)
    if instance is not None:
        rely(ctx, (*instance.path, "<class>"), cls)
    return cls


def class_path(ctx: Context, cls: type) -> Path:
    path = ctx.found.get(id(cls))
    if path is None:
        path = (cls,)
        rely(ctx, path, cls)
    return path


def special(ctx: Context, owner: Item, name: str) -> types.FunctionType | None:
    """A method that Python itself calls: it counts only in the class."""
    cls = class_behind(owner)
    try:
        found = member(cls, name)
    except AttributeError:
        return None
    if not isinstance(found, types.FunctionType):
        return None
    class_of(ctx, owner)
    function: types.FunctionType = rely(ctx, (*class_path(ctx, cls), f"<member {name}>"), found)
    return function


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


def namedtuple_attribute(ctx: Context, node: ast.AST, owner: Any, name: str) -> Item:
    """A field, or what the class adds; the tuple's own `_replace` and `_asdict` work on items."""
    if name in owner._fields:
        return getattr(owner, name)
    if name in ("_replace", "_asdict", "_fields"):
        return getattr(owner, name)
    return member_of(ctx, node, owner, name)


def is_missing(item: Item) -> bool:
    return item is _MISSING


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
    mro = class_behind(owner).__mro__
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


HANDLERS: dict[Any, Any] = {
    super: super_of,
    getattr: get_attribute,
    type: kind_of_object,
}
