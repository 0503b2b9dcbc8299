"""The model card of a variant."""
