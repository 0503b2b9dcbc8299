"""Simulated predicted groups: people, a labeller that errs, and what the correction makes of it."""

from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.fairness.label_noise import label_noise
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.params.label_noise import LabelNoiseParameters

EMOTIONS = ("neutral", "happiness", "fear")
RACES = ("white", "black", "asian", "indian")
GENDERS = ("female", "male")
AGES = ("0-19", "20-39", "40-69", "70+")
GROUPINGS = {"gender": GENDERS, "race": RACES, "age_group": AGES}
FINE_RACES = ("white", "black", "east_asian", "southeast_asian", "indian")
_RIGHT = {"gender": 0.85, "race": 0.7, "age_group": 0.1}
_ACCURACY = {"gender": 0.9, "race": 0.72, "age_group": 0.55}
_PARAMS = InferenceParameters(
    n_bootstrap=100,
    label_noise=LabelNoiseParameters(n_draws=100, max_condition_number=6.0),
)
Row = dict[str, object]
Tables = dict[str, Any]
"""Data frames by the name of their field of `ReportInputs`, to be given as keywords."""


def simulated_label_noise(
    variants: tuple[str, ...], evaluation_set: str, *, seed: int = 5
) -> Tables:
    """The four tables of `label_noise`, of every variant, by the names of `ReportInputs`.

    Gender and race are told well enough to be corrected; ages are hardly told apart, so their
    correction is refused; of race, few are Indian, so that group may be too small to be compared.
    """
    tables: dict[str, list[pd.DataFrame]] = {}
    for place, variant in enumerate(variants):
        rng = np.random.default_rng((seed, place))
        found = label_noise(
            _people(rng),
            attributes=("gender", "race", "age_group", "gender x race"),
            emotions=EMOTIONS,
            held_out=_held_out(np.random.default_rng(seed)),
            probabilities=None if place else _soft(np.random.default_rng((seed, place))),
            params=_PARAMS,
            seed=seed,
        )
        for name in ("attributes", "groups", "scores", "gaps"):
            table = getattr(found, name)
            table.insert(0, "evaluation_set", evaluation_set)
            table.insert(0, "variant", variant)
            tables.setdefault(f"label_noise_{name}", []).append(table)
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}


def _people(rng: np.random.Generator, n: int = 1200) -> pd.DataFrame:
    """People whose first race and gender are served worse, labelled with errors."""
    true = {
        "gender": rng.choice(GENDERS, n),
        "race": rng.choice(RACES, n, p=(0.6, 0.2, 0.18, 0.02)),
        "age_group": rng.choice(AGES, n),
    }
    emotion = rng.choice(EMOTIONS, n, p=(0.5, 0.35, 0.15))
    chance = 0.85 - 0.15 * (true["race"] == "black") - 0.06 * (true["gender"] == "female")
    right = rng.random(n) < chance
    other = np.where(emotion == "neutral", "happiness", "neutral")
    frame = pd.DataFrame(
        {
            "sample_id": [f"s{i}" for i in range(n)],
            "emotion": emotion,
            "predicted_emotion": np.where(right, emotion, other),
        }
    )
    for attribute, groups in GROUPINGS.items():
        frame[attribute] = _labels(rng, true[attribute], attribute, groups)
        frame[f"{attribute}_source"] = "predicted"
    return frame


def _labels(
    rng: np.random.Generator, true: np.ndarray, attribute: str, groups: tuple[str, ...]
) -> pd.Series:
    wrong = rng.random(len(true)) > _RIGHT[attribute]
    labels = pd.Series(np.where(wrong, rng.choice(groups, len(true)), true), dtype="str")
    return labels.mask(rng.random(len(true)) < 0.08)


def _held_out(rng: np.random.Generator, n: int = 1600) -> pd.DataFrame:
    columns: dict[str, object] = {}
    for attribute, groups in GROUPINGS.items():
        true = rng.choice(groups, n)
        columns[f"true_{attribute}"] = true
        columns[f"predicted_{attribute}"] = _labels(rng, true, attribute, groups)
    return pd.DataFrame(columns)


def _soft(rng: np.random.Generator) -> pd.DataFrame:
    """Probabilities that follow the labels of the same people."""
    people = _people(rng)
    columns: dict[str, object] = {"sample_id": people["sample_id"]}
    for attribute, groups in GROUPINGS.items():
        rest = (1.0 - _RIGHT[attribute]) / len(groups)
        for group in groups:
            said = people[attribute] == group
            columns[f"probability_{attribute}_{group}"] = np.where(
                people[attribute].isna(),
                1.0 / len(groups),
                np.where(said, _RIGHT[attribute] + rest, rest),
            )
    return pd.DataFrame(columns)


