"""Fabricated report inputs of a plausible size: random counts, no face, no person."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
import pytest
from tests.reporting.answers import fabricated_answers
from tests.reporting.bench import fabricated_bench
from tests.reporting.predicted import fabricated_labeller, simulated_label_noise
from tests.reporting.rows import report

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.taxonomy import EMOTIONS, RAF_DB_EMOTIONS

VARIANTS = (
    "baseline",
    "emotion_augmentation",
    "demographic_augmentation",
    "reweighing",
    "equalized_odds",
)
RECALLS = (0.9, 0.92, 0.86, 0.62, 0.78, 0.4, 0.5, 0.25)
TEST_COUNTS = (1198, 884, 380, 370, 270, 19, 70, 15)
GROUPS = {
    "gender": {"female": 0.51, "male": 0.49},
    "race": {"caucasian": 0.77, "african_american": 0.08, "asian": 0.15},
    "age_group": {"0-3": 0.1, "4-19": 0.17, "20-39": 0.5, "40-69": 0.2, "70+": 0.03},
    "gender x race": {
        f"{gender} x {race}": 0.5 * share
        for gender in ("female", "male")
        for race, share in (("caucasian", 0.77), ("african_american", 0.08), ("asian", 0.15))
    },
    "gender x age_group": {
        f"{gender} x {age}": 0.5 * share
        for gender in ("female", "male")
        for age, share in (
            ("0-3", 0.1),
            ("4-19", 0.17),
            ("20-39", 0.5),
            ("40-69", 0.2),
            ("70+", 0.03),
        )
    },
}
GAP_METRICS = (
    "accuracy_gap",
    "balanced_accuracy_gap",
    "macro_f1_gap",
    "accuracy_ratio",
    "macro_f1_ratio",
    "xu_fairness",
    "equal_opportunity_gap",
    "equal_opportunity_ratio",
    "demographic_parity_gap",
    "selection_rate_gap",
    "equalized_odds_gap",
    "overall_disparity",
    "worst_group_accuracy",
    "theil_index_gap",
    "between_group_generalized_entropy",
    "calibration_error_gap",
)
AIF360_METRICS = (
    "statistical_parity_difference",
    "disparate_impact",
    "equal_opportunity_difference",
    "average_odds_difference",
    "theil_index",
    "false_negative_rate_difference",
)
Row = dict[str, object]
SCAN: Row = {
    "subgroup": "gender: female; race: asian or african_american",
    "n_people": 412,
    "n_faces": 412,
    "observed_errors": 263,
    "expected_errors": 221.64,
    "score": 9.314,
    "p_value": 0.004,
    "verdict": "difference found",
}


def share_with_interval(rng: np.random.Generator, share: float, people: float) -> Row:
    """A share observed on so many people, with its normal interval."""
    people = max(people, 1)
    value = rng.binomial(round(people), share) / round(people)
    half = 1.96 * np.sqrt(max(value * (1 - value), 0.01) / people)
    return {
        "value": value,
        "ci_low": max(0.0, value - half),
        "ci_high": min(1.0, value + half),
        "n_people": round(people),
        "n_faces": round(people),
    }


def fabricate_inputs(
    *, variants: Sequence[str] = VARIANTS, evaluation_sets: Sequence[str] = ("fer_plus", "raf_db")
) -> ReportInputs:
    """Inputs with every table filled, the same on every call."""
    rng = np.random.default_rng(20)
    pairs = [(variant, name) for name in evaluation_sets for variant in variants]
    bench = fabricated_bench(tuple(variants), tuple(evaluation_sets))
    return report(
        overall=pd.DataFrame([row for pair in pairs for row in _overall(rng, *pair)]),
        groups=pd.DataFrame([row for pair in pairs for row in _groups(rng, *pair)]),
        gaps=pd.DataFrame([row for pair in pairs for row in _gaps(rng, *pair)]),
        comparisons=pd.DataFrame(
            [row for pair in pairs if pair[0] != "baseline" for row in _comparisons(rng, *pair)]
        ),
        aif360=pd.DataFrame([row for pair in pairs for row in _aif360(rng, *pair)]),
        confusion=pd.DataFrame([row for pair in pairs for row in _confusion(rng, *pair)]),
        distributions=_distributions(rng),
        histories=pd.DataFrame([row for name in variants[:4] for row in _history(rng, name)]),
        scores_over_seeds=pd.DataFrame(
            [row for pair in pairs for row in _scores_over_seeds(rng, *pair)]
        ),
        comparisons_over_seeds=pd.DataFrame(
            [
                row
                for pair in pairs
                if pair[0] != "baseline"
                for row in _comparisons_over_seeds(rng, *pair)
            ]
        ),
        **bench,
        changes_with_offsets=bench["changes_against_control"],
        models=_models(variants),
        trials=_trials(variants),
        planted=_planted(),
        quality=_quality(),
        scan=pd.DataFrame(
            [{"variant": name, "evaluation_set": "fer_plus", **SCAN} for name in variants]
        ),
        manifest=_manifest(),
        notes=["These data are fabricated: no person is in them, and nothing here is a result."],
        **fabricated_answers(variants[-1]),
        **simulated_label_noise(tuple(variants), "fer_plus"),
        **fabricated_labeller(),
    )


def fabricate_audit() -> ReportInputs:
    """An audit of one model: three attributes of a file, probabilities, a subgroup."""
    rng = np.random.default_rng(21)
    name, file = "network_7", "predictions_7.csv"
    attributes = {"gender": "gender", "race": "skin_tone", "gender x race": "gender x skin_tone"}

    def renamed(rows: Iterator[Row]) -> pd.DataFrame:
        table = pd.DataFrame(rows).assign(evaluation_set=file)
        if "attribute" in table:
            table = table[table["attribute"].isin(attributes)].assign(attribute_source="given")
            table["attribute"] = table["attribute"].map(attributes)
        return table

    calibration = {**share_with_interval(rng, 0.06, 3153), "metric": "calibration_error"}
    overall = renamed(_overall(rng, name, "raf_db"))
    more = pd.DataFrame([{**calibration, "variant": name, "evaluation_set": file}])
    return report(
        overall=pd.concat([overall, more], ignore_index=True),
        groups=renamed(_groups(rng, name, "raf_db")),
        gaps=renamed(_gaps(rng, name, "raf_db")),
        confusion=renamed(_confusion(rng, name, "raf_db")),
        scan=pd.DataFrame([{"variant": name, "evaluation_set": file, **SCAN}]),
        kind="audit",
        manifest={
            "command": "fer-fairness audit",
            "reading": {
                "file": file,
                "sha256": "ab" * 32,
                "columns": {
                    "true": {"column": "y_true", "by": "guessed"},
                    "attributes": {"columns": ["gender", "skin_tone"], "by": "given"},
                },
                "n_without_group": {"skin_tone": 77},
                "unused_columns": [f"c{i}" for i in range(30)],
                "notes": ["The probabilities are the softmax of the logits."],
            },
        },
    )


def _planted() -> pd.DataFrame:
    from tests.reporting.test_planted import DRAWN, INDIAN, ROW

    return pd.DataFrame([ROW, INDIAN, DRAWN])


def _emotions(evaluation_set: str) -> tuple[str, ...]:
    return RAF_DB_EMOTIONS if evaluation_set == "raf_db" else EMOTIONS


def _overall(rng: np.random.Generator, variant: str, evaluation_set: str) -> Iterator[Row]:
    head = {"variant": variant, "evaluation_set": evaluation_set}
    for metric, share in (("accuracy", 0.83), ("balanced_accuracy", 0.66), ("macro_f1", 0.67)):
        yield {**head, "metric": metric, **share_with_interval(rng, share, 3153)}
    recalls = zip(_emotions(evaluation_set), RECALLS, TEST_COUNTS, strict=False)
    for emotion, recall, count in recalls:
        row = share_with_interval(rng, recall, count)
        yield {**head, "metric": f"recall_{emotion}", **row}


def _groups(rng: np.random.Generator, variant: str, evaluation_set: str) -> Iterator[Row]:
    for attribute, groups in GROUPS.items():
        for group, size in groups.items():
            head = {
                "variant": variant,
                "evaluation_set": evaluation_set,
                "attribute": attribute,
                "attribute_source": "annotated" if evaluation_set == "raf_db" else "predicted",
                "group": group,
            }
            for metric, share in (("accuracy", 0.83), ("macro_f1", 0.66)):
                row = share_with_interval(rng, share, 3153 * size)
                yield {**head, "metric": metric, **row}
            recalls = zip(_emotions(evaluation_set), RECALLS, TEST_COUNTS, strict=False)
            for emotion, recall, count in recalls:
                row = share_with_interval(rng, recall, count * size)
                yield {**head, "metric": f"recall_{emotion}", **row}


def _gaps(rng: np.random.Generator, variant: str, evaluation_set: str) -> Iterator[Row]:
    by_class = tuple(
        f"{rate}_{emotion}"
        for emotion in _emotions(evaluation_set)
        for rate in ("precision_ratio", "recall_gap")
    )
    for attribute, groups in GROUPS.items():
        smallest = min(groups, key=lambda name: groups[name])
        for metric in (*GAP_METRICS, *by_class):
            ratio = "_ratio" in metric or metric.endswith(("fairness", "accuracy"))
            gap = float(rng.gamma(2.0, 0.02)) + (0.09 if attribute == "gender" else 0.0)
            limit = 0.012 * (1 + len(groups))
            p = float(np.clip(np.exp(-4 * gap / limit), 0.0005, 1))
            yield {
                "variant": variant,
                "evaluation_set": evaluation_set,
                "attribute": attribute,
                "attribute_source": "annotated" if evaluation_set == "raf_db" else "predicted",
                "metric": metric,
                "family": "by_class" if metric in by_class else "summary",
                "group": "",
                "other_group": "",
                "value": 1 - gap if ratio else gap,
                "ci_low": 1 - 1.5 * gap if ratio else 0.6 * gap,
                "ci_high": 1 - 0.5 * gap if ratio else 1.5 * gap,
                "uncorrected_ci_low": 1 - 1.3 * gap if ratio else 0.7 * gap,
                "uncorrected_ci_high": 1 - 0.7 * gap if ratio else 1.3 * gap,
                "raw_value": 1 - 1.2 * gap if ratio else 1.2 * gap,
                "minimum_detectable": 1.3 * limit,
                "equal_treatment": 0.0,
                "null_mean": 1 - 0.6 * limit if ratio else 0.6 * limit,
                "null_95": 1 - limit if ratio else limit,
                "p_value": p,
                "p_value_corrected": min(1.0, 5 * p),
                "p_value_holm": min(1.0, 7 * p),
                "p_value_benjamini_hochberg": min(1.0, 2 * p),
                "n_people": 3153,
                "n_faces": 3153,
                "n_groups": len(groups),
                "smallest_group": smallest,
                "smallest_group_size": round(3153 * groups[smallest]) // 4,
                "n_missing": 40,
                "left_out": "",
                "verdict": "difference found" if 5 * p < 0.05 else "no difference found",
            }


def _comparisons(rng: np.random.Generator, variant: str, evaluation_set: str) -> Iterator[Row]:
    for cell in _cells_over_seeds(variant, evaluation_set):
        yield {**cell, **_change(rng), "seed_share": 0.0, "n_seeds": 1}


def _change(rng: np.random.Generator) -> Row:
    """A change and its test."""
    difference = float(rng.normal(-0.005, 0.02))
    found = abs(difference) > 0.03
    return {
        "outcome": "primary",
        "baseline_value": 0.2,
        "value": 0.2 + difference,
        "difference": difference,
        "ci_low": difference - 0.03,
        "ci_high": difference + 0.03,
        "uncorrected_ci_low": difference - 0.02,
        "uncorrected_ci_high": difference + 0.02,
        "p_value": 0.0001 if found else 0.4,
        "p_value_corrected": 0.008 if found else 1.0,
        "verdict": "difference found" if found else "no difference found",
        "minimum_detectable": 0.042,
        "raw_difference": 1.1 * difference,
        "level_down": bool(difference < -0.04),
        "n_tested": 240,
    }


SEED_SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "worst_class_recall")


def _cells_over_seeds(variant: str, evaluation_set: str) -> Iterator[Row]:
    source = "annotated" if evaluation_set == "raf_db" else "predicted"
    cells = [(metric, None) for metric in SEED_SCORES]
    for metric, attribute in [*cells, *((m, a) for a in GROUPS for m in GAP_METRICS)]:
        yield {
            "variant": variant,
            "evaluation_set": evaluation_set,
            "attribute": attribute,
            "attribute_source": source if attribute else None,
            "metric": metric,
            "seed_share": 0.3,
            "n_seeds": 5,
            "n_people": 3153,
            "n_faces": 3153,
        }


def _scores_over_seeds(
    rng: np.random.Generator, variant: str, evaluation_set: str
) -> Iterator[Row]:
    for cell in _cells_over_seeds(variant, evaluation_set):
        share = 0.04 if cell["attribute"] else 0.7
        row = share_with_interval(rng, share, 3153)
        yield {**cell, **row, "raw_value": share + 0.01, "seed_standard_deviation": 0.006}


def _comparisons_over_seeds(
    rng: np.random.Generator, variant: str, evaluation_set: str
) -> Iterator[Row]:
    for cell in _cells_over_seeds(variant, evaluation_set):
        yield {**cell, **_change(rng)}


def _aif360(rng: np.random.Generator, variant: str, evaluation_set: str) -> Iterator[Row]:
    for attribute, groups in GROUPS.items():
        privileged = max(groups, key=lambda name: groups[name])
        others = [name for name in groups if name != privileged]
        for group in others:
            for emotion in _emotions(evaluation_set):
                for metric in AIF360_METRICS:
                    value = float(rng.normal(0, 0.05))
                    yield {
                        "variant": variant,
                        "evaluation_set": evaluation_set,
                        "attribute": attribute,
                        "emotion": emotion,
                        "privileged_group": privileged,
                        "unprivileged_group": group,
                        "n_privileged": round(3153 * groups[privileged]),
                        "n_unprivileged": round(3153 * groups[group] / 8),
                        "metric": metric,
                        "value": value,
                        "ci_low": value - 0.04,
                        "ci_high": value + 0.04,
                    }


def _confusion(rng: np.random.Generator, variant: str, evaluation_set: str) -> Iterator[Row]:
    emotions = _emotions(evaluation_set)
    for emotion, recall, count in zip(emotions, RECALLS, TEST_COUNTS, strict=False):
        shares = np.full(len(emotions), (1 - recall) / (len(emotions) - 1))
        shares[emotions.index(emotion)] = recall
        for predicted, people in zip(emotions, rng.multinomial(count, shares), strict=True):
            yield {
                "variant": variant,
                "evaluation_set": evaluation_set,
                "emotion": emotion,
                "predicted_emotion": predicted,
                "n_people": int(people),
                "n_faces": int(people),
            }


def _distributions(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for emotion, count in zip(EMOTIONS, TEST_COUNTS, strict=True):
        added = max(0, 6000 - 8 * count)
        head = {"emotion": emotion, "n_before": 8 * count, "n_added": added}
        rows.append({"variant": "emotion_augmentation", "cell": emotion, **head})
        for gender in GROUPS["gender"]:
            for age, share in GROUPS["age_group"].items():
                before = round(4 * count * share)
                row = {"emotion": emotion, "n_before": before, "n_added": int(rng.integers(0, 300))}
                cell = f"{emotion} · {gender} · {age}"
                rows.append({"variant": "demographic_augmentation", "cell": cell, **row})
    table = pd.DataFrame(rows)
    return table.assign(
        n_after=table["n_before"] + table["n_added"],
        n_validation=table["n_before"] // 8,
        recall=0.5,
        severity=np.where(table["n_before"] < 300, "severe", "none"),
        is_critical=table["n_before"] < 300,
        reason="raised to its target",
    )


def _history(rng: np.random.Generator, variant: str) -> Iterator[Row]:
    for epoch in range(1, 25):
        loss = 0.7 + 1.3 * np.exp(-epoch / 5)
        yield {
            "variant": variant,
            "epoch": epoch,
            "loss": loss + rng.normal(0, 0.01),
            "accuracy": 0.86 - 0.4 * np.exp(-epoch / 5),
            "validation_loss": loss + 0.1 + rng.normal(0, 0.02),
            "validation_accuracy": 0.83 - 0.4 * np.exp(-epoch / 5) + rng.normal(0, 0.005),
            "learning_rate": 0.001,
            "seconds": 95.0,
            "gradient_steps": 400.0 * epoch,
            "is_kept": epoch == 2,
        }


def _models(variants: Sequence[str]) -> pd.DataFrame:
    """Trained variants of the baseline's own weights; the last one of five is post-processing."""
    rows = [
        {
            "variant": name,
            "method": f"Method of {name}",
            "source": "Somebody 2020, arXiv 2001.00001",
            "seed": 1,
            "network": "compact_cnn",
            "n_weights": 170120,
            "n_trainable_weights": 168968 if name == "baseline" else 120640,
            "started_from": "random" if name == "baseline" else "baseline",
            "start_fingerprint": None if name == "baseline" else "ab" * 32,
            "fingerprint": "ab" * 32 if name == "baseline" else f"{number:02}" * 32,
        }
        for number, name in enumerate(variants[:4])
    ]
    return pd.DataFrame(rows)


