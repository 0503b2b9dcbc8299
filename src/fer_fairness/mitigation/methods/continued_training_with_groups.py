"""The control of methods that need groups, where they are trained on another dataset."""

from typing import ClassVar, Literal

from fer_fairness.mitigation.method import Method, Need


class ContinuedTrainingWithGroups(Method):
    """Plain training, continued on the dataset that methods which need groups are trained on.

    To have seen other faces changes a model by itself: what this control changes too, none of these
    methods did.
    """

    label: ClassVar[str] = "Continued training with groups (control)"
    source: ClassVar[str] = "none: the control of methods that need groups"
    needs: ClassVar[frozenset[Need]] = frozenset({"groups"})

    method: Literal["continued_training_with_groups"] = "continued_training_with_groups"
