"""Parquet files of every kind of column, damaged ones and bombs: read, or one error."""

import decimal
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources import PredictionFile, read_predictions
from fer_fairness.sources.foreign_tables import size
from fer_fairness.sources.foreign_tables.reading import open_table

LABELS = ["sad", "happy"] * 3
GOOD = {
    "label": LABELS,
    "predicted": LABELS,
    "gender": ["f", "m", "m"] * 2,
    "id": list("abcdef"),
    "person": list("uvwxyz"),
}
NOT_UTF8 = pa.array([b"f", b"\xff\xfe", b"m"] * 2, pa.binary()).view(pa.string())

OTHER_KINDS: dict[str, Any] = {
    "structure": pa.array([{"a": 1}] * 6),
    "map": pa.array([[("a", 1)]] * 6, pa.map_(pa.string(), pa.int64())),
    "list of lists": pa.array([[[1.0], None]] * 6),
    "list of texts": pa.array([["a", None]] * 6),
    "bytes": pa.array([b"\xff\x00"] * 6),
    "date": pa.array([date(2026, 1, 1)] * 6),
    "duration": pa.array([timedelta(1)] * 6),
    "nothing": pa.nulls(6),
}


def written(folder: Path, **columns: Any) -> Path:
    pq.write_table(pa.table({**GOOD, **columns}), folder / "file.parquet")
    return folder / "file.parquet"


def read(path: Path, **columns: Any) -> PredictionFile:
    return read_predictions(path, PredictionColumns(**columns))


