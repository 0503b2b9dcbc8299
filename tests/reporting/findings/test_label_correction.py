import dataclasses
import math

import pandas as pd
import pytest
from tests.reporting.rows import (
    CORRECTED,
    GAP,
    GROUP,
    KEY,
    REFUSAL,
    REFUSED,
    changed,
    column,
    predicted,
    report,
    row_of,
)

from fer_fairness.reporting import page
from fer_fairness.reporting.findings.gaps import gap_findings
from fer_fairness.reporting.findings.label_correction import (
    NOT_MEASURED,
    TOO_FEW_COMPARED,
    corrected_cell,
    label_errors,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.labeller import LabelNoiseGapRow, LabelNoiseGroupRow
from fer_fairness.reporting.rows.scores import GapRow
from fer_fairness.reporting.sections.found import found_section, metrics_table, variants_table
from fer_fairness.reporting.sections.gaps import gaps_section
from fer_fairness.reporting.sections.limits import limits_section
from fer_fairness.reporting.sections.predicted_groups import right_label_share
from fer_fairness.reporting.sections.recalls import recalls_section


def finding(inputs: ReportInputs) -> str:
    (found,) = gap_findings(inputs, variant="baseline")
    return found.text


def test_a_gap_found_is_told_with_its_corrected_size_and_keeps_p_and_verdict() -> None:
    text = finding(predicted())
    assert (
        "Accuracy gap: 8.1 points [5.9 to 10.2], p = 0.004: difference found. "
        "Corrected for label errors: 9.6 points [5.1 to 14.2], 95 % alone."
    ) in text
    assert "usually make real gaps look smaller" not in text


ABSENT: dict[str, object] = {**GROUP, "group": "indian", "n_labelled": 12, "n_by_error": 9.2}
GROUPS_SCORED = pd.DataFrame(
    [
        {
            **{key: GAP[key] for key in ("metric", "n_people", "n_faces", "ci_low", "ci_high")},
            **KEY,
            "attribute_source": "predicted",
            "group": group,
            "metric": "accuracy",
            "value": value,
        }
        for group, value in (("indian", 0.5), ("white", 0.8))
    ]
)


def test_a_group_that_errors_alone_would_name_is_marked_wherever_it_is_told() -> None:
    inputs = changed(predicted(groups=(GROUP, ABSENT)), groups=GROUPS_SCORED)
    text = finding(inputs)
    assert (
        "Indian may not be in these data: 12 faces are named so, and the labeller errs so often "
        "that on faces of the other groups alone it would name about 9, up to 61."
    ) in text
    assert "Lowest accuracy: Indian" in text
    assert "(n = 3,153; may not be in these data)" in text
    assert text.count("may not be in these data") == 2
    absent, there = row_of(LabelNoiseGroupRow, ABSENT), row_of(LabelNoiseGroupRow, GROUP)
    assert absent.label == "Indian (may not be in these data)"
    assert there.label == "White"


@pytest.mark.parametrize(
    "more", [{"n_labelled": 62}, {"n_labelled": 0}, {"n_by_error_95": math.nan}]
)
def test_a_group_is_not_marked_that_is_named_more_often_or_never_or_unknown(
    more: dict[str, object],
) -> None:
    inputs = changed(predicted(groups=(GROUP, {**ABSENT, **more})), groups=GROUPS_SCORED)
    assert "may not be" not in finding(inputs)


def test_annotated_groups_are_in_the_data() -> None:
    inputs = predicted({"attribute_source": "annotated"}, groups=(GROUP, ABSENT))
    assert "may not be" not in finding(inputs)


def test_no_difference_found_says_that_label_errors_hide_gaps() -> None:
    text = finding(predicted({"verdict": "no difference found", "p_value_corrected": 0.3}))
    assert "Corrected for label errors: 9.6 points" in text
    assert "Label errors usually make real gaps look smaller" in text


def test_too_few_to_say_does_not_speak_of_hidden_gaps() -> None:
    text = finding(predicted({"verdict": "too few people to say", "p_value_corrected": math.nan}))
    assert "look smaller" not in text


def test_nothing_of_label_errors_is_said_of_annotated_groups() -> None:
    text = finding(predicted({"attribute_source": "annotated"}))
    assert "label errors" not in text.lower()


def test_a_refusal_is_told_in_full_once_and_no_number_is_given() -> None:
    inputs = predicted({}, {"metric": "equal_opportunity_gap"}, attribute=REFUSAL, corrected=())
    text = finding(inputs)
    assert text.count(f"Not corrected for label errors. {REFUSED}") == 1
    assert "Corrected for label errors:" not in text


def test_gaps_without_two_groups_of_sure_size_say_so() -> None:
    inputs = predicted(corrected=())
    assert "fewer than two groups have people enough for sure" in finding(inputs)
    assert reason(inputs) == TOO_FEW_COMPARED


def test_unmeasured_label_errors_are_said_to_be_so() -> None:
    inputs = predicted()
    inputs = report(gaps=inputs.tables["gaps"])
    assert "how the labeller errs on such faces was not measured." in finding(inputs)
    assert reason(inputs) == NOT_MEASURED


def test_groups_that_only_the_raw_gap_compares_are_named() -> None:
    few = {**GROUP, "group": "male", "n_labelled": 12, "compared": False}
    nobody = {**GROUP, "group": "other", "n_labelled": 0, "compared": False}
    inputs = predicted(groups=(GROUP, few, nobody))
    assert "Male is compared as labelled only:" in finding(inputs)
    both = (GROUP, few, {**few, "group": "east_asian"})
    assert "Male and East Asian are compared as labelled only:" in finding(predicted(groups=both))


@pytest.mark.parametrize(("left_out", "times"), [("male", 0), ("female", 1)])
def test_groups_that_both_gaps_leave_out_are_not_named_again(left_out: str, times: int) -> None:
    few = {**GROUP, "group": "male", "n_labelled": 12, "compared": False}
    text = finding(predicted({"left_out": left_out}, groups=(GROUP, few)))
    assert text.count("Male is compared") == times


def reason(inputs: ReportInputs) -> str:
    return label_errors(inputs).reason(inputs.rows(GapRow)[0])


@pytest.mark.parametrize("missing", [math.nan, None, ""])
def test_a_missing_refusal_is_none(missing: object) -> None:
    assert reason(predicted(attribute={"refused": missing, "refusals": missing})) == ""


def test_corrected_values_in_words_and_cells() -> None:
    gap = row_of(LabelNoiseGapRow, CORRECTED)
    assert gap.corrected_amount == "9.6 points [5.1 to 14.2]"
    ratio = dataclasses.replace(gap, metric="accuracy_ratio", corrected_value=0.9)
    assert ratio.corrected_amount == "0.900 [0.051 to 0.142]"
    inputs = predicted({}, {"metric": "calibration_error_gap"})
    told, not_corrected = inputs.rows(GapRow)
    assert corrected_cell(told, label_errors(inputs)).text == "9.6\n[5.1 to 14.2]"
    cell = corrected_cell(not_corrected, label_errors(inputs))
    assert (cell.text, cell.muted) == ("\N{EN DASH}", True)
    refused = label_errors(predicted(attribute=REFUSAL, corrected=()))
    assert corrected_cell(told, refused).text == "too few held-out\nfaces"
    assert corrected_cell(None, refused) == page.DASH


def test_the_share_labelled_rightly_weighs_groups_by_their_faces() -> None:
    many = row_of(LabelNoiseGroupRow, GROUP, {"n_held_out": 300, "labelled_rightly": 0.9})
    few = row_of(LabelNoiseGroupRow, GROUP, {"n_held_out": 100, "labelled_rightly": 0.5})
    nobody = row_of(LabelNoiseGroupRow, GROUP, {"n_held_out": 0, "labelled_rightly": math.nan})
    assert right_label_share([many, few, nobody]) == pytest.approx(0.8)
    assert math.isnan(right_label_share([]))


def tables(blocks: object) -> list[page.Table]:
    assert isinstance(blocks, (list, tuple))
    return [block for block in blocks if isinstance(block, page.Table)]


def test_the_gap_table_has_the_corrected_value_beside_that_as_labelled() -> None:
    inputs = predicted({}, {"metric": "calibration_error_gap"})
    (table,) = tables(gaps_section(inputs).blocks)
    assert table.header[1:4] == (
        "Value [interval]",
        "Corrected for label errors",
        "Equal treatment",
    )
    assert column(table, "Corrected for label errors") == ["9.6\n[5.1 to 14.2]", "\N{EN DASH}"]
    assert column(table, "Found in 8 of 10") == ["6.2", "6.2"]
    assert {len(row) for row in table.rows} == {len(table.header)}


def test_the_gap_table_of_a_refused_attribute_says_why() -> None:
    inputs = predicted(attribute=REFUSAL, corrected=())
    (table,) = tables(gaps_section(inputs).blocks)
    assert column(table, "Corrected for label errors") == ["too few held-out\nfaces"]


def test_annotated_groups_and_metrics_of_one_emotion_have_no_such_column() -> None:
    annotated = tables(gaps_section(predicted({"attribute_source": "annotated"})).blocks)
    of_class = tables(
        gaps_section(predicted({"metric": "recall_gap_fear", "family": "by_class"})).blocks
    )
    for (table,) in (annotated, of_class):
        assert "Corrected for label errors" not in table.header
        assert {len(row) for row in table.rows} == {len(table.header)}
    assert "not corrected for label errors" in of_class[0].caption
    assert "label errors" not in annotated[0].caption


def test_the_tables_at_a_glance_have_a_corrected_row_below_predicted_groups() -> None:
    inputs = predicted()
    errors, gaps = label_errors(inputs), inputs.rows(GapRow)
    for table in (variants_table(gaps, ("baseline",), errors), metrics_table(gaps, errors)):
        raw, corrected = table.rows
        assert raw[-1].text == "8.1\n[5.9 to 10.2]\nfound"
        assert corrected[0].text.endswith("corrected for label errors")
        assert corrected[-1].text == "9.6\n[5.1 to 14.2]"
        assert {len(row) for row in table.rows} == {len(table.header)}
        assert "the verdict is of the groups as labelled" in table.caption
    gaps = predicted({"attribute_source": "annotated"}).rows(GapRow)
    for table in (variants_table(gaps, ("baseline",), errors), metrics_table(gaps, errors)):
        assert len(table.rows) == 1
        assert "label errors" not in table.caption


def test_changes_between_predicted_groups_are_said_to_be_as_labelled(
    inputs: ReportInputs,
) -> None:
    sentence = "Changes between predicted groups are as labelled"

    def said(source: str) -> bool:
        gaps = inputs.tables["gaps"].assign(attribute_source=source)
        section = found_section(changed(inputs, gaps=gaps, groups=pd.DataFrame()))
        return sentence in str(section.blocks)

    assert said("predicted")
    assert not said("annotated")


def test_the_table_of_groups_has_corrected_accuracy_where_predicted(
    small_inputs: ReportInputs,
) -> None:
    groups = small_inputs.tables["groups"]
    kept = (groups["attribute"] == "gender") & (groups["metric"] == "accuracy")
    for source, there in (("predicted", True), ("annotated", False)):
        lean = changed(small_inputs, groups=groups[kept].assign(attribute_source=source))
        (table,) = tables(recalls_section(lean).blocks)
        head = "Accuracy, corrected for label errors"
        assert (head in table.header) == there
        assert {len(row) for row in table.rows} == {len(table.header)}
        if there:
            known = small_inputs.tables["label_noise_scores"].set_index(
                ["variant", "attribute", "group", "metric", "method"]
            )["value"]["baseline", "gender", "female", "accuracy", "corrected"]
            value = f"{100 * known:.1f}\n["
            assert column(table, head)[0].startswith(value)
            assert column(table, "Accuracy")[0] != column(table, head)[0]


def bullets(inputs: ReportInputs) -> str:
    return str(limits_section(inputs).blocks)


def test_the_limits_tell_the_assumption_and_that_fairface_is_not_the_dataset(
    small_inputs: ReportInputs,
) -> None:
    text = bullets(small_inputs)
    assert "Values corrected for label errors assume that, among people of one perceived" in text
    assert "measured on FairFace's faces, which are not those of FER+:" in text
    annotated = small_inputs.tables["gaps"].assign(attribute_source="annotated")
    lean = changed(small_inputs, gaps=annotated)
    assert "label errors" not in bullets(lean)
    unmeasured = changed(small_inputs, label_noise_attributes=pd.DataFrame())
    assert "Values corrected for label errors" not in bullets(unmeasured)
