"""Nodes of the plan_audit pipeline."""

import logging
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.fairness.planning.plan import planned
from fer_fairness.params.plan import PlanParameters
from fer_fairness.reporting.figures.power import power_figure

logger = logging.getLogger(__name__)


def plan_audit(
    parameters: PlanParameters, seed: int
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """The plan for machines, faces of each group, and power by gap and number of faces.

    Raises:
        InvalidInputError: Neither gap nor faces are given, or nothing is enough.
    """
    found = planned(parameters, seed=seed)
    logger.info(found.sentence)
    logger.info(found.assumptions)
    return found.record(), found.groups, found.power


def draw_power(plan: dict[str, Any], power: pd.DataFrame) -> Figure:
    """Power against faces of the harmed group, for several gaps."""
    return power_figure(power, plan)
