"""What the readers share."""

import pytest

from fer_fairness.errors import DamagedDataError
from fer_fairness.sources.base import DamageRecord, faces_table
from fer_fairness.tables import FACES_SCHEMA, empty_table

COLUMNS = {"sample_id": ["a", "b"], "dataset": ["images"] * 2, "split": ["test"] * 2}


def test_a_faces_table_keeps_the_order_of_the_schema_whatever_is_given() -> None:
    faces = faces_table({"image_file": ["b.jpg", "a.jpg"], "emotion": ["fear"] * 2, **COLUMNS})
    assert list(faces.columns) == list(empty_table(FACES_SCHEMA))
    assert faces["image_file"].tolist() == ["b.jpg", "a.jpg"]
    assert faces["image_index"].tolist() == [0, 1]


def test_an_attribute_is_annotated_where_a_face_has_one_even_without_a_value() -> None:
    faces = faces_table(COLUMNS, [{"gender": "female", "race": None}, {}])
    assert faces["gender"].fillna("-").tolist() == ["female", "-"]
    assert faces["gender_source"].tolist() == ["annotated", "none"]
    assert faces["race"].isna().all()
    assert faces["race_source"].tolist() == ["annotated", "none"]
    assert (faces["age_group_source"] == "none").all()


def test_image_files_are_missing_where_a_dataset_has_none() -> None:
    faces = faces_table(COLUMNS)
    assert faces["image_file"].isna().all()
    assert faces["image_file"].dtype == "str"


def test_too_much_damage_ends_with_the_remedy_of_the_source() -> None:
    record = DamageRecord("images")
    record.add("a.jpg", None, "a.jpg", "it has no bytes")
    record.check_share(2, 0.5)
    with pytest.raises(DamagedDataError, match="Repair it, or raise max_damaged_share"):
        record.check_share(2, 0.4, remedy="Repair it")
    with pytest.raises(DamagedDataError, match="Obtain the files again from their publisher"):
        record.check_share(2, 0.4)
    record.add("b.jpg", None, "b.jpg", "it has no bytes")
    with pytest.raises(
        DamagedDataError, match=r"another form.*Obtain the files again .* otherwise"
    ):
        record.check_share(2, 0.4)
