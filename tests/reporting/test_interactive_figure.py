"""The figure to point at: what it marks is what the tables say, and plotly draws it."""

import json
from dataclasses import replace

import numpy as np
import plotly.io
import pytest

from fer_fairness.reporting.figures.interactive import fairness_accuracy_plot
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.scores import GapRow, OverallRow


@pytest.fixture
def overall(small_inputs: ReportInputs) -> list[OverallRow]:
    return list(small_inputs.rows(OverallRow))


@pytest.fixture
def gaps(small_inputs: ReportInputs) -> list[GapRow]:
    return [row for row in small_inputs.rows(GapRow) if row.metric == "accuracy_gap"]


def test_every_variant_is_marked_at_its_accuracy_and_its_gap(
    overall: list[OverallRow], gaps: list[GapRow]
) -> None:
    accuracy = {row.variant_label: row.value for row in overall if row.metric == "accuracy"}
    traces = fairness_accuracy_plot(overall, gaps)["data"]
    assert sum(len(trace["x"]) for trace in traces) == len(gaps)
    marked = {
        (trace["name"], text, round(x, 9), round(y, 9), symbol == "circle")
        for trace in traces
        for text, x, y, symbol in zip(
            trace["text"], trace["x"], trace["y"], trace["marker"]["symbol"], strict=True
        )
    }
    assert {place[1:] for place in marked} == {
        (
            row.variant_label,
            round(100 * accuracy[row.variant_label], 9),
            round(100 * row.value, 9),
            row.found,
        )
        for row in gaps
    }
    for trace in traces:
        high = np.add(trace["y"], trace["error_y"]["array"])
        told = [float(values[2].split(" to ")[1].rstrip("]")) for values in trace["customdata"]]
        assert np.abs(high - told).max() < 0.051


def test_at_first_one_attribute_is_on(overall: list[OverallRow], gaps: list[GapRow]) -> None:
    first, *others = fairness_accuracy_plot(overall, gaps)["data"]
    assert "visible" not in first
    assert all(trace["visible"] == "legendonly" for trace in others)


def test_plotly_knows_every_part_of_it(overall: list[OverallRow], gaps: list[GapRow]) -> None:
    sent = json.dumps(fairness_accuracy_plot(overall, gaps), allow_nan=False)
    figure = plotly.io.from_json(sent)
    assert figure.layout.xaxis.title.text == "Accuracy (%)"
    assert figure.data[0].hovertemplate.startswith("<b>%{text}</b>")


def test_what_has_no_value_is_left_out_and_what_has_no_interval_has_no_bar(
    overall: list[OverallRow], gaps: list[GapRow]
) -> None:
    first, second, *others = gaps
    unknown = replace(first, value=np.nan)
    alone = replace(second, ci_low=np.nan, ci_high=np.nan)
    plot = fairness_accuracy_plot(overall, [unknown, alone, *others])
    json.dumps(plot, allow_nan=False)
    assert sum(len(trace["x"]) for trace in plot["data"]) == len(gaps) - 1
    assert fairness_accuracy_plot(overall, [])["data"] == []
