import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pytest
from tests.reporting.rows import CORRECTED, GROUP, REFUSED, column, predicted

from fer_fairness.fairness.label_noise.confusion import LabelConfusion
from fer_fairness.fairness.label_noise.inversion import reasons_against
from fer_fairness.params.label_noise import LabelNoiseParameters
from fer_fairness.reporting.gap_findings import gap_findings
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import (
    NOT_MEASURED,
    TOO_FEW_COMPARED,
    corrected_accuracies,
    corrected_cell,
    corrected_text,
    label_errors,
    right_label_share,
    short_refusal,
)
from fer_fairness.reporting.model_card import model_card
from fer_fairness.reporting.sections.audit import headline_table
from fer_fairness.reporting.sections.differences import recalls_section
from fer_fairness.reporting.sections.gaps import gaps_section
from fer_fairness.reporting.sections.limits import limits_section
from fer_fairness.reporting.sections.summary import found_section, verdict_table
from fer_fairness.reporting.tables import Table


def finding(inputs: ReportInputs) -> str:
    (found,) = gap_findings(inputs, variant="baseline")
    return found.text


def test_a_gap_found_is_told_with_its_corrected_size_and_keeps_p_and_verdict() -> None:
    text = finding(predicted())
    assert "Accuracy gap: 8.1 points [5.9 to 10.2], noise-corrected 7.2" in text
    assert (
        "Holm p = 0.004: difference found. Corrected for label errors: 9.6 points [5.1 to 14.2]."
    ) in text
    assert "usually make real gaps look smaller" not in text


def test_no_difference_found_says_that_label_errors_hide_gaps() -> None:
    text = finding(predicted({"verdict": "no difference found", "p_value_holm": 0.3}))
    assert "Corrected for label errors: 9.6 points" in text
    assert "Label errors usually make real gaps look smaller" in text


def test_too_few_to_say_does_not_speak_of_hidden_gaps() -> None:
    text = finding(predicted({"verdict": "too few people to say", "p_value_holm": math.nan}))
    assert "look smaller" not in text


def test_nothing_of_label_errors_is_said_of_annotated_groups() -> None:
    text = finding(predicted({"attribute_source": "annotated"}))
    assert "label errors" not in text.lower()


def test_a_refusal_is_told_in_full_once_and_no_number_is_given() -> None:
    inputs = predicted(
        {}, {"metric": "equal_opportunity_gap"}, attribute={"refused": REFUSED}, corrected=()
    )
    text = finding(inputs)
    assert text.count(f"Not corrected for label errors. {REFUSED}") == 1
    assert "Corrected for label errors:" not in text


def test_gaps_without_two_groups_of_sure_size_say_so() -> None:
    inputs = predicted(corrected=())
    assert "fewer than two groups have people enough for sure" in finding(inputs)
    row = inputs.gaps.to_dict("records")[0]
    assert label_errors(inputs).reason({str(k): v for k, v in row.items()}) == TOO_FEW_COMPARED


def test_unmeasured_label_errors_are_said_to_be_so() -> None:
    inputs = predicted()
    inputs = ReportInputs(gaps=inputs.gaps)
    assert "how the labeller errs on such faces was not measured." in finding(inputs)
    row = {str(key): value for key, value in inputs.gaps.to_dict("records")[0].items()}
    assert label_errors(inputs).reason(row) == NOT_MEASURED


def test_groups_that_only_the_raw_gap_compares_are_named() -> None:
    few = {**GROUP, "group": "male", "n_labelled": 12, "compared": False}
    nobody = {**GROUP, "group": "other", "n_labelled": 0, "compared": False}
    inputs = predicted(groups=(GROUP, few, nobody))
    assert "Male is compared as labelled only:" in finding(inputs)
    both = (GROUP, few, {**few, "group": "east_asian"})
    assert "Male and east asian are compared as labelled only:" in finding(predicted(groups=both))


@pytest.mark.parametrize(("left_out", "times"), [("male", 0), ("female", 1)])
def test_groups_that_both_gaps_leave_out_are_not_named_again(left_out: str, times: int) -> None:
    few = {**GROUP, "group": "male", "n_labelled": 12, "compared": False}
    text = finding(predicted({"left_out": [left_out]}, groups=(GROUP, few)))
    assert text.count("Male is compared") == times


def test_every_refusal_of_the_correction_has_a_short_form() -> None:
    params = LabelNoiseParameters(max_condition_number=2.0, min_held_out_faces=30)
    blind = LabelConfusion(np.array([[50, 50, 0], [50, 50, 0]]), ("a", "b"))
    few = LabelConfusion(np.array([[9, 1, 0], [1, 9, 0]]), ("a", "b"))
    one = LabelConfusion(np.array([[50, 0]]), ("a",))
    told = [short_refusal(" ".join(reasons_against(c, params))) for c in (blind, few, one)]
    assert told == [
        "labeller hardly tells groups apart",
        "too few held-out faces",
        "labeller knows one group only",
    ]
    assert short_refusal("Nobody was labelled.") == "nobody was labelled"
    assert short_refusal("Something new.") == "not corrected"
    assert short_refusal("") == ""


def test_several_refusals_are_joined() -> None:
    both = f"{REFUSED} The labeller hardly tells some of the groups apart: inverting it ..."
    assert short_refusal(both) == "too few held-out faces; labeller hardly tells groups apart"


def test_a_missing_refusal_is_none() -> None:
    inputs = predicted(attribute={"refused": math.nan})
    row = {str(key): value for key, value in inputs.gaps.to_dict("records")[0].items()}
    assert label_errors(inputs).reason(row) == ""


