"""How differences are tested, and what each metric is."""

from types import MappingProxyType
from typing import Final

from fer_fairness.fairness.metrics.words import CLASS_METRIC_WORDS, METRIC_WORDS
from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs

INTERVALS: Final = (
    "The groups' differences are scaled from none to several times those measured, data are drawn "
    "at every scale, and the scales are kept under which the measured value is no surprise. The "
    "interval is what the metric comes to at these scales without noise. It is given twice: at the "
    "level at which the verdict judges it, and at 95 % as if nothing else had been looked at. "
    "Single shares have Wilson's interval."
)
"""How intervals are made, in words: here and nowhere else."""

_STEPS: Final = MappingProxyType(
    {
        "What chance alone gives": (
            "Everybody's whole row of groups is given to somebody else who shows the same emotion, "
            "many times, and everything is computed again. What is hard for everybody stays hard, "
            "groups that show other emotions are not counted as treated differently, and "
            "attributes stay as related as they are. The p-value is the share of shuffles that "
            "give at least as large a difference. Where people have several faces, whole people "
            "are shuffled."
        ),
        "One question first": (
            "Is anyone of any group recognised differently, given the emotion? Several tests look "
            "at all emotions together, at single ones, at faces taken for an emotion that they do "
            "not show, at a trend over ages and at the model's confidence; their p-values are put "
            "together into one, whose distribution is known from the same shuffles."
        ),
        "Correction for many comparisons": (
            "Of 100 models that treat all groups alike at most 5 have anything called a difference "
            "found. The 5 % are parted among the attributes by what the shuffles say of all "
            "questions together (Westfall and Young 1993), an intersection getting half of "
            "what a single attribute gets. Where the question of an attribute found something, "
            "its part goes on to its metrics, single emotions and pairs of groups, corrected "
            "together in the same way; single emotions and pairs count only where a metric over "
            "all emotions found something. p after Holm and after Benjamini and Hochberg stand in "
            "the tables for those who want them. (The search for the worst-served subgroup is a "
            "test of its own, with a chance of its own.)"
        ),
        "Primary outcomes": (
            "Whoever names up to five metrics before looking has them tested first, at the full "
            "5 %; everything else is tested only where all of them were found. The parameters, "
            "with their hash, are in the manifest."
        ),
        "The value shown": (
            "The largest minus the smallest of several noisy values is wider than the difference "
            "behind it. The value shown has this widening taken off, down to equal treatment where "
            "nothing is left; as counted it stands in the tables. A difference between two groups "
            "named in a row is not widened, and is shown as it is."
        ),
        "Found in 8 of 10": (
            "How far from equal treatment a metric has to be for such an audit to find it in 8 "
            "cases of 10, if the smallest compared group is the one that is treated differently, "
            "alike in all emotions; other patterns need more or less. Equal treatment is not "
            "always no gap: groups that show other emotions have another accuracy. "
            "A dash: none would be found, however large."
        ),
        "Intervals": INTERVALS,
    }
)


def method_section(_: ReportInputs) -> page.Section:
    """How differences are tested, and what each metric is, with its source."""
    words = (*METRIC_WORDS.values(), *CLASS_METRIC_WORDS.values())
    metrics = tuple((metric.label, metric.definition) for metric in words)
    blocks: list[page.Block] = [
        page.Folded("How differences are tested", (page.Pairs(tuple(_STEPS.items())),)),
        page.Folded("What each metric is", (page.Pairs(metrics),)),
    ]
    return page.Section("method", "Method and metrics", blocks)
