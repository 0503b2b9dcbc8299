"""Targeted augmentation by emotion."""

from typing import ClassVar, Literal

from fer_fairness.mitigation.targeted_augmentation import TargetedAugmentation


class EmotionAugmentation(TargetedAugmentation):
    """Adds varied copies of faces that show rare or badly recognised emotions."""

    label: ClassVar[str] = "Emotion augmentation"
    pipeline: ClassVar[str] = "emotion_augmentation"

    method: Literal["emotion_augmentation"] = "emotion_augmentation"
