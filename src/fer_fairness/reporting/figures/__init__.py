"""The figures of the report; each function takes rows of tables and gives a matplotlib `Figure`.

No rows give a small figure that says so. No pyplot, no global state: the figures can
be drawn in any thread, and serve as previews elsewhere.
"""
