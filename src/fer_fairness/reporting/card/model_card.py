"""The model card of a variant: Markdown as the Hugging Face Hub takes it, and an HTML page."""

from dataclasses import dataclass
from typing import Any, Final

import yaml
from matplotlib.figure import Figure

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting import page
from fer_fairness.reporting.card.analyses import MOST_STATEMENTS
from fer_fairness.reporting.card.sections import card_sections
from fer_fairness.reporting.figures.glance import (
    HEADLINE_GAPS_CAPTION,
    headline_gaps_figure,
    headline_gaps_words,
)
from fer_fairness.reporting.glance import statements
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import variant_label
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import OverallRow
from fer_fairness.reporting.templating import template

PICTURE: Final = "model_card.png"
"""The file of the figure, beside the Markdown."""

_HUB_METRICS: Final = {"accuracy": "accuracy", "macro_f1": "f1", "balanced_accuracy": "recall"}
"""What the Hub calls our metrics over all emotions (https://huggingface.co/metrics)."""


@dataclass(frozen=True)
class ModelCard:
    """A model card.

    Attributes:
        title: Which model it is of.
        metadata: What the Hub reads, by the names of its model card specification
            (https://github.com/huggingface/hub-docs/blob/main/modelcard.md).
        notes: What must be read first.
        sections: Those of Mitchell et al. 2019.
        figure: The accuracy gaps; empty axes where there are none.
    """

    title: str
    metadata: dict[str, Any]
    notes: page.Notes
    sections: tuple[page.Section, ...]
    figure: Figure

    def markdown(self) -> str:
        """The card as Markdown with the Hub's metadata before it; its picture is `PICTURE`."""
        return template("model_card.md.jinja").render(
            card=self,
            header=yaml.safe_dump(self.metadata, sort_keys=False, allow_unicode=True),
            picture=PICTURE,
        )

    def html(self) -> str:
        """The card as an HTML page that needs nothing else; two pages when printed."""
        return template("model_card.html.jinja").render(card=self)


def model_card(inputs: ReportInputs, variant: str) -> ModelCard:
    """The model card of one variant.

    Args:
        inputs: The report's tables.
        variant: A variant that the tables know.

    Raises:
        InvalidInputError: If no table knows `variant`, or the inputs are those of an audit: the
            card tells how a model was made, which an audit does not know.
    """
    if inputs.kind == "audit":
        raise InvalidInputError(
            f"A model card was asked for the audited model {variant!r}; expected the inputs of a "
            "project's report, kind 'project': how a foreign model was made is not known. Use "
            "render_report and results_json for an audit."
        )
    if variant not in inputs.variants():
        raise InvalidInputError(
            f"There is no variant {variant!r} to write a model card for; the tables have "
            f"{list(inputs.variants())}. Check the spelling, or run its pipeline first."
        )
    told = statements(inputs, variant)
    shown = told[:MOST_STATEMENTS]
    figure = headline_gaps_figure(shown)
    drawing = page.Drawing(
        "accuracy_gaps",
        figure,
        caption=f"Gap in accuracy over all emotions. {HEADLINE_GAPS_CAPTION}",
        alternative=headline_gaps_words(shown),
        rows=[one.gap for one in shown],
        half=True,
    )
    return ModelCard(
        title=variant_label(variant),
        metadata=_metadata(inputs, variant),
        notes=page.Notes(tuple(inputs.notes)),
        sections=tuple(card_sections(inputs, variant, told, drawing if told else None)),
        figure=figure,
    )


def _metadata(inputs: ReportInputs, variant: str) -> dict[str, Any]:
    """The Hub's fields; licence and datasets are for whoever publishes the model to add."""
    results = _results(inputs, variant)
    return {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["facial-expression-recognition", "fairness"],
        "metrics": list(_HUB_METRICS.values()),
        **({"model-index": [{"name": variant, "results": results}]} if results else {}),
    }


def _results(inputs: ReportInputs, variant: str) -> list[dict[str, Any]]:
    rows = [
        row
        for row in inputs.rows(OverallRow)
        if row.variant == variant and row.metric in _HUB_METRICS
    ]
    return [
        {
            "task": {"type": "image-classification", "name": "Facial expression recognition"},
            "dataset": {
                # Numbers on drawn faces must not stand among those of a real dataset.
                "type": "fabricated" if inputs.is_fabricated(name) else name,
                "name": of_set[0].set_label
                + (" (fabricated faces)" if inputs.is_fabricated(name) else ""),
                "split": "test",
            },
            "metrics": [
                {
                    "type": _HUB_METRICS[row.metric],
                    "value": round(row.value, 4),
                    "name": row.words.label,
                }
                for row in of_set
            ],
        }
        for name, of_set in grouped(rows, lambda row: row.evaluation_set).items()
    ]
