"""Several training seeds: the first has the plain names, each further one a namespace.

`baseline.model` is that of the first seed, `seed_1.baseline.model` that of a further seed 1. Which
number a seed is comes to the nodes as the parameter `training_seed`, in the namespace of the seed.
"""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
from kedro.pipeline import Pipeline

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.seeds import checked_seeds
from fer_fairness.pipelines.variants import all_variant_names

TRAINING_SEED: Final = "training_seed"
"""The parameter that every node takes whose result depends on the training seed."""

ONE_SEED: Final = (0,)
"""What pipelines are built for before the configuration is known; the number is in no name."""

_PARAMETER: Final = "params:"


def for_every_seed(pipeline: Pipeline, seeds: Sequence[int]) -> Pipeline:
    """A pipeline of variants, and a copy of it for each seed after the first.

    A copy reads the same data and the same parameters, but for the seed, and the models and
    predictions of its own seed; it runs in the namespace `seed_<number>`.

    Args:
        pipeline: Nodes that train variants or change their predictions, for one seed.
        seeds: The training seeds.
    """
    return sum((_copy(pipeline, seed) for seed in seeds[1:]), pipeline)


def _copy(pipeline: Pipeline, seed: int) -> Pipeline:
    variants = all_variant_names()
    inputs = pipeline.inputs()
    parameters = {name for name in inputs if name.startswith(_PARAMETER)}
    return Pipeline(
        pipeline,
        namespace=_namespace(seed),
        inputs={name for name in inputs - parameters if name.partition(".")[0] not in variants},
        parameters=parameters - {f"{_PARAMETER}{TRAINING_SEED}"},
    )


def dataset_of_every_seed(dataset: str, seeds: Sequence[int]) -> list[str]:
    """What a dataset of a variant is called for each seed, in the order of the seeds."""
    return [dataset, *(f"{_namespace(seed)}.{dataset}" for seed in seeds[1:])]


def _namespace(seed: int) -> str:
    return f"seed_{seed}"


def with_training_seeds(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters with their list of seeds checked, and the number of each where its nodes read it.

    Args:
        parameters: As configured: `seeds`, or null where `seed` is the only one.

    Returns:
        The same with `seeds` as a list, `training_seed` of the first, and a block
        `seed_<number>: {training_seed: <number>}` for each further one.

    Raises:
        InvalidInputError: The list is not one of different whole numbers, or the configuration
            sets what follows from it.
    """
    given = parameters.get("seeds")
    seeds = checked_seeds(parameters.get("seed") if given is None else given)
    numbers: dict[str, Any] = {TRAINING_SEED: seeds[0]}
    numbers |= {_namespace(seed): {TRAINING_SEED: seed} for seed in seeds[1:]}
    for name in numbers.keys() & parameters.keys():
        raise InvalidInputError(
            f"The parameter {name} is set, but follows from seeds. Take it out of conf and "
            "--params, and list the training seeds in seeds."
        )
    return {**parameters, "seeds": list(seeds), **numbers}


def check_seed(predictions: pd.DataFrame, seed: int) -> None:
    """Refuse predictions of another training seed, such as an earlier run left behind.

    Raises:
        InvalidInputError: Naming both seeds.
    """
    others = sorted(set(predictions["seed"]) - {seed})
    if others:
        raise InvalidInputError(
            f"Predictions of {predictions['variant'].iloc[0]} that should be of the training seed "
            f"{seed} are of seed {others[0]}: an earlier run with other seeds left them. "
            "Run the pipelines of the variants again, without --only-missing-outputs."
        )
