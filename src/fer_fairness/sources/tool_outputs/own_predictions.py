"""Predictions of somebody's own that stand beside the answers of a tool."""

from dataclasses import replace

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.foreign_tables.table import ForeignTable, quoted
from fer_fairness.sources.predictions.roles import PREDICTED_NAMES, image_column, normal
from fer_fairness.sources.tool_outputs.forms import ToolOutput


def own_prediction(
    table: ForeignTable, found: ToolOutput, given: tuple[str, ...] | str | None
) -> str | None:
    """The column that is audited in place of the tool's emotion; None: the tool is audited.

    Args:
        table: The table as it was given.
        found: The tool's answers in it.
        given: The column of predictions that is asked for; None: one that is named like one.
    """
    names = PREDICTED_NAMES[0].split()
    own = [name for name in table.every_name if normal(name) in names]
    asked = [given] if isinstance(given, str) else own
    return next((name for name in asked if normal(name) != normal(found.predicted)), None)


def without_answers(
    table: ForeignTable, found: ToolOutput, own: str, columns: PredictionColumns
) -> tuple[ForeignTable, PredictionColumns]:
    """Every row without the tool's emotion and probabilities, which are not those of `own`.

    What else the tool says of a face, its groups among it, stays.

    Args:
        table: The table as it was given; a note tells what was left out.
        found: The tool's answers in it.
        own: The column that is audited.
        columns: Which column is what; a tool's own name for pictures is found.
    """
    # A tool that writes a row for several faces has more rows here than there are predictions.
    whole = found.table if found.table.n_rows == table.n_rows else table
    pictures = found.image if image_column(table) is None else None
    kept = {*table.names, pictures} & {*found.table.names} - {found.predicted}
    table = replace(whole, data=whole.data.select([n for n in whole.names if n in kept]))
    table.notes.append(
        f"{own!r} is audited, in every row; what {found.tool} answered of emotions was left out. "
        f"To audit that, give audit.columns.predicted={quoted(found.predicted)}."
    )
    if columns.sample_id is None and pictures in table.names:
        columns = columns.model_copy(update={"sample_id": pictures})
    return table, columns
