import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import group_counts
from fer_fairness.fairness.metrics.gap_metrics import equal_opportunity_gap
from fer_fairness.mitigation import (
    EqualizedOddsRates,
    FittedPostProcessor,
    Rates,
    apply_equalized_odds,
    fit_equalized_odds,
)
from fer_fairness.params.mitigation import EqualizedOddsParameters
from fer_fairness.tables import PREDICTIONS_SCHEMA, PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

SHOWN = EMOTIONS[:4]
BY_GENDER = EqualizedOddsParameters()


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
    fitted = fit_equalized_odds(*fabricated(seed=1), BY_GENDER)
    predictions, gender = fabricated(seed=2)
    after = apply_equalized_odds(predictions, gender, fitted, seed=0, variant="equalized_odds")
    assert gap_of(predictions, gender) > 0.2
    assert gap_of(after, gender) < gap_of(predictions, gender) / 2


def test_the_group_recognised_best_is_the_privileged_one() -> None:
    fitted = fit_equalized_odds(*fabricated(), BY_GENDER)
    assert fitted.privileged == "male"
    assert fitted.unprivileged == ("female",)
    assert sum(fitted.n_people.values()) == 2000
    named = EqualizedOddsParameters(privileged="female")
    assert fit_equalized_odds(*fabricated(), named).privileged == "female"


def test_fitted_rates_solve_the_program_of_aif360() -> None:
    predictions, gender = fabricated()
    fitted = fit_equalized_odds(predictions, gender, BY_GENDER)
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
    fitted = fit_equalized_odds(*fabricated(), BY_GENDER)
    assert set(fitted.rates) == set(SHOWN)
    assert set(fitted.untouched) == set(EMOTIONS[4:])
    assert fitted.untouched["contempt"] == "nobody on the privileged side shows it"


def test_results_are_predictions_whose_emotion_is_the_most_probable() -> None:
    predictions, gender = fabricated()
    fitted = fit_equalized_odds(predictions, gender, BY_GENDER)
    after = apply_equalized_odds(predictions, gender, fitted, seed=0, variant="equalized_odds")
    PREDICTIONS_SCHEMA.validate(after)
    assert set(after["variant"]) == {"equalized_odds"}
    assert after["sample_id"].tolist() == predictions["sample_id"].tolist()
    assert after["predicted_emotion"].tolist() == most_probable(after)
    before = np.sort(predictions[list(PROBABILITY_COLUMNS)].to_numpy(), axis=1)
    assert_allclose(np.sort(after[list(PROBABILITY_COLUMNS)].to_numpy(), axis=1), before)
    assert (after["predicted_emotion"] != predictions["predicted_emotion"]).any()
    assert set(after["predicted_emotion"]) <= set(SHOWN)


