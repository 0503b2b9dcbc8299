import pandas as pd

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


def test_gaps_of_many_variants_are_those_of_the_baseline(small_inputs: ReportInputs) -> None:
    gaps = small_inputs.tables["gaps"]
    of_baseline = gaps[gaps["variant"] == "baseline"]
    others = [of_baseline.assign(variant=f"method_{number}") for number in range(9)]
    tables = dict(small_inputs.tables) | {"gaps": pd.concat([of_baseline, *others])}
    _, of_many, *_ = preview_figures(
        ReportInputs({name: tables[name] for name in ("overall", "gaps", "confusion")})
    )
    [panel] = of_many.axes
    n_attributes = of_baseline.loc[of_baseline["metric"] == "accuracy_gap", "attribute"].nunique()
    assert len(panel.get_yticks()) == n_attributes
