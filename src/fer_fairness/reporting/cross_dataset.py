"""The page of cross-dataset validation, and what programs read of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.reporting import page
from fer_fairness.reporting.figures.crossed import crossed_figure, crossed_words
from fer_fairness.reporting.html import render_page
from fer_fairness.reporting.json_values import as_json
from fer_fairness.reporting.labels import (
    attribute_label,
    capitalised,
    evaluation_set_label,
    group_label,
    in_sentence,
)
from fer_fairness.reporting.number_text import listed, points, thousands
from fer_fairness.reporting.rows.crossed import (
    ChangeBetweenModels,
    ChangeBetweenSets,
    MatrixRow,
)
from fer_fairness.reporting.rows.schema import Row, checked_table, grouped, rows_of

R = TypeVar("R", bound=Row)

_MEAN_RECALL: Final = "balanced_accuracy"
_FIGURE: Final = "cross-dataset-matrix"

_READING: Final = (
    "Down: what a model was trained on; across: what it is scored on; percent, with the "
    "interval of each cell alone. Framed: the model's own dataset. An arrow: found to be higher or "
    "lower than there, all such changes corrected together; of calibration it is overconfidence "
    "that is tested, below. Gaps are without what noise adds to them. Each panel has colours of "
    "its own; its best cell is the brightest."
)
_SETS_DIFFER: Final = (
    "Between two datasets the people differ, and so do pictures, annotators and, where it says so, "
    "who told the perceived groups: a change tells that a result does not carry over, not why. "
    "Accuracy also changes with how often each emotion is shown; mean recall does not. Intervals "
    "hold for these trained models: what another training seed would give is not in them."
)
_SAME_FACES: Final = (
    "On the faces of each dataset, other models against the one that was trained on it: the same "
    "people, so that differences are paired. A family of tests of its own."
)


@dataclass(frozen=True)
class CrossedResults:
    """What the page is made of.

    Attributes:
        shared: Emotions and groups that all are compared over, and who takes no part.
        matrix: `fairness.cross_dataset.matrix.MATRIX_COLUMNS`.
        between_sets: `BETWEEN_SETS_COLUMNS`.
        between_models: `CHANGE_COLUMNS` with `model` for `variant`.
        counted: Faces that each dataset was trained on.
        notes: What must be known first, such as that faces are fabricated.
    """

    shared: Mapping[str, Any]
    matrix: pd.DataFrame
    between_sets: pd.DataFrame
    between_models: pd.DataFrame
    counted: pd.DataFrame
    notes: Sequence[str] = field(default_factory=tuple)

    @cached_property
    def rows(self) -> list[MatrixRow]:
        """The matrix."""
        return _rows(self.matrix, MatrixRow)

    @cached_property
    def changes(self) -> list[ChangeBetweenSets]:
        """What changes for a model away from its own set."""
        return _rows(self.between_sets, ChangeBetweenSets)

    @cached_property
    def models(self) -> list[ChangeBetweenModels]:
        """What another model changes on the same faces."""
        return _rows(self.between_models, ChangeBetweenModels)

    def findings(self) -> list[str]:
        """A sentence for each model and other set."""
        by_pair = grouped(self.changes, lambda row: (row.model, row.evaluation_set))
        return [_finding(rows) for rows in by_pair.values()]

    def compared_over(self) -> list[str]:
        """What all is compared over, and who takes no part, in sentences."""
        shared = self.shared
        told = [f"Compared over the emotions that all sets label: {listed(shared['emotions'])}."]
        for attribute, groups in shared["groups"].items():
            names = [group_label(name) for name in groups]
            label = capitalised(attribute_label(attribute))
            told.append(
                f"{label}: {listed(names)}."
                if len(names) > 1
                else f"{label}: no two groups that are large enough on every set; not compared."
            )
        for what, why in (
            ("n_faces_of_other_emotions", "show another emotion"),
            ("n_known_faces", "another dataset has too"),
        ):
            told += [
                f"Test faces of {evaluation_set_label(name)} left out, which {why}: "
                f"{thousands(count)}."
                for name, count in shared[what].items()
                if count
            ]
        return told

    def record(self) -> dict[str, Any]:
        """What programs read: what was compared, findings, and the tables beside it."""
        tables = {
            "matrix": self.matrix,
            "between_sets": self.between_sets,
            "between_models": self.between_models,
        }
        recorded: dict[str, Any] = {
            "kind": "cross_dataset",
            "notes": as_json(list(self.notes)),
            "compared_over": as_json(dict(self.shared)),
            "findings": self.findings(),
            "tables": {
                name: {
                    "path": f"{name}.parquet",
                    "n_rows": len(table),
                    "columns": [str(column) for column in table.columns],
                }
                for name, table in tables.items()
            },
        }
        return recorded


def matrix_figure(results: CrossedResults) -> Figure:
    """The matrix at a glance."""
    return crossed_figure(results.rows, results.changes)


def cross_dataset_sections(results: CrossedResults) -> list[page.Section]:
    """What the page says."""
    return [
        _glance(results),
        _between_sets(results.changes),
        _between_models(results),
        _calibration(results.rows),
        _made(results),
    ]


def cross_dataset_page(results: CrossedResults, sections: Sequence[page.Section]) -> str:
    """The page, a self-contained HTML document: `cross_dataset_sections` under what they are of."""
    labels = [evaluation_set_label(name) for name in results.shared["datasets"]]
    return render_page(
        sections,
        kicker="Cross-dataset validation",
        title="Does it hold on another dataset?",
        subject=f"Models trained on {listed(labels)}, each scored on all of them.",
    )


def _glance(results: CrossedResults) -> page.Section:
    drawing = page.Drawing(
        _FIGURE,
        matrix_figure(results),
        caption=_READING,
        alternative=crossed_words(results.rows),
        rows=results.rows,
    )
    notes: list[page.Block] = [page.Notes(tuple(results.notes))] if results.notes else []
    return page.Section(
        "glance",
        "At a glance",
        [*notes, drawing, page.Bullets((*results.findings(), *results.compared_over()))],
    )


def _finding(rows: Sequence[ChangeBetweenSets]) -> str:
    first = rows[0]
    main = next(row for row in rows if row.metric == _MEAN_RECALL and row.group is None)
    sentence = f"Trained on {first.home_label} and scored on {first.set_label}: mean recall "
    if main.found:
        sentence += main.change
    else:
        sentence += f"{main.change} ({main.judgement})"
        if np.isfinite(main.minimum_detectable):
            sentence += (
                f"; a change of {points(main.minimum_detectable)} would be found in 8 of 10 such "
                "comparisons"
            )
    found = [row for row in rows if row.found and row.outcome == "primary" and row is not main]
    emotions = [row for row in found if row.metric.startswith("recall_")]
    groups = [row for row in found if row.group is not None]
    gaps = [row for row in found if row.attribute is not None and row.group is None]
    if not found:
        return f"{sentence}. Nothing else was found to change."
    of_gaps = grouped(gaps, lambda row: row.metric).values()
    told = [_most("emotion", emotions), _most("group", groups), *map(_told_gaps, of_gaps)]
    return f"{sentence}. {' '.join(told)}"


def _most(kind: str, rows: Sequence[ChangeBetweenSets]) -> str:
    if not rows:
        return f"No single {kind} was found to change."
    most = max(rows, key=lambda row: abs(row.difference))
    name = most.metric.removeprefix("recall_") if most.group is None else group_label(most.group)
    plural = "" if len(rows) == 1 else "s"
    return (
        f"Found for {len(rows)} {kind}{plural}, most for {name} "
        f"({most.amount(most.difference, sign=True)})."
    )


def _told_gaps(rows: Sequence[ChangeBetweenSets]) -> str:
    """How far one metric changed between the groups of each attribute."""
    changes = [
        f"{row.amount(row.difference, sign=True)} by {attribute_label(str(row.attribute))}"
        for row in rows
    ]
    return f"{rows[0].words.label}: {listed(changes)}."


def _between_sets(changes: Sequence[ChangeBetweenSets]) -> page.Section:
    shown = [row for row in changes if row.outcome == "primary" or row.found]
    columns: list[page.Column[ChangeBetweenSets]] = [
        ("Trained on", lambda row: row.home_label),
        ("Scored on", lambda row: row.set_label),
        ("What", lambda row: row.words.label),
        ("Whose", lambda row: row.whose),
        ("There", lambda row: page.numeric(row.in_unit(row.home_value))),
        ("Here", lambda row: page.numeric(row.in_unit(row.value))),
        (
            "Change",
            lambda row: page.numeric(
                f"{row.in_unit(row.difference)} [{row.bounds(row.ci_low, row.ci_high)}]",
                strong=row.found,
            ),
        ),
        ("p, corrected", lambda row: page.numeric(row.p_text)),
        ("Verdict", lambda row: str(row.judgement)),
    ]
    blocks: list[page.Block] = [page.Text(_SETS_DIFFER)]
    for (home, here), rows in grouped(shown, lambda row: (row.home_label, row.set_label)).items():
        caption = f"Trained on {home}, scored on {here} (percent, points)"
        blocks.append(page.table(caption, rows, columns, folded=True))
    return page.Section("between-sets", "What changes away from a model's own dataset", blocks)


def _between_models(results: CrossedResults) -> page.Section:
    trained = {row.model: row.trained_label for row in results.rows}
    shown = [row for row in results.models if row.outcome == "primary"]
    columns: list[page.Column[ChangeBetweenModels]] = [
        ("Scored on", lambda row: evaluation_set_label(row.evaluation_set)),
        ("Trained on", lambda row: trained[row.model]),
        ("What", _metric_of),
        ("Own model", lambda row: page.numeric(row.in_unit(row.baseline_value))),
        ("This model", lambda row: page.numeric(row.in_unit(row.value))),
        (
            "Difference",
            lambda row: page.numeric(
                f"{row.in_unit(row.difference)} [{row.bounds(row.ci_low, row.ci_high)}]",
                strong=row.found,
            ),
        ),
        ("Verdict", lambda row: str(row.judgement)),
    ]
    table = page.table("Other models on the same faces (percent, points)", shown, columns)
    return page.Section(
        "between-models", "Other models on the same faces", [page.Text(_SAME_FACES), table]
    )


def _metric_of(row: ChangeBetweenModels) -> str:
    label = row.words.label
    return label if row.attribute is None else f"{label}, {attribute_label(row.attribute)}"


def _calibration(rows: Sequence[MatrixRow]) -> page.Section:
    metrics = ("calibration_error", "overconfidence")
    lines = grouped(
        (row for row in rows if row.metric in metrics),
        lambda row: (row.trained_label, row.set_label),
    ).values()
    by_metric = [{row.metric: row for row in line} for line in lines]
    columns: list[page.Column[Mapping[str, MatrixRow]]] = [
        ("Trained on", lambda line: page.first_of(line).trained_label),
        ("Scored on", lambda line: page.first_of(line).set_label),
        *page.columns({name: _label_of(rows, name) for name in metrics}, page.estimate),
    ]
    text = (
        "Calibration error: how far the probability of the predicted emotion is from the share of "
        "such predictions that are right. Overconfidence: mean probability minus accuracy; above "
        "zero a model is surer than it is right. Temperatures were fitted on validation faces of "
        "what a model was trained on, never on another dataset."
    )
    table = page.table("Calibration by dataset (percent, points, interval)", by_metric, columns)
    return page.Section("calibration", "Calibration", [page.Text(text), table])


def _label_of(rows: Sequence[MatrixRow], metric: str) -> str:
    return next((row.words.label for row in rows if row.metric == metric), metric)


def _made(results: CrossedResults) -> page.Section:
    counted = [
        f"{evaluation_set_label(row['dataset'])}: {thousands(row['n_training_faces'])} training "
        f"and {thousands(row['n_validation_faces'])} validation faces."
        for row in results.counted.to_dict("records")
    ]
    sources = [
        f"{evaluation_set_label(name)}: {in_sentence(attribute_label(attribute))} {source}."
        for name, attribute, source in dict.fromkeys(
            (row.evaluation_set, row.attribute, row.attribute_source)
            for row in results.rows
            if row.attribute is not None and row.attribute_source is not None
        )
    ]
    text = (
        "Every model is the baseline's network with the changes of cross_dataset.baseline: unless "
        "it says otherwise from random weights and without a teacher, since weights and teachers "
        "that know one of the datasets would make its faces known to every model. A model asked "
        "about fewer emotions than it knows answers with the most probable of these. Where people "
        "have several faces, they are resampled whole."
    )
    return page.Section(
        "made", "How it was made", [page.Text(text), page.Bullets((*counted, *sources))]
    )


def _rows(table: pd.DataFrame, kind: type[R]) -> list[R]:
    return rows_of(checked_table(table, kind), kind)
