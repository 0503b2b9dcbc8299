"""Single rows of the report's tables, and small reports made of them."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.schema import R, rows_of
from fer_fairness.reporting.rows.scores import GapRow

GAP: dict[str, object] = {
    "variant": "baseline",
    "evaluation_set": "raf_db",
    "attribute": "gender",
    "attribute_source": "annotated",
    "metric": "accuracy_gap",
    "family": "summary",
    "group": "",
    "other_group": "",
    "value": 0.081,
    "ci_low": 0.059,
    "ci_high": 0.102,
    "uncorrected_ci_low": 0.062,
    "uncorrected_ci_high": 0.098,
    "raw_value": 0.092,
    "minimum_detectable": 0.0619,
    "equal_treatment": 0.0,
    "null_mean": 0.014,
    "null_95": 0.029,
    "p_value": 0.0004,
    "p_value_corrected": 0.004,
    "p_value_holm": 0.006,
    "p_value_benjamini_hochberg": 0.002,
    "n_people": 3153,
    "n_faces": 3153,
    "n_groups": 2,
    "smallest_group": "female",
    "smallest_group_size": 1502,
    "n_missing": 77,
    "left_out": "",
    "verdict": "difference found",
}
KEY: dict[str, object] = {"variant": "baseline", "evaluation_set": "fer_plus", "attribute": "race"}
ATTRIBUTE: dict[str, object] = {
    **KEY,
    "n_people": 3153,
    "n_abstained": 241,
    "share_abstained": 241 / 3153,
    "n_held_out": 2500,
    "refusals": "",
    "refused": "",
}
CORRECTED: dict[str, object] = {
    **KEY,
    "metric": "accuracy_gap",
    "value": 0.081,
    "corrected_value": 0.0964,
    "ci_low": 0.051,
    "ci_high": 0.142,
}
GROUP: dict[str, object] = {
    **KEY,
    "group": "white",
    "n_held_out": 100,
    "labelled_rightly": 0.8,
    "n_labelled": 900,
    "n_by_error": 40.2,
    "n_by_error_95": 61.0,
    "n_corrected": 1000.0,
    "n_ci_low": 900.0,
    "n_ci_high": 1100.0,
    "compared": True,
}
CHANGE: dict[str, object] = {
    "variant": "reweighing",
    "evaluation_set": "raf_db",
    "attribute": None,
    "attribute_source": None,
    "metric": "accuracy",
    "outcome": "primary",
    "baseline_value": 0.831,
    "value": 0.843,
    "difference": 0.012,
    "ci_low": 0.004,
    "ci_high": 0.02,
    "uncorrected_ci_low": 0.006,
    "uncorrected_ci_high": 0.018,
    "p_value": 0.004,
    "p_value_corrected": 0.02,
    "minimum_detectable": 0.019,
    "raw_difference": 0.012,
    "seed_share": 0.4,
    "verdict": "difference found",
    "level_down": False,
    "n_tested": 240,
    "n_seeds": 5,
    "n_people": 3153,
    "n_faces": 3153,
}
GAP_CHANGE: dict[str, object] = {
    "metric": "accuracy_gap",
    "attribute": "gender",
    "attribute_source": "annotated",
    "baseline_value": 0.081,
    "value": 0.051,
    "difference": -0.03,
    "ci_low": -0.05,
    "ci_high": -0.01,
}
NO_CHANGE: dict[str, object] = {"p_value_corrected": 0.4, "verdict": "no difference found"}
REFUSED = "Too few held-out faces to know how the labeller errs: indian 3; at least 30 are needed."
REFUSAL: dict[str, object] = {"refusals": "too few held-out faces", "refused": REFUSED}


def report(
    *,
    kind: Literal["project", "audit"] = "project",
    quality: Mapping[str, Mapping[str, object]] | None = None,
    manifest: Mapping[str, object] | None = None,
    notes: list[str] | None = None,
    **tables: pd.DataFrame,
) -> ReportInputs:
    """A report with tables by their names."""
    return ReportInputs(
        tables, kind=kind, quality=quality or {}, manifest=manifest or {}, notes=notes or []
    )


def changed(inputs: ReportInputs, **tables: pd.DataFrame) -> ReportInputs:
    """The same report with some of its tables replaced."""
    return dataclasses.replace(inputs, tables={**inputs.tables, **tables})


def without(inputs: ReportInputs, name: str) -> ReportInputs:
    """The same report without one of its tables, or without another of its parts."""
    if name in inputs.tables:
        return changed(inputs, **{name: pd.DataFrame()})
    return dataclasses.replace(inputs, **{name: getattr(ReportInputs(), name)})


def row_of(kind: type[R], *parts: dict[str, object]) -> R:
    """One row of a table, of columns given one after the other."""
    columns: dict[str, object] = {}
    for part in parts:
        columns |= part
    (row,) = rows_of(pd.DataFrame([columns]), kind)
    return row


def gap_row(*parts: dict[str, object], **columns: object) -> GapRow:
    """A row of `gaps`, a difference found unless it is changed."""
    return row_of(GapRow, GAP, *parts, columns)


def predicted(
    *gaps: dict[str, object],
    attribute: dict[str, object] | None = None,
    corrected: tuple[dict[str, object], ...] = (CORRECTED,),
    groups: tuple[dict[str, object], ...] = (GROUP,),
) -> ReportInputs:
    """One predicted attribute, with what is known of label errors."""
    head = {**GAP, **KEY, "attribute_source": "predicted"}
    return report(
        gaps=pd.DataFrame([{**head, **gap} for gap in gaps or ({},)]),
        label_noise_attributes=pd.DataFrame([{**ATTRIBUTE, **(attribute or {})}]),
        label_noise_gaps=pd.DataFrame(list(corrected)),
        label_noise_groups=pd.DataFrame(list(groups)),
    )


def column(table: page.Table, name: str) -> list[str]:
    """The texts of a column by its head."""
    place = table.header.index(name)
    return [row[place].text for row in table.rows]


def unfolded(blocks: Sequence[page.Block], *, headings: bool = True) -> list[page.Block]:
    """The blocks with what is behind folds, whose summaries come as headings."""
    found: list[page.Block] = []
    for block in blocks:
        if isinstance(block, page.Folded):
            found += [page.Heading(block.summary)] if headings else []
            found += block.blocks
        else:
            found.append(block)
    return found
