"""What each part of the baseline's training brings, on FER+'s validation faces (PublicTest).

    python -m benchmarks.training_ablation --out FOLDER             # everything, five seeds
    python -m benchmarks.training_ablation --out FOLDER --epochs 30 --seeds 0 1 --only mixup
    python -m benchmarks.training_ablation --out FOLDER --on weaker_augmentation --epochs 8
    python -m benchmarks.training_ablation --out FOLDER --table     # the table of what is there

Needs `kedro run --pipelines data_processing` on real FER+. Each run starts from the `baseline`
block of conf/base and changes what `VARIATIONS` says, on top of the variation `--on`: a short run
learns most from weaker augmentation. Teachers are those of the baseline, or `--teachers`, such as
models of `wide_teacher`. Runs that are in FOLDER are not repeated, and a run that was killed goes
on after its last epoch, so the same command can be given again and again. The test faces are not
opened: this is for choosing. The table has the mean over seeds and the difference to the unchanged
training, seed by seed, with the interval of `compare_over_seeds`.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
import yaml
from benchmarks.common import (
    INFERENCE,
    ROOT,
    ablation_arguments,
    differences,
    faces_and_images,
    is_kept,
    keep,
    kept_predictions,
    run_file,
    show,
)

from fer_fairness.fairness.comparisons.over_seeds import scores_over_seeds
from fer_fairness.files import file_sha256
from fer_fairness.modeling import (
    TrainingData,
    TrainingSet,
    build_network,
    predict_logits,
    predictions_table,
    prepare_backend,
    train,
    trained_model,
)
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters
from fer_fairness.tables import TARGET_COLUMNS, has_majority_emotion, has_target
from fer_fairness.taxonomy import EMOTIONS

UNCHANGED: Final = "unchanged"
NO_AUGMENTATION: Final[dict[str, Any]] = {
    "flip": False,
    "rotation_degrees": 0,
    "shift_share": 0,
    "scale_share": 0,
    "brightness": 0,
    "contrast": 0,
    "erased_share": 0,
}
UNTAUGHT: Final[dict[str, Any]] = {"weight": 0.0}
VARIATIONS: Final[Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        UNCHANGED: {},
        "published_network": {"architecture": {"form": "separable", "spatial_dropout": 0.1}},
        "published_network_and_recipe": {
            "architecture": {"form": "separable", "spatial_dropout": 0.1},
            "training": {
                "optimizer": "adam",
                "weight_decay": 0.0,
                "schedule": "plateau",
                "target_learning_rate": 0.005,
                "learning_rate_patience": 20,
                "average_momentum": None,
                "distillation": UNTAUGHT,
            },
        },
        "majority_labels": {"majority": True},
        "no_average": {"training": {"average_momentum": None}},
        "no_augmentation": {"training": {"online_augmentation": NO_AUGMENTATION}},
        "only_flip_and_shift": {
            "training": {
                "online_augmentation": {**NO_AUGMENTATION, "flip": True, "shift_share": 0.06}
            }
        },
        "erasing": {
            "training": {"online_augmentation": {"erased_share": 0.15, "erased_probability": 0.3}}
        },
        "weaker_augmentation": {
            "training": {
                "online_augmentation": {
                    "rotation_degrees": 8,
                    "shift_share": 0.06,
                    "scale_share": 0.08,
                    "brightness": 0.08,
                    "contrast": 0.15,
                }
            }
        },
        "mixup": {"training": {"mixup_alpha": 0.2}},
        "taught_by_ensemble": {"training": {"distillation": {"weight": 0.5, "temperature": 1.0}}},
        "taught_on_same_views": {
            "training": {"distillation": {"weight": 0.7, "temperature": 1.0, "same_views": True}}
        },
        "untaught": {"training": {"distillation": UNTAUGHT}},
        "no_logit_adjustment": {"training": {"logit_adjustment": 0.0}},
        "wide_teacher": {
            "architecture": {
                "stem_width": 24,
                "blocks": [[48, 48, 48], [96, 96, 96], [256, 256, 256, 256]],
                "activation": "silu",
                "spatial_dropout": 0.1,
            },
            "training": {"logit_adjustment": 0.0, "distillation": UNTAUGHT},
        },
        "without_stem": {
            "architecture": {
                "stem_width": 0,
                "blocks": [[32, 32, 32], [64, 64], [160, 160, 160, 160]],
            }
        },
        "leaky_relu": {"architecture": {"activation": "leaky_relu"}},
        "label_smoothing": {"training": {"label_smoothing": 0.1}},
        "logit_adjustment_0.3": {"training": {"logit_adjustment": 0.3}},
        "no_weight_decay": {"training": {"weight_decay": 0.0}},
        "dropout_0.1": {"architecture": {"spatial_dropout": 0.1}},
        "no_dropout": {"architecture": {"spatial_dropout": 0.0}},
        "half_rate": {"training": {"target_learning_rate": 0.004}},
        "double_rate": {"training": {"target_learning_rate": 0.016}},
    }
)


def main() -> None:
    arguments = parse()
    if not arguments.table:
        prepare_backend()
        faces, images = faces_and_images(arguments.data, "fer_plus", "development")
        for seed in arguments.seeds:
            for name in arguments.only:
                run(name, seed, faces, images, arguments)
    show(results(arguments), arguments.out / f"ablation_{arguments.epochs}_epochs.csv")


def parse() -> argparse.Namespace:
    parser = ablation_arguments(__doc__, VARIATIONS, epochs=30)
    parser.add_argument("--teachers", nargs="+", default=[], help=".keras files")
    parser.add_argument(
        "--on", nargs="+", choices=VARIATIONS, default=[UNCHANGED], help="applied to every run"
    )
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    return arguments


def parameters(
    names: Sequence[str], epochs: int
) -> tuple[ArchitectureParameters, TrainingParameters]:
    """The baseline's, with the changes of one variation after the other."""
    block = yaml.safe_load((ROOT / "conf/base/parameters_baseline.yml").read_text())["baseline"]
    architecture, training = block["architecture"], block["training"]
    for name in names:
        changed = VARIATIONS[name].get("training", {})
        online = training["online_augmentation"] | changed.get("online_augmentation", {})
        architecture = architecture | VARIATIONS[name].get("architecture", {})
        training = training | changed | {"online_augmentation": online}
    training = training | {"max_epochs": epochs}
    return ArchitectureParameters(**architecture), TrainingParameters(**training)


