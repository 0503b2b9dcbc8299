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


class Terminal(StringIO):
    """Where a bar is drawn, one drawing after a carriage return."""

    def isatty(self) -> bool:
        return True

    def drawings(self) -> list[str]:
        return self.getvalue().removesuffix("\r").split("\r")


def test_a_bar_on_a_terminal_is_gone_when_all_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = progress.track(range(3), description="embedding faces")
    bar.delay, bar.mininterval, bar.miniters, bar.last_print_t = 0, 0, 1, bar.start_t
    for _ in bar:
        pass
    *_, drawn, last = terminal.drawings()
    assert drawn.startswith("embedding faces: ")
    assert last.strip() == ""


def test_a_bar_leaves_room_at_80_columns_for_a_running_figure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    for items, description, total in (
        (iter(range(400)), "Training the face embedder", 400),
        (iter(range(400)), "Listing images", None),
    ):
        bar = progress.track(items, description=description, total=total)
        bar.delay, bar.ncols, bar.dynamic_ncols = 0, 80, False
        bar.set_postfix_str("epoch 1, loss 1.306", refresh=False)
        bar.update(100)
        bar.refresh()
        drawn = terminal.drawings()[-1]
        assert drawn.startswith(f"{description}: ")
        assert "epoch 1, loss 1.306" in drawn
        assert ("25% |" in drawn) == (total is not None)


def test_no_line_of_a_log_is_there_only_because_time_went_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """tqdm has a thread that draws a bar once more when it has not changed for `maxinterval`."""
    monkeypatch.setattr(sys, "stderr", StringIO())
    bar = progress.track(range(3), description="embedding faces")
    assert bar.maxinterval > 2 * bar.mininterval
