"""Whose face each row of a prediction file is: guessed, given, turned off, or not said."""

from pathlib import Path

import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.predictions.reading import PredictionFile, read_predictions


def frames(n_people: int = 12, n_faces: int = 6) -> pd.DataFrame:
    number = [person for person in range(n_people) for _ in range(n_faces)]
    return pd.DataFrame(
        {
            "frame": range(len(number)),
            "subject": [f"S{person:02d}" for person in number],
            "label": ["sad", "happy", "sad"] * (len(number) // 3),
            "prediction": ["sad", "happy"] * (len(number) // 2),
            "gender": ["f" if person % 2 else "m" for person in number],
        }
    )


def read(folder: Path, frame: pd.DataFrame, **columns: object) -> PredictionFile:
    path = folder / "file.csv"
    frame.to_csv(path, index=False)
    return read_predictions(path, PredictionColumns.model_validate(columns))


def only_warning(found: PredictionFile) -> str:
    warnings = found.reading["warnings"]
    assert isinstance(warnings, list)
    assert len(warnings) == 1
    return str(warnings[0])


def roles(found: PredictionFile) -> object:
    return found.reading["columns"]["person"]  # type: ignore[index]


@pytest.mark.parametrize(
    "name",
    [
        *("subject", "Subject ID", "person", "person_id", "identity", "participant", "actor"),
        *("speaker", "video", "video_id", "VideoName", "clip", "subject.no"),
    ],
)
def test_people_are_guessed_from_names(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, frames().rename(columns={"subject": name}))
    assert roles(found) == {"column": name, "by": "guessed"}
    assert found.frame["person"].tolist() == frames()["subject"].tolist()
    assert found.attributes == ("gender",)
    assert (found.reading["n_people"], found.reading["n_rows"]) == (12, 72)
    assert "72 faces of 12 people" in str(found.reading["notes"])
    assert found.reading["warnings"] == []
    assert name not in found.reading["unused_columns"]  # type: ignore[operator]


def test_a_column_that_is_given_another_meaning_is_not_guessed(tmp_path: Path) -> None:
    frame = frames()
    as_group = read(tmp_path, frame, attributes=["subject"])
    assert "person" not in as_group.frame
    given = read(tmp_path, frame.assign(who=frame["subject"] + "x"), person="who")
    assert roles(given) == {"column": "who", "by": "given"}
    assert given.frame["person"].iloc[0] == "S00x"


def test_people_win_over_their_videos_and_two_names_of_the_same_are_one(tmp_path: Path) -> None:
    frame = frames()
    frame["video"] = frame["subject"] + (frame["frame"] % 2).astype(str)
    frame["subject_name"] = "name of " + frame["subject"]
    assert roles(read(tmp_path, frame)) == {"column": "subject", "by": "guessed"}
    frame["actor"] = frame["video"]
    with pytest.raises(InvalidInputError, match=r"'subject', 'actor' could each tell people apart"):
        read(tmp_path, frame)


def test_none_turns_it_off_without_a_warning(tmp_path: Path) -> None:
    found = read(tmp_path, frames(), person="none")
    assert "person" not in found.frame
    assert roles(found) == {"column": None, "by": "every row is one"}
    assert (found.reading["n_people"], found.reading["warnings"]) == (72, [])


def test_a_row_without_a_person_is_a_person_of_its_own_and_a_note_says_so(tmp_path: Path) -> None:
    frame = frames()
    frame.loc[[0, 8], "subject"] = [None, ""]
    found = read(tmp_path, frame)
    assert found.frame["person"].isna().sum() == 2
    assert found.reading["n_people"] == 14
    assert "'subject' names nobody in rows 1 and 9: each" in str(found.reading["notes"])
    empty = read(tmp_path, frame.assign(subject=None))
    assert "person" not in empty.frame
    assert "'subject', is empty: every row is" in str(empty.reading["notes"])


def test_a_person_of_two_groups_is_refused_with_the_way_out(tmp_path: Path) -> None:
    frame = frames()
    frame.loc[3, "gender"] = "f"
    message = r"file\.csv: The person 'S00' has the groups 'm' and 'f' of 'gender'.*or none if"
    with pytest.raises(InvalidInputError, match=message):
        read(tmp_path, frame)


def test_ids_that_repeat_name_the_parameter_for_people(tmp_path: Path) -> None:
    frame = frames().drop(columns="frame").rename(columns={"subject": "id"})
    with pytest.raises(InvalidInputError, match=r"give audit\.columns\.person=id"):
        read(tmp_path, frame)
    found = read(tmp_path, frame, person="id")
    assert found.reading["n_people"] == 12


def test_people_that_nobody_named_are_warned_of(tmp_path: Path) -> None:
    unnamed = frames(12, 12).rename(columns={"subject": "who"})
    warning = only_warning(read(tmp_path, unnamed))
    assert "column 'who' has 12 different values in 144 rows" in warning
    assert "audit.columns.person=who" in warning
    ids = unnamed.assign(id=unnamed["who"] + "_" + unnamed["frame"].astype(str)).drop(columns="who")
    warning = only_warning(read(tmp_path, ids))
    assert "part of the ids in column 'id'" in warning


def test_single_faces_are_warned_of_nothing(tmp_path: Path) -> None:
    frame = frames(144, 1).drop(columns="subject")
    frame["camera"] = ["left", "right", "front"] * 48
    found = read(tmp_path, frame)
    assert found.reading["warnings"] == []
    assert found.reading["n_people"] == 144
