"""The files of the figures: widths, fonts, data, captions, and that two runs agree."""

import io
import re
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from tests.reporting.conftest import fabricate_inputs

from fer_fairness.reporting import all_sections, figure_files
from fer_fairness.reporting.figures.matrices import confusion_matrix_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.page import Drawing, Section, drawings
from fer_fairness.reporting.paper.figures import CAPTIONS, COLUMN_CM, PAGE_CM, paper_width_cm
from fer_fairness.reporting.rows.scores import ConfusionRow
from fer_fairness.reporting.sections.glance import glance_section

KINDS = (
    "accuracy_gaps",
    "group_accuracy",
    "worst_group_front",
    "gaps",
    "recalls",
    "ranks",
    "fronts",
    "trade_off",
    "answers",
    "over_seeds",
    "distribution",
    "training_curves",
    "predicted_groups",
    "confusion",
    "labeller_confusion",
    "reliability",
)
CSS = files("fer_fairness.reporting").joinpath("templates/report.css").read_text("utf-8")
NOTE = "These data are fabricated: <b>nobody</b> is in them."


@pytest.fixture(scope="module")
def inputs() -> ReportInputs:
    return fabricate_inputs(
        variants=("baseline", "emotion_augmentation", "reweighing", "equalized_odds"),
        evaluation_sets=("fer_plus",),
    )


@pytest.fixture(scope="module")
def shown(inputs: ReportInputs) -> list[Drawing]:
    return list(drawings(block for section in all_sections(inputs) for block in section.blocks))


@pytest.fixture(scope="module")
def by_kind(shown: list[Drawing]) -> dict[str, Drawing]:
    """One figure of each kind: writing all of them would be slow."""
    return {drawing.key.split("-")[0]: drawing for drawing in shown}


@pytest.fixture(scope="module")
def written(by_kind: dict[str, Drawing]) -> dict[str, bytes]:
    chosen = [by_kind[kind] for kind in ("accuracy_gaps", "gaps", "confusion", "recalls")]
    return figure_files([Section("some", "Some", chosen)], [NOTE])


def test_there_is_every_kind_of_figure_and_no_name_twice(shown: list[Drawing]) -> None:
    keys = [drawing.key for drawing in shown]
    assert {key.split("-")[0] for key in keys} == set(KINDS)
    assert len(set(keys)) == len(keys)


def test_every_figure_says_its_result_in_an_alternative_text(by_kind: dict[str, Drawing]) -> None:
    for kind, drawing in by_kind.items():
        assert re.search(r"\d", drawing.alternative), kind
        assert drawing.alternative.endswith("."), kind
        assert drawing.alternative not in (drawing.caption, drawing.alone), kind
        assert f'aria-label="{drawing.alternative[:12]}' in drawing.svg, kind