def test_draws_are_those_of_their_seed_and_leave_numpys_own_alone() -> None:
    predictions, gender = fabricated(400)
    state = np.random.get_state(legacy=False)["state"]["key"].tolist()  # noqa: NPY002 -- the global state is what is tested
    fitted = fit_equalized_odds(predictions, gender, BY_GENDER)
    first, again, other = (
        apply_equalized_odds(predictions, gender, fitted, seed=seed, variant="x")
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert np.random.get_state(legacy=False)["state"]["key"].tolist() == state  # noqa: NPY002


def test_rates_survive_json() -> None:
    fitted = fit_equalized_odds(*fabricated(400), BY_GENDER)
    assert EqualizedOddsRates.from_dict(json.loads(json.dumps(fitted.to_dict()))) == fitted
    post_processor: FittedPostProcessor = fitted
    predictions, gender = fabricated(50)
    direct = apply_equalized_odds(predictions, gender, fitted, seed=0, variant="x")
    pd.testing.assert_frame_equal(
        post_processor.transform(predictions, gender, seed=0, variant="x"), direct
    )


def test_people_without_a_known_group_keep_their_prediction() -> None:
    predictions, _ = fabricated(300)
    always = rates(
        **{
            emotion: {"privileged": Rates(keep=0.0), "unprivileged": Rates(keep=0.0)}
            for emotion in EMOTIONS
        }
    )
    groups = pd.Series(["male", None, "unsure"] * 100, dtype=object)
    after = apply_equalized_odds(predictions, groups, always, seed=0, variant="x")
    changed = (after["predicted_emotion"] != predictions["predicted_emotion"]).to_numpy()
    assert changed[::3].all()
    assert not changed[1::3].any()
    assert not changed[2::3].any()


def test_a_withdrawn_prediction_gives_way_to_the_next_most_probable() -> None:
    predictions, _ = fabricated(1)
    predictions[list(PROBABILITY_COLUMNS)] = [[0.5, 0.2, 0.3, 0, 0, 0, 0, 0]]
    predictions["predicted_emotion"] = EMOTIONS[0]
    withdrawn = rates(neutral={"privileged": Rates(keep=0.0), "unprivileged": Rates(keep=1.0)})
    after = apply_equalized_odds(predictions, pd.Series(["male"]), withdrawn, seed=0, variant="x")
    assert after["predicted_emotion"].tolist() == ["surprise"]
    assert after[list(PROBABILITY_COLUMNS)].to_numpy()[0, :3].tolist() == [0.3, 0.2, 0.5]


def test_a_certain_prediction_cannot_give_way() -> None:
    predictions, _ = fabricated(1)
    predictions[list(PROBABILITY_COLUMNS)] = [[1.0, 0, 0, 0, 0, 0, 0, 0]]
    predictions["predicted_emotion"] = EMOTIONS[0]
    withdrawn = rates(neutral={"privileged": Rates(keep=0.0), "unprivileged": Rates(keep=0.0)})
    after = apply_equalized_odds(predictions, pd.Series(["male"]), withdrawn, seed=0, variant="x")
    assert after["predicted_emotion"].tolist() == ["neutral"]


def test_ties_do_not_hide_the_new_prediction() -> None:
    predictions, _ = fabricated(1)
    predictions[list(PROBABILITY_COLUMNS)] = [[0.4, 0.4, 0.2, 0, 0, 0, 0, 0]]
    predictions["predicted_emotion"] = EMOTIONS[0]
    withdrawn = rates(neutral={"privileged": Rates(keep=0.0), "unprivileged": Rates(keep=1.0)})
    after = apply_equalized_odds(predictions, pd.Series(["male"]), withdrawn, seed=0, variant="x")
    assert after["predicted_emotion"].tolist() == ["happiness"] == most_probable(after)


def test_an_absent_dataset_stays_absent() -> None:
    predictions, gender = fabricated(5)
    fitted = fit_equalized_odds(predictions.head(0), gender.head(0), BY_GENDER)
    assert set(fitted.untouched) == set(EMOTIONS)
    after = apply_equalized_odds(
        predictions.head(0), gender.head(0), fitted, seed=0, variant="equalized_odds"
    )
    assert after.empty
    assert list(after) == list(predictions)


def test_a_single_group_leaves_every_emotion_untouched() -> None:
    predictions, gender = fabricated(50)
    fitted = fit_equalized_odds(predictions, gender.where(gender == "male"), BY_GENDER)
    assert fitted.rates == {}
    assert "fewer than two groups of gender" in fitted.untouched["fear"]
    after = apply_equalized_odds(predictions, gender, fitted, seed=0, variant="x")
    assert after["predicted_emotion"].equals(predictions["predicted_emotion"])


def test_bad_input_is_refused() -> None:
    predictions, gender = fabricated(50)
    with pytest.raises(InvalidInputError, match="found 50 predictions and 49 groups"):
        fit_equalized_odds(predictions, gender.head(49), BY_GENDER)
    with pytest.raises(InvalidInputError, match="privileged is 'nobody'"):
        fit_equalized_odds(predictions, gender, EqualizedOddsParameters(privileged="nobody"))
    with pytest.raises(ValidationError, match="keep"):
        Rates(keep=1.2)
    with pytest.raises(ValidationError, match="attribute"):
        EqualizedOddsParameters.model_validate({"attribute": "height"})
