"""What a section of the page consists of, free of HTML but for the drawings."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any, Final, TypeAlias, TypeVar

import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from fer_fairness.reporting.figures.style import WIDTH
from fer_fairness.reporting.figures.svg import inline_svg
from fer_fairness.reporting.findings.finding import Finding
from fer_fairness.reporting.glance import Statement
from fer_fairness.reporting.number_text import MISSING, is_few, thousands
from fer_fairness.reporting.rows.schema import Row, table_of
from fer_fairness.reporting.rows.scores import Counted, Estimate

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True)
class Drawing:
    """A figure, in the page and for a paper; `half` figures stand two in a row.

    Attributes:
        key: Its name, unique in the page (`figures.names`).
        figure: What is drawn.
        caption: The text below.
        alternative: What a reader who cannot see the figure is told: its result.
        rows: What it was drawn from.
        half: Whether it takes half a row.
        alone: The caption where nothing else of the page is there.
    """

    key: str
    figure: Figure
    caption: str
    alternative: str
    rows: Sequence[Row]
    half: bool = False
    alone: str = ""

    @property
    def svg(self) -> Markup:
        """The drawing."""
        return inline_svg(self.figure, key=self.key, description=self.alternative)

    @property
    def share(self) -> float:
        """Its width as a share of the place it gets, so that all letters are of one size."""
        return 1.0 if self.half else min(1.0, self.figure.get_figwidth() / WIDTH)

    @property
    def data(self) -> pd.DataFrame:
        """The rows that it was drawn from as a table."""
        return table_of(self.rows)


@dataclass(frozen=True)
class Text:
    """A paragraph; `absent` says that there is nothing to show, `warning` is to be noticed."""

    text: str
    absent: bool = False
    warning: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """Findings, one after the other; of folded ones the screen shows only headings until opened."""

    items: tuple[Finding, ...]
    folded: bool = False


@dataclass(frozen=True)
class Statements:
    """Plain sentences, each with the sign of its tests; `more` tells what is left out."""

    items: tuple[Statement, ...]
    more: str = ""


@dataclass(frozen=True)
class Notes:
    """What must be known before the rest is believed."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """Blocks side by side where there is room, each column from top to bottom."""

    columns: tuple[tuple["Block", ...], ...]

    def drawn(self) -> list[list[tuple[str, "Block"]]]:
        """The blocks of each column with their kind's name."""
        return [[(type(block).__name__, block) for block in column] for column in self.columns]


@dataclass(frozen=True)
class Folded:
    """Blocks of which the screen shows only a summary until it is opened; not printed."""

    summary: str
    blocks: tuple["Block", ...]

    def drawn(self) -> list[tuple[str, "Block"]]:
        """The blocks with their kind's name."""
        return [(type(block).__name__, block) for block in self.blocks]


