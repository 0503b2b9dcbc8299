"""What freezing, rates, regularisation and distillation do to a fine-tuned model.

    python -m benchmarks.fine_tuning_ablation --out FOLDER                      # FER+, five seeds
    python -m benchmarks.fine_tuning_ablation --out FOLDER --other FOLDER_2     # forgetting too
    python -m benchmarks.fine_tuning_ablation --out FOLDER --table

Needs the baselines of the seeds (`kedro run --pipelines baseline --params "seeds=0;1;2;3;4"`). Each
run starts from the baseline of its seed and is the fine-tuning of `emotion_augmentation` in
conf/base with the changes of `VARIATIONS`, on the same augmented FER+ faces. With `--other`, the
data root of a run on fabricated faces (`data/sample`), each also learns the RAF-DB-like faces of
that root instead; what it then still knows of FER+ is what it has not forgotten. Everything is
scored on validation faces: this is for choosing. Runs in FOLDER are not repeated; killed ones go
on.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import yaml
from benchmarks.common import (
    ROOT,
    ablation_arguments,
    differences,
    faces_and_images,
    is_kept,
    keep,
    kept_predictions,
    of_seed,
    run_file,
    show,
)

from fer_fairness.files import file_sha256
from fer_fairness.mitigation import MethodBlock
from fer_fairness.modeling import prepare_backend
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.prediction import PredictionParameters
from fer_fairness.pipelines.variants import nodes
from fer_fairness.taxonomy import EMOTIONS

if TYPE_CHECKING:
    import keras

UNFROZEN: Final = {"enabled": False}
SOURCE: Final[dict[str, dict[str, Any]]] = {
    "regularisation": {"spatial_dropout": 0.20, "l2": 0.0125},
    "training": {"initial_learning_rate": 0.00001, "target_learning_rate": 0.00003},
}
DISTILLED: Final = {"distillation": {"weight": 0.5, "temperature": 2.0}}
VARIATIONS: Final[Mapping[str, dict[str, dict[str, Any]]]] = MappingProxyType(
    {
        "unchanged": {},
        "unfrozen": {"freezing": UNFROZEN},
        "statistics_frozen": {
            "freezing": {"n_trainable_layers": 99, "every_batch_normalisation": True}
        },
        "distilled": {"training": DISTILLED},
        "unfrozen_distilled": {"freezing": UNFROZEN, "training": DISTILLED},
        "source_document": SOURCE,
        "source_document_unfrozen": {**SOURCE, "freezing": UNFROZEN},
    }
)


def main() -> None:
    arguments = parse()
    if not arguments.table:
        prepare_backend()
        for seed in arguments.seeds:
            for name in arguments.only:
                for learned in ("fer_plus", *(["other"] if arguments.other else [])):
                    run(name, seed, learned, arguments)
    show(results(arguments), arguments.out / f"fine_tuning_{arguments.epochs}_epochs.csv")


def parse() -> argparse.Namespace:
    parser = ablation_arguments(__doc__, VARIATIONS, epochs=4)
    parser.add_argument("--other", type=Path, help="data root of a run on fabricated faces")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    return arguments


def run(name: str, seed: int, learned: str, arguments: argparse.Namespace) -> None:
    """Fine-tune the seed's baseline and keep its predictions on FER+'s validation faces."""
    done = run_file(arguments, f"{name}_{learned}", seed)
    block = {
        "augmentation": configured("emotion_augmentation")["emotion_augmentation"]["augmentation"]
    }
    used = [
        block,
        fine_tuning(name, arguments.epochs).model_dump(mode="json"),
        file_sha256(baseline_file(arguments.data, seed)),
    ]
    if is_kept(done, used):
        return
    baseline = load_baseline(arguments.data, seed)
    fer_plus = faces_and_images(arguments.data, "fer_plus", "development")
    method = "emotion_augmentation" if learned == "fer_plus" else "continued_training"
    chosen = MethodBlock.model_validate(
        {"method": method, "name": name, **(block if learned == "fer_plus" else {})}
    )
    faces, images = fer_plus
    if learned == "other":
        faces, images = faces_and_images(arguments.other, "raf_db", "development")
    told = predictions_of(arguments.data, seed)
    columns, _, added_faces, added_images = nodes.compose_training_set(
        chosen, faces, images, seed, told
    )
    trained, history, _ = nodes.train_model(
        chosen,
        fine_tuning(name, arguments.epochs),
        faces,
        images,
        columns,
        added_faces,
        added_images,
        seed,
        str(arguments.out / "checkpoints" / learned),
        baseline,
    )
    predictions = nodes.predict(
        trained, *fer_plus, PredictionParameters(), chosen, seed, list(EMOTIONS)
    )
    keep(done, predictions, {"used": used, "history": history.to_dict("list")})


def configured(pipeline: str) -> dict[str, dict[str, Any]]:
    """The blocks of conf/base for one pipeline."""
    text = (ROOT / f"conf/base/parameters_{pipeline}.yml").read_text()
    blocks: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return blocks


def fine_tuning(name: str, epochs: int) -> FineTuningParameters:
    """The fine-tuning of conf/base with the changes of a variation."""
    block = configured("fine_tuning")["fine_tuning"]
    budget = {"training": {"max_epochs": epochs, "warmup_epochs": 1, "steps_per_epoch": None}}
    configured_one = FineTuningParameters.model_validate(block)
    return configured_one.with_changes(VARIATIONS[name]).with_changes(budget)


def baseline_file(data: Path, seed: int) -> Path:
    path = of_seed(data / "06_models/baseline", seed) / "model.keras"
    if not path.is_file():
        raise SystemExit(f"{path} is not there: train the baselines of these seeds first.")
    return path


def load_baseline(data: Path, seed: int) -> "keras.Model":
    import keras

    return keras.saving.load_model(baseline_file(data, seed), compile=False)


def predictions_of(data: Path, seed: int) -> pd.DataFrame:
    folder = of_seed(data / "07_model_output/baseline", seed)
    return pd.read_parquet(folder / "fer_plus_validation_predictions.parquet")


def results(arguments: argparse.Namespace) -> pd.DataFrame:
    """FER+ validation scores after each fine-tuning, minus those of the baselines."""
    rows = []
    for learned in ("fer_plus", "other"):
        for name in arguments.only:
            after = kept_predictions(arguments, f"{name}_{learned}")
            if len(after) > 1:
                before = {seed: predictions_of(arguments.data, seed) for seed in after}
                about = {"learned": learned, "variation": name, "n_seeds": len(after)}
                rows.append({**about, **differences(before, after)})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
