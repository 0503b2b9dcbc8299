"""What the page does in a real browser; skipped where the machine has no Chromium."""

import html
import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.reporting.test_cross_dataset import rendered, results
from tests.reporting.test_side_by_side import side_by_side

from fer_fairness.reporting.html import render_report
from fer_fairness.reporting.inputs import ReportInputs

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

DARK = "--blink-settings=preferredColorScheme=0"
PHONE = "--window-size=500,900"
SORTED_TABLE = """
    const table = [...document.querySelectorAll("table")].find((one) => one.rows.length > 6);
    const place = [...table.tHead.rows[0].cells].findIndex((head) => head.matches(".number"));
    const column = () => [...table.tBodies[0].rows].map((row) => row.cells[place].textContent);
    const press = () => table.tHead.rows[0].cells[place].querySelector("button").click();
    const state = () => table.tHead.rows[0].cells[place].getAttribute("aria-sort");
    const first = column(); press();
    const up = [state(), column()]; press();
    return [first, ...up, state(), column()];
"""
FILTERED = """
    const find = (name) => [...document.querySelectorAll(".filter label")]
        .find((label) => label.firstChild.textContent === name).querySelector("select");
    const choice = find("Attribute");
    const rows = () => [...document.querySelectorAll("main tbody tr")].filter((row) => {
        const heads = [...row.closest("table").tHead.rows[0].cells].map((one) => one.textContent);
        return !row.hidden && heads.includes("Attribute");
    }).map((row) => {
        const heads = [...row.closest("table").tHead.rows[0].cells].map((one) => one.textContent);
        return row.cells[heads.indexOf("Attribute")].textContent.trim();
    });
    const choose = (value) => {
        choice.value = value;
        choice.dispatchEvent(new Event("change", {bubbles: true}));
        return [rows(), document.querySelector(".filter output").textContent];
    };
    const before = rows();
    return [before, ...choose("perceived gender"), ...choose("")];
"""
OPENED = 'document.querySelectorAll("details").forEach((one) => { one.open = true; });'
BARRIERS = """
    const found = await axe.run({resultTypes: ["violations"]});
    return found.violations.map((one) => [one.id, one.nodes[0].html.slice(0, 200)]);
"""
LINKED = """
    const finding = document.querySelector("details.finding[id]");
    const before = finding.open;
    location.hash = finding.id;
    await new Promise((done) => setTimeout(done, 50));
    return [before, finding.open];
"""
OVER_NOTHING_IN_PRINT = """
    const [sheet] = document.styleSheets;
    const print = [...sheet.cssRules].find((rule) => rule.media?.mediaText === "print");
    [...print.cssRules].forEach((rule) => sheet.insertRule(rule.cssText, sheet.cssRules.length));
    const below = (head) => {
        const next = head.nextElementSibling;
        return next && next.tagName !== "H3" && (next.checkVisibility() || below(next));
    };
    const heads = [...document.querySelectorAll("main h3")].filter((one) => one.checkVisibility());
    return [heads.length, heads.filter((head) => !below(head)).map((head) => head.textContent)];
"""


@pytest.fixture(scope="module")
def pages(report: str) -> dict[str, str]:
    crossed = rendered(results(0.4, note="These faces are fabricated."))
    return {"report": report, "compare": side_by_side(), "cross_dataset": crossed}


@pytest.fixture(scope="module")
def report(small_inputs: ReportInputs) -> str:
    return render_report(small_inputs)


def outcome(report: str, script: str, folder: Path, *options: str) -> Any:
    """What a script returns that runs in the page."""
    told = f"""<script>addEventListener("load", async () => {{
        const result = await (async () => {{{script}}})();
        document.body.dataset.result = JSON.stringify(result);
    }});</script></body>"""
    path = folder / "report.html"
    path.write_text(report.replace("</body>", told))
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=60000",
        "--dump-dom",
        *options,
        path.as_uri(),
    ]
    dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    found = re.search(r'data-result="([^"]*)"', dom)
    assert found, "the script did not end"
    return json.loads(html.unescape(found[1]))


def numbers(cells: list[str]) -> list[float]:
    found = [re.search(r"[\d.]+", cell.replace(",", "")) for cell in cells]
    return [float(one[0]) for one in found if one]


def test_a_press_on_a_column_sorts_by_its_numbers_and_another_turns_it(
    report: str, tmp_path: Path
) -> None:
    first, up_state, up, down_state, down = outcome(report, SORTED_TABLE, tmp_path)
    assert (up_state, down_state) == ("ascending", "descending")
    assert numbers(up) == sorted(numbers(first))
    assert numbers(down) == sorted(numbers(first), reverse=True)
    assert sorted(up) == sorted(first)


def test_only_what_is_about_an_attribute_is_shown_and_all_again(
    report: str, tmp_path: Path
) -> None:
    before, chosen, told, again, silent = outcome(report, FILTERED, tmp_path)
    assert len(set(before)) > 1
    assert set(chosen) == {"perceived gender"}
    shown, of = map(int, re.findall(r"\d+", told))
    assert 0 < shown < of
    assert again == before
    assert not silent


def test_a_link_to_a_finding_opens_it(report: str, tmp_path: Path) -> None:
    assert outcome(report, LINKED, tmp_path) == [False, True]


@pytest.mark.parametrize("options", [(), (DARK,), (PHONE,)], ids=["light", "dark", "phone"])
@pytest.mark.parametrize("name", ["report", "compare", "cross_dataset"])
def test_axe_finds_no_barrier(
    pages: dict[str, str], name: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    axe = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    with_axe = pages[name].replace("</head>", f"<script>{axe}</script></head>")
    # Once with all that is folded.
    opened = "" if options else OPENED
    assert outcome(with_axe, f"{opened}{BARRIERS}", tmp_path, *options) == []


@pytest.mark.parametrize("name", ["report", "compare", "cross_dataset"])
def test_a_page_is_no_wider_than_a_phone(pages: dict[str, str], name: str, tmp_path: Path) -> None:
    width = "return [document.documentElement.scrollWidth, innerWidth];"
    page, screen = outcome(pages[name], width, tmp_path, PHONE)
    assert page <= screen


def test_no_heading_is_printed_over_nothing(report: str, tmp_path: Path) -> None:
    n_printed, over_nothing = outcome(report, OVER_NOTHING_IN_PRINT, tmp_path)
    assert n_printed > 5
    assert over_nothing == []
