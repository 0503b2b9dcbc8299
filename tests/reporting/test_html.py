import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from tests.reporting.conftest import fabricate_inputs
from tests.reporting.rows import changed, report, without

from fer_fairness.reporting import REPORT_TABLES, page
from fer_fairness.reporting.html import render_report
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.number_text import MISSING
from fer_fairness.reporting.sections import all_sections
from fer_fairness.taxonomy import EMOTIONS

SECTIONS = (
    "glance",
    "found",
    "planted",
    "gaps",
    "recalls",
    "subgroup",
    "methods",
    "trade-off",
    "answers",
    "over-seeds",
    "training",
    "predicted",
    "recognition",
    "aif360",
    "labeller",
    "quality",
    "limits",
    "method",
    "manifest",
)
HOSTILE = "<script>alert('x')</script> $x_{1}$ & \"quoted\""


class Page(HTMLParser):
    """Collects the elements of a page and checks that they are closed in order."""

    VOID = frozenset({"meta", "br", "img", "link", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text(small_inputs: ReportInputs) -> str:
    return render_report(small_inputs)


def test_every_section_stands_in_the_page_and_in_its_contents(text: str) -> None:
    page = Page(text)
    assert tuple(item["id"] for item in page.of("section")) == SECTIONS
    links = {str(item["href"]) for item in page.of("a")}
    findings = {f"#{item['id']}" for item in page.of("div") + page.of("details") if "id" in item}
    assert findings
    assert links == {f"#{name}" for name in (*SECTIONS, "contents", "appendix")} | findings
    assert page.open == []


@pytest.mark.parametrize("emptied", [*REPORT_TABLES, "quality", "manifest", "notes", "everything"])
def test_sections_stay_when_tables_are_empty(small_inputs: ReportInputs, emptied: str) -> None:
    # A few rows of each table: drawing every figure in full again would be slow.
    tables: dict[str, Any] = {name: table.head(3) for name, table in small_inputs.tables.items()}
    lean = changed(small_inputs, **tables)
    some = ReportInputs() if emptied == "everything" else without(lean, emptied)
    page = Page(render_report(some))
    absent = {
        "scan": {"subgroup"},
        "answers": {"answers"},
        "planted": {"planted"},
        "everything": {"subgroup", "predicted", "methods", "answers", "planted"},
    }.get(emptied, set())
    expected = tuple(name for name in SECTIONS if name not in absent)
    assert tuple(item["id"] for item in page.of("section")) == expected


def test_metrics_of_one_emotion_have_their_own_tables_sorted_by_emotion(text: str) -> None:
    tables = re.findall(
        r"<summary>(Metrics of each emotion[^<]+)</summary>(.*?)</table>", text, flags=re.DOTALL
    )
    assert len(tables) == 5
    first = re.findall(
        r'<th scope="row">([^<]+)</th><td>([^<]+)</td>',
        " ".join(tables[0][1].split()).replace("</th> <td>", "</th><td>"),
    )
    emotions = [emotion for emotion, _ in first]
    assert emotions == sorted(emotions, key=EMOTIONS.index)
    assert {metric for _, metric in first} == {"Recall gap", "Precision ratio"}
    assert "are looked at where its answer is yes" in text


def test_the_tables_of_all_metrics_give_every_p_value_and_no_metric_of_one_emotion(
    text: str,
) -> None:
    tables = re.findall(
        r"<summary>All metrics for[^<]+</summary>(.*?)</table>", text, flags=re.DOTALL
    )
    assert len(tables) == 5
    for table in tables:
        for head in ("Found in 8 of 10", "As counted", "Corrected p", "Holm p", "BH p"):
            assert f">{head}</th>" in table
        assert "Recall gap" not in table


def test_an_empty_report_says_what_is_absent() -> None:
    text = render_report(ReportInputs())
    for sentence in (
        "No predictions were scored",
        "No gap between groups was computed.",
        "No variant was compared with the baseline.",
        "Every variant was trained with one seed",
        "No training history was recorded",
        "The demographic labeller was not run",
        "Nothing was scored on RAF-DB",
    ):
        assert sentence in text


def test_nothing_is_fetched(text: str) -> None:
    assert "http" not in text
    assert "@import" not in text
    page = Page(text)
    fetching = ("link", "iframe", "object", "embed")
    assert not any(page.of(tag) for tag in fetching)
    assert page.of("script") == [{}]
    sources = [item[name] for _, item in page.tags for name in ("src", "href") if item.get(name)]
    assert all(str(source).startswith(("#", "data:")) for source in sources)


def test_ids_are_unique_and_references_resolve(text: str) -> None:
    ids = [str(item["id"]) for _, item in Page(text).tags if item.get("id")]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)


def test_figures_tables_and_images_are_accessible(text: str) -> None:
    page = Page(text)
    assert len(page.of("figure")) == len(page.of("figcaption")) > 5
    drawings = [item for item in page.of("svg") if item.get("role") == "img"]
    assert len(drawings) == len(page.of("figure"))
    assert all(item["aria-label"] for item in drawings)
    assert len(page.of("caption")) == len(page.of("table"))
    assert all(item.get("scope") in ("col", "row") for item in page.of("th"))


def test_the_same_inputs_give_the_same_page(
    text: str, small_inputs: ReportInputs, make_inputs: Callable[..., ReportInputs]
) -> None:
    again = make_inputs(variants=small_inputs.variants()[:2], evaluation_sets=("fer_plus",))
    assert render_report(again) == text


def test_hostile_names_are_escaped_everywhere(small_inputs: ReportInputs) -> None:
    first = small_inputs.tables["gaps"]["metric"] == "accuracy_gap"
    text = render_report(
        report(
            gaps=small_inputs.tables["gaps"][first].assign(
                variant=HOSTILE, attribute=HOSTILE, smallest_group=HOSTILE
            ),
            groups=small_inputs.tables["groups"].assign(
                variant=HOSTILE, attribute=HOSTILE, group=HOSTILE
            ),
            confusion=small_inputs.tables["confusion"].assign(variant=HOSTILE),
            distributions=small_inputs.tables["distributions"].assign(
                variant=HOSTILE, cell=HOSTILE
            ),
            quality={HOSTILE: {HOSTILE: [HOSTILE], "nested": {HOSTILE: {"a": HOSTILE}}}},
            manifest={"commit": HOSTILE, "command": HOSTILE},
            notes=[HOSTILE],
        )
    )
    assert text.count("<script") == 1  # the page's own
    assert "&lt;script&gt;" in text
    assert Page(text).open == []


def test_perceived_is_said_wherever_an_attribute_is_named(text: str) -> None:
    assert "perceived gender" in text
    assert re.search(r"debias|unbiased", text) is None


def test_it_is_said_which_figures_are_as_labelled(text: str, small_inputs: ReportInputs) -> None:
    sentences = (
        "“corrected for label errors” is the gap between people",
        "Predicted groups are as labelled here.",
        "Predicted groups are as labelled, not corrected for label errors.",
        "Recalls of predicted groups are not corrected for label errors.",
    )
    for sentence in sentences:
        assert sentence in text, sentence
    tables: dict[str, Any] = {
        name: table.head(3).assign(attribute_source="annotated")
        for name, table in small_inputs.tables.items()
        if name in ("gaps", "groups", "aif360")
    }
    annotated = render_report(report(**tables))
    for sentence in sentences:
        assert sentence not in annotated, sentence


def training_table(inputs: ReportInputs) -> str:
    page = render_report(inputs)
    table = re.search(r"<caption>Training in numbers.*?</table>", page, flags=re.DOTALL)
    assert table is not None
    return " ".join(re.sub(r"<[^>]+>", " ", table.group()).split())


def test_the_training_table_says_what_each_model_is_and_what_it_started_from(
    small_inputs: ReportInputs,
) -> None:
    shown = training_table(small_inputs)
    assert "Baseline compact_cnn 170,120 168,968 random weights 24 9,600 2 " in shown
    assert "Emotion augmentation compact_cnn 170,120 120,640 baseline 24 9,600 2 " in shown


def test_the_training_table_shows_no_epochs_and_what_is_not_recorded(
    small_inputs: ReportInputs,
) -> None:
    models = small_inputs.tables["models"].assign(started_from=["published", "baseline"])
    histories = small_inputs.tables["histories"]
    tuned = histories[histories["variant"] != "baseline"]
    inputs = changed(small_inputs, models=models, histories=tuned)
    shown = training_table(inputs)
    dashes = " ".join([MISSING] * 5)
    assert f"Baseline compact_cnn 170,120 168,968 published weights 0 {dashes}" in shown
    assert "120,640 baseline 24 9,600 2 " in shown
    without = models.assign(fingerprint=pd.Series([None, "ab"]))
    shown = training_table(changed(inputs, models=without, histories=histories))
    assert f"Baseline not recorded {dashes[:5]} 24 9,600 2 " in shown
    assert "120,640 baseline 24 9,600 2 " in shown


def test_methods_are_named_with_their_sources(small_inputs: ReportInputs) -> None:
    page = render_report(small_inputs)
    assert "Method of emotion_augmentation" in page
    assert "Somebody 2020, arXiv 2001.00001" in page


def test_the_parameters_of_each_training_are_told_apart_from_those_of_the_run() -> None:
    trained_with = {
        "baseline": {"block": {"a": 1}},
        "reweighing": None,
        "baseline_seed_1": {"block": {"a": 1}},
        "baseline_seed_2": {"block": {"a": 2}},
    }
    page = render_report(report(manifest={"seed": 0, "trained_with": trained_with}))
    assert "What the models were trained with" in page
    assert "Trained with: baseline" in page
    assert re.search(r"<dt>Reweighing</dt><dd>not recorded</dd>", page)
    assert "Trained with: baseline seed 2" in page
    assert "baseline seed 1" not in page, "as the first seed"


def test_wide_tables_are_set_smaller(text: str) -> None:
    wide = re.findall(r'<table class="wide">\s*<caption>([^<]+)', text)
    assert any(caption.startswith("All metrics for perceived gender") for caption in wide)
    assert not any(caption.startswith("Accuracy by") for caption in wide)


def test_names_in_the_tables_on_the_labeller_are_escaped(small_inputs: ReportInputs) -> None:
    tables: dict[str, Any] = {
        name: table.head(4).assign(
            **{
                column: HOSTILE
                for column in (
                    "attribute",
                    "grouping",
                    "group",
                    "true",
                    "dataset",
                    "annotated",
                    "classifier",
                    "settings",
                    "condition",
                    "most_frequent_mistake",
                )
                if column in table
            }
        )
        for name, table in small_inputs.tables.items()
        if name.startswith(("labeller", "agreement"))
    }
    text = render_report(report(**tables))
    assert text.count("<script") == 1  # the page's own
    assert text.count("&lt;script&gt;") > 20
    assert Page(text).open == []
    ids = [str(item["id"]) for _, item in Page(text).tags if item.get("id")]
    assert len(ids) == len(set(ids))


def test_trials_are_shown_with_the_rules_that_would_have_chosen_them(
    small_inputs: ReportInputs,
) -> None:
    trials = pd.DataFrame(
        {
            "variant": ["focal", "focal", "linear_post"],
            "evaluation_set": ["", "", "raf_db"],
            "trial": [0, 1, 0],
            "settings": ["", "gamma=2.0", ""],
            "mean_recall": [0.61, float("nan"), 0.5],
            "worst_group_accuracy": [0.5, float("nan"), 0.4],
            "accuracy_gap": [0.2, float("nan"), 0.1],
            "ideal_point": [0.3, float("nan"), 0.2],
            "failure": ["", "The loss is nan.", ""],
            "rules": ["mean_recall, worst_group_accuracy, ideal_point", "", "mean_recall"],
            "is_chosen": [True, False, True],
            "objectives": "",
            "is_on_front": False,
        }
    )

    def told(table: pd.DataFrame) -> str:
        page = render_report(changed(small_inputs, trials=table))
        return " ".join(re.sub(r"<[^>]+>", " ", page).split())

    shown = told(trials)
    assert "2 choices among trials were made" in shown
    assert "In 0 of them another rule would have chosen another trial." in shown
    assert "Focal as configured 61.0 % 50.0 % 20.0 % 0.300 all rules yes" in shown
    assert "The loss is nan." in shown
    assert "LinearPost RAF-DB as configured" in shown
    other = trials.assign(rules=["mean_recall", "ideal_point", "mean_recall"])
    assert "In 1 of them another rule would have chosen another trial." in told(other)
    assert "choices among trials" not in told(trials.iloc[:0])


def test_of_many_variants_single_ones_are_not_all_drawn() -> None:
    variants = ("baseline", "continued_training", *(f"method_{number}" for number in range(8)))
    inputs = fabricate_inputs(variants=variants, evaluation_sets=("fer_plus",))
    shown = {section.key: section.drawn() for section in all_sections(inputs)}
    assert inputs.variants_shown() == ("baseline",)
    n_drawings = {
        key: sum(isinstance(block, page.Drawing) for _, block in blocks)
        for key, blocks in shown.items()
    }
    assert n_drawings["trade-off"] == n_drawings["over-seeds"] == 0
    assert n_drawings["training"] == 2  # what one of them added, and one's curves
    assert sum(isinstance(block, page.Table) for _, block in shown["aif360"]) == 1
    (row,) = [block for kind, block in shown["recognition"] if kind == "Row"]
    assert isinstance(row, list)
    assert len(row) == 1
    for key, table in (
        *(("recognition", "confusion"), ("recognition", "overall")),
        *(("training", "distributions"), ("aif360", "aif360")),
    ):
        told = " ".join(block.text for _, block in shown[key] if isinstance(block, page.Text))
        assert f"tables/{table}.parquet" in told
