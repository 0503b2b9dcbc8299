from fer_fairness.reporting import preview_figures
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.taxonomy import RAF_DB_EMOTIONS


def test_previews_are_of_the_last_set(inputs: ReportInputs) -> None:
    confusion, gaps, trade_off = preview_figures(inputs)
    names = [label.get_text() for label in confusion.axes[0].get_xticklabels()]
    assert names == list(RAF_DB_EMOTIONS)
    assert not any("predicted" in label.get_text() for label in gaps.axes[0].get_yticklabels())
    assert len(trade_off.axes) == inputs.tables["gaps"]["attribute"].nunique()
