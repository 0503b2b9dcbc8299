"""Fabricated tables of a bench: a control, methods of which few differ, ranks and fronts."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.fairness.group_names import LISTED, joined_names

Row = dict[str, object]
OUTCOMES = (
    ("balanced_accuracy", None),
    *((m, a) for m in ("worst_group_accuracy", "accuracy_gap") for a in ("gender", "race")),
    ("accuracy_gap", "gender x race"),
)
APART: float = 2.5
"""Standard errors from which on two fabricated methods are told apart."""


def fabricated_bench(variants: Sequence[str], evaluation_sets: Sequence[str]) -> dict[str, Any]:
    """The four tables of a bench whose control is the second variant, of two the first."""
    rng = np.random.default_rng(7)
    ranks, tests, changes, fronts = [], [], [], []
    for metric, attribute in OUTCOMES:
        for sets, source in _sets(evaluation_sets, attribute):
            effects = rng.normal(0.0, 1.5, len(variants))
            outcome: Row = {
                "metric": metric,
                "attribute": attribute,
                "attribute_source": source,
            }
            over_sets = {**outcome, "evaluation_sets": ", ".join(sets)}
            ranks += list(_ranks(over_sets, variants, effects))
            tests.append({**over_sets, **_test(len(variants))})
            for name in sets:
                of_set = {**outcome, "evaluation_set": name}
                changes += list(_changes(of_set, variants, effects))
                if attribute is not None:
                    fronts += list(_front(of_set, variants, effects))
    return {
        "ranks": pd.DataFrame(ranks),
        "rank_tests": pd.DataFrame(tests),
        "changes_against_control": pd.DataFrame(changes),
        "fronts": pd.DataFrame(fronts),
    }


def _sets(
    evaluation_sets: Sequence[str], attribute: str | None
) -> list[tuple[Sequence[str], str | None]]:
    if attribute is None:
        return [(evaluation_sets, None)]
    annotated = [name for name in evaluation_sets if name == "raf_db"]
    predicted = [name for name in evaluation_sets if name != "raf_db"]
    told = ((annotated, "annotated"), (predicted, "predicted"))
    return [(names, source) for names, source in told if names]


def _place_of_control(variants: Sequence[str]) -> int:
    return min(1, len(variants) - 2)


def _ranks(head: Row, variants: Sequence[str], effects: np.ndarray) -> Iterator[Row]:
    apart = effects - effects[:, np.newaxis] > APART
    for place, name in enumerate(variants):
        alike = [
            other
            for number, other in enumerate(variants)
            if number != place and not (apart | apart.T)[place, number]
        ]
        yield {
            **head,
            "variant": name,
            "is_control": place == _place_of_control(variants),
            "value": 0.6 + 0.01 * effects[place],
            "mean_rank": float(1 + (effects > effects[place]).sum()),
            "rank_low": 1 + int(apart[place].sum()),
            "rank_high": len(variants) - int(apart[:, place].sum()),
            "not_told_apart": joined_names(alike, LISTED),
        }


def _test(n: int) -> Row:
    return {
        "n_variants": n,
        "n_blocks": 10,
        "n_seeds": 5,
        "friedman_chi_square": 12.3,
        "friedman_p_value": 0.015,
        "iman_davenport_f": 3.9,
        "iman_davenport_p_value": 0.009,
        "critical_difference": 1.9,
        "n_pairs": n * (n - 1) // 2,
        "n_told_apart": 2,
    }


def _changes(head: Row, variants: Sequence[str], effects: np.ndarray) -> Iterator[Row]:
    sign = -1 if head["metric"] == "accuracy_gap" else 1
    for place, name in enumerate(variants):
        difference = sign * 0.01 * float(effects[place] - effects[_place_of_control(variants)])
        found = abs(difference) > 0.01 * APART
        if place != _place_of_control(variants):
            yield {
                **head,
                "variant": name,
                "control": variants[_place_of_control(variants)],
                "outcome": "primary",
                "baseline_value": 0.2,
                "value": 0.2 + difference,
                "difference": difference,
                "ci_low": difference - 0.02,
                "ci_high": difference + 0.02,
                "uncorrected_ci_low": difference - 0.01,
                "uncorrected_ci_high": difference + 0.01,
                "p_value": 0.0001 if found else 0.4,
                "p_value_corrected": 0.008 if found else 1.0,
                "verdict": "difference found" if found else "no difference found",
                "minimum_detectable": 0.02 + 0.001 * place,
                "raw_difference": difference,
                "seed_share": 0.3,
                "level_down": False,
                "n_tested": 40,
                "n_seeds": 5,
                "n_people": 3153,
                "n_faces": 3153,
            }


def _front(head: Row, variants: Sequence[str], effects: np.ndarray) -> Iterator[Row]:
    sign = -1 if head["metric"] == "accuracy_gap" else 1
    accuracy = 0.8 + 0.002 * effects
    for place, name in enumerate(variants):
        yield {
            **head,
            "variant": name,
            "is_control": place == _place_of_control(variants),
            "accuracy": float(accuracy[place]),
            "value": 0.1 + 0.3 * (sign > 0) + 0.003 * float(np.sin(7 * effects[place])),
            "probability": float(1 / (1 + np.exp(-1.5 * effects[place]))),
            "on_front": bool(effects[place] == effects.max()),
            "n_seeds": 5,
        }
