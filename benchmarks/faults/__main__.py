"""Tries faults for a given time: see the package."""

import argparse
import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.faults.outcomes import Outcome, Record, Tried, table
from benchmarks.faults.roots import Roots

KINDS: Final = ("kills", "changes", "files", "disk", "pairs", "names", "readers", "models")
_NEEDS: Final = {"models": "fuzz_models"}
_QUICK: Final = {"readers": 10, "kills": 3, "files": 3, "changes": 2}
"""Cases of the quick part, by kind; one of the others."""

TryOne = Callable[[Roots, Random, int], list[Tried]]


class Bench:
    """Hands out cases, of each kind in turn by the time that it took, and records their ends."""

    def __init__(self, folder: Path, kinds: list[str], seed: int, *, quick: bool) -> None:
        self.roots = Roots(folder, quick=quick)
        self.record = Record(folder / "tried.jsonl")
        self._seed = seed
        self._kinds = {kind: _try_one(kind) for kind in kinds}
        # A kind goes on behind its last case; a case that was cut short is not tried again.
        self._next = dict.fromkeys(kinds, 0)
        for number in (folder / "numbers").glob("*"):
            kind, _, count = number.name.partition(" ")
            if kind in self._next:
                self._next[kind] = max(self._next[kind], int(count) + 1)
        self._spent = dict.fromkeys(kinds, 0.0)
        self._lock = threading.Lock()
        (folder / "numbers").mkdir(parents=True, exist_ok=True)

    def work_until(self, moment: float, cases: int | None) -> None:
        """Try one case after another until a moment has passed, or as many of each kind."""
        while time.monotonic() < moment:
            with self._lock:
                kinds = [k for k in self._kinds if self._next[k] < self._most(k, cases)]
                if not kinds:
                    return
                kind = min(kinds, key=lambda name: self._spent[name])
                number = self._next[kind]
                self._next[kind] += 1
                self._spent[kind] += 1.0  # so that the other worker takes another kind
                (self.roots.folder / "numbers" / f"{kind} {number}").touch()
            self._try(kind, number)

    def _most(self, kind: str, cases: int | None) -> float:
        if cases is not None:
            return cases
        return _QUICK.get(kind, 1) if self.roots.quick else float("inf")

    def _try(self, kind: str, number: int) -> None:
        started = time.monotonic()
        random = Random(f"{self._seed} {kind} {number}")
        tried = self._kinds[kind](self.roots, random, number)
        case = self.roots.folder / "cases" / f"{kind}_{number}"
        good = all(one.outcome in (Outcome.SURVIVED, Outcome.REFUSED) for one in tried)
        if good or os.environ.get("FAULTS_KEEP") is None:
            shutil.rmtree(case, ignore_errors=True)
        with self._lock:
            for one in tried:
                self.record.add(one)
                print(f"{one.kind} {number}: {one.outcome.value}: {one.case[:200]}", flush=True)
                if one.detail and one.outcome is not Outcome.REFUSED:
                    print(f"    {one.detail[:500]}", flush=True)
            self._spent[kind] += time.monotonic() - started - 1.0


def _try_one(kind: str) -> TryOne:
    found: TryOne = import_module(f"{__package__}.{kind}").try_one
    return found


def main() -> None:
    """Read the command line, try, print the table; the exit code tells of anything wrong."""
    there = [kind for kind in KINDS if find_spec(f"{__package__}.{_NEEDS.get(kind, kind)}")]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description="Tries faults and says how each ended."
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the bench works")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--cases", type=int, help="of each kind, in place of all the time allows")
    parser.add_argument("--quick", action="store_true", help="a few cases of each kind")
    parser.add_argument("--kinds", default=",".join(there), help="by comma, of: %(default)s")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    kinds = arguments.kinds.split(",")
    if unknown := sorted(set(kinds) - set(there)):
        parser.error(f"no kinds {', '.join(unknown)}; there are {', '.join(there)}")
    bench = Bench(arguments.folder.absolute(), kinds, arguments.seed, quick=arguments.quick)
    moment = time.monotonic() + 60 * arguments.minutes
    with ThreadPoolExecutor(arguments.workers) as pool:
        workers = [
            pool.submit(bench.work_until, moment, arguments.cases) for _ in range(arguments.workers)
        ]
        for worker in workers:
            worker.result()
    tried = bench.record.read()
    text = table(tried)
    (bench.roots.folder / "table.md").write_text(text, encoding="utf-8")
    print(text)
    bad = any(one.outcome in (Outcome.WRONG, Outcome.CRASHED) for one in tried)
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
