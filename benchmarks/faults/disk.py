"""Full disks: a small file system of its own where one may be mounted, else a limit on files."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.faults import commands
from benchmarks.faults.commands import Disturbance
from benchmarks.faults.mending import mended
from benchmarks.faults.outcomes import Outcome, Tried, ended, worst
from benchmarks.faults.roots import BASE, CHANGES, Roots, compared_files, copy, put_raw_data

_MORE: Final = 40 * 2**20
"""Bytes that a run may need beside what is there."""


def try_one(roots: Roots, random: Random, number: int) -> list[Tried]:
    """Run until the disk is full, look whether good files stayed, make room, mend and compare."""
    settings = random.choice(CHANGES)
    used = random.random() < 0.6
    source = roots.honest(BASE) if used else roots.raw(settings)
    root = roots.fresh(f"disk_{number}", source)
    if used and settings.raw:
        put_raw_data(roots.raw(settings), root)
    words = roots.arguments(root, settings)
    with _small_disk(root) as disk:
        if disk is None:
            limit = int(10 ** random.uniform(2.5, 6.5))
            done = commands.run(words, disturbed=Disturbance(largest_file=limit))
            how = f"files of at most {limit} bytes"
        else:
            room = int(10 ** random.uniform(3.5, 7.0))
            disk.leave(room)
            done = commands.run(words)
            disk.leave(_MORE)
            how = f"{room} bytes of room"
        outcome, said = ended(done)
        ends = [(outcome, said), _kept(root, source, roots.honest(settings))]
        ends.append(mended(roots, root, settings))
    outcome, detail = worst(ends)
    return [
        Tried("disk", f"{'used' if used else 'fresh'}, {settings.name}, {how}", outcome, detail)
    ]


def _kept(root: Path, before: Path, honest: Path) -> tuple[Outcome, str]:
    """Whether each file is as before or as new: compared by length, what is cut is found so."""
    for name in compared_files(before):
        now = (root / name).read_bytes() if (root / name).is_file() else b""
        length = (honest / name).stat().st_size if (honest / name).is_file() else -1
        text = Path(name).suffix in (".html", ".md", ".json")
        if now != (before / name).read_bytes() and not text and len(now) != length:
            return Outcome.WRONG, f"{name} was damaged: {len(now)} bytes"
    return Outcome.SURVIVED, ""


class _Disk:
    """A file system in memory."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def leave(self, room: int) -> None:
        """Resize it so that this many bytes are free."""
        found = os.statvfs(self.place)
        size = (found.f_blocks - found.f_bfree) * found.f_frsize + max(room, found.f_frsize)
        _mount(f"remount,size={size}", self.place)


@contextmanager
def _small_disk(root: Path) -> Iterator[_Disk | None]:
    """Put a root onto a file system of its own; None where this user may mount none."""
    aside = root.with_name(f"{root.name}.aside")
    root.rename(aside)
    root.mkdir()
    try:
        _mount("size=400m", root)
    except (OSError, subprocess.CalledProcessError):
        root.rmdir()
        aside.rename(root)
        yield None
        return
    try:
        for part in sorted(aside.iterdir()):
            copy(part, root / part.name)
        yield _Disk(root)
    finally:
        shutil.rmtree(aside)
        subprocess.run(["umount", "--lazy", str(root)], check=False)  # noqa: S603, S607


def _mount(options: str, place: Path) -> None:
    subprocess.run(  # noqa: S603
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)],  # noqa: S607
        check=True,
        capture_output=True,
    )
