"""What a way of training may change of plain training, each with plain training as its default."""

import numpy as np

from fer_fairness.modeling.batches import Batch, draw_mixture, mixed
from fer_fairness.modeling.objective import Objective
from fer_fairness.modeling.training_set import TrainingSet
from fer_fairness.params.training import TrainingParameters


class Procedure:
    """Plain training. A subclass overrides what it does otherwise.

    Random numbers come from the generators that are handed over, and from nowhere else: they depend
    on seed, epoch and batch alone, so that a killed run goes on as if it had not been.
    """

    def order(self, training: TrainingSet, generator: np.random.Generator) -> np.ndarray:
        """The rows of `training` in the order in which an epoch shows them.

        An epoch shows the first `training.epoch_size` of them, or as many as
        `TrainingParameters.steps_per_epoch` asks for; where they do not suffice, it asks again.

        Returns:
            Integers, at least one; a row may occur several times.
        """
        return generator.permutation(len(training))

    def mix(
        self, batch: Batch, params: TrainingParameters, generator: np.random.Generator
    ) -> Batch:
        """Mix the images of a batch with one another, and their targets.

        Mixup where `params` ask for it (Zhang et al. 2018, arXiv 1710.09412).
        """
        if params.mixup_alpha == 0:
            return batch
        share, partner = draw_mixture(generator, len(batch.targets), params.mixup_alpha)
        return mixed(batch, share, partner)

    def mixes(self, params: TrainingParameters) -> bool:
        """Whether `mix` changes images, so that what frozen layers make of them changes too."""
        return params.mixup_alpha > 0

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """What is minimised on `training`."""
        return Objective(params, training.class_shares())

    def fingerprint(self) -> str:
        """A text that differs between procedures which train otherwise."""
        return type(self).__qualname__
