"""What the data cannot show: general limits, then those of this very run."""

from typing import Final

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.number_text import FEW_PEOPLE, listed, thousands
from fer_fairness.reporting.rows.changes import ComparisonOverSeedsRow
from fer_fairness.reporting.rows.labeller import LabelNoiseAttributeRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, OverallRow

_GENERAL_LIMITS: Final = (
    (
        "Demographic labels are perceived: what an annotator or a model saw in a picture, not "
        "who someone is. Emotion labels are perceived expressions, not what someone felt."
    ),
    (
        "“No difference found” means that the data do not tell the gap from chance at these "
        "group sizes. It does not mean that groups are treated alike."
    ),
    (
        "Largest-minus-smallest gaps as counted are widened by noise, the more so with many or "
        "small groups. Set each beside what shuffled groups give, never on its own."
    ),
    (
        "An accuracy gap that only comes from a group showing more of the hard emotions counts "
        "as chance here: the test asks whether people who show the same emotion are recognised "
        "equally often."
    ),
    (
        "Intervals and p-values speak of faces like those of the evaluation set. They do not "
        "cover other cameras, countries or ways of labelling, nor the choice of training seed."
    ),
)
_PROJECT_LIMIT: Final = (
    "A variant is compared with the baseline as a whole. What it changed includes the effect "
    "of further training, and where it was trained on another dataset than the baseline, that of "
    "having seen its faces at all."
)
_CONTROL: Final = (
    "Continued training is the control: the baseline's training faces once more, without any "
    "method. What it changes too, no method that was trained on these faces did. One that was "
    "trained on another dataset is held against continued training on that one, or against none."
)
_SEEDS: Final = (
    "The choice of training seed is in the intervals of the sections “Over training seeds” and "
    "“Which method helps”, and in no others."
)
_CORRECTION_ASSUMES: Final = (
    "Values corrected for label errors assume that, among people of one perceived group, these "
    "errors have nothing to do with the emotion shown or with whether the emotion model is right; "
    "the bounds under “Predicted groups” do without that."
)
_OTHER_FACES: Final = (
    "The labeller's errors were measured on FairFace's faces, which are not those of {sets}: "
    "corrections and bounds are off as far as it errs otherwise there, and nothing here can tell "
    "how far that is."
)
_GIVEN_LABELS: Final = (
    "The groups are those that the file gives. How their labels came about is not known here: if "
    "a model predicted them, its mistakes can hide a gap between people, and can make one up."
)
_NO_PROBABILITIES: Final = (
    "There are no probabilities: nothing can be said of calibration, that is of whether the model "
    "is as often right as it is sure."
)


def limits_section(inputs: ReportInputs) -> page.Section:
    """What the data cannot show: general limits, then those of this very run."""
    general, sentences = list(_GENERAL_LIMITS), []
    if inputs.kind == "project":
        general.append(_PROJECT_LIMIT)
    if "continued_training" in inputs.variants():
        general.append(_CONTROL)
    if inputs.rows(ComparisonOverSeedsRow):
        general.append(_SEEDS)
    sentences += _predicted_label_limits(inputs)
    sentences += size_limits(inputs)
    sentences += _audit_limits(inputs) if inputs.kind == "audit" else _absent_sets(inputs)
    blocks: list[page.Block] = [page.Bullets(tuple(sentences))] if sentences else []
    blocks.append(page.Folded("What no such data can show", (page.Bullets(tuple(general)),)))
    return page.Section("limits", "Limits", blocks)


def _absent_sets(inputs: ReportInputs) -> list[str]:
    return [
        f"Nothing was scored on {part.label}: this report says nothing about it."
        for part in EVALUATION_SETS.values()
        if part.name not in inputs.evaluation_sets()
    ]


def _audit_limits(inputs: ReportInputs) -> list[str]:
    gaps, sentences = inputs.rows(GapRow), []
    if any(row.attribute_source == "given" for row in gaps):
        sentences.append(_GIVEN_LABELS)
    untested = dict.fromkeys(row.attribute_label for row in gaps if row.n_groups < 2)
    if untested:
        names = listed(list(untested))
        sentences.append(
            f"Too few people to compare groups of {names}: nothing can be said of them."
        )
    if not any(row.metric == "calibration_error" for row in inputs.rows(OverallRow)):
        sentences.append(_NO_PROBABILITIES)
    return sentences


def _predicted_label_limits(inputs: ReportInputs) -> list[str]:
    predicted = [row for row in inputs.rows(GapRow) if row.predicted]
    if not predicted:
        return []
    attributes = listed(list(dict.fromkeys(row.attribute_label for row in predicted)))
    sets = listed(list(dict.fromkeys(row.set_label for row in predicted)))
    text = (
        f"Labels of {attributes} come from a model on some evaluation set: a gap is one "
        "between faces as the model labelled them. Mistakes that are independent of those of the "
        "emotion model shrink a gap; mistakes that share a cause with them, such as blur or dark "
        "pictures, can enlarge it or make one up."
    )
    sentences = [text]
    if inputs.rows(LabelNoiseAttributeRow):
        sentences += [_CORRECTION_ASSUMES, _OTHER_FACES.format(sets=sets)]
    return sentences


def size_limits(inputs: ReportInputs) -> list[str]:
    """Whose groups are too small to say much, in a sentence; none where all are large enough."""
    project = inputs.kind == "project"
    people = grouped(inputs.rows(GapRow), lambda row: row.people)
    told = [
        f"{row.attribute_label}{f' on {row.set_label}' if project else ''} "
        f"(n = {thousands(row.smallest_group_size)})"
        for row, *_ in people.values()
        if row.smallest_group_size < FEW_PEOPLE
    ]
    if not told:
        return []
    setting = "evaluation.minimum_group_size" if project else "minimum_group_size"
    text = (
        f"The smallest group has fewer than {FEW_PEOPLE} faces for {listed(told)}. Such a group "
        "widens what chance alone gives, and can hide differences between larger groups. It can "
        f"be left out with {setting} = {FEW_PEOPLE}."
    )
    return [text]
