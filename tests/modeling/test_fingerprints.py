from pathlib import Path

import pytest

from fer_fairness.datasets import KerasModelDataset
from fer_fairness.modeling import build_network, freeze_layers, set_regularisation
from fer_fairness.modeling.fingerprints import weights_fingerprint
from fer_fairness.params.modeling import (
    ArchitectureParameters,
    FreezingParameters,
    RegularisationParameters,
)

SMALL = {
    "compact": ArchitectureParameters(blocks=((2, 2), (4, 4), (4,))),
    "separable": ArchitectureParameters(form="separable", blocks=((2, 2), (4,))),
}


@pytest.mark.parametrize("form", list(SMALL))
def test_a_model_saved_and_loaded_or_made_ready_for_fine_tuning_is_the_same(
    form: str, tmp_path: Path
) -> None:
    model = build_network(SMALL[form], seed=0)
    known = weights_fingerprint(model)
    ready = set_regularisation(model, RegularisationParameters(), seed=5)
    freeze_layers(ready, FreezingParameters(n_trainable_layers=1))
    assert weights_fingerprint(ready) == known
    for number, saved in enumerate((model, ready)):
        file = KerasModelDataset(filepath=str(tmp_path / f"{number}.keras"))
        file.save(saved)
        assert weights_fingerprint(file.load()) == known


def test_one_weight_more_or_less_is_another_model() -> None:
    model = build_network(SMALL["compact"], seed=0)
    known = weights_fingerprint(model)
    assert weights_fingerprint(build_network(SMALL["compact"], seed=0)) == known
    assert weights_fingerprint(build_network(SMALL["compact"], seed=1)) != known
    weights = model.get_weights()
    weights[-1][0] += 1e-6
    model.set_weights(weights)
    assert weights_fingerprint(model) != known