def _trials(variants: Sequence[str]) -> pd.DataFrame:
    """Two settings of each variant but the baseline; the rules differ about the first one's."""
    rows = [
        {
            "variant": name,
            "evaluation_set": "",
            "trial": trial,
            "settings": "strength=0.5" if trial else "",
            "mean_recall": 0.6 + trial / 100,
            "worst_group_accuracy": 0.7,
            "accuracy_gap": 0.1,
            "ideal_point": 0.4,
            "failure": "",
            "rules": ["worst_group_accuracy" if number == 0 else "", "mean_recall"][trial],
            "is_chosen": trial == 1,
            "objectives": "",
            "is_on_front": False,
        }
        for number, name in enumerate(variants[1:])
        for trial in range(2)
    ]
    return pd.DataFrame(rows)


def _quality() -> dict[str, dict[str, object]]:
    return {
        "fer_plus": {
            "n_faces": 35887,
            "rejected_rows": 176,
            "constant_images": 12,
            "duplicates": {"within_split": 1234, "across_splits": 411},
            "excluded": {"constant image": 12, "not a face": 176, "copy in another split": 411},
            "emotions": [
                {"emotion": emotion, "train": 10 * count, "test": count}
                for emotion, count in zip(EMOTIONS, TEST_COUNTS, strict=True)
            ],
            "bias": {"gender": {"cramers_v": 0.113, "evenness": 0.98}, "race": {"cramers_v": 0.2}},
        },
        "raf_db": {"n_faces": 15339, "rejected_rows": 0, "duplicates": {}},
    }


