"""One thread on one core, for NumPy and for every peer. Imports neither."""

from __future__ import annotations

import os

__all__ = ["pin"]


def pin() -> None:
    """To be called before NumPy is imported: its BLAS reads these when it is loaded."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ["XLA_FLAGS"] = (
        "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    )
    os.environ["JAX_ENABLE_X64"] = "1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["ADCOMPILER_CACHE"] = "0"
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})
