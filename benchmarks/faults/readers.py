"""Every reader given spoilt files, in a process with limits of memory and time."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.faults import commands
from benchmarks.faults.outcomes import Outcome, Tried
from benchmarks.faults.roots import Roots

_SECONDS: Final = 60.0
_QUICK_SECONDS: Final = 2.0
_NAMES: Final = (
    *("predictions CSV", "predictions Parquet", "predictions CSV", "predictions TSV", "FER+"),
    *("held-out labels", "predictions Parquet", "FairFace", "RAF-DB", "image folder"),
)


def try_one(roots: Roots, random: Random, number: int) -> list[Tried]:
    """Fuzz one reader for some seconds; like faults at one place are one line."""
    name = _NAMES[number % len(_NAMES)]
    result = roots.folder / "fuzzing" / f"{number}.jsonl"
    result.parent.mkdir(parents=True, exist_ok=True)
    seconds = _QUICK_SECONDS if roots.quick else _SECONDS
    seed, log = random.getrandbits(32), result.with_suffix(".log")
    worker = "benchmarks.faults.fuzzing"
    words = [sys.executable, "-m", worker, name, str(seed), "0", str(seconds), str(result)]
    with log.open("wb") as printed:
        process = subprocess.Popen(  # noqa: S603  the bench's own words
            words, cwd=commands.ROOT, stdout=printed, stderr=printed
        )
        try:
            code: int | str = process.wait(timeout=seconds + 120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = "none: it hangs"
    return _told(name, seed, result, code, log.read_text(errors="replace")[-300:])


def _told(name: str, seed: int, result: Path, code: int | str, printed: str) -> list[Tried]:
    found = [json.loads(line) for line in result.read_text().splitlines() if line.endswith("]")]
    tried: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for number, outcome, detail in found:
        if isinstance(outcome, str):
            # Values differ from case to case; the place and the first words tell faults apart.
            tried.setdefault((outcome, detail[:60]), []).append((number, detail))
    told = [
        Tried("readers", _case(name, seed, cases), Outcome(outcome), cases[0][1], len(cases))
        for (outcome, _), cases in tried.items()
    ]
    counts = found[-1][1] if found and isinstance(found[-1][1], dict) else {}
    told += [
        Tried("readers", f"{name}, seed {seed}", outcome, "", counts[outcome])
        for outcome in (Outcome.SURVIVED, Outcome.REFUSED)
        if counts.get(outcome)
    ]
    if code != 0:
        number = Path(f"{result}.number").read_text().strip()
        said = f"exit code {code}: {printed}"
        told.append(Tried("readers", f"{name}, seed {seed}, case {number}", Outcome.CRASHED, said))
    return told


def _case(name: str, seed: int, cases: list[tuple[int, str]]) -> str:
    return f"{name}, seed {seed}, case {cases[0][0]} and {len(cases) - 1} more"
