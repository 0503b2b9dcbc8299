"""cRT: the last layer is learned anew on faces of which every emotion is drawn alike."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from fer_fairness.mitigation.last_layer import LastLayerMethod, draw_anew
from fer_fairness.params.fine_tuning import FineTuningParameters

if TYPE_CHECKING:
    import keras


class Crt(LastLayerMethod):
    """Classifier re-training: weights of the last layer are drawn anew and learned.

    All other layers stay as they are, batch statistics included. An emotion of n_c faces is drawn
    in proportion to n_c ** (1 - strength), with `strength` 1 as often as every other.

    The paper trains for 10 epochs with a rate of 0.2 on a cosine; here rates are those of
    `fine_tuning`, which are too low for a layer that starts anew: a `target_learning_rate` of 0.003
    lets it get as far as the one before. Faces without majority emotion are seen as often as in
    plain training.
    """

    label: ClassVar[str] = "Last layer anew (cRT)"
    source: ClassVar[str] = "Kang et al. 2020, arXiv 1910.09217"
    neutral: ClassVar[Mapping[str, Any]] = {
        "last_layer_only": False,
        "anew": False,
        "strength": 0.0,
    }
    in_words: ClassVar[str] = "emotion"

    method: Literal["crt"] = "crt"
    anew: bool = Field(
        default=True, description="Whether the last layer starts from random weights."
    )

    def cell_columns(self) -> Sequence[str]:
        """Emotions."""
        return ["emotion"]

    def start(
        self, model: "keras.Model | None", fine_tuning: FineTuningParameters, *, seed: int
    ) -> "keras.Model":
        """The starting model with a last layer of random weights."""
        prepared = super().start(model, fine_tuning, seed=seed)
        if self.anew:
            draw_anew(prepared, seed)
        return prepared
