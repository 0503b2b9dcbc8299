"""Two runs at once in one data root."""

import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.faults import audits, commands
from benchmarks.faults.outcomes import Outcome, Tried, ended, worst
from benchmarks.faults.roots import BASE, CHANGES, Roots, Settings, differences

_FULL: Final = "full run"
_KINDS: Final = (
    ("audit of a", "audit of b"),
    ("audit of a", "audit of a"),
    ("audit of a", _FULL),
    (_FULL, _FULL),
    (_FULL, "full run with other parameters"),
)
_OTHER: Final = next(settings for settings in CHANGES if settings.name == "longer_training")
_ROWS: Final = {"a": 400, "b": 30_000}


@dataclass(frozen=True)
class _Command:
    name: str
    words: list[str]
    predictions: Path | None
    settings: Settings


def try_one(roots: Roots, random: Random, number: int) -> list[Tried]:
    """Begin two commands some seconds apart and look at what both left."""
    names = _KINDS[number % len(_KINDS)]
    root = roots.fresh(f"pairs_{number}", roots.raw(BASE))
    pair = [_command(roots, root, name) for name in names]
    longest = 12.0 if _FULL in names else 3.0
    apart = round(random.uniform(0.0, longest), 2) if random.random() < 0.6 else 0.0
    first = commands.start(pair[0].words)
    time.sleep(apart)
    second = commands.start(pair[1].words)
    ends = [ended(commands.finished(process)) for process in (first, second)]
    judged = [_judged(one, end, roots, root) for one, end in zip(pair, ends, strict=True)]
    if not any(outcome is Outcome.SURVIVED for outcome, _ in ends):
        judged.append((Outcome.CRASHED, f"neither ended well: {ends}"))
    outcome, detail = worst([*judged, _pages(roots, root)])
    return [Tried("pairs", f"{names[0]}, {apart} s later {names[1]}", outcome, detail)]


def _command(roots: Roots, root: Path, name: str) -> _Command:
    if not name.startswith("audit"):
        settings = _OTHER if "other" in name else BASE
        return _Command(name, roots.arguments(root, settings), None, settings)
    path = _predictions(roots, name[-1])
    return _Command(name, audits.arguments(roots, root, path), path, BASE)


def _predictions(roots: Roots, name: str) -> Path:
    path = roots.folder / "predictions" / f"{name}.parquet"
    if not path.exists():
        groups = {"gender": ("female", "male"), "race": ("asian", "black", "white")}
        always_alike = Random(name)
        audits.draw(path, always_alike, n=_ROWS[name], groups=groups)
    return path


def _judged(
    one: _Command, end: tuple[Outcome, str], roots: Roots, root: Path
) -> tuple[Outcome, str]:
    """Of a command that says it ended well: whether its results are there and true."""
    import pandas as pd

    if end[0] is not Outcome.SURVIVED:
        return end
    if one.predictions is None:
        different = differences(root, roots.honest(one.settings))
        said = f"{one.name}: {len(different)} files differ: {', '.join(different[:4])}"
        return (Outcome.WRONG, said) if different else end
    frame = pd.read_parquet(one.predictions)
    for _, name, told in audits.results_in(root):
        if name == one.predictions.name and not audits.untrue(told, frame):
            return end
    return Outcome.WRONG, f"{one.name} ended well, but no true results of it are there"


def _pages(roots: Roots, root: Path) -> tuple[Outcome, str]:
    """Whether every audit that lies there is true of the file that it names."""
    import pandas as pd

    for path, name, told in audits.results_in(root):
        if name is None:
            return Outcome.WRONG, f"{path.relative_to(root)} names no file"
        frame = pd.read_parquet(roots.folder / "predictions" / name)
        if said := audits.untrue(told, frame):
            return Outcome.WRONG, f"{path.relative_to(root)} names {name}, but {said}"
    return Outcome.SURVIVED, ""
