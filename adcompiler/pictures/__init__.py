"""Pictures of a function's graph: gates, wires, and boxes for loops and branches.

    build    SSA, and the numbers of a run, to a picture: what is shown, and what reads what
    svg      a picture, with the places that `layout` has found, as SVG
    dot, mermaid, page    the same picture as other text

Nothing here is loaded before a picture is asked for, and `layout` alone needs a library.
"""
