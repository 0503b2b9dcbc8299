import pandas as pd
import pytest
from tests.reporting.rows import GAP, report

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting import REPORT_TABLES
from fer_fairness.reporting.inputs import ReportInputs


def test_a_table_of_another_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match=r"no tables \['gap'\]; it has \['overall', "):
        report(gap=pd.DataFrame([GAP]))


@pytest.mark.parametrize("name", list(REPORT_TABLES))
def test_a_table_that_is_not_given_has_no_rows(name: str) -> None:
    assert ReportInputs().rows(REPORT_TABLES[name]) == []


def test_the_baseline_comes_first_wherever_it_stands(small_inputs: ReportInputs) -> None:
    backwards = report(overall=small_inputs.tables["overall"].iloc[::-1])
    assert backwards.variants() == ("baseline", "emotion_augmentation")
    assert backwards.evaluation_sets() == ("fer_plus",)


def test_the_reference_of_an_audit_is_its_first_model_whatever_others_are_called() -> None:
    rows = pd.DataFrame([{**GAP, "variant": name} for name in ("mine", "baseline")])
    inputs = ReportInputs({"gaps": rows}, kind="audit")
    assert inputs.variants() == ("mine", "baseline")
    assert inputs.reference == "“mine”"
