"""What an audit shows: in print, in a notebook, as tables, as a picture, as a page."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter
from tests.auditing.frames import DRAWS

from fer_fairness import Audit, audit


@pytest.fixture(scope="module")
def found(sure: pd.DataFrame) -> Audit:
    return audit(sure, attributes=["gender", "race"], name="<b>&", **DRAWS)


def test_an_audit_prints_what_it_came_to_within_eighty_columns(found: Audit) -> None:
    lines = repr(found).splitlines()
    assert max(map(len, lines)) <= 80
    told = " ".join(" ".join(lines).split())
    assert "▲ Perceived gender: Female faces are recognised" in told
    marks = {"difference found": "▲", "no difference found": "○", "cannot tell": "?"}
    for row in found.findings.to_dict("records"):
        assert f"{marks[row['verdict']]} Perceived {row['attribute']}: {row['sentence']}" in told
    gaps = found.gaps.query("attribute == 'gender' and metric == 'accuracy_gap'")
    (value,), (low,) = gaps["value"], gaps["ci_low"]
    assert f"{100 * value:.1f} [{100 * low:.1f} to" in told


def test_a_notebook_shows_the_same_and_escapes_names(found: Audit) -> None:
    shown = found._repr_html_()
    assert "Female faces are recognised" in shown
    assert "<b>&" not in shown
    assert "&lt;b&gt;&amp;" in shown


def test_findings_agree_with_the_table(found: Audit) -> None:
    found_in = found.table[found.table["verdict"] == "difference found"]["attribute"]
    by_attribute = found.findings.set_index("attribute")["verdict"]
    assert set(by_attribute.index) == {"gender", "race"}
    for attribute, verdict in by_attribute.items():
        assert (verdict == "difference found") == (attribute in set(found_in))


def test_gaps_are_rows_of_the_table(found: Audit) -> None:
    joined = found.gaps.merge(found.table, on=[*found.gaps], how="left", indicator=True)
    assert set(joined["_merge"]) == {"both"}
    assert set(found.gaps["attribute"]) == {"gender", "race"}


def test_scores_of_groups_are_shares_of_their_rows(found: Audit, sure: pd.DataFrame) -> None:
    right = (sure["label"] == sure["prediction"]).groupby(sure["race"]).mean()
    groups = found.groups[found.groups["attribute"].eq("race")]
    accuracy = groups[groups["metric"] == "accuracy"].set_index("group")["value"]
    pd.testing.assert_series_equal(accuracy, right, check_names=False, check_dtype=False)


def test_scores_of_steps_of_a_scale_stand_as_they_rise(sure: pd.DataFrame) -> None:
    steps = [f"{row % 12 + 1}" for row in range(len(sure))]
    groups = audit(sure.assign(monk=steps), attributes=["monk", "gender"], **DRAWS).groups
    of_steps = groups.loc[groups["attribute"] == "monk", "group"]
    assert of_steps.unique().tolist() == [str(step) for step in range(1, 13)]
    assert not groups.duplicated(["attribute", "group", "metric"]).any()


def test_the_report_and_its_numbers_are_those_of_the_audit(found: Audit, tmp_path: Path) -> None:
    page = found.to_html(tmp_path / "deeper/report.html")
    assert (tmp_path / "deeper/report.html").read_text(encoding="utf-8") == page
    assert "Female faces are recognised" in page
    assert "audit.columns" not in page
    results: Any = found.to_dict()
    assert results["kind"] == "audit"
    assert results["tables"]["gaps"]["n_rows"] == len(found.table)
    assert results["tables"]["scan"]
    assert results["manifest"]["reading"]["columns"]["true"] == {"column": "label", "by": "guessed"}
    json.dumps(results, allow_nan=False)


def test_the_plot_has_a_line_for_each_attribute(found: Audit) -> None:
    (panel,) = found.plot().axes
    labels = " ".join(label.get_text() for label in panel.get_yticklabels())
    assert "gender" in labels
    assert "race" in labels


def test_a_notebook_shows_the_plot_without_pyplot(found: Audit) -> None:
    shown = DisplayFormatter().format(found.plot())[0]  # type: ignore[no-untyped-call]
    assert shown["image/png"].startswith(b"\x89PNG")


def test_a_file_is_audited_as_the_table_that_it_holds(
    sure: pd.DataFrame, found: Audit, tmp_path: Path
) -> None:
    sure.to_csv(tmp_path / "a model.csv.gz", index=False)
    of_file = audit(tmp_path / "a model.csv.gz", attributes=["gender", "race"], **DRAWS)
    pd.testing.assert_frame_equal(of_file.table, found.table)
    assert of_file.name == "a model"
    assert len(of_file.reading["sha256"]) == 64


def test_all_that_looks_like_groups_is_compared_with_its_pairs_where_nobody_says(
    frame: pd.DataFrame,
) -> None:
    assert list(audit(frame, **DRAWS).table["attribute"].unique()) == [
        "gender",
        "race",
        "gender x race",
    ]
