"""What was measured, as it is shown: in print, in a notebook, as a page, as files."""

import os
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

from fer_fairness.files import replacing
from fer_fairness.reporting import ReportInputs, render_report, results_json, write_results
from fer_fairness.reporting.json_values import Json
from fer_fairness.reporting.summary import summary_html, summary_text


class Shown(ABC):
    """Something with a report."""

    @cached_property
    @abstractmethod
    def first_screen(self) -> ReportInputs:
        """The tables that tell what it came to."""

    @cached_property
    @abstractmethod
    def report_inputs(self) -> ReportInputs:
        """All that the report is made of; computed when it is first asked for."""

    def to_dict(self) -> dict[str, Json]:
        """What was found and how it came about, as `results.json` beside a report tells it.

        Of tables it has names and sizes; their rows are the tables of the object.
        """
        return results_json(self.report_inputs)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """The report, one page that needs nothing else.

        Args:
            path: A file to write it to as well; one that is there is replaced.

        Returns:
            The page.
        """
        page = render_report(self.report_inputs)
        if path is not None:
            with replacing(Path(path)) as unfinished:
                unfinished.write_text(page, encoding="utf-8")
        return page

    def write(self, folder: Path) -> list[Path]:
        """Write the report and all its numbers.

        Args:
            folder: Where to; made where it is not there.

        Returns:
            `audit.html` to look at, and `audit.json`, which names the Parquet files of all tables.
        """
        page = folder / "audit.html"
        self.to_html(page)
        return [page, write_results(self.report_inputs, folder)]

    def __repr__(self) -> str:
        return summary_text(self.first_screen)

    def _repr_html_(self) -> str:
        return summary_html(self.first_screen)
