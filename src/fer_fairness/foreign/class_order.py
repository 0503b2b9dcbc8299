"""In which order a model that does not say so has its classes: that under which it is right."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.swapped_classes import renaming_sentence, swapped_classes
from fer_fairness.taxonomy import CODES_OF_EMOTIONS, EMOTIONS

_NEARLY_AS_WELL: Final = 0.8
_SIGNIFICANCE: Final = 0.001
_CODES: Final = {
    "fer2013": "FER2013",
    "fer_plus": "FER+",
    "raf_db": "RAF-DB",
    "affectnet": "AffectNet",
    "ck_plus": "CK+",
    "ck_plus_csv": "CK+ as CSV",
}
_REMEDY: Final = (
    "Give audit.columns.class_names, the names of the outputs in their order ('-' for one that is "
    "no class)."
)
_LEFT_OUT: Final = ((), ("contempt",), ("contempt", "neutral"))


class Order(NamedTuple):
    """An order of classes, and whose it is."""

    names: tuple[str, ...]
    known_as: str


class Fit(NamedTuple):
    """How well an order explains answers.

    Attributes:
        order: The order.
        right: Whether each face is recognised, shape (n,).
        mean_recall: Over the emotions that faces show.
    """

    order: Order
    right: npt.NDArray[np.bool_]
    mean_recall: float


def known_orders(n_classes: int) -> tuple[Order, ...]:
    """Orders in use of so many classes, each once.

    Those of the datasets' codes, and the alphabetical one, in which folders are numbered (with
    "afraid" for fear, as KDEF has it, too); whole, without contempt, and without neutral too. CK+
    is used without neutral alone.
    """
    wholes = {label: tuple(CODES_OF_EMOTIONS[code].values()) for code, label in _CODES.items()}
    wholes["CK+ without neutral"] = tuple(one for one in wholes["CK+"] if one != "neutral")
    wholes |= {"alphabetical": tuple(sorted(EMOTIONS))}
    afraid = sorted(EMOTIONS, key=lambda name: "afraid" if name == "fear" else name)
    wholes |= {"alphabetical with 'afraid'": tuple(afraid)}
    found: dict[tuple[str, ...], str] = {}
    for label, whole in wholes.items():
        for left_out in _LEFT_OUT:
            names = tuple(name for name in whole if name is not None and name not in left_out)
            if len(names) == n_classes:
                found.setdefault(names, label)
    return tuple(Order(names, label) for names, label in found.items())


def order_of_classes(
    shares: npt.NDArray[np.float64], true: Sequence[str], orders: Sequence[Order]
) -> tuple[tuple[str, ...], str]:
    """The known order under which a model recognises faces far better than under any other.

    Best is the largest mean recall of the emotions that faces show, so that two frequent emotions
    do not decide alone. It is taken where the next one reaches less than 80 % of it, the faces that
    only one of both recognises speak for it (sign test, p at most .001), and no order that is not
    known would do far better (`swapped_classes`).

    Args:
        shares: What the model says of faces, shape (n, classes), in its order.
        true: The emotion of each of these faces; none of them may be one that is scored later.
        orders: Of `known_orders`.

    Returns:
        The names, and a sentence on how they were found.

    Raises:
        InvalidInputError: No order fits far better than the others.
    """
    labels = np.asarray(true, dtype=object)
    answers = shares.argmax(axis=1)
    fits = sorted(
        (_fit(order, answers, labels) for order in orders), key=lambda fit: -fit.mean_recall
    )
    told = "; ".join(
        f"{fit.order.known_as} ({', '.join(fit.order.names)}): {fit.mean_recall:.0%}"
        for fit in fits
    )
    if len(fits) < 2 or not _is_far_better(fits[0], fits[1]):
        raise InvalidInputError(
            f"The model has {shares.shape[1]} outputs, their names are not given, and its answers "
            f"for {len(labels):,} validation faces do not tell their order. Mean recall by order: "
            f"{told or 'none is known'}. {_REMEDY}{_example(fits)}"
        )
    best, second = fits[:2]
    other = swapped_classes(labels.tolist(), _named(best.order, answers).tolist())
    if other is not None:
        raise InvalidInputError(
            f"The model has {shares.shape[1]} outputs and their names are not given. Of the known "
            f"orders that of {best.order.known_as} fits {len(labels):,} validation faces best, and "
            f"yet {renaming_sentence(*other)} {_REMEDY}"
        )
    return best.order.names, (
        f"Classes were taken in the order {', '.join(best.order.names)} ({best.order.known_as}), a "
        f"guess from {len(labels):,} validation faces: mean recall {best.mean_recall:.0%}, in the "
        f"order of {second.order.known_as} {second.mean_recall:.0%}. The faces that are scored "
        "took no part in it. Where the order is known, give audit.columns.class_names."
    )


def _example(fits: Sequence[Fit]) -> str:
    if not fits:
        return ""
    order = fits[0].order
    return f" That of {order.known_as} is audit.columns.class_names={';'.join(order.names)}"


def _named(order: Order, answers: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    return np.asarray(order.names, dtype=object)[answers]


def best_fit(shares: npt.NDArray[np.float64], true: Sequence[str], orders: Sequence[Order]) -> Fit:
    """Of some orders the one with the largest mean recall; arguments as of `order_of_classes`."""
    answers, labels = shares.argmax(axis=1), np.asarray(true, dtype=object)
    return max((_fit(order, answers, labels) for order in orders), key=lambda fit: fit.mean_recall)


def recognises_more(first: Fit, second: Fit) -> bool:
    """Whether the faces that only one of both recognises speak for the first (p at most .001)."""
    only_first = int((first.right & ~second.right).sum())
    only_second = int((second.right & ~first.right).sum())
    if only_first <= only_second:
        return False
    return float(binomtest(only_first, only_first + only_second).pvalue) <= _SIGNIFICANCE


def _fit(order: Order, answers: npt.NDArray[np.intp], labels: npt.NDArray[np.object_]) -> Fit:
    right = np.asarray(_named(order, answers) == labels, dtype=bool)
    recalls = [right[labels == emotion].mean() for emotion in sorted(set(labels))]
    return Fit(order, right, float(np.mean(recalls)) if recalls else 0.0)


def _is_far_better(best: Fit, second: Fit) -> bool:
    if second.mean_recall >= _NEARLY_AS_WELL * best.mean_recall:
        return False
    return recognises_more(best, second)
