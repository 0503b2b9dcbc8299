"""The confusion of a labeller of groups, from held-out people whose group is known."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.group_names import attribute_parts, joined_names, names_of
from fer_fairness.fairness.metrics.reductions import Array

_PARTS_AT_MOST: Final = 3


@dataclass(frozen=True)
class LabelConfusion:
    """How often people of each group are given each label.

    Attributes:
        counts: Held-out people, int64, shape (groups, groups + 1): true group by label; the last
            column counts those who were given none (the labeller abstained).
        groups: Names of the groups and of the labels, in order.
        impossible: Which labels a group can not be given, bool (groups, groups): those that differ
            from it in a part that is annotated. None: it can be given all.
    """

    counts: Counts
    groups: tuple[str, ...]
    impossible: npt.NDArray[np.bool_] | None = None

    @property
    def faces(self) -> Counts:
        """Held-out people of each true group, shape (groups,)."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def shares(self) -> Array:
        """P(label | true group), shape (groups, groups): rows sum to one less the abstained."""
        return np.asarray(self.all_shares[:, :-1])

    @property
    def all_shares(self) -> Array:
        """P(label or none | true group), shape (groups, groups + 1): rows sum to one."""
        return np.asarray(self.counts / np.maximum(self.faces, 1)[:, np.newaxis])

    @property
    def possible(self) -> npt.NDArray[np.bool_]:
        """Which labels a group may be given, (groups, groups + 1); none, where anybody has none."""
        among = np.ones_like(self.counts[:, :-1], dtype=bool)
        if self.impossible is not None:
            among &= ~self.impossible
        return np.column_stack([among, np.full(len(among), self.counts[:, -1].any())])


def true_column(attribute: str) -> str:
    """Column of a table of held-out people that holds their true group."""
    return f"true_{attribute}"


def predicted_column(attribute: str) -> str:
    """Column of a table of held-out people that holds the label they were given."""
    return f"predicted_{attribute}"


def label_confusion(
    held_out: pd.DataFrame, attribute: str, *, annotated: Collection[str] = ()
) -> LabelConfusion:
    """Count the labels of held-out people by their true group.

    Args:
        held_out: One row a person, with `true_<part>` and `predicted_<part>` for each part of the
            attribute; a missing prediction is an abstention, people without a true group are left
            out, and so are those whom the labeller never saw: their `<part>_confidence`, if the
            table has it, is missing too.
        attribute: An attribute, or an intersection such as "gender x race": of those the labels
            of one person are counted together, because errors in one may go with the other.
        annotated: Parts of an intersection that are not predicted where the confusion is used;
            they are taken to be right.

    Returns:
        The confusion; groups in alphabetical order, those of an intersection joined as in
        "female x white".

    Raises:
        InvalidInputError: A column is missing, nobody is left, or a label is none of the groups.
    """
    parts = attribute_parts(attribute)
    _check_columns(held_out, parts, annotated)
    known = held_out.dropna(subset=[true_column(part) for part in parts])
    for part in (part for part in parts if part not in annotated):
        if (sure := f"{part}_confidence") in known:
            known = known[known[predicted_column(part)].notna() | known[sure].notna()]
    if known.empty:
        raise InvalidInputError(
            f"Nobody among {len(held_out)} held-out people has a true {attribute}: the labeller's "
            "errors are not known. Give held-out people whose group somebody annotated."
        )
    true = [names_of(known[true_column(part)]) for part in parts]
    predicted = [
        true[place] if part in annotated else names_of(known[predicted_column(part)])
        for place, part in enumerate(parts)
    ]
    names = [sorted(set(column)) for column in true]
    _check_labels(parts, predicted, names)
    groups = list(product(*names))
    rows, columns = _codes(true, names), _codes(predicted, names)
    counts = np.zeros((len(groups), len(groups) + 1), dtype=np.int64)
    np.add.at(counts, (rows, columns), 1)
    written = groups if len(parts) > 1 else []
    fixed = np.array([[group[parts.index(part)] for part in annotated] for group in groups])
    impossible = (fixed[:, np.newaxis] != fixed).any(axis=2) if len(annotated) else None
    return LabelConfusion(counts, tuple(map(joined_names, written)) or tuple(names[0]), impossible)


def _codes(columns: list[pd.Series], names: list[list[str]]) -> Counts:
    """Position of each person's group among all tuples of names; past them where one is missing."""
    sizes = [len(known) for known in names]
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    missing = np.zeros(len(codes), dtype=bool)
    for column, known in zip(columns, names, strict=True):
        places = pd.Index(known, dtype=object).get_indexer(pd.Index(column, dtype=object))
        codes = codes * len(known) + places
        missing |= places < 0
    return np.where(missing, int(np.prod(sizes)), codes).astype(np.int64)


def _check_columns(held_out: pd.DataFrame, parts: list[str], annotated: Collection[str]) -> None:
    if len(parts) > _PARTS_AT_MOST:
        raise InvalidInputError(
            f"An intersection of {len(parts)} attributes has too many groups to invert a "
            f"confusion of; at most {_PARTS_AT_MOST} are possible."
        )
    needed = [true_column(part) for part in parts]
    needed += [predicted_column(part) for part in parts if part not in annotated]
    absent = [name for name in needed if name not in held_out.columns]
    if absent:
        raise InvalidInputError(
            f"The table of held-out people lacks the column {absent[0]!r}; it has "
            f"{', '.join(map(str, held_out.columns))}. Make it with labeling.held_out_labels, or "
            "give the columns true_<attribute> and predicted_<attribute>."
        )


def _check_labels(parts: list[str], predicted: list[pd.Series], names: list[list[str]]) -> None:
    for part, labels, known in zip(parts, predicted, names, strict=True):
        unknown = sorted(set(labels.dropna().astype(str)) - set(known))
        if unknown:
            raise InvalidInputError(
                f"Held-out people were labelled {part} = {unknown[0]!r}, but nobody among them is "
                f"truly of that group; the true groups are {', '.join(known)}. Hold out people of "
                "every group that the labeller knows."
            )
