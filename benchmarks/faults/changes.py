"""Roots in which raw data, parameters or seeds were changed, or outputs taken away."""

import shutil
from random import Random

from benchmarks.faults.mending import mended, reported
from benchmarks.faults.outcomes import Tried, worst
from benchmarks.faults.roots import BASE, CHANGES, Roots, put_raw_data


def try_one(roots: Roots, random: Random, number: int) -> list[Tried]:
    """Change something in a finished root, ask for a report alone or for a run, and compare."""
    settings = CHANGES[number % len(CHANGES)]
    root = roots.fresh(f"changes_{number}", roots.honest(BASE))
    if settings.raw:
        put_raw_data(roots.raw(settings), root)
    without_report = random.random() < 0.5
    if without_report:
        shutil.rmtree(root / "08_reporting")
    report_first = not without_report and random.random() < 0.5
    ends = [reported(roots, root, settings)] if report_first else []
    ends.append(mended(roots, root, settings))
    case = f"{settings.name}{', reports deleted' * without_report}{', report first' * report_first}"
    outcome, detail = worst(ends)
    return [Tried("changes", case, outcome, detail)]
