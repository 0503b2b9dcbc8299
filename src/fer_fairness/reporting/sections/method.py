"""How differences are tested, and what each metric is."""

from types import MappingProxyType
from typing import Final

from fer_fairness.fairness.metrics.words import CLASS_METRIC_WORDS, METRIC_WORDS
from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs

INTERVALS: Final = (
    "The groups' differences are scaled from none to several times those measured, data are drawn "
    "at every scale, and the scales are kept under which the measured value is no surprise in 95 "
    "draws of 100. The interval is what the metric comes to at these scales without noise, so it "
    "can lie below the measured value, which noise raises. Single shares have Wilson's interval."
)
"""How intervals are made, in words: here and nowhere else."""

_STEPS: Final = MappingProxyType(
    {
        "What chance alone gives": (
            "Groups are shuffled among the people who show the same emotion, many times, and every "
            "metric is computed again. What is hard for everybody stays hard, and groups that show "
            "other emotions are not counted as treated differently. The p-value is the share of "
            "shuffles that give at least as large a difference."
        ),
        "Correction for many comparisons": (
            "The metrics over all emotions are one family and the metrics of single emotions "
            "another, each over all attributes of one model on one set of faces. Within a family p "
            "is corrected after Holm, which bounds the chance of any false alarm, and after "
            "Benjamini and Hochberg, which bounds the share of false alarms among what is found. "
            "Verdicts follow Holm's."
        ),
        "Gatekeeping": (
            "A difference in one emotion counts as found only where a metric over all emotions "
            "found one for the same attribute. So of 100 models that treat all groups alike at "
            "most 5 have any gap called a difference found. (The search for the worst-served "
            "subgroup is a test of its own, with a chance of its own.)"
        ),
        "Noise-corrected value": (
            "The largest minus the smallest of several noisy values is wider than the difference "
            "behind it. The corrected value has this widening taken off, down to what equal "
            "treatment gives where nothing is left."
        ),
        "Minimum detectable difference": (
            "How far beyond equal treatment a metric has to be for the verdict to find it in 8 "
            "samples of 10, if the smallest compared group is the one that is treated differently; "
            "in tables, the metric's value there. Equal treatment is not always no gap: groups "
            "that show other emotions have another accuracy. "
            "A dash: none would be found, however large."
        ),
        "Intervals": INTERVALS,
    }
)


def method_section(_: ReportInputs) -> page.Section:
    """How differences are tested, and what each metric is, with its source."""
    words = (*METRIC_WORDS.values(), *CLASS_METRIC_WORDS.values())
    blocks: list[page.Block] = [
        page.Heading("How differences are tested"),
        page.Pairs(tuple(_STEPS.items())),
        page.Heading("Metrics"),
        page.Pairs(tuple((metric.label, metric.definition) for metric in words)),
    ]
    return page.Section("method", "Method and metrics", blocks)