@dataclass(frozen=True)
class Pairs:
    """Names and what they stand for, as a definition list."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cell:
    """One cell: its text, whether it is a number (right-aligned), greyed, or to be noticed.

    Where the text is a sign, `spoken` is what it stands for.
    """

    text: str
    numeric: bool = False
    muted: bool = False
    strong: bool = False
    spoken: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a caption; the first cell of each row is the header of that row.

    Attributes:
        caption: What the table shows, one sentence.
        header: Texts of the columns.
        rows: Cells, as many in each row as `header` has texts.
        folded: Whether the screen shows only the caption until it is opened; not printed.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False


Column: TypeAlias = tuple[str, Callable[[T], Cell | str]]
"""The head of a column, and what a row has there; a text is a plain cell."""

Block: TypeAlias = (
    Drawing
    | Text
    | Heading
    | Bullets
    | Findings
    | Statements
    | Notes
    | Columns
    | Folded
    | Pairs
    | Table
)

MOST_ROWS: Final = 12
"""Lines of a table whose rows are all in a file beside the page."""

MOST_FINDINGS: Final = 24
"""So many headings of findings stand one below the other."""

DASH: Final = Cell(MISSING, numeric=True, muted=True)
"""Where there is no number."""


@dataclass(frozen=True)
class Section:
    """A section of the page, with the id that the table of contents links to."""

    key: str
    title: str
    blocks: Sequence[Block]

    def drawn(self) -> list[tuple[str, Block | list[Drawing]]]:
        """The blocks with their kind's name.

        Neighbouring half figures come as one row, neighbouring folded tables in one fold.
        """
        result: list[tuple[str, Block | list[Drawing]]] = []
        for block in _tables_together(self.blocks):
            if isinstance(block, Drawing) and block.half:
                if result and isinstance(result[-1][1], list):
                    result[-1][1].append(block)
                else:
                    result.append(("Row", [block]))
            else:
                result.append((type(block).__name__, block))
        return result


def _tables_together(blocks: Sequence[Block]) -> Iterator[Block]:
    for is_table, run in groupby(blocks, lambda block: isinstance(block, Table) and block.folded):
        neighbours = tuple(run)
        if is_table and len(neighbours) > 1:
            yield Folded(f"{len(neighbours)} tables", neighbours)
        else:
            yield from neighbours


def drawings(blocks: Iterable[Block]) -> Iterator[Drawing]:
    """The figures among blocks and within them, in the order of the page."""
    for block in blocks:
        if isinstance(block, Drawing):
            yield block
        elif isinstance(block, Folded):
            yield from drawings(block.blocks)
        elif isinstance(block, Columns):
            yield from drawings(chain.from_iterable(block.columns))


def under(heading: str, blocks: Sequence[Block], *, folded: bool) -> list[Block]:
    """Blocks below a heading, or of less weight behind it until it is opened."""
    if folded:
        return [Folded(heading, tuple(blocks))]
    return [Heading(heading), *blocks]


def many(findings: Sequence[Finding], what: str) -> Findings | Folded:
    """Findings by their headings, or where these would fill a page all behind one line."""
    block = Findings(tuple(findings), folded=True)
    if len(findings) <= MOST_FINDINGS:
        return block
    return Folded(f"{len(findings)} findings, one for each {what}", (block,))


def absent(sentence: str) -> Text:
    """A paragraph saying that there is nothing to show, and why."""
    return Text(sentence, absent=True)


def table(
    caption: str,
    rows: Iterable[T],
    columns: Sequence[Column[T]],
    *,
    folded: bool = False,
    all_in: str = "",
) -> Table:
    """A table with a line for each of `rows`, each column told by its head and its cell.

    Args:
        caption: What it shows.
        rows: Those that matter most first, where there may be many.
        columns: Heads and cells.
        folded: Whether only the caption is seen at first.
        all_in: The file that has all rows; where it is named, a long table ends after the first.
    """
    lines = []
    rows = list(rows)
    if all_in and len(rows) > MOST_ROWS:
        caption = f"{caption}; {MOST_ROWS} of {len(rows):,} rows, all in {all_in}"
        rows = rows[:MOST_ROWS]
    for row in rows:
        cells = (cell_of(row) for _, cell_of in columns)
        lines.append(tuple(Cell(cell) if isinstance(cell, str) else cell for cell in cells))
    return Table(caption, tuple(head for head, _ in columns), tuple(lines), folded)


def columns(
    heads: Mapping[K, str], cell: Callable[[T | None], Cell]
) -> list[Column[Mapping[K, T]]]:
    """Columns of lines that are mappings: under each key's head the cell of what the line has.

    Args:
        heads: Texts of the columns by key.
        cell: The cell of what stands under a key, which is None where a line lacks it.
    """

    def column(key: K) -> Column[Mapping[K, T]]:
        return heads[key], lambda line: cell(line.get(key))

    return [column(key) for key in heads]


def first_of(line: Mapping[Any, T]) -> T:
    """What stands first in a line, to tell what all of it is about."""
    return next(iter(line.values()))


def numeric(text: str, *, muted: bool = False, strong: bool = False) -> Cell:
    """A number as text; an interval in square brackets stands below it."""
    return Cell(text.replace(" [", "\n["), numeric=True, muted=muted, strong=strong)


def people(count: float) -> Cell:
    """A number of people, greyed where there are too few to say much."""
    return Cell(thousands(count), numeric=True, muted=is_few(count))


def faces(rows: Iterable[Counted]) -> Cell:
    """The faces of the row that has most, and of how many people; greyed where these are few."""
    most = max(rows, key=lambda row: row.n_faces)
    return Cell(most.size, numeric=True, muted=is_few(most.n_people))


def yes_or_no(told: bool, *, quiet_no: bool = False) -> Cell:  # noqa: FBT001 -- what is shown
    """A flag in a cell, noticed where it is true and grey where not if `quiet_no`."""
    return Cell("yes" if told else "no", strong=told, muted=quiet_no and not told)


def estimate(row: Estimate | None, *, muted: bool = False, strong: bool = False) -> Cell:
    """A value over its interval; a greyed dash where there is no row."""
    return DASH if row is None else numeric(row.estimate, muted=muted, strong=strong)
