"""Two written reports side by side: paired where people are the same, with intervals where not."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.auditing.frames import CLASSES, DRAWS, PROBABILITIES, fabricated

from fer_fairness import Audit, audit
from fer_fairness.auditing.side_by_side import SIDE_COLUMNS, side_by_side
from fer_fairness.auditing.written import WrittenReport, read_report
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.compare import CompareParameters
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.pipelines.compare.nodes import compare_reports
from fer_fairness.reporting import ReportInputs, write_results

PARAMS = InferenceParameters(**DRAWS)
OPTIONS: dict[str, Any] = {"attributes": "gender", "sample_id": "file", **DRAWS}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return fabricated(400).drop(columns=PROBABILITIES)


@pytest.fixture(scope="module")
def better(frame: pd.DataFrame) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    right = generator.random(len(frame)) < 0.95
    return frame.assign(prediction=np.where(right, frame["label"], CLASSES[0]))


@pytest.fixture(scope="module")
def audits(frame: pd.DataFrame, better: pd.DataFrame) -> tuple[Audit, Audit]:
    return audit(frame, name="old", **OPTIONS), audit(better, name="new", **OPTIONS)


def written(found: Audit, folder: Path, *, with_people: bool = True) -> WrittenReport:
    found.write(folder)
    if with_people:
        found.people[0].to_parquet(folder / "people.parquet")
    return read_report(str(folder))


def compared(first: WrittenReport, second: WrittenReport) -> tuple[pd.DataFrame, list[str]]:
    return side_by_side(first, second, params=PARAMS, seed=0)


def test_the_same_people_are_compared_in_pairs_as_audits_compare(
    audits: tuple[Audit, Audit], tmp_path: Path
) -> None:
    old, new = audits
    table, notes = compared(written(old, tmp_path / "a"), written(new, tmp_path / "b"))
    assert list(table.columns) == list(SIDE_COLUMNS)
    assert set(table["pairing"]) == {"paired"}
    assert not notes
    expected = old.compare(new).table
    for name in ("metric", "attribute", "baseline_value", "value", "difference", "n_people"):
        pd.testing.assert_series_equal(table[name], expected[name], check_dtype=False)
    gap = table.query("metric == 'accuracy_gap'").iloc[0]
    assert (gap["verdict"], gap["difference"] < 0) == ("difference found", True)


def test_without_predictions_values_stand_beside_one_another_and_nothing_is_tested(
    audits: tuple[Audit, Audit], tmp_path: Path
) -> None:
    old, new = audits
    first = written(old, tmp_path / "a")
    table, notes = compared(first, written(new, tmp_path / "b", with_people=False))
    assert "not compared person by person: the predictions of one of them are not" in notes[0]
    assert set(table["pairing"]) == {"unpaired"}
    assert set(table["verdict"]) == {"not tested"}
    assert table["p_value_corrected"].isna().all()
    accuracy = table.query("metric == 'accuracy'").iloc[0]
    scores = [one.overall.set_index("metric")["value"] for one in audits]
    assert accuracy["difference"] == pytest.approx((scores[1] - scores[0])["accuracy"])
    told = table.dropna(subset=["uncorrected_ci_low", "uncorrected_ci_high"])
    assert len(told) > 10
    assert (told["uncorrected_ci_low"] <= told["difference"] + 1e-12).all()
    assert (told["uncorrected_ci_high"] >= told["difference"] - 1e-12).all()


def test_samples_that_only_their_rows_tell_apart_are_not_paired(
    frame: pd.DataFrame, better: pd.DataFrame, tmp_path: Path
) -> None:
    rows = {**OPTIONS, "sample_id": "none"}
    old, new = audit(frame, name="old", **rows), audit(better, name="new", **rows)
    table, notes = compared(written(old, tmp_path / "a"), written(new, tmp_path / "b"))
    assert "nothing but their rows tells its samples apart" in notes[0]
    assert set(table["pairing"]) == {"unpaired"}


def test_other_people_are_counted_and_not_paired(
    audits: tuple[Audit, Audit], better: pd.DataFrame, tmp_path: Path
) -> None:
    fewer = audit(better[:-10], name="new", **OPTIONS)
    table, notes = compared(written(audits[0], tmp_path / "a"), written(fewer, tmp_path / "b"))
    assert "of 400 and 390 samples 390 are the same" in notes[0]
    assert set(table["pairing"]) == {"unpaired"}


def test_people_whose_emotion_is_another_are_not_paired(
    audits: tuple[Audit, Audit], better: pd.DataFrame, tmp_path: Path
) -> None:
    other = better.assign(label=better["label"].where(better.index > 2, "fear"))
    n = int((other["label"] != better["label"]).sum())
    found = audit(other, name="new", **OPTIONS)
    _, notes = compared(written(audits[0], tmp_path / "a"), written(found, tmp_path / "b"))
    assert f"{n} of their samples have another true emotion" in notes[0]


def test_people_in_another_group_are_told(
    audits: tuple[Audit, Audit], better: pd.DataFrame, tmp_path: Path
) -> None:
    moved = better.assign(gender=better["gender"].where(better.index != 0, "other"))
    found = audit(moved, name="new", **OPTIONS)
    table, notes = compared(written(audits[0], tmp_path / "a"), written(found, tmp_path / "b"))
    assert "1 by gender of 400 samples have another group in the second report" in notes[0]
    assert set(table["pairing"]) == {"paired"}


def test_predictions_that_are_not_those_of_the_results_are_not_used(
    audits: tuple[Audit, Audit], tmp_path: Path
) -> None:
    old, new = audits
    old.write(tmp_path / "a")
    new.people[0].to_parquet(tmp_path / "a/people.parquet")
    found = read_report(str(tmp_path / "a"))
    assert not found.people
    assert "are not those that it was made from" in found.notes[0]


def run_of(audits: dict[str, Audit], seeds: dict[int, pd.DataFrame], root: Path) -> WrittenReport:
    """A data root as a run leaves it: the baseline with its predictions of every seed."""
    measured = audits["baseline"].measured
    manifest = {"seeds": [*seeds], "started_at": "2026-11-29T09:35:13+00:00", "commit": "a" * 40}
    inputs = ReportInputs(measured, kind="project", manifest=manifest)
    write_results(inputs, root / "08_reporting")
    for place, (seed, people) in enumerate(seeds.items()):
        name = "baseline" if place == 0 else f"baseline_seed_{seed}"
        folder = root / "07_model_output" / name
        folder.mkdir(parents=True)
        people.assign(variant="baseline", seed=seed).to_parquet(folder / "scored.parquet")
    return read_report(str(root))


def test_runs_are_compared_over_the_seeds_that_both_have(
    frame: pd.DataFrame, better: pd.DataFrame, tmp_path: Path
) -> None:
    reports = []
    for name, table, seeds in (("a", frame, (0, 1)), ("b", better, (0, 1, 2))):
        found = audit(table, name="baseline", **OPTIONS)
        people = found.people[0].assign(evaluation_set=found.reading["evaluation_set"])
        reports.append(run_of({"baseline": found}, dict.fromkeys(seeds, people), tmp_path / name))
    table, _ = compared(*reports)
    assert set(table["pairing"]) == {"paired"}
    assert set(table["n_seeds"]) == {2}
    assert reports[0].about == "run of 2026-11-29 09:35 (commit aaaaaaa)"


def test_reports_without_an_attribute_in_common_are_refused(
    audits: tuple[Audit, Audit], frame: pd.DataFrame, tmp_path: Path
) -> None:
    by_race = audit(frame, **{**OPTIONS, "attributes": "race"})
    with pytest.raises(InvalidInputError, match="first has gender, the second race"):
        compared(written(audits[0], tmp_path / "a"), written(by_race, tmp_path / "b"))


def test_paths_without_results_or_of_another_version_are_refused(
    audits: tuple[Audit, Audit], tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match="'no/where', which is not there: expected results"):
        read_report("no/where")
    with pytest.raises(InvalidInputError, match="holds none of them"):
        read_report(str(tmp_path))
    audits[0].write(tmp_path)
    results = json.loads((tmp_path / "audit.json").read_text())
    (tmp_path / "audit.json").write_text(json.dumps({**results, "schema_version": "5.0"}))
    with pytest.raises(InvalidInputError, match=r"schema_version.*expected results of the schema"):
        read_report(str(tmp_path))


def test_the_node_writes_page_table_and_json_that_tell_the_same(
    audits: tuple[Audit, Audit], tmp_path: Path
) -> None:
    paths = [str(tmp_path / name) for name in "ab"]
    for found, path in zip(audits, paths, strict=True):
        written(found, Path(path))
    parameters = CompareParameters(reports=tuple(paths), inference=PARAMS)
    page, table, figures, results = compare_reports(parameters, 0, {"commit": None})
    told = results["findings"][0]
    assert told["heading"] in page
    (drawn,) = (pd.read_csv(BytesIO(figures[name])) for name in figures if name.endswith("csv"))
    assert list(drawn["metric"]) == [
        *("accuracy", "balanced_accuracy", "accuracy_gap", "worst_group_accuracy")
    ]
    assert "accuracy gap for perceived gender" in told["text"].partition("Better: ")[2]
    assert results["table"]["n_rows"] == len(table)
    json.dumps(results, allow_nan=False)
    made = {one["what"]: (one["first"], one["second"]) for one in results["made_differently"]}
    assert made["parameters › name"] == ("old", "new")  # noqa: RUF001
    assert str(tmp_path) not in page + json.dumps(results)
    again = CompareParameters(reports=(paths[0], paths[0]))
    with pytest.raises(InvalidInputError, match=r"audit\.json twice: expected two reports"):
        compare_reports(again, 0, {})
    with pytest.raises(InvalidInputError, match=r'"compare\.reports=A;B"'):
        compare_reports(CompareParameters(), 0, {})
