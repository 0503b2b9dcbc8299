"""What a report is made of: tidy tables with fixed columns, checked before anything is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting.columns import COLUMNS

DIFFERENCE_FOUND: Final = "difference found"
"""How a verdict begins where the corrected p-value survived."""

FEW_PEOPLE: Final = 30
"""Groups smaller than this are greyed: one face moves their accuracy by over three points."""


@dataclass(frozen=True)
class ReportInputs:
    """Everything the report, the results file and the model cards are written from.

    Any table may be empty, with or without columns: its section then says so in a sentence.
    Values, intervals and p-values are shares in [0, 1] (not percent) unless a metric says
    otherwise; `n_*` are numbers of faces.

    Attributes:
        overall: Accuracy, balanced accuracy, macro F1 and recalls of each variant.
        groups: The same within each group of each attribute.
        gaps: Between-group metrics with interval, noise-corrected value, minimum detectable
            difference, null distribution, p-values and verdict; `family` is "summary" or
            "by_class" (metrics of one emotion).
        comparisons: Variant minus baseline, with an interval.
        aif360: One-versus-rest metrics of AIF360.
        confusion: Counts of true and predicted emotions.
        distributions: Training faces per cell before and after augmentation, validation recall of
            the starting model, severity, whether the cell is critical, and why so many were added.
        histories: One row a training epoch.
        models: What each variant of each training seed is: network, number of weights and of those
            that training could change, `started_from` (a variant, `random`, `published` or a file),
            SHA-256 of the weights before (missing if random) and after, and `of_this_baseline`:
            whether it was made from the baseline shown. Missing where it was not recorded.
        label_noise_attributes: Of each predicted attribute who got no label, the held-out faces
            behind the correction, and why there is none (empty where there is one).
        label_noise_groups: How often each group is labelled rightly, how many people are labelled
            so, how many there are once label errors are taken off, and whether they are compared.
        label_noise_scores: Accuracy of each group and its difference from everybody else, as
            labelled and with label errors taken off; see `label_errors` for the methods.
        label_noise_gaps: Gaps between predicted groups with label errors taken off.
        labeller_summary: Held-out accuracy and calibration of the demographic labeller; a
            `condition` is how the faces looked ("full_size", "grey_48"), `asked` the grouping used.
        labeller_confusion: Held-out counts of true and predicted demographic labels.
        labeller_recalls: Held-out recall of each group, of all and by other attributes.
        labeller_reliability: Held-out accuracy by confidence.
        labeller_selection: The classifiers that were tried, and which was chosen.
        agreement: How far predicted groups agree with annotated ones, where a dataset has both.
        agreement_counts: The counts behind that.
        scores_over_seeds: Mean over training seeds of the scores and gaps of each variant, with an
            interval that holds the noise of seeds and of people; `seed_standard_deviation` is that
            of the seeds' values, `attribute` is missing for all faces together.
        comparisons_over_seeds: Variant minus baseline in the mean over training seeds, with an
            interval, p adjusted for all differences of one variant on one set, and a verdict.
        scan: The subgroup with the most errors above expectation; columns variant and
            evaluation_set are shown where they are there.
        kind: Whether the report is that of the project's own models, or the audit of one model
            that was not trained here. An audit has other sections.
        quality: The data-quality report of each dataset, nested mappings of JSON-able values.
        manifest: How the run was made: command, commit, versions, seed, parameters, data hashes.
            `parameters` are those of the run that wrote the report, `trained_with` those of each
            model's own training, None where they were not recorded.
            Of an audit also `reading`: how the file was read (see `sections.reading`).
        notes: Sentences the reader must see first, such as that the data are fabricated.

    Raises:
        InvalidInputError: If a table that has rows lacks a column.
    """

    overall: pd.DataFrame = field(default_factory=pd.DataFrame)
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparisons: pd.DataFrame = field(default_factory=pd.DataFrame)
    aif360: pd.DataFrame = field(default_factory=pd.DataFrame)
    confusion: pd.DataFrame = field(default_factory=pd.DataFrame)
    distributions: pd.DataFrame = field(default_factory=pd.DataFrame)
    histories: pd.DataFrame = field(default_factory=pd.DataFrame)
    models: pd.DataFrame = field(default_factory=pd.DataFrame)
    label_noise_attributes: pd.DataFrame = field(default_factory=pd.DataFrame)
    label_noise_groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    label_noise_scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    label_noise_gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    labeller_summary: pd.DataFrame = field(default_factory=pd.DataFrame)
    labeller_confusion: pd.DataFrame = field(default_factory=pd.DataFrame)
    labeller_recalls: pd.DataFrame = field(default_factory=pd.DataFrame)
    labeller_reliability: pd.DataFrame = field(default_factory=pd.DataFrame)
    labeller_selection: pd.DataFrame = field(default_factory=pd.DataFrame)
    agreement: pd.DataFrame = field(default_factory=pd.DataFrame)
    agreement_counts: pd.DataFrame = field(default_factory=pd.DataFrame)
    scores_over_seeds: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparisons_over_seeds: pd.DataFrame = field(default_factory=pd.DataFrame)
    scan: pd.DataFrame = field(default_factory=pd.DataFrame)
    kind: Literal["project", "audit"] = "project"
    quality: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    manifest: Mapping[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, columns in COLUMNS.items():
            object.__setattr__(self, name, _checked(name, getattr(self, name), columns))

    @property
    def results_name(self) -> str:
        """The file that has all numbers for machines."""
        return "audit.json" if self.kind == "audit" else "results.json"

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name, in the order of `COLUMNS`."""
        return {name: getattr(self, name) for name in COLUMNS}

    def variants(self) -> tuple[str, ...]:
        """Every variant of any table, in order of first appearance, the baseline first."""
        found = _distinct([t["variant"] for t in self.tables().values() if "variant" in t.columns])
        return tuple(sorted(found, key=lambda name: name != "baseline"))

    def evaluation_sets(self) -> tuple[str, ...]:
        """Every evaluation set that something was scored on, in order of first appearance."""
        scored = (self.overall, self.groups, self.gaps, self.confusion)
        return tuple(_distinct([table["evaluation_set"] for table in scored]))


def _checked(name: str, table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    missing = [column for column in columns if column not in table.columns]
    if table.empty:
        return table.reindex(columns=[*table.columns, *missing])
    if missing:
        raise InvalidInputError(
            f"The report's table {name!r} lacks the columns {missing}; it has "
            f"{list(table.columns)}. Give the columns that COLUMNS[{name!r}] lists."
        )
    return table


def _distinct(columns: list[pd.Series]) -> list[str]:
    names = [str(name) for column in columns for name in column.dropna().unique()]
    return list(dict.fromkeys(names))
