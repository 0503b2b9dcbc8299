"""Which code a function can reach, as one SHA-256: of steps, not of comments.

Followed are import statements of this package, wherever they stand in a module. Another version of
a library is not another code: versions are in the manifest of a run.
"""

import ast
import functools
import hashlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

_PACKAGE: Final = __name__.partition(".")[0]
_ROOT: Final = Path(__file__).parents[1]


def code_sha256(function: Callable[..., Any], *arguments: object) -> str:
    """SHA-256 of the modules of this package that a function and its arguments can reach.

    Args:
        function: Its module and all that this imports, directly or not.
        arguments: What it is given: a class of this package among them, such as the method of a
            variant, brings its own module, which no import statement needs to name.

    Returns:
        64 hexadecimal digits. Docstrings, comments and layout do not count; other files of a
        package, such as templates, do.
    """
    kinds = [kind for given in arguments for kind in type(given).__mro__]
    found = {_unwrapped(function).__module__, *(kind.__module__ for kind in kinds)}
    own = frozenset(name for name in found if name.partition(".")[0] == _PACKAGE)
    return _modules_sha256(own or frozenset({_unwrapped(function).__module__}))


def _unwrapped(function: Callable[..., Any]) -> Any:  # noqa: ANN401  a function or an object
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.unwrap(function)


@functools.cache
def _modules_sha256(modules: frozenset[str]) -> str:
    digest = hashlib.sha256()
    for module in sorted(_reached(modules)):
        digest.update(f"{module} {_module_sha256(module)}\n".encode())
    return digest.hexdigest()


def _reached(modules: frozenset[str]) -> set[str]:
    reached: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += _imported(module)
    return reached


@functools.cache
def _path(module: str) -> Path | None:
    """The source of a module of this package; None for any other, and for what is no module."""
    parts = module.split(".")
    if parts[0] != _PACKAGE:
        return None
    place = _ROOT.joinpath(*parts[1:])
    candidates = (place / "__init__.py", place.with_name(f"{place.name}.py"))
    return next((path for path in candidates if path.is_file()), None)


@functools.cache
def _tree(module: str) -> ast.Module | None:
    path = _path(module)
    return None if path is None else ast.parse(path.read_bytes())


@functools.cache
def _imported(module: str) -> tuple[str, ...]:
    """The modules of this package that a module names, and the packages that it lies in."""
    tree = _tree(module)
    if tree is None:
        return ()
    named = {module.rpartition(".")[0]}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            named |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            named |= {statement.module}
            named |= {f"{statement.module}.{alias.name}" for alias in statement.names}
    return tuple(name for name in sorted(named) if _path(name) is not None)


@functools.cache
def _module_sha256(module: str) -> str:
    path, tree = _path(module), _tree(module)
    if path is None or tree is None:
        return "not of this package"
    digest = hashlib.sha256(ast.dump(_without_docstrings(tree)).encode())
    if path.name == "__init__.py":
        for file in _other_files(path.parent):
            digest.update(file.relative_to(path.parent).as_posix().encode())
            digest.update(file.read_bytes())
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
