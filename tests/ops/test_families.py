"""The families together: each operation, and each way to write one, stands in one place."""

from __future__ import annotations

from collections import Counter

import pytest

from adcompiler.ops import families
from adcompiler.ops.op import Expansion, Op


def twice(found):
    return [one for one, number in Counter(found).items() if number > 1]


@pytest.mark.parametrize("kind", [Op, Expansion])
def test_no_two_entries_share_a_name_or_a_spelling(kind):
    """An expansion may have the spelling of an operation: what users call, and what rules call."""
    entries = [one for _, members in families() for one in members if isinstance(one, kind)]
    assert kind is Expansion or not twice(one.name for one in entries)
    assert not twice(key for one in entries for key in one.spellings)
