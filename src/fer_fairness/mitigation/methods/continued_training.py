"""The control: training continued with nothing added, weighted or changed."""

from typing import ClassVar, Literal

from fer_fairness.mitigation.method import Method


class ContinuedTraining(Method):
    """Plain training, continued from the baseline. What it changes too, no method did."""

    label: ClassVar[str] = "Continued training (control)"
    source: ClassVar[str] = "none: the control of every fine-tuning"

    method: Literal["continued_training"] = "continued_training"
