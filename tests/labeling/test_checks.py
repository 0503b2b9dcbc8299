import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import refuse_constant_labels
from fer_fairness.labeling.checks import check_embeddings


def labels(n: int, **constant: str | None) -> pd.DataFrame:
    varied = {
        "gender": ["female", "male"] * (n // 2),
        "race": ["asian", "black"] * (n // 2),
        "age_group": ["0-19", "20-39"] * (n // 2),
    }
    return pd.DataFrame({**varied, **constant})


class TestRefuseConstantLabels:
    @pytest.mark.parametrize("attribute", ["gender", "race", "age_group"])
    def test_one_value_over_a_whole_set_is_refused(self, attribute: str) -> None:
        with pytest.raises(
            InvalidInputError, match=f"All 40 faces were labelled {attribute} = 'same'"
        ):
            refuse_constant_labels(labels(40, **{attribute: "same"}))

    def test_two_values_pass(self) -> None:
        refuse_constant_labels(labels(40))

    def test_a_handful_of_faces_may_be_alike(self) -> None:
        refuse_constant_labels(labels(10, gender="female"))

    def test_missing_labels_are_not_a_second_value(self) -> None:
        some = labels(60, gender="female")
        some.loc[:9, "gender"] = None
        with pytest.raises(InvalidInputError, match="All 50 faces were labelled gender"):
            refuse_constant_labels(some)

    def test_a_set_without_any_embedding_is_refused(self) -> None:
        with pytest.raises(InvalidInputError, match="None of 40 faces has an embedding"):
            refuse_constant_labels(labels(40, race=None))


class TestCheckEmbeddings:
    def test_rows_of_nan_are_faces_without_an_embedding(self) -> None:
        embeddings = np.zeros((3, 4), dtype=np.float32)
        embeddings[1] = np.nan
        assert check_embeddings(embeddings, 3).tolist() == [True, False, True]

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_a_row_with_one_bad_value_is_named(self, value: float) -> None:
        embeddings = np.zeros((3, 4))
        embeddings[1, 2] = value
        with pytest.raises(InvalidInputError, match=r"1 of 3 faces .* first in row 1"):
            check_embeddings(embeddings, 3)

    def test_a_row_of_infinity_is_not_a_missing_one(self) -> None:
        with pytest.raises(InvalidInputError, match="hold infinity"):
            check_embeddings(np.full((1, 4), np.inf), 1)

    def test_other_kinds_of_array_are_refused(self) -> None:
        with pytest.raises(InvalidInputError, match="are uint8, expected float32"):
            check_embeddings(np.zeros((2, 4), dtype=np.uint8), 2)
        with pytest.raises(InvalidInputError, match=r"shape \(2, 4, 1\) for 2 faces"):
            check_embeddings(np.zeros((2, 4, 1)), 2)
