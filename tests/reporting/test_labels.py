import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.evaluation_sets import EVALUATION_SETS, EvaluationSet
from fer_fairness.mitigation.method import Method
from fer_fairness.mitigation.post_method import PostMethod
from fer_fairness.mitigation.registry import post_methods, trained_methods
from fer_fairness.reporting.labels import (
    attribute_label,
    condition_label,
    evaluation_set_label,
    group_label,
    held_out_label,
    in_order,
    in_sentence,
    shortened,
    source_label,
    subgroup_label,
    variant_label,
)


def test_attributes_of_any_file_are_perceived() -> None:
    assert attribute_label("skin_tone") == "perceived skin tone"
    assert attribute_label("gender x age_group") == "perceived gender × age group"  # noqa: RUF001
    assert "given in the file" in source_label("given")


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
    "method", [*trained_methods().items(), *post_methods().items()], ids=lambda one: one[0]
)
def test_words_of_methods_are_spelled_as_in_their_files(
    method: tuple[str, type[Method] | type[PostMethod]],
) -> None:
    name, kind = method
    letters = re.sub("[^a-z]", "", name)
    unusual = [
        word
        for word in re.findall(r"[\w-]+", kind.label)
        if word != word.capitalize() and re.sub("[^a-z]", "", word.lower()) in letters
    ]
    told = variant_label(name)
    lost = [word for word in unusual if word.lower() != word and word not in told]
    assert not lost, f"{told!r} loses {lost}: add them to _SPELLED in reporting/labels.py"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("group_dro_by_race", "Group DRO by race"),
        ("equalized_odds_lp", "Equalized odds (linear program)"),
        ("jtt", "JTT"),
        ("samples_weighed", "Samples weighed"),
    ],
)
def test_names_of_blocks_are_spelled_word_by_word(name: str, text: str) -> None:
    assert variant_label(name) == text
    assert in_sentence(text).startswith(text[:2] if name == "jtt" else text[0].lower())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("age_group: 0-3; race: black", "perceived age group: 0-3; perceived race: Black"),
        ("race: east_asian or black", "perceived race: East Asian or Black"),
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


@pytest.mark.parametrize("part", EVALUATION_SETS.values(), ids=lambda part: part.name)
def test_an_evaluation_set_has_the_words_of_its_registry(part: EvaluationSet) -> None:
    assert evaluation_set_label(part.name) == part.label
    assert condition_label(part.condition) in held_out_label(part.name)


def test_orders_follow_the_taxonomy_part_by_part() -> None:
    names = ["male x 20-39", "female x 4-19", "female x 0-3", "other x 0-3"]
    assert in_order(names) == ["female x 0-3", "female x 4-19", "male x 20-39", "other x 0-3"]


@pytest.mark.parametrize(
    "scale",
    [
        [str(step) for step in range(1, 11)],
        [f"MST_{step}" for step in range(1, 11)],
        [f"Fitzpatrick {step}" for step in ("I", "II", "III", "IV", "V", "VI")],
        ["I-II", "III-IV", "V-VI"],
        ["(4, 6)", "(25, 32)", "(60, 100)"],
        ["0-2", "9", "25-32", "100+", "Indian", "Viking"],
    ],
)
def test_steps_of_a_scale_keep_their_order(scale: list[str]) -> None:
    assert in_order(scale[::-1]) == scale
