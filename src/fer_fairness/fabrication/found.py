"""What an audit of fabricated faces found of what is planted in them, missed, or made up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.fabrication.planted import Kind, Planted
from fer_fairness.fairness.metrics.words import ANY_DIFFERENCE, RECALL_DIFFERENCE
from fer_fairness.fairness.verdicts import PlantedVerdict, Verdict
from fer_fairness.taxonomy import ATTRIBUTES

COLUMNS: Final = (
    *("attribute", "group", "planted_group", "kind", "strength", "verdict"),
    *("metric", "difference", "ci_low", "ci_high", "other_group", "minimum_detectable"),
    *("n_labelled", "n_drawn", "n_both", "drawn_as", "n_drawn_as"),
    *("share_biased", "share_biased_others"),
)
HEADLINE: Final = (ANY_DIFFERENCE, "accuracy_gap", "equal_opportunity_gap")
"""What is asked of an attribute before any of its groups is named."""

Row: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class AuditedFaces:
    """What an audit of one model on one evaluation set said, and of which faces.

    Attributes:
        gaps: Its rows of `gaps`, see `fairness.gaps.gap_table`.
        groups: Its rows of `groups`: attribute, group, metric, value.
        faces: One row a face: `<attribute>`, the group that the audit took it for, missing where
            it had none; `drawn_<attribute>`, the one that it was drawn with, in the same words.
        biased: Whether a face was drawn in a group that a bias is planted in, bool (faces,).
    """

    gaps: pd.DataFrame
    groups: pd.DataFrame
    faces: pd.DataFrame
    biased: np.ndarray


@dataclass(frozen=True)
class _Evidence:
    """A difference that speaks for or against a group being served worse.

    Attributes:
        found: Whether it was found, in the direction that is looked for.
        metric: What differs.
        difference: Of the group from the other one; below zero the group is served worse.
        ci_low: Lower end of its interval at the level of the verdict.
        ci_high: Upper end.
        other_group: The other group.
        minimum_detectable: The size that would be found in 8 audits of 10.
    """

    found: bool
    metric: str
    difference: float
    ci_low: float
    ci_high: float
    other_group: str | None
    minimum_detectable: float


_NOTHING: Final = _Evidence(False, "", np.nan, np.nan, np.nan, None, np.nan)  # noqa: FBT003


def planted_and_found(biases: Sequence[tuple[Planted, str]], audited: AuditedFaces) -> pd.DataFrame:
    """The verdict on each planted bias, and on each group in which nothing is planted.

    A group is found to be served worse where its faces are recognised less often than those of
    another group that show the same emotion, after correction for all tests of the audit. Other
    shares of emotions are found, too, where such an emotion's recall differs and the group is at
    the end that its shares lead to: lowest where it is rarer, highest where it is more frequent.

    Intersections are passed over: what is planted in one of their attributes shows in them, too.

    Args:
        biases: What is planted, with the word that the audit has for its group.
        audited: The audit.

    Returns:
        `COLUMNS`, a row for each bias, for each other group that was compared, and, with a missing
        group, for each attribute that differs without a group that is named. `verdict` is one of
        `PlantedVerdict`; `difference` and its interval are of the evidence, `other_group` is the
        group on its other side; `minimum_detectable` is the smallest difference of this group that
        would be found in 8 audits of 10. Of test faces: `n_labelled` as this group, `n_drawn` in
        it, `n_both`; the other group that most of the former were drawn in and how many; and the
        share of the former, and of all others with a label, that were drawn with any bias. Without
        a group these shares are of `other_group`, in which they differ most, and of all others.
    """
    rows = [row for attribute in ATTRIBUTES for row in _of_attribute(attribute, biases, audited)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_attribute(
    attribute: str, biases: Sequence[tuple[Planted, str]], audited: AuditedFaces
) -> Iterator[Row]:
    gaps = audited.gaps[audited.gaps["attribute"] == attribute]
    pairs = gaps[gaps["metric"] == RECALL_DIFFERENCE]
    compared = list(dict.fromkeys([*pairs["group"], *pairs["other_group"]]))
    own = [(bias, word) for bias, word in biases if bias.attribute == attribute]
    others = [word for word in compared if word not in {word for _, word in own}]
    named = False
    for bias, word in [*own, *((None, word) for word in others)]:
        evidence = _recognised_less(pairs, word)
        if bias is not None and bias.kind is Kind.EMOTIONS and not evidence.found:
            evidence = _recalls_differ(gaps, audited, bias, word, compared) or evidence
        named |= evidence.found
        yield {
            "attribute": attribute,
            "group": word,
            **_told(bias),
            "verdict": _verdict(bias, evidence, looked_at=word in compared),
            **vars(evidence),
            **_faces_of(audited, attribute, word),
        }
    headline = gaps[gaps["metric"].isin(HEADLINE) & (gaps["verdict"] == Verdict.FOUND)]
    if len(headline) and not named:
        verdict = PlantedVerdict.FOUND if own else PlantedVerdict.NOT_PLANTED
        told = {**vars(_NOTHING), **_told(None), "metric": headline["metric"].iloc[0]}
        uneven = _most_uneven(audited, attribute, compared)
        yield {"attribute": attribute, "group": None, **told, **uneven, "verdict": verdict}


def _told(bias: Planted | None) -> Row:
    if bias is None:
        return {"planted_group": None, "kind": None, "strength": None}
    return {"planted_group": bias.group, "kind": str(bias.kind), "strength": bias.strength}


def _verdict(bias: Planted | None, evidence: _Evidence, *, looked_at: bool) -> PlantedVerdict:
    if bias is None:
        return PlantedVerdict.NOT_PLANTED if evidence.found else PlantedVerdict.NEITHER
    if not looked_at:
        return PlantedVerdict.NOT_LOOKED_AT
    return PlantedVerdict.FOUND if evidence.found else PlantedVerdict.MISSED


def _recognised_less(pairs: pd.DataFrame, group: str) -> _Evidence:
    """The largest loss of a group against another one that was found; else the largest one."""
    sides = []
    for side, other, sign in (("group", "other_group", 1.0), ("other_group", "group", -1.0)):
        part = pairs[pairs[side] == group]
        ends = sign * part["ci_low"], sign * part["ci_high"]
        sides.append(
            pd.DataFrame(
                {
                    "difference": sign * part["value"],
                    "ci_low": np.minimum(*ends),
                    "ci_high": np.maximum(*ends),
                    "other_group": part[other],
                    "found": (part["verdict"] == Verdict.FOUND) & (sign * part["value"] < 0),
                    "minimum_detectable": part["minimum_detectable"],
                }
            )
        )
    losses = pd.concat(sides, ignore_index=True).dropna(subset="difference")
    if losses.empty:
        return _NOTHING
    first = losses.sort_values(["found", "difference"], ascending=[False, True]).iloc[0]
    return _Evidence(
        found=bool(first["found"]),
        metric=RECALL_DIFFERENCE,
        difference=float(first["difference"]),
        ci_low=float(first["ci_low"]),
        ci_high=float(first["ci_high"]),
        other_group=str(first["other_group"]),
        minimum_detectable=float(losses["minimum_detectable"].min()),
    )


def _recalls_differ(
    gaps: pd.DataFrame, audited: AuditedFaces, bias: Planted, group: str, compared: list[str]
) -> _Evidence | None:
    """The widest gap in recall of an emotion with other shares, with the group at its end."""
    found = []
    for emotion, factor in bias.factors.items():
        gap = gaps[(gaps["metric"] == f"recall_gap_{emotion}") & (gaps["verdict"] == Verdict.FOUND)]
        recalls = _recalls(audited.groups, bias.attribute, emotion, compared)
        if gap.empty or len(recalls) < 2:
            continue
        end, other = (recalls.idxmin(), recalls.idxmax())[:: 1 if factor < 1 else -1]
        if end == group:
            row, sign = gap.iloc[0], -1.0 if factor < 1 else 1.0
            ends = sorted((sign * float(row["ci_low"]), sign * float(row["ci_high"])))
            found.append(
                _Evidence(
                    found=True,
                    metric=str(row["metric"]),
                    difference=sign * float(row["value"]),
                    ci_low=ends[0],
                    ci_high=ends[1],
                    other_group=str(other),
                    minimum_detectable=float(row["minimum_detectable"]),
                )
            )
    return max(found, key=lambda evidence: abs(evidence.difference), default=None)


def _recalls(groups: pd.DataFrame, attribute: str, emotion: str, compared: list[str]) -> pd.Series:
    """Recall of an emotion by group, of those that were compared and show it."""
    rows = groups[(groups["attribute"] == attribute) & (groups["metric"] == f"recall_{emotion}")]
    return rows[rows["group"].isin(compared)].set_index("group")["value"].dropna()


def _faces_of(audited: AuditedFaces, attribute: str, group: str) -> Row:
    """How many faces are of a group as labelled and as drawn, and whether a bias is in them."""
    if attribute not in audited.faces:
        return {}
    labels, drawn = audited.faces[attribute], audited.faces[f"drawn_{attribute}"]
    labelled = (labels == group).to_numpy()
    others = (labels.notna() & (labels != group)).to_numpy()
    astray = drawn[labelled & (drawn != group).to_numpy()].value_counts()
    return {
        "n_labelled": int(labelled.sum()),
        "n_drawn": int((drawn == group).sum()),
        "n_both": int((labelled & (drawn == group).to_numpy()).sum()),
        "drawn_as": astray.index[0] if len(astray) else None,
        "n_drawn_as": int(astray.iloc[0]) if len(astray) else 0,
        "share_biased": _share(audited.biased[labelled]),
        "share_biased_others": _share(audited.biased[others]),
    }


def _most_uneven(audited: AuditedFaces, attribute: str, compared: Sequence[str]) -> Row:
    """The group that was drawn with a bias more often than the others, as its `other_group`."""
    if attribute not in audited.faces:
        return {}
    labels = audited.faces[attribute]
    shares = {
        word: (
            _share(audited.biased[(labels == word).to_numpy()]),
            _share(audited.biased[(labels.notna() & (labels != word)).to_numpy()]),
        )
        for word in compared
    }
    group = max(shares, key=lambda word: shares[word][0] - shares[word][1], default=None)
    if group is None:
        return {}
    biased, others = shares[group]
    return {"other_group": group, "share_biased": biased, "share_biased_others": others}


def _share(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else np.nan


def biased_faces(biases: Sequence[Planted], drawn: Mapping[str, pd.Series]) -> np.ndarray:
    """Whether each face was drawn in a group that a bias is planted in; bool (faces,).

    Args:
        biases: What is planted.
        drawn: attribute -> group that each face was drawn with, as `Planted` names it.
    """
    n = len(next(iter(drawn.values())))
    biased = np.zeros(n, dtype=bool)
    for bias in biases:
        biased |= (drawn[bias.attribute] == bias.group).to_numpy()
    return biased
