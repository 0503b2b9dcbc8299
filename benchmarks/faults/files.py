"""Files of a finished root that are damaged, emptied, deleted or exchanged, one at a time."""

import shutil
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.faults.mending import mended, reported
from benchmarks.faults.outcomes import Tried, worst
from benchmarks.faults.roots import BASE, CHANGES, Roots

_SEED: Final = next(settings for settings in CHANGES if settings.name == "seed")


def try_one(roots: Roots, random: Random, number: int) -> list[Tried]:
    """Befall one file, ask for a report alone in every other case, then mend and compare."""
    root = roots.fresh(f"files_{number}", roots.honest(BASE))
    path = random.choice(_persisted(root))
    fault = random.choice(("cut", "flipped", "emptied", "deleted", "other seed", "other place"))
    told = _befall(path, fault, random, root, roots)
    report_first = number % 2 == 0
    ends = [reported(roots, root, BASE)] if report_first else []
    ends.append(mended(roots, root, BASE))
    outcome, detail = worst(ends)
    case = f"{path.relative_to(root)} {told}{', report first' * report_first}"
    return [Tried("files", case, outcome, detail)]


def _persisted(root: Path) -> list[Path]:
    """Every file but the raw data; of the cache of embeddings one, which has as many as faces."""
    cache = sorted((root / "04_feature/embedding_cache").rglob("*"))
    others = [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {"01_raw", "embedding_cache"} & set(path.parts)
    ]
    return [*others, *[path for path in cache if path.is_file()][:1]]


def _befall(path: Path, fault: str, random: Random, root: Path, roots: Roots) -> str:
    """Do it, and say what was done."""
    content = bytearray(path.read_bytes())
    if fault == "deleted":
        path.unlink()
        return "deleted"
    if fault in ("other seed", "other place"):
        other = _other(path, fault, random, root, roots)
        if other is not None:
            shutil.copy(other, path)
            return f"exchanged with {other.relative_to(roots.folder)}"
        fault = "flipped"
    if fault == "emptied" or not content:
        path.write_bytes(b"")
        return "emptied"
    place = random.randrange(len(content))
    if fault == "cut":
        path.write_bytes(content[:place])
        return f"cut at {place} of {len(content)}"
    content[place] ^= 1 << random.randrange(8)
    path.write_bytes(content)
    return f"flipped in byte {place} of {len(content)}"


def _other(path: Path, fault: str, random: Random, root: Path, roots: Roots) -> Path | None:
    """The same file of a run with another seed, or one of the same kind of this run."""
    if fault == "other seed":
        other = roots.honest(_SEED) / path.relative_to(root)
        return other if other.is_file() and other.read_bytes() != path.read_bytes() else None
    alike = [
        found
        for found in sorted(root.rglob(path.name))
        if found != path and found.read_bytes() != path.read_bytes()
    ]
    return random.choice(alike) if alike else None
