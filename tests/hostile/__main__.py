"""`python -m tests.hostile`, from the root of the repository."""

import os
import sys

os.environ["ADCOMPILER_CACHE"] = "0"

from tests.hostile.run import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
