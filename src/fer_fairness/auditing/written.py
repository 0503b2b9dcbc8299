"""Runs and audits as they lie on a disk: their results, and the people behind them if kept."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import pandas as pd

from fer_fairness.auditing.models import models_of
from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.scored_faces import ScoredFaces
from fer_fairness.files import home_expanded
from fer_fairness.reporting import ReportInputs, read_inputs
from fer_fairness.reporting.rows.scores import OverallRow
from fer_fairness.taxonomy import EMOTIONS

_NAMES: Final = ("results.json", "audit.json", "08_reporting/results.json")

People: TypeAlias = Mapping[tuple[str, str], Mapping[int, ScoredFaces]]
"""Scored faces by evaluation set and variant, and then by training seed."""


@dataclass(frozen=True)
class WrittenReport:
    """A run or an audit as it was written.

    Attributes:
        results: Its results file.
        inputs: What its report was written from.
        people: Its scored faces; empty where they are not kept beside the results.
        notes: Why faces that are kept are not used.
    """

    results: Path
    inputs: ReportInputs
    people: People
    notes: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """Such as "run of 2026-11-29 09:35" and "audit of “model_b”, 2026-11-29 09:35"."""
        when = str(self.inputs.manifest.get("started_at") or "unknown time").replace("T", " ")[:16]
        if self.inputs.kind == "project":
            commit = self.inputs.manifest.get("commit")
            return f"run of {when}{f' (commit {str(commit)[:7]})' if commit else ''}"
        return f"audit of “{self.inputs.label_of(self.inputs.variants()[0])}”, {when}"


def results_file(named: str) -> Path:
    """The results file of a run or an audit.

    Args:
        named: Its path, that of its folder, or of the data root of a run.

    Raises:
        InvalidInputError: There is none.
    """
    path = home_expanded(named)
    if path.is_file():
        return path
    found = next((path / name for name in _NAMES if (path / name).is_file()), None)
    if found is None:
        there = "holds none of them" if path.is_dir() else "is not there"
        raise InvalidInputError(
            f"compare.reports names {named!r}, which {there}: expected results.json of a run or "
            f"audit.json of an audit, its folder, or a data root ({', '.join(_NAMES)}). Correct "
            "the path, or make the report first with kedro run."
        )
    return found


def read_report(named: str) -> WrittenReport:
    """A run or an audit with the people behind it, where they are kept.

    Args:
        named: As of `results_file`.

    Raises:
        InvalidInputError: There are no results, or they are of another version or not whole.
    """
    results = results_file(named)
    inputs = read_inputs(results)
    if not inputs.variants() or not inputs.evaluation_sets():
        raise InvalidInputError(
            f"{results} tells of no model that was scored: expected the tables overall and gaps. "
            "Make the report again."
        )
    people: dict[tuple[str, str], dict[int, ScoredFaces]] = {}
    notes = []
    for seed, part in _kept(results, inputs):
        people.setdefault((part.evaluation_set, part.variant), {})[seed] = part
    for key, by_seed in list(people.items()):
        if not _is_reported(next(iter(by_seed.values())), inputs):
            del people[key]
            notes.append(
                f"The predictions of {inputs.label_of(key[1])} on {key[0]} beside {results.name} "
                "are not those that it was made from, and are not used."
            )
    return WrittenReport(results, inputs, people, tuple(notes))


def _kept(results: Path, inputs: ReportInputs) -> Iterator[tuple[int, ScoredFaces]]:
    """The scored faces of each model and set with the training seed, the first seed first."""
    if inputs.kind == "audit":
        file, reading = results.parent / "people.parquet", inputs.manifest.get("reading")
        if file.is_file() and isinstance(reading, dict) and not _are_rows(reading):
            for part in models_of(pd.read_parquet(file), reading):
                yield 0, part
        return
    seeds = [int(seed) for seed in _listed(inputs.manifest.get("seeds"))] or [0]
    parameters = inputs.manifest.get("parameters")
    scored_over = parameters.get("scored_over") if isinstance(parameters, dict) else None
    for variant in inputs.variants():
        for place, seed in enumerate(seeds):
            name = variant if place == 0 else f"{variant}_seed_{seed}"
            file = results.parent.parent / "07_model_output" / name / "scored.parquet"
            if not file.is_file():
                break  # of further seeds none is used without the first
            scored = pd.read_parquet(file)
            for evaluation_set, table in scored.groupby("evaluation_set", sort=False):
                yield seed, _part(variant, str(evaluation_set), table, scored_over)


def _are_rows(reading: dict[str, Any]) -> bool:
    """Whether samples are told by their rows alone: nothing says that another file has the same."""
    told = reading.get("columns", {}).get("sample_id", {})
    return isinstance(told, dict) and told.get("by") == "row numbers"


def _part(variant: str, evaluation_set: str, table: pd.DataFrame, scored_over: Any) -> ScoredFaces:  # noqa: ANN401  as the manifest has it
    told = scored_over.get(evaluation_set) if isinstance(scored_over, dict) else None
    occurring = {*table["emotion"], *table["predicted_emotion"]}
    emotions = told or [name for name in EMOTIONS if name in occurring]
    return ScoredFaces(evaluation_set, variant, tuple(emotions), table.reset_index(drop=True))


def _is_reported(part: ScoredFaces, inputs: ReportInputs) -> bool:
    accuracy = float((part.table["emotion"] == part.table["predicted_emotion"]).mean())
    return any(
        math.isclose(row.value, accuracy, abs_tol=1e-9)
        for row in inputs.rows(OverallRow)
        if (row.evaluation_set, row.variant) == (part.evaluation_set, part.variant)
        and row.metric == "accuracy"
    )


def _listed(given: object) -> list[Any]:
    return given if isinstance(given, list) else []
