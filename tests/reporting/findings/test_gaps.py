from collections.abc import Callable

import pandas as pd
from tests.reporting.rows import GAP, changed, report

from fer_fairness.reporting.findings.gap_sentences import gap_sentence
from fer_fairness.reporting.findings.gaps import gap_findings
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.scores import GapRow


def gaps_of(*changes: dict[str, object]) -> ReportInputs:
    return report(gaps=pd.DataFrame([{**GAP, **change} for change in changes]))


def test_a_gap_that_did_not_survive_is_not_found() -> None:
    inputs = gaps_of({"verdict": "no difference found", "p_value_corrected": 0.3})
    (finding,) = gap_findings(inputs, variant="baseline")
    assert finding.kind == "not_found"
    assert "no difference found; 6.2 points would be found in 8 audits of 10" in finding.text


def test_other_metrics_found_are_named_and_make_it_a_finding() -> None:
    not_found: dict[str, object] = {"verdict": "no difference found", "p_value_corrected": 0.3}
    inputs = gaps_of(
        not_found,
        {"metric": "recall_gap_fear", "family": "by_class"},
        {"metric": "recall_gap_anger", "family": "by_class", **not_found},
        {"metric": "xu_fairness"},
    )
    (finding,) = gap_findings(inputs, variant="baseline")
    assert finding.kind == "found"
    assert "Difference also found: Xu fairness." in finding.text
    assert "Difference found in recall, by emotion:\nFear: gap 8.1 points [5.9 to 10.2].\n" in (
        finding.text
    )
    assert "Anger" not in finding.text


def test_of_very_many_metrics_found_a_few_are_named() -> None:
    many: list[dict[str, object]] = [{"metric": f"index_{i}"} for i in range(9)]
    (finding,) = gap_findings(gaps_of({}, *many), variant="baseline")
    assert "index 0; index 1; index 2; index 3; index 4 and 4 more." in finding.text


def recall_gap(emotion: str, value: float) -> dict[str, object]:
    return {"metric": f"recall_gap_{emotion}", "family": "by_class", "value": value}


def test_recalls_found_stand_before_other_metrics_widest_first() -> None:
    gaps = [recall_gap(name, 0.1 + 0.01 * i) for i, name in enumerate("abcdef")]
    precision: dict[str, object] = {"metric": "precision_gap_a", "family": "by_class"}
    inputs = gaps_of({}, *gaps, precision, {"metric": "xu_fairness"})
    (finding,) = gap_findings(inputs, variant="baseline")
    lines = finding.text.splitlines()
    assert [line[:2] for line in lines[2:6]] == ["F:", "E:", "D:", "C:"]
    assert lines[6:8] == ["and 2 more emotions.", "Difference also found: Xu fairness."]


def group_rows(*rows: tuple[str, str, float, int]) -> pd.DataFrame:
    shown = ("variant", "evaluation_set", "attribute", "attribute_source")
    table = pd.DataFrame(rows, columns=["group", "metric", "value", "n_people"])
    table["n_faces"] = table["n_people"]
    return table.assign(ci_low=0.0, ci_high=1.0, **{key: str(GAP[key]) for key in shown})


def test_a_recall_found_names_the_groups_at_its_ends_among_those_compared() -> None:
    not_found: dict[str, object] = {"verdict": "no difference found", "p_value_corrected": 0.3}
    gaps: list[dict[str, object]] = [
        not_found,
        {"metric": "macro_f1_gap"},
        recall_gap("sadness", 0.468),
    ]
    inputs = changed(
        gaps_of(*gaps),
        groups=group_rows(
            ("female", "accuracy", 0.5, 1502),
            ("male", "accuracy", 0.7, 1600),
            ("unsure", "accuracy", 0.1, 40),
            ("female", "recall_sadness", 0.152, 310),
            ("male", "recall_sadness", 0.62, 296),
            ("unsure", "recall_sadness", 0.0, 9),
        ),
    )
    (finding,) = gap_findings(inputs, variant="baseline")
    text = finding.text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert (
        "Sadness: lowest female 15.2 % (n = 310), highest male 62.0 % (n = 296); "
        "gap 46.8 points [5.9 to 10.2]." in text
    )
    assert "Lowest accuracy: female 50.0 % (n = 1,502); highest: male 70.0 %" in text
    assert "unsure" not in text


def test_sizes_and_missing_labels_are_told() -> None:
    (finding,) = gap_findings(gaps_of({"left_out": "asian"}), variant="baseline")
    assert "3,153 faces in 2 groups; smallest: female, n = 1,502." in finding.text
    assert "77 faces without such a label" in finding.text
    assert "Left out as too small: Asian." in finding.text
    assert finding.heading == "RAF-DB, perceived gender (labels by annotators)"


def test_hundreds_of_groups_left_out_are_counted_and_not_listed() -> None:
    names = [f"group {i}" for i in range(300)]
    gaps = pd.DataFrame([{**GAP, "left_out": ", ".join(names[2:])}])
    shown = ("variant", "evaluation_set", "attribute", "attribute_source")
    groups = pd.DataFrame({"group": names, "metric": "accuracy", "n_people": 3, "n_faces": 3})
    groups = groups.assign(**{key: str(GAP[key]) for key in shown})
    groups = groups.assign(value=0.5, ci_low=0, ci_high=1)
    inputs = report(gaps=gaps, groups=groups)
    (finding,) = gap_findings(inputs, variant="baseline")
    assert "Left out as too small: 298 groups, which the table of gaps" in finding.text


def test_small_groups_are_called_too_few() -> None:
    (finding,) = gap_findings(gaps_of({"smallest_group_size": 12}), variant="baseline")
    assert "n = 12, too few to read on its own" in finding.text


def test_found_differences_come_first_and_name_the_extremes(
    make_inputs: Callable[..., ReportInputs],
) -> None:
    inputs = make_inputs()
    findings = gap_findings(inputs, variant="baseline")
    kinds = [finding.kind for finding in findings]
    assert set(kinds) == {"found", "not_found"}
    assert kinds == sorted(kinds)
    told = [("Lowest accuracy:" in finding.text) for finding in findings]
    assert told == [kind == "found" for kind in kinds]


def test_a_headline_metric_has_a_line_of_its_own(small_inputs: ReportInputs) -> None:
    sentences = {gap_sentence(row) for row in small_inputs.rows(GapRow)}
    for finding in gap_findings(small_inputs, variant="baseline"):
        lines = finding.text.splitlines()
        assert sum(line.startswith(tuple(sentences)) for line in lines) == 2


def test_an_audit_names_the_attribute_alone(audit: ReportInputs) -> None:
    findings = gap_findings(audit, variant=audit.variants()[0])
    headings = {finding.heading for finding in findings}
    assert "Perceived skin tone (labels given in the file)" in headings


def test_empty_inputs_have_no_findings() -> None:
    assert gap_findings(ReportInputs(), variant="baseline") == []
