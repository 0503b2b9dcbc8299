"""Datasets that blocks under `datasets` of the parameters describe: what follows from them."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import CONDITIONS, EVALUATION_SETS, TRAINED_ON, EvaluationSet
from fer_fairness.params.datasets import DatasetBlock, DatasetParameters
from fer_fairness.sources import READERS

BLOCKS: Final = "datasets"
"""The parameter that holds a block for each."""

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_OF_OTHERS: Final = frozenset({*READERS, *CONDITIONS, "audit", "demographic", "images", "tables"})


def described_sets(
    parameters: Mapping[str, Any], taken: Collection[str]
) -> tuple[EvaluationSet, ...]:
    """The evaluation sets that blocks describe, in their order.

    Args:
        parameters: As configured, or as Kedro has checked them.
        taken: Names of variants, which no dataset can have.

    Raises:
        InvalidInputError: A block cannot be meant, or its name is taken or is no name.
    """
    blocks = _checked(parameters)
    for name in blocks:
        _refuse_name(name, {*_OF_OTHERS, *taken})
    return tuple(_evaluation_set(block) for block in blocks.values())


def trained_on_of(parameters: Mapping[str, Any], described: Sequence[EvaluationSet]) -> str:
    """The evaluation set that the baseline is trained on: what `train_on` names.

    Raises:
        InvalidInputError: There is no such set.
    """
    named = parameters.get("train_on", TRAINED_ON)
    names = [part.name for part in (*EVALUATION_SETS.own, *described)]
    if named not in names:
        raise InvalidInputError(
            f"train_on is {named!r}; expected one of {', '.join(names)}, or a block of that name "
            f"under {BLOCKS} of the parameters."
        )
    return str(named)


def named_blocks(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The blocks, each with its own name in it; those that are taken away stay so."""
    return {
        name: {**block, "name": name} if isinstance(block, Mapping) else block
        for name, block in (parameters.get(BLOCKS) or {}).items()
    }


def raw_folders(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Entries of the catalog for the folders that blocks name."""
    return {
        f"{name}.raw": {
            "type": "fer_fairness.datasets.RawFolderDataset",
            "filepath": params.path.as_posix(),
            "layout": name,
            "metadata": {"kedro-viz": {"layer": "raw"}},
        }
        for name, params in _checked(parameters).items()
        if params.path is not None
    }


def _checked(parameters: Mapping[str, Any]) -> dict[str, DatasetParameters]:
    checked: dict[str, DatasetParameters] = {}
    blocks = parameters.get(BLOCKS) or {}
    if not isinstance(blocks, Mapping):
        raise InvalidInputError(
            f"{BLOCKS} of the parameters is {blocks!r}, expected a block for each dataset, such as "
            f"{BLOCKS}: {{my_faces: {{kind: folders, path: FOLDER}}}}."
        )
    for name, block in named_blocks(parameters).items():
        if block is None:
            continue
        try:
            checked[name] = DatasetBlock.model_validate(block).root
        except ValidationError as error:
            raise InvalidInputError(
                f"The block {BLOCKS}.{name} of the parameters: {error}"
            ) from error
    return checked


def _refuse_name(name: str, taken: Collection[str]) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"A dataset cannot be called {name!r} ({BLOCKS}.{name} of the parameters): expected "
            "small letters, digits and single underscores, the first a letter, such as my_faces."
        )
    if name in taken:
        raise InvalidInputError(
            f"A dataset cannot be called {name} ({BLOCKS}.{name} of the parameters): that is the "
            "name of another dataset, a variant or a kind of data here. Call it otherwise."
        )


def _evaluation_set(params: DatasetParameters) -> EvaluationSet:
    return EvaluationSet(
        name=params.name,
        label=params.title or params.name.replace("_", " "),
        emotions=params.scored_emotions,
        condition=params.looks,
        embedded_from=params.embedded_from,
        annotates_demographics=params.annotates_demographics,
    )
