"""Parameters of the comparison of two reports."""

from pydantic import Field, field_validator

from fer_fairness.params.base import GivenPathText, Parameters
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.params.lists import ListOf


class CompareParameters(Parameters):
    """Which two runs or audits are set side by side, and how changes are tested."""

    reports: ListOf[GivenPathText] | None = Field(
        default=None,
        description="Paths of two runs or audits, the reference first: results.json or audit.json, "
        "its folder, or the data root of a run.",
    )
    inference: InferenceParameters = Field(
        default_factory=InferenceParameters, description="Draws, significance, smallest group."
    )

    @field_validator("reports")
    @classmethod
    def _are_two(cls, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if given is not None and (len(given) != 2 or "" in given):
            raise ValueError(f"are {list(given)}: expected two paths, parted by a semicolon")
        return given
