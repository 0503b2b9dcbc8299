"""Somebody's own held-out labels: pairs of columns, and what is refused."""

from pathlib import Path

import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.held_out_labels import read_held_out_labels

ROWS = (
    "id,true_race,predicted_race,true_age,predicted_age\n"
    "1,white,black,20-39,20-39\n"
    "2,black,,0-19,\n"
)


def written(folder: Path, text: str) -> Path:
    path = folder / "held_out.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_attributes_of_the_predictions_are_read_and_empty_labels_are_missing(
    tmp_path: Path,
) -> None:
    found = read_held_out_labels(written(tmp_path, ROWS), {"gender": ["f"], "race": ["white"]})
    assert found.attributes == ("race",)
    assert list(found.frame["true_race"]) == ["white", "black"]
    assert list(found.frame["predicted_race"].isna()) == [False, True]
    assert len(found.sha256) == 64


def test_groups_with_characters_that_nobody_sees_are_those_of_the_predictions(
    tmp_path: Path,
) -> None:
    text = ROWS.replace("white", "white\u200b").replace("black", "me\u0301tis")
    found = read_held_out_labels(written(tmp_path, text), {"race": ["white", "m\u00e9tis"]})
    assert list(found.frame["true_race"]) == ["white", "m\u00e9tis"]


def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    path = tmp_path / "held_out.parquet"
    pd.read_csv(written(tmp_path, ROWS), dtype=str).to_parquet(path)
    pd.testing.assert_frame_equal(
        read_held_out_labels(path, {"race": ["black"], "age": ["0-19"]}).frame,
        read_held_out_labels(tmp_path / "held_out.csv", {"race": ["black"], "age": ["0-19"]}).frame,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("race,predicted_race\nwhite,white\n", "no column true_race"),
        ("true_race,label\nwhite,white\n", "none called 'predicted_race'"),
        ("true_race,predicted_race\nwhite,white\n,black\n", "row 2"),
    ],
)
def test_what_cannot_be_paired_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read_held_out_labels(written(tmp_path, text), {"race": ["white"]})


def test_names_that_differ_in_case_blanks_and_underscores_are_one(tmp_path: Path) -> None:
    text = "true_race,predicted_race\nLatino_Hispanic,latino hispanic\nBlack,BLACK\n"
    found = read_held_out_labels(written(tmp_path, text), {"race": ["latino hispanic", "black"]})

    assert found.frame["true_race"].tolist() == ["latino hispanic", "black"]
    assert found.frame["predicted_race"].tolist() == ["latino hispanic", "black"]


def test_other_names_are_refused_with_both_lists(tmp_path: Path) -> None:
    text = "true_race,predicted_race\nEast Asian,asian\nBlack,black\n"
    with pytest.raises(
        InvalidInputError, match=r"'asian', 'black'.*'East Asian', 'black'.*'asian'"
    ):
        read_held_out_labels(written(tmp_path, text), {"race": ["asian", "black"]})
