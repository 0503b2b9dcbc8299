import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting.columns import COLUMNS
from fer_fairness.reporting.inputs import ReportInputs


@pytest.mark.parametrize("name", list(COLUMNS))
def test_empty_tables_get_their_columns(name: str) -> None:
    assert tuple(ReportInputs().tables()[name].columns) == COLUMNS[name]


def test_a_missing_column_is_named() -> None:
    table = pd.DataFrame({"variant": ["baseline"], "epoch": [1]})
    with pytest.raises(InvalidInputError, match=r"'histories'.*'validation_loss'"):
        ReportInputs(histories=table)


def test_the_baseline_comes_first_wherever_it_stands(small_inputs: ReportInputs) -> None:
    backwards = ReportInputs(overall=small_inputs.overall.iloc[::-1])
    assert backwards.variants() == ("baseline", "emotion_augmentation")
    assert backwards.evaluation_sets() == ("fer_plus",)
