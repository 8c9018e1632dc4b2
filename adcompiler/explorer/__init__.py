"""A page to explore a gradient: the source, the SSA and the text side by side, stage by stage.

    model     what the page shows, as plain data, and that as JSON
    sources   the functions' own lines, and where spans stand in them
    stages    every step of the pipeline with its lines, and what it changed
    numbers   the values and gradients of a run, by gate
    watching  the values that the emitted text computes, by line
    build     all of that put together
    page      the data put into `page.html`, `page.css` and `page.js`

Nothing here is loaded before a page is asked for.
"""
