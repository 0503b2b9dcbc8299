import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.seeds import checked_seeds


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([0, 1, 2], (0, 1, 2)),
        ([4, 0], (4, 0)),
        (3, (3,)),
        ("0;1;2", (0, 1, 2)),
        (" 10 ; 7 ", (10, 7)),
        ("5", (5,)),
        (2**32 - 1, (2**32 - 1,)),
    ],
)
def test_seeds_come_as_a_number_a_list_or_a_text(given: object, expected: tuple[int, ...]) -> None:
    assert checked_seeds(given) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "empty list"),
        ([1, 2, 1], "has 1 twice"),
        ("3;03", "has 3 twice"),
        ([0, -1], "has -1, expected a whole number from 0"),
        ([0.5], "has 0.5"),
        ([True], "has True"),
        ("0;one", "has 'one'"),
        ("", "has ''"),
        (None, "has None"),
        ({"a": 1}, "has {'a': 1}"),
        (2**32, "from 0 to 4294967295"),
    ],
)
def test_anything_else_is_refused_with_its_remedy(given: object, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as refused:
        checked_seeds(given)
    assert "seeds: [0, 1, 2]" in str(refused.value)
