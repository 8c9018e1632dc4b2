"""Emitted text in, a running module's namespace out, its lines known to debuggers.

Tracebacks, `inspect.getsource` and pdb look lines up in `linecache`; an entry without a
modification time is one that `linecache.checkcache` leaves alone. What wants a file (an editor's
breakpoints) gets one where ADCOMPILER_SOURCE_DIR names a folder: it is written, and never read.

>>> load("def f(x):\\n    return x + 1\\n", "example")["f"](1)
2
"""

from __future__ import annotations

import hashlib
import io
import linecache
import os
import re
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
    folder = os.environ.get("ADCOMPILER_SOURCE_DIR")
    if folder and emitted is not None:
        filename = _write(folder, filename, text)
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


def _write(folder: str, filename: str, text: str) -> str:
    """The path of a file with the text, for people and their tools."""
    stem = re.sub(r"[^\w-]+", "_", filename.removeprefix("<adcompiler ").removesuffix(">"))
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(os.path.abspath(folder), f"{stem}.py")
    # Under a name of its own first: another process may have the file open in a debugger.
    own = f"{path}.{os.getpid()}.tmp"
    with open(own, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)
    os.replace(own, path)
    return path
