"""The disk cache against damage, strangers, and other processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adcompiler.runtime import cache as cache_module
from adcompiler.runtime.cache import DiskCache, Entry, default_folder, open_cache

KEY = "0123456789abcdef"
OTHER = "fedcba9876543210"
ENTRY = Entry({"name": "f", "wrt": [0, 1], "π": "a\nb\u2028"}, "import numpy as np\r\n# π\n\x0c")
posix = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are POSIX")


@pytest.fixture
def cache(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path / "deep" / "folder")


@pytest.fixture(autouse=True)
def nobody_was_warned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_warned", set())


def file_of(cache: DiskCache, key: str = KEY) -> Path:
    return cache.folder / f"{key}.py"


def test_what_goes_in_comes_out(cache: DiskCache) -> None:
    assert cache.get(KEY) is None
    assert cache.put(KEY, ENTRY)
    assert cache.get(KEY) == DiskCache(cache.folder).get(KEY) == ENTRY
    assert cache.get(OTHER) is None
    newer = Entry({}, "")
    assert cache.put(KEY, newer) and cache.get(KEY) == newer


@given(text=st.text(st.characters(exclude_categories=["Cs"])), name=st.text())
def test_any_text(tmp_path_factory: pytest.TempPathFactory, text: str, name: str) -> None:
    cache = DiskCache(tmp_path_factory.getbasetemp() / "any")
    entry = Entry({"name": name}, text)
    assert cache.put(KEY, entry) and cache.get(KEY) == entry


def test_the_file_is_text_with_two_lines_of_head(cache: DiskCache) -> None:
    cache.put(KEY, ENTRY)
    head, metadata, text = file_of(cache).read_bytes().split(b"\n", 2)
    assert head.startswith(b"# adcompiler-cache 1 sha256=")
    assert json.loads(metadata[2:]) == ENTRY.metadata
    assert text.decode() == ENTRY.text
    assert [path.name for path in cache.folder.iterdir()] == [f"{KEY}.py"]


@posix
def test_others_can_neither_read_nor_write(cache: DiskCache) -> None:
    mask = os.umask(0)
    try:
        cache.put(KEY, ENTRY)
    finally:
        os.umask(mask)
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert file_of(cache).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "ABCDEF0123", "0123/abcd", KEY + "\n"])
def test_keys_are_hex_digits(cache: DiskCache, key: str) -> None:
    with pytest.raises(ValueError, match="cache key"):
        cache.get(key)
    with pytest.raises(ValueError, match="cache key"):
        cache.put(key, ENTRY)


def test_every_truncation_and_every_flipped_byte_is_noticed(cache: DiskCache) -> None:
    cache.put(KEY, ENTRY)
    path, whole = file_of(cache), file_of(cache).read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert cache.get(KEY) is None
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert cache.get(KEY) is None
    path.write_bytes(whole + b"\n")
    assert cache.get(KEY) is None
    path.write_bytes(whole)
    assert cache.get(KEY) == ENTRY


def signed(body: bytes) -> bytes:
    return f"# adcompiler-cache 1 sha256={cache_module._digest(KEY, body)}\n".encode() + body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"import os\n",
        b"\xff\xfe\x00",
        signed(b"# {}"),
        signed(b"{}\nx"),
        signed(b"# []\nx"),
        signed(b"# {bad\nx"),
        signed(b"# " + b"[" * 100_000 + b"\nx"),
        signed(b"# {}\n\xff"),
        signed(b"# {}\nx").replace(b"cache 1", b"cache 2"),
    ],
    ids=range(10),
)
def test_foreign_content_is_absent_and_rewritten(cache: DiskCache, content: bytes) -> None:
    cache.put(OTHER, ENTRY)
    file_of(cache).write_bytes(content)
    assert cache.get(KEY) is None
    assert [stored.key for stored in cache.entries()] == [OTHER]
    assert cache.put(KEY, ENTRY) and cache.get(KEY) == ENTRY


def test_the_foreign_content_above_fails_for_the_reason_it_names(cache: DiskCache) -> None:
    cache.put(KEY, ENTRY)
    file_of(cache).write_bytes(signed(b"# {}\nx"))
    assert cache.get(KEY) == Entry({}, "x")


def test_an_entry_under_another_name_is_not_believed(cache: DiskCache) -> None:
    cache.put(KEY, ENTRY)
    file_of(cache).rename(file_of(cache, OTHER))
    assert cache.get(OTHER) is None


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_absent(cache: DiskCache, mode: int) -> None:
    cache.put(KEY, ENTRY)
    file_of(cache).chmod(mode)
    assert cache.get(KEY) is None
    assert cache.put(KEY, ENTRY) and cache.get(KEY) == ENTRY


@posix
@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
def test_a_folder_that_others_may_write_is_not_used(cache: DiskCache, mode: int) -> None:
    cache.put(KEY, ENTRY)
    cache.folder.chmod(mode)
    assert cache.get(KEY) is None and cache.entries() == []
    with pytest.warns(RuntimeWarning, match="other users may write to it"):
        assert not cache.put(KEY, ENTRY)


@posix
def test_a_stranger_s_file_is_absent(cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.put(KEY, ENTRY)
    monkeypatch.setattr(os, "geteuid", lambda: file_of(cache).stat().st_uid + 1)
    assert cache.get(KEY) is None
    with pytest.warns(RuntimeWarning, match="belongs to another user"):
        assert not cache.put(KEY, ENTRY)


@posix
def test_what_is_no_regular_file_is_absent(cache: DiskCache, tmp_path: Path) -> None:
    cache.put(KEY, ENTRY)
    elsewhere = tmp_path / "elsewhere.py"
    file_of(cache).rename(elsewhere)
    file_of(cache).symlink_to(elsewhere)
    assert cache.get(KEY) is None
    assert cache.put(KEY, ENTRY) and cache.get(KEY) == ENTRY and elsewhere.exists()
    file_of(cache).unlink()
    os.mkfifo(file_of(cache))  # reading it would wait for ever
    assert cache.get(KEY) is None
    assert cache.put(KEY, ENTRY) and cache.get(KEY) == ENTRY
    file_of(cache).unlink()
    file_of(cache).mkdir()
    assert cache.get(KEY) is None
    with pytest.warns(RuntimeWarning):
        assert not cache.put(KEY, ENTRY)
    assert cache.clear() == 0 and file_of(cache).is_dir()


def test_an_unwritable_folder_warns_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = DiskCache(tmp_path / "file" / "folder")
    with pytest.warns(RuntimeWarning) as caught:
        assert not cache.put(KEY, ENTRY)
        assert not cache.put(OTHER, ENTRY)
        assert not DiskCache(cache.folder).put(KEY, ENTRY)
    assert len(caught) == 1 and caught[0].filename == __file__
    message = str(caught[0].message)
    for part in (str(cache.folder), "directory", "ADCOMPILER_CACHE_DIR", "ADCOMPILER_CACHE=0"):
        assert part in message
    assert cache.get(KEY) is None and cache.entries() == []
    assert cache.size() == cache.clear() == 0
    with pytest.warns(RuntimeWarning):
        DiskCache(tmp_path / "file" / "another").put(KEY, ENTRY)


@pytest.mark.parametrize("function", ["replace", "stat", "mkdir"])
def test_errors_of_the_system_leave_nothing_behind(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    cache.put(OTHER, ENTRY)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.warns(RuntimeWarning, match="No space left"):
        patch.setattr(os, function, full)
        assert not DiskCache(cache.folder / "new").put(KEY, ENTRY)
    assert [p.name for p in cache.folder.rglob("*") if p.is_file()] == [f"{OTHER}.py"]


def test_a_file_that_cannot_be_replaced_but_holds_the_entry_is_fine(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.put(KEY, ENTRY)

    def busy(*_: object) -> None:
        raise PermissionError("in use")

    monkeypatch.setattr(os, "replace", busy)
    assert cache.put(KEY, ENTRY)
    with pytest.warns(RuntimeWarning, match="in use"):
        assert not cache.put(KEY, Entry({}, "other"))


def test_text_without_an_encoding_is_not_kept(cache: DiskCache) -> None:
    assert not cache.put(KEY, Entry({}, "x = '\ud800'"))
    assert cache.get(KEY) is None


def test_entries_size_and_clear(cache: DiskCache) -> None:
    assert cache.entries() == [] and cache.size() == 0
    cache.put(OTHER, ENTRY)
    cache.put(KEY, ENTRY)
    assert [stored.key for stored in cache.entries()] == [KEY, OTHER]
    assert cache.size() == sum(stored.size for stored in cache.entries()) > 0
    assert cache.entries()[0].entry == ENTRY
    (cache.folder / "notes.py").write_text("mine")
    (cache.folder / "mine.tmp").write_text("mine")
    (cache.folder / f"{KEY}-x1y2.tmp").write_text("left by a process that was killed")
    file_of(cache, "00" * 8).write_text("damaged")
    assert [stored.key for stored in cache.entries()] == [KEY, OTHER]
    assert cache.clear() == 4
    assert sorted(p.name for p in cache.folder.iterdir()) == ["mine.tmp", "notes.py"]


class TestFolder:
    @pytest.fixture(autouse=True)
    def clean(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("ADCOMPILER_CACHE_DIR", "ADCOMPILER_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(Path, "home", lambda: tmp_path)

    @pytest.mark.parametrize(
        ("platform", "wanted"),
        [
            ("linux", ".cache/adcompiler"),
            ("darwin", "Library/Caches/adcompiler"),
            ("win32", "AppData/Local/adcompiler"),
        ],
    )
    def test_platforms(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, wanted: str
    ) -> None:
        monkeypatch.setattr(sys, "platform", platform)
        assert default_folder() == tmp_path / wanted

    def test_environment(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setenv("XDG_CACHE_HOME", "relative")
        assert default_folder() == tmp_path / ".cache" / "adcompiler"
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert default_folder() == tmp_path / "xdg" / "adcompiler"
        monkeypatch.setenv("ADCOMPILER_CACHE_DIR", "")
        assert default_folder() == tmp_path / "xdg" / "adcompiler"
        monkeypatch.setenv("ADCOMPILER_CACHE_DIR", "here")
        assert default_folder() == Path.cwd() / "here"
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.delenv("ADCOMPILER_CACHE_DIR")
        monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
        assert default_folder() == tmp_path / "local" / "adcompiler"

    def test_open_cache(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        cache = open_cache()
        assert cache is not None and cache.folder == default_folder()
        assert not cache.folder.exists()
        monkeypatch.setenv("ADCOMPILER_CACHE", "0")
        assert open_cache() is None
        monkeypatch.setenv("ADCOMPILER_CACHE", "1")
        assert open_cache() is not None

    def test_no_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def homeless() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(Path, "home", homeless)
        monkeypatch.setattr(sys, "platform", "linux")
        assert open_cache() is None


WRITER = """
import sys
from adcompiler.runtime.cache import DiskCache, Entry
cache, me = DiskCache(sys.argv[1]), sys.argv[2]
for round in range(150):
    text = (me + str(round)) * 2000
    assert cache.put("ab" * 8, Entry({"by": me, "round": round}, text))
    found = cache.get("ab" * 8)
    assert found is not None, "a reader saw half an entry"
    assert found.text == (found.metadata["by"] + str(found.metadata["round"])) * 2000
"""


def test_concurrent_writers(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    writers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WRITER, str(folder), f"w{i}"],
            stderr=subprocess.PIPE,
        )
        for i in range(4)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors.decode()
    assert [path.name for path in folder.iterdir()] == [f"{'ab' * 8}.py"]


def test_warnings_as_errors_still_leave_a_clean_folder(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with warnings.catch_warnings(), pytest.raises(RuntimeWarning):
        warnings.simplefilter("error")
        cache.put(KEY, ENTRY)
    assert list(cache.folder.iterdir()) == []
