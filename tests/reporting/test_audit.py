import dataclasses
import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.reporting.rows import GAP, changed, report, without

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting import REPORT_TABLES, page
from fer_fairness.reporting.card.model_card import model_card
from fer_fairness.reporting.html import render_report
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.results.document import results_json
from fer_fairness.reporting.rows.schema import rows_of
from fer_fairness.reporting.rows.scores import GroupRow
from fer_fairness.reporting.sections.data_and_run import reading_section
from fer_fairness.reporting.sections.recalls import MOST_LISTED, listed_groups

SECTIONS = (
    "glance",
    "found",
    "gaps",
    "recalls",
    "subgroup",
    "recognition",
    "reading",
    "limits",
    "method",
    "manifest",
)
HOSTILE = "<script>alert('x')</script> & \"quoted\""


def sections(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r'<section id="([^"]+)"', text))


def words(text: str) -> str:
    """The page as a reader sees it, in one line."""
    unseen = r"<(style|script)>.*?</\1>|<[^>]+>"
    return " ".join(re.sub(unseen, " ", text, flags=re.DOTALL).split())


@pytest.fixture(scope="module")
def audit_page(audit: ReportInputs) -> str:
    return render_report(audit)


def test_an_audit_has_its_own_sections(audit_page: str) -> None:
    assert sections(audit_page) == SECTIONS


def test_aif360_has_a_section_where_it_was_computed(small_inputs: ReportInputs) -> None:
    rows = small_inputs.tables["aif360"].head(3)
    lean = report(aif360=rows, kind="audit")
    assert "aif360" in sections(render_report(lean))


@pytest.mark.parametrize("word", ["baseline", "variant", "labeller", "mitigat", "augment"])
def test_nothing_is_said_of_what_an_audit_has_not(audit_page: str, word: str) -> None:
    assert word not in words(audit_page).lower()


def test_it_opens_with_the_model_its_size_and_its_accuracy(
    audit: ReportInputs, audit_page: str
) -> None:
    accuracy = audit.tables["overall"].set_index("metric").loc["accuracy", "value"]
    assert isinstance(accuracy, float)
    opening = "audited by its predictions in predictions_7.csv: 3,153 faces, 7 classes, accuracy"
    assert f"{opening} {100 * accuracy:.1f}" in words(audit_page)


def test_people_are_told_beside_their_faces_wherever_n_is(audit: ReportInputs) -> None:
    inputs = changed(
        audit,
        **{
            name: audit.tables[name].assign(n_people=40, n_faces=2000)
            for name in ("overall", "groups", "scan")
        },
    )
    text = words(render_report(inputs))
    assert "2,000 faces of 40 people, 7 classes" in text
    assert "(n = 2,000 of 40 people): " in text
    assert "2,000 of 40 people" in words(render_report(without(inputs, "gaps")))
    observed = audit.tables["scan"]["observed_errors"].iloc[0]
    assert f"({100 * observed / 2000:.1f}" in text


@pytest.mark.parametrize(("name", "shown"), [("fer_plus", "FER+"), ("raf_db", "RAF-DB")])
def test_a_set_of_the_project_is_named_and_not_the_file_of_the_model(
    audit: ReportInputs, name: str, shown: str
) -> None:
    overall = audit.tables["overall"].assign(evaluation_set=name)
    inputs = report(kind="audit", overall=overall, manifest=audit.manifest)
    text = words(render_report(inputs))
    assert f"audited by its predictions on the test faces of {shown}: 3,153 faces" in text


def test_all_numbers_are_in_the_file_that_an_audit_writes(small_inputs: ReportInputs) -> None:
    aif360 = small_inputs.tables["aif360"]
    many = {"rows": [{"row": i} for i in range(80)]}
    text = render_report(report(kind="audit", aif360=aif360, manifest=many))
    assert "results.json" not in text
    assert re.search(r"12 of \d+ rows, all in aif360\.parquet", text)
    assert "30 more in audit.json" in text


def test_small_groups_can_be_left_out_and_the_limits_say_how(audit: ReportInputs) -> None:
    setting = "left out with minimum_group_size = 30"
    for size, said in ((29, True), (30, False)):
        inputs = report(kind="audit", gaps=audit.tables["gaps"].assign(smallest_group_size=size))
        assert (setting in render_report(inputs)) == said


