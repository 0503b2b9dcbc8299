"""What changed from one written run or audit to another: tested in pairs where people are the same.

Where they are not, or predictions are not kept, values are set beside one another with an interval
of each difference, and nothing is tested.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.auditing.written import WrittenReport
from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.audience import Audience, with_sources
from fer_fairness.fairness.comparisons.family import CHANGE_COLUMNS, changes
from fer_fairness.fairness.group_names import attribute_parts
from fer_fairness.fairness.inference.independent import difference_interval
from fer_fairness.fairness.scored_faces import ScoredFaces
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.reporting.labels import evaluation_set_label, variant_label
from fer_fairness.reporting.number_text import listed, thousands

PAIRED: Final = "paired"
UNPAIRED: Final = "unpaired"

SIDE_COLUMNS: Final = (
    "pairing",
    "evaluation_set",
    "other_evaluation_set",
    "variant",
    "other_variant",
    *(name for name in CHANGE_COLUMNS if name not in ("evaluation_set", "variant")),
    "attribute_source",
)
"""Of the tidy table: `baseline_value` is the reference's, `value` the other's; see `changes`. Of
unpaired rows only `uncorrected_ci_low` and `uncorrected_ci_high` say how sure a difference is."""

_GAP_VALUES: Final = ["value", "uncorrected_ci_low", "uncorrected_ci_high", "n_people", "n_faces"]
_VALUES: Final = ["value", "ci_low", "ci_high", "n_people", "n_faces"]


@dataclass(frozen=True)
class _Match:
    """A model on a set in the reference, and what is set beside it in the other report."""

    evaluation_set: str
    other_evaluation_set: str
    variant: str
    other_variant: str

    @property
    def keys(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Set and variant in the reference, and in the other."""
        other = self.other_evaluation_set, self.other_variant
        return (self.evaluation_set, self.variant), other

    @property
    def name(self) -> str:
        return f"{variant_label(self.variant)} on {evaluation_set_label(self.evaluation_set)}"


