"""Peak memory of a command with all its child processes, and of audits of many rows.

    python -m benchmarks.memory audit --rows 10000000 --folder FOLDER
    python -m benchmarks.memory command -- kedro run --pipelines data_processing

`audit` draws a Parquet file of predictions once and keeps it; `fer_fairness.audit` audits
it, or with `--by kedro` the pipeline. `--draws 100` needs as much memory: draws are made in turns.
Linux only: memory is read from /proc every 20 ms, as resident pages summed over all processes.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CLASSES: Final = ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness")
_AUDIT: Final = """
import sys
import pandas as pd
from fer_fairness import audit

frame = pd.read_parquet(sys.argv[1])
scores = [name for name in frame.columns if name.startswith("probability_")]
groups = ["gender", "race", "gender x race"]
print(audit(frame, y_true="y_true", y_pred="y_pred", attributes=groups,
    sample_id="sample_id", probabilities=scores or None,
    n_bootstrap=int(sys.argv[2]), n_permutations=int(sys.argv[2])).table.iloc[:5, :6])
"""


@dataclass(frozen=True)
class Peak:
    """What a command needed."""

    mib: float
    """Most memory of all its processes together at one moment."""
    largest_process_mib: float
    """Most memory of any one process, as the kernel kept it."""
    seconds: float
    exit_code: int


def measured(command: Sequence[str], *, every: float = 0.02) -> Peak:
    """Run a command to its end and look at its memory while it runs."""
    started = time.perf_counter()
    child = subprocess.Popen(command)  # noqa: S603  the user's own command
    most, largest = 0.0, 0.0
    while child.poll() is None:
        found = [_resident_kib(pid) for pid in _family(child.pid)]
        most = max(most, sum(now for now, _ in found))
        largest = max([largest, *(high for _, high in found)])
        time.sleep(every)
    seconds = time.perf_counter() - started
    return Peak(max(most, largest) / 1024, largest / 1024, seconds, child.returncode)


def _family(pid: int) -> list[int]:
    """The process and its descendants."""
    members = [pid]
    for member in members:
        try:
            for task in Path(f"/proc/{member}/task").iterdir():
                members += [int(one) for one in (task / "children").read_text().split()]
        except OSError:  # it has ended meanwhile
            continue
    return members


def _resident_kib(pid: int) -> tuple[float, float]:
    """Resident memory now and at most."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    fields = dict(line.split(":", 1) for line in lines if line.startswith(("VmRSS", "VmHWM")))
    now, high = (float(fields.get(name, "0 kB").split()[0]) for name in ("VmRSS", "VmHWM"))
    return now, high


def draw_predictions(path: Path, n_rows: int, *, probabilities: bool, chunk: int = 500_000) -> None:
    """Write predictions of `n_rows` people with two attributes, with or without probabilities."""
    rng = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    writer = None
    for start in range(0, n_rows, chunk):
        table = _people(rng, start, min(chunk, n_rows - start), probabilities=probabilities)
        writer = writer or pq.ParquetWriter(unfinished, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
    unfinished.rename(path)


def _people(rng: np.random.Generator, start: int, n: int, *, probabilities: bool) -> pa.Table:
    true = rng.integers(len(CLASSES), size=n)
    race = rng.integers(4, size=n)
    scores = rng.dirichlet(np.ones(len(CLASSES)), n)
    recognised = rng.random(n) < np.where(race == 0, 0.55, 0.7)
    scores[recognised, true[recognised]] += 2
    scores /= scores.sum(axis=1, keepdims=True)
    classes = np.array(CLASSES)
    columns = {
        "sample_id": [f"face_{row:09d}" for row in range(start, start + n)],
        "y_true": classes[true],
        "y_pred": classes[scores.argmax(axis=1)],
        "gender": np.array(["female", "male"])[rng.integers(2, size=n)],
        "race": np.array(["asian", "black", "latino", "white"])[race],
    }
    if probabilities:
        columns |= {f"probability_{name}": scores[:, i] for i, name in enumerate(CLASSES)}
    return pa.table(columns)


def audit_command(path: Path, folder: Path, by: str, draws: int) -> list[str]:
    """The command that audits a prediction file."""
    if by == "kedro":
        inference = f"audit.inference.n_bootstrap={draws},audit.inference.n_permutations={draws}"
        parameters = f"data_root={folder},audit.predictions={path},{inference}"
        return [sys.executable, "-m", "kedro", "run", "--pipelines=audit", f"--params={parameters}"]
    return [sys.executable, "-c", _AUDIT, str(path), str(draws)]


def main() -> None:
    """Read the command line, measure, print one line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    audit = kinds.add_parser("audit", help="an audit of drawn predictions")
    audit.add_argument("--rows", type=int, default=1_000_000)
    audit.add_argument("--folder", type=Path, required=True, help="where the file is kept")
    audit.add_argument("--no-probabilities", action="store_true")
    audit.add_argument("--draws", type=int, default=10_000)
    audit.add_argument("--by", choices=("python", "kedro"), default="python")
    command = kinds.add_parser("command", help="any command")
    command.add_argument("words", nargs="+")
    arguments = parser.parse_args()
    if arguments.kind == "command":
        words = arguments.words
    else:
        kind = "labels" if arguments.no_probabilities else "predictions"
        path = arguments.folder.absolute() / f"{kind}_{arguments.rows}.parquet"
        if not path.exists():
            draw_predictions(path, arguments.rows, probabilities=not arguments.no_probabilities)
        words = audit_command(
            path, path.parent / f"data_{path.stem}", arguments.by, arguments.draws
        )
    peak = measured(words)
    print(
        f"peak {peak.mib:,.0f} MiB (largest process {peak.largest_process_mib:,.0f} MiB), "
        f"{peak.seconds:.0f} s, exit code {peak.exit_code}: {' '.join(words)}"
    )
    sys.exit(peak.exit_code)


if __name__ == "__main__":
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main()
