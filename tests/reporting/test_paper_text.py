"""The words and tables of a paper: numbers of the tables, citations with entries, safe names."""

import re
from dataclasses import replace
from importlib.resources import files

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reporting.rows import changed, report, without

from fer_fairness.reporting import paper_files
from fer_fairness.reporting.findings.effects import effects
from fer_fairness.reporting.findings.gap_sentences import gap_sentence
from fer_fairness.reporting.findings.methods import answer_sentences
from fer_fairness.reporting.glance import Sign, statements
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import variant_label
from fer_fairness.reporting.paper.headline_tables import PaperTable, headline_tables
from fer_fairness.reporting.paper.latex import CITATION, latex_text
from fer_fairness.reporting.paper.paragraphs import methods_paragraph, results_paragraph
from fer_fairness.reporting.paper.text import references
from fer_fairness.reporting.rows.changes import AgainstControlRow

BIB = files("fer_fairness.reporting").joinpath("templates/references.bib").read_text("utf-8")
KEYS = re.findall(r"^@\w+\{(\w+),", BIB, flags=re.MULTILINE)
HOSTILE = r"<script>&50% $x_{1}$ \input{/etc/passwd} #1 ~^ [@nobody1999]"


def decoded(inputs: ReportInputs) -> dict[str, str]:
    return {name: content.decode() for name, content in paper_files(inputs).items()}


def test_results_are_told_in_the_sentences_of_the_first_screen(small_inputs: ReportInputs) -> None:
    text = results_paragraph(small_inputs)
    found = [one for one in statements(small_inputs) if one.sign is Sign.FOUND]
    assert found
    assert all(one.text in text and gap_sentence(one.gap) in text for one in found)
    assert answer_sentences(small_inputs.rows(AgainstControlRow)) in text


def test_every_attribute_is_told_whatever_its_tests_came_to(small_inputs: ReportInputs) -> None:
    text = results_paragraph(small_inputs)
    assert all(one.about in text for one in statements(small_inputs))


def test_methods_tell_what_was_done_and_nothing_else(
    small_inputs: ReportInputs, audit: ReportInputs
) -> None:
    assert "[@karkkainen2021]" in methods_paragraph(small_inputs)
    assert "[@demsar2006]" in methods_paragraph(small_inputs)
    of_audit = methods_paragraph(audit)
    for absent in ("@karkkainen2021", "@demsar2006", "@chernozhukov2013", "baseline"):
        assert absent not in of_audit


def test_primary_outcomes_are_named_only_where_somebody_named_them(
    small_inputs: ReportInputs,
) -> None:
    named = {"parameters": {"evaluation": {"primary": ["accuracy_gap by race"]}}}
    assert "@dmitrienko2003" not in methods_paragraph(small_inputs)
    text = methods_paragraph(replace(small_inputs, manifest=named))
    assert "accuracy gap by race [@dmitrienko2003]" in text


def test_fabricated_faces_are_not_told_as_those_of_a_dataset(small_inputs: ReportInputs) -> None:
    quality = {"fer_plus": {"reading": {"fabricated": True}}}
    text = methods_paragraph(replace(small_inputs, quality=quality))
    assert "fabricated faces in the layout of FER+" in text
    assert "@barsoum2016" not in text


def test_what_is_cited_has_an_entry_and_only_that_is_in_the_file(
    small_inputs: ReportInputs,
) -> None:
    written = decoded(small_inputs)
    cited = set(re.findall(r"@(\w+)", " ".join(CITATION.findall(written["paper.md"]))))
    assert cited
    assert cited <= set(KEYS)
    assert set(re.findall(r"^@\w+\{(\w+),", written["references.bib"], re.MULTILINE)) == cited
    in_latex = re.findall(r"\\cite\{([^}]+)\}", written["paper.tex"])
    assert set(",".join(in_latex).split(",")) == cited


def test_every_reference_has_an_author_a_title_and_a_year_and_none_is_there_twice() -> None:
    assert len(set(KEYS)) == len(KEYS)
    for key in KEYS:
        entry = references(f"[@{key}]")
        assert all(f"  {field} = {{" in entry for field in ("author", "title", "year")), key
        assert entry.count("{") == entry.count("}"), key
        assert key[-4:] in entry.split("year = ")[1], key


def test_headline_tables_have_the_numbers_of_the_first_screen(small_inputs: ReportInputs) -> None:
    gaps, methods = headline_tables(small_inputs)
    told = statements(small_inputs)
    assert gaps.texts["Accuracy gap"].tolist() == [one.gap.estimate for one in told]
    assert set(gaps.texts["Difference"]) <= {"found", "not found", "too few people"}
    compared = {variant_label(one.variant) for one in effects(small_inputs)}
    assert set(methods.texts["Method"]) == compared
    assert {"Method", "Faces of", "Everybody", "Race"} <= set(methods.texts.columns)


def test_tables_are_booktabs_in_latex_and_pipes_in_markdown() -> None:
    texts = pd.DataFrame({"Groups": ["Race", "Age"], "p": ["< 0.001", "0.2"]})
    table = PaperTable("gaps", "Gaps, 95 %.", texts)
    assert table.markdown().splitlines()[2:] == [
        "| Groups | p |",
        "|---|---:|",
        r"| Race | \< 0.001 |",
        "| Age | 0.2 |",
    ]
    latex = table.latex()
    rules = re.findall(r"\\(toprule|midrule|bottomrule)", latex)
    assert rules == ["toprule", "midrule", "bottomrule"]
    assert r"\begin{tabular}{lr}" in latex
    assert r"Race & \textless{} 0.001 \\" in latex
    assert r"\caption{Gaps, 95 \%.}" in latex
    assert r"\label{tab:gaps}" in latex


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_text_can_command_latex(text: str) -> None:
    written = latex_text(text)
    left = re.sub(
        r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|ldots)\{\}"
        r"|\\[&%$#_{}]|\\,|\$(-|\\times|\\rightarrow|\\geq|\\cdot)\$|\\cite\{[\w,]+\}",
        "",
        written,
    )
    assert not re.search(r"[\\&%$#_{}^]", left)


def test_citations_become_commands_and_other_brackets_stay() -> None:
    text = "Tested [@mantel1959; @landis1978], 5.1 [0.3 to 9.6]."
    assert latex_text(text) == r"Tested \cite{mantel1959,landis1978}, 5.1 [0.3 to 9.6]."


def test_hostile_names_are_printed_and_run_nowhere(small_inputs: ReportInputs) -> None:
    tables = {
        name: table.assign(evaluation_set=HOSTILE)
        for name, table in small_inputs.tables.items()
        if "evaluation_set" in table.columns
    }
    written = decoded(changed(small_inputs, **tables))
    assert "script" in written["paper.tex"]
    for name, text in written.items():
        assert "<script>" not in text, name
        assert r"\input{" not in text.replace(r"\\input", ""), name
    assert "nobody1999" not in written["references.bib"]


@pytest.mark.parametrize("emptied", ["gaps", "overall", "models", "comparisons", "everything"])
def test_what_is_missing_is_left_out(small_inputs: ReportInputs, emptied: str) -> None:
    some = report() if emptied == "everything" else without(small_inputs, emptied)
    written = paper_files(some)
    assert b"nan" not in written["paper.md"]
    assert b"## Results" in written["paper.md"]
    assert ("table_gaps.tex" in written) == (emptied not in ("gaps", "everything"))
