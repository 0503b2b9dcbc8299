"""AIF360's one-versus-rest metrics: too many to test, there to be compared with other work."""

from collections.abc import Mapping
from typing import Final

from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import group_label
from fer_fairness.reporting.number_text import is_few, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import Estimate, GapRow, OfAttribute

_TITLE: Final = "AIF360 metrics"


class Aif360Row(Estimate, OfAttribute, table="aif360"):
    """One metric of AIF360: one emotion against the rest, one group against the privileged one."""

    emotion: str
    privileged_group: str
    unprivileged_group: str
    n_privileged: float
    n_unprivileged: float

    @property
    def in_points(self) -> bool:
        """All are plain numbers, as AIF360 gives them."""
        return False

    @property
    def groups_label(self) -> str:
        """The two groups with their sizes."""
        told = (
            (self.unprivileged_group, self.n_unprivileged),
            (self.privileged_group, self.n_privileged),
        )
        return " vs. ".join(f"{group_label(group)} (n={thousands(n)})" for group, n in told)


def aif360_section(inputs: ReportInputs) -> page.Section | None:
    """AIF360's metrics, a folded table per set and variant; None of an audit without."""
    by_table = grouped(inputs.rows(Aif360Row), lambda row: (row.evaluation_set, row.variant))
    if not by_table and inputs.kind == "audit":
        return None
    if not by_table:
        return page.Section("aif360", _TITLE, [page.absent("AIF360's metrics were not computed.")])
    text = (
        "Each emotion against all others, each group against the privileged one, as AIF360 defines "
        "them. They carry intervals but no verdict: they are too many to test one by one, and are "
        "here to be compared with other work."
    )
    if any(row.predicted for row in inputs.rows(GapRow)):
        text += " Predicted groups are as labelled, not corrected for label errors."
    shown, file = inputs.variants_shown(), inputs.file_of(Aif360Row)
    if shown != inputs.variants():
        text += f" Those of other {inputs.noun}s are in {file}."
    tables = [
        _table(rows, all_in=file) for (_, variant), rows in by_table.items() if variant in shown
    ]
    return page.Section("aif360", _TITLE, [page.Text(text), *tables])


def _table(rows: list[Aif360Row], *, all_in: str) -> page.Table:
    lines = grouped(
        rows,
        lambda row: (row.attribute, row.emotion, row.privileged_group, row.unprivileged_group),
    )
    columns: list[page.Column[Mapping[str, Aif360Row]]] = [
        ("Attribute", lambda line: page.first_of(line).attribute_label),
        ("Groups", lambda line: page.first_of(line).groups_label),
        ("Emotion", lambda line: page.first_of(line).emotion),
    ]
    heads = {row.metric: row.words.label for row in rows}
    return page.table(
        f"{rows[0].set_label}, {rows[0].variant_label}: {len(rows):,} values [95 % interval]",
        [{row.metric: row for row in line} for line in lines.values()],
        [*columns, *page.columns(heads, _cell)],
        folded=True,
        all_in=all_in,
    )


def _cell(row: Aif360Row | None) -> page.Cell:
    few = row is not None and (is_few(row.n_unprivileged) or is_few(row.n_privileged))
    return page.estimate(row, muted=few)
