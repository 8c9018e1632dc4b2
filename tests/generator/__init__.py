"""Random programs of the subset, the oracles that judge them, and the shrinking of failures.

    seed -> grammar -> text of a module with `f` and `arguments` -> oracles -> verdict
                                                                 -> shrinking -> a regression test

`python -m tests.generator --count 10000 --start 0 --jobs 2` judges many and writes a report;
docs/testing.md says more.
"""
