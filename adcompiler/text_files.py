"""Pages kept as files beside the code, with places to be filled: `{{title}}`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

__all__ = ["filled", "text_of"]


def text_of(package: str, name: str) -> str:
    """A file of a package."""
    return (files(package) / name).read_text(encoding="utf-8")


def filled(package: str, name: str, parts: Mapping[str, str]) -> str:
    """A file of a package with `parts` in its places; what stands in a part stays as it is."""
    before, *rest = text_of(package, name).split("{{")
    texts = [before]
    for part in rest:
        place, _, after = part.partition("}}")
        texts += [parts[place], after]
    return "".join(texts)
