"""Which method helps: each against the control, ranks, and who is on the Pareto front."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.fronts import front_figure
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.figures.ranks import rank_figure, rank_words
from fer_fairness.reporting.findings.effects import control_of, controls
from fer_fairness.reporting.findings.methods import (
    answer_sentences,
    front_sentence,
    outcome_sentence,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import in_sentence
from fer_fairness.reporting.number_text import first_few, listed, p_equals, thousands
from fer_fairness.reporting.rows.bench import FrontRow, Outcome, RankRow, RankTestRow
from fer_fairness.reporting.rows.changes import AgainstControlRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.sections.effects_table import effects_by_set
from fer_fairness.reporting.sections.method_tables import method_tables
from fer_fairness.reporting.sections.offsets import with_offsets

_KEY: Final = "methods"
_TITLE: Final = "Which method helps"
_CONTROL: Final = (
    "Every method is set against the control, {control}: what the control changes too, no method "
    "did. "
)
_OTHER_FACES: Final = (
    "Those that were trained on another dataset, {methods}, are set against {control}, which was "
    "trained on it too, and stand in no ranking or front: to have seen other faces is no method. "
)
_NO_CONTROL: Final = (
    "{methods} {was} trained on other faces than the control, so that nothing is said of {them} "
    "here: to have seen these faces changes a model by itself. A variant of the method "
    "continued_training_with_groups is the control for that; --params demographic_dataset=train_on "
    "trains every method on the same faces."
)
_BASELINE: Final = (
    "No variant is trained further by itself (the method continued_training), so that the baseline "
    "stands for the control: what more training does is not taken off. "
)
_TOGETHER: Final = (
    "The outcomes were named beforehand: {outcomes}. All {n} changes of all variants, evaluation "
    "sets and attributes were tested together, so that the best of many methods is no finding by "
    "itself; square brackets are intervals at the level that is left to each."
)
_SEEDS: Final = " Intervals and probabilities hold the noise of people and of {n} training seeds."
_ONE_SEED: Final = (
    " With one training seed everything here is about these trained models: another seed may put "
    "them in another order."
)
_READING_RANKS: Final = (
    "Mean ranks are over blocks, each a training seed on an evaluation set, and depend on which "
    "methods are ranked together. Seeds that met the same faces are not new datasets: Friedman's "
    "test and Nemenyi's critical difference say whether an order holds for other seeds on these "
    "faces, nothing of other people. What a reader should look at are the bars and the brackets. "
    "Two methods share a bar unless they are told apart by their values, with the noise of people "
    "and seeds, after correction for all pairs of that outcome; the brackets are the ranks that a "
    "method may then have, which hold for all methods of a diagram together in 95 of 100 studies."
)
_READING_FRONTS: Final = (
    "On the front is a method if no other is at least as good in both and better in one. Its "
    "probability is the share of draws of people and seeds, the same for all methods, in which it "
    "is there. It falls with the number of methods that are about as good."
)


def methods_section(inputs: ReportInputs) -> page.Section | None:
    """Which of many methods helps; None where there are too few to ask."""
    ranks = grouped(inputs.rows(RankRow), lambda row: row.outcome)
    changes = inputs.rows(AgainstControlRow)
    fronts = grouped(inputs.rows(FrontRow), lambda row: row.evaluation_set)
    if not ranks and not changes and not fronts:
        return None
    tests = {row.outcome: row for row in inputs.rows(RankTestRow)}
    of_outcome = grouped(changes, lambda row: (row.metric, row.attribute, row.attribute_source))
    blocks: list[page.Block] = [
        page.Text(answer_sentences(changes)),
        *_without_control(inputs),
        _folded("What was tested, against what", _opening(inputs, changes)),
    ]
    if ranks:
        blocks += [page.Heading("Ranks")]
        blocks += _diagrams(ranks, tests, of_outcome)
        blocks += [_folded("How to read ranks", _READING_RANKS)]
    if fronts:
        blocks += [page.Heading("Pareto fronts"), _folded("How to read fronts", _READING_FRONTS)]
        for place, (name, rows) in enumerate(fronts.items()):
            front = tuple(_front_blocks(rows, told=place > 0))
            folded = page.Folded(f"Fronts on {rows[0].set_label}", front)
            blocks += front if inputs.in_front(name) else [folded]
    blocks += with_offsets(inputs)
    if changes:
        blocks += effects_by_set(inputs)
    return page.Section(_KEY, _TITLE, [*blocks, *method_tables(inputs)])


def _without_control(inputs: ReportInputs) -> Iterator[page.Block]:
    known = controls(inputs)
    without = [name for name in inputs.variants() if name not in {*known, *known.values()}]
    if known and without:
        one, labels = len(without) == 1, listed(first_few([*map(inputs.label_of, without)]))
        was, them = ("was", "it") if one else ("were", "them")
        yield page.Text(_NO_CONTROL.format(methods=labels, was=was, them=them))


def _folded(summary: str, text: str) -> page.Folded:
    return page.Folded(summary, (page.Text(text),))


def _opening(inputs: ReportInputs, changes: Sequence[AgainstControlRow]) -> str:
    control = control_of(inputs)
    text = _BASELINE if control is None else _CONTROL.format(control=inputs.label_of(control))
    against = controls(inputs)
    for other in dict.fromkeys(against.values()):
        if other not in (control, inputs.variants()[0]):
            held = [inputs.label_of(name) for name in against if against[name] == other]
            told = {"methods": listed(first_few(held)), "control": inputs.label_of(other)}
            text += _OTHER_FACES.format(**told)
    if changes:
        metrics = dict.fromkeys(row.metric for row in changes)
        text += _TOGETHER.format(
            outcomes=listed([in_sentence(metric_words(name).label) for name in metrics]),
            n=thousands(max(row.n_tested for row in changes)),
        )
    n_seeds = int(max((row.n_seeds for row in changes), default=1))
    return text + (_SEEDS.format(n=n_seeds) if n_seeds > 1 else _ONE_SEED)


def _diagrams(
    ranks: Mapping[Outcome, list[RankRow]],
    tests: Mapping[Outcome, RankTestRow],
    changes: Mapping[Outcome, list[AgainstControlRow]],
) -> Iterator[page.Block]:
    """A sentence for each outcome, and a diagram of the first and where methods are told apart.

    Intersections are in the tables alone.
    """
    shown = {outcome: rows for outcome, rows in ranks.items() if rows[0].of_one_attribute}
    more: list[page.Block] = []
    without = []
    for place, (outcome, rows) in enumerate(shown.items()):
        test, found = tests.get(outcome), changes.get(outcome, [])
        if test is None or (place and not test.n_told_apart):
            without.append(outcome_sentence(found, []))
            continue
        both = (
            page.Text(outcome_sentence(found, rows)),
            page.Drawing(
                figure_name("ranks", *outcome),
                rank_figure(rows, critical_difference=test.critical_difference),
                caption=_caption(test),
                alternative=rank_words(rows),
                rows=rows,
            ),
        )
        if place:
            more += both
        else:
            yield from both
    if more:
        yield page.Folded(
            f"{_outcomes(len(more) // 2)} more in which some are told apart", (*more,)
        )
    if without:
        said = page.Bullets(tuple(filter(None, without)))
        yield page.Folded(f"{_outcomes(len(without))} in which no two are told apart", (said,))


def _outcomes(n: int) -> str:
    return "One outcome" if n == 1 else f"{thousands(n)} outcomes"


def _caption(test: RankTestRow) -> str:
    blocks = (
        "one block"
        if test.n_blocks == 1
        else f"{thousands(test.n_blocks)} blocks of {_seeds(test.n_seeds)}; Friedman's test in "
        f"Iman and Davenport's form, p {p_equals(test.iman_davenport_p_value)}"
    )
    return (
        f"Mean ranks of {thousands(test.n_variants)} variants in {test.label} on "
        f"{test.sets_label} ({blocks}). A bar has dots of methods of which no two are told apart; "
        "in brackets the ranks that each may have."
    )


def _seeds(n: float) -> str:
    return "one seed" if n == 1 else f"{thousands(n)} seeds"


def _front_blocks(rows: list[FrontRow], *, told: bool) -> Iterator[page.Block]:
    """The sentences and the figure of one set; intersections are in the table alone.

    `told` is whether an earlier figure says how it is read.
    """
    shown = [row for row in rows if row.of_one_attribute]
    if not shown:
        return
    label = rows[0].set_label
    by_outcome = grouped(shown, lambda row: row.outcome).values()
    sentences = tuple(front_sentence(block) for block in by_outcome)
    yield page.Folded(f"Who is on the fronts on {label}, in words", (page.Bullets(sentences),))
    where = f"Accuracy of every variant on {label}"
    alone = (
        f"{where} against the accuracy of the worst group (upper right is better) and the accuracy "
        "gap (lower right is better). The larger and darker, the more probably on the front; "
        "numbers are probabilities, the diamond is the control, the line joins the front as "
        "measured."
    )
    yield page.Drawing(
        figure_name("fronts", rows[0].evaluation_set),
        front_figure(shown),
        caption=f"{where}, drawn alike." if told else alone,
        alone=alone,
        alternative=" ".join(map(front_sentence, by_outcome)),
        rows=shown,
    )
