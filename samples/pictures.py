"""Rows of small pictures in a PNG, for the samples that have something to show; by itself it draws
nothing.
"""

import sys


def pyplot():
    """matplotlib's, for files; ask for it first, so that a missing one is known before the work."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot
    except ImportError:
        sys.exit("matplotlib is missing: python -m pip install '.[samples]'")
    return matplotlib.pyplot


def draw(path, rows, titles, scale=1.3, cmap="gray_r"):
    """rows: lists of arrays (height, width), each drawn on its own scale if it has a minus sign
    in it, else from 0 to 1; titles: one for each picture of each row."""
    plt = pyplot()
    size = (scale * len(rows[0]), (scale + 0.25) * len(rows))
    figure, axes = plt.subplots(len(rows), len(rows[0]), figsize=size, squeeze=False)
    for line, pictures, names in zip(axes, rows, titles, strict=True):
        for axis, picture, name in zip(line, pictures, names, strict=True):
            reach = max(abs(picture.min()), abs(picture.max()))
            if picture.min() < 0:
                axis.imshow(picture, cmap="RdBu_r", vmin=-reach, vmax=reach)
            else:
                axis.imshow(picture, cmap=cmap, vmin=0, vmax=1)
            axis.set_title(name, fontsize=9)
            axis.axis("off")
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    print("saved", path)
