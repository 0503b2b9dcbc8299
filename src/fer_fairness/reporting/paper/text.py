"""The words of a paper about a report: paragraphs, tables and references, Markdown and LaTeX."""

import re
from importlib.resources import files
from typing import Final

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.paper.headline_tables import headline_tables
from fer_fairness.reporting.paper.latex import CITATION, latex_text
from fer_fairness.reporting.paper.paragraphs import methods_paragraph, results_paragraph
from fer_fairness.reporting.templating import markdown_escape

_ESCAPED_CITATION: Final = re.compile(r"\\\[(@\w+(?:; @\w+)*)\\\]")
_PREAMBLE: Final = (
    "% Needs \\usepackage{booktabs} and references.bib; names in other scripts need XeLaTeX or "
    "LuaLaTeX.\n"
)


def paper_files(inputs: ReportInputs) -> dict[str, bytes]:
    """Methods, results and headline tables, by the names of their files.

    Args:
        inputs: The report's tables.

    Returns:
        `paper.md` (citations as Pandoc reads them) and `paper.tex` (to be put into a document by
        `input`) with paragraphs and tables, each table as `table_<name>.md` and `.tex` too, and
        `references.bib` with what is cited. Notes on the run, such as that faces are fabricated,
        come first.
    """
    paragraphs = {"Methods": methods_paragraph(inputs), "Results": results_paragraph(inputs)}
    tables = headline_tables(inputs)
    markdown = [
        *(f"> {markdown_escape(note)}" for note in inputs.notes),
        *(f"## {head}\n\n{_markdown(text)}" for head, text in paragraphs.items()),
        *(table.markdown() for table in tables),
    ]
    latex = [
        *(f"% {' '.join(note.split())}" for note in inputs.notes),
        *(f"\\paragraph{{{head}}}\n{latex_text(text)}" for head, text in paragraphs.items()),
        *(table.latex() for table in tables),
    ]
    written = {
        "paper.md": "\n\n".join(markdown).rstrip() + "\n",
        "paper.tex": _PREAMBLE + "\n\n".join(latex).rstrip() + "\n",
        "references.bib": references(" ".join(paragraphs.values())),
    }
    for table in tables:
        written[f"table_{table.name}.md"] = table.markdown()
        written[f"table_{table.name}.tex"] = table.latex()
    return {name: text.encode() for name, text in written.items()}


def references(text: str) -> str:
    """The BibTeX entries of what a text cites; names that only look like citations have none."""
    source = files("fer_fairness.reporting").joinpath("templates/references.bib").read_text("utf-8")
    entries = {
        match[1]: match[0].strip()
        for match in re.finditer(r"^@\w+\{(\w+),.*?^\}$", source, flags=re.DOTALL | re.MULTILINE)
    }
    cited = (key for keys in CITATION.findall(text) for key in re.findall(r"\w+", keys))
    return "\n\n".join(entries[key] for key in dict.fromkeys(cited) if key in entries) + "\n"


def _markdown(text: str) -> str:
    """The text with its names escaped, and its citations as they are."""
    return _ESCAPED_CITATION.sub(r"[\1]", markdown_escape(text))
