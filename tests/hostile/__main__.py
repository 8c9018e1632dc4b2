"""Every function of many modules, given to the compiler: it compiles it or refuses it itself.

    modules -> functions, methods, nested functions, lambdas -> signatures -> compile -> count

Nothing is ever called: what is compiled is thrown away. `python -m tests.hostile` tries all.
"""

import os
import sys

os.environ["ADCOMPILER_CACHE"] = "0"

from tests.hostile.run import main

if __name__ == "__main__":
    sys.exit(main())
