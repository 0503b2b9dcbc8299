"""JSON of predictions in the forms that tools and pandas write."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.json_text import frame_of_json


@given(st.lists(st.sampled_from(["happy", "sad"]), min_size=1, max_size=12))
def test_what_pandas_writes_reads_the_same_in_each_orientation(seen: list[str]) -> None:
    frame = pd.DataFrame({"image": [f"{n}.jpg" for n in range(len(seen))], "emotion": seen})
    frame.index += 7  # as of rows that were chosen from more
    for orient in ("records", "columns"):
        read = frame_of_json("x", str(frame.to_json(orient=orient)))
        assert read.to_dict("list") == frame.to_dict("list")


def test_an_empty_list_beside_the_faces_is_no_further_face() -> None:
    record = '{"image": "a.jpg", "faces": [{"emotion": "sad"}], "landmarks": []}'
    assert len(frame_of_json("x", f"[{record}]")) == 1
    no_face = '[{"image": "a.jpg", "faces": []}, {"image": "b.jpg", "faces": [{"emotion": "sad"}]}]'
    assert frame_of_json("x", no_face)["emotion"].isna().tolist() == [True, False]


def test_a_broken_line_is_named_by_its_number_in_the_file() -> None:
    with pytest.raises(InvalidInputError, match="x, line 4: this is no JSON"):
        frame_of_json("x", '{"emotion": "sad"}\n\n{"emotion": "sad"}\n{"emotion": }\n')


def test_faces_that_name_their_picture_keep_its_name() -> None:
    lists = '[[{"img_path": "sad/a.jpg", "emotion": {"sad": 90}}], [{"emotion": {"sad": 80}}]]'
    read = frame_of_json("x", lists)
    assert read["image"].fillna("").tolist() == ["", "picture 2"]
    assert read["img_path"].tolist()[0] == "sad/a.jpg"
    assert "image" not in frame_of_json("x", '[[{"Img Path": "a.jpg", "emotion": "sad"}]]')
