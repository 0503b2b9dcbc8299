"""The report as one HTML page that needs nothing else: no script, no font, no picture file."""

from fer_fairness.reporting.glance import subject, trust
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.sections import all_sections
from fer_fairness.reporting.templating import template


def render_report(inputs: ReportInputs) -> str:
    """The report of one run, or of the audit of one model that was not trained here.

    Args:
        inputs: The tables; any may be empty. Their `kind` says which sections the page has.

    Returns:
        A self-contained HTML document. The same inputs give the same text; every name and note in
        the inputs is escaped.
    """
    return template("report.html.jinja").render(
        kicker="Fairness audit" if inputs.kind == "audit" else "Fairness report",
        title=(
            "How evenly this model treats people"
            if inputs.kind == "audit"
            else "How evenly facial emotion recognition treats people"
        ),
        subject=subject(inputs),
        trust=trust(inputs),
        sections=all_sections(inputs),
    )
