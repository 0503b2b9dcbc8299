"""Settings of a method's hyper-parameters to try, and trying them.

Every method has the same number of trials, drawn from the values that its own file states.
"""

import logging
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple, TypeVar, cast

import numpy as np
import pandas as pd
from pydantic import ValidationError

from fer_fairness.errors import FerFairnessError
from fer_fairness.mitigation.method import Method
from fer_fairness.mitigation.post_method import PostMethod
from fer_fairness.mitigation.trials import Scores, Settings, Trial
from fer_fairness.params.fine_tuning import FineTuningParameters, merged

logger = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=Method | PostMethod)

N_PARTS: Final = 3
"""Parts of the validation faces, each held out once, that post methods are tried on."""


class Candidate(NamedTuple):
    """One setting to try."""

    settings: Settings
    block: Any


def candidates(
    block: Method | PostMethod,
    fine_tuning: FineTuningParameters | None,
    n_trials: int,
    *,
    seed: int,
) -> list[Candidate]:
    """The settings to try: the block's own, and others drawn from the values its method states.

    They are spread as in a Latin hypercube (McKay, Beckman and Conover 1979): of each parameter the
    values that were tried least come next. Drawn without regard to that, three trials try
    the best of three learning rates in five of nine methods, and always in the control, which has
    nothing else to try: rates would be told as methods.

    Args:
        block: The method as it is configured.
        fine_tuning: What all methods that train have in common; None where it trains nothing.
        n_trials: How many settings, at most.
        seed: The training seed; together with the block's name it decides what is drawn.

    Returns:
        At least one, all different; fewer than `n_trials` where the method states too few values
        that the block permits.

    Raises:
        pydantic.ValidationError: The block's own setting is not one that fine-tuning may have.
    """
    names = list(block.search)
    grid = [dict(zip(names, values, strict=True)) for values in product(*block.search.values())]
    order = np.random.default_rng([seed, zlib.crc32(block.name.encode())]).permutation(len(grid))
    left = [grid[number] for number in order]
    found = {identity(block, fine_tuning): Candidate({}, block)}
    uses = Counter((name, repr(_own(block, fine_tuning, name))) for name in names)
    while left and len(found) < n_trials:
        values = min(left, key=lambda each: sum(uses[name, repr(each[name])] for name in names))
        left.remove(values)
        one = permitted(block, nested(values), fine_tuning)
        if one and one[0] not in found:
            found[one[0]] = one[1]
            uses.update((name, repr(value)) for name, value in values.items())
    return list(found.values())


def _own(block: Method | PostMethod, fine_tuning: FineTuningParameters | None, path: str) -> object:
    """What a parameter is where a trial does not change it."""
    value: Any = block.model_dump()
    if fine_tuning is not None and isinstance(block, Method):
        value["fine_tuning"] = fine_tuning.with_changes(block.fine_tuning).model_dump()
    for part in path.split("."):
        value = value[part]
    return value


def permitted(
    block: Method | PostMethod, settings: Settings, fine_tuning: FineTuningParameters | None
) -> tuple[str, Candidate] | None:
    """The candidate of these settings, after its `identity`.

    None where they do not go with what the block says otherwise; the log tells why.
    """
    try:
        changed = with_settings(block, settings)
        return identity(changed, fine_tuning), Candidate(settings, changed)
    except ValidationError as error:
        logger.warning("%s: %s is not tried: %s", block.name, settings, error)
        return None


def tried(
    found: Sequence[Candidate], score: Callable[[Any], Scores], *, variant: str
) -> list[Trial]:
    """Each candidate with what came of it; a failure is named, and the others go on."""
    trials = []
    for number, candidate in enumerate(found, start=1):
        logger.info(
            "%s: trial %d of %d, %s",
            variant,
            number,
            len(found),
            candidate.settings or "as configured",
        )
        trials.append(tried_once(candidate, score, variant=variant))
    return trials


def tried_once(candidate: Candidate, score: Callable[[Any], Scores], *, variant: str) -> Trial:
    """One candidate with its scores, or with the reason why it has none."""
    try:
        return Trial(settings=candidate.settings, scores=score(candidate.block))
    except FerFairnessError as error:
        logger.warning(
            "%s: the trial %s failed: %s", variant, candidate.settings or "as configured", error
        )
        return Trial(settings=candidate.settings, failure=str(error))


def with_settings(block: Kind, settings: Settings) -> Kind:
    """The method with the settings of a trial."""
    return cast("Kind", type(block).model_validate(merged(block.model_dump(), settings)))


def nested(values: Mapping[str, Any]) -> Settings:
    """`{"fine_tuning.training.x": 1}` as `{"fine_tuning": {"training": {"x": 1}}}`."""
    settings: Settings = {}
    for name, value in values.items():
        *above, last = name.split(".")
        inner: Settings = {last: value}
        for part in reversed(above):
            inner = {part: inner}
        settings = merged(settings, inner)
    return settings


def identity(block: Method | PostMethod, fine_tuning: FineTuningParameters | None) -> str:
    """A text that is the same for settings that come to the same."""
    own = block.model_dump_json(exclude={"fine_tuning"})
    if fine_tuning is None or not isinstance(block, Method):
        return own
    return own + fine_tuning.with_changes(block.fine_tuning).model_dump_json()


def cross_fitted(method: PostMethod, scored: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Validation predictions changed by rules that were fitted without them.

    Scored on the faces that it was fitted on, the method that fits most closely would win. Where
    there are fewer faces than parts, they are left as they are.

    Args:
        method: What changes them.
        scored: As `PostMethod.fit` is given it.
        seed: Decides which faces are held out together, and what the method draws.
    """
    parts = np.random.default_rng(seed).permutation(len(scored)) % N_PARTS
    if len(scored) < N_PARTS:
        return scored
    changed = scored.copy()
    for part in range(N_PARTS):
        held_out = parts == part
        rules = method.fit(scored[~held_out].reset_index(drop=True))
        own_seed = int(np.random.default_rng([seed, part]).integers(2**31))
        after = method.applied(scored[held_out].reset_index(drop=True), rules, seed=own_seed)
        for column in after.columns:
            changed.loc[held_out, column] = after[column].to_numpy()
    return changed
