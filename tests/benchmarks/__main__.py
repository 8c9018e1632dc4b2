"""`python -m tests.benchmarks [peers | passes]`, from the root of the repository."""

import sys

if sys.argv[1:2] in (["peers"], ["passes"]):
    from tests.benchmarks.threads import pin

    pin()  # before anything imports NumPy
    from tests.benchmarks import passes, peers

    (peers if sys.argv[1] == "peers" else passes).main(sys.argv[2:])
else:
    from tests.benchmarks.run import main

    main()
