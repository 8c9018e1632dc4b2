"""`python -m tests.generator`, from the root of the repository."""

import os
import sys
from pathlib import Path

os.environ["ADCOMPILER_CACHE"] = "0"
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from tests.generator.report import main

if __name__ == "__main__":
    sys.exit(main())
