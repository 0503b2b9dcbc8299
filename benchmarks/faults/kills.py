"""Runs that are killed between two saves or at any moment, in fresh and in used roots."""

from random import Random
from typing import Final

from benchmarks.faults import commands
from benchmarks.faults.commands import Disturbance
from benchmarks.faults.mending import mended
from benchmarks.faults.outcomes import Tried
from benchmarks.faults.roots import BASE, CHANGES, Roots, put_raw_data

_SAVES_OF_A_RUN: Final = 190
_SECONDS_OF_A_RUN: Final = 20.0
_COMMANDS: Final = (
    ("",),
    ("",),
    ("--only-missing-outputs",),
    ("--only-missing-outputs",),
    ("--pipelines=data_processing",),
    ("--pipelines=baseline",),
    ("--pipelines=mitigation",),
)


def try_one(roots: Roots, random: Random, number: int) -> list[Tried]:
    """Kill a run once or twice, then mend and compare."""
    settings = random.choice((BASE, *CHANGES))
    used = random.random() < 0.75
    root = roots.fresh(f"kills_{number}", roots.honest(BASE) if used else roots.raw(settings))
    if used and settings.raw:
        put_raw_data(roots.raw(settings), root)
    told = []
    for _ in range(random.choice((1, 1, 1, 2))):
        words = [word for word in random.choice(_COMMANDS) if word] if used else []
        disturbed = _drawn(random, words)
        done = commands.run(roots.arguments(root, settings, *words), disturbed=disturbed)
        moment = " ".join(disturbed.words())
        told.append(f"{' '.join(words) or 'full run'} [{moment}] exit code {done.returncode}")
    outcome, detail = mended(roots, root, settings)
    case = f"{'used' if used else 'fresh'} root, {settings.name}: {', then '.join(told)}"
    return [Tried("kills", case, outcome, detail)]


def _drawn(random: Random, words: list[str]) -> Disturbance:
    if random.random() < 0.25:
        return Disturbance(kill_at_second=round(random.uniform(0.0, _SECONDS_OF_A_RUN), 2))
    short = any(word.startswith("--pipelines") for word in words)
    file = random.randint(1, 25 if short else _SAVES_OF_A_RUN)
    return Disturbance(kill_at_file=file, kill_after=random.random() < 0.5)
