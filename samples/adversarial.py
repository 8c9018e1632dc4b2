"""An adversarial example: a small step along the sign of the gradient changes what a net sees.

Trains the digits' network, then asks for the gradient of its loss by the *picture*. A step of the
same small size in every pixel, up where that makes the loss larger, down elsewhere, is hard to see
and changes the answer. Pixels that are black or white already can't all be moved. Saves before,
perturbation and after: adversarial.png, or the name given.
"""

import sys

import digits
import numpy as np
from pictures import draw, pyplot

from adcompiler import grad

STEP = 0.12


def attack(params, x, labels, step):
    """The pictures after the step, as far as there are such greys."""
    by_picture = grad(digits.loss, wrt="x")
    slope = by_picture(params, x, np.eye(10)[labels])
    return np.clip(x + step * np.sign(slope), 0.0, 1.0)


if __name__ == "__main__":
    pyplot()
    _, _, x, labels = digits.load()
    params = digits.train("network", rate=0.2, momentum=0.0, epochs=20)
    print(grad(digits.loss, wrt="x").source(params, x, np.eye(10)[labels]))

    print("step   still right")
    for step in (0.0, 0.02, 0.05, STEP, 0.2):
        right = np.mean(digits.classify(params, attack(params, x, labels, step)) == labels)
        print(f"{step:4}   {right:.1%}", flush=True)

    after = attack(params, x, labels, STEP)
    before, then = digits.classify(params, x), digits.classify(params, after)
    chosen = np.flatnonzero((before == labels) & (then != labels))[:4]
    rows = [[p[i].reshape(8, 8) for i in chosen] for p in (x, after - x, after)]
    titles = [
        [f"seen as {before[i]}" for i in chosen], ["after - before" for _ in chosen],
        [f"seen as {then[i]}" for i in chosen],
    ]  # fmt: skip
    draw(sys.argv[1] if len(sys.argv) > 1 else "adversarial.png", rows, titles)
