"""What the model card is in a real browser; skipped where the machine has no Chromium."""

import re
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from tests.reporting.test_page_in_a_browser import BARRIERS, CHROMIUM, DARK, PHONE, outcome

from fer_fairness.reporting.card.model_card import model_card
from fer_fairness.reporting.inputs import ReportInputs

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.mark.parametrize("variant", ["baseline", "emotion_augmentation"])
def test_a_card_prints_on_two_pages(inputs: ReportInputs, variant: str, tmp_path: Path) -> None:
    page, printed = tmp_path / "card.html", tmp_path / "card.pdf"
    page.write_text(model_card(inputs, variant).html())
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--print-to-pdf={printed}",
        page.as_uri(),
    ]
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 2


@pytest.mark.parametrize("options", [(), (DARK,), (PHONE,)], ids=["light", "dark", "phone"])
def test_axe_finds_no_barrier_in_a_card(
    small_inputs: ReportInputs, tmp_path: Path, options: tuple[str, ...]
) -> None:
    axe = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    card = model_card(small_inputs, "baseline").html()
    with_axe = card.replace("</head>", f"<script>{axe}</script></head>")
    assert outcome(with_axe, BARRIERS, tmp_path, *options) == []


def test_a_card_is_no_wider_than_a_phone(small_inputs: ReportInputs, tmp_path: Path) -> None:
    width = "return [document.documentElement.scrollWidth, innerWidth];"
    page, screen = outcome(model_card(small_inputs, "baseline").html(), width, tmp_path, PHONE)
    assert page <= screen
