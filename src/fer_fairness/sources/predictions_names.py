"""What the columns of prediction files are usually called."""

import re
from collections.abc import Sequence
from typing import Final, Literal

Kind = Literal["probabilities", "logits"]

# Names in order of preference: a name of an earlier line wins over those of a later one, two of
# the same line are ambiguous.
TRUE_NAMES: Final = (
    (
        "y_true true true_label true_class true_emotion true_expression label_true emotion_true "
        "ground_truth groundtruth gt gt_label actual actual_label actual_emotion"
    ),
    "emotion label target class expression category target_label emotion_label y",
    "labels targets emotions",
)
PREDICTED_NAMES: Final = (
    (
        "y_pred y_hat yhat predicted prediction pred predicted_label predicted_class "
        "predicted_emotion predicted_expression prediction_label pred_label pred_class "
        "pred_emotion label_pred emotion_pred emotion_predicted"
    ),
    "preds predictions output",
)
ID_NAMES: Final = (
    "sample_id",
    "id image_id img_id face_id uid uuid",
    "image img image_name img_name image_path img_path file filename file_name filepath path",
)
ATTRIBUTE_NAMES: Final = (
    "gender sex race race4 race7 ethnicity ethnic_group age age_group agegroup age_bin age_range "
    "age_bucket age_category skin_tone skintone skin_type skin_color skin_colour fitzpatrick "
    "fitzpatrick_type fitzpatrick_scale fitzpatrick_skin_type monk monk_skin_tone"
)
PREFIXES: Final[dict[Kind, tuple[str, ...]]] = {
    "probabilities": ("probability_", "prob_", "proba_", "probs_", "softmax_", "p_", "score_"),
    "logits": ("logit_", "logits_"),
}
LIST_NAMES: Final[dict[Kind, str]] = {
    "probabilities": "probabilities probability probs prob proba softmax scores",
    "logits": "logits logit",
}
WEAK_PREFIXES: Final = ("p_", "score_")
"""Begin other columns as well, such as p_value: taken only where every class has one."""


def normal(name: str) -> str:
    """A column's name as it is compared: lower case, with underscores."""
    return re.sub(r"[\s.\-]", "_", name.strip().casefold())


def suffixes_of(columns: Sequence[str], kind: Kind) -> tuple[str, ...]:
    """What each column's name says of its class, without the prefix.

    Columns that somebody named as logits may well be called `prob_...`, and the other way round.
    """
    prefixes = (*PREFIXES[kind], *(part for parts in PREFIXES.values() for part in parts))
    suffixes = []
    for column in columns:
        prefix = next((p for p in prefixes if normal(column).startswith(p)), "")
        suffixes.append(column.strip()[len(prefix) :])
    return tuple(suffixes)
