"""A small training with any method: what the contract tests run here and on other back ends.

`python contract_training.py` prints the losses of every method on the back end of the environment,
`python contract_training.py focal` those of one.
"""

import json
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.mitigation import Given, Method, trained_methods
from fer_fairness.modeling import TrainingData, TrainingResult, build_network, train
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.tables import (
    FACES_SCHEMA,
    PREDICTIONS_SCHEMA,
    PROBABILITY_COLUMNS,
    TARGET_COLUMNS,
    VOTES_COLUMNS,
    empty_table,
    has_majority_emotion,
)
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS, target_column

N_FACES, SIDE = 60, 16
ARCHITECTURE = ArchitectureParameters(
    # No dropout: each back end draws its random numbers in its own way.
    blocks=((4,), (6,)),
    n_dense_blocks=1,
    spatial_dropout=0.0,
    l2=1e-4,
    image_side_px=SIDE,
    batch_normalisation_momentum=0.5,
)
FINE_TUNING = FineTuningParameters.model_validate(
    {
        # Methods of several passes are compared with the control step by step.
        "counted": "steps",
        "freezing": {"enabled": False},
        "regularisation": {"spatial_dropout": 0.0, "l2": 1e-4},
        "training": {
            # What back ends are compared in: bfloat16 is of one of them alone.
            "precision": "float32",
            "batch_size": 16,
            "steps_per_epoch": 3,
            "max_epochs": 3,
            "warmup_epochs": 0,
            "initial_learning_rate": 0.001,
            "target_learning_rate": 0.003,
            "online_augmentation": {"flip": True, "contrast": 0.2},
        },
    }
)


def development_faces() -> tuple[pd.DataFrame, np.ndarray]:
    """Faces of three groups, some of which are unknown, in unequal numbers; and their images.

    The first is excluded, the sixth has votes without a majority, every fourth is of validation.
    """
    generator = np.random.default_rng(0)
    emotions = [EMOTIONS[place] for place in generator.choice(4, N_FACES, p=[0.5, 0.3, 0.15, 0.05])]
    table: dict[str, Any] = {
        "sample_id": [f"face_{row}" for row in range(N_FACES)],
        "image_index": np.arange(N_FACES),
        "image_file": None,
        "dataset": "raf_db",
        "split": ["validation" if row % 4 == 3 else "train" for row in range(N_FACES)],
        "emotion": emotions,
        "excluded_reason": None,
        **dict.fromkeys(VOTES_COLUMNS, np.nan),
        **{target_column(name): [float(name == one) for one in emotions] for name in EMOTIONS},
    }
    for attribute in ATTRIBUTES:
        groups = generator.choice(np.array(["a", "b", "c", None], dtype=object), N_FACES)
        table[attribute] = groups
        table[f"{attribute}_source"] = "annotated"
        table[f"{attribute}_confidence"] = np.nan
    images = generator.integers(0, 256, (N_FACES, SIDE, SIDE, 1)).astype(np.uint8)
    faces = pd.DataFrame(table)
    faces.loc[0, "excluded_reason"] = "image not readable"
    faces.loc[5, list(TARGET_COLUMNS)] = [0.5, 0.5] + [0.0] * (len(EMOTIONS) - 2)
    faces.loc[5, "emotion"] = None
    return FACES_SCHEMA.validate(faces), images


def told(faces: pd.DataFrame, needs: Collection[str] = ()) -> Given:
    """What the starting model says of validation faces, and of training faces where needed."""
    faces = faces[has_majority_emotion(faces)]
    if "training_predictions" not in needs:
        faces = faces[faces["split"] == "validation"]
    generator = np.random.default_rng(1)
    shares = generator.dirichlet(np.ones(len(EMOTIONS)), len(faces))
    predictions = pd.DataFrame(shares, columns=list(PROBABILITY_COLUMNS)).assign(
        sample_id=faces["sample_id"].to_numpy(),
        variant="baseline",
        seed=0,
        emotion=faces["emotion"].to_numpy(),
        predicted_emotion=[EMOTIONS[place] for place in shares.argmax(axis=1)],
    )
    columns = list(empty_table(PREDICTIONS_SCHEMA).columns)
    model = starting_network() if "starting_model" in needs else None
    return Given(PREDICTIONS_SCHEMA.validate(predictions[columns]), seed=0, model=model)


def starting_network() -> Any:
    """The same weights on every back end, each of which draws initial ones in its own way."""
    model = build_network(ARCHITECTURE, seed=0)
    generator = np.random.default_rng(2)
    weights = [generator.uniform(0.1, 0.5, w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    # Its answers differ: methods that compare right ones with wrong ones have something to see.
    images = development_faces()[1].astype(np.float32)
    weights[-1] = weights[-1] - np.asarray(model(images, training=True)).mean(axis=0)
    model.set_weights(weights)
    return model


def everything_on(method: Method) -> Mapping[str, Any]:
    """Changes of the fine-tuning with which a training draws and keeps all that it can."""
    mixup_alpha = 0.4 if method.takes_mixtures else 0.0
    return {
        "regularisation": {"spatial_dropout": 0.2},
        "training": {
            "mixup_alpha": mixup_alpha,
            "average_momentum": 0.5,
            "logit_adjustment": 0.3,
        },
    }


def train_with(
    method: Method, folder: Path | None = None, changes: Mapping[str, Any] | None = None
) -> TrainingResult:
    """Continue the training of one network with `method`."""
    fine_tuning = FINE_TUNING.with_changes(changes or {})
    faces, images = development_faces()
    composed = method.training_set(faces, images, told(faces, method.needs))
    model = method.start(starting_network(), fine_tuning, seed=0)
    data = TrainingData(composed.training_set(faces, images), method.validation_set(faces, images))
    return train(
        model,
        data,
        method.training_parameters(fine_tuning),
        seed=0,
        checkpoint_folder=folder,
        description="Contract",
        procedure=method,
    )


def chosen(name: str, **settings: Any) -> Method:
    """A method whose settings, where it can, do something on these few faces."""
    method = trained_methods()[name]
    small = {
        "augmentation": {"minimum_cell_size": 1, "target_share": 1.0},
        "minimum_faces": 1.0,
        "generator": {
            "n_codes": 8,
            "width": 16,
            "n_blocks": 1,
            "n_steps": 20,
            "n_moves": 4,
            "copy_quantile": 0.0,
        },
    }
    ours = {key: value for key, value in small.items() if key in method.model_fields}
    return method.model_validate({**ours, **settings})


def main(*names: str) -> None:
    """Losses of these methods, or of every one, as JSON."""
    import keras

    if unknown := sorted(set(names) - set(trained_methods())):
        known = ", ".join(trained_methods())
        sys.exit(f"No method that trains is called {', '.join(unknown)}: there are {known}.")
    every = [name for name, method in trained_methods().items() if not method.starts_anew]
    losses = {
        name: train_with(chosen(name)).history[["loss", "validation_loss"]].to_numpy().tolist()
        for name in names or every
    }
    sys.stdout.write(json.dumps({"back_end": keras.backend.backend(), "losses": losses}))


if __name__ == "__main__":
    main(*sys.argv[1:])
