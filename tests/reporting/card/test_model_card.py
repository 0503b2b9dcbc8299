import dataclasses
import re
from html import unescape
from typing import Any

import pandas as pd
import pytest
import yaml
from markdown_it import MarkdownIt
from matplotlib.figure import Figure
from tests.reporting.rows import REFUSAL, changed, predicted, report

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting.card.analyses import MOST_STATEMENTS
from fer_fairness.reporting.card.model_card import PICTURE, model_card
from fer_fairness.reporting.glance import statements
from fer_fairness.reporting.inputs import ReportInputs

MITCHELL = (
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
)
MOST_WORDS = 1300
"""So many fit on two pages of paper, as Chromium prints them."""


def parts(markdown: str) -> tuple[dict[str, Any], str]:
    """The metadata of the Hub, and what stands behind it."""
    nothing, header, body = markdown.split("---\n", maxsplit=2)
    assert nothing == ""
    metadata: dict[str, Any] = yaml.safe_load(header)
    return metadata, body


def words(html: str) -> str:
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", html, flags=re.DOTALL)
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", text).split()))


def test_a_card_has_the_sections_of_mitchell_et_al_in_their_order(
    small_inputs: ReportInputs,
) -> None:
    card = model_card(small_inputs, "emotion_augmentation")
    _, body = parts(card.markdown())
    assert re.findall(r"^#+ .*", body, re.MULTILINE)[0] == "# Model card: Emotion augmentation"
    assert tuple(re.findall(r"^## (.*)$", body, re.MULTILINE)) == MITCHELL
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", card.html())
    assert tuple(headings) == MITCHELL


def test_both_cards_tell_the_same_facts(small_inputs: ReportInputs) -> None:
    card = model_card(small_inputs, "emotion_augmentation")
    page, (_, body) = words(card.html()), parts(card.markdown())
    for told in (
        "120,640 of them trained",
        "Started from",
        "added ones",
        "fabricated",
        "Against the baseline, after correction",
    ):
        assert told in page
        assert told in body


def test_the_verdicts_are_those_of_the_first_screen(small_inputs: ReportInputs) -> None:
    told = statements(small_inputs)
    page = words(model_card(small_inputs, "baseline").html())
    assert told
    for one in told[:MOST_STATEMENTS]:
        assert words(one.about) in page
        assert words(one.text) in page
        assert one.gap.estimate.split(" [")[0] in page


def test_statements_of_another_variant_are_its_own(small_inputs: ReportInputs) -> None:
    gaps = small_inputs.tables["gaps"]
    mine = gaps["variant"] == "emotion_augmentation"
    alone = changed(small_inputs, gaps=gaps[~mine])
    card = model_card(alone, "emotion_augmentation").markdown()
    assert "No gap between groups was computed." in card
    assert statements(small_inputs, "baseline") == statements(small_inputs)


def test_more_attributes_than_fit_are_counted(small_inputs: ReportInputs) -> None:
    first = small_inputs.tables["gaps"]
    first = first[(first["variant"] == "baseline") & (first["metric"] == "accuracy_gap")].head(1)
    many = pd.concat([first.assign(attribute=f"attribute_{n:02d}") for n in range(14)])
    body = model_card(report(gaps=many), "baseline").markdown()
    assert len(re.findall(r"attribute \d\d \|", body)) == MOST_STATEMENTS
    assert "4 more attributes. " in body


def test_a_card_is_short_and_has_one_figure(inputs: ReportInputs) -> None:
    card = model_card(inputs, "baseline")
    page = card.html()
    assert len(words(page).split()) < MOST_WORDS
    assert page.count("<svg") == 1
    assert re.findall(r"!\[.*\]\((.*)\)", card.markdown()) == [PICTURE]
    assert isinstance(card.figure, Figure)


def test_the_page_asks_nobody_for_anything(small_inputs: ReportInputs) -> None:
    page = model_card(small_inputs, "baseline").html()
    assert not re.search(r"<script|<link|src=|href=\"(?!#)|url\((?!#)|@import", page)


