"""What is told of a run as it may be passed on: names of files, no folders of the machine.

A folder tells who somebody is, for whom they work and what else lies there. So a path is cut to its
file's name, wherever it stands: as a value, in a command line, in the middle of a sentence. A path
that ends in no file (no ending such as ".csv") becomes an ellipsis.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from fer_fairness.reporting.json_values import Json, as_json

_HIDDEN: Final = "…"
_FILE: Final = re.compile(r"[^\\/]*[^\\/.]\.\w{1,12}")
_FOLDER_KEY: Final = re.compile(r"(.*[_.])?(root|folder|path|directory|study)")
_ABSOLUTE: Final = r"file://|\\\\|//|/|~[\w.-]*[\\/]|[A-Za-z]:[\\/]|\.\.[\\/]"
_WHOLE: Final = re.compile(rf"(?:{_ABSOLUTE})[^\n:;,\"'<>|]*|[A-Za-z]:[\\/][^\n:;,\"'<>|]*")
_RELATIVE_FILE: Final = re.compile(r"(?!\w+://)[^\n:;,\"'<>|]*[\\/][^\\/\n:;,\"'<>|]*\.\w{1,12}")
_PART: Final = r"[^\s\\/'\"<>|,;:()\[\]{}*?]"
_WITH_BLANKS: Final = r"[^\n\\/'\"<>|,;:*?]"
_IN_TEXT: Final = re.compile(
    "|".join(
        (
            r"file://[^\s'\"<>|,;]+",
            rf"(?<=[\"'“])(?:{_ABSOLUTE})[^\n\"'”]+(?=[\"'”])",
            rf"(?<![A-Za-z0-9])[A-Za-z]:[\\/]+(?:{_WITH_BLANKS}+[\\/]+)*{_PART}*",
            rf"\\\\+{_PART}+\\+(?:{_WITH_BLANKS}+[\\/]+)*{_PART}*",
            rf"(?<![\w:/.])//{_PART}+/(?:{_PART}+/)*{_PART}*",
            rf"(?<![\w/.\\])~[\w.-]*[\\/](?:{_PART}+[\\/])*{_PART}*",
            rf"(?<![\w/.\\])(?:\.\.[\\/])+(?:{_PART}+[\\/])*{_PART}*",
            rf"(?<![\w/.~\\-])/(?:{_PART}+/)+{_PART}*",
            rf"(?<=[=:])/{_PART}+",
        )
    )
)


def passed_on(value: Json) -> Json:
    """JSON-able content with every path cut to the name of its file.

    Args:
        value: Nested as deep as it comes. A path that is a value of its own is looked for in all
            texts, so that blanks in it do not hide it. Keys stay as they are.
    """
    paths = sorted(set(_paths(value)), key=len, reverse=True)
    return _shortened(value, paths)


def passed_on_mapping(content: Mapping[str, object]) -> dict[str, Json]:
    """`passed_on` of a mapping of anything that `as_json` takes."""
    shortened = passed_on(as_json(content))
    return shortened if isinstance(shortened, dict) else {}


def passed_on_command(arguments: Iterable[str]) -> str:
    """A command line with paths cut to the names of files, those of `--params` among them."""
    given = list(arguments)
    paths = [text for one in given for _, text in _settings(one) if _is_path(text)]
    return " ".join(
        ",".join(
            f"{key}={_one(text, paths, key)}" if key else _one(text, paths)
            for key, text in _settings(argument)
        )
        for argument in given
    )


def _settings(argument: str) -> Iterator[tuple[str, str]]:
    """The parts of `a=1,b=2`, each as key and value; what has no key has an empty one."""
    for part in argument.split(","):
        key, equals, text = part.partition("=")
        yield (key, text) if equals else ("", part)


def _paths(value: Json, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _paths(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, key)
    elif isinstance(value, str) and _is_path(value):
        yield value


def _is_path(text: str) -> bool:
    return len(text) > 1 and _WHOLE.fullmatch(text) is not None


def _shortened(value: Json, paths: list[str], key: str = "") -> Json:
    if isinstance(value, dict):
        return {name: _shortened(item, paths, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item, paths, key) for item in value]
    return _one(value, paths, key) if isinstance(value, str) else value


def _one(text: str, paths: list[str], key: str = "") -> str:
    text = text.encode("utf-8", errors="replace").decode()  # names of files may be no UTF-8
    if _FOLDER_KEY.fullmatch(key) and text:
        return _last(text)
    if _is_path(text) or _RELATIVE_FILE.fullmatch(text):
        return _last(text)
    for path in (*paths, str(Path.cwd()), str(Path.home())):
        text = text.replace(path, _last(path)) if len(path) > 1 else text
    return _IN_TEXT.sub(lambda found: _last(found[0]), text)


def _last(path: str) -> str:
    """The name of the file at the end of a path, with the full stop of a sentence behind it."""
    name = re.split(r"[\\/]", path)[-1]
    stop = "." if name.endswith(".") else ""
    name = name.removesuffix(".")
    return f"{name if _FILE.fullmatch(name) else _HIDDEN}{stop}"
