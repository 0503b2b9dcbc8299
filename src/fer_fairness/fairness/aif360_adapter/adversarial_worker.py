"""Trains AIF360's `AdversarialDebiasing` in a Python process of its own.

Run as a script by `adversarial_debiasing`: it reads one npz file and writes another. AIF360's class
needs TensorFlow with eager execution off, after which Keras can train nothing in that process. The
script imports nothing of this project, and names TensorFlow only when it runs.
"""

import importlib
import sys
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

LIBRARY_ABSENT: Final = 3
"""Exit status where TensorFlow or AIF360 cannot be imported."""


def main(given: Path, result: Path) -> int:
    """Train on the arrays of `given`, write `scores` to `result`; gives the exit status."""
    try:
        # TensorFlow first: without it AIF360 is imported and only its class fails, later.
        tensorflow = importlib.import_module("tensorflow")
        importlib.import_module("aif360.datasets")
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return LIBRARY_ABSENT
    graph = tensorflow.compat.v1
    graph.disable_eager_execution()
    with np.load(given, allow_pickle=False) as arrays:
        scores = _scores({name: arrays[name] for name in arrays.files}, graph)
    np.savez(result, scores=scores)
    return 0


def _scores(arrays: dict[str, np.ndarray], graph: object) -> np.ndarray:
    from aif360.algorithms.inprocessing.adversarial_debiasing import AdversarialDebiasing
    from aif360.datasets import BinaryLabelDataset

    def dataset(features: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> BinaryLabelDataset:
        built = BinaryLabelDataset(
            df=pd.DataFrame({"group": groups, "label": labels}, dtype=np.float64),
            label_names=["label"],
            protected_attribute_names=["group"],
        )
        # AIF360 makes the group a feature; here the classifier shall not see it.
        built.features = features.astype(np.float64)
        built.feature_names = [f"feature_{column}" for column in range(features.shape[1])]
        return built

    scored = arrays["features_to_score"]
    nobody = np.zeros(len(scored))
    with graph.Session() as session:  # type: ignore[attr-defined]  # TensorFlow is not typed
        model = AdversarialDebiasing(
            unprivileged_groups=[{"group": 0}],
            privileged_groups=[{"group": 1}],
            scope_name="adversarial_debiasing",
            sess=session,
            seed=int(arrays["seed"]),
            adversary_loss_weight=float(arrays["adversary_loss_weight"]),
            num_epochs=int(arrays["n_epochs"]),
            batch_size=int(arrays["batch_size"]),
            classifier_num_hidden_units=int(arrays["n_hidden_units"]),
        )
        model.fit(dataset(arrays["features"], arrays["labels"], arrays["groups"]))
        # Labels and groups of those to be scored are fed to the graph but do not enter the scores.
        return np.asarray(model.predict(dataset(scored, nobody, nobody)).scores[:, 0])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