def luminance(rgb: np.ndarray) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb[:3]]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one: Any, other: Any) -> float:
    """Of two colours in any notation of matplotlib."""
    low, high = sorted(luminance(np.array(to_rgb(colour))) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def letters(drawing: Drawing) -> list[Text]:
    found = drawing.figure.findobj(Text)
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def test_letters_are_at_least_nine_pixels_high_on_a_phone(by_kind: dict[str, Drawing]) -> None:
    """As wide as `report.css` lets figures be on a narrow screen."""
    for kind, drawing in by_kind.items():
        width_px = 480 if drawing.half else 800
        assert f"{width_px // 16}rem" in CSS
        scale = width_px / (72 * drawing.figure.get_figwidth())
        smallest = min(float(text.get_fontsize()) for text in letters(drawing))
        assert scale * smallest >= 9, kind


def test_letters_can_be_read_on_white(by_kind: dict[str, Drawing]) -> None:
    for kind, drawing in by_kind.items():
        cells = [text for axes in drawing.figure.axes if axes.images for text in axes.texts]
        on_white = [text for text in letters(drawing) if text not in cells]
        assert on_white
        lowest = min(contrast(text.get_color(), "white") for text in on_white)
        assert lowest >= 4.5, kind


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_letters_in_a_matrix_can_be_read_on_every_cell(n_right: int) -> None:
    counts = {"fear": n_right, "anger": 1000 - n_right}
    rows = [
        ConfusionRow(
            variant="baseline",
            evaluation_set="raf_db",
            emotion="fear",
            predicted_emotion=predicted,
            n_people=count,
            n_faces=count,
        )
        for predicted, count in counts.items()
    ]
    (axes,) = confusion_matrix_figure(rows, variant="baseline").axes
    (image,) = axes.images
    cells = image.to_rgba(np.asarray(image.get_array())).reshape(-1, 4)
    for cell, text in zip(cells, axes.texts, strict=True):
        assert contrast(cell[:3], text.get_color()) >= 4.4


def test_every_figure_is_there_as_svg_pdf_and_data(written: dict[str, bytes]) -> None:
    names = {name.rsplit(".", 1)[0] for name in written if name != CAPTIONS}
    assert {f"{name}.{kind}" for name in names for kind in ("svg", "pdf", "csv")} | {
        CAPTIONS
    } == set(written)
    assert len(names) == 4


def test_figures_are_as_wide_as_a_column_or_a_page(
    written: dict[str, bytes], by_kind: dict[str, Drawing]
) -> None:
    for kind, width_cm in (("accuracy_gaps", COLUMN_CM), ("gaps", PAGE_CM), ("recalls", PAGE_CM)):
        drawing = by_kind[kind]
        assert paper_width_cm(drawing) == width_cm
        points = width_cm / 2.54 * 72
        width = re.search(rb'<svg[^>]* width="([0-9.]+)pt"', written[f"{drawing.key}.svg"])
        assert width is not None
        assert float(width[1]) == pytest.approx(points, abs=0.01)
        box = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ", written[f"{drawing.key}.pdf"])
        assert box is not None
        assert float(box[1]) == pytest.approx(points, abs=0.01)


def test_fonts_are_embedded_truetype_in_the_pdf_and_outlines_in_the_svg(
    written: dict[str, bytes],
) -> None:
    pdfs = [content for name, content in written.items() if name.endswith(".pdf")]
    assert all(b"/FontFile2" in pdf and b"/Type3" not in pdf for pdf in pdfs)
    svgs = [content for name, content in written.items() if name.endswith(".svg")]
    assert not any(b"<text" in svg for svg in svgs)


def test_the_data_are_the_rows_that_were_drawn(
    written: dict[str, bytes], by_kind: dict[str, Drawing]
) -> None:
    drawing = by_kind["gaps"]
    table = pd.read_csv(io.BytesIO(written[f"{drawing.key}.csv"]))
    assert table["value"].tolist() == pytest.approx(drawing.data["value"].tolist())
    assert set(table["metric"]) == {"accuracy_gap", "equal_opportunity_gap"}


def test_the_size_in_the_page_is_kept(by_kind: dict[str, Drawing]) -> None:
    drawing = by_kind["worst_group_front"]
    size = drawing.figure.get_size_inches().tolist()
    figure_files([Section("some", "Some", [drawing])])
    assert drawing.figure.get_size_inches().tolist() == size


def test_two_runs_give_the_same_bytes_and_none_tells_the_time(small_inputs: ReportInputs) -> None:
    first, second = (figure_files([glance_section(small_inputs)]) for _ in range(2))
    assert first == second
    for told in (b"CreationDate", b"dc:date"):
        assert not any(told in content for content in first.values())


def test_captions_stand_alone_and_notes_come_first(
    written: dict[str, bytes], by_kind: dict[str, Drawing]
) -> None:
    text = written[CAPTIONS].decode()
    assert "\\<b\\>nobody" in text
    assert text.index("nobody") < text.index("## ")
    for kind in ("accuracy_gaps", "gaps", "confusion", "recalls"):
        assert f"## `{by_kind[kind].key}`" in text
    assert "Pale: fewer than 30" in text
