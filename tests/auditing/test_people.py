"""Audits of people with several faces: who is shuffled whole, who is warned of, who is refused."""

from typing import Any

import pandas as pd
import pytest
from tests.fairness.several_faces import faces_of_people

from fer_fairness import Audit, audit
from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import RepeatedPeopleWarning


def audited(frame: pd.DataFrame, **options: Any) -> Audit:
    return audit(
        frame, attributes=["gender", "race"], n_bootstrap=100, n_permutations=100, **options
    )


def test_rows_without_a_person_are_people_of_their_own() -> None:
    frame = faces_of_people(20, 6)
    frame.loc[:1, "who"] = ["", None]
    found = audited(frame, person="who")
    everybody = found.overall.set_index("metric").loc["accuracy"]
    assert (everybody["n_people"], everybody["n_faces"]) == (22, 120)
    assert "120 faces (22 people)" in repr(found).replace("\n", " ")


def test_intervals_of_people_are_wider_than_those_of_their_faces() -> None:
    frame = faces_of_people(40, 25, spread=0.25)
    people = audited(frame, person="who").overall.set_index("metric").loc["accuracy"]
    faces = audited(frame, person="none").overall.set_index("metric").loc["accuracy"]
    assert people["value"] == faces["value"]
    assert people["ci_high"] - people["ci_low"] > 1.3 * (faces["ci_high"] - faces["ci_low"])


def test_people_that_nobody_named_are_warned_of_with_the_option_that_names_them() -> None:
    frame = faces_of_people(20, 30)
    with pytest.warns(RepeatedPeopleWarning, match=r"'who' has 20 different.*with person='who'"):
        found = audited(frame)
    assert found.reading["warnings"]
    ids = frame.drop(columns="who").assign(sample_id=frame["who"] + "_" + frame["sample_id"])
    with pytest.warns(RepeatedPeopleWarning, match="part of the ids in column 'sample_id'"):
        audited(ids)


def test_people_whom_nobody_need_name_are_not_warned_of() -> None:
    assert not audited(faces_of_people(600, 1)).reading["warnings"]
    assert not audited(faces_of_people(20, 30), person="who").reading["warnings"]


def test_people_who_are_not_there_or_are_of_two_groups_are_refused() -> None:
    frame = faces_of_people(10, 4)
    with pytest.raises(InvalidInputError, match="person names 'subject', which is no column"):
        audited(frame, person="subject")
    frame.loc[0, "race"] = "other"
    with pytest.raises(InvalidInputError, match="'S000' has the groups 'other' and 'asian'"):
        audited(frame, person="who")
