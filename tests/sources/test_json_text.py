"""JSON of predictions in the forms that tools and pandas write."""

import json

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
    lists = '[[{"img_path": "sad/a.jpg", "emotion": {"sad": 90}}], [{"emotion": {"sad": 80}}], []]'
    read = frame_of_json("x", lists)
    assert read["img_path"].tolist() == ["sad/a.jpg", "picture 2", "picture 3"]
    for text in (lists, '[[{"Img Path": "a.jpg", "emotion": "sad"}]]', '{"a.jpg": {"file": "b"}}'):
        assert "image" not in frame_of_json("x", text)


RECORDS = [{"file": f"{n}.jpg", "y_true": "sad", "y_pred": "fear"} for n in "abc"]


@pytest.mark.parametrize(
    "held",
    [
        RECORDS,
        [[record] for record in RECORDS],
        {record["file"]: [record] for record in RECORDS},
        {record["file"][0]: [record] for record in RECORDS},
        pd.DataFrame(RECORDS).to_dict(),
    ],
    ids=["records", "lists", "by_file", "by_name", "columns"],
)
@given(
    key=st.sampled_from(["results", "predictions", "data", "faces", "output", "anything"]),
    beside=st.sampled_from([{}, {"info": {"model": "x"}}, {"version": 2, "date": "May"}]),
)
def test_a_key_around_all_records_is_no_picture(
    held: object, key: str, beside: dict[str, object]
) -> None:
    read = frame_of_json("x", json.dumps(beside | {key: held}))
    assert read[list(RECORDS[0])].to_dict("records") == RECORDS
    assert "image" not in read


@pytest.mark.parametrize("ending", [".jpg", ""])
@pytest.mark.parametrize(
    "nothing", [None, "Face could not be detected", {"error": "no face"}, []], ids=str
)
def test_a_picture_without_a_face_leaves_the_names_of_the_others(
    ending: str, nothing: object
) -> None:
    face = {"dominant_emotion": "sad", "emotion": {"sad": 90}}
    pictures = {f"a{ending}": [face], f"b{ending}": nothing, f"c{ending}": [face, face]}
    read = frame_of_json("x", json.dumps(pictures))
    assert read["image"].str[0].tolist() == ["a", "b", "c", "c"]
    assert read["dominant_emotion"].isna().tolist() == [False, True, False, False]
