"""The disk cache: emitted text under a key goes in, the same text, or nothing, comes out.

An entry is a text file, `<key>.py`::

    # adcompiler-cache 1 sha256=<digest of the key and of everything below this line>
    # {"metadata": "as one line of JSON"}
    import numpy as np
    ...

Its text is going to be executed, so an entry counts only if nobody else could have written it and
if it is whole; anything else is as good as absent, and the next `put` replaces it. The digest
finds damage, not malice: against others, the file's owner and mode protect.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["DiskCache", "Entry", "StoredEntry", "default_folder", "open_cache"]

_KEY = re.compile(r"[0-9a-f]{8,128}")
_MAGIC = "# adcompiler-cache 1 sha256="
_warned: set[str] = set()  # folders that this process has already complained about


@dataclass(frozen=True, slots=True)
class Entry:
    """The text of an emitted module, and what JSON can hold of the facts about it."""

    metadata: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it lies in the folder; `size` in bytes, `modified` in seconds since 1970."""

    key: str
    size: int
    modified: float
    entry: Entry


def default_folder() -> Path:
    """Where this platform keeps a user's caches, unless ADCOMPILER_CACHE_DIR says otherwise."""
    chosen = os.environ.get("ADCOMPILER_CACHE_DIR")
    if chosen:
        return Path(os.path.abspath(os.path.expanduser(chosen)))
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local or Path.home() / "AppData" / "Local") / "adcompiler"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "adcompiler"
    shared = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification asks for relative paths to be ignored.
    return Path(shared if os.path.isabs(shared) else Path.home() / ".cache") / "adcompiler"


def open_cache() -> DiskCache | None:
    """The user's cache; None where ADCOMPILER_CACHE=0 turns it off, or there is no home folder."""
    if os.environ.get("ADCOMPILER_CACHE") == "0":
        return None
    try:
        return DiskCache(default_folder())
    except RuntimeError:
        return None


class DiskCache:
    """Entries in one folder, shared by all of a user's processes."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def get(self, key: str) -> Entry | None:
        """The entry under `key`, or None; a file that can't be trusted counts as absent."""
        stored = self._stored(key)
        return stored.entry if stored else None

    def put(self, key: str, entry: Entry) -> bool:
        """Keep `entry`; False, and one warning per folder and process, where that fails."""
        try:
            content = _encoded(key, entry)
        except UnicodeEncodeError:
            return False  # a lone surrogate: such text can't be read back either
        try:
            os.makedirs(self.folder, 0o700, exist_ok=True)
            _check_private(os.stat(self.folder), stat.S_ISDIR)
            _write(self._path(key), content)
        except OSError as error:
            if self.get(key) == entry:  # Windows refuses to replace a file that is being read
                return True
            self._warn(error)
            return False
        return True

    def entries(self) -> list[StoredEntry]:
        """All entries that `get` would return, by key."""
        found = (self._stored(path.stem) for path in self._files() if path.suffix == ".py")
        return sorted((stored for stored in found if stored), key=lambda stored: stored.key)

    def size(self) -> int:
        """Bytes that all of the cache's files take, damaged ones and leftovers included."""
        total = 0
        for path in self._files():
            with suppress(OSError):
                total += path.lstat().st_size
        return total

    def clear(self) -> int:
        """Remove the cache's files, damaged ones included, and nothing else; how many went."""
        removed = 0
        for path in self._files():
            with suppress(OSError):
                path.unlink()
                removed += 1
        return removed

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"a cache key is 8 to 128 lowercase hex digits, not {key!r}")
        return self.folder / f"{key}.py"

    def _files(self) -> Iterator[Path]:
        try:
            paths = list(self.folder.iterdir())
        except OSError:
            return
        for path in paths:
            ours = path.suffix == ".py" or (path.suffix == ".tmp" and "-" in path.stem)
            if ours and _KEY.fullmatch(path.stem.partition("-")[0]):
                yield path

    def _stored(self, key: str) -> StoredEntry | None:
        path = self._path(key)
        try:
            _check_private(os.stat(self.folder), stat.S_ISDIR)
            content, status = _read(path)
            entry = _decoded(key, content)
        except (OSError, ValueError, RecursionError):
            return None
        return StoredEntry(key, status.st_size, status.st_mtime, entry)

    def _warn(self, error: OSError) -> None:
        folder = str(self.folder)
        if folder in _warned:
            return
        _warned.add(folder)
        warnings.warn(
            f"adcompiler can't keep compiled gradients in {folder}: {error}. Set "
            "ADCOMPILER_CACHE_DIR to a folder of your own, or ADCOMPILER_CACHE=0 to do without.",
            RuntimeWarning,
            stacklevel=3,
        )


def _encoded(key: str, entry: Entry) -> bytes:
    body = f"# {json.dumps(entry.metadata, sort_keys=True)}\n{entry.text}".encode()
    return f"{_MAGIC}{_digest(key, body)}\n".encode() + body


def _decoded(key: str, content: bytes) -> Entry:
    """Raises ValueError for anything that `_encoded` wouldn't have made for this key."""
    head, _, body = content.partition(b"\n")
    if head != f"{_MAGIC}{_digest(key, body)}".encode():
        raise ValueError("damaged, or from another version or key")
    first, line_end, text = body.decode().partition("\n")
    metadata = json.loads(first.removeprefix("# "))
    if not first.startswith("# ") or not line_end or not isinstance(metadata, dict):
        raise ValueError("no metadata")
    return Entry(metadata, text)


def _digest(key: str, body: bytes) -> str:
    """The key is part of it, so that an entry under another entry's name isn't believed."""
    return hashlib.sha256(key.encode() + b"\n" + body).hexdigest()


def _read(path: Path) -> tuple[bytes, os.stat_result]:
    # What is checked must be what is read, and a pipe in the file's place must not block us.
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        _check_private(status, stat.S_ISREG)
        return file.read(), status


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: readers see the old file or the new one."""
    import tempfile

    descriptor, temporary = tempfile.mkstemp(".tmp", f"{path.stem}-", path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _check_private(status: os.stat_result, is_kind: Any) -> None:
    if not is_kind(status.st_mode):
        raise OSError("something else is in its place")
    if sys.platform != "win32":
        if status.st_uid != os.geteuid():
            raise PermissionError("it belongs to another user")
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError("other users may write to it")
