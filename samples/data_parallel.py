"""Data-parallel gradients with Dask: workers differentiate the batches, we add the gradients up.

The gradient is compiled once, here; what travels to the workers, which are processes of their own,
is the pickled gradient, and so its source. In the middle of a step one worker is killed: Dask
starts another one and gives the lost batches out again, and the sum is what one process computes.

Needs Dask: python -m pip install '.[dask]'
"""

import logging
import os
import signal
import sys
import time

import numpy as np

from adcompiler import value_and_grad

try:
    from distributed import Client, LocalCluster, as_completed
except ImportError:
    sys.exit("Dask is missing: python -m pip install '.[dask]'")

BATCHES, SIZE, INPUTS, HIDDEN = 16, 256, 8, 32


@value_and_grad(wrt=("w0", "b0", "w1", "b1"))
def loss(w0, b0, w1, b1, x, y):
    """The squared errors of a small net on a batch, summed."""
    h = np.tanh(x @ w0 + b0)
    return np.sum((h @ w1 + b1 - y) ** 2)


def on_batch(gradient, parameters, x, y, pause=0.0):
    value, gradients = gradient(*parameters, x, y)
    time.sleep(pause)
    return value, *gradients


def added(parts):
    """Always in the order of the batches: another order would round otherwise."""
    return [sum(column) for column in zip(*parts, strict=True)]


def by_workers(client, parameters, x, y, after_some):
    """The value and the gradients over all batches."""
    # The pause is there so that there is something to lose; not pure: each step computes anew.
    given = [loss] * BATCHES, [parameters] * BATCHES, x, y
    futures = client.map(on_batch, *given, pause=0.05, pure=False, retries=3)
    for number, _ in enumerate(as_completed(futures), 1):
        if number % (BATCHES // 4) == 0:
            print(f"  {number:2} of {BATCHES} batches", flush=True)
        if number == BATCHES // 4:
            after_some()
    return added(client.gather(futures))


def kill_one(client):
    """As the system does where memory runs out."""
    pids = client.run(os.getpid)
    os.kill(min(pids.values()), signal.SIGKILL)
    print(f"  killed one of {len(pids)} workers", flush=True)


def train(client):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCHES, SIZE, INPUTS))
    y = np.sin(x @ rng.normal(size=(INPUTS, 1)))
    parameters = [
        rng.normal(size=(INPUTS, HIDDEN)) / 3, np.zeros(HIDDEN),
        rng.normal(size=(HIDDEN, 1)) / 6, np.zeros(1),
    ]  # fmt: skip
    loss(*parameters, x[0], y[0])  # compiles: the workers get the text
    for step in range(2):
        print(f"step {step}")
        value, *gradients = by_workers(
            client, parameters, x, y, lambda: kill_one(client) if step == 0 else None  # noqa: B023
        )
        alone = added(on_batch(loss, parameters, *batch) for batch in zip(x, y, strict=True))
        same = all(map(np.array_equal, (value, *gradients), alone))
        print(f"  loss {value / (BATCHES * SIZE):.6f}, bit for bit as in one process: {same}")
        rate = 0.2 / (BATCHES * SIZE)
        parameters = [p - rate * g for p, g in zip(parameters, gradients, strict=True)]


def main():
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        train(client)


if __name__ == "__main__":
    main()