def test_the_hub_reads_the_metadata(small_inputs: ReportInputs) -> None:
    metadata, _ = parts(model_card(small_inputs, "baseline").markdown())
    assert metadata["library_name"] == "keras"
    assert metadata["pipeline_tag"] == "image-classification"
    (index,) = metadata["model-index"]
    assert index["name"] == "baseline"
    overall = small_inputs.tables["overall"]
    overall = overall[(overall["variant"] == "baseline") & (overall["metric"] == "accuracy")]
    shown = {
        result["dataset"]["name"].partition(" (")[0]: metric["value"]
        for result in index["results"]
        for metric in result["metrics"]
        if metric["type"] == "accuracy"
    }
    assert shown == dict(zip(("FER+",), overall["value"].round(4), strict=True))
    assert {metric["type"] for one in index["results"] for metric in one["metrics"]} <= set(
        metadata["metrics"]
    )


@pytest.mark.parametrize("fabricated", [True, False])
def test_numbers_on_drawn_faces_do_not_stand_as_those_of_the_dataset(
    small_inputs: ReportInputs,
    fabricated: bool,  # noqa: FBT001
) -> None:
    quality = {"fer_plus": {"reading": {"fabricated": fabricated, "licence": "for research"}}}
    inputs = dataclasses.replace(small_inputs, quality=quality)
    metadata, body = parts(model_card(inputs, "baseline").markdown())
    datasets = [result["dataset"]["type"] for result in metadata["model-index"][0]["results"]]
    assert datasets == ["fabricated" if fabricated else "fer_plus"]
    assert ("Licence of FER+: for research" in body) is not fabricated
    assert ("faces were drawn: no person" in body) is fabricated


def test_the_markdown_has_whole_tables(small_inputs: ReportInputs) -> None:
    _, body = parts(model_card(small_inputs, "baseline").markdown())
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    assert sum(token.type == "table_open" for token in tokens) == 2
    rows = [line for line in body.splitlines() if line.startswith("|")]
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in rows]
    assert len(set(widths)) == 2


def test_an_unknown_variant_is_refused_with_the_known_ones(small_inputs: ReportInputs) -> None:
    with pytest.raises(InvalidInputError, match="'baseline'"):
        model_card(small_inputs, "nobody")


def test_a_variant_without_scores_says_so(small_inputs: ReportInputs) -> None:
    card = model_card(report(histories=small_inputs.tables["histories"]), "baseline")
    body = card.markdown()
    for told in ("This variant was not scored.", "Nothing was scored.", "Epochs trained: 24"):
        assert told in body
    assert "model-index" not in body
    assert "![" not in body
    assert "<svg" not in card.html()
    assert isinstance(card.figure, Figure)


def test_markup_in_names_is_text(small_inputs: ReportInputs) -> None:
    card = model_card(dataclasses.replace(small_inputs, notes=["<b>|x\n# y $$z$$"]), "baseline")
    assert r"> \<b\>\|x \# y \$\$z\$\$" in card.markdown()
    assert "&lt;b&gt;|x" in card.html()


def test_predicted_groups_stand_beside_their_gap_without_label_errors() -> None:
    told = words(model_card(predicted({}), "baseline").html())
    assert "9.6 [5.1 to 14.2]" in told
    assert "7.6" in told
    assert "labeller" in told
    refused = predicted(attribute=REFUSAL, corrected=())
    assert "too few held-out faces" in words(model_card(refused, "baseline").html())
    annotated = model_card(predicted({"attribute_source": "annotated"}), "baseline").markdown()
    assert "label errors" not in annotated


def test_the_training_data_are_those_that_the_run_was_trained_on(
    small_inputs: ReportInputs,
) -> None:
    assert "training faces of FER+" in words(model_card(small_inputs, "baseline").html())
    manifest = {**small_inputs.manifest, "parameters": {"train_on": "my_faces"}}
    elsewhere = dataclasses.replace(small_inputs, manifest=manifest)
    told = words(model_card(elsewhere, "baseline").html())
    assert "training faces of my faces" in told
    assert "training faces of FER+" not in told
