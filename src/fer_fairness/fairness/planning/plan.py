"""How many faces an audit needs to find a gap, or which gap it finds with the faces there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import ValidationError
from scipy.special import ndtri

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.planning.planned_power import PlannedAudit
from fer_fairness.fairness.planning.power_curves import power_curves
from fer_fairness.fairness.planning.power_search import where_power_is
from fer_fairness.params.plan import PlanParameters

MOST_FACES: Final = 10_000_000
"""More are not looked for."""

_TIE: Final = 1e-6


@dataclass(frozen=True)
class Plan:
    """What an audit needs to find a gap, or finds.

    Attributes:
        params: What was asked.
        gap: Loss of recall of the harmed group.
        n_faces: Faces of all groups.
        level: Level of the attribute's question in the audit.
        groups: One row a group: group, share, n_faces, n_people, harmed.
        power: Share of audits that find someone treated differently, for several gaps and numbers
            of faces: gap, n_faces, n_faces_of_group (of the harmed one), power.
    """

    params: PlanParameters
    gap: float
    n_faces: int
    level: float
    groups: pd.DataFrame
    power: pd.DataFrame

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        harmed = self.groups[self.groups["harmed"]].iloc[0]
        group = f'the group "{str(harmed["group"]).replace("_", " ")}"'
        share = f"({_percent(harmed['share'])} % of the faces)"
        audits = f"{100 * self.params.power:g} of 100 audits"
        where = self.params.emotion or "every emotion"
        loses = f"loses {_points(self.gap)} of recall in {where}"
        several = self.params.faces_per_person > 1
        people = f" of {self.groups['n_people'].sum():,} people" if several else ""
        own = f" ({harmed['n_people']:,} people)" if several else ""
        faces = f"{self.n_faces:,} faces{people}, {harmed['n_faces']:,} of them{own}"
        bound = ""
        if self.params.is_upper_bound:
            bound = " (an upper bound, as if all faces of a person showed that emotion)"
        if self.params.gap is not None:
            return (
                f"To find in {audits} that {group} {share} {loses}: {faces} of that group{bound}."
            )
        return f"With {faces} of {group} {share}, {audits} find that it {loses}{bound}."

    @property
    def assumptions(self) -> str:
        """What the result holds for, in two sentences."""
        params = self.params
        compared = _number(params.n_attributes, "attribute")
        if params.n_intersections:
            compared += f" and {_number(params.n_intersections, 'intersection')}"
        own = ""
        if params.n_attributes + params.n_intersections > 1:
            own = f" ({100 * self.level:.2g} in this attribute)"
        return (
            f"The audit compares {compared}, with a false finding in {100 * params.significance:g} "
            f"of 100 at most{own}. Found is what its first question finds: whether anyone of any "
            "group is recognised differently."
        )

    def record(self) -> dict[str, Any]:
        """The result without the tables, for JSON."""
        return {
            "sentence": self.sentence,
            "assumptions": self.assumptions,
            "gap": self.gap,
            "n_faces": self.n_faces,
            "n_faces_of_group": int(self.groups.loc[self.groups["harmed"], "n_faces"].iloc[0]),
            "level": self.level,
            "harmed": self.params.harmed_group,
            "parameters": self.params.model_dump(),
        }


def plan(  # noqa: PLR0913 -- every one of them is a choice of whoever calls
    groups: Mapping[str, float],
    *,
    gap: float | None = None,
    n_faces: int | None = None,
    harmed: str | None = None,
    emotion: str | None = None,
    emotions: Mapping[str, float] | None = None,
    recalls: Mapping[str, float] | None = None,
    n_attributes: int = 1,
    n_intersections: int = 0,
    faces_per_person: float = 1.0,
    faces_per_person_cv: float = 0.0,
    intraclass_correlation: float | None = None,
    significance: float = 0.05,
    power: float = 0.8,
    minimum_group_size: int = 10,
    seed: int = 0,
) -> Plan:
    """Find how many faces an audit needs to find a gap, or which gap it finds with given faces.

    Args:
        groups: Groups of one attribute by name, with their shares, percents or counts.
        gap: Loss of recall of the harmed group, 0.05 for 5 points; give it or `n_faces`.
        n_faces: Faces of all groups.
        harmed: The group whose recall is lower; by default the smallest.
        emotion: The one emotion in which it is; by default all, as far as they have recall to lose.
        emotions: Emotions with their shares, percents or counts, alike in all groups; by default
            those of RAF-DB's test faces.
        recalls: Recall of each emotion in all other groups; by default those of a published model
            on these faces.
        n_attributes: Attributes that the audit compares, this one among them.
        n_intersections: Intersections of attributes that it compares besides.
        faces_per_person: Faces that there are of each person on average.
        faces_per_person_cv: Their standard deviation over that mean, 0 where everybody has as many.
        intraclass_correlation: How alike the faces of one person are in being recognised, 0 to 1;
            needed where people have several faces.
        significance: Share of audits with any false finding, at most.
        power: Share of audits that find the gap.
        minimum_group_size: Groups with fewer people are not compared by the audit.
        seed: Seed of all draws.

    Raises:
        InvalidInputError: A value cannot be used, neither or both of `gap` and `n_faces` are given,
            no number of faces (no gap) is enough, or so much is compared at so small a significance
            that too many draws would be needed.

    Example:
        >>> found = plan({"female": 52, "male": 48}, gap=0.05)
        >>> print(found.sentence)  # doctest: +SKIP
    """
    given: dict[str, object] = {
        "groups": dict(groups),
        "gap": gap,
        "n_faces": n_faces,
        "harmed": harmed,
        "emotion": emotion,
        "n_attributes": n_attributes,
        "n_intersections": n_intersections,
        "faces_per_person": faces_per_person,
        "faces_per_person_cv": faces_per_person_cv,
        "intraclass_correlation": intraclass_correlation,
        "significance": significance,
        "power": power,
        "minimum_group_size": minimum_group_size,
    }
    named = {"emotions": emotions, "recalls": recalls}
    given |= {name: dict(values) for name, values in named.items() if values is not None}
    try:
        params = PlanParameters.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidInputError(f"{where + ': ' if where else ''}{first['msg']}.") from error
    return planned(params, seed=seed)


def planned(params: PlanParameters, *, seed: int) -> Plan:
    """`plan` of parameters that are checked.

    Raises:
        InvalidInputError: Neither gap nor faces are given, nothing is enough, or the level is too
            small (see `PlannedAudit.null_draws`).
    """
    audit = PlannedAudit(params)
    if params.gap is not None:
        gap, n_faces = params.gap, _faces_for(audit, params.gap, seed)
    elif params.n_faces is not None:
        gap, n_faces = _gap_for(audit, params.n_faces, seed), params.n_faces
    else:
        raise InvalidInputError(
            "Nothing is asked. Give gap, the loss of recall to be found (0.05 for 5 points), or "
            "n_faces, the faces that there are: --params plan_audit.gap=0.05."
        )
    return Plan(
        params=params,
        gap=gap,
        n_faces=n_faces,
        level=audit.level,
        groups=_groups(audit, n_faces),
        power=power_curves(audit, gap, n_faces, seed=seed),
    )


def _faces_for(audit: PlannedAudit, gap: float, seed: int) -> int:
    fewest = audit.fewest_faces
    root = where_power_is(
        lambda root: audit.power(round(root**2), gap, seed=seed),
        start=_rough_root(audit) / gap,
        bounds=(float(np.sqrt(fewest)), float(np.sqrt(MOST_FACES))),
        level=audit.level,
        wanted=audit.params.power,
    )
    if root is None:
        raise InvalidInputError(
            f"{MOST_FACES:,} faces are not enough to find a loss of {100 * gap:g} points in "
            f"{audit.params.harmed_group}. Give a larger gap, or a larger share of that group."
        )
    return max(_rounded_up(root**2), fewest)


def _gap_for(audit: PlannedAudit, n_faces: int, seed: int) -> float:
    if not audit.is_compared(n_faces):
        raise InvalidInputError(
            f"{n_faces:,} faces are too few: an audit compares groups of "
            f"{audit.params.minimum_group_size} people (minimum_group_size) and more, which "
            f"{audit.params.harmed_group} and another group have with {audit.fewest_faces:,} faces."
        )
    found = where_power_is(
        lambda gap: audit.power(n_faces, gap, seed=seed),
        start=_rough_root(audit) / float(np.sqrt(n_faces)),
        bounds=(1e-5, audit.params.largest_gap),
        level=audit.level,
        wanted=audit.params.power,
    )
    if found is None:
        raise InvalidInputError(
            f"With {n_faces:,} faces, {audit.faces_by_group(n_faces)[audit.harmed]:,} of them of "
            f"{audit.params.harmed_group}, not even a loss of all recall is found in "
            f"{100 * audit.params.power:g} of 100 audits. More faces are needed."
        )
    return found


def _rough_root(audit: PlannedAudit) -> float:
    """Gap times root of faces that a plain z-test of the harmed group needs."""
    params = audit.params
    names = list(params.emotions) if params.emotion is None else [params.emotion]
    share = sum(params.emotions[name] for name in names) / sum(params.emotions.values())
    recall = float(np.mean([params.recalls[name] for name in names]))
    variance = max(recall * (1.0 - recall), 0.02) * params.design_effect / share
    of_group = float(audit.shares[audit.harmed])
    reached = float(ndtri(1.0 - audit.level / 2) + ndtri(params.power))
    return float(np.sqrt(variance / (of_group * (1.0 - of_group)))) * reached


def _rounded_up(n_faces: float) -> int:
    """To two figures, and halves of the second: more is not known, and less would be too few."""
    step = 10.0 ** max(np.floor(np.log10(n_faces)) - 1, 0) / 2
    return int(np.ceil(np.ceil(n_faces / step - _TIE) * step))


def _groups(audit: PlannedAudit, n_faces: int) -> pd.DataFrame:
    faces = audit.faces_by_group(n_faces)
    return pd.DataFrame(
        {
            "group": list(audit.params.groups),
            "share": audit.shares,
            "n_faces": faces,
            "n_people": np.ceil(faces / audit.params.faces_per_person).astype(np.int64),
            "harmed": np.arange(len(faces)) == audit.harmed,
        }
    )


def _percent(share: float) -> str:
    """Two figures of the share or, where that is smaller, of what is left: 8.3, 15, 99.7."""
    percent = 100.0 * share
    smaller = min(percent, 100.0 - percent) or percent
    digits = max(1 - int(np.floor(np.log10(smaller))), 0)
    return np.format_float_positional(percent, precision=digits, trim="-")


def _points(gap: float) -> str:
    digits = 1 if gap >= 0.01 else 2
    number = f"{100 * gap:.{digits}f}".rstrip("0").rstrip(".")
    return f"{number} point{'s' * (number != '1')}"


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count > 1)}"
