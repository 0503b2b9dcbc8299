"""Runs the project's command line in a process of its own, disturbed or not.

As a module it is that process: `python -m benchmarks.faults.commands DISTURBANCE -- run ARGUMENTS`.
"""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
HANGS_AFTER_SECONDS: Final = 400


@dataclass(frozen=True)
class Disturbance:
    """What befalls a command.

    Attributes:
        kill_at_file: SIGKILL when the file of this number is put in its place, counted from 1.
        kill_after: Whether the kill comes right after that instead of right before.
        kill_at_second: SIGKILL this long after the pipeline began.
        largest_file: No file may grow beyond this many bytes; others end as on a full disk.
    """

    kill_at_file: int | None = None
    kill_after: bool = False
    kill_at_second: float | None = None
    largest_file: int | None = None

    def words(self) -> list[str]:
        """As arguments of this module."""
        return [f"{name}={value}" for name, value in vars(self).items() if value not in (None, 0)]


def run(
    arguments: Sequence[str], *, disturbed: Disturbance | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `kedro ARGUMENTS`, whatever comes of it; a hang ends as killed by SIGALRM."""
    process = start(arguments, disturbed=disturbed)
    return finished(process)


def start(
    arguments: Sequence[str], *, disturbed: Disturbance | None = None
) -> "subprocess.Popen[str]":
    """Begin to run `kedro ARGUMENTS`."""
    if disturbed is None:
        words = [sys.executable, "-m", "kedro", *arguments]
    else:
        words = [sys.executable, "-m", __name__, *disturbed.words(), "--", *arguments]
    return subprocess.Popen(  # noqa: S603  the bench's own words
        words,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "400", "CUDA_VISIBLE_DEVICES": "-1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def finished(process: "subprocess.Popen[str]") -> subprocess.CompletedProcess[str]:
    """Wait for a command that was started."""
    try:
        out, err = process.communicate(timeout=HANGS_AFTER_SECONDS)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        code = -signal.SIGALRM
    return subprocess.CompletedProcess(process.args, code, out, err)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _count_replaced(number: int, *, after: bool) -> None:
    """Kill at the file of that number: every file that is saved at once passes through a rename."""
    seen = 0

    def counting(rename: Callable[..., None]) -> Callable[..., None]:
        def renamed(*arguments: Any, **options: Any) -> None:  # noqa: ANN401
            nonlocal seen
            seen += 1
            if seen == number and not after:
                _kill()
            rename(*arguments, **options)
            if seen == number:
                _kill()

        return renamed

    os.replace = counting(os.replace)
    os.rename = counting(os.rename)


class _KillLater:
    """A Kedro hook that starts a clock with the pipeline."""

    def __init__(self, seconds: float) -> None:
        from kedro.framework.hooks import hook_impl

        def before_pipeline_run() -> None:
            timer = threading.Timer(seconds, _kill)
            timer.daemon = True
            timer.start()

        self.before_pipeline_run = hook_impl(before_pipeline_run)


def _disturb(words: Sequence[str]) -> None:
    given = dict(word.split("=", 1) for word in words)
    if "kill_at_file" in given:
        _count_replaced(int(given["kill_at_file"]), after="kill_after" in given)
    if "largest_file" in given:
        limit = int(given["largest_file"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # Python ignores SIGXFSZ
    if "kill_at_second" in given:
        from kedro.framework.session import session

        clock = _KillLater(float(given["kill_at_second"]))
        register: Callable[..., None] = vars(session)["_register_hooks"]

        def with_clock(manager: object, hooks: Sequence[object]) -> None:
            register(manager, (*hooks, clock))

        vars(session)["_register_hooks"] = with_clock


def main() -> None:
    """Disturb this process, then be `kedro`."""
    split = sys.argv.index("--")
    _disturb(sys.argv[1:split])
    sys.argv = ["kedro", *sys.argv[split + 1 :]]
    from kedro.framework.cli import main as kedro

    kedro()


if __name__ == "__main__":
    main()
