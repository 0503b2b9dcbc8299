"""What the outputs of a model that was not trained here are called."""

from collections.abc import Sequence

from fer_fairness.errors import InvalidInputError
from fer_fairness.taxonomy import EMOTION_ALIASES, EMOTIONS, NO_CLASS


def resolve_class_names(class_names: Sequence[str], n_outputs: int) -> tuple[str, ...]:
    """The taxonomy's names of a model's outputs, in the model's order.

    Args:
        class_names: What the model's author calls them, see `EMOTION_ALIASES`, and `NO_CLASS` for
            an output that is none.
        n_outputs: Number of outputs.

    Returns:
        `n_outputs` names of `taxonomy.EMOTIONS`, each at most once, or `NO_CLASS`.

    Raises:
        InvalidInputError: If names are not as many as the outputs, not known, given twice, or fewer
            than two.
    """
    if len(class_names) != n_outputs:
        assumed = (
            " These eight are assumed where none are given and no validation faces tell them; "
            "datasets order emotions differently (FER2013 begins with anger, RAF-DB with surprise)."
            if tuple(class_names) == EMOTIONS
            else ""
        )
        raise InvalidInputError(
            f"class_names has {len(class_names)} names ({', '.join(class_names)}), the model has "
            f"{n_outputs} outputs: expected one name for each, in their order, '{NO_CLASS}' for "
            f"one that is no class.{assumed}"
        )
    names = tuple(taxonomy_name(name) for name in class_names)
    classes = named_classes(names)
    twice = sorted({name for name in classes if classes.count(name) > 1})
    if twice or len(classes) < 2:
        wrong = f"{', '.join(twice)} more than once" if twice else "fewer than two emotions"
        raise InvalidInputError(
            f"class_names {list(class_names)} names {wrong}: expected two emotions at least, each "
            "at most once."
        )
    return names


def named_classes(names: Sequence[str]) -> tuple[str, ...]:
    """The names of outputs that are classes."""
    return tuple(name for name in names if name != NO_CLASS)


def taxonomy_name(name: str) -> str:
    """The taxonomy's name of a class, or `NO_CLASS`.

    Raises:
        InvalidInputError: It is none that is known.
    """
    plain = name.strip().lower()
    plain = EMOTION_ALIASES.get(plain, plain)
    if plain not in (*EMOTIONS, NO_CLASS):
        raise InvalidInputError(
            f"Class name {name!r} is not known: expected {', '.join(EMOTIONS)}, or one of "
            f"{', '.join(EMOTION_ALIASES)}, or '{NO_CLASS}' for an output that is no class."
        )
    return plain
