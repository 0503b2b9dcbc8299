"""Small text files of labels, read line by line so that damage can be named by line."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fer_fairness.errors import DamagedDataError
from fer_fairness.sources.base import DatasetFacts, Json


@dataclass(frozen=True)
class LabelFile:
    """A text file of labels.

    Attributes:
        name: Path below the dataset's folder, as messages and reports give it.
        header: Fields of the first line, without surrounding spaces; empty without header.
        lines: The lines after the header, without line ends; blank lines at the end are dropped.
        first_line: 1-based number of `lines[0]` in the file.
        has_crlf: True where lines end as on Windows.
        md5: md5 of the file as it is.
    """

    name: str
    header: tuple[str, ...]
    lines: list[str]
    first_line: int
    has_crlf: bool
    md5: str

    def numbered(self) -> Iterator[tuple[int, str]]:
        """The lines, each with its 1-based number in the file."""
        return enumerate(self.lines, start=self.first_line)

    def report(self, facts: DatasetFacts) -> dict[str, Json]:
        """What a report says of the file: `file_report`."""
        return file_report(facts, self.name, self.md5, len(self.lines))


def read_label_file(path: Path, folder: Path, *, has_header: bool = True) -> LabelFile:
    """Read a text file of labels.

    Args:
        path: The file, UTF-8 with or without byte order mark; bytes that are not UTF-8 are read
            as replacement characters, which no label contains.
        folder: The dataset's folder, to name the file by.
        has_header: Whether the first line names the columns.

    Returns:
        Its lines; checking them is left to the caller.
    """
    content = path.read_bytes()
    # Not splitlines: that also breaks at characters that no csv file takes for a line end.
    lines = content.decode("utf-8-sig", errors="replace").rstrip("\r\n").split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    if lines == [""]:
        lines = []
    header = tuple(name.strip() for name in lines[0].split(",")) if has_header and lines else ()
    return LabelFile(
        name=path.relative_to(folder).as_posix(),
        header=header,
        lines=lines[1:] if has_header else lines,
        first_line=2 if has_header else 1,
        has_crlf=b"\r\n" in content,
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
    )


def file_md5(path: Path) -> str:
    """md5 of a file of any size, as publishers give it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()


def check_header(name: str, found: tuple[str, ...], *expected: tuple[str, ...]) -> None:
    """Refuse a file whose columns are not the published ones.

    Args:
        name: The file.
        found: Its columns.
        expected: Each form that was published.

    Raises:
        DamagedDataError: The header is none of these; the message shows both.
    """
    if found not in expected:
        forms = " or ".join(repr(",".join(columns)) for columns in expected)
        raise DamagedDataError(
            f"{name}, line 1: the header is {','.join(found)[:200]!r}, expected {forms}. The file "
            "is not the one its publisher wrote: obtain it again."
        )


def file_report(facts: DatasetFacts, name: str, md5: str | None, n_rows: int) -> dict[str, Json]:
    """What a report says of one file: md5 and rows, found and published.

    A differing md5 or row count is reported and not refused: re-saved and partial copies circulate,
    and their rows are checked one by one.
    """
    key = name.rsplit("/", 1)[-1]
    published_md5, published_rows = facts.md5.get(key), facts.n_rows.get(name)
    if published_rows is None:
        published_rows = facts.n_rows.get(key)
    return {
        "file": name,
        "md5": md5,
        "published_md5": published_md5,
        "md5_agrees": None if published_md5 is None else md5 == published_md5,
        "n_rows": n_rows,
        "published_n_rows": published_rows,
        "n_rows_agrees": None if published_rows is None else n_rows == published_rows,
    }
