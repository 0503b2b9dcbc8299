"""What people read of every metric, by its name in tables."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from fer_fairness.fairness.metrics.calibration import CALIBRATION_WORDS
from fer_fairness.fairness.metrics.class_gaps import CLASS_METRIC_WORDS
from fer_fairness.fairness.metrics.formulas import MetricWords
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS, OVERALL_METRICS
from fer_fairness.fairness.metrics.group_metrics import theil_index

__all__ = [
    "ANY_DIFFERENCE",
    "CLASS_METRIC_WORDS",
    "METRIC_WORDS",
    "RECALL_DIFFERENCE",
    "MetricWords",
    "class_metric",
    "metric_words",
]

ANY_DIFFERENCE: Final = "any_difference"
"""The question of each attribute."""

RECALL_DIFFERENCE: Final = "recall_difference"
"""Between two groups, given the emotion."""

METRIC_WORDS: Final[Mapping[str, MetricWords]] = MappingProxyType(
    {
        **{metric.name: metric.words for metric in OVERALL_METRICS},
        "calibration_error": CALIBRATION_WORDS["calibration_error"],
        "overconfidence": CALIBRATION_WORDS["overconfidence"],
        "theil_index": theil_index.words,
        **{metric.name: metric.words for metric in GAP_METRICS.values()},
        "calibration_error_gap": CALIBRATION_WORDS["calibration_error_gap"],
        ANY_DIFFERENCE: MetricWords(
            "Any difference",
            "Whether anyone of any group is recognised differently from others who show the same "
            "emotion: several tests as one, each against shuffles of the groups.",
        ),
        RECALL_DIFFERENCE: MetricWords(
            "Recall difference",
            "Share of faces of one group that are recognised minus that of another, among faces "
            "that show the same emotion, averaged over emotions as far as both show them "
            "(Mantel and Haenszel's weights).",
        ),
    }
)
"""The metrics over all emotions, in the order in which a report lists them."""


def metric_words(metric: str) -> MetricWords:
    """The words of `metric`; an unknown one is spelled out from its name."""
    if metric in METRIC_WORDS:
        return METRIC_WORDS[metric]
    of_class = class_metric(metric)
    if of_class is not None:
        words = CLASS_METRIC_WORDS[of_class[0]]
        return replace(words, label=f"{words.label}, {_spelled(of_class[1])}")
    if metric.startswith("recall_"):
        emotion = metric.removeprefix("recall_")
        return MetricWords(
            f"Recall of {emotion}", f"Share of the {emotion} faces predicted to show {emotion}."
        )
    spelled = _spelled(metric)
    return MetricWords(spelled[:1].upper() + spelled[1:], "", in_points=False)


def class_metric(metric: str) -> tuple[str, str] | None:
    """A metric of one emotion as a key of `CLASS_METRIC_WORDS` and the emotion; None for others."""
    for prefix in CLASS_METRIC_WORDS:
        if metric.startswith(prefix) and metric != prefix:
            return prefix, metric.removeprefix(prefix)
    return None


def _spelled(name: str) -> str:
    return name.replace("_", " ")