def fabricated_labeller() -> Tables:
    """The tables on the labeller: three conditions, race also in a finer grouping, an agreement."""
    rng = np.random.default_rng(8)
    tables: dict[str, list[Row]] = {}
    for condition, loss in (("full_size", 0.0), ("colour_100", 0.03), ("grey_48", 0.12)):
        for attribute, grouping, groups, asked in (
            ("gender", "gender", GENDERS, True),
            ("race", "coarse_4", RACES, True),
            ("race", "fairface_7", FINE_RACES, False),
            ("age_group", "coarse_4", AGES, True),
        ):
            head: Row = {"condition": condition, "attribute": attribute, "grouping": grouping}
            right = _ACCURACY[attribute] - loss
            for name, rows in _one_labeller(rng, head, groups, right, asked=asked).items():
                tables.setdefault(name, []).extend(rows)
        tables.setdefault("labeller_selection", []).extend(_selection(condition))
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    return frames | _agreement()


def _one_labeller(
    rng: np.random.Generator, head: Row, groups: tuple[str, ...], right: float, *, asked: bool
) -> dict[str, list[Row]]:
    marked: Row = {**head, "asked": asked}
    summary: Row = {
        **marked,
        "n_faces": 2500,
        **_share("accuracy", right, 2500),
        "balanced_accuracy": right - 0.01,
        "expected_calibration_error": 0.021,
        "majority_share": 0.3,
        "share_abstained": 0.08,
        "accuracy_when_labelled": right + 0.03,
    }
    confusion: list[Row] = [
        {
            **marked,
            "true": true,
            "predicted": said,
            "n_faces": int(rng.poisson(300 if true == said else 30)),
        }
        for true in groups
        for said in groups
    ]
    strata: list[tuple[str | None, str | None, int]] = [(None, None, 600)]
    strata += [
        (name, stratum, 200)
        for name, names in GROUPINGS.items()
        if name != head["attribute"]
        for stratum in names
    ]
    recalls: list[Row] = [
        {
            **head,
            "group": group,
            "stratum_attribute": name,
            "stratum": stratum,
            "n_faces": 20 if stratum == "70+" else n,
            "n_right": round(right * n),
            **_share("recall", right, n),
            "most_frequent_mistake": groups[0] if group != groups[0] else None,
            "mistake_share": 0.11 if group != groups[0] else float("nan"),
        }
        for group in groups
        for name, stratum, n in strata
    ]
    reliability: list[Row] = [
        {
            **head,
            "confidence_low": low,
            "confidence_high": low + 1 / 15,
            "mean_confidence": low + 1 / 30,
            **_share("accuracy", max(0.05, low - 0.02), 150),
            "n_faces": int(rng.integers(20, 400)),
        }
        for low in np.arange(5, 15) / 15
    ]
    return {
        "labeller_summary": [summary],
        "labeller_confusion": confusion,
        "labeller_recalls": recalls,
        "labeller_reliability": reliability,
    }


def _share(name: str, value: float, n: int) -> Row:
    half = 1.96 * (value * (1 - value) / n) ** 0.5
    return {name: value, "ci_low": value - half, "ci_high": value + half}


def _selection(condition: str) -> list[Row]:
    tried = (
        ("logistic_regression", "C = 1", 0.91, 0.66),
        ("support_vector_machine", "", 0.95, 0.65),
    )
    return [
        {
            "condition": condition,
            "attribute": attribute,
            "classifier": name,
            "settings": settings,
            "log_loss": log_loss,
            "accuracy": accuracy,
            "chosen": place == 0,
        }
        for attribute in GROUPINGS
        for place, (name, settings, log_loss, accuracy) in enumerate(tried)
    ]


def _agreement() -> dict[str, pd.DataFrame]:
    counts = [
        ("caucasian", "white", 700, True),
        ("caucasian", "black", 40, True),
        ("african_american", "black", 80, True),
        ("asian", "indian", 12, False),
        ("asian", None, 9, False),
    ]
    names = ("annotated", "predicted", "n_faces", "comparable")
    head: Row = {"dataset": "raf_db", "attribute": "race"}
    summary: Row = {"n_faces": 841, "n_comparable": 820, **_share("agreement", 0.951, 820)}
    return {
        "agreement": pd.DataFrame([{**head, **summary, "cohen_kappa": 0.74}]),
        "agreement_counts": pd.DataFrame(
            [{**head, **dict(zip(names, row, strict=True))} for row in counts]
        ),
    }
