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
    assert len(set(lines)) == len(lines)
    assert log.getvalue().isascii()
    assert "\r" not in log.getvalue()


def test_a_bar_on_a_terminal_is_gone_when_all_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = progress.track(range(3), description="embedding faces")
    bar.delay, bar.mininterval, bar.miniters, bar.last_print_t = 0, 0, 1, bar.start_t
    for _ in bar:
        pass
    *_, drawn, last = terminal.getvalue().removesuffix("\r").split("\r")
    assert drawn.startswith("embedding faces")
    assert last.strip() == ""


def test_no_line_of_a_log_is_there_only_because_time_went_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """tqdm has a thread that draws a bar once more when it has not changed for `maxinterval`."""
    monkeypatch.setattr(sys, "stderr", StringIO())
    bar = progress.track(range(3), description="embedding faces")
    assert bar.maxinterval > 2 * bar.mininterval
