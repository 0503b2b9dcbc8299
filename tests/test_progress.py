"""Bars are plain lines where there is no terminal."""

import sys
from io import StringIO

import pytest

from fer_fairness import progress


def test_a_bar_in_a_file_is_whole_lines_without_carriage_returns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    bar = progress.track(range(3), description="embedding faces")
    bar.delay, bar.mininterval, bar.miniters, bar.last_print_t = 0, 0, 1, bar.start_t
    for _ in bar:
        pass
    log.write("the next line\n")
    lines = log.getvalue().splitlines()
    assert len(lines) > 1
    assert lines[-1] == "the next line"
    assert all(line.startswith("embedding faces:") and len(line) <= 80 for line in lines[:-1])
    assert "3 of 3, 00:00 left" in lines[-2]
    assert log.getvalue().isascii()
    assert "\r" not in log.getvalue()
