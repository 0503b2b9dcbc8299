"""Faces made by a small generator, and how they compare with real ones."""

from fer_fairness.augmentation.generation.filling import MadeFacts, made_faces

__all__ = ["MadeFacts", "made_faces"]
