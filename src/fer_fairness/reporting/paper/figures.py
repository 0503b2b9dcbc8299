"""The figures of a report as files for a paper: SVG, PDF, the data as CSV, and the captions."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import matplotlib as mpl
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from fer_fairness.reporting.figures.style import WIDTH, any_letters
from fer_fairness.reporting.figures.svg import with_titles
from fer_fairness.reporting.page import Drawing, Section, drawings
from fer_fairness.reporting.templating import markdown_escape
from fer_fairness.spreadsheets import csv_bytes

COLUMN_CM: Final = 8.5
PAGE_CM: Final = 17.5
"""Widths of a column and of the text of a journal's page, in centimetres."""

CAPTIONS: Final = "captions.md"

_CM_PER_INCH: Final = 2.54
_LOOKS: Final = {"svg.fonttype": "path", "svg.hashsalt": "fer_fairness", "pdf.fonttype": 42}
"""In the SVG letters are outlines, so that it looks the same in every program; in the PDF they are
text in an embedded TrueType font, which journals ask for."""


def figure_files(sections: Sequence[Section], notes: Sequence[str] = ()) -> dict[str, bytes]:
    """Every figure of a report, by the names of its files.

    Args:
        sections: Those of the page.
        notes: What must be known before the figures are believed.

    Returns:
        Of each figure `<key>.svg` and `.pdf`, a column or a page wide with letters of 7.5 points or
        more, and `.csv` with the rows that it was drawn from; `captions.md` with captions that
        stand alone and what each figure shows. The same inputs give the same bytes.
    """
    shown = list(drawings(block for section in sections for block in section.blocks))
    files = {CAPTIONS: _captions(shown, notes).encode()}
    for drawing in shown:
        svg, pdf = _vector_files(drawing)
        files[f"{drawing.key}.svg"] = svg
        files[f"{drawing.key}.pdf"] = pdf
        files[f"{drawing.key}.csv"] = csv_bytes(drawing.data)
    return files


def paper_width_cm(drawing: Drawing) -> float:
    """Its width in a paper: a column's, or a page's where it is wider than half of the report."""
    narrow = drawing.half or drawing.figure.get_figwidth() <= WIDTH / 2
    return COLUMN_CM if narrow else PAGE_CM


def _vector_files(drawing: Drawing) -> tuple[bytes, bytes]:
    """The figure as SVG and as PDF, laid out once for both."""
    figure, svg, pdf = drawing.figure, io.BytesIO(), io.BytesIO()
    about = {"Title": drawing.key, "Creator": None}
    with (
        mpl.rc_context(_LOOKS),  # type: ignore[arg-type]
        any_letters(),
        _at_width(figure, paper_width_cm(drawing) / _CM_PER_INCH),
    ):
        told = {**about, "Description": drawing.alternative, "Date": None}
        FigureCanvasSVG(figure).print_svg(svg, metadata=told)  # type: ignore[no-untyped-call]
        figure.set_layout_engine("none")
        told = {**about, "Subject": drawing.alternative, "CreationDate": None, "Producer": None}
        FigureCanvasPdf(figure).print_pdf(pdf, metadata=told)  # type: ignore[no-untyped-call]
    return with_titles(svg.getvalue().decode()).encode(), pdf.getvalue()


@contextmanager
def _at_width(figure: Figure, inches: float) -> Iterator[None]:
    """The figure laid out anew at another width, with letters as large as before."""
    width, height = figure.get_size_inches()
    engine = figure.get_layout_engine()
    figure.set_size_inches(inches, height)
    try:
        yield
    finally:
        figure.set_size_inches(width, height)
        figure.set_layout_engine(engine)


def _captions(shown: Sequence[Drawing], notes: Sequence[str]) -> str:
    parts = ["# Captions of the figures", *(f"> {markdown_escape(note)}" for note in notes)]
    for drawing in shown:
        parts += [
            f"## `{drawing.key}` ({paper_width_cm(drawing):g} cm wide)",
            markdown_escape(drawing.alone or drawing.caption),
            f"Alternative text: {markdown_escape(drawing.alternative)}",
        ]
    return "\n\n".join(parts) + "\n"
