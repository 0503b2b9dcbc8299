"""The base of every parameter model: unknown keys are errors, values do not change."""

from pydantic import BaseModel, ConfigDict


class Parameters(BaseModel):
    """A block of `conf/*/parameters_*.yml`, checked before any node runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)
