"""What is left of a gain in mean recall where the control answers rare emotions more often too."""

from collections.abc import Iterator

from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import evaluation_set_label
from fer_fairness.reporting.rows.changes import AgainstControlRow, Change, WithOffsetsRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.sections.change_tables import changes_table

_METRIC = "balanced_accuracy"
_READING = (
    "Mean recall rises, and accuracy falls, where rare emotions are answered more often; offsets "
    "by emotion do that to any model in seconds. So those that were trained are set against their "
    "control once more, each with offsets that were fitted on its validation faces (class_offsets, "
    "at its defaults). What is gone then was no more than such a shift; what is left is the "
    "method's. These changes are corrected as a family of their own."
)


def with_offsets(inputs: ReportInputs) -> Iterator[page.Block]:
    """A heading and tables; nothing where nothing was compared so."""
    by_set = grouped(inputs.rows(WithOffsetsRow), lambda row: row.evaluation_set)
    if not by_set:
        return
    yield page.Heading("With offsets, the control too")
    yield page.Text(_READING)
    before = {
        (row.evaluation_set, row.variant): row
        for row in inputs.rows(AgainstControlRow)
        if _is_mean_recall(row)
    }
    for name, rows in by_set.items():
        pairs = [
            (before[name, row.variant], row)
            for row in rows
            if _is_mean_recall(row) and (name, row.variant) in before
        ]
        if pairs:
            yield _table(evaluation_set_label(name), pairs, folded=not inputs.in_front(name))
        yield changes_table(
            f"Changes against the control on {evaluation_set_label(name)}, both with offsets",
            rows,
            all_in=inputs.file_of(WithOffsetsRow),
            reference="Control",
        )


def _is_mean_recall(row: Change) -> bool:
    return row.metric == _METRIC and row.attribute is None


def _table(
    where: str, pairs: list[tuple[AgainstControlRow, WithOffsetsRow]], *, folded: bool
) -> page.Table:
    return page.table(
        f"Change of mean recall against the control on {where}, with the 95 % interval of each "
        "change alone; bold: found",
        sorted(pairs, key=lambda pair: -pair[0].difference),
        [
            ("Variant", lambda pair: pair[0].variant_label),
            ("As trained", lambda pair: _change(pair[0])),
            ("Both with offsets", lambda pair: _change(pair[1])),
        ],
        folded=folded,
    )


def _change(row: Change) -> page.Cell:
    bounds = row.bounds(row.uncorrected_ci_low, row.uncorrected_ci_high)
    return page.numeric(f"{row.measured} [{bounds}]", strong=row.found)
