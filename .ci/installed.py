"""What was installed from the wheel is whole: run by .ci/run, outside of the clone."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import adcompiler

distribution = importlib.metadata.distribution("adcompiler")
files = {str(file) for file in distribution.files}

assert "site-packages" in adcompiler.__file__, adcompiler.__file__
assert distribution.version == adcompiler.__version__
extras = set(distribution.metadata.get_all("Provides-Extra"))
assert {"scipy", "dask", "plots", "docs", "test"} <= extras, extras
assert any(file.endswith("licenses/LICENSE") for file in files), "no licence"
assert "adcompiler/py.typed" in files
sources = Path(sys.argv[1]) / "adcompiler"
for path in sources.rglob("*"):
    if path.is_file() and "__pycache__" not in path.parts:
        assert str(Path("adcompiler") / path.relative_to(sources)) in files, path

command = Path(sys.executable).with_name("adcompiler")
found = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
assert found.stdout == f"adcompiler {adcompiler.__version__}\n"

Path("model.py").write_text("def square(x):\n    return x * x\n")
found = subprocess.run(
    [command, "show", "model.py:square"], capture_output=True, text=True, check=True
)
assert "grad_x = grad_out * x * 2" in found.stdout, found.stdout
sys.path.insert(0, "")
import model  # noqa: E402

assert adcompiler.grad(model.square)(3.0) == 6.0
