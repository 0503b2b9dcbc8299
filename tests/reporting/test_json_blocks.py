from fer_fairness.reporting import page
from fer_fairness.reporting.json_blocks import nested_blocks


def test_plain_values_are_pairs_and_inner_mappings_tables() -> None:
    pairs, table = nested_blocks(
        {"n_faces": 35887, "ok": True, "seeds": [1, 2], "kinds": {"a": 1, "b": {"c": None}}},
        title="FER+",
    )
    assert isinstance(pairs, page.Pairs)
    assert pairs.items == (("N faces", "35,887"), ("Ok", "yes"), ("Seeds", "1, 2"))
    assert isinstance(table, page.Table)
    assert [cell.text for row in table.rows for cell in row] == [
        "a",
        "1",
        "b \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} c",
        "\N{EN DASH}",
    ]


def test_records_become_columns() -> None:
    (table,) = nested_blocks({"rows": [{"file": "a", "row": 1}, {"file": "b"}]}, title="x")
    assert isinstance(table, page.Table)
    assert table.header == ("File", "Row")
    assert [cell.text for cell in table.rows[1]] == ["b", "\N{EN DASH}"]


def test_long_tables_are_cut_and_say_so() -> None:
    (table,) = nested_blocks({"rows": [{"row": i} for i in range(80)]}, title="x")
    assert isinstance(table, page.Table)
    assert len(table.rows) == 50
    assert "30 more in results.json" in table.caption
    assert table.folded
    (table,) = nested_blocks(
        {"rows": [{"row": i} for i in range(80)]}, title="x", results_name="audit.json"
    )
    assert isinstance(table, page.Table)
    assert "30 more in audit.json" in table.caption


def test_an_empty_mapping_has_no_blocks() -> None:
    assert nested_blocks({}, title="x") == []


def test_seeds_and_settings_have_no_separators() -> None:
    (pairs,) = nested_blocks({"seed": 20260101, "empty": {}}, title="x", counts=False)
    assert isinstance(pairs, page.Pairs)
    assert pairs.items == (("Seed", "20260101"), ("Empty", "\N{EN DASH}"))
