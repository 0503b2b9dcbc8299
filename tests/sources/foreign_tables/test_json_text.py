"""JSON of predictions in the forms that tools and pandas write."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.foreign_tables.json_text import LARGEST, frame_of_json


def read_text(text: str) -> pd.DataFrame:
    return frame_of_json("x", text)


@given(st.lists(st.sampled_from(["happy", "sad"]), min_size=1, max_size=12))
def test_what_pandas_writes_reads_the_same_in_each_orientation(seen: list[str]) -> None:
    frame = pd.DataFrame({"image": [f"{n}.jpg" for n in range(len(seen))], "emotion": seen})
    frame.index += 7  # as of rows that were chosen from more
    for orient in ("records", "columns"):
        read = read_text(str(frame.to_json(orient=orient)))
        assert read.to_dict("list") == frame.to_dict("list")


def test_an_empty_list_beside_the_faces_is_no_further_face() -> None:
    record = '{"image": "a.jpg", "faces": [{"emotion": "sad"}], "landmarks": []}'
    assert len(read_text(f"[{record}]")) == 1
    no_face = '[{"image": "a.jpg", "faces": []}, {"image": "b.jpg", "faces": [{"emotion": "sad"}]}]'
    assert read_text(no_face)["emotion"].isna().tolist() == [True, False]


def test_a_broken_line_is_named_by_its_number_in_the_file() -> None:
    with pytest.raises(InvalidInputError, match="x, line 4: this is no JSON"):
        read_text('{"emotion": "sad"}\n\n{"emotion": "sad"}\n{"emotion": }\n')


def test_people_called_by_long_numbers_stay_apart_beside_somebody_without_one() -> None:
    people = (100_000_000_000_000_001, 100_000_000_000_000_002)
    records = [{"person": person, "emotion": "sad"} for person in (*people, None)]
    read = read_text(json.dumps(records))
    assert read["person"].tolist()[:2] == [str(person) for person in people]
    assert read["person"].isna().tolist() == [False, False, True]
    assert read_text('[{"n": ' + "9" * 5_000 + "}]")["n"].item() == "9" * 5_000


def test_half_of_a_character_is_named() -> None:
    with pytest.raises(InvalidInputError, match=r"x: the JSON holds 'a\\ud800', half of a char"):
        read_text('[{"image": "a\\ud800", "emotion": "sad"}]')


def test_line_ends_of_other_scripts_inside_of_texts_end_no_line() -> None:
    lines = [{"note": "one\u2028two\x85three", "emotion": emotion} for emotion in ("sad", "fear")]
    text = "\r\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    assert read_text(text).to_dict("records") == lines


def test_faces_that_name_their_picture_keep_its_name() -> None:
    lists = '[[{"img_path": "sad/a.jpg", "emotion": {"sad": 90}}], [{"emotion": {"sad": 80}}], []]'
    read = read_text(lists)
    assert read["img_path"].tolist() == ["sad/a.jpg", "picture 2", "picture 3"]
    for text in (lists, '[[{"Img Path": "a.jpg", "emotion": "sad"}]]', '{"a.jpg": {"file": "b"}}'):
        assert "image" not in read_text(text)


def test_a_picture_with_its_faces_a_line_keeps_its_name() -> None:
    lines = '{"a.jpg": [{"emotion": "sad"}]}\n{"b.jpg": null}\n{"c.jpg": {"emotion": "fear"}}'
    read = read_text(lines)
    assert read["image"].tolist() == ["a.jpg", "b.jpg", "c.jpg"]
    assert read["emotion"].fillna("").tolist() == ["sad", "", "fear"]


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
    read = read_text(json.dumps(beside | {key: held}))
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
    read = read_text(json.dumps(pictures))
    assert read["image"].str[0].tolist() == ["a", "b", "c", "c"]
    assert read["dominant_emotion"].isna().tolist() == [False, True, False, False]


def classes(best: str, *others: str, label: str = "label", score: str = "score") -> object:
    """What a classifier thought of a face, the likeliest first, as shares of one."""
    own = [1 - 0.1 * len(others), *[0.1] * len(others)]
    return [{label: name, score: n} for name, n in zip((best, *others), own, strict=True)]


@pytest.mark.parametrize("names", [("label", "score"), ("Type", "Confidence")])
def test_classes_of_a_face_are_one_row(names: tuple[str, str]) -> None:
    label, score = names
    seen = [
        classes(best, other, label=label, score=score)
        for best, other in (("sad", "happy"), ("happy", "sad"))
    ]
    records = [{"y_true": "sad", "out": one, "Landmarks": [{"X": 1}, {"X": 2}]} for one in seen]
    forms = [
        records,
        seen,
        {"a.jpg": seen[0], "b.jpg": seen[1]},
        {"results": seen},
        [{"FaceDetails": [record]} for record in records],
    ]
    for form in forms:
        read = read_text(json.dumps(form))
        assert read[LARGEST].tolist() == ["sad", "happy"]
        assert read["class_score.sad"].tolist() == pytest.approx([0.9, 0.1])


def test_lists_of_classes_of_several_things_keep_their_names() -> None:
    record = {"gender": classes("female", "male"), "model": classes("sad", "happy")}
    read = read_text(json.dumps([record]))
    assert read[["gender", LARGEST]].to_numpy().tolist() == [["female", "sad"]]
    two = read_text(json.dumps([record | {"other": classes("happy", "sad")}]))
    assert two[["gender", "model", "other"]].to_numpy().tolist() == [["female", "sad", "happy"]]


def test_faces_with_one_class_each_stay_faces() -> None:
    faces = [{"label": "sad", "score": 0.9}, {"label": "happy", "score": 0.8}]
    assert len(read_text(json.dumps([{"image": "a.jpg", "faces": faces}]))) == 2
    assert len(read_text(json.dumps(faces))) == 2
