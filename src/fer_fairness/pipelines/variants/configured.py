"""The structure that a configuration asks for, refused where parameters contradict themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from fer_fairness.errors import InvalidInputError, did_you_mean
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.mitigation import (
    Method,
    MethodBlock,
    PostMethod,
    PostMethodBlock,
    post_methods,
    trained_methods,
    unknown_method_sentence,
)
from fer_fairness.params.base import Parameters
from fer_fairness.params.budget import BenchParameters, BudgetParameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.lists import ListOf
from fer_fairness.params.seeds import checked_seeds
from fer_fairness.pipelines.described import described_sets, named_blocks, trained_on_of
from fer_fairness.pipelines.variants.controls import CONTROLS
from fer_fairness.pipelines.variants.crossing import CROSSED, crossing_of
from fer_fairness.pipelines.variants.structure import (
    BASELINE,
    CONTROL,
    FURTHER_SEEDS,
    SCORED_OVER,
    TRAINING_SEED,
    Structure,
    Variant,
    called_first,
)

Block = TypeVar("Block", bound=Parameters)

_NAMES: Final[TypeAdapter[tuple[str, ...]]] = TypeAdapter(ListOf[str])


def default_structure() -> Structure:
    """Every method once, under its own name, and one seed: without any configuration."""
    methods: dict[str, type[Method | PostMethod]] = {**trained_methods(), **post_methods()}
    found = [Variant(name, method, after="") for name, method in methods.items()]
    return _structure(_all_after_another(found), seeds=(0,))


def structure_of(parameters: Mapping[str, Any]) -> Structure:
    """What a configuration asks for.

    Args:
        parameters: As configured: blocks with a `method` are variants; `seeds`, or null where
            `seed` is the only one.

    Raises:
        InvalidInputError: A block names a method that there is not, or has the name of a further
            seed; none is called baseline, or it is of another method; one that changes predictions
            comes after a variant that there is not, or that has no model; the seeds are not
            different whole numbers; or `budget` or `bench` says what it cannot.
    """
    known: dict[str, type[Method | PostMethod]] = {**trained_methods(), **post_methods()}
    found: list[Variant] = []
    for name, block in parameters.items():
        method = _method_named_by(block)
        if method is None:
            continue
        if method not in known:
            sentence = unknown_method_sentence(method, tuple(known))
            raise InvalidInputError(f"The block {name} of the parameters: {sentence}")
        if "_seed_" in name:
            raise InvalidInputError(
                f"A variant cannot be called {name}: names with _seed_ are those of further "
                "training seeds. Call its block otherwise."
            )
        found.append(Variant(name, known[method], _after(block), _of(name, block, known[method])))
    found = _all_after_another(found)
    baselines = [each.name for each in found if getattr(each.method, "starts_anew", False)]
    if baselines != [BASELINE]:
        raise InvalidInputError(
            f"The blocks of the parameters whose method starts anew are {baselines}: expected one, "
            f"called {BASELINE}, which all other variants start from."
        )
    _refuse_impossible_starts(found)
    given = parameters.get("seeds")
    seeds = checked_seeds(parameters.get("seed") if given is None else given)
    budget = _block(BudgetParameters, parameters, "budget")
    bench = _block(BenchParameters, parameters, "bench")
    structure = _structure(_taking_part(found, bench.methods), seeds, budget.trials)
    described = described_sets(parameters, taken=[variant.name for variant in found])
    trained_on = trained_on_of(parameters, described)
    sets = [part.name for part in (*EVALUATION_SETS.own, *described)]
    crossing = crossing_of(parameters, sets)
    return replace(structure, described=described, trained_on=trained_on, crossing=crossing)


def _block(model: type[Block], parameters: Mapping[str, Any], name: str) -> Block:
    try:
        return model.model_validate(parameters.get(name) or {})
    except ValidationError as error:
        raise InvalidInputError(f"The block {name} of the parameters: {error}") from error


def _taking_part(variants: Sequence[Variant], named: Sequence[str] | None) -> list[Variant]:
    """The variants that `bench.methods` names, with those that they and the report build on.

    A word is the name of a block, or else that of a method, and then means all of its blocks.
    """
    if named is None:
        return list(variants)
    known = {name for each in variants for name in (each.name, each.method_name)}
    unknown = sorted(set(named) - known)
    if unlisted := sorted({*trained_methods(), *post_methods()}.intersection(unknown)):
        raise InvalidInputError(
            f"bench.methods names the method {unlisted[0]}, but no block of the parameters has it: "
            f"give one by --params {unlisted[0]}.method={unlisted[0]}, or write `{unlisted[0]}: "
            f"{{method: {unlisted[0]}}}` into the configuration of this environment."
        )
    if unknown:
        raise InvalidInputError(
            f"bench.methods names {', '.join(unknown)}, but no block of the parameters is called "
            f"so or has that method.{did_you_mean(unknown[0], known)} There are "
            f"{', '.join(each.name for each in variants)}."
        )
    methods = set(named) - {each.name for each in variants}
    chosen = [each for each in variants if each.name in named or each.method_name in methods]
    everything = _structure(variants, seeds=(0,))
    names = {BASELINE, everything.control, *(each.name for each in chosen)}
    names = names.union(*map(everything.made_with, chosen))
    return [each for each in variants if each.name in names]


def _method_named_by(block: object) -> str | None:
    """What a block names, as it was configured or as Kedro has checked it; None: no method."""
    if isinstance(block, (MethodBlock, PostMethodBlock)):
        return block.root.method
    return str(block["method"]) if isinstance(block, Mapping) and "method" in block else None


def _after(block: object) -> str:
    """Which variant a block says it comes after, as configured or as Kedro has checked it."""
    if isinstance(block, PostMethodBlock):
        return block.root.after
    return str(block.get("after", "")) if isinstance(block, Mapping) else ""


def _all_after_another(variants: Sequence[Variant]) -> list[Variant]:
    """The same, where a block says nothing after the baseline, or after the control.

    Methods on predictions are held against the control: they change its predictions, since on
    those of the baseline they would be judged by the training that it has not had.
    """
    control = called_first(variants, CONTROL) or BASELINE
    return [
        each if each.after else replace(each, after=BASELINE if each.is_trained else control)
        for each in variants
    ]


def _of(name: str, block: object, method: type[Method | PostMethod]) -> tuple[str, ...]:
    """The further variants that a block names, where its method looks at some."""
    if "of" not in method.model_fields:
        return ()
    given = block.root.model_dump() if isinstance(block, PostMethodBlock) else block
    said = given.get("of", ()) if isinstance(given, Mapping) else ()
    try:
        return _NAMES.validate_python(said)
    except ValidationError as error:
        raise InvalidInputError(
            f"The block {name} of the parameters says of: {said!r}. Expected a list of variants "
            "that are trained, such as [reweighing, focal]."
        ) from error


def _refuse_impossible_starts(variants: Sequence[Variant]) -> None:
    for variant in variants:
        if variant.is_trained and variant.after != BASELINE:
            raise InvalidInputError(
                f"The block {variant.name} of the parameters says after: {variant.after}, but its "
                f"method trains a model, which starts from {BASELINE}. Take after out; only a "
                f"method that changes predictions ({', '.join(post_methods())}) comes after others."
            )
        for word, name in (("after", variant.after), *(("of", name) for name in variant.of)):
            _refuse_impossible_start(variant, word, name, variants)
        twice = [name for name in variant.needed if variant.needed.count(name) > 1]
        if twice:
            raise InvalidInputError(
                f"The block {variant.name} of the parameters names {twice[0]} twice, in after "
                f"({variant.after}) and of ({', '.join(variant.of)}): expected different variants. "
                "Take one out."
            )


def _refuse_impossible_start(
    variant: Variant, word: str, name: str, variants: Sequence[Variant]
) -> None:
    """Refuse a variant whose block names, under `word`, one that has no model."""
    trained = sorted(each.name for each in variants if each.is_trained)
    if name in trained:
        return
    why = (
        "which changes predictions itself and has no model"
        if any(name == other.name for other in variants)
        else "and no block of the parameters of this name has a method"
    )
    raise InvalidInputError(
        f"The block {variant.name} of the parameters says {word}: {name}, {why}."
        f"{did_you_mean(name, trained)} Expected a variant that is trained: {', '.join(trained)}."
    )


def refuse_impossible_fine_tunings(parameters: Mapping[str, Any], structure: Structure) -> None:
    """Refuse a variant whose changes do not go with the fine-tuning that all have in common.

    Raises:
        InvalidInputError: Naming the block, and what is wrong.
    """
    try:
        common = FineTuningParameters.model_validate(parameters.get("fine_tuning", {}))
    except ValidationError as error:
        raise InvalidInputError(f"The block fine_tuning of the parameters: {error}") from error
    for variant in structure.trained:
        block = parameters[variant.name]
        try:
            common.with_changes(block.get("fine_tuning", {}))
        except ValidationError as error:
            raise InvalidInputError(
                f"The block {variant.name} of the parameters changes fine_tuning to what it may "
                f"not be: {error}"
            ) from error
        try:
            method = variant.method.model_validate(block)
            if isinstance(method, Method):
                method.training_parameters(common)
        except ValidationError:
            continue  # of another of the method's parameters, which is told of where they are read
        except InvalidInputError as error:
            raise InvalidInputError(
                f"The block {variant.name} of the parameters: {error}"
            ) from error


def _structure(found: Sequence[Variant], seeds: tuple[int, ...], n_trials: int = 1) -> Structure:
    ordered = sorted(
        found, key=lambda part: (part.name != BASELINE, not part.is_trained, part.name)
    )
    return Structure(tuple(ordered), seeds, n_trials)


def with_structure(parameters: Mapping[str, Any], structure: Structure) -> dict[str, Any]:
    """Parameters with what follows from the structure, where nodes read it.

    Args:
        parameters: As configured.
        structure: That of these parameters.

    Returns:
        The same with `seeds` as a list, the number of the first in `training_seed` and of each
        further one in `training_seed_of`, what variants are held against in `controls`, the
        emotions of each evaluation set in `scored_over`, the models of cross-dataset validation in
        `crossed`, the names of variants and of described
        datasets in their blocks, and null in place of the block of a variant that does not take
        part.

    Raises:
        InvalidInputError: The configuration sets what follows from it.
    """
    first, *further = structure.seeds
    demographic = parameters.get("demographic_dataset", "auto")
    derived = {
        TRAINING_SEED: first,
        FURTHER_SEEDS: {f"seed_{seed}": seed for seed in further},
        CONTROLS: structure.controls(demographic).as_parameters(),
        SCORED_OVER: {
            part.name: list(part.emotions) for part in (*EVALUATION_SETS.own, *structure.described)
        },
        CROSSED: structure.crossing.as_parameters(),
    }
    for name in derived.keys() & parameters.keys():
        raise InvalidInputError(
            f"The parameter {name} is set, but follows from others. Take it out of conf and "
            "--params: training seeds are listed in seeds, the control is the variant whose method "
            f"is {CONTROL}, and a dataset says which emotions it labels."
        )
    named = {
        each.name: {
            **parameters[each.name],
            "name": each.name,
            **({} if each.is_trained else {"after": each.after}),
        }
        for each in structure.variants
    }
    left_out = {
        name: None
        for name, block in parameters.items()
        if _method_named_by(block) and name not in structure.names
    }
    return {
        **parameters,
        **left_out,
        **named,
        **derived,
        "seeds": list(structure.seeds),
        "datasets": named_blocks(parameters),
    }
