"""The files of the figures: widths, fonts, data, captions, and that two runs agree."""

import io
import re

import pandas as pd
import pytest
from tests.reporting.conftest import fabricate_inputs

from fer_fairness.reporting import all_sections, figure_files
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.page import Drawing, Section, drawings
from fer_fairness.reporting.paper.figures import CAPTIONS, COLUMN_CM, PAGE_CM, paper_width_cm
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
def files(by_kind: dict[str, Drawing]) -> dict[str, bytes]:
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


def test_every_figure_is_there_as_svg_pdf_and_data(files: dict[str, bytes]) -> None:
    names = {name.rsplit(".", 1)[0] for name in files if name != CAPTIONS}
    assert {f"{name}.{kind}" for name in names for kind in ("svg", "pdf", "csv")} | {
        CAPTIONS
    } == set(files)
    assert len(names) == 4


def test_figures_are_as_wide_as_a_column_or_a_page(
    files: dict[str, bytes], by_kind: dict[str, Drawing]
) -> None:
    for kind, width_cm in (("accuracy_gaps", COLUMN_CM), ("gaps", PAGE_CM), ("recalls", PAGE_CM)):
        drawing = by_kind[kind]
        assert paper_width_cm(drawing) == width_cm
        points = width_cm / 2.54 * 72
        width = re.search(rb'<svg[^>]* width="([0-9.]+)pt"', files[f"{drawing.key}.svg"])
        assert width is not None
        assert float(width[1]) == pytest.approx(points, abs=0.01)
        box = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ", files[f"{drawing.key}.pdf"])
        assert box is not None
        assert float(box[1]) == pytest.approx(points, abs=0.01)


def test_fonts_are_embedded_truetype_in_the_pdf_and_outlines_in_the_svg(
    files: dict[str, bytes],
) -> None:
    pdfs = [content for name, content in files.items() if name.endswith(".pdf")]
    assert all(b"/FontFile2" in pdf and b"/Type3" not in pdf for pdf in pdfs)
    svgs = [content for name, content in files.items() if name.endswith(".svg")]
    assert not any(b"<text" in svg for svg in svgs)


def test_the_data_are_the_rows_that_were_drawn(
    files: dict[str, bytes], by_kind: dict[str, Drawing]
) -> None:
    drawing = by_kind["gaps"]
    table = pd.read_csv(io.BytesIO(files[f"{drawing.key}.csv"]))
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
    files: dict[str, bytes], by_kind: dict[str, Drawing]
) -> None:
    text = files[CAPTIONS].decode()
    assert "\\<b\\>nobody" in text
    assert text.index("nobody") < text.index("## ")
    for kind in ("accuracy_gaps", "gaps", "confusion", "recalls"):
        assert f"## `{by_kind[kind].key}`" in text
    assert "Pale: fewer than 30" in text
