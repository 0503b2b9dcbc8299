"""What becomes of processes when the one that started them ends."""

import os
import signal
import subprocess
import sys
import time

WAITING = """
import subprocess
from fer_fairness.processes import exit_when_terminated
exit_when_terminated()
subprocess.run(["sh", "-c", "sleep 2; echo $$; exec sleep 60"])
"""
"""What it starts tells its number late: `subprocess.run` ends only what it already waits for."""


def test_a_process_that_is_terminated_takes_the_one_that_it_waits_for_with_it() -> None:
    waiting = subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True)
    with waiting:
        assert waiting.stdout is not None
        started = int(waiting.stdout.readline())
        waiting.send_signal(signal.SIGTERM)
        assert waiting.wait(timeout=30) == 128 + signal.SIGTERM
    for _ in range(100):
        if not is_running(started):
            return
        time.sleep(0.1)
    os.kill(started, signal.SIGKILL)
    raise AssertionError("it goes on alone")


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
