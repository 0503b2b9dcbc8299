"""The base of every parameter model: unknown keys are errors, values do not change."""

import os.path
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from fer_fairness.files import home_expanded, told_of_address


def _of_this_machine(given: str) -> str:
    if told := told_of_address(given):
        raise ValueError(told)
    return os.path.expanduser(given)  # noqa: PTH111  a path's own raises where nobody is known


GivenPathText: TypeAlias = Annotated[str, AfterValidator(_of_this_machine)]
"""A path as somebody types it: ~ is their home, also where no shell sees it."""


GivenPath: TypeAlias = Annotated[Path, AfterValidator(home_expanded)]
"""The same as a path."""


class Parameters(BaseModel):
    """A block of `conf/*/parameters_*.yml`, checked before any node runs.

    An unknown name is an error that says which names there are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _names_what_there_is(cls, values: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(values)
        except ValidationError as error:
            explained = [cls._explained(details) for details in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(error.title, explained) from None

    @classmethod
    def _explained(cls, details: ErrorDetails) -> InitErrorDetails:
        """The same error; one of an unknown name of this block with the names that there are."""
        message = details["msg"]
        if details["type"] == "extra_forbidden" and len(details["loc"]) == 1:
            names = list(cls.model_fields)
            close = get_close_matches(str(details["loc"][0]), names, n=1)
            message += f": did you mean {close[0]}?" if close else "."
            message += f" Known here: {', '.join(names)}"
        kind = PydanticCustomError(details["type"], "{message}", {"message": message})
        return InitErrorDetails(type=kind, loc=details["loc"], input=details["input"])
