"""Small forms of tables that other programs write and that once misled the reader."""

from pathlib import Path

import pytest

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.predictions.reading import PredictionFile, read_predictions


def read(folder: Path, text: str) -> PredictionFile:
    (folder / "p.csv").write_text(text, encoding="utf-8")
    return read_predictions(folder / "p.csv", PredictionColumns())


@pytest.mark.parametrize("missing", ["-nan(ind)", "1.#IND", "-1.#QNAN", "-nan", " nan", "#DIV/0!"])
def test_no_number_as_programs_write_it_is_no_group(tmp_path: Path, missing: str) -> None:
    found = read(tmp_path, f"y_true, y_pred, skin_type\nsad, sad, II\nsad, sad, {missing}\n")
    assert found.frame["skin_type"].isna().tolist() == [False, True]


@pytest.mark.parametrize("sign", [",", ";"])
def test_a_first_line_that_names_the_separator_is_none_of_the_table(
    tmp_path: Path, sign: str
) -> None:
    rows = "\n".join(sign.join(row) for row in (["y_true", "y_pred", "sex"], ["sad", "sad", "f"]))
    assert len(read(tmp_path, f"sep={sign}\n{rows}\n").frame) == 1


def test_ages_that_became_dates_are_repaired_and_told(tmp_path: Path) -> None:
    found = read(tmp_path, "y_true,y_pred,age\nsad,sad,3-9\nsad,sad,9-Mar\nsad,sad,Oct-19\n")
    assert found.frame["age"].tolist() == ["3-9", "3-9", "10-19"]
    assert "took '3-9' for the date '9-Mar'" in str(found.reading["notes"])


def test_an_order_of_codes_that_explains_labels_far_better_is_told(tmp_path: Path) -> None:
    rows = "".join(f"{c},{ {5: 6, 6: 5}.get(c, c) },f\n" for c in range(8) for _ in range(10))
    found = read(tmp_path, f"y_true,y_pred,gender\n{rows}")
    warning = str(found.reading["warnings"])
    assert "'5' stands for '6', 100.0% of faces are recognised, and 75.0%" in warning
    assert (found.frame["emotion"] == found.frame["predicted_emotion"]).mean() == 0.75
