import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import refuse_constant_labels


def labels(n: int, **constant: str) -> pd.DataFrame:
    varied = {
        "gender": ["female", "male"] * (n // 2),
        "race": ["asian", "black"] * (n // 2),
        "age_group": ["0-19", "20-39"] * (n // 2),
    }
    return pd.DataFrame({**varied, **constant})


@pytest.mark.parametrize("attribute", ["gender", "race", "age_group"])
def test_one_value_over_a_whole_set_is_refused(attribute: str) -> None:
    with pytest.raises(InvalidInputError, match=f"All 40 faces were labelled {attribute} = 'same'"):
        refuse_constant_labels(labels(40, **{attribute: "same"}))


def test_two_values_pass() -> None:
    refuse_constant_labels(labels(40))


def test_a_handful_of_faces_may_be_alike() -> None:
    refuse_constant_labels(labels(10, gender="female"))
