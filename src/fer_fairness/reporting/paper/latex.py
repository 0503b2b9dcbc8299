"""Plain text with citations, as LaTeX."""

import re
from types import MappingProxyType
from typing import Final

CITATION: Final = re.compile(r"\[(@\w+(?:; @\w+)*)\]")
"""Pandoc's citations: `[@westfall1993]`, `[@mantel1959; @landis1978]`."""

_LATEX: Final = MappingProxyType(
    {
        "\\": r"\textbackslash{}",
        **{char: f"\\{char}" for char in "&%$#_{}"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "\N{MINUS SIGN}": "$-$",
        "\N{MULTIPLICATION SIGN}": r"$\times$",
        "\N{RIGHTWARDS ARROW}": r"$\rightarrow$",
        "\N{GREATER-THAN OR EQUAL TO}": r"$\geq$",
        "\N{MIDDLE DOT}": r"$\cdot$",
        "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
        "\N{NARROW NO-BREAK SPACE}": r"\,",
        "\N{NO-BREAK SPACE}": "~",
        "\N{EN DASH}": "--",
        "\N{LEFT DOUBLE QUOTATION MARK}": "``",
        "\N{RIGHT DOUBLE QUOTATION MARK}": "''",
    }
)
"""What LaTeX reads otherwise, or pdfLaTeX has no letter for; letters of other scripts need XeLaTeX
or LuaLaTeX."""


def latex_text(text: str) -> str:
    """A text with every letter as it is printed, and Pandoc's citations as `cite`."""
    parts = CITATION.split(text)
    return "".join(_cite(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _cite(keys: str) -> str:
    return rf"\cite{{{','.join(key.strip().removeprefix('@') for key in keys.split(';'))}}}"


def _escaped(text: str) -> str:
    plain = "".join(char if char.isprintable() or char == "\n" else " " for char in text)
    return "".join(_LATEX.get(char, char) for char in plain)
