"""One run at a time writes to a data root; audits in folders of their own go side by side."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fer_fairness.errors import FerFairnessError
from fer_fairness.provenance import DataRootLock
from fer_fairness.provenance.lock import DataRootBusyError


def taken(root: Path, folder: str | None = None) -> DataRootLock:
    lock = DataRootLock()
    lock.acquire(root, None if folder is None else root / folder, "kedro run --here")
    return lock


def test_a_second_run_is_told_who_is_writing_there(tmp_path: Path) -> None:
    first = taken(tmp_path)
    with pytest.raises(DataRootBusyError, match=rf"`kedro run --here`, process {os.getpid()}, "):
        taken(tmp_path)
    first.release()
    taken(tmp_path).release()


def test_other_data_roots_are_free(tmp_path: Path) -> None:
    for lock in [taken(tmp_path / name) for name in "ab"]:
        lock.release()


def test_audits_in_folders_of_their_own_go_side_by_side(tmp_path: Path) -> None:
    locks = [taken(tmp_path, "a"), taken(tmp_path, "b")]
    with pytest.raises(DataRootBusyError, match=rf"{tmp_path}/b: "):
        taken(tmp_path, "b")
    with pytest.raises(DataRootBusyError, match="Another run is writing to"):
        taken(tmp_path)
    for lock in locks:
        lock.release()
    whole = taken(tmp_path)
    with pytest.raises(DataRootBusyError, match="Another run"):
        taken(tmp_path, "a")
    whole.release()


def test_whoever_holds_it_may_take_it_again(tmp_path: Path) -> None:
    lock = taken(tmp_path)
    lock.acquire(tmp_path, None, "the next run of a notebook whose last one was interrupted")
    lock.release()


def test_a_killed_run_leaves_it_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path;"
        "from fer_fairness.provenance import DataRootLock;"
        "DataRootLock().acquire(root := Path(sys.argv[1]), None, 'x') or 0;"
        "lock = DataRootLock(); lock.acquire(root, None, 'x'); print('held', flush=True);"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DataRootBusyError):
            taken(tmp_path)
        holder.send_signal(signal.SIGKILL)
    taken(tmp_path).release()


def test_a_place_that_cannot_be_written_to_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FerFairnessError, match=r"cannot be written to .*data_root=FOLDER"):
        taken(tmp_path / "file")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
@pytest.mark.parametrize("generations", [1, 2])
def test_workers_of_a_killed_run_end_with_it(generations: int, tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path;"
        "from fer_fairness.provenance import DataRootLock;"
        "lock = DataRootLock(); lock.acquire(Path(sys.argv[1]), None, 'x');"
        "forked = [os.fork() for _ in range(int(sys.argv[2]))];"
        "time.sleep(1); os.write(1, b'alive\\n'); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), str(generations)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        for _ in range(2**generations):
            assert holder.stdout.readline() == b"alive\n"
        holder.send_signal(signal.SIGKILL)
        holder.communicate(timeout=20)  # its output ends when all of them do
    taken(tmp_path).release()
