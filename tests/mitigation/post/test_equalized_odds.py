import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import group_counts
from fer_fairness.fairness.metrics.gap_metrics import equal_opportunity_gap
from fer_fairness.mitigation.post.equalized_odds import EqualizedOdds, EqualizedOddsRates, Rates
from fer_fairness.tables import PREDICTIONS_SCHEMA, PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

SHOWN = EMOTIONS[:4]
BY_GENDER = EqualizedOdds()


def fabricated(n: int = 2000, *, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Predictions over four emotions, worse for women, the other probabilities exactly zero."""
    generator = np.random.default_rng(seed)
    emotion = generator.integers(0, len(SHOWN), n)
    gender = pd.Series(generator.choice(["female", "male"], n))
    scores = generator.normal(0.0, 1.0, (n, len(SHOWN)))
    scores[np.arange(n), emotion] += np.where(gender == "female", 1.0, 2.5)
    probabilities = np.zeros((n, len(EMOTIONS)))
    probabilities[:, : len(SHOWN)] = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    names = np.array(EMOTIONS, dtype=object)
    frame = pd.DataFrame(
        {
            "sample_id": [f"face-{number}" for number in range(n)],
            "variant": "baseline",
            "seed": 7,
            "emotion": names[emotion],
            "predicted_emotion": names[probabilities.argmax(axis=1)],
        }
    )
    frame[list(PROBABILITY_COLUMNS)] = probabilities
    return PREDICTIONS_SCHEMA.validate(frame), gender


def fit(
    predictions: pd.DataFrame, gender: pd.Series, method: EqualizedOdds = BY_GENDER
) -> EqualizedOddsRates:
    scored = predictions.assign(gender=gender)
    return EqualizedOddsRates.model_validate(json.loads(json.dumps(method.fit(scored))))


def changed(
    predictions: pd.DataFrame, gender: pd.Series, fitted: EqualizedOddsRates, *, seed: int = 0
) -> pd.DataFrame:
    """The predictions after the change, as the template makes them."""
    found = BY_GENDER.apply(
        predictions.assign(gender=gender), fitted.model_dump(mode="json"), seed=seed
    )
    return predictions.assign(**{str(name): found[name] for name in found})


def gap_of(predictions: pd.DataFrame, gender: pd.Series) -> float:
    counted = group_counts(
        predictions["emotion"], predictions["predicted_emotion"], gender, classes=SHOWN
    )
    return float(equal_opportunity_gap(counted.counts))


def most_probable(predictions: pd.DataFrame) -> list[str]:
    columns = predictions[list(PROBABILITY_COLUMNS)].to_numpy().argmax(axis=1)
    return [EMOTIONS[column] for column in columns]


def rates(**by_emotion: dict[str, Rates]) -> EqualizedOddsRates:
    return EqualizedOddsRates.model_validate(
        {
            "privileged": "male",
            "unprivileged": ("female",),
            "n_people": {"privileged": 1, "unprivileged": 1},
            "rates": by_emotion,
            "untouched": {},
        }
    )


def test_odds_of_unseen_people_come_closer() -> None:
    fitted = fit(*fabricated(seed=1))
    predictions, gender = fabricated(seed=2)
    after = changed(predictions, gender, fitted)
    assert gap_of(predictions, gender) > 0.2
    assert gap_of(after, gender) < gap_of(predictions, gender) / 2


def test_the_group_recognised_best_is_the_privileged_one() -> None:
    fitted = fit(*fabricated())
    assert fitted.privileged == "male"
    assert fitted.unprivileged == ("female",)
    assert sum(fitted.n_people.values()) == 2000
    named = EqualizedOdds(privileged="female")
    assert fit(*fabricated(), named).privileged == "female"


def test_fitted_rates_solve_the_program_of_aif360() -> None:
    predictions, gender = fabricated()
    fitted = fit(predictions, gender)
    for emotion, sides in fitted.rates.items():
        shown, given = (
            predictions["emotion"] == emotion,
            predictions["predicted_emotion"] == emotion,
        )
        evened = []
        for group, side in (("male", sides["privileged"]), ("female", sides["unprivileged"])):
            on_side = gender == group
            evened.append(
                [
                    side.keep * given[on_side & of].mean()
                    + side.claim * (1 - given[on_side & of].mean())
                    for of in (shown, ~shown)
                ]
            )
        assert_allclose(evened[0], evened[1], atol=1e-6)


def test_emotions_nobody_shows_are_untouched_and_told() -> None:
    fitted = fit(*fabricated())
    assert set(fitted.rates) == set(SHOWN)
    assert set(fitted.untouched) == set(EMOTIONS[4:])
    assert fitted.untouched["contempt"] == "nobody on the privileged side shows it"


def test_results_are_predictions_whose_emotion_is_the_most_probable() -> None:
    predictions, gender = fabricated()
    fitted = fit(predictions, gender)
    after = changed(predictions, gender, fitted)
    PREDICTIONS_SCHEMA.validate(after)
    assert after["sample_id"].tolist() == predictions["sample_id"].tolist()
    assert after["predicted_emotion"].tolist() == most_probable(after)
    before = np.sort(predictions[list(PROBABILITY_COLUMNS)].to_numpy(), axis=1)
    assert_allclose(np.sort(after[list(PROBABILITY_COLUMNS)].to_numpy(), axis=1), before)
    assert (after["predicted_emotion"] != predictions["predicted_emotion"]).any()
    assert set(after["predicted_emotion"]) <= set(SHOWN)


def test_draws_are_those_of_their_seed_and_leave_numpys_own_alone() -> None:
    predictions, gender = fabricated(400)
    state = np.random.get_state(legacy=False)["state"]["key"].tolist()  # noqa: NPY002 -- the global state is what is tested
    fitted = fit(predictions, gender)
    first, again, other = (changed(predictions, gender, fitted, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert np.random.get_state(legacy=False)["state"]["key"].tolist() == state  # noqa: NPY002


def test_people_without_a_known_group_keep_their_prediction() -> None:
    predictions, _ = fabricated(300)
    always = rates(
        **{
            emotion: {"privileged": Rates(keep=0.0), "unprivileged": Rates(keep=0.0)}
            for emotion in EMOTIONS
        }
    )
    groups = pd.Series(["male", None, "unsure"] * 100, dtype=object)
    after = changed(predictions, groups, always)
    differs = (after["predicted_emotion"] != predictions["predicted_emotion"]).to_numpy()
    assert differs[::3].all()
    assert not differs[1::3].any()
    assert not differs[2::3].any()


def test_a_withdrawn_prediction_gives_way_to_the_next_most_probable() -> None:
    predictions, _ = fabricated(1)
    predictions[list(PROBABILITY_COLUMNS)] = [[0.5, 0.2, 0.3, 0, 0, 0, 0, 0]]
    predictions["predicted_emotion"] = EMOTIONS[0]
    withdrawn = rates(neutral={"privileged": Rates(keep=0.0), "unprivileged": Rates(keep=1.0)})
    after = changed(predictions, pd.Series(["male"]), withdrawn)
    assert after["predicted_emotion"].tolist() == ["surprise"]
    assert after[list(PROBABILITY_COLUMNS)].to_numpy()[0, :3].tolist() == [0.3, 0.2, 0.5]


def test_a_certain_prediction_cannot_give_way() -> None:
    predictions, _ = fabricated(1)
    predictions[list(PROBABILITY_COLUMNS)] = [[1.0, 0, 0, 0, 0, 0, 0, 0]]
    predictions["predicted_emotion"] = EMOTIONS[0]
    withdrawn = rates(neutral={"privileged": Rates(keep=0.0), "unprivileged": Rates(keep=0.0)})
    after = changed(predictions, pd.Series(["male"]), withdrawn)
    assert after["predicted_emotion"].tolist() == ["neutral"]


def test_ties_do_not_hide_the_new_prediction() -> None:
    predictions, _ = fabricated(1)
    predictions[list(PROBABILITY_COLUMNS)] = [[0.4, 0.4, 0.2, 0, 0, 0, 0, 0]]
    predictions["predicted_emotion"] = EMOTIONS[0]
    withdrawn = rates(neutral={"privileged": Rates(keep=0.0), "unprivileged": Rates(keep=1.0)})
    after = changed(predictions, pd.Series(["male"]), withdrawn)
    assert after["predicted_emotion"].tolist() == ["happiness"] == most_probable(after)


def test_an_absent_dataset_stays_absent() -> None:
    predictions, gender = fabricated(5)
    fitted = fit(predictions.head(0), gender.head(0))
    assert set(fitted.untouched) == set(EMOTIONS)
    after = changed(predictions.head(0), gender.head(0), fitted)
    assert after.empty
    assert list(after) == list(predictions)


def test_a_single_group_leaves_every_emotion_untouched() -> None:
    predictions, gender = fabricated(50)
    fitted = fit(predictions, gender.where(gender == "male"))
    assert fitted.rates == {}
    assert "fewer than two groups of gender" in fitted.untouched["fear"]
    after = changed(predictions, gender, fitted)
    assert after["predicted_emotion"].equals(predictions["predicted_emotion"])


def test_bad_input_is_refused() -> None:
    predictions, gender = fabricated(50)
    with pytest.raises(InvalidInputError, match="privileged is 'nobody'"):
        fit(predictions, gender, EqualizedOdds(privileged="nobody"))
    with pytest.raises(ValidationError, match="keep"):
        Rates(keep=1.2)
    with pytest.raises(ValidationError, match="attribute"):
        EqualizedOdds.model_validate({"attribute": "height"})
