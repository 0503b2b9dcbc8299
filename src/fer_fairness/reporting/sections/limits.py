"""What the data cannot show: general limits, then those of this very run."""

from typing import Final

from fer_fairness.reporting.inputs import FEW_PEOPLE, ReportInputs
from fer_fairness.reporting.label_errors import condition_label
from fer_fairness.reporting.records import as_float, records
from fer_fairness.reporting.sections.blocks import Bullets, Section
from fer_fairness.reporting.tables import listed, percent, thousands
from fer_fairness.reporting.words import attribute_label, evaluation_set_label

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
        "Largest-minus-smallest gaps are biased upward by noise, the more so with many or small"
        " groups. Read each beside what chance alone gives, never on its own."
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
    "of further training, and on RAF-DB that of having seen RAF-DB faces at all."
)
_CONTROL: Final = (
    "Continued training is the control: FER+ once more, without any method. What it changes too, "
    "no method that was trained on FER+ did; for one trained on RAF-DB there is no such control."
)
_SEEDS: Final = (
    "The choice of training seed is in the intervals of the section “Over training seeds”, and in "
    "no others."
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


def limits_section(inputs: ReportInputs) -> Section:
    """What the data cannot show: general limits, then those of this very run."""
    sentences = list(_GENERAL_LIMITS)
    if inputs.kind == "project":
        sentences.append(_PROJECT_LIMIT)
    if "continued_training" in inputs.variants():
        sentences.append(_CONTROL)
    if len(inputs.comparisons_over_seeds):
        sentences.append(_SEEDS)
    sentences += _predicted_label_limits(inputs)
    sentences += _size_limits(inputs)
    sentences += _audit_limits(inputs) if inputs.kind == "audit" else _absent_sets(inputs)
    return Section("limits", "Limits", [Bullets(tuple(sentences))])


def _absent_sets(inputs: ReportInputs) -> list[str]:
    return [
        f"Nothing was scored on {evaluation_set_label(name)}: this report says nothing about it."
        for name in ("fer_plus", "raf_db")
        if name not in inputs.evaluation_sets()
    ]


def _audit_limits(inputs: ReportInputs) -> list[str]:
    sentences = []
    if (inputs.gaps["attribute_source"] == "given").any():
        sentences.append(_GIVEN_LABELS)
    sentences += _untested(inputs)
    if not (inputs.overall["metric"] == "calibration_error").any():
        sentences.append(_NO_PROBABILITIES)
    return sentences


def _untested(inputs: ReportInputs) -> list[str]:
    """Attributes of which nothing can be said, because fewer than two groups are large enough."""
    rows = inputs.gaps[inputs.gaps["n_groups"].astype(float) < 2]
    names = [attribute_label(str(name)) for name in rows["attribute"].unique()]
    if not names:
        return []
    return [f"Too few people to compare groups of {listed(names)}: nothing can be said of them."]


def _predicted_label_limits(inputs: ReportInputs) -> list[str]:
    predicted = inputs.gaps[inputs.gaps["attribute_source"] == "predicted"]
    if predicted.empty:
        return []
    attributes = [attribute_label(str(name)) for name in predicted["attribute"].unique()]
    sets = [evaluation_set_label(str(name)) for name in predicted["evaluation_set"].unique()]
    text = (
        f"Labels of {listed(attributes)} come from a model on some evaluation set: a gap is one "
        "between faces as the model labelled them. Mistakes that are independent of those of the "
        "emotion model shrink a gap; mistakes that share a cause with them, such as blur or dark "
        "pictures, can enlarge it or make one up."
    )
    sentences = [" ".join([text, *_labeller_accuracies(inputs)])]
    if len(inputs.label_noise_attributes):
        sentences.append(_CORRECTION_ASSUMES)
        sentences.append(_OTHER_FACES.format(sets=listed(sets)))
    return sentences


def _labeller_accuracies(inputs: ReportInputs) -> list[str]:
    """How often the labeller is right on held-out faces, in the groupings in use: a sentence each.

    That is, a sentence for every way in which these faces looked.
    """
    asked = inputs.labeller_summary
    asked = asked[asked["asked"].astype(bool)]
    told = []
    for condition, rows in asked.groupby("condition", sort=False):
        scores = [
            f"{attribute_label(str(row['attribute']))} {percent(as_float(row['accuracy']))}"
            for row in records(rows)
        ]
        faces = condition_label(str(condition))
        told.append(
            f"On FairFace faces that it had not seen, {faces}, it is right on {listed(scores)}."
        )
    return told


def _size_limits(inputs: ReportInputs) -> list[str]:
    rows = inputs.gaps.drop_duplicates(["evaluation_set", "attribute", "attribute_source"])
    few = rows[rows["smallest_group_size"].astype(float) < FEW_PEOPLE]
    if few.empty:
        return []
    named = inputs.kind == "project"
    told = [
        f"{attribute_label(str(row['attribute']))}"
        + (f" on {evaluation_set_label(str(row['evaluation_set']))}" if named else "")
        + f" (n = {thousands(as_float(row['smallest_group_size']))})"
        for row in records(few)
    ]
    setting = "evaluation" if named else "audit.inference"
    text = (
        f"The smallest group has fewer than {FEW_PEOPLE} faces for {listed(told)}. Such a group "
        "widens what chance alone gives, and can hide differences between larger groups. It can "
        f"be left out with {setting}.minimum_group_size = {FEW_PEOPLE}."
    )
    return [text]
