"""What every fault in a data root is followed by: a run that should mend it, and one of a part."""

from pathlib import Path

from benchmarks.faults import commands
from benchmarks.faults.outcomes import Outcome, ended
from benchmarks.faults.roots import Roots, Settings, differences, leftovers

_SHOWN = 5


def mended(roots: Roots, root: Path, settings: Settings) -> tuple[Outcome, str]:
    """`--only-missing-outputs` must leave what an honest run leaves, or refuse."""
    done = commands.run(roots.arguments(root, settings, "--only-missing-outputs"))
    outcome, said = ended(done)
    if outcome is not Outcome.SURVIVED:
        return outcome, f"mending: {said}"
    honest = roots.honest(settings)
    different = differences(root, honest)
    if different:
        return Outcome.WRONG, f"after mending {_named(different)}"
    left = leftovers(root, honest)
    return Outcome.SURVIVED, f"left lying: {_named(left)}" if left else ""


def reported(roots: Roots, root: Path, settings: Settings) -> tuple[Outcome, str]:
    """A report of what is there must be an honest run's report, or be refused."""
    done = commands.run(roots.arguments(root, settings, "--pipelines=fairness_reporting"))
    outcome, said = ended(done)
    if outcome is not Outcome.SURVIVED:
        return outcome, f"report alone: {said}"
    different = [
        name
        for name in differences(root, roots.honest(settings))
        if name.startswith("08_reporting/") and Path(name).name in _OF_THE_REPORT
    ]
    if different:
        return Outcome.WRONG, f"report alone: {_named(different)}"
    return Outcome.SURVIVED, ""


_OF_THE_REPORT = ("results.json", "report.html", "model_card.md", "model_card.html")


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} files: {', '.join(names[:_SHOWN])}{more}"
