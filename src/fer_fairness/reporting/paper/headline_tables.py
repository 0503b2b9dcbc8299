"""The headline results as small tables, for LaTeX and Markdown."""

from dataclasses import dataclass

import pandas as pd

from fer_fairness.fairness.group_names import attribute_parts
from fer_fairness.reporting.findings.effects import effects, set_against
from fer_fairness.reporting.glance import statements
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import (
    attribute_label,
    capitalised,
    evaluation_set_label,
)
from fer_fairness.reporting.number_text import MISSING, p_value, thousands
from fer_fairness.reporting.paper.latex import latex_text
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.templating import markdown_escape


@dataclass(frozen=True)
class PaperTable:
    """A table of texts, with the name of its files and label and a caption that stands alone."""

    name: str
    caption: str
    texts: pd.DataFrame

    @property
    def _sides(self) -> list[str]:
        """L or r for each column: numbers stand at the right."""
        columns = (self.texts[head].str.contains(r"^\W*\d", na=False) for head in self.texts)
        return ["r" if column.any() else "l" for column in columns]

    def markdown(self) -> str:
        """As a pipe table below its caption."""
        heads = [str(head) for head in self.texts.columns]
        lines = [heads, *self.texts.to_numpy().tolist()]
        told = [f"| {' | '.join(map(markdown_escape, line))} |" for line in lines]
        told.insert(1, "".join("|---" if side == "l" else "|---:" for side in self._sides) + "|")
        return f"{markdown_escape(self.caption)}\n\n" + "\n".join(told) + "\n"

    def latex(self) -> str:
        """As a floating table; the preamble needs the package booktabs."""
        shown = self.texts.map(latex_text).rename(columns=latex_text)
        text: str = shown.style.hide(axis="index").to_latex(
            caption=latex_text(self.caption),
            label=f"tab:{self.name}",
            column_format="".join(self._sides),
            position_float="centering",
            hrules=True,
        )
        return text.replace("\\centering", "\\centering\n\\footnotesize")


def headline_tables(inputs: ReportInputs) -> list[PaperTable]:
    """The gaps of the first variant, and what each method was found to change; none of nothing."""
    gaps, methods = _gaps_table(inputs), _methods_table(inputs)
    return [table for table in (gaps, methods) if not table.texts.empty]


def _gaps_table(inputs: ReportInputs) -> PaperTable:
    """An accuracy gap a line, as the first screen has them."""
    rows = [one.gap for one in statements(inputs)]
    lines = [
        {
            "Groups": f"{_head(row.attribute)}{' (predicted)' if row.predicted else ''}",
            "Faces of": row.set_label,
            "n": thousands(row.n_people),
            "Smallest": thousands(row.smallest_group_size),
            "Accuracy gap": row.estimate,
            "Equal": row.in_unit(row.equal_treatment),
            "p": p_value(row.p),
            "Difference": row.judgement.replace("no difference", "not").replace("difference ", ""),
        }
        for row in rows
    ]
    who = "of the audited model" if inputs.kind == "audit" else "of the baseline"
    caption = (
        f"Accuracy gaps {who} between perceived groups, in percentage points, with the number of "
        "people and of the smallest group. A gap has the widening by noise taken off; its interval "
        "is at the level of the verdict; equal: what the mix of emotions in the groups gives by "
        "itself; p is corrected for all tests."
    )
    return PaperTable("gaps", caption, pd.DataFrame(lines))


def _methods_table(inputs: ReportInputs) -> PaperTable:
    """A line a method and set: what it changed for everybody, and for single attributes."""
    found = [
        (method.variant, evaluation_set, attribute, effect)
        for method in effects(inputs)
        for (evaluation_set, attribute), effect in method.by_audience.items()
        if attribute is None or len(attribute_parts(attribute)) == 1
    ]
    attributes = sorted({one[2] for one in found if one[2] is not None})
    heads: dict[str | None, str] = {None: "Everybody", **{name: _head(name) for name in attributes}}
    lines = []
    for (variant, evaluation_set), told in grouped(found, lambda one: one[:2]).items():
        effect_of = {attribute: str(effect) for *_, attribute, effect in told}
        set_label = evaluation_set_label(evaluation_set)
        line = {"Method": inputs.label_of(variant), "Faces of": set_label}
        lines.append(line | {head: effect_of.get(name, MISSING) for name, head in heads.items()})
    caption = (
        f"What each method was found to change against {set_against(inputs)}, for everybody and "
        "for the perceived groups of an attribute, after correction for all changes together. "
        "Levelled down: a gap closed by loss alone; cannot tell: no change was found."
    )
    return PaperTable("methods", caption, pd.DataFrame(lines))


def _head(attribute: str) -> str:
    return capitalised(attribute_label(attribute).removeprefix("perceived "))
