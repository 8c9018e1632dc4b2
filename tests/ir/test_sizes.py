"""Sizes: arithmetic in normal form, and what is known of broadcasting."""

import pytest

from adcompiler.ir.sizes import (
    SizeError,
    add,
    broadcast,
    is_known,
    is_positive,
    may_be_one,
    meeting,
    multiply,
    needs_guard,
    negate,
    sliced,
    symbol,
    unknown,
)

N, M, K = symbol("n", unit=False), symbol("m", unit=False), symbol("k")


def test_equal_sums_are_equal():
    assert add(add(N, M), -1) == add(M, add(-1, N))
    assert add(N, negate(N)) == 0
    assert add(add(N, 1), -1) == N
    assert multiply(2, add(N, -1)) == add(multiply(N, 2), -2)
    assert multiply(N, M) == multiply(M, N)
    assert multiply(N, 0) == 0


@pytest.mark.parametrize(
    ("size", "text"),
    [(N, "n"), (add(N, -2), "n - 2"), (multiply(-1, N), "-n"), (add(multiply(2, N), M), "m + 2*n"),
     (add(M, multiply(-3, N)), "m - 3*n"), (multiply(N, M), "(m)*(n)")],
)  # fmt: skip
def test_text(size, text):
    assert str(size) == text


def test_an_unknown_size_equals_no_other():
    one = unknown()
    assert one == one
    assert one != unknown()
    assert multiply(one, N) != multiply(one, N)
    assert not is_known(add(one, 1)) and is_known(add(N, 1)) and is_known(3)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, True), (2, False), (0, False), (N, False), (K, True), (add(N, -1), True),
     (multiply(N, M), False), (multiply(K, K), True), (multiply(N, K), True),
     (sliced(N, None, M, None), False), (sliced(N, 0, 3, 1), False),
     (sliced(N, None, 1, None), True), (sliced(N, 1, M, None), True),
     (sliced(N, None, None, 2), True), (sliced(add(N, -1), None, M, None), True),
     (unknown(), True)],
)  # fmt: skip
def test_may_be_one(size, expected):
    assert may_be_one(size) is expected


@pytest.mark.parametrize(
    ("size", "expected"), [(0, False), (1, True), (N, True), (add(N, -1), True),
                           (add(N, -2), False), (K, False)],
)  # fmt: skip
def test_is_positive(size, expected):
    assert is_positive(size) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(1, N, N), (N, 1, N), (N, N, N), (3, 3, 3), (N, K, N), (K, N, N), (K, add(K, 1), None),
     (0, 1, 0), (1, 1, 1)],
)  # fmt: skip
def test_broadcast(a, b, expected):
    assert broadcast(a, b) == expected


def test_sizes_that_never_broadcast():
    with pytest.raises(SizeError, match="sizes 2 and 3 don't broadcast"):
        broadcast(2, 3)


def test_guards_are_for_sizes_that_may_be_one():
    assert needs_guard(K, N) and needs_guard(add(N, -1), N)
    assert not needs_guard(1, N) and not needs_guard(N, M) and not needs_guard(K, K)


def test_what_is_computed_alike_is_equal():
    shorter, other = add(N, -1), add(M, -1)
    assert meeting(shorter, other) == meeting(other, shorter) != meeting(shorter, M)
    assert sliced(N, None, M, None) == sliced(N, None, M, None) != sliced(N, 1, M, None)
    for size in (meeting(shorter, unknown()), sliced(N, None, unknown(), None)):
        assert not is_known(size)
