"""People of predicted groups who have several faces, or of whom nobody says so."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from tests.fairness.label_noise.worlds import held_out_table

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.label_noise import (
    AS_LABELLED,
    CORRECTED,
    SOFT_LABELS,
    LabelNoise,
    label_noise,
)
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.params.label_noise import LabelNoiseParameters

GENDERS = ("female", "male")
EMOTIONS = ("anger", "fear", "joy")
DRAWS = InferenceParameters(
    n_bootstrap=130, n_permutations=100, label_noise=LabelNoiseParameters(n_draws=1000)
)
HELD_OUT = held_out_table("gender", [[450, 50, 10], [40, 460, 10]], GENDERS)


def faces(n: int = 500) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    label, emotion = generator.integers(0, 2, n), generator.integers(0, 3, n)
    right = generator.random(n) < 0.8 - 0.1 * label
    told = np.array(GENDERS, dtype=object)[label]
    told[::50] = None
    return pd.DataFrame(
        {
            "sample_id": [f"face-{number}" for number in range(n)],
            "emotion": np.array(EMOTIONS)[emotion],
            "predicted_emotion": np.array(EMOTIONS)[np.where(right, emotion, (emotion + 1) % 3)],
            "gender": told,
            "gender_source": "predicted",
            "probability_gender_female": np.where(label == 0, 0.9, 0.1),
            "probability_gender_male": np.where(label == 0, 0.1, 0.9),
        }
    )


def measured(frame: pd.DataFrame, held_out: pd.DataFrame = HELD_OUT) -> LabelNoise:
    return label_noise(
        frame,
        attributes=["gender"],
        emotions=EMOTIONS,
        held_out=held_out,
        probabilities=frame[["sample_id", *frame.filter(like="probability_")]],
        params=DRAWS,
        seed=0,
    )


def widths(found: LabelNoise, method: str) -> Array:
    rows = found.scores[found.scores["method"] == method]
    return np.asarray(rows["ci_high"] - rows["ci_low"], dtype=np.float64)


@pytest.mark.parametrize("method", [AS_LABELLED, SOFT_LABELS])
def test_four_faces_of_a_person_that_are_all_alike_tell_no_more_than_one(method: str) -> None:
    once = faces()
    four = pd.concat([once] * 4, ignore_index=True).assign(person=[*once["sample_id"]] * 4)
    four["sample_id"] = [f"face-{number}" for number in range(len(four))]
    assert_allclose(widths(measured(four), method), widths(measured(once), method), rtol=0.12)


def test_faces_of_nobody_who_is_known_are_people_of_their_own() -> None:
    found = measured(faces().assign(person=pd.Series(dtype="str")))
    assert CORRECTED in found.scores["method"].tolist()
    assert_frame_equal(found.scores, measured(faces()).scores)


def test_one_person_alone_has_no_intervals() -> None:
    frame = faces(30).assign(person="somebody", gender="female")
    found = measured(frame).scores
    as_labelled = found[(found["method"] == AS_LABELLED) & (found["group"] == "female")]
    assert as_labelled["value"].notna().any()
    assert as_labelled["ci_low"].isna().all()
    soft = found[found["method"] == SOFT_LABELS]
    assert soft["value"].notna().all()
    assert soft["ci_low"].isna().all()


def test_groups_that_are_numbers_have_soft_labels_like_names() -> None:
    codes = dict(zip(GENDERS, (1, 2), strict=True))
    frame = faces().rename(columns=lambda name: name.replace("female", "1").replace("male", "2"))
    numbers = HELD_OUT.apply(lambda column: column.map(codes).astype("Int64"))
    found = measured(frame.assign(gender=frame["gender"].map(codes).astype("Int64")), numbers)
    soft, named = (
        one.scores.loc[one.scores["method"] == SOFT_LABELS, "value"]
        for one in (found, measured(faces()))
    )
    assert_allclose(soft, named)


def test_a_face_without_an_embedding_has_the_mean_probabilities_of_its_person() -> None:
    frame = faces(200).assign(person=[f"person-{row // 4}" for row in range(200)])
    columns = ["probability_gender_female", "probability_gender_male"]
    frame.loc[3, columns] = np.nan
    found = measured(frame).scores
    frame.loc[3, columns] = frame.loc[:2, columns].mean()
    assert_frame_equal(found, measured(frame).scores)
    frame.loc[:3, columns] = np.nan
    with pytest.raises(InvalidInputError, match="sample_id 'face-0' has none; 4 of 200"):
        measured(frame)


def test_a_group_of_which_no_face_was_held_out_may_have_no_share_of_anybody() -> None:
    frame = faces(200).assign(probability_gender_other=0.0)
    assert_frame_equal(measured(frame).scores, measured(faces(200)).scores)
    columns = ["probability_gender_female", "probability_gender_male", "probability_gender_other"]
    frame.loc[7, columns] = [0.5, 0.25, 0.25]
    with pytest.raises(InvalidInputError, match=r"gender other are up to 0\.25, but no held-out"):
        measured(frame)


def test_few_people_who_are_all_recognised_are_no_certainty() -> None:
    frame = faces(400).assign(person=[f"person-{row // 4}" for row in range(400)])
    frame["gender"] = ["female"] * 60 + ["male"] * 340
    frame.loc[:59, "predicted_emotion"] = frame.loc[:59, "emotion"]
    found = measured(frame).scores
    of_women = (found["method"] == AS_LABELLED) & (found["group"] == "female")
    rows = found[of_women].set_index("metric")
    assert rows.loc["accuracy", "ci_high"] == pytest.approx(1.0)
    # Fifteen people: Wilson's lower end of 15 of 15 is .8.
    below = rows["value"] - rows["ci_low"]
    assert np.all(below > 0.15)
