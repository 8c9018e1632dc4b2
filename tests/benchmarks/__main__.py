"""`python -m tests.benchmarks [peers]`, from the root of the repository."""

import sys

if sys.argv[1:2] == ["peers"]:
    from tests.benchmarks.threads import pin

    pin()  # before anything imports NumPy
    from tests.benchmarks.peers import main as race

    race(sys.argv[2:])
else:
    from tests.benchmarks.run import main

    main()
