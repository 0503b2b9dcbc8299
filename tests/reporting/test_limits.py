from tests.reporting.rows import changed

from fer_fairness.reporting import ReportInputs
from fer_fairness.reporting.sections.limits import limits_section


def told(inputs: ReportInputs) -> str:
    return str(limits_section(inputs).blocks)


def test_the_control_is_named_where_it_was_trained(small_inputs: ReportInputs) -> None:
    with_control = changed(
        small_inputs,
        histories=small_inputs.tables["histories"].assign(variant="continued_training"),
    )
    assert "Continued training is the control" in told(with_control)
    assert "Continued training is the control" not in told(small_inputs)
