"""What a unit of a network looks for: the input that makes it largest, found by gradient ascent.

The gradient is taken by the picture, with the trained weights held fixed. Without a brake the
pictures turn to noise: the score gives a little for every bright pixel and for every jump between
neighbours, and the picture is kept between white and black. Saves units.png, or the name given.
"""

import sys

import digits
import numpy as np
from pictures import draw, pyplot

from adcompiler import value_and_grad

STEPS, RATE, WEIGHT, ROUGHNESS = 200, 0.05, 0.6, 1.2


def score(picture, params, chosen):
    """How much of the chosen class the network sees in a picture, less what regularises it."""
    h = picture.ravel()
    for W, b in params[:-1]:
        h = np.tanh(h @ W + b)
    W, b = params[-1]
    z = h @ W + b
    rough = np.sum((picture[1:] - picture[:-1]) ** 2)
    rough += np.sum((picture[:, 1:] - picture[:, :-1]) ** 2)
    return z @ chosen - np.mean(z) - WEIGHT * np.sum(picture**2) - ROUGHNESS * rough


def ideal(params, label):
    """The picture that the network likes best as this digit."""
    compiled, chosen, picture = value_and_grad(score), np.eye(10)[label], np.full((8, 8), 0.1)
    for _ in range(STEPS):
        value, slope = compiled(picture, params, chosen)
        picture = np.clip(picture + RATE * slope, 0.0, 1.0)
    return value, picture


if __name__ == "__main__":
    pyplot()
    params = digits.train("network", rate=0.2, momentum=0.0, epochs=20)
    print(value_and_grad(score).source(np.zeros((8, 8)), params, np.eye(10)[0]))
    found = []
    for label in range(10):
        value, picture = ideal(params, label)
        seen = digits.classify(params, picture.reshape(1, 64))[0]
        print(f"class {label}: score = {value:.2f}, seen as {seen}", flush=True)
        found.append(picture)
    titles = [[str(k) for k in range(5)], [str(k) for k in range(5, 10)]]
    draw(sys.argv[1] if len(sys.argv) > 1 else "units.png", [found[:5], found[5:]], titles)
