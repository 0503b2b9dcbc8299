"""Fabricated audits: faces of people with groups, drawn or with counts that are given."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.gaps import gap_table
from fer_fairness.fairness.group_names import INTERSECTION, groups_of
from fer_fairness.fairness.testing import gap_tests
from fer_fairness.fairness.testing.gap_tests import AttributeTests, compared_groups
from fer_fairness.fairness.testing.judging import Judgement, Primary, judged
from fer_fairness.fairness.testing.people import JudgedFaces, judged_faces
from fer_fairness.params.inference import InferenceParameters

CLASSES = ("anger", "fear", "happiness", "sadness")
THREE = CLASSES[:3]
RACES = ("asian", "black", "indian", "latino", "white")


def faces_of(frame: pd.DataFrame, *attributes: str, classes: Sequence[str]) -> JudgedFaces:
    """The faces of a table, by attributes and intersections of them.

    People and confidences are the columns `person` and `confidence`, where there are such.
    """
    return judged_faces(
        frame,
        {attribute: groups_of(frame, attribute) for attribute in attributes},
        emotions=classes,
        confidence=frame["confidence"].to_numpy() if "confidence" in frame else None,
        people=frame.get("person"),
    )


def faces_counted(counts: Mapping[str, Counts]) -> JudgedFaces:
    """Faces with given counts (g, c, k) by attribute.

    Each attribute has faces of its own, whose other groups are missing.
    """
    frames = []
    for attribute, counted in counts.items():
        cells = np.indices(counted.shape).reshape(3, -1)
        group, true, given = np.repeat(cells, counted.ravel(), axis=1)
        frames.append(
            pd.DataFrame(
                {
                    "emotion": np.array(CLASSES)[true],
                    "predicted_emotion": np.array(CLASSES)[given],
                    attribute: [f"group {chr(97 + place)}" for place in group],
                }
            )
        )
    n_classes = next(iter(counts.values())).shape[1]
    joined = pd.concat(frames, ignore_index=True).astype(object)
    return faces_of(joined, *counts, classes=CLASSES[:n_classes])


def people_table(
    n: int,
    *,
    n_classes: int = 3,
    harmed: str | None = None,
    lost: float = 0.3,
    only: str | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """People by gender and race of whom most are recognised; one group may lose recall."""
    generator = np.random.default_rng(seed)
    classes = np.array(CLASSES[:n_classes])
    true = generator.choice(classes, n, p=np.arange(n_classes, 0, -1) / sum(range(n_classes + 1)))
    frame = pd.DataFrame(
        {
            "emotion": true,
            "gender": generator.choice(["female", "male"], n),
            "race": generator.choice(RACES[:3], n, p=[0.2, 0.2, 0.6]),
        }
    )
    worse = (frame[["gender", "race"]] == harmed).any(axis=1) & (
        True if only is None else frame["emotion"] == only
    )
    right = generator.random(n) < 0.8 - lost * worse
    return frame.assign(predicted_emotion=np.where(right, true, generator.choice(classes, n)))


def random_audit(seed: int) -> JudgedFaces:
    """An audit of any kind: groups of any number, unequal mixes, nobody of a class, frames."""
    generator = np.random.default_rng(seed)
    n_classes, n_groups = (int(generator.integers(*ends)) for ends in ((2, 4), (2, 6)))
    n_people, frames = int(generator.integers(60, 250)), int(generator.choice([1, 1, 1, 4]))
    person = np.repeat(np.arange(n_people), frames)
    race = generator.choice(n_groups, n_people, p=generator.dirichlet(np.full(n_groups, 2.0)))
    mixes = np.tile(generator.dirichlet(np.full(n_classes, 2.0)), (n_groups, 1))
    if generator.random() < 0.5:
        mixes = generator.dirichlet(np.full(n_classes, 2.0), n_groups)
    if generator.random() < 0.4:
        mixes[0, 0] = 0.0
    chances = (mixes / mixes.sum(axis=1, keepdims=True)).cumsum(axis=1)[race[person]]
    true = (generator.random((len(person), 1)) > chances).sum(axis=1).clip(max=n_classes - 1)
    lost = generator.choice([0.0, 0.0, 0.15, 0.4]) * (race == generator.integers(n_groups))
    own = generator.normal(0.0, 0.1, n_people) * (frames > 1)
    right = generator.random(len(person)) < (0.85 - lost + own)[person]
    given = np.where(right, true, generator.integers(n_classes, size=len(person)))
    frame = pd.DataFrame(
        {
            "emotion": np.array(CLASSES)[true],
            "predicted_emotion": np.array(CLASSES)[given],
            "gender": generator.choice(["female", "male"], n_people)[person],
            "race": pd.Series(np.array(RACES)[race[person]], dtype=object),
        }
    )
    frame.loc[person % 17 == 3, "race"] = None
    if frames > 1:
        frame["person"] = person
    if generator.random() < 0.5:
        frame["confidence"] = generator.uniform(0.4, 1.0, len(frame))
    return faces_of(frame, "gender", "race", classes=CLASSES[:n_classes])


def audit_of(
    faces: JudgedFaces, n: int, *, seed: int = 0, minimum_group_size: int = 10
) -> list[AttributeTests]:
    """Every attribute that can be compared, measured on faces and shuffles."""
    parts = compared_groups(faces, minimum_group_size=minimum_group_size)
    found = gap_tests.tested(faces, parts, n=n, seed=seed, cells_at_once=2**19)
    return [test for test in found if test is not None]


def judgements_of(
    faces: JudgedFaces, n: int, *, seed: int = 0, primary: Primary = ()
) -> dict[str, Judgement]:
    """The judgement of each attribute, at 5 %."""
    tests = audit_of(faces, n, seed=seed)
    found = judged(tests, significance=0.05, primary=primary)
    return {test.part.attribute: own for test, own in zip(tests, found, strict=True)}


def anything_found(judgement: Judgement, *, level: float = 0.05) -> bool:
    """Whether one verdict of an attribute is a finding."""
    behind = np.concatenate([judgement.metrics, judgement.pairs])
    return bool(judgement.any_difference <= level or (behind <= level).any())


def intersected(*names: str) -> str:
    """Name of an intersection."""
    return INTERSECTION.join(names)


FEW_DRAWS = InferenceParameters(n_bootstrap=300, n_permutations=300, n_power=60)


def gaps_of(faces: JudgedFaces, *, seed: int = 0, **params: object) -> pd.DataFrame:
    """The gaps table of an audit, of few draws."""
    return gap_table(faces, FEW_DRAWS.model_copy(update=params), seed=seed)


def audited(
    *attributes: str, n: int = 300, table: pd.DataFrame | None = None, **planted: object
) -> JudgedFaces:
    """Faces of a table, or of fabricated people."""
    frame = people_table(n, **planted) if table is None else table  # type: ignore[arg-type]
    return faces_of(frame, *(attributes or ("gender",)), classes=THREE)


def worse(table: pd.DataFrame) -> pd.Series:
    """Whether a metric is the worse the larger it is."""
    ideal_is_high = table["metric"].str.contains("ratio") | table["metric"].isin(
        ["xu_fairness", "worst_group_accuracy"]
    )
    return ~ideal_is_high
