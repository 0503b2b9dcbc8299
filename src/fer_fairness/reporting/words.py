"""The words of the report: what variants, metrics, groups and datasets are called in a sentence."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_EVALUATION_SETS: Final = MappingProxyType(
    {"fer_plus": "FER+", "raf_db": "RAF-DB", "fairface": "FairFace"}
)
_TIMES: Final = " \N{MULTIPLICATION SIGN} "
_ATTRIBUTES: Final = MappingProxyType({"age_group": "age group"})


@dataclass(frozen=True)
class MetricWords:
    """How a metric is named, what it is, and how it is read.

    Attributes:
        label: Name in a table or on an axis.
        definition: One sentence, with the source of the formula.
        in_points: Whether a difference reads in percentage points (else as a plain number).
        higher_is_more_equal: Whether 1 means equal treatment (ratios) and not 0 (gaps).
    """

    label: str
    definition: str
    in_points: bool = True
    higher_is_more_equal: bool = False


METRICS: Final = MappingProxyType(
    {
        "accuracy": MetricWords("Accuracy", "Share of faces whose majority label was predicted."),
        "balanced_accuracy": MetricWords(
            "Mean recall", "Recall averaged over emotions, each emotion counting the same."
        ),
        "macro_f1": MetricWords(
            "Macro F1", "F1 averaged over emotions, each emotion counting the same."
        ),
        "accuracy_gap": MetricWords(
            "Accuracy gap", "Accuracy of the best-recognised group minus that of the worst."
        ),
        "macro_f1_gap": MetricWords(
            "Macro F1 gap", "Highest macro F1 of a group minus the lowest."
        ),
        "accuracy_ratio": MetricWords(
            "Accuracy ratio",
            "Accuracy of the worst-recognised group divided by that of the best.",
            in_points=False,
            higher_is_more_equal=True,
        ),
        "macro_f1_ratio": MetricWords(
            "Macro F1 ratio",
            "Lowest macro F1 of a group divided by the highest.",
            in_points=False,
            higher_is_more_equal=True,
        ),
        "xu_fairness": MetricWords(
            "Xu fairness",
            "Sum of the recalls of the worst group divided by that of the best "
            "(Xu et al. 2020, arXiv 2007.10075).",
            in_points=False,
            higher_is_more_equal=True,
        ),
        "equal_opportunity_gap": MetricWords(
            "Equal-opportunity gap",
            "Highest minus lowest recall between groups, averaged over emotions "
            "(Dominguez-Catena et al. 2025, arXiv 2503.03446).",
        ),
        "demographic_parity_gap": MetricWords(
            "Demographic-parity gap",
            "Highest minus lowest column sum of the groups' row-normalised confusion matrices, "
            "averaged over predicted emotions (arXiv 2503.03446). Not the selection-rate gap.",
            in_points=False,
        ),
        "selection_rate_gap": MetricWords(
            "Selection-rate gap",
            "Highest minus lowest share of faces given an emotion, averaged over emotions.",
        ),
        "equalized_odds_gap": MetricWords(
            "Equalized-odds gap",
            "Highest minus lowest entry of the groups' row-normalised confusion matrices, "
            "averaged over all entries (after Putzel and Lee 2022, arXiv 2201.04461).",
        ),
        "overall_disparity": MetricWords(
            "Overall disparity",
            "Mean shortfall of the groups' recalls against the best group, averaged over emotions "
            "(arXiv 2205.10049).",
            in_points=False,
        ),
        "worst_group_accuracy": MetricWords(
            "Worst-group accuracy",
            "Accuracy of the worst-recognised group.",
            higher_is_more_equal=True,
        ),
    }
)
"""The metrics of the project, in the order in which the report lists them."""

HEADLINE_METRICS: Final = ("accuracy_gap", "equal_opportunity_gap")
"""The two that the summary is written from: all faces alike, and all emotions alike."""


def metric_words(metric: str) -> MetricWords:
    """The words of `metric`; an unknown one is spelled out from its name."""
    if metric in METRICS:
        return METRICS[metric]
    if metric.startswith("recall_"):
        emotion = metric.removeprefix("recall_")
        return MetricWords(
            f"Recall of {emotion}", f"Share of the {emotion} faces predicted to show {emotion}."
        )
    return MetricWords(_sentence(metric), "", in_points=False)


def variant_label(variant: str) -> str:
    """`emotion_augmentation` as "Emotion augmentation"."""
    return _sentence(variant)


def evaluation_set_label(evaluation_set: str) -> str:
    """`fer_plus` as "FER+"."""
    return _EVALUATION_SETS.get(evaluation_set, evaluation_set.replace("_", " "))


def attribute_label(attribute: str) -> str:
    """`gender x race` as "perceived gender", a times sign, "race": what somebody saw."""
    parts = [part.strip() for part in attribute.split(" x ")]
    return "perceived " + _TIMES.join(
        _ATTRIBUTES.get(part, part.replace("_", " ")) for part in parts
    )


def source_label(source: str) -> str:
    """Who gave the demographic labels, in words."""
    return {"annotated": "labels by annotators", "predicted": "labels predicted by a model"}.get(
        source, source.replace("_", " ")
    )


def group_label(group: str) -> str:
    """`east_asian` as "east asian"; separators of intersections become a dot."""
    return group.replace("_", " ").replace(" x ", " · ")


def _sentence(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
