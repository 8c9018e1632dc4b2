"""From words to a picture: an input is optimised until a picture matches its caption.

Two small encoders, of digits and of captions such as "a three", learn to give a picture and its
caption nearly the same direction, and others another one (a contrastive loss, as in CLIP). Then
they are held fixed, and the input of a generator, which mixes a few patterns that the digits are
made of, climbs towards a caption. Saves captions.png, or the name given.
"""

import itertools
import sys

import digits
import numpy as np
from pictures import draw, pyplot

from adcompiler import grad, value_and_grad

CAPTIONS = [
    "a zero", "a one", "a two", "a three", "a four",
    "a five", "a six", "a seven", "an eight", "a nine",
]  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz "
WIDTH, PATTERNS, BATCH, STEPS = 24, 20, 60, 900


def spelled(caption):
    """Pairs of letters that follow each other, counted: what the caption's encoder is given."""
    counts = np.zeros((len(LETTERS), len(LETTERS)))
    for a, b in itertools.pairwise(caption):
        counts[LETTERS.index(a), LETTERS.index(b)] += 1.0
    return counts.ravel()


def encoded(layers, x):
    """Directions: each row has length 1."""
    (W, b), (V, c) = layers
    h = np.tanh(x @ W + b) @ V + c
    return h / np.sqrt(np.sum(h * h, axis=1, keepdims=True))


def contrast(params, pictures, captions, same):
    """Cross-entropy of finding the caption among those of the batch; `same` says which agree."""
    likeness = 8.0 * encoded(params["image"], pictures) @ encoded(params["text"], captions).T
    likeness = likeness - np.max(likeness, axis=1, keepdims=True)
    log_share = likeness - np.log(np.sum(np.exp(likeness), axis=1, keepdims=True))
    return -np.mean(np.sum(log_share * same, axis=1))


def similarity(code, params, patterns, mean, caption):
    """How well the generated picture and the caption agree; far codes count against it."""
    picture = 1.0 / (1.0 + np.exp(-(mean + code @ patterns)))
    agreement = encoded(params["image"], picture[None, :]) @ encoded(params["text"], caption).T
    return np.sum(agreement) - 0.004 * np.sum(code**2)


def learned(x, labels, steps):
    """Both encoders, by Adam's rule."""
    rng = np.random.default_rng(1)

    def layers(n):
        return [(rng.normal(scale=n**-0.5, size=(n, 48)), np.zeros(48)),
                (rng.normal(scale=48**-0.5, size=(48, WIDTH)), np.zeros(WIDTH))]  # fmt: skip

    params = {"image": layers(64), "text": layers(len(LETTERS) ** 2)}
    captions = np.array([spelled(caption) for caption in CAPTIONS])
    leaves = [leaf for layers_ in params.values() for layer in layers_ for leaf in layer]
    first, second = [0.0 * leaf for leaf in leaves], [0.0 * leaf for leaf in leaves]
    compiled = value_and_grad(contrast)
    for step in range(1, steps + 1):
        batch = rng.integers(0, len(x), BATCH)
        same = (labels[batch][:, None] == np.arange(10)) * 1.0
        value, gradient = compiled(params, x[batch], captions, same)
        slopes = [leaf for part in gradient.values() for layer in part for leaf in layer]
        for p, m, v, g in zip(leaves, first, second, slopes, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= 0.01 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        if step % 300 == 0:
            print(f"step {step}: contrast = {value:.4f}", flush=True)
    return params, captions


def imagined(params, patterns, mean, caption, steps=150):
    """The picture whose direction is nearest to the caption's."""
    climb, code = grad(similarity), np.zeros(len(patterns))
    for _ in range(steps):
        code = code + 2.0 * climb(code, params, patterns, mean, caption)
    return 1.0 / (1.0 + np.exp(-(mean + code @ patterns)))


if __name__ == "__main__":
    pyplot()
    x, labels, test_x, test_labels = digits.load()
    params, captions = learned(x, labels, STEPS)
    likeness = encoded(params["image"], test_x) @ encoded(params["text"], captions).T
    print(f"captions found for held-out digits: {np.mean(likeness.argmax(1) == test_labels):.1%}")

    # The generator: the mean picture and the directions in which the digits differ most.
    odds = np.log((x + 0.05) / (1.05 - x))
    mean = odds.mean(axis=0)
    _, sizes, directions = np.linalg.svd(odds - mean, full_matrices=False)
    patterns = directions[:PATTERNS] * sizes[:PATTERNS, None] / len(x) ** 0.5
    print(grad(similarity).source(np.zeros(PATTERNS), params, patterns, mean, captions[:1]))
    found = [imagined(params, patterns, mean, captions[k : k + 1]) for k in range(10)]
    seen = encoded(params["image"], np.array(found)) @ encoded(params["text"], captions).T
    for k, row in enumerate(seen):
        nearest = CAPTIONS[row.argmax()]
        print(f'"{CAPTIONS[k]}": likeness = {row[k]:.3f}, nearest caption: "{nearest}"')
    pictures = [p.reshape(8, 8) for p in found]
    titles = [f'"{caption}"' for caption in CAPTIONS]
    path = sys.argv[1] if len(sys.argv) > 1 else "captions.png"
    draw(path, [pictures[:5], pictures[5:]], [titles[:5], titles[5:]])
