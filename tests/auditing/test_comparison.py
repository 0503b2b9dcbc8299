"""Several models on the same people: what each changes, corrected together."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.auditing.frames import CLASSES, DRAWS, PROBABILITIES, fabricated

from fer_fairness import Comparison, audit, audit_models
from fer_fairness.errors import DoubtfulInputWarning, InvalidInputError
from fer_fairness.fairness import Audience, changes
from fer_fairness.params.inference import InferenceParameters


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Predictions of a model that fails women, of one that does not, and of the first again."""
    frame = fabricated(800).drop(columns=PROBABILITIES).rename(columns={"prediction": "pred_old"})
    generator = np.random.default_rng(1)
    right = generator.random(len(frame)) < 0.9
    better = np.where(right, frame["label"], generator.choice(CLASSES, len(frame)))
    return frame.assign(pred_new=better, pred_same=frame["pred_old"])


@pytest.fixture(scope="module")
def found(people: pd.DataFrame) -> Comparison:
    return audit_models(people, attributes=["gender", "race"], **DRAWS)


def test_columns_named_like_predictions_are_the_models_the_first_the_reference(
    found: Comparison,
) -> None:
    assert list(found.audits) == ["pred_old", "pred_new", "pred_same"]
    assert found.reference == "pred_old"
    predicted = {"columns": ["pred_old", "pred_new", "pred_same"], "by": "guessed"}
    assert found.reading["columns"]["predicted"] == predicted


def test_a_gap_that_closes_is_found_and_a_model_that_changes_nothing_is_not(
    found: Comparison,
) -> None:
    by_model = found.table.groupby("model")["verdict"].agg(set)
    assert "difference found" not in by_model["pred_same"]
    gap = found.table.query("model == 'pred_new' and metric == 'accuracy_gap'")
    gender = gap.set_index("attribute").loc["gender"]
    assert gender["verdict"] == "difference found"
    assert gender["difference"] < 0
    effects = found.findings.set_index(["model", "attribute"])["effect"]
    assert effects["pred_new", "gender"] == "helped"
    assert effects["pred_same", "gender"] == "cannot tell"


def test_changes_are_those_of_one_family_of_all_models(
    found: Comparison, people: pd.DataFrame
) -> None:
    frames = {
        name: {
            0: people.rename(columns={"label": "emotion", name: "predicted_emotion"}).assign(
                sample_id=people["file"]
            )
        }
        for name in found.audits
    }
    audience = Audience("the DataFrame", frames, ("gender", "race"), CLASSES)
    params = InferenceParameters(**DRAWS)
    expected = changes([audience], params=params, seed=0).drop(columns="evaluation_set")
    expected = expected.rename(columns={"variant": "model"})
    pd.testing.assert_frame_equal(found.table, expected)
    assert set(found.table["n_tested"].dropna()) == {found.table["p_value"].notna().sum()}


def test_each_audit_is_the_one_of_its_model_alone(found: Comparison, people: pd.DataFrame) -> None:
    alone = audit(people, y_pred="pred_new", attributes=["gender", "race"], **DRAWS)
    pd.testing.assert_frame_equal(found.audits["pred_new"].table, alone.table)


def test_two_audits_compare_as_two_columns_do(found: Comparison, people: pd.DataFrame) -> None:
    one, other = found.audits["pred_old"], found.audits["pred_new"]
    by_hand = one.compare(other)
    options = {"attributes": ["gender", "race"], **DRAWS}
    of_columns = audit_models(people, y_pred=["pred_old", "pred_new"], **options)
    pd.testing.assert_frame_equal(by_hand.table, of_columns.table)


def test_models_may_be_called_otherwise_than_their_columns(people: pd.DataFrame) -> None:
    names = {"before": "pred_old", "after": "pred_new"}
    found = audit_models(people, y_pred=names, attributes="gender", **DRAWS)
    assert list(found.audits) == ["before", "after"]
    assert "“after” against “before”" in repr(found)


