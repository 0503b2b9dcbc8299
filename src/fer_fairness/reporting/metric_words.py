"""The words of every metric: what it is called, what it is, and how it is read."""

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from fer_fairness.reporting.labels import capitalised, group_label


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


METRIC_WORDS: Final = MappingProxyType(
    {
        "accuracy": MetricWords("Accuracy", "Share of faces whose emotion label was predicted."),
        "balanced_accuracy": MetricWords(
            "Mean recall", "Recall averaged over emotions, each emotion counting the same."
        ),
        "macro_f1": MetricWords(
            "Macro F1", "F1 averaged over emotions, each emotion counting the same."
        ),
        "worst_class_recall": MetricWords(
            "Worst emotion's recall",
            "Recall of the emotion that is recognised least often; noise lowers it, the more so "
            "the fewer faces the rarest emotions have.",
        ),
        "calibration_error": MetricWords(
            "Calibration error",
            "Expected calibration error: how far the probability of the predicted emotion is from "
            "the share of such predictions that are right, averaged over bins of faces; 0 is best.",
        ),
        "theil_index": MetricWords(
            "Theil index",
            "How unevenly right and wrong predictions fall on people, one emotion against all "
            "others and averaged over emotions; 0 is even (Speicher et al. 2018, arXiv "
            "1807.00787).",
            in_points=False,
        ),
        "accuracy_gap": MetricWords(
            "Accuracy gap", "Accuracy of the best-recognised group minus that of the worst."
        ),
        "balanced_accuracy_gap": MetricWords(
            "Mean-recall gap",
            "Highest mean recall (balanced accuracy) of a group minus the lowest.",
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
        "equal_opportunity_ratio": MetricWords(
            "Equal-opportunity ratio",
            "Lowest recall of a group divided by the highest, averaged over emotions; the quotient "
            "to the difference of the equal-opportunity gap.",
            in_points=False,
            higher_is_more_equal=True,
        ),
        "recall_dispersion": MetricWords(
            "Recall dispersion",
            "Standard deviation of the groups' recalls around everybody's, each group weighing "
            "with its people, over all emotions; small groups move it less than they move a "
            "maximum minus a minimum.",
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
            "Equalized-odds gap, term by term",
            "Highest minus lowest entry of the groups' row-normalised confusion matrices, each "
            "entry compared on its own, term by term, and averaged over all entries (arXiv "
            "2503.03446, after Putzel and Lee 2022, arXiv 2201.04461). Not the larger of the gaps "
            "in true- and false-positive rates that is called equalized odds for two classes.",
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
        "theil_index_gap": MetricWords(
            "Theil-index gap",
            "Highest Theil index of a group minus the lowest.",
            in_points=False,
        ),
        "between_group_generalized_entropy": MetricWords(
            "Between-group generalized entropy",
            "How unequal the groups are in being given an emotion as often as they show it, right "
            "people or not, averaged over emotions (Speicher et al. 2018, arXiv 1807.00787, "
            "alpha = 2); 0 is equal.",
            in_points=False,
        ),
        "calibration_error_gap": MetricWords(
            "Calibration-error gap", "Highest calibration error of a group minus the lowest."
        ),
    }
)
"""The metrics of the project, in the order in which the report lists them."""

_RATES: Final = MappingProxyType(
    {
        "recall": ("Recall", "the share of its faces that are recognised"),
        "precision": ("Precision", "the share of faces given it that show it"),
        "false_positive_rate": (
            "False-positive rate",
            "the share of the other faces that are given it",
        ),
        "false_negative_rate": (
            "False-negative rate",
            "the share of its faces that are given another",
        ),
    }
)

CLASS_METRICS: Final = MappingProxyType(
    {
        "recall_dispersion_": MetricWords(
            "Recall dispersion",
            "Of one emotion: standard deviation of the groups' recalls around everybody's, each "
            "group weighing with its people.",
        )
    }
    | {
        f"{rate}_{kind}_": MetricWords(
            f"{label} {kind}",
            (
                f"Of one emotion: highest minus lowest {label.lower()} of a group ({meaning})."
                if kind == "gap"
                else f"Of one emotion: lowest {label.lower()} of a group divided by the highest."
            ),
            in_points=kind == "gap",
            higher_is_more_equal=kind == "ratio",
        )
        for rate, (label, meaning) in _RATES.items()
        for kind in ("gap", "ratio")
    }
)
"""The metrics of one emotion by how their names begin: `recall_gap_` of `recall_gap_fear`."""


def metric_words(metric: str) -> MetricWords:
    """The words of `metric`; an unknown one is spelled out from its name."""
    if metric in METRIC_WORDS:
        return METRIC_WORDS[metric]
    of_class = class_metric(metric)
    if of_class is not None:
        words = CLASS_METRICS[of_class[0]]
        return replace(words, label=f"{words.label}, {group_label(of_class[1])}")
    if metric.startswith("recall_"):
        emotion = metric.removeprefix("recall_")
        return MetricWords(
            f"Recall of {emotion}", f"Share of the {emotion} faces predicted to show {emotion}."
        )
    return MetricWords(capitalised(metric.replace("_", " ")), "", in_points=False)


def class_metric(metric: str) -> tuple[str, str] | None:
    """A metric of one emotion as a key of `CLASS_METRICS` and the emotion; None for others."""
    for prefix in CLASS_METRICS:
        if metric.startswith(prefix) and metric != prefix:
            return prefix, metric.removeprefix(prefix)
    return None
