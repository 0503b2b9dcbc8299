"""Columns of records are spread; what is no record stays a text."""

import pandas as pd

from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.foreign_tables.record_cells import spread_records


def test_records_with_half_of_a_character_stay_the_text_that_they_are() -> None:
    cells = ['{"label": "sad"}', '{"label": "\\ud800"}']
    table = spread_records(table_of_frame(pd.DataFrame({"box": cells, "g": ["a", "b"]})))
    assert table.names == ("box", "g")
    assert table.text("box").values == tuple(cells)
