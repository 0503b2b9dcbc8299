"""All methods by name, found in the modules of `mitigation.methods` and `mitigation.post`."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import TypeVar

from pydantic import RootModel, field_validator

from fer_fairness.errors import InvalidInputError, did_you_mean
from fer_fairness.mitigation import methods, post
from fer_fairness.mitigation.method import Method
from fer_fairness.mitigation.post_method import PostMethod

Kind = TypeVar("Kind", Method, PostMethod)


@cache
def trained_methods() -> Mapping[str, type[Method]]:
    """Every method that trains, by the name of its file, in alphabetical order.

    Raises:
        InvalidInputError: A method does not say its name, label or source, or a file has two.
    """
    return _found_in(methods, Method)


@cache
def post_methods() -> Mapping[str, type[PostMethod]]:
    """Every method that changes predictions, by name, in alphabetical order."""
    return _found_in(post, PostMethod)


def _found_in(package: ModuleType, base: type[Kind]) -> dict[str, type[Kind]]:
    found: dict[str, type[Kind]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        name = f"{package.__name__}.{module.name}"
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == name:
                _check(value, module.name)
                if module.name in found:
                    raise InvalidInputError(
                        f"{_path_of(value)} holds two methods, {found[module.name].__name__} and "
                        f"{value.__name__}: expected one a file. Give each a file of its own."
                    )
                found[module.name] = value
    return found


def _check(method: type[Method] | type[PostMethod], file: str) -> None:
    """Refuse a class that does not say what every method says."""
    missing = [word for word in ("label", "source") if not getattr(method, word, "")]
    if method.model_fields["method"].default != file:
        missing.append(f'method: Literal["{file}"] = "{file}"')
    if missing:
        raise InvalidInputError(
            f"The method {method.__name__} of {_path_of(method)} does not say {missing}: give it "
            "these, as the others have them (docs/adding_a_method.md)."
        )


def _path_of(method: type[Method] | type[PostMethod]) -> str:
    return f"{method.__module__.replace('.', '/')}.py"


class MethodBlock(RootModel[Method]):
    """A block of parameters that names a method which trains: checked by that method's model."""

    @field_validator("root", mode="before")
    @classmethod
    def _by_its_method(cls, block: object) -> object:
        return _checked(block, trained_methods())


class PostMethodBlock(RootModel[PostMethod]):
    """A block of parameters that names a method which changes predictions."""

    @field_validator("root", mode="before")
    @classmethod
    def _by_its_method(cls, block: object) -> object:
        return _checked(block, post_methods())


def _checked(block: object, known: Mapping[str, type[Kind]]) -> object:
    if not isinstance(block, Mapping):
        return block
    name = str(block.get("method"))
    if name not in known:
        raise ValueError(unknown_method_sentence(name, tuple(known)))
    return known[name].model_validate(block)


def unknown_method_sentence(name: str, known: tuple[str, ...]) -> str:
    """The sentence that says which methods there are instead."""
    return f"method {name!r} is not known.{did_you_mean(name, known)} Known are {', '.join(known)}."
