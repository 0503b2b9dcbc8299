"""Which column is what: guessed from names, given, or refused."""

from pathlib import Path

import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.predictions.reading import PredictionFile, read_predictions


def read(folder: Path, text: str, **columns: object) -> PredictionFile:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return read_predictions(path, PredictionColumns.model_validate(columns))


@pytest.mark.parametrize("true", ["y_true", "label", "Emotion", "True Label", "ground-truth", "gt"])
@pytest.mark.parametrize("predicted", ["y_pred", "prediction", "PRED", "predicted.label"])
def test_usual_names_are_guessed_in_any_case(tmp_path: Path, true: str, predicted: str) -> None:
    header = f"{predicted},File Name,{true},perceived_gender\n"

    found = read(tmp_path, header + "sad,a.png,happy,f\nhappy,b.png,sad,m\n")

    assert found.frame["emotion"].tolist() == ["happy", "sad"]
    assert found.frame["predicted_emotion"].tolist() == ["sad", "happy"]
    assert found.frame["sample_id"].tolist() == ["a.png", "b.png"]
    assert found.reading["columns"] == {
        "true": {"column": true, "by": "guessed"},
        "predicted": {"column": predicted, "by": "guessed"},
        "sample_id": {"column": "File Name", "by": "guessed"},
        "person": {"column": None, "by": "every row is one"},
        "attributes": {"columns": ["perceived_gender"], "by": "guessed"},
    }


def test_what_is_given_is_used_whatever_it_is_called(tmp_path: Path) -> None:
    text = "a,b,c,d,y_true,gender\nsad,happy,x,hat,0,f\nhappy,sad,y,none,1,f\n"

    found = read(tmp_path, text, true="a", predicted="B", sample_id="c", attributes=["d"])

    assert found.frame.columns.tolist() == ["sample_id", "emotion", "predicted_emotion", "d"]
    assert found.frame.iloc[1].tolist() == ["y", "happy", "sad", "none"]
    roles = found.reading["columns"]
    assert {role["by"] for name, role in roles.items() if name != "person"} == {"given"}  # type: ignore[attr-defined]


def test_the_clearer_of_two_names_wins(tmp_path: Path) -> None:
    found = read(tmp_path, "label,y_true,y_pred,gender\nx,sad,sad,f\n")

    assert found.frame["emotion"].tolist() == ["sad"]


def test_the_only_column_named_like_a_models_is_predicted_unless_one_is_named_plainly(
    tmp_path: Path,
) -> None:
    table = "y_true,pred_resnet,{other},gender\nsad,happy,{value},f\nhappy,happy,sad,m\n"
    found = read(tmp_path, table.format(other="weather", value="wet"))
    assert found.frame["predicted_emotion"].tolist() == ["happy", "happy"]
    assert "{'column': 'pred_resnet', 'by': 'guessed'}" in str(found.reading["columns"])
    plain = read(tmp_path, table.format(other="pred", value="sad"))
    assert "{'column': 'pred', 'by': 'guessed'}" in str(plain.reading["columns"])
    with pytest.raises(InvalidInputError, match=r"no column is named like one of predicted"):
        read(tmp_path, table.format(other="pred_vit", value="sad"))


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        ("a,y_pred,gender", {}, r"no column is named like one of true .*t\.columns\.true"),
        (
            "y_true,a,gender",
            {},
            r"no column is named like one of predicted .*t\.columns\.predicted",
        ),
        ("y_true,y_pred,a", {}, r"named like a group of people .*t\.columns\.attributes"),
        (
            "emotion,y_pred,gender,label",
            {},
            r"'emotion', 'label' could each be .*t\.columns\.true",
        ),
        (
            "y_true,y_pred,pred,gender",
            {},
            r"'y_pred', 'pred' could each .*t\.columns\.predicted",
        ),
        ("y_true,y_pred,gender", {"true": "y_tru"}, r"'y_tru', which is no column.*'y_true' meant"),
        ("y_true,y_pred,gender", {"true": "Y-True", "attributes": ["y_true"]}, "another meaning"),
    ],
)
def test_a_column_that_is_absent_or_one_of_several_is_refused(
    tmp_path: Path, header: str, columns: dict[str, object], message: str
) -> None:
    row = ",".join(["sad"] * (header.count(",") + 1))

    with pytest.raises(InvalidInputError, match=message):
        read(tmp_path, f"{header}\n{row}\n", **columns)


def test_probabilities_are_found_by_their_prefix_and_ordered_by_the_file(tmp_path: Path) -> None:
    for prefix in ("probability_", "Prob_", "p_", "softmax_"):
        text = f"y_true,y_pred,gender,{prefix}Sad,{prefix}happy\nsad,happy,f,0.25,0.75\n"
        found = read(tmp_path, text)
        assert found.classes == ("sad", "happy")
        assert found.probability_columns == ("probability_sad", "probability_happy")
        assert found.frame["probability_happy"].tolist() == [0.75]


def test_columns_that_only_begin_like_probabilities_are_no_probabilities(tmp_path: Path) -> None:
    found = read(tmp_path, "y_true,y_pred,gender,p_value,p_adjusted\nsad,sad,f,,0.3\n")

    assert found.probability_columns == ()
    assert found.reading["unused_columns"] == ["p_value", "p_adjusted"]


def test_two_sets_of_probabilities_are_refused_and_logits_give_way(tmp_path: Path) -> None:
    header = "y_true,y_pred,gender,prob_sad,prob_happy"
    with pytest.raises(InvalidInputError, match=r"could each be the probabilities"):
        read(tmp_path, f'{header},probs\nsad,happy,f,0.25,0.75,"[0.25, 0.75]"\n')

    found = read(tmp_path, f"{header},logit_sad,logit_happy\nsad,happy,f,0.25,0.75,-9,9\n")

    assert found.frame["probability_happy"].tolist() == [0.75]
    assert "the probabilities were used" in str(found.reading["notes"])


def test_given_columns_of_probabilities_may_be_called_like_the_classes(tmp_path: Path) -> None:
    text = "y_true,y_pred,gender,happy,SAD\nsad,happy,f,0.75,0.25\n"

    found = read(tmp_path, text, probabilities=["happy", "SAD"])

    assert found.frame["probability_sad"].tolist() == [0.25]


def test_a_class_without_a_column_of_probabilities_is_refused(tmp_path: Path) -> None:
    text = "y_true,y_pred,gender,prob_sad,prob_calm\nsad,happy,f,0.25,0.75\nhappy,sad,f,0.5,0.5\n"

    with pytest.raises(InvalidInputError, match=r"class 'happy' occurs but has no column"):
        read(tmp_path, text)
