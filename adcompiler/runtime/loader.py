"""Emitted text in, a running module's namespace out, its lines known to debuggers.

Tracebacks, `inspect.getsource` and pdb look lines up in `linecache`; an entry without a
modification time is one that `linecache.checkcache` leaves alone.

>>> load("def f(x):\\n    return x + 1\\n", "example")["f"](1)
2
"""

from __future__ import annotations

import hashlib
import io
import linecache
from typing import Any

__all__ = ["filename_of", "load"]


def filename_of(text: str, name: str) -> str:
    """The stable name under which `load` registers `text`."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"<adcompiler {name}-{digest[:12]}>"


def load(text: str, name: str, emitted: Any = None) -> dict[str, Any]:
    """Run `text` in a fresh namespace, and return that namespace; `emitted` is what it is part of,
    for tracebacks."""
    filename = filename_of(text, name)
    # dont_inherit: this file's __future__ imports must not change what emitted text means.
    code = compile(text, filename, "exec", dont_inherit=True)
    # Lines as Python's tokeniser counts them: str.splitlines would also cut at form feeds.
    lines = [line.rstrip("\n") + "\n" for line in io.StringIO(text, newline=None)]
    linecache.cache[filename] = (len(text), None, lines, filename)
    namespace: dict[str, Any] = {"__name__": f"adcompiler.emitted.{name}", "__file__": filename}
    if emitted is not None:
        namespace["__emitted__"] = emitted
    exec(code, namespace)
    return namespace
