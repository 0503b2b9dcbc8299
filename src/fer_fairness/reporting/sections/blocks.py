"""What a section of the page consists of, free of HTML but for the drawings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from markupsafe import Markup
from matplotlib.figure import Figure

from fer_fairness.reporting.figures import inline_svg
from fer_fairness.reporting.figures.style import WIDTH
from fer_fairness.reporting.findings import Finding
from fer_fairness.reporting.tables import Table


@dataclass(frozen=True)
class Drawing:
    """A figure with its caption; `half` figures stand two in a row.

    Attributes:
        svg: The drawing.
        caption: The text below.
        half: Whether it takes half a row.
        share: Its width as a share of the place it gets, so that all letters are of one size.
    """

    svg: Markup
    caption: str
    half: bool = False
    share: float = 1.0


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
    """Findings, one after the other."""

    items: tuple[Finding, ...]


@dataclass(frozen=True)
class Pairs:
    """Names and what they stand for, as a definition list."""

    items: tuple[tuple[str, str], ...]


Block: TypeAlias = Drawing | Text | Heading | Bullets | Findings | Pairs | Table


@dataclass(frozen=True)
class Section:
    """A section of the page, with the id that the table of contents links to."""

    key: str
    title: str
    blocks: Sequence[Block]

    def drawn(self) -> list[tuple[str, Block | list[Drawing]]]:
        """The blocks with their kind's name; neighbouring half figures come as one row."""
        result: list[tuple[str, Block | list[Drawing]]] = []
        for block in self.blocks:
            if isinstance(block, Drawing) and block.half:
                if result and isinstance(result[-1][1], list):
                    result[-1][1].append(block)
                else:
                    result.append(("Row", [block]))
            else:
                result.append((type(block).__name__, block))
        return result


def drawing(figure: Figure, *, key: str, caption: str, half: bool = False) -> Drawing:
    """A figure as a block; its caption also describes it to those who cannot see it."""
    share = 1.0 if half else min(1.0, figure.get_figwidth() / WIDTH)
    return Drawing(inline_svg(figure, key=key, description=caption), caption, half, share)


def absent(sentence: str) -> Text:
    """A paragraph saying that there is nothing to show, and why."""
    return Text(sentence, absent=True)
