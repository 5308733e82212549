"""The player: a page that plays the passes of a derivative step by step, on graph, table and source at once.

Reading order: `steps` (what is played, as plain data), `wording` (what is said of it), `listing` (the source beside
it), `picture` (the graph), `page` (all of it in one document, with ``player.html``, ``player.css``, ``player.js``).
"""