def test_the_subgroup_is_a_finding_and_a_table(audit_page: str) -> None:
    text = words(audit_page)
    assert "263 faces mistaken (63.8 %) where" in text
    assert text.count("Perceived gender: female; perceived race: Asian or African American") == 2


def test_how_the_file_was_read_is_told(audit_page: str) -> None:
    text = words(audit_page)
    assert "True emotion y_true (guessed)" in text
    assert "Attributes gender, skin_tone (given)" in text
    assert "ab" * 32 in text
    assert "c19 and 10 more" in text
    assert "perceived skin tone 77" in text


def test_a_file_without_probabilities_is_said_to_be_one(
    audit: ReportInputs, audit_page: str
) -> None:
    sentence = "There are no probabilities"
    assert sentence not in audit_page
    kept = audit.tables["overall"][audit.tables["overall"]["metric"] != "calibration_error"]
    lean = report(overall=kept, kind="audit")
    assert sentence in render_report(lean)


def test_attributes_that_cannot_be_compared_are_said_to_be_so(audit: ReportInputs) -> None:
    rows = audit.tables["gaps"].assign(
        n_groups=np.where(audit.tables["gaps"]["attribute"] == "skin_tone", 1, 2)
    )
    text = render_report(report(gaps=rows, kind="audit"))
    assert "Too few people to compare groups of perceived skin tone:" in text


@pytest.mark.parametrize("emptied", [*REPORT_TABLES, "manifest"])
def test_sections_stay_when_tables_are_empty(audit: ReportInputs, emptied: str) -> None:
    lean = changed(
        audit, groups=audit.tables["groups"].head(3), confusion=audit.tables["confusion"].head()
    )
    assert sections(render_report(without(lean, emptied))) == SECTIONS


def test_an_empty_audit_says_what_is_absent() -> None:
    text = render_report(report(kind="audit"))
    for sentence in (
        "No predictions were scored",
        "No gap between groups was computed.",
        "No subgroup was searched for.",
        "How the predictions were read was not recorded.",
    ):
        assert sentence in text


def test_names_of_a_file_are_escaped(audit: ReportInputs) -> None:
    first = audit.tables["gaps"]["metric"].isin(["accuracy_gap", "recall_gap_fear"])
    gaps = audit.tables["gaps"][first].assign(
        variant=HOSTILE, evaluation_set=HOSTILE, attribute=HOSTILE, smallest_group=HOSTILE
    )
    groups = audit.tables["groups"].head(9)
    hostile = changed(
        audit,
        gaps=gaps.assign(left_out=HOSTILE, metric=["accuracy_gap", f"recall_gap_{HOSTILE}"] * 3),
        groups=groups.assign(variant=HOSTILE, attribute=HOSTILE, group=HOSTILE),
        scan=audit.tables["scan"].assign(subgroup=HOSTILE),
    )
    reading = {"file": HOSTILE, HOSTILE: HOSTILE, "notes": [HOSTILE]}
    hostile = dataclasses.replace(hostile, manifest={"reading": reading})
    text = render_report(hostile)
    assert text.count("<script") == 1  # the page's own
    assert text.count("&lt;script&gt;") > 10


def test_results_say_what_kind_they_are_of(audit: ReportInputs, small_inputs: ReportInputs) -> None:
    results = results_json(audit)
    assert json.loads(json.dumps(results, allow_nan=False))["kind"] == "audit"
    assert set(results) == set(results_json(small_inputs))
    assert results_json(small_inputs)["kind"] == "project"


def test_a_model_card_of_a_foreign_model_is_refused(audit: ReportInputs) -> None:
    with pytest.raises(InvalidInputError, match="audited model 'network_7'"):
        model_card(audit, "network_7")


def groups_of(sizes: list[int], accuracies: list[float]) -> list[GroupRow]:
    table = pd.DataFrame({"value": accuracies, "n_people": sizes, "n_faces": sizes})
    table["group"] = [f"g{i}" for i in range(len(sizes))]
    named = ("variant", "evaluation_set", "attribute", "attribute_source")
    table = table.assign(ci_low=0.0, ci_high=1.0, **{name: str(GAP[name]) for name in named})
    parts = [table.assign(metric=name) for name in ("accuracy", "recall_fear")]
    return rows_of(pd.concat(parts), GroupRow)


