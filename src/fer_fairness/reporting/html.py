"""The report as one HTML page that needs nothing else: no script, no font, no picture file."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.sections import all_sections


def render_report(inputs: ReportInputs) -> str:
    """The report of one run.

    Args:
        inputs: The tables; any may be empty.

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
        sections=all_sections(inputs),
        notes=inputs.notes,
        variants=inputs.variants(),
        command=inputs.manifest.get("command"),
        commit=inputs.manifest.get("commit"),
    )