def test_the_order_of_the_rows_of_the_other_does_not_matter(
    found: Comparison, people: pd.DataFrame
) -> None:
    options = {"attributes": ["gender", "race"], "name": "pred_new", **DRAWS}
    turned = audit(people[::-1], y_pred="pred_new", sample_id="file", **options)
    table = found.audits["pred_old"].compare(turned).table
    own = found.audits["pred_old"].compare(found.audits["pred_new"]).table
    pd.testing.assert_series_equal(table["raw_difference"], own["raw_difference"])


def test_the_page_tells_of_every_model_and_of_what_it_changes(
    found: Comparison, tmp_path: Path
) -> None:
    page, results, table = found.write(tmp_path)
    told = page.read_text(encoding="utf-8")
    assert "What the other models change" in told
    assert "the baseline" not in told.lower()
    for name in found.audits:
        assert f"The model “{name}” was audited" in told
    assert results.name == "audit.json"
    assert len(pd.read_parquet(table)) == len(found.table)


def test_a_warning_of_any_model_is_told_with_its_name(people: pd.DataFrame) -> None:
    turned = dict(zip(CLASSES, (*CLASSES[1:], CLASSES[0]), strict=True))
    swapped = people.assign(pred_turned=people["label"].map(turned))
    models = ["pred_old", "pred_turned"]
    with pytest.warns(DoubtfulInputWarning, match="model “pred_turned”: .*another order"):
        found = audit_models(swapped, y_pred=models, attributes="gender", **DRAWS)
    assert [one.startswith("The model “pred_turned”: ") for one in found.reading["warnings"]] == [
        True
    ]
    assert [one for one in found.first_screen.notes if "another order" in one] == found.reading[
        "warnings"
    ]


def test_what_it_came_to_is_printed_within_eighty_columns(found: Comparison) -> None:
    assert max(map(len, repr(found).splitlines())) <= 80
    assert "“pred_new” against “pred_old”" in repr(found)
    assert "“pred_new” against “pred_old”" in found._repr_html_()


def test_the_plot_has_a_panel_for_each_attribute(found: Comparison) -> None:
    assert len(found.plot().axes) == 2


def test_who_audits_one_model_of_several_is_told_how_to_compare_them(people: pd.DataFrame) -> None:
    message = r"with y_pred.*To compare 'pred_old', 'pred_new', 'pred_same', call audit_models"
    with pytest.raises(InvalidInputError, match=message):
        audit(people, attributes="gender", **DRAWS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_pred": ["pred_old"]}, "only 'pred_old'.*Name them with y_pred"),
        ({"y_pred": []}, "there is none"),
        ({"y_pred": ["pred_old", "pred_knew"]}, "y_pred names 'pred_knew', which is no column"),
        ({"name": "mine"}, "name is of one model, but 3 are compared"),
        ({"probabilities": ["p_a"]}, "probabilities is of one model"),
    ],
)
def test_what_is_no_comparison_is_refused(
    options: dict[str, object], message: str, people: pd.DataFrame
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        audit_models(people, attributes="gender", **{**DRAWS, **options})


def test_models_of_other_people_or_labels_and_of_one_name_are_refused(
    found: Comparison, people: pd.DataFrame
) -> None:
    one = found.audits["pred_old"]
    options = {"y_pred": "pred_new", "attributes": "gender", **DRAWS}
    with pytest.raises(InvalidInputError, match=r"called 'pred_old'.*Name one of them otherwise"):
        one.compare(one)
    alone = r"'face_799\.png' is in the table of pred_old and not"
    with pytest.raises(InvalidInputError, match=alone):
        one.compare(audit(people[:-1], name="fewer", **options))
    relabelled = people.assign(label=people["label"][::-1].to_numpy())
    with pytest.raises(InvalidInputError, match="Use the same labels for every model"):
        one.compare(audit(relabelled, name="other", **options))
    by_race = audit(people, name="by race", **{**options, "attributes": "race"})
    with pytest.raises(InvalidInputError, match="compare no attribute in common"):
        audit(people, name="by gender", **options).compare(by_race)