def test_corrected_values_in_words_and_cells() -> None:
    assert corrected_text(CORRECTED) == "9.6 points [5.1 to 14.2]"
    ratio = {**CORRECTED, "metric": "accuracy_ratio", "corrected_value": 0.9}
    assert corrected_text(ratio) == "0.900 [0.051 to 0.142]"
    assert corrected_cell(CORRECTED, "").text == "9.6\n[5.1 to 14.2]"
    assert corrected_cell(None, "too few held-out faces").text == "too few held-out\nfaces"
    assert corrected_cell(None, "").text == "\N{EN DASH}"
    assert corrected_cell(None, "").muted


def test_the_share_labelled_rightly_weighs_groups_by_their_faces() -> None:
    table = pd.DataFrame({"n_held_out": [300, 100], "labelled_rightly": [0.9, 0.5]})
    assert right_label_share(table) == pytest.approx(0.8)
    assert math.isnan(right_label_share(table.iloc[:0]))


def tables(blocks: object) -> list[Table]:
    assert isinstance(blocks, (list, tuple))
    return [block for block in blocks if isinstance(block, Table)]


def test_the_gap_table_has_the_corrected_value_beside_the_raw_one() -> None:
    inputs = predicted({}, {"metric": "calibration_error_gap"})
    (table,) = tables(gaps_section(inputs).blocks)
    assert table.header[1:4] == (
        "Value [95 % interval]",
        "Noise-corrected",
        "Corrected for label errors",
    )
    assert column(table, "Corrected for label errors") == ["9.6\n[5.1 to 14.2]", "\N{EN DASH}"]
    assert column(table, "Minimum detectable") == ["6.2", "6.2"]
    assert {len(row) for row in table.rows} == {len(table.header)}


def test_the_gap_table_of_a_refused_attribute_says_why() -> None:
    inputs = predicted(attribute={"refused": REFUSED}, corrected=())
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
    errors = label_errors(inputs)
    glance = verdict_table(inputs.gaps, ("baseline",), metric="accuracy_gap", errors=errors)
    audit = headline_table(inputs.gaps, errors)
    for table in (glance, audit):
        raw, corrected = table.rows
        assert raw[-1].text == "8.1\n[5.9 to 10.2]\nfound"
        assert corrected[0].text.endswith("corrected for label errors")
        assert corrected[-1].text == "9.6\n[5.1 to 14.2]"
        assert {len(row) for row in table.rows} == {len(table.header)}
        assert "the verdict is of the groups as labelled" in table.caption
    annotated = predicted({"attribute_source": "annotated"}).gaps
    for table in (
        verdict_table(annotated, ("baseline",), metric="accuracy_gap", errors=errors),
        headline_table(annotated, errors),
    ):
        assert len(table.rows) == 1
        assert "label errors" not in table.caption


def test_changes_between_predicted_groups_are_said_to_be_as_labelled(
    inputs: ReportInputs,
) -> None:
    sentence = "Changes between predicted groups are as labelled"

    def said(source: str) -> bool:
        gaps = inputs.gaps.assign(attribute_source=source)
        section = found_section(dataclasses.replace(inputs, gaps=gaps, groups=pd.DataFrame()))
        return sentence in str(section.blocks)

    assert said("predicted")
    assert not said("annotated")


def test_the_table_of_groups_has_corrected_accuracy_where_predicted(
    small_inputs: ReportInputs,
) -> None:
    groups = small_inputs.groups
    kept = (groups["attribute"] == "gender") & (groups["metric"] == "accuracy")
    for source, there in (("predicted", True), ("annotated", False)):
        lean = dataclasses.replace(
            small_inputs, groups=groups[kept].assign(attribute_source=source)
        )
        (table,) = tables(recalls_section(lean).blocks)
        head = "Accuracy, corrected for label errors"
        assert (head in table.header) == there
        assert {len(row) for row in table.rows} == {len(table.header)}
        if there:
            known = corrected_accuracies(lean)["baseline", "fer_plus", "gender", "female"]
            value = f"{100 * float(str(known['value'])):.1f}\n["
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
    grey = "shrunk to 48 \N{MULTIPLICATION SIGN} 48 grey, it is right on perceived gender 78.0"
    assert grey in text
    assert "perceived race 60.0" in text
    assert text.count("perceived race 60.0") == 1  # the finer grouping is not told
    annotated = small_inputs.gaps.assign(attribute_source="annotated")
    lean = dataclasses.replace(small_inputs, gaps=annotated)
    assert "label errors" not in bullets(lean)
    unmeasured = dataclasses.replace(small_inputs, label_noise_attributes=pd.DataFrame())
    assert "Values corrected for label errors" not in bullets(unmeasured)


def test_the_model_card_names_who_got_no_label_and_the_corrected_gap() -> None:
    inputs = predicted({}, {"metric": "equal_opportunity_gap"})
    card = model_card(inputs, "baseline")
    assert "### Predicted groups" in card
    (row,) = re.findall(
        r"^\| FER\+ \| perceived race \| 241 of .*Accuracy gap.*$", card, re.MULTILINE
    )
    assert "241 of 3,153 people (7.6" in row
    assert r"8.1 \[5.9 to 10.2\] | 9.6 points \[5.1 to 14.2\] |" in row
    refused = predicted(attribute={"refused": REFUSED}, corrected=())
    assert "not corrected: too few held-out faces" in model_card(refused, "baseline")
    annotated = predicted({"attribute_source": "annotated"})
    assert "### Predicted groups" not in model_card(annotated, "baseline")
