from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.figures.power import power_figure


def plan(**changed: Any) -> dict[str, Any]:
    return {
        "gap": 0.05,
        "n_faces": 7500,
        "n_faces_of_group": 600,
        "harmed": "east_asian",
        "sentence": "To find it: 7,500 faces, 600 of them of that group.",
        "assumptions": "The audit compares 1 attribute.",
        "parameters": {"power": 0.8},
        **changed,
    }


def power(share: float = 0.08) -> pd.DataFrame:
    n_faces = np.round(np.geomspace(500, 40_000, 13)).astype(int)
    lines = [
        pd.DataFrame(
            {
                "gap": gap,
                "n_faces": n_faces,
                "n_faces_of_group": np.rint(share * n_faces).astype(int),
                "power": np.clip(gap * np.sqrt(n_faces) / 5, 0.05, 1.0),
            }
        )
        for gap in (0.03, 0.05, 0.1)
    ]
    return pd.concat(lines, ignore_index=True)


def drawn(figure: Figure) -> Figure:
    figure.canvas.draw()
    return figure


def test_the_plan_stands_on_the_line_of_the_gap_asked_for() -> None:
    (axes,) = drawn(power_figure(power(), plan())).axes
    (mark,) = [line for line in axes.lines if line.get_marker() == "o"]
    faces, height = np.asarray(mark.get_xydata())[0]
    assert faces == 600
    assert height == pytest.approx(100 * 0.05 * np.sqrt(7500) / 5, abs=2)
    coloured = [line for line in axes.lines if line.get_color() == style.ADDED and line is not mark]
    assert len(coloured) == 1
    told = [text.get_text() for text in axes.texts]
    assert told == ["3 points", "5 points", "600 of 7,500 faces", "10 points"]


def test_it_is_readable_alone() -> None:
    figure = drawn(power_figure(power(), plan()))
    assert figure.get_suptitle() == plan()["sentence"]
    assert figure.get_supxlabel() == plan()["assumptions"]
    (axes,) = figure.axes
    assert "East Asian" in axes.get_xlabel()
    (above,) = axes.child_axes
    of_all = [label.get_text() for label in above.get_xticklabels()]
    assert of_all == ["500", "1,000", "2,000", "5,000", "10,000", "20,000"]


@pytest.mark.parametrize("share", [0.002, 0.9])
def test_very_small_and_large_groups_are_drawn(share: float) -> None:
    drawn(power_figure(power(share), plan(n_faces_of_group=round(7500 * share), harmed="$x$")))
