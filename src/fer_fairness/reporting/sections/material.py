"""Recognition, training and data: what the differences rest on."""

from collections.abc import Mapping

import pandas as pd

from fer_fairness.reporting.figures import (
    confusion_matrix_figure,
    distribution_figure,
    training_curves_figure,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.blocks import (
    Block,
    Heading,
    Section,
    absent,
    drawing,
)
from fer_fairness.reporting.sections.cells import estimate_cell
from fer_fairness.reporting.sections.nested import nested_blocks
from fer_fairness.reporting.tables import (
    MISSING,
    Cell,
    Table,
    count_cell,
    is_few,
    number,
    percent,
    thousands,
)
from fer_fairness.reporting.words import (
    evaluation_set_label,
    metric_words,
    start_label,
    variant_label,
)

_CELLS_SHOWN = 12


def recognition_section(inputs: ReportInputs) -> Section:
    """Overall metrics and confusion matrices of every variant."""
    blocks: list[Block] = []
    for evaluation_set in inputs.evaluation_sets():
        where = evaluation_set_label(evaluation_set)
        overall = inputs.overall[inputs.overall["evaluation_set"] == evaluation_set]
        confusion = inputs.confusion[inputs.confusion["evaluation_set"] == evaluation_set]
        if inputs.kind == "project":
            blocks.append(Heading(where))
        if len(overall):
            blocks.append(_overall_table(overall, inputs.variants(), where))
        for variant in inputs.variants():
            if variant not in set(confusion["variant"]):
                continue
            blocks.append(
                _confusion_drawing(inputs, confusion, variant, f"confusion-{len(blocks)}")
            )
    if not blocks:
        blocks.append(absent("No predictions were scored."))
    return Section("recognition", "Recognition of emotions", blocks)


def _confusion_drawing(
    inputs: ReportInputs, confusion: pd.DataFrame, variant: str, key: str
) -> Block:
    """One confusion matrix; an audit's labels are somebody's, whatever rule they came from."""
    where = evaluation_set_label(str(confusion["evaluation_set"].iloc[0]))
    if inputs.kind == "audit":
        figure = confusion_matrix_figure(
            confusion, variant=variant, title="All faces", true_label="True emotion"
        )
        caption = f"{where}: rows are true emotions and sum to 100 %, counts of faces below."
    else:
        figure = confusion_matrix_figure(confusion, variant=variant)
        caption = (
            f"{variant_label(variant)} on {where}: rows are majority labels and sum to 100 %, "
            "counts of faces below."
        )
    return drawing(figure, key=key, caption=caption, half=True)


def _overall_table(rows: pd.DataFrame, variants: tuple[str, ...], where: str) -> Table:
    present = [name for name in variants if name in set(rows["variant"])]
    heads = ["Value"] if len(variants) == 1 else [variant_label(name) for name in present]
    body = []
    for metric in dict.fromkeys(rows["metric"].astype(str)):
        same = rows[rows["metric"] == metric]
        by_variant = {str(row["variant"]): row for row in records(same)}
        people = as_float(same["n_people"].max())
        cells = [Cell(metric_words(metric).label), count_cell(people)]
        cells += [
            estimate_cell(
                by_variant.get(name),
                in_points=metric_words(metric).in_points,
                muted=is_few(people),
                one_line=len(variants) == 1,
            )
            for name in present
        ]
        body.append(tuple(cells))
    return Table(
        caption=f"All faces of {where}, shares in percent, with 95 % interval",
        header=("Metric", "n", *heads),
        rows=tuple(body),
    )


def training_section(inputs: ReportInputs) -> Section:
    """What augmentation added, and the curves of training."""
    blocks: list[Block] = []
    for variant, rows in inputs.distributions.groupby("variant", sort=False):
        figure = distribution_figure(rows, variant=str(variant))
        before, after = (as_float(rows[name].sum()) for name in ("n_before", "n_after"))
        caption = (
            f"{variant_label(str(variant))}: {thousands(before)} training faces before, "
            f"{thousands(after)} after; numbers are counts after."
        )
        blocks.append(drawing(figure, key=f"distribution-{len(blocks)}", caption=caption))
        blocks.append(_critical_cells(rows, str(variant)))
    if not blocks:
        blocks.append(absent("No variant changed the distribution of its training faces."))
    if inputs.histories.empty:
        blocks.append(absent("No training history was recorded: nothing was trained in this run."))
    else:
        figure = training_curves_figure(inputs.histories, variants=inputs.variants())
        caption = "Loss and accuracy over epochs: validation solid, training dashed."
        blocks.append(drawing(figure, key="curves", caption=caption))
    if len(inputs.histories) or inputs.models["fingerprint"].notna().any():
        blocks.append(_models_table(inputs))
    return Section("training", "Training", blocks)


def _critical_cells(rows: pd.DataFrame, variant: str) -> Block:
    """The cells that augmentation can help least or that need it most, the smallest first."""
    critical = rows[rows["is_critical"].astype(bool)].sort_values("n_before", kind="stable")
    if critical.empty:
        return absent(f"{variant_label(variant)}: no cell is critical.")
    body = tuple(
        (
            Cell(str(row["cell"])),
            count_cell(as_float(row["n_before"])),
            Cell(thousands(as_float(row["n_added"])), numeric=True),
            count_cell(as_float(row["n_validation"])),
            Cell(percent(as_float(row["recall"])), numeric=True),
            Cell(str(row["severity"]).replace("_", " ")),
            Cell(str(row["reason"])),
        )
        for row in records(critical.head(_CELLS_SHOWN))
    )
    caption = f"Critical cells of {variant_label(variant).lower()}, the smallest first"
    if len(critical) > _CELLS_SHOWN:
        caption += f": {_CELLS_SHOWN} of {len(critical)}"
    return Table(
        caption=f"{caption}; recall is the starting model's on validation faces",
        header=("Cell", "Faces", "Added", "Validation faces", "Recall", "Severity", "Why"),
        rows=body,
    )


def _models_table(inputs: ReportInputs) -> Table:
    """What was trained, from what, and how it went; of several seeds, the first one's models."""
    models = inputs.models.drop_duplicates("variant")
    recorded = {str(row["variant"]): row for row in records(models)}
    epochs = {str(name): rows for name, rows in inputs.histories.groupby("variant", sort=False)}
    trained = {*epochs, *models.loc[models["fingerprint"].notna(), "variant"]}
    body = tuple(
        (
            Cell(variant_label(name)),
            *_record_cells(recorded.get(name, {})),
            *_history_cells(epochs.get(name, inputs.histories.iloc[:0])),
        )
        for name in inputs.variants()
        if name in trained
    )
    training = ("Epochs", "Kept epoch", "Its validation loss", "Its validation accuracy", "Minutes")
    return Table(
        caption="Training in numbers; the kept epoch is the best by training.selected_by",
        header=("Variant", "Network", "Weights", "Of these trained", "Started from", *training),
        rows=body,
    )


def _record_cells(record: Row) -> tuple[Cell, ...]:
    if not isinstance(record.get("fingerprint"), str):
        return (Cell("not recorded", muted=True), *[Cell(MISSING, muted=True)] * 3)
    counts = (as_float(record[name]) for name in ("n_weights", "n_trainable_weights"))
    another = record["of_this_baseline"] is False
    return (
        Cell(str(record["network"])),
        *(Cell(thousands(count), numeric=True) for count in counts),
        Cell(start_label(str(record["started_from"]), another=another), strong=another),
    )


def _history_cells(rows: pd.DataFrame) -> tuple[Cell, ...]:
    if rows.empty:
        return (Cell("0", numeric=True), *[Cell(MISSING, numeric=True)] * 4)
    best = rows[rows["is_kept"].astype(bool)].iloc[0]
    return (
        Cell(str(len(rows)), numeric=True),
        Cell(thousands(as_float(best["epoch"])), numeric=True),
        Cell(number(as_float(best["validation_loss"])), numeric=True),
        Cell(percent(as_float(best["validation_accuracy"])), numeric=True),
        Cell(f"{as_float(rows['seconds'].sum()) / 60:.1f}", numeric=True),
    )


def quality_section(inputs: ReportInputs) -> Section:
    """What was found in the files before any training."""
    blocks: list[Block] = []
    for dataset, report in inputs.quality.items():
        blocks.append(Heading(evaluation_set_label(dataset)))
        blocks += nested_blocks(report, title=evaluation_set_label(dataset))
    if not blocks:
        blocks.append(absent("No data-quality report was given."))
    return Section("quality", "Quality of the data", blocks)


def manifest_section(inputs: ReportInputs) -> Section:
    """How the run was made, so that it can be made again; how a file was read is told apart."""
    told_apart = ("reading",) if inputs.kind == "audit" else ("trained_with",)
    manifest = {key: value for key, value in inputs.manifest.items() if key not in told_apart}
    blocks = nested_blocks(manifest, title="Run", counts=False, results_name=inputs.results_name)
    trained_with = inputs.manifest.get("trained_with")
    if inputs.kind == "project" and isinstance(trained_with, Mapping):
        blocks += [
            Heading("What the models were trained with"),
            *nested_blocks(_of_each_training(trained_with), title="Trained with", counts=False),
        ]
    return Section(
        "manifest", "How this run was made", blocks or [absent("No manifest was given.")]
    )


def _of_each_training(trained_with: Mapping[str, object]) -> dict[str, object]:
    """The parameters of each model; of `seed_1.baseline` where they are not those of `baseline`."""
    return {
        name: "not recorded" if parameters is None else parameters
        for name, parameters in trained_with.items()
        if "." not in name or parameters != trained_with.get(name.rpartition(".")[2])
    }