class TestColumns:
    @pytest.mark.parametrize("kind", OTHER_KINDS)
    @pytest.mark.parametrize("role", ["label", "predicted", "gender"])
    def test_a_needed_column_of_another_kind_is_named_with_what_it_holds(
        self, role: str, kind: str, tmp_path: Path
    ) -> None:
        path = written(tmp_path, **{role: OTHER_KINDS[kind]})
        with pytest.raises(InvalidInputError, match=f"column '{role}' holds .* in row 1, of the"):
            read(path)

    @pytest.mark.parametrize("kind", OTHER_KINDS)
    def test_one_that_is_not_needed_disturbs_nobody(self, kind: str, tmp_path: Path) -> None:
        found = read(written(tmp_path, image=OTHER_KINDS[kind], p_value=OTHER_KINDS[kind]))
        assert len(found.frame) == 6
        assert "not read: 'image', 'p_value'." in str(found.reading["notes"])

    @pytest.mark.parametrize("kind", OTHER_KINDS)
    def test_one_that_is_asked_for_is_named(self, kind: str, tmp_path: Path) -> None:
        path = written(tmp_path, scores=OTHER_KINDS[kind])
        with pytest.raises(InvalidInputError, match="column 'scores' holds"):
            read(path, probabilities="scores")

    @pytest.mark.parametrize("role", ["label", "predicted", "gender", "id", "person"])
    def test_a_list_in_place_of_a_value_is_named(self, role: str, tmp_path: Path) -> None:
        for kind in (pa.list_(pa.int64()), pa.list_(pa.int64(), 2), pa.large_list(pa.int64())):
            path = written(tmp_path, **{role: pa.array([[7, 8]] * 6, kind)})
            with pytest.raises(InvalidInputError, match=rf"column '{role}' holds the list \[7, 8"):
                read(path)

    def test_lists_in_columns_of_one_class_are_named(self, tmp_path: Path) -> None:
        lists = pa.array([[0.5, 0.5]] * 6)
        path = written(tmp_path, probability_sad=lists, probability_happy=lists)
        with pytest.raises(InvalidInputError, match="'probability_sad' holds the list"):
            read(path)

    @pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float64(), 2)])
    @pytest.mark.parametrize("empty", [None, [None, None]])
    def test_nothing_among_lists_of_probabilities_is_named_by_row(
        self, kind: pa.DataType, empty: object, tmp_path: Path
    ) -> None:
        cells = [[1.0, 0.0], [0.0, 1.0], empty, [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
        path = written(tmp_path, probs=pa.array(cells, kind))
        with pytest.raises(InvalidInputError, match=r"column 'probs' holds .*row 3"):
            read(path, class_names=("sad", "happy"))

    def test_numbers_in_place_of_lists_are_named(self, tmp_path: Path) -> None:
        path = written(tmp_path, probs=[0.5] * 6)
        with pytest.raises(InvalidInputError, match=r"column 'probs' holds '0\.5' in row 1"):
            read(path, probabilities="probs")

    @pytest.mark.parametrize("role", ["label", "predicted", "gender", "id", "person"])
    def test_text_that_is_not_utf_8_is_named_by_row(self, role: str, tmp_path: Path) -> None:
        for texts in (NOT_UTF8, NOT_UTF8.dictionary_encode(), NOT_UTF8.cast(pa.large_string())):
            path = written(tmp_path, **{role: texts})
            with pytest.raises(InvalidInputError, match=rf"'{role}' holds .*xff.* in row 2, which"):
                read(path)

    def test_such_text_in_a_column_that_is_not_used_is_passed_over(self, tmp_path: Path) -> None:
        assert len(read(written(tmp_path, comment=NOT_UTF8)).frame) == 6

    @pytest.mark.parametrize(
        "groups",
        [
            pa.array(["f", "m", "m"] * 2).dictionary_encode(),
            pa.array(["f", "m", "m"] * 2, pa.large_string()),
            pa.array(["f", "m", "m"] * 2, pa.string_view()),
            pa.array([decimal.Decimal(1), decimal.Decimal(2)] * 3),
            pa.array([1.5, 2.0] * 3, pa.float16()),
            pa.array([True, False] * 3),
            pa.array([1, 2] * 3, pa.uint64()).dictionary_encode(),
        ],
    )
    def test_every_kind_of_text_and_number_reads(self, groups: pa.Array, tmp_path: Path) -> None:
        found = read(written(tmp_path, gender=groups))
        assert found.frame["gender"].nunique() == 2

    def test_a_name_with_a_point_is_not_taken_for_a_structure(self, tmp_path: Path) -> None:
        columns = {"a.b": [1] * 6, "a": OTHER_KINDS["structure"], "c.d": ["x"] * 6}
        assert read(written(tmp_path, **columns)).frame["gender"].tolist() == GOOD["gender"]

    def test_two_columns_of_one_name_are_refused(self, tmp_path: Path) -> None:
        pq.write_table(pa.table([LABELS, LABELS], names=["a", "a"]), tmp_path / "file.parquet")
        with pytest.raises(InvalidInputError, match="two columns are named 'a'"):
            open_table(tmp_path / "file.parquet")

    def test_no_rows_are_refused(self, tmp_path: Path) -> None:
        pq.write_table(pa.table(GOOD).slice(0, 0), tmp_path / "file.parquet")
        with pytest.raises(InvalidInputError, match="holds no rows"):
            open_table(tmp_path / "file.parquet")


class TestSize:
    """Few bytes may stand for many values: they are counted before they are made."""

    @pytest.fixture(autouse=True)
    def _little_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(size, "available_bytes", lambda: 30_000_000)

    def test_declared_rows_are_counted(self, tmp_path: Path) -> None:
        path = tmp_path / "file.parquet"
        pq.write_table(pa.table({"a": np.zeros(2_000_000), "b": ["x"] * 2_000_000}), path)
        assert path.stat().st_size < 20_000
        with pytest.raises(InvalidInputError, match=r"the 2,000,000 rows .* take 24 MB or more"):
            open_table(path)

    def test_long_texts_that_repeat_are_counted_before_they_are_spelt_out(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "file.parquet"
        pq.write_table(pa.table({"a": ["x" * 10_000] * 100_000, "b": [1] * 100_000}), path)
        assert path.stat().st_size < 20_000
        with pytest.raises(InvalidInputError, match="take 1 GB once they are spelt out"):
            open_table(path)

    def test_repeated_texts_are_read_as_they_are(self, tmp_path: Path) -> None:
        texts = ["", None, "ab"] * 10_000
        pq.write_table(pa.table({"a": texts, "b": [1] * 30_000}), tmp_path / "file.parquet")
        table = open_table(tmp_path / "file.parquet")
        assert table.values("a").to_pylist() == texts


class TestDamage:
    def test_an_encrypted_file_is_called_so(self, tmp_path: Path) -> None:
        path = written(tmp_path)
        path.write_bytes(path.read_bytes()[:-4].replace(b"PAR1", b"PARE") + b"PARE")
        with pytest.raises(InvalidInputError, match="damaged, incomplete or encrypted"):
            open_table(path)

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_a_damaged_file_reads_or_is_refused(self, data: st.DataObject, tmp_path: Path) -> None:
        compression = data.draw(st.sampled_from(["none", "snappy", "gzip", "zstd"]))
        path = tmp_path / "file.parquet"
        pq.write_table(pa.table({**GOOD, "probs": [[0.5, 0.5]] * 6}), path, compression=compression)
        content = bytearray(path.read_bytes())
        places = st.integers(4, len(content) - 1)
        for place in data.draw(st.lists(places, min_size=1, max_size=4)):
            content[place] = data.draw(st.integers(0, 255))
        path.write_bytes(content[: data.draw(places)] if data.draw(st.booleans()) else content)
        try:
            read(path, class_names=("happy", "sad"))
        except InvalidInputError as error:
            assert str(error).startswith("file.parquet")  # noqa: PT017  one of two good ends
