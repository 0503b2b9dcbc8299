"""Which code a function can reach, as one SHA-256: of steps, not of comments.

Followed are import statements of this package, wherever they stand in a module. Another version of
a library is not another code: versions are in the manifest of a run.
"""

import ast
import functools
import hashlib
import inspect
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

_PACKAGE: Final = __name__.partition(".")[0]
_ROOT: Final = Path(__file__).parent
_STARTED: Final = time.time()

_Source = tuple[Path, int]
"""A module's file and when it was last written, in nanoseconds."""


def code_sha256(
    function: Callable[..., Any], *arguments: object, rooms: Sequence[str] = ("",)
) -> str:
    """SHA-256 of the modules of this package that a function and its arguments can reach.

    Args:
        function: Its module and all that this imports, directly or not.
        arguments: What it is given: a class of this package among them, such as the method of a
            variant, brings its own module, which no import statement needs to name.
        rooms: Only modules below these count, such as `embedding` or `pictures`.

    Returns:
        64 hexadecimal digits. Docstrings, comments and layout do not count; other files of a
        package, such as templates, do. A module that was edited since this process began, which
        may run the older one, has a digest that no other process gives.
    """
    kinds = [kind for given in arguments for kind in type(given).__mro__]
    start = _unwrapped(function).__module__
    own = {name for name in (start, *(kind.__module__ for kind in kinds)) if _is_own(name)}
    return _modules_sha256(frozenset(own or {start}), tuple(rooms))


def class_sha256(kind: type) -> str:
    """SHA-256 of the modules of this package that a class and its bases stand in, and its name."""
    digest = hashlib.sha256(f"{kind.__module__}.{kind.__qualname__}\n".encode())
    for module in sorted({base.__module__ for base in kind.__mro__ if _is_own(base.__module__)}):
        digest.update(_module_sha256(_source(module)).encode())
    return digest.hexdigest()


def look_again() -> None:
    """Forget what was reached: files may have been edited since, as in a notebook."""
    _modules_sha256.cache_clear()
    _source.cache_clear()


def _is_own(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE


def _unwrapped(function: Callable[..., Any]) -> Any:  # noqa: ANN401  a function or an object
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.unwrap(function)


@functools.cache
def _modules_sha256(modules: frozenset[str], rooms: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for module in sorted(_reached(modules)):
        place = module.partition(".")[2]
        if any(room in ("", place) or place.startswith(f"{room}.") for room in rooms):
            digest.update(f"{module} {_module_sha256(_source(module))}\n".encode())
    return digest.hexdigest()


def _reached(modules: frozenset[str]) -> set[str]:
    reached: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            named = {module.rpartition(".")[0], *_named(_source(module))}
            waiting += (name for name in named if _source(name) is not None)
    return reached


@functools.cache
def _source(module: str) -> _Source | None:
    """The source of a module of this package; None for any other, and for what is no module."""
    parts = module.split(".")
    if parts[0] != _PACKAGE:
        return None
    place = _ROOT.joinpath(*parts[1:])
    candidates = (place / "__init__.py", place.with_name(f"{place.name}.py"))
    path = next((path for path in candidates if path.is_file()), None)
    return None if path is None else (path, path.stat().st_mtime_ns)


@functools.cache
def _named(source: _Source | None) -> tuple[str, ...]:
    """What a module imports, by name; also what its own imports may name in a package."""
    if source is None:
        return ()
    named: set[str] = set()
    for statement in ast.walk(ast.parse(source[0].read_bytes())):
        if isinstance(statement, ast.Import):
            named |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            named |= {statement.module}
            named |= {f"{statement.module}.{alias.name}" for alias in statement.names}
    return tuple(sorted(name for name in named if _is_own(name)))


@functools.cache
def _module_sha256(source: _Source | None) -> str:
    if source is None:
        return "not of this package"
    path, written = source
    tree = _without_docstrings(ast.parse(path.read_bytes()))
    digest = hashlib.sha256(ast.dump(tree).encode())
    if path.name == "__init__.py":
        for file in _other_files(path.parent):
            digest.update(file.relative_to(path.parent).as_posix().encode())
            digest.update(file.read_bytes())
    if _STARTED < written / 1e9 < time.time() + 1:
        digest.update(f"edited while process {os.getpid()} of {_STARTED} was running".encode())
    return digest.hexdigest()


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    return tree


def _other_files(package: Path) -> Iterator[Path]:
    """What is no Python in a package, and in folders of it that are no packages themselves."""
    for entry in sorted(package.iterdir()):
        if entry.is_dir():
            if entry.name != "__pycache__" and not (entry / "__init__.py").is_file():
                yield from _other_files(entry)
        elif entry.suffix not in {".py", ".pyc", ".md"}:
            yield entry
