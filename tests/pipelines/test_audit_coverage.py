"""Which attributes and intersections an audit compares."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.conftest import FacesBuilder

from fer_fairness.auditing.coverage import compared
from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.scored_faces import ScoredFaces
from fer_fairness.params.audit import AuditParameters
from fer_fairness.pipelines.audit.coverage import n_people


def people_with(**groups: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """People whose attributes have as many groups as the keywords say, in all combinations."""
    n = int(np.prod(list(groups.values())))
    shape = tuple(groups.values())
    codes = np.unravel_index(np.arange(n), shape)
    frame = pd.DataFrame(
        {
            name: [f"{name} {code}" for code in found]
            for name, found in zip(groups, codes, strict=True)
        }
    )
    return frame, {"attributes": list(groups)}


def test_pairs_are_compared_up_to_so_many_groups() -> None:
    people, reading = people_with(gender=2, race=5, age=7)
    for limit, pairs in [
        (9, []),
        (10, ["gender x race"]),
        (14, ["gender x race", "gender x age"]),
        (35, ["gender x race", "gender x age", "race x age"]),
    ]:
        found = compared(people, reading, AuditParameters(max_groups=limit))
        assert found == ["gender", "race", "age", *pairs]


def test_only_pairs_that_occur_count_as_groups() -> None:
    people, reading = people_with(gender=2, race=5)
    people.loc[people["race"] != "race 0", "gender"] = None
    found = compared(people, reading, AuditParameters(max_groups=2))
    assert found == ["gender", "race", "gender x race"]


@pytest.mark.parametrize("wanted", [(), ("race x gender",), ("gender x race x age",)])
def test_intersections_given_are_those_compared(wanted: tuple[str, ...]) -> None:
    people, reading = people_with(gender=2, race=5, age=7)
    parameters = AuditParameters(intersections=wanted, max_groups=2)
    assert compared(people, reading, parameters) == ["gender", "race", "age", *wanted]


def test_an_intersection_of_something_else_is_refused() -> None:
    people, reading = people_with(gender=2, race=5)
    parameters = AuditParameters(intersections=("gender x skin",))
    with pytest.raises(
        InvalidInputError, match=r"'gender x skin'.*gender, race.*'skin'.*columns\.attributes"
    ):
        compared(people, reading, parameters)


def test_people_are_counted(make_faces: FacesBuilder) -> None:
    table = make_faces(["test"] * 4, ["fear"] * 4)
    assert n_people(ScoredFaces("fer_plus", "model", ("fear",), table)) == 4
    named = table.assign(person=pd.Series(["a", "a", "b", None], dtype="str"))
    assert n_people(ScoredFaces("fer_plus", "model", ("fear",), named)) == 3
