"""The report as one HTML page that needs nothing else: no script, no font, no picture file."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from fer_fairness.reporting.glance import subject, trust
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.page import Section
from fer_fairness.reporting.sections import all_sections


def render_report(inputs: ReportInputs, sections: Sequence[Section] | None = None) -> str:
    """The report of one run, or of the audit of one model that was not trained here.

    Args:
        inputs: The tables; any may be empty. Their `kind` says which sections the page has.
        sections: Those of the page where they are made already.

    Returns:
        A self-contained HTML document. The same inputs give the same text; every name and note in
        the inputs is escaped.
    """
    environment = Environment(
        loader=PackageLoader("fer_fairness.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("report.html.jinja")
    return template.render(
        kicker="Fairness audit" if inputs.kind == "audit" else "Fairness report",
        title=(
            "How evenly this model treats people"
            if inputs.kind == "audit"
            else "How evenly facial emotion recognition treats people"
        ),
        subject=subject(inputs),
        trust=trust(inputs),
        sections=all_sections(inputs) if sections is None else sections,
    )
