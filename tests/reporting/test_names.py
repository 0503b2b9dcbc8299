import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.reporting.figures.names import figure_name


def test_names_of_the_project_stay_readable() -> None:
    name = figure_name("recalls", "raf_db", "gender x race", None)
    assert name == "recalls-raf_db-gender-race"


@given(st.text(max_size=80), st.text(max_size=80))
def test_names_of_files_are_safe_and_two_that_differ_stay_two(one: str, other: str) -> None:
    names = [figure_name("gaps", name) for name in (one, other)]
    assert all(re.fullmatch(r"gaps(-[a-z0-9_]{1,40})+", name) for name in names)
    assert (names[0] == names[1]) == (one.strip() == other.strip())


@pytest.mark.parametrize("name", ["../../etc", "a/b", "predictions 7.csv", "Ümläut", "\ud800"])
def test_whatever_a_file_is_called_its_figure_has_a_plain_name(name: str) -> None:
    assert re.fullmatch(r"gaps-[a-z0-9_]+", figure_name("gaps", name))
