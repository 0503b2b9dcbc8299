import math

from fer_fairness.reporting import page


def test_small_groups_are_greyed() -> None:
    assert page.people(29).muted
    assert not page.people(30).muted
    assert page.people(math.nan).muted


def test_an_interval_stands_below_its_value() -> None:
    assert page.numeric("8.1 [5.9 to 10.2]").text == "8.1\n[5.9 to 10.2]"


def test_a_table_has_a_line_a_row_and_texts_are_plain_cells() -> None:
    columns: list[page.Column[int]] = [
        ("Name", lambda row: f"row {row}"),
        ("n", lambda row: page.Cell(str(row), numeric=True)),
    ]
    table = page.table("Rows", [1, 2], columns, folded=True)
    assert table.header == ("Name", "n")
    assert table.rows == (
        (page.Cell("row 1"), page.Cell("1", numeric=True)),
        (page.Cell("row 2"), page.Cell("2", numeric=True)),
    )
    assert table.folded


def test_a_long_table_ends_where_a_file_has_all_and_says_so() -> None:
    columns: list[page.Column[int]] = [("n", lambda row: page.Cell(str(row)))]
    many = range(1500)
    table = page.table("Rows", many, columns, all_in="rows.parquet")
    assert [row[0].text for row in table.rows] == [str(n) for n in range(page.MOST_ROWS)]
    assert table.caption == f"Rows; {page.MOST_ROWS} of 1,500 rows, all in rows.parquet"
    assert len(page.table("Rows", many, columns).rows) == 1500
    few = page.table("Rows", range(page.MOST_ROWS), columns, all_in="rows.parquet")
    assert few.caption == "Rows"


def text_or_dash(text: str | None) -> page.Cell:
    return page.DASH if text is None else page.Cell(text)


def test_columns_by_key_have_a_cell_for_what_a_line_lacks() -> None:
    columns = page.columns({"a": "A", "b": "B"}, text_or_dash)
    table = page.table("Lines", [{"a": "x"}, {"b": "y", "a": "z"}], columns)
    assert table.header == ("A", "B")
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["x", page.DASH.text],
        ["z", "y"],
    ]


def test_neighbouring_folded_tables_are_behind_one_fold() -> None:
    folded = page.Table("a", (), (), folded=True)
    open_ = page.Table("b", (), ())
    section = page.Section("key", "Title", [folded, folded, open_, folded])
    kinds = [kind for kind, _ in section.drawn()]
    assert kinds == ["Folded", "Table", "Table"]
    together = section.drawn()[0][1]
    assert together == page.Folded("2 tables", (folded, folded))


def test_what_has_less_weight_stands_behind_its_heading() -> None:
    text = page.Text("told")
    assert page.under("Heading", [text], folded=False) == [page.Heading("Heading"), text]
    assert page.under("Heading", [text], folded=True) == [page.Folded("Heading", (text,))]
