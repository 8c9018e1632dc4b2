"""The users' functions in `tests/golden`, as modules."""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "golden"
CASES = sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.endswith(("_O0", "_O1")))


def load(stem):
    """A file of the folder as a module; the same object every time."""
    name = f"golden_{stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{stem}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
