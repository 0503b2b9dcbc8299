"""The pipelines: wiring in `pipeline.py`, thin pure nodes in `nodes.py`."""