def _manifest() -> dict[str, object]:
    return {
        "command": "kedro run --env=sample",
        "commit": "0123456789abcdef",
        "seed": 1,
        "versions": {"python": "3.11.9", "keras": "3.15", "tensorflow": "2.21", "aif360": "0.6.1"},
        "parameters": {"training": {"epochs": 60, "batch_size": 64, "schedule": {"warm_up": 5}}},
        "trained_with": {
            name: {"training": {"epochs": 24, "schedule": "cosine"}} for name in VARIANTS[:2]
        },
        "data_hashes": {"fer_plus": "sha256:ab" * 4},
        "environment": "sample",
    }


@pytest.fixture(scope="session")
def inputs() -> ReportInputs:
    """Five variants, two evaluation sets, five attributes."""
    return fabricate_inputs()


@pytest.fixture(scope="session")
def small_inputs() -> ReportInputs:
    """Two variants and one evaluation set, for tests that draw."""
    return fabricate_inputs(variants=VARIANTS[:2], evaluation_sets=("fer_plus",))


@pytest.fixture(scope="session")
def audit() -> ReportInputs:
    """An audit of one model that was not trained here."""
    return fabricate_audit()


@pytest.fixture(scope="session")
def make_inputs() -> Callable[..., ReportInputs]:
    """The factory itself."""
    return fabricate_inputs