def side_by_side(
    reference: WrittenReport, other: WrittenReport, *, params: InferenceParameters, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """What changed from one run or audit to another, the second minus the first.

    Models and evaluation sets are set beside those of the same name; where no name is in both, the
    first model beside the first, and the set beside one of the same people, or else the first.

    Args:
        reference: The first.
        other: The second.
        params: Draws, significance and smallest group of paired tests.
        seed: Seed of all draws.

    Returns:
        `SIDE_COLUMNS`, a row a set, model, attribute (missing: everybody) and metric; and sentences
        that must be known. All paired rows are one family of tests.

    Raises:
        InvalidInputError: No attribute is compared in both.
    """
    matches = _matches(reference, other)
    attributes = {match: _common_attributes(match, reference, other) for match in matches}
    if not any(attributes.values()):
        raise InvalidInputError(
            "The reports compare no attribute in common: the first has "
            f"{_attributes_told(reference)}, the second {_attributes_told(other)}. Audit them by "
            "the same attributes."
        )
    notes = [*reference.notes, *other.notes]
    audiences: dict[_Match, Audience] = {}
    tables = []
    for match in matches:
        parts = _parts(match, reference, other)
        why = _why_unpaired(parts)
        if why:
            notes.append(f"{match.name} is not compared person by person: {why}.")
            tables.append(_beside(match, reference, other, attributes[match]))
        else:
            notes += _other_groups(match, parts, attributes[match])
            audiences[match] = _audience(match, parts, attributes[match])
    tables.insert(0, _paired(audiences, params, seed))
    return pd.concat([one for one in tables if len(one)], ignore_index=True), notes


def _matches(reference: WrittenReport, other: WrittenReport) -> list[_Match]:
    models = _same_or_first(reference.inputs.variants(), other.inputs.variants())
    sets = _same_or_first(reference.inputs.evaluation_sets(), other.inputs.evaluation_sets())
    if sets[0][0] != sets[0][1]:
        of_same_people = (
            pair
            for pair in product(reference.inputs.evaluation_sets(), other.inputs.evaluation_sets())
            if not _why_unpaired(_parts(_Match(*pair, *models[0]), reference, other))
        )
        sets = [next(of_same_people, sets[0])]
    return [_Match(*of_set, *of_model) for of_set in sets for of_model in models]


def _same_or_first(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in first if name in second] or [(first[0], second[0])]


def _common_attributes(
    match: _Match, reference: WrittenReport, other: WrittenReport
) -> tuple[str, ...]:
    own_key, other_key = match.keys
    own, others = _attributes(reference, *own_key), _attributes(other, *other_key)
    return tuple(name for name in own if name in others)


def _attributes(report: WrittenReport, evaluation_set: str, variant: str) -> list[str]:
    gaps = report.inputs.tables["gaps"]
    rows = (gaps["evaluation_set"] == evaluation_set) & (gaps["variant"] == variant)
    return [str(name) for name in gaps.loc[rows, "attribute"].unique()]


def _attributes_told(report: WrittenReport) -> str:
    return ", ".join(map(str, report.inputs.tables["gaps"]["attribute"].unique())) or "none"


def _parts(
    match: _Match, reference: WrittenReport, other: WrittenReport
) -> tuple[dict[int, ScoredFaces], dict[int, ScoredFaces]]:
    """The people of both by the seeds that both have, or by the first of each."""
    own, others = match.keys
    first, second = dict(reference.people.get(own, {})), dict(other.people.get(others, {}))
    seeds = [seed for seed in first if seed in second]
    if seeds or not first or not second:
        return {seed: first[seed] for seed in seeds}, {seed: second[seed] for seed in seeds}
    return {0: next(iter(first.values()))}, {0: next(iter(second.values()))}


def _why_unpaired(parts: tuple[dict[int, ScoredFaces], dict[int, ScoredFaces]]) -> str:
    """Why two reports cannot be compared person by person; empty where they can."""
    if not all(parts):
        return (
            "the predictions of one of them are not kept beside its results (fer-fairness audit "
            "keeps none: audit both columns in one file, or each with kedro run --pipelines "
            "audit), or nothing but their rows tells its samples apart"
        )
    by_seed = zip(*(one.values() for one in parts), strict=True)
    return next(filter(None, (_why_differing(*tables) for tables in by_seed)), "")


def _why_differing(first: ScoredFaces, second: ScoredFaces) -> str:
    own, others = (
        one.table.set_index("sample_id")["emotion"].astype(str) for one in (first, second)
    )
    common = own.index.intersection(others.index)
    if len(common) < max(len(own), len(others)):
        return (
            f"of {thousands(len(own))} and {thousands(len(others))} samples "
            f"{thousands(len(common))} are the same"
        )
    differing = int((own[common].to_numpy() != others[common].to_numpy()).sum())
    return f"{thousands(differing)} of their samples have another true emotion" if differing else ""


def _other_groups(
    match: _Match,
    parts: tuple[dict[int, ScoredFaces], dict[int, ScoredFaces]],
    attributes: Sequence[str],
) -> list[str]:
    """How many people are in another group in the other report: groups are the reference's."""
    first, second = (next(iter(one.values())).table.set_index("sample_id") for one in parts)
    differing = []
    for name in dict.fromkeys(part for one in attributes for part in attribute_parts(one)):
        own, others = (one[name].astype(object).fillna("") for one in (first, second))
        n = int((own.to_numpy() != others.reindex(own.index).to_numpy()).sum())
        if n:
            differing.append(f"{thousands(n)} by {name}")
    if not differing:
        return []
    told = (
        f"{match.name}: {listed(differing)} of {thousands(len(first))} samples have another group "
        "in the second report. Paired changes are between the groups of the first."
    )
    return [told]


def _audience(
    match: _Match,
    parts: tuple[dict[int, ScoredFaces], dict[int, ScoredFaces]],
    attributes: Sequence[str],
) -> Audience:
    first = next(iter(parts[0].values()))
    emotions = [name for one in parts for part in one.values() for name in part.emotions]
    return Audience(
        f"{match.variant} on {match.evaluation_set}",
        {
            name: {seed: part.table for seed, part in by_seed.items()}
            for name, by_seed in zip(("the first", "the second"), parts, strict=True)
        },
        tuple(attributes),
        tuple(dict.fromkeys(emotions)),
        {name: first.source(name) for name in attributes},
    )


def _paired(
    audiences: Mapping[_Match, Audience], params: InferenceParameters, seed: int
) -> pd.DataFrame:
    """All pairs as one family of tests, each row under the names of what it compares."""
    found = changes(list(audiences.values()), params=params, seed=seed)
    found = with_sources(found, list(audiences.values()))
    by_name = {audience.name: match for match, audience in audiences.items()}
    return _named(found, [by_name[name] for name in found["evaluation_set"]], PAIRED)


def _beside(
    match: _Match, reference: WrittenReport, other: WrittenReport, attributes: Sequence[str]
) -> pd.DataFrame:
    """The values of both with the interval of each difference."""
    first, second = (
        _measured(one, *key, attributes)
        for one, key in zip((reference, other), match.keys, strict=True)
    )
    both = first.merge(second, on=["attribute", "metric"], suffixes=("_a", "_b"))
    one, two = ((both[f"value_{side}"], both[f"low_{side}"], both[f"high_{side}"]) for side in "ab")
    low, high = difference_interval(one, two)
    found = pd.DataFrame(
        {
            "metric": both["metric"],
            "attribute": both["attribute"].replace("", None),
            "attribute_source": both["attribute_source_a"],
            "outcome": "secondary",
            "baseline_value": one[0],
            "value": two[0],
            "difference": two[0] - one[0],
            "verdict": str(Verdict.NOT_TESTED),
            "uncorrected_ci_low": low,
            "uncorrected_ci_high": high,
            "level_down": False,
            "n_seeds": 1,
            "n_people": np.minimum(both["n_people_a"], both["n_people_b"]),
            "n_faces": np.minimum(both["n_faces_a"], both["n_faces_b"]),
        }
    ).reindex(columns=[*CHANGE_COLUMNS, "attribute_source"])
    return _named(found, [match] * len(found), UNPAIRED)


def _measured(
    report: WrittenReport, evaluation_set: str, variant: str, attributes: Sequence[str]
) -> pd.DataFrame:
    """Scores of everybody and gaps of the attributes, with 95 % intervals of each alone."""
    overall, gaps = report.inputs.tables["overall"], report.inputs.tables["gaps"]
    of_all = overall.assign(attribute="", attribute_source=None, family="summary")
    parts = [
        of_all[
            ["evaluation_set", "variant", "family", "attribute", "attribute_source", "metric"]
        ].join(of_all[_VALUES].set_axis(["value", "low", "high", "n_people", "n_faces"], axis=1)),
        gaps[
            ["evaluation_set", "variant", "family", "attribute", "attribute_source", "metric"]
        ].join(gaps[_GAP_VALUES].set_axis(["value", "low", "high", "n_people", "n_faces"], axis=1)),
    ]
    table = pd.concat([part.astype({"attribute_source": object}) for part in parts])
    wanted = (
        (table["evaluation_set"] == evaluation_set)
        & (table["variant"] == variant)
        & (table["family"] == "summary")
        & table["attribute"].isin(["", *attributes])
    )
    return table[wanted].drop(columns=["evaluation_set", "variant", "family"])


def _named(found: pd.DataFrame, matches: Sequence[_Match], pairing: str) -> pd.DataFrame:
    names = pd.DataFrame([vars(match) for match in matches], index=found.index)
    marked = found.drop(columns=["evaluation_set", "variant"]).join(names)
    return marked.assign(pairing=pairing).reindex(columns=list(SIDE_COLUMNS))
