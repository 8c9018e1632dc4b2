"""Random programs of the subset, the oracles that judge them, and the shrinking of failures.

    seed -> grammar -> text of a module with `f` and `arguments` -> oracles -> verdict
                                                                 -> shrinking -> a regression test

`python -m tests.generator --count 10000 --start 0 --jobs 2` judges many and writes a report;
docs/testing.md says more.
"""

import os
import sys
from pathlib import Path

os.environ["ADCOMPILER_CACHE"] = "0"
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from tests.generator.report import main

if __name__ == "__main__":
    sys.exit(main())
