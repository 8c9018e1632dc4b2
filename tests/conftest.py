"""What holds for all tests: a cache folder of their own, golden files rewritten only on request."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

# Matrices are small here: threads of BLAS would only wait for each other, and for other workers.
for _library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

pytest.register_assert_rewrite("driving", "irtext", "proving", "sampling", "slopes")

collect_ignore = ["typing"]  # read by mypy, and never run

_folders: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the expected files under tests/golden with what is emitted now",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-golden") and os.environ.get("CI", "").lower() == "true":
        raise pytest.UsageError("--update-golden is for people: CI must not rewrite what it checks")
    # From here on, because doctests outside of this folder know no fixture of this file.
    _folders.append(tempfile.mkdtemp(prefix="adcompiler-tests-"))
    os.environ["ADCOMPILER_CACHE_DIR"] = _folders[-1]


def pytest_unconfigure() -> None:
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether this run rewrites the golden files."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(autouse=True, scope="session")
def _own_cache_folder() -> None:
    """The folder set above is there, and no setting of the user's turns the cache off."""
    os.environ.pop("ADCOMPILER_CACHE", None)
    assert os.environ["ADCOMPILER_CACHE_DIR"] == _folders[-1]
