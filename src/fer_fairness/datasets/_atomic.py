"""Files that are either the old one or the new one, never half of each."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` once everything is written.

    The temporary file lies beside `path`, because a rename is atomic only within one file system,
    and keeps its suffix, because Keras and NumPy choose the format by it. If the block raises, the
    temporary file is removed and `path` is left as it was. A process that has the old file mapped
    into memory keeps reading the old contents.

    Args:
        path: The file to be made or replaced; its folders are made if they are not there.

    Yields:
        The path to write to.

    Raises:
        FileNotFoundError: If the block wrote no file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{uuid4().hex[:12]}.unfinished{path.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, path)  # noqa: PTH105  named for what the module promises
    finally:
        unfinished.unlink(missing_ok=True)
