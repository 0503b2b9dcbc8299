"""How much memory there is, so that a small file that unpacks to a large one is refused in time."""

import os
import resource
from pathlib import Path
from typing import Final

_CGROUPS: Final = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def available_bytes() -> int | None:
    """Memory that this process may still take: of the machine, its container and its own limit.

    Returns:
        The smallest of the three as far as they are known; None where nothing is.
    """
    found = [_of_machine(), *(_of_container(*files) for files in _CGROUPS), _of_process()]
    return min((number for number in found if number is not None), default=None)


def _of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if "MemAvailable" in line)
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _of_container(limit_file: str, usage_file: str) -> int | None:
    try:
        limit, usage = (int(Path(name).read_text("ascii")) for name in (limit_file, usage_file))
    except (OSError, ValueError):
        return None  # no such container, or "max": it has no limit
    # Files that were read lie in the container's memory until somebody needs it.
    statistics = Path(limit_file).with_name("memory.stat")
    try:
        words = statistics.read_text(encoding="ascii").split()
        usage -= int(words[words.index("inactive_file") + 1])
    except (OSError, ValueError):
        pass
    return max(0, limit - usage)


def _of_process() -> int | None:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return limit
    return max(0, limit - pages * resource.getpagesize())
