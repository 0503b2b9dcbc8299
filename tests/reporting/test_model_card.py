import dataclasses

import pytest
from tests.reporting.rows import report

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.model_card import markdown_escape, model_card


def test_a_card_has_the_sections_of_mitchell_et_al(small_inputs: ReportInputs) -> None:
    card = model_card(small_inputs, "emotion_augmentation")
    assert card.startswith("# Model card: Emotion augmentation\n")
    for title in ("Intended use", "Factors", "Metrics", "Evaluation data", "Caveats"):
        assert f"\n## {title}\n" in card
    assert "fabricated" in card
    assert "Training faces added" in card
    assert "Weights that were trained: 120,640" in card
    assert "Started from: baseline" in card


def test_tables_have_the_same_number_of_columns_in_every_row(small_inputs: ReportInputs) -> None:
    lines = model_card(small_inputs, "baseline").splitlines()
    widths = [line.count("|") for line in lines if line.startswith("|")]
    assert set(widths) == {5, 7, 10}
    gaps = small_inputs.tables["gaps"][small_inputs.tables["gaps"]["variant"] == "baseline"]
    assert widths.count(10) == (gaps["family"] == "summary").sum() + 2


def test_an_unknown_variant_is_refused_with_the_known_ones(small_inputs: ReportInputs) -> None:
    with pytest.raises(InvalidInputError, match="'baseline'"):
        model_card(small_inputs, "nobody")


def test_a_variant_without_scores_says_so(small_inputs: ReportInputs) -> None:
    card = model_card(report(histories=small_inputs.tables["histories"]), "baseline")
    assert "This variant was not scored." in card
    assert "Epochs trained: 24" in card


def test_markup_in_names_is_text(small_inputs: ReportInputs) -> None:
    card = model_card(dataclasses.replace(small_inputs, notes=["<b>|x\n# y"]), "baseline")
    assert r"> \<b\>\|x \# y" in card
    assert markdown_escape("a_b*c") == r"a\_b\*c"
