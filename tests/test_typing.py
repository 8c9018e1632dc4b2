"""Types from the user's side: what `mypy --strict` says of files like theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "tests" / "typing" / f"{name}.py" for name in ("accepted", "refused")]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The codes of the errors, by file and line. MYPY_CACHE_DIR may hold what is known of NumPy."""
    api = pytest.importorskip("mypy.api")
    config = tmp_path_factory.mktemp("mypy") / "mypy.ini"
    config.write_text("[mypy]\nstrict = True\npython_version = 3.10\n")
    out, failed, _ = api.run(["--config-file", str(config), "--no-pretty", *map(str, FILES)])
    assert not failed
    errors = re.findall(r"^(.+?):(\d+): error: .*\[([\w-]+)\]$", out, re.MULTILINE)
    return sorted({(Path(file).name, int(line), code) for file, line, code in errors})


def test_errors_are_found_where_they_are_and_nowhere_else(found):
    expected = [
        (file.name, number, code)
        for file in FILES
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if "# E: " in line
        for code in line.partition("# E: ")[2].split(", ")
    ]
    assert found == sorted(expected)


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "adcompiler" / "py.typed").exists()
