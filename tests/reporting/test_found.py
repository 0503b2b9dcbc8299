import pytest
from tests.reporting.rows import gap_row

from fer_fairness.reporting.rows.scores import GapRow
from fer_fairness.reporting.sections.found import headline_counts, others_found

FOUND: dict[str, object] = {"verdict": "difference found", "p_value_corrected": 0.01}
NOT_FOUND: dict[str, object] = {"verdict": "no difference found", "p_value_corrected": 0.4}
TOO_FEW: dict[str, object] = {"verdict": "too few people to say", "p_value_corrected": float("nan")}


def rows(*told: tuple[str, str, dict[str, object]], where: str = "a.csv") -> list[GapRow]:
    return [
        gap_row(more, evaluation_set=where, attribute=name, metric=metric)
        for name, metric, more in told
    ]


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (FOUND, NOT_FOUND, "Of 2 headline comparisons (accuracy gap and equal-opportunity gap"),
        (FOUND, NOT_FOUND, "1 is a difference found after the correction for all metrics."),
        (FOUND, FOUND, "2 are differences found"),
        (NOT_FOUND, TOO_FEW, "0 are differences found"),
        (TOO_FEW, TOO_FEW, "None of the 2 headline comparisons"),
        (TOO_FEW, TOO_FEW, "could be made: too few people."),
    ],
)
def test_the_headline_comparisons_are_counted(
    first: dict[str, object], second: dict[str, object], text: str
) -> None:
    table = rows(("x", "accuracy_gap", first), ("x", "equal_opportunity_gap", second))
    sentence = headline_counts(table, of="of every attribute", after="metrics")
    assert text in sentence
    assert ("found" in sentence) == ("None of" not in sentence)


def test_attributes_found_by_other_metrics_only_are_counted_apart() -> None:
    told = (
        ("x", "accuracy_gap", NOT_FOUND),
        ("x", "xu_fairness", FOUND),
        ("x", "macro_f1_gap", FOUND),
        ("y", "accuracy_gap", FOUND),
        ("y", "xu_fairness", FOUND),
        ("z", "accuracy_gap", NOT_FOUND),
    )
    told_once = others_found(rows(*told), "attribute")
    assert told_once == "Other metrics found a difference for 1 more attribute. "
    more = [*rows(*told), *rows(*told, where="b.csv")]
    told_twice = others_found(more, "attribute of an evaluation set")
    assert (
        told_twice
        == "Other metrics found a difference for 2 more attributes of an evaluation set. "
    )


def test_nothing_is_said_where_other_metrics_add_nothing() -> None:
    assert not others_found(rows(("x", "accuracy_gap", FOUND)), "attribute")
    assert not others_found(rows(("x", "xu_fairness", FOUND)), "attribute")
