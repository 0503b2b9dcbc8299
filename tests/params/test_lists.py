"""Every list of every parameter model can be given on the command line."""

import importlib
import pkgutil

import pytest
from pydantic import TypeAdapter, ValidationError

from fer_fairness import params
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.params.base import Parameters
from fer_fairness.params.embedding import EmbedderParameters
from fer_fairness.params.fabrication import PlantedBias
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.params.lists import Legends, parted
from fer_fairness.params.race_labeling import LabellerParameters, LogisticRegressionGrid

WITH_RULES_OF_THEIR_OWN = {
    ("ArchitectureParameters", "blocks"),  # a list of lists
    ("PredictionColumns", "predicted"),  # one name is one model
    ("PredictionColumns", "probabilities"),  # one name is one column of lists
    ("PredictionColumns", "logits"),
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("gender; race", ["gender", "race"]),
        ("gender", ["gender"]),
        ("gender x race;age_group", ["gender x race", "age_group"]),
        (16, [16]),
        (["a;b"], ["a;b"]),
        (("a",), ("a",)),
        (None, None),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_texts_are_parted_and_numbers_are_lists_of_one(given: object, expected: object) -> None:
    assert parted(given) == expected


@pytest.mark.parametrize(
    ("model", "name", "given", "expected"),
    [
        (AugmentationParameters, "by", "emotion; race", ("emotion", "race")),
        (EvaluationParameters, "attributes", "gender;gender x race", ("gender", "gender x race")),
        (EmbedderParameters, "widths", "16;32", (16, 32)),
        (EmbedderParameters, "widths", 16, (16,)),
        (LogisticRegressionGrid, "inverse_regularisation", "0.1;1", (0.1, 1.0)),
        (LabellerParameters, "classifiers", "mlp", ("mlp",)),
        (PlantedBias, "label_noise_splits", "train;test", ("train", "test")),
        (PlantedBias, "emotion_splits", "train", ("train",)),
    ],
)
def test_a_list_may_be_given_as_text(
    model: type[Parameters], name: str, given: object, expected: tuple[object, ...]
) -> None:
    assert getattr(model.model_validate({name: given}), name) == expected
    assert getattr(model.model_validate({name: list(expected)}), name) == expected


@pytest.mark.parametrize("given", ["", "emotion;", "emotion;sex", "emotion,gender", []])
def test_what_is_no_list_of_known_names_is_refused(given: object) -> None:
    with pytest.raises(ValidationError, match="by"):
        AugmentationParameters.model_validate({"by": given})


def test_no_list_of_any_parameter_model_was_forgotten() -> None:
    lists = set()
    for module in pkgutil.iter_modules(params.__path__):
        for value in vars(importlib.import_module(f"{params.__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Parameters):
                lists |= {
                    (value.__name__, name)
                    for name, field in value.model_fields.items()
                    if "tuple[" in str(field.annotation)
                    and "parted" not in f"{field.annotation}{field.metadata}"
                }
    assert lists <= WITH_RULES_OF_THEIR_OWN


def test_legends_come_from_conf_or_from_a_command_line() -> None:
    legends = TypeAdapter(Legends)
    expected = {"sex": {"0": "female", "1": "male"}, "skin.tone": {"1": "I"}}
    assert (
        legends.validate_python({"sex": {0: "female", 1: "male"}, "skin.tone": {1: "I"}})
        == expected
    )
    assert legends.validate_python("sex.0=female; sex.1 = male;skin.tone.1=I") == expected
    with pytest.raises(
        ValidationError, match=r"has '0=female', expected such as 'gender\.0=female'"
    ):
        legends.validate_python("0=female")
