import math

from fer_fairness.reporting.blocks import (
    DASH,
    Cell,
    Column,
    columns_of,
    count_cell,
    number_cell,
    table_of,
)


def test_small_groups_are_greyed() -> None:
    assert count_cell(29).muted
    assert not count_cell(30).muted
    assert count_cell(math.nan).muted


def test_an_interval_stands_below_its_value() -> None:
    assert number_cell("8.1 [5.9 to 10.2]").text == "8.1\n[5.9 to 10.2]"


def test_a_table_has_a_line_a_row_and_texts_are_plain_cells() -> None:
    columns: list[Column[int]] = [
        ("Name", lambda row: f"row {row}"),
        ("n", lambda row: Cell(str(row), numeric=True)),
    ]
    table = table_of("Rows", [1, 2], columns, folded=True)
    assert table.header == ("Name", "n")
    assert table.rows == (
        (Cell("row 1"), Cell("1", numeric=True)),
        (Cell("row 2"), Cell("2", numeric=True)),
    )
    assert table.folded


def text_or_dash(text: str | None) -> Cell:
    return DASH if text is None else Cell(text)


def test_columns_by_key_have_a_cell_for_what_a_line_lacks() -> None:
    columns = columns_of({"a": "A", "b": "B"}, text_or_dash)
    table = table_of("Lines", [{"a": "x"}, {"b": "y", "a": "z"}], columns)
    assert table.header == ("A", "B")
    assert [[cell.text for cell in row] for row in table.rows] == [["x", DASH.text], ["z", "y"]]
