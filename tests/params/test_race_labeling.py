import pytest
from pydantic import ValidationError

from fer_fairness.params.race_labeling import LabellerParameters, MinConfidence


def test_nested_blocks_keep_their_other_defaults() -> None:
    params = LabellerParameters.model_validate(
        {"mlp": {"n_networks": 1}, "min_confidence": {"race": 0.7}, "classifiers": ["mlp"]}
    )
    assert params.mlp.n_networks == 1
    assert params.mlp.hidden_units == LabellerParameters().mlp.hidden_units
    assert params.min_confidence == MinConfidence(gender=0.5, race=0.7, age_group=0.5)
    assert params.classifiers == ("mlp",)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"classifiers": []}, "at least 1 item"),
        ({"classifiers": ["svm"]}, "'logistic_regression', 'linear_discriminant'"),
        ({"classifiers": ["mlp", "mlp"]}, "named twice"),
        ({"logistic_regression": {"inverse_regularisation": [0.0]}}, "greater than 0"),
        ({"rbf_logistic": {"width": []}}, "at least 1 item"),
        ({"mlp": {"weight_penalty": [-1.0]}}, "greater than 0"),
        ({"n_folds": 1}, "greater than or equal to 2"),
        ({"min_faces_per_class": 1}, "greater than or equal to 2"),
        ({"calibration": "platt"}, "'temperature' or 'isotonic'"),
        ({"min_confidence": {"race": 1.5}}, "less than or equal to 1"),
        ({"min_confidence": {"age": 0.5}}, "Extra inputs"),
        ({"inverse_regularisation": [1.0]}, "Extra inputs"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LabellerParameters.model_validate(wrong)
