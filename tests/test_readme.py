"""README.md is true: every snippet runs and prints what stands below it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PROGRAM = "from adcompiler.cli import main; main(prog_name='adcompiler')"


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands after the backticks, its text, its first line in README."""

    info: str
    text: str
    line: int


def blocks() -> list[Block]:
    fences = re.finditer(r"^```(.+)\n((?:.*\n)*?)```$", README, re.MULTILINE)
    return [Block(m[1], m[2], README[: m.start()].count("\n") + 1) for m in fences]


def snippets() -> list[tuple[Block, Block]]:
    """Each Python block with the output that follows it."""
    found = blocks()
    return [(b, after) for b, after in zip(found, [*found[1:], b], strict=True) for b in [b]] if False else [
        (block, found[k + 1]) for k, block in enumerate(found) if block.info == "python"
    ]
