"""The report as one HTML page that needs nothing else: no font, no picture file, no network.

Its script sorts and filters; without it all is there.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from fer_fairness.reporting.glance import subject, trust
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.page import Section
from fer_fairness.reporting.sections import all_sections
from fer_fairness.reporting.templating import template


def render_report(inputs: ReportInputs, sections: Sequence[Section] | None = None) -> str:
    """The report of one run, or of the audit of one model that was not trained here.

    Args:
        inputs: The tables; any may be empty. Their `kind` says which sections the page has.
        sections: Those of the page where they are made already.

    Returns:
        A self-contained HTML document. The same inputs give the same text; every name and note in
        the inputs is escaped.
    """
    is_audit = inputs.kind == "audit"
    of_models = "this model treats" if len(inputs.variants()) < 2 else "these models treat"
    who = of_models if is_audit else "facial emotion recognition treats"
    return render_page(
        all_sections(inputs) if sections is None else sections,
        kicker="Fairness audit" if is_audit else "Fairness report",
        title=f"How evenly {who} people",
        subject=subject(inputs),
        trust=trust(inputs),
    )


def render_page(
    sections: Sequence[Section], *, kicker: str, title: str, subject: str, trust: str = ""
) -> str:
    """Sections as a page that needs nothing else.

    Args:
        sections: In their order.
        kicker: What kind of page it is, a few words.
        title: Its heading.
        subject: What it is about, in a sentence or two.
        trust: What to trust, if anything is to be said.
    """
    return template("report.html.jinja").render(
        kicker=kicker,
        title=title,
        subject=subject,
        trust=trust,
        sections=sections,
        anchor=_anchors(),
    )


def _anchors() -> Callable[[str], str]:
    """What gives each heading of a page an id, made of its words; equal ones are numbered."""
    used: Counter[str] = Counter()

    def anchor(heading: str) -> str:
        name = "finding-" + "-".join(re.findall(r"\w+", heading.lower()))
        used[name] += 1
        return name if used[name] == 1 else f"{name}-{used[name]}"

    return anchor
