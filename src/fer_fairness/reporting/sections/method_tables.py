"""The tables of a bench: changes against the control, ranks, their tests, and fronts."""

from collections.abc import Iterator

from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.number_text import number, p_value, thousands
from fer_fairness.reporting.rows.bench import FrontRow, RankRow, RankTestRow
from fer_fairness.reporting.rows.changes import AgainstControlRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.sections.change_tables import changes_table


def method_tables(inputs: ReportInputs) -> Iterator[page.Table]:
    """All of them, folded."""
    changes = grouped(inputs.rows(AgainstControlRow), lambda row: row.evaluation_set)
    for rows in changes.values():
        caption = f"Changes against the control on {rows[0].set_label}"
        file = inputs.file_of(AgainstControlRow)
        yield changes_table(caption, rows, all_in=file, reference="Control")
    for kind, table in ((RankRow, _rank_table), (RankTestRow, _test_table)):
        if inputs.rows(kind):
            yield table(inputs)
    for front in grouped(inputs.rows(FrontRow), lambda row: row.evaluation_set).values():
        yield _front_table(inputs, front)


def _rank_table(inputs: ReportInputs) -> page.Table:
    """Those first whose ranks are known best."""
    return page.table(
        "Ranks in every outcome",
        sorted(inputs.rows(RankRow), key=lambda row: (row.rank_high - row.rank_low, row.mean_rank)),
        [
            ("Metric", lambda row: row.words.label),
            ("Attribute", lambda row: row.people),
            ("Evaluation sets", lambda row: row.sets_label),
            ("Variant", lambda row: row.variant_label),
            ("Mean rank", lambda row: page.numeric(number(row.mean_rank, digits=1))),
            ("Ranks it may have", lambda row: page.numeric(row.possible_ranks)),
            ("Mean value", lambda row: page.numeric(row.in_unit(row.value))),
            ("Others it is not told apart from", lambda row: page.numeric(str(len(row.alike)))),
            ("Control", lambda row: page.yes_or_no(row.is_control, quiet_no=True)),
        ],
        folded=True,
        all_in=inputs.file_of(RankRow),
    )


def _test_table(inputs: ReportInputs) -> page.Table:
    return page.table(
        "Tests of ranks over blocks, which take blocks for independent, and pairs told apart by "
        "their values",
        inputs.rows(RankTestRow),
        [
            ("Metric", lambda row: row.words.label),
            ("Attribute", lambda row: row.people),
            ("Evaluation sets", lambda row: row.sets_label),
            ("Blocks", lambda row: page.numeric(thousands(row.n_blocks))),
            ("Friedman", lambda row: page.numeric(number(row.friedman_chi_square, digits=2))),
            ("p", lambda row: page.numeric(p_value(row.friedman_p_value))),
            ("Iman-Davenport F", lambda row: page.numeric(number(row.iman_davenport_f, digits=2))),
            ("p of F", lambda row: page.numeric(p_value(row.iman_davenport_p_value))),
            (
                "Critical difference",
                lambda row: page.numeric(number(row.critical_difference, digits=2)),
            ),
            (
                "Pairs told apart",
                lambda row: page.numeric(
                    f"{thousands(row.n_told_apart)} of {thousands(row.n_pairs)}"
                ),
            ),
        ],
        folded=True,
        all_in=inputs.file_of(RankTestRow),
    )


def _front_table(inputs: ReportInputs, rows: list[FrontRow]) -> page.Table:
    return page.table(
        f"How probably each variant is on the Pareto front on {rows[0].set_label}",
        sorted(rows, key=lambda row: -row.probability),
        [
            ("Attribute", lambda row: row.people),
            ("Accuracy and", lambda row: row.words.label),
            ("Variant", lambda row: row.variant_label),
            ("Probability", lambda row: page.numeric(row.probability_text)),
            ("On the front as measured", lambda row: page.yes_or_no(row.on_front, quiet_no=True)),
            ("Accuracy", lambda row: page.numeric(number(100 * row.accuracy, digits=1))),
            ("Value", lambda row: page.numeric(row.in_unit(row.value))),
            ("Control", lambda row: page.yes_or_no(row.is_control, quiet_no=True)),
        ],
        folded=True,
        all_in=inputs.file_of(FrontRow),
    )
