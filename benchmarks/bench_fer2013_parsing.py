"""Time our parsing of fer2013.csv against a Python loop over its rows.

    python benchmarks/bench_fer2013_parsing.py [--rows 6000]

generates a file in the published form in a temporary folder, reads it both ways, checks that the
results are equal, and prints seconds. The whole published file has 35,887 rows.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fer_fairness.sources.ferplus_pixels import read_pixel_file

REPEATS = 3


def write_file(path: Path, n_rows: int) -> None:
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write("emotion,pixels,Usage\n")
        for _ in range(n_rows):
            pixels = " ".join(map(str, rng.integers(0, 256, 2304).tolist()))
            file.write(f"{rng.integers(7)},{pixels},Training\n")


def read_with_loop(path: Path) -> npt.NDArray[np.uint8]:
    rows = []
    with path.open() as file:
        next(file)
        for line in file:
            _, pixels, _ = line.split(",")
            rows.append(np.array(pixels.split(), dtype=np.uint8))
    return np.stack(rows)


def best_time(
    read: Callable[[], npt.NDArray[np.uint8]],
) -> tuple[float, npt.NDArray[np.uint8]]:
    """Processor seconds, which others on the machine disturb least; both ways use one thread."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        pixels = read()
        seconds.append(time.process_time() - start)
    return min(seconds), pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=6000)
    n_rows: int = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fer2013.csv"
        write_file(path, n_rows)
        loop, expected = best_time(lambda: read_with_loop(path))
        ours, found = best_time(lambda: read_pixel_file(path).pixels)
        assert np.array_equal(found, expected)
    print(
        f"{n_rows} rows, processor seconds, best of {REPEATS}: loop {loop:.2f}, ours {ours:.2f}, "
    )
    print(f"{loop / ours:.1f} times as fast, with every row checked")


if __name__ == "__main__":
    main()
