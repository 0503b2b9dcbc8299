"""Reads the vote files of FER+: `fer2013new.csv` and the headerless `label.csv` of its folders."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.sources.base import Json
from fer_fairness.sources.ferplus_pixels import DAMAGED, USAGES, DamagedRow
from fer_fairness.sources.ferplus_votes import N_CHOICES, NOT_A_FACE
from fer_fairness.sources.label_files import LabelFile, check_header

VOTE_COLUMNS: Final = (
    "Usage",
    "Image name",
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)
N_VOTES: Final = 10

_BOXED_LINE = re.compile(r'([^,"/\\]+),"\(\d+, \d+, \d+, \d+\)",(.*)')
_SHOWN_ROWS = 5


@dataclass(frozen=True)
class VoteRows:
    """Votes in file order.

    Attributes:
        usages: Index into `ferplus_pixels.USAGES`, int8 of shape (n,); -1 in damaged rows.
        names: Image names as the file gives them; empty where it gives none.
        votes: float64 of shape (n, 10), columns as in `ferplus_votes`; zeros in damaged rows.
        damaged: The rows that cannot be read.
    """

    usages: npt.NDArray[np.int8]
    names: list[str]
    votes: npt.NDArray[np.float64]
    damaged: list[DamagedRow]


def parse_published_votes(file: LabelFile) -> VoteRows:
    """Read `fer2013new.csv`.

    Raises:
        DamagedDataError: The header is not the published one.
    """
    check_header(file.name, file.header, VOTE_COLUMNS)
    rows = [line.split(",") for line in file.lines]
    usages = [row[0] for row in rows]
    names = [row[1].strip() if len(row) > 1 else "" for row in rows]
    return _vote_rows(file.lines, usages, names, [row[2:] for row in rows])


def parse_folder_votes(file: LabelFile, usage: str) -> VoteRows:
    """Read the `label.csv` of one folder: image name, face box, ten votes; no header.

    Args:
        file: The file.
        usage: The usage that the folder stands for, one of `ferplus_pixels.USAGES`.
    """
    names: list[str] = []
    votes: list[list[str]] = []
    for line in file.lines:
        match = _BOXED_LINE.fullmatch(line)
        names.append(match[1].strip() if match else "")
        votes.append(match[2].split(",") if match else [])
    return _vote_rows(file.lines, [usage] * len(names), names, votes)


def _vote_rows(
    lines: Sequence[str], usages: list[str], names: list[str], votes: list[list[str]]
) -> VoteRows:
    damaged: list[DamagedRow] = []
    for index, (usage, fields) in enumerate(zip(usages, votes, strict=True)):
        problem = _problem(usage, fields, lines[index])
        if problem is not None:
            damaged.append(DamagedRow(index, *problem))
            usages[index] = ""
            votes[index] = ["0"] * N_CHOICES
    numbers = {usage: number for number, usage in enumerate(USAGES)}
    return VoteRows(
        np.array([numbers.get(usage, DAMAGED) for usage in usages], dtype=np.int8),
        names,
        np.array(votes, dtype=np.float64).reshape(-1, N_CHOICES),
        damaged,
    )


def _problem(usage: str, votes: list[str], line: str) -> tuple[str, str] | None:
    """Value and reason of the first thing wrong with a row; None where it can be read."""
    if len(votes) != N_CHOICES:
        return line, f"the row is not a usage or box, a name and {N_CHOICES} votes"
    if usage not in USAGES:
        return usage, f"Usage is none of {', '.join(USAGES)}"
    for column, vote in zip(VOTE_COLUMNS[2:], votes, strict=True):
        if not (vote.isascii() and vote.isdigit() and len(vote) <= len(str(N_VOTES))):
            return vote, f"the votes for {column} are not a whole number up to 99"
    return None


def votes_report(rows: VoteRows, lines: npt.NDArray[np.int64]) -> dict[str, Json]:
    """What is unusual in the votes, none of it refused.

    Args:
        rows: The votes.
        lines: 1-based line of each row, to name it by.

    Returns:
        Rows whose votes do not sum to ten, rows without a name, names that occur twice.
    """
    readable = rows.usages != DAMAGED
    sums = rows.votes.sum(axis=1)
    unusual = np.flatnonzero(readable & (sums != N_VOTES))
    nameless = np.array([not name for name in rows.names], dtype=np.bool_) & readable
    all_not_a_face = nameless & (rows.votes[:, NOT_A_FACE] == N_VOTES)
    repeated = Counter(name for name in rows.names if name)
    return {
        "n_rows_not_summing_to_ten": int(unusual.size),
        "first_rows_not_summing_to_ten": [
            {"line": int(lines[index]), "sum": int(sums[index])}
            for index in unusual[:_SHOWN_ROWS].tolist()
        ],
        "n_rows_without_name": int(nameless.sum()),
        "n_rows_without_name_not_all_not_a_face": int((nameless & ~all_not_a_face).sum()),
        "n_names_that_occur_twice_or_more": sum(n > 1 for n in repeated.values()),
    }
