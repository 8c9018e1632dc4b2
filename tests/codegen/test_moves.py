"""Assignments that happen at once."""

import ast
import itertools
import random

import pytest

from adcompiler.codegen.moves import Move, in_order
from adcompiler.codegen.text import to_text


def moves(**expressions: str) -> list[Move]:
    return [Move(name, ast.parse(e, mode="eval").body) for name, e in expressions.items()]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"a": "b", "b": "c"}, ["a = b", "b = c"]),
        ({"b": "c", "a": "b"}, ["a = b", "b = c"]),
        ({"a": "b", "b": "a + b"}, ["a, b = b, a + b"]),
        ({"a": "a + 1"}, ["a = a + 1"]),
        ({"c": "a", "a": "b", "b": "a"}, ["c = a", "a, b = b, a"]),

    ],
)
def test_order(given: dict[str, str], expected: list[str]) -> None:
    assert to_text(in_order(moves(**given))).splitlines() == expected


def test_augmented_only_where_it_is_said() -> None:
    expression = ast.parse("a + b", mode="eval").body
    assert to_text(in_order([Move("a", expression, adds=True)])) == "a += b\n"
    assert to_text(in_order([Move("a", expression)])) == "a = a + b\n"
    turned = ast.parse("b + a", mode="eval").body
    assert to_text(in_order([Move("a", turned, adds=True)])) == "a = b + a\n"


@pytest.mark.parametrize("seed", range(40))
def test_random_parallel_moves(seed: int) -> None:
    """Whatever the order found, the names end up with what they would have at once."""
    rng = random.Random(seed)
    names = list("abcde")[: rng.randint(1, 5)]
    sums = [f"{rng.choice(names)} * 2 + {rng.choice(names)}" for _ in names]
    given = {n: rng.choice([*names, one]) for n, one in zip(names, sums, strict=True)}
    start = {n: k + 1 for k, n in enumerate(itertools.islice("abcde", 5))}
    wanted = start | {n: eval(e, dict(start)) for n, e in given.items()}
    found = dict(start)
    exec(to_text(in_order(moves(**given))), {}, found)
    assert found == wanted
