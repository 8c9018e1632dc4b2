"""The families together: each operation, and each way to write one, stands in one place."""

from __future__ import annotations

from collections import Counter

from adcompiler.ops import families
from adcompiler.ops.op import Op


def twice(found):
    return [one for one, number in Counter(found).items() if number > 1]


def test_no_two_entries_share_a_name_or_a_spelling():
    entries = [entry for _, members in families() for entry in members]
    assert not twice(entry.name for entry in entries if isinstance(entry, Op))
    assert not twice(key for entry in entries for key in entry.spellings)
