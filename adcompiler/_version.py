"""The version, in one place; and which build it is: what two versions of a file differ in."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterator

__all__ = ["VERSION", "build"]

VERSION = "0.1.0"


@functools.cache
def build() -> str:
    """A digest of the compiler's own files: path, size and time of change of each."""
    found = sorted(_files(os.path.dirname(os.path.abspath(__file__)), ""))
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _files(folder: str, prefix: str) -> Iterator[tuple[str, int, int]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    yield prefix + entry.name, status.st_size, status.st_mtime_ns
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    yield from _files(entry.path, f"{prefix}{entry.name}/")
    except OSError:  # inside an archive there are no files to ask
        return
