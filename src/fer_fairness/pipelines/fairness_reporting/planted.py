"""Nodes that set what the audit of the baseline found beside what is planted in fabricated faces.

The truth about faces is read here and nowhere before: no node that trains, tunes or labels sees it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from fer_fairness.auditing.measurements import evaluation_tables
from fer_fairness.fabrication.found import AuditedFaces, biased_faces, planted_and_found
from fer_fairness.fabrication.layouts import LAYOUTS
from fer_fairness.fabrication.planted import Planted, planted_biases
from fer_fairness.fabrication.writing import read_truth
from fer_fairness.fairness.scored_faces import ScoredFaces
from fer_fairness.labeling.groupings import asked_groupings
from fer_fairness.params.fabrication import PlantedBias
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.pipelines.scored_faces import by_evaluation_set, scored_faces
from fer_fairness.tables import stacked
from fer_fairness.taxonomy import ATTRIBUTES

AS_DRAWN: Final = "drawn"
"""The `attribute_source` of the groups that faces were drawn with."""


def truth_of(folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The groups that faces were drawn with, and what is planted; no rows of any other data."""
    truth, planted = read_truth(folder)
    return truth, planted.model_dump(mode="json")


def find_planted(
    scored: pd.DataFrame,
    gaps: pd.DataFrame,
    groups: pd.DataFrame,
    parameters: EvaluationParameters,
    labeller: LabellerParameters,
    seed: int,
    *truths: Any,  # noqa: ANN401  a table, a mapping, a table, ...
) -> pd.DataFrame:
    """What of the planted biases one model's audit found, missed and made up.

    Args:
        scored: Its scored faces.
        gaps: Its table of that name.
        groups: Its table of that name.
        parameters: How groups are compared.
        labeller: In which words groups are predicted.
        seed: Seed of all draws.
        truths: Of every evaluation set the two results of `truth_of`.

    Returns:
        The columns of `planted_and_found` with `variant`, `evaluation_set` and `attribute_source`,
        for groups as they were labelled, and again with the source `drawn` for those that faces
        were drawn with: what the audit says where every label is right. No rows of real data.
    """
    told, words = by_evaluation_set(truths), _words(labeller)
    found = []
    for part in scored_faces(scored):
        truth, planted = told[part.evaluation_set]
        if len(truth):
            drawn = _drawn_faces(part, truth, planted, words)
            on_set = [of[of["evaluation_set"] == part.evaluation_set] for of in (gaps, groups)]
            right = drawn.rightly_labelled()
            _, groups_drawn, gaps_drawn, _ = evaluation_tables(
                [right], parameters.attributes, parameters, seed
            )
            found += [
                drawn.verdicts(part, *on_set),
                drawn.verdicts(right, gaps_drawn, groups_drawn).assign(attribute_source=AS_DRAWN),
            ]
    return stacked(found) if found else pd.DataFrame()


@dataclass(frozen=True)
class _DrawnFaces:
    """Scored faces with the groups that they were drawn with.

    Attributes:
        part: The faces as they were labelled.
        named: attribute -> drawn group of each face, in the words of the labels.
        biases: What is planted, with the word for its group.
        biased: Whether a face was drawn in a group that a bias is planted in, bool (faces,).
    """

    part: ScoredFaces
    named: Mapping[str, pd.Series]
    biases: Sequence[tuple[Planted, str]]
    biased: np.ndarray

    def rightly_labelled(self) -> ScoredFaces:
        """The same faces as if every label were right."""
        return replace(self.part, table=self.part.table.assign(**self.named))

    def verdicts(
        self, audited: ScoredFaces, gaps: pd.DataFrame, groups: pd.DataFrame
    ) -> pd.DataFrame:
        """What the audit of these faces, labelled so, made of the biases."""
        drawn = {f"drawn_{name}": of for name, of in self.named.items()}
        faces = audited.table[list(ATTRIBUTES)].assign(**drawn)
        table = planted_and_found(self.biases, AuditedFaces(gaps, groups, faces, self.biased))
        sources = {name: audited.source(name) for name in ATTRIBUTES}
        return table.assign(
            variant=audited.variant,
            evaluation_set=audited.evaluation_set,
            attribute_source=table["attribute"].map(sources),
        )


def _drawn_faces(
    part: ScoredFaces,
    truth: pd.DataFrame,
    planted: Mapping[str, Any],
    predicted_as: Mapping[str, Mapping[str, str]],
) -> _DrawnFaces:
    """Scored faces with their truth; biases of groups that nobody was drawn in are left out."""
    annotated_as = LAYOUTS[part.evaluation_set].annotated_as
    words = {
        name: annotated_as[name] if part.source(name) == "annotated" else predicted_as[name]
        for name in ATTRIBUTES
    }
    biases = [
        bias
        for bias in planted_biases(PlantedBias.model_validate(planted))
        if (truth[bias.attribute] == bias.group).any()
    ]
    drawn = truth.set_index("sample_id").loc[part.table["sample_id"]].reset_index(drop=True)
    return _DrawnFaces(
        part=part,
        named={name: drawn[name].map(words[name]) for name in ATTRIBUTES},
        biases=[(bias, words[bias.attribute][bias.group]) for bias in biases],
        biased=biased_faces(biases, {name: drawn[name] for name in ATTRIBUTES}),
    )


def _words(labeller: LabellerParameters) -> dict[str, Mapping[str, str]]:
    """Attribute -> group that a face was drawn with -> the word that the labeller has for it."""
    asked = asked_groupings(labeller.race_grouping, labeller.age_grouping)
    return {name: grouping.members for name, grouping in asked.items()}
