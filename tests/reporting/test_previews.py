from fer_fairness.reporting import preview_figures
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.taxonomy import EMOTIONS


def test_previews_are_a_confusion_the_gaps_and_a_trade_off(small_inputs: ReportInputs) -> None:
    confusion, gaps, trade_off, plot = preview_figures(small_inputs)
    names = [label.get_text() for label in confusion.axes[0].get_xticklabels()]
    assert names == list(EMOTIONS)
    assert [axes.get_title(loc="left") for axes in gaps.axes] == ["Accuracy gap"]
    assert len(trade_off.axes) == small_inputs.tables["gaps"]["attribute"].nunique()
    assert len(plot["data"]) == len(trade_off.axes)