def run(
    name: str,
    seed: int,
    faces: pd.DataFrame,
    images: np.ndarray,
    arguments: argparse.Namespace,
) -> None:
    """Train one variation with one seed and keep its predictions, unless they are there."""
    done = run_file(arguments, name, seed)
    architecture, training = parameters([*arguments.on, name], arguments.epochs)
    named = arguments.teachers or training.distillation.teachers
    teachers = named if training.distillation.weight > 0 else []
    hashes = [file_sha256(Path(path)) for path in teachers if Path(path).is_file()]
    used = [architecture.model_dump(), training.model_dump(), *hashes]
    if is_kept(done, used):
        return
    model = build_network(architecture, seed=seed)
    usable = faces[has_target(faces)]
    majority = VARIATIONS[name].get("majority", False)
    data = TrainingData(
        training_set(usable[usable["split"] == "train"], images, majority=majority),
        training_set(usable[usable["split"] == "validation"], images, majority=False),
        [trained_model(path, remedy="Name others in --teachers.") for path in teachers],
    )
    result = train(
        model,
        data,
        training,
        seed=seed,
        checkpoint_folder=arguments.out / "checkpoints" / done.stem,
        description=f"{name}, seed {seed}",
    )
    is_validation = faces["split"] == "validation"
    scored = faces[is_validation & has_majority_emotion(faces)].reset_index(drop=True)
    logits = predict_logits(
        result.model,
        images,
        scored["image_index"].to_numpy(),
        batch_size=256,
        description="Predicting",
    )
    predictions = predictions_table(scored, logits, variant=name, seed=seed, emotions=EMOTIONS)
    result.model.save(done.with_suffix(".keras"))
    record = {
        "n_parameters": sum(int(np.prod(v.shape)) for v in model.trainable_variables),
        "images_per_second": len(data.training) / result.history["seconds"].median(),
        "history": result.history.to_dict("list"),
        "used": used,
    }
    keep(done, predictions, record)


def training_set(faces: pd.DataFrame, images: np.ndarray, *, majority: bool) -> TrainingSet:
    targets = faces[list(TARGET_COLUMNS)].to_numpy(dtype=np.float32)
    if majority:
        has_one = faces["emotion"].notna().to_numpy()
        faces, targets = (
            faces[has_one],
            np.eye(8, dtype=np.float32)[targets[has_one].argmax(axis=1)],
        )
    return TrainingSet(images, faces["image_index"].to_numpy(), targets)


def results(arguments: argparse.Namespace) -> pd.DataFrame:
    """Accuracy and mean recall of each variation over its seeds, and the differences."""
    names = dict.fromkeys([UNCHANGED, *arguments.only])
    found = {name: kept_predictions(arguments, name) for name in names}
    rows: list[dict[str, Any]] = []
    for name, frames in found.items():
        row: dict[str, Any] = {"variation": name, "n_seeds": len(frames)}
        for metric in ("accuracy", "balanced_accuracy"):
            row[metric] = np.mean([score(frame, metric) for frame in frames.values()] or [np.nan])
        seeds = sorted(set(frames) & set(found[UNCHANGED]))
        if name == UNCHANGED and len(seeds) > 1:
            row |= spread(frames)
        elif len(seeds) > 1:
            before, after = (
                {seed: of[seed] for seed in seeds} for of in (found[UNCHANGED], frames)
            )
            row |= differences(before, after)
        rows.append(row)
    return pd.DataFrame(rows)


def score(frame: pd.DataFrame, metric: str) -> float:
    right = frame["predicted_emotion"] == frame["emotion"]
    return float(
        right.mean() if metric == "accuracy" else right.groupby(frame["emotion"]).mean().mean()
    )


def spread(frames: dict[int, pd.DataFrame]) -> dict[str, float]:
    table = scores_over_seeds(
        frames, attributes=[], emotions=EMOTIONS, params=INFERENCE, seed=0
    ).set_index("metric")
    return {"accuracy_seed_sd": float(table["seed_standard_deviation"]["accuracy"])}


if __name__ == "__main__":
    main()
