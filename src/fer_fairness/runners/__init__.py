"""Kedro's runners of this project, given to `kedro run --runner`."""

from fer_fairness.extras import require_extra

require_extra("scale", needed_for="Running on a Dask cluster")

from fer_fairness.runners.dask_runner import DaskRunner  # noqa: E402  it imports Dask

__all__ = ["DaskRunner"]
