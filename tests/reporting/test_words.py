import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.fairness.metrics import GAP_METRICS, class_gap_metrics
from fer_fairness.reporting.words import (
    CLASS_METRICS,
    METRICS,
    attribute_label,
    class_metric,
    evaluation_set_label,
    group_label,
    in_sentence,
    metric_words,
    shortened,
    source_label,
    subgroup_label,
    variant_label,
)
from fer_fairness.taxonomy import EMOTIONS


@pytest.mark.parametrize("name", [*GAP_METRICS, "calibration_error_gap"])
def test_every_registered_metric_has_words(name: str) -> None:
    words = METRICS[name]
    assert words.definition.endswith(".")
    assert words.higher_is_more_equal == (name in GAP_METRICS and GAP_METRICS[name].ideal == 1.0)


@pytest.mark.parametrize("metric", class_gap_metrics(EMOTIONS), ids=lambda metric: metric.name)
def test_every_metric_of_one_emotion_has_words(metric: object) -> None:
    name, ideal = str(getattr(metric, "name")), getattr(metric, "ideal")  # noqa: B009
    found = class_metric(name)
    assert found is not None
    assert found[1] in EMOTIONS
    words = metric_words(name)
    assert words.label.endswith(f", {found[1]}")
    assert words.definition
    assert words.higher_is_more_equal == (ideal == 1.0)


@pytest.mark.parametrize("name", ["theil_index", "calibration_error", "recall_fear"])
def test_scores_of_one_group_have_words(name: str) -> None:
    assert metric_words(name).definition


def test_equalized_odds_says_how_it_is_meant() -> None:
    words = METRICS["equalized_odds_gap"]
    assert "term by term" in words.label
    assert "term by term" in words.definition


@given(st.sampled_from(list(CLASS_METRICS)), st.text(min_size=1, max_size=80))
def test_a_metric_of_one_emotion_is_taken_apart_as_it_was_put_together(
    prefix: str, emotion: str
) -> None:
    assert class_metric(prefix + emotion) == (prefix, emotion)
    assert metric_words(prefix + emotion).label.startswith(CLASS_METRICS[prefix].label)


def test_other_metrics_are_of_no_emotion() -> None:
    assert class_metric("accuracy_gap") is None
    assert class_metric("recall_fear") is None


def test_attributes_of_any_file_are_perceived() -> None:
    assert attribute_label("skin_tone") == "perceived skin tone"
    assert attribute_label("gender x age_group") == "perceived gender × age group"  # noqa: RUF001
    assert "given in the file" in source_label("given")


def test_dispersion_of_recall_is_no_recall_of_an_emotion() -> None:
    assert metric_words("recall_dispersion").label == "Recall dispersion"
    assert metric_words("recall_dispersion_fear").label == "Recall dispersion, fear"
    assert metric_words("recall_dispersion_fear").in_points
    assert class_metric("recall_dispersion") is None


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("Accuracy gap", "accuracy gap"),
        ("Xu fairness", "Xu fairness"),
        ("Theil-index gap", "Theil-index gap"),
        ("Macro F1 gap", "macro F1 gap"),
        ("Recall gap, Fear", "recall gap, Fear"),
        ("", ""),
    ],
)
def test_proper_names_keep_their_capitals(label: str, text: str) -> None:
    assert in_sentence(label) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("age_group: 0-3; race: black", "perceived age group: 0-3; perceived race: black"),
        ("race: east_asian or black", "perceived race: east asian or black"),
        ("none", "none"),
    ],
)
def test_a_subgroup_is_told_in_words(name: str, text: str) -> None:
    assert subgroup_label(name) == text


@given(st.text(max_size=300))
def test_long_names_are_cut_in_their_middle(name: str) -> None:
    cut = shortened(name)
    assert len(cut) <= 60
    assert cut == name or (cut[:40], cut[-15:]) == (name[:40], name[-15:])


def test_each_part_of_an_intersection_keeps_its_ends() -> None:
    assert group_label("a" * 90 + " x " + "b" * 90).count("…") == 2


def test_names_of_files_stay_as_they_are() -> None:
    assert evaluation_set_label("my_predictions.csv") == "my_predictions.csv"
    assert variant_label("net_v1.2") == "net_v1.2"
    assert variant_label("emotion_augmentation") == "Emotion augmentation"
