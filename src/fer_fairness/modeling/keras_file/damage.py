"""Whatever a library says about a damaged file becomes one error that names file and part."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fer_fairness.errors import FerFairnessError, InvalidInputError

_LONGEST = 300


@contextmanager
def reading(
    path: Path,
    part: str,
    *,
    remedy: str = "Get the file again, or save it again with model.save('model.keras').",
) -> Iterator[None]:
    """Turn any exception of the block into an error that names the file and its part.

    zipfile, zlib, json, h5py and Keras raise some twenty kinds of exception for files that are cut,
    flipped or made up, and none of them names the file.

    Args:
        path: The file that the user named.
        part: What of it is being read, as a noun.
        remedy: What to do about it, a sentence.

    Raises:
        InvalidInputError: In place of what the block raises, unless that is this project's own.
    """
    try:
        yield
    except FerFairnessError:
        raise
    except Exception as error:
        raise InvalidInputError(
            f"{path}: {part} cannot be read ({type(error).__name__}: {first_line(error)}). {remedy}"
        ) from error


def first_line(error: BaseException) -> str:
    """The line of an error's message that says what happened, at most 300 printable characters."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    # Keras puts the whole configuration first and the cause behind these words.
    mark = "Exception encountered: "
    causes = [line.removeprefix(mark) for line in lines if line.startswith(mark)]
    line = (causes or lines)[0][:_LONGEST]
    return "".join(character if character.isprintable() else "?" for character in line)