def test_of_few_groups_all_are_listed() -> None:
    rows = groups_of([20] * 2 * MOST_LISTED, [0.5] * 2 * MOST_LISTED)
    shown, note = listed_groups(rows, least=10, what="camera")
    assert shown is rows
    assert not note


def test_of_many_groups_the_extremes_of_those_compared_are_listed() -> None:
    n = 500
    accuracies = list(np.linspace(0, 1, n))
    sizes = [20] * n
    sizes[0] = sizes[-1] = 3
    shown, note = listed_groups(groups_of(sizes, accuracies), least=10, what="camera")
    expected = {f"g{i}" for i in (*range(1, MOST_LISTED + 1), *range(n - 1 - MOST_LISTED, n - 1))}
    assert {row.group for row in shown} == expected
    assert len(shown) == 2 * len(expected)
    assert "500 groups of camera" in note
    assert "460 are not shown" in note


def test_where_few_of_many_groups_were_compared_these_are_listed() -> None:
    rows = groups_of([20] * 3 + [2] * 97, [0.5] * 100)
    shown, note = listed_groups(rows, least=10, what="camera")
    assert {row.group for row in shown} == {"g0", "g1", "g2"}
    assert "Shown are the 3 that were compared; 97 are not shown." in note
    shown, note = listed_groups(rows, least=30, what="camera")
    assert shown == []
    assert note.startswith("None of the 100 groups of camera has")


def test_a_reading_of_any_shape_is_shown() -> None:
    reading = {"odd": [1, 2], "inner": {"x": {"y": 1}, "empty": {}}, "flag": True, "notes": "One."}
    blocks = reading_section(report(manifest={"reading": reading})).blocks
    pairs = [pair for block in blocks if isinstance(block, page.Pairs) for pair in block.items]
    assert pairs == [("Odd", "1, 2"), ("Flag", "yes"), ("x", "y: 1"), ("empty", "\N{EN DASH}")]


def test_what_may_be_wrong_is_told_first_and_what_was_assumed_behind_the_findings(
    audit: ReportInputs,
) -> None:
    warning, note = "The rows look like several faces.", "The probabilities are a softmax."
    reading = {"file": "a.csv", "notes": [note], "warnings": [warning]}
    noted = dataclasses.replace(audit, notes=[warning], manifest={"reading": reading})
    told = render_report(noted)
    assert told.count(warning) == told.count(note) == 1
    assert told.index(warning) < told.index('id="found"') < told.index(note)
    assert told.index('id="reading"') < told.index(note)


@pytest.fixture(scope="module")
def predicted_page(small_inputs: ReportInputs) -> str:
    """The page of an audit whose groups were predicted, with the labeller's own tables."""
    left_out = ("comparisons", "distributions", "histories", "scan", "aif360")
    tables: dict[str, Any] = {
        name: table[table["variant"] == "baseline"].assign(variant="network_7")
        if "variant" in table
        else table
        for name, table in small_inputs.tables.items()
        if name not in left_out
    }
    return render_report(report(kind="audit", **tables))


def test_predicted_groups_and_the_labeller_have_sections_in_an_audit(predicted_page: str) -> None:
    expected = [*SECTIONS]
    expected.insert(expected.index("recognition"), "predicted")
    expected.insert(expected.index("reading"), "labeller")
    assert sections(predicted_page) == tuple(expected)


@pytest.mark.parametrize("word", ["baseline", "variant", "mitigat", "augment"])
def test_predicted_groups_bring_no_words_that_an_audit_has_not(
    predicted_page: str, word: str
) -> None:
    assert word not in words(predicted_page).lower()


def test_an_audit_tells_corrected_gaps_first(predicted_page: str) -> None:
    first = predicted_page.split('<section id="gaps"')[0]
    assert words(first).count("\N{RIGHTWARDS ARROW} corrected for label errors") == 5
    assert "Corrected for label errors: " in words(first)


def test_agreement_alone_gives_an_audit_a_labeller_section(small_inputs: ReportInputs) -> None:
    inputs = report(kind="audit", agreement=small_inputs.tables["agreement"])
    assert "labeller" in sections(render_report(inputs))
