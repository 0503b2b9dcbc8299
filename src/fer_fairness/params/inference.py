"""Parameters of inference: how many draws, how sure, which groups are compared."""

from pydantic import Field

from fer_fairness.params.base import Parameters
from fer_fairness.params.label_noise import LabelNoiseParameters
from fer_fairness.params.lists import ListOf


class InferenceParameters(Parameters):
    """How groups are compared and when a difference counts as found."""

    n_bootstrap: int = Field(
        default=10_000, ge=100, description="Resampled tables behind the intervals."
    )
    n_permutations: int = Field(
        default=10_000,
        ge=100,
        description="Shuffles of the group labels behind each p-value. More are drawn where so few "
        "could find nothing after the correction for many tests.",
    )
    confidence: float = Field(
        default=0.95,
        ge=0.95,
        le=0.95,
        description="Confidence level of all intervals. The report names it in words, so it is "
        "fixed for now.",
    )
    significance: float = Field(
        default=0.05,
        gt=0.0,
        lt=0.5,
        description="A difference is found where the corrected p-value is at most this.",
    )
    power: float = Field(
        default=0.8,
        ge=0.8,
        le=0.8,
        description="Share of audits in which the minimum detectable difference is found. The "
        "report names it in words, so it is fixed for now.",
    )
    n_power: int = Field(
        default=400,
        ge=50,
        description="Samples drawn at each planted difference to find the minimum detectable one.",
    )
    minimum_group_size: int = Field(
        default=10,
        ge=1,
        description="Groups with fewer people are listed but take no part in any gap.",
    )
    primary: ListOf[str] = Field(
        default=(),
        max_length=5,
        description='Outcomes named before looking, such as "accuracy_gap by race": up to five, '
        "tested first at the full level; everything else is tested only where all are found.",
    )
    memory_mib: int = Field(
        default=4,
        ge=1,
        description="What the counts drawn at one time may take on each core, in MiB; metrics need "
        "a few times that. Tables that do not fit are drawn in turns.",
    )

    label_noise: LabelNoiseParameters = Field(
        default=LabelNoiseParameters(),
        description="Correction for wrong group labels, where groups were predicted.",
    )

    @property
    def cells_at_once(self) -> int:
        """Counts (8 bytes each) that are held at a time."""
        return self.memory_mib * 2**17
