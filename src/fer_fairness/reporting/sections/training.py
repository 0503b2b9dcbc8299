"""What the models were trained on, from what, and how it went."""

from collections.abc import Sequence
from itertools import chain
from typing import Final, get_args

from fer_fairness.params.budget import SelectionRule
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.figures.training import (
    distribution_figure,
    distribution_words,
    training_curves_figure,
    training_curves_words,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import evaluation_set_label, start_label, variant_label
from fer_fairness.reporting.number_text import MISSING, listed, number, percent, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.training import DistributionRow, HistoryRow, ModelRow, TrialRow

_CELLS_SHOWN: Final = 12


def training_section(inputs: ReportInputs) -> page.Section:
    """What augmentation added, and the curves of training."""
    blocks: list[page.Block] = []
    most = len(inputs.variants_shown())
    distributions = list(grouped(inputs.rows(DistributionRow), lambda row: row.variant).items())
    for variant, rows in distributions[:most]:
        before = thousands(sum(row.n_before for row in rows))
        after = thousands(sum(row.n_after for row in rows))
        caption = (
            f"{variant_label(variant)}: {before} training faces before, {after} after; numbers are "
            "counts after."
        )
        blocks.append(
            page.Drawing(
                figure_name("distribution", variant),
                distribution_figure(rows, variant=variant),
                caption=caption,
                alternative=distribution_words(rows),
                rows=rows,
            )
        )
        blocks.append(_critical_cells(rows))
    if not blocks:
        blocks.append(page.absent("No variant changed the distribution of its training faces."))
    elif distributions[most:]:
        rest = f"What other variants changed of theirs is in {inputs.file_of(DistributionRow)}."
        blocks.append(page.Text(rest))
    curves = list(grouped(inputs.rows(HistoryRow), lambda row: row.variant).values())
    histories = list(chain.from_iterable(curves[:most]))
    if histories:
        caption = "Loss and accuracy over epochs: validation solid, training dashed"
        rest = f"; those of other variants are in {inputs.file_of(HistoryRow)}"
        blocks.append(
            page.Drawing(
                "training_curves",
                training_curves_figure(histories, variants=inputs.variants()),
                caption=f"{caption}{rest if curves[most:] else ''}.",
                alone=f"{caption}.",
                alternative=training_curves_words(histories),
                rows=histories,
            )
        )
    else:
        blocks.append(
            page.absent("No training history was recorded: nothing was trained in this run.")
        )
    models = inputs.rows(ModelRow)
    if histories or any(row.fingerprint for row in models):
        blocks.append(_models_table(inputs))
    if models:
        blocks.append(_methods_table(models))
    trials = inputs.rows(TrialRow)
    if trials:
        told = page.Text(_how_much_the_rule_matters(trials))
        blocks += [told, _trials_table(trials, all_in=inputs.file_of(TrialRow))]
    return page.Section("training", "Training", blocks)


def _critical_cells(rows: list[DistributionRow]) -> page.Block:
    """The cells that augmentation can help least or that need it most, the smallest first."""
    critical = sorted((row for row in rows if row.is_critical), key=lambda row: row.n_before)
    variant = variant_label(rows[0].variant)
    if not critical:
        return page.absent(f"{variant}: no cell is critical.")
    caption = f"Critical cells of {variant.lower()}, the smallest first"
    if len(critical) > _CELLS_SHOWN:
        caption += f": {_CELLS_SHOWN} of {len(critical)}"
    return page.table(
        f"{caption}; recall is the starting model's on validation faces",
        critical[:_CELLS_SHOWN],
        [
            ("Cell", lambda row: row.cell),
            ("Faces", lambda row: page.people(row.n_before)),
            ("Added", lambda row: page.numeric(thousands(row.n_added))),
            ("Validation faces", lambda row: page.people(row.n_validation)),
            ("Recall", lambda row: page.numeric(percent(row.recall))),
            ("Severity", lambda row: row.severity.replace("_", " ")),
            ("Why", lambda row: row.reason),
        ],
        folded=True,
    )


def _methods_table(models: Sequence[ModelRow]) -> page.Table:
    """What each variant is an instance of, those that change predictions among them."""
    return page.table(
        "Methods of the variants, and where they come from",
        {row.variant: row for row in models}.values(),
        [
            ("Variant", lambda row: variant_label(row.variant)),
            ("Method", lambda row: row.method),
            ("Source", lambda row: row.source),
        ],
        folded=True,
    )


def _how_much_the_rule_matters(trials: Sequence[TrialRow]) -> str:
    tuned = grouped(trials, lambda row: (row.variant, row.evaluation_set))
    otherwise = sum(any(row.rules and not row.is_chosen for row in rows) for rows in tuned.values())
    text = (
        f"{len(tuned)} choices among trials were made on validation faces, with the first training "
        f"seed. In {otherwise} of them another rule would have chosen another trial."
    )
    if trials[0].objectives:
        text += (
            " Settings were proposed by Optuna's tree-structured Parzen estimator, in search of "
            f"{listed([each.replace('_', ' ') for each in trials[0].objectives.split(', ')])}."
        )
    return text


def _trials_table(trials: Sequence[TrialRow], *, all_in: str) -> page.Table:
    is_on_front: page.Column[TrialRow] = ("On the front", lambda row: _yes_if(row.is_on_front))
    front = [is_on_front] if any(row.is_on_front for row in trials) else []
    return page.table(
        "Trials on validation faces; the rules are highest mean recall, highest accuracy of the "
        "group served worst, and nearest to accuracy 1 and accuracy gap 0",
        trials,
        [
            ("Variant", lambda row: variant_label(row.variant)),
            ("On", lambda row: _label_if_any(row.evaluation_set)),
            ("Settings", lambda row: row.settings or "as configured"),
            ("Mean recall", lambda row: page.numeric(percent(row.mean_recall))),
            ("Worst group", lambda row: page.numeric(percent(row.worst_group_accuracy))),
            ("Gap", lambda row: page.numeric(percent(row.accuracy_gap))),
            ("Distance", lambda row: page.numeric(number(row.ideal_point))),
            ("Best by", _best_by),
            ("Chosen", lambda row: _yes_if(row.is_chosen)),
            *front,
        ],
        folded=True,
        all_in=all_in,
    )


def _yes_if(told: bool) -> str:  # noqa: FBT001
    return "yes" if told else ""


def _best_by(row: TrialRow) -> str:
    rules = row.rules.split(", ")
    return row.failure or ("all rules" if len(rules) == len(get_args(SelectionRule)) else row.rules)


def _label_if_any(evaluation_set: str) -> str:
    return evaluation_set_label(evaluation_set) if evaluation_set else ""


def _models_table(inputs: ReportInputs) -> page.Table:
    """What was trained, from what, and how it went; of several seeds, the first one's models."""
    models = {row.variant: row for row in reversed(inputs.rows(ModelRow))}
    epochs = grouped(inputs.rows(HistoryRow), lambda row: row.variant)
    body = tuple(
        (
            page.Cell(variant_label(name)),
            *_model_cells(models.get(name)),
            *_epoch_cells(epochs.get(name)),
        )
        for name in inputs.variants()
        if name in epochs or (name in models and models[name].fingerprint)
    )
    training = (
        *("Epochs", "Gradient steps", "Kept epoch", "Its validation loss"),
        *("Its validation accuracy", "Minutes"),
    )
    return page.Table(
        folded=True,
        caption="Training in numbers; the kept epoch is the best by training.selected_by",
        header=("Variant", "Network", "Weights", "Of these trained", "Started from", *training),
        rows=body,
    )


def _model_cells(row: ModelRow | None) -> tuple[page.Cell, ...]:
    if row is None or row.fingerprint is None:
        return (page.Cell("not recorded", muted=True), *[page.Cell(MISSING, muted=True)] * 3)
    return (
        page.Cell(row.network),
        page.numeric(thousands(row.n_weights)),
        page.numeric(thousands(row.n_trainable_weights)),
        page.Cell(start_label(row.started_from)),
    )


def _epoch_cells(rows: Sequence[HistoryRow] | None) -> tuple[page.Cell, ...]:
    if not rows:
        return (page.numeric("0"), *[page.numeric(MISSING)] * 5)
    best = next(row for row in rows if row.is_kept)
    return (
        page.numeric(str(len(rows))),
        page.numeric(thousands(rows[-1].gradient_steps)),
        page.numeric(thousands(best.epoch)),
        page.numeric(number(best.validation_loss)),
        page.numeric(percent(best.validation_accuracy)),
        page.numeric(f"{sum(row.seconds for row in rows) / 60:.1f}"),
    )
