"""`python -m tests.benchmarks`, from the root of the repository."""

from tests.benchmarks.run import main

main()
