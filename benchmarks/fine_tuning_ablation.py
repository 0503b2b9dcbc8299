"""What freezing, rates, regularisation and distillation do to a fine-tuned model.

    python benchmarks/fine_tuning_ablation.py --out FOLDER                      # FER+, five seeds
    python benchmarks/fine_tuning_ablation.py --out FOLDER --other FOLDER_2     # forgetting too
    python benchmarks/fine_tuning_ablation.py --out FOLDER --table

Needs the baselines of the seeds (`kedro run --pipelines baseline --params "seeds=0;1;2;3;4"`). Each
run starts from the baseline of its seed and is the fine-tuning of `emotion_augmentation` in
conf/base with the changes of `VARIATIONS`, on the same augmented FER+ faces. With `--other`, the
data root of a run on fabricated faces (`data/sample`), each also learns the RAF-DB-like faces of
that root instead; what it then still knows of FER+ is what it has not forgotten. Everything is
scored on validation faces: this is for choosing. Runs in FOLDER are not repeated; killed ones go
on.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import yaml
from ablation_runs import ROOT, argument_parser, development, is_kept

from fer_fairness.fairness.seeds import compare_over_seeds
from fer_fairness.files import file_sha256, replacing
from fer_fairness.mitigation import MethodBlock
from fer_fairness.modeling import prepare_backend
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.params.prediction import PredictionParameters
from fer_fairness.pipelines import template_nodes as nodes
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
    table = results(arguments)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.4f}"))
    table.to_csv(arguments.out / f"fine_tuning_{arguments.epochs}_epochs.csv", index=False)


def parse() -> argparse.Namespace:
    parser = argument_parser(__doc__, VARIATIONS, epochs=4)
    parser.add_argument("--other", type=Path, help="data root of a run on fabricated faces")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    return arguments


def run(name: str, seed: int, learned: str, arguments: argparse.Namespace) -> None:
    """Fine-tune the seed's baseline and keep its predictions on FER+'s validation faces."""
    stem = f"{name}_{learned}_seed_{seed}_{arguments.epochs}_epochs"
    done = arguments.out / f"{stem}.parquet"
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
    fer_plus = development(arguments.data, "fer_plus")
    method = "emotion_augmentation" if learned == "fer_plus" else "continued_training"
    chosen = MethodBlock.model_validate(
        {"method": method, "name": name, **(block if learned == "fer_plus" else {})}
    )
    faces, images = fer_plus if learned == "fer_plus" else development(arguments.other, "raf_db")
    told = predictions_of(arguments.data, seed)
    columns, _, *added = nodes.compose_training_set(chosen, faces, images, seed, told)
    trained, history, _ = nodes.train_model(
        chosen,
        fine_tuning(name, arguments.epochs),
        faces,
        images,
        columns,
        *added,
        seed,
        str(arguments.out / "checkpoints" / learned),
        baseline,
    )
    predictions = nodes.predict_validation(trained, *fer_plus, PredictionParameters(), chosen, seed)
    record = {"used": used, "history": history.to_dict("list")}
    done.with_suffix(".json").write_text(json.dumps(record))
    with replacing(done) as path:
        predictions.to_parquet(path)


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


def of_seed(folder: Path, seed: int) -> Path:
    """Where the files of the baseline of a seed lie; 0 is the first."""
    return folder / ("baseline" if seed == 0 else f"baseline_seed_{seed}")


def baseline_file(data: Path, seed: int) -> Path:
    path = of_seed(data / "06_models", seed) / "model.keras"
    if not path.is_file():
        raise SystemExit(f"{path} is not there: train the baselines of these seeds first.")
    return path


def load_baseline(data: Path, seed: int) -> "keras.Model":
    import keras

    return keras.saving.load_model(baseline_file(data, seed), compile=False)


def predictions_of(data: Path, seed: int) -> pd.DataFrame:
    folder = of_seed(data / "07_model_output", seed)
    return pd.read_parquet(folder / "fer_plus_validation_predictions.parquet")


def results(arguments: argparse.Namespace) -> pd.DataFrame:
    """FER+ validation scores after each fine-tuning, minus those of the baselines."""
    inference = InferenceParameters(n_bootstrap=1000)
    rows = []
    for learned in ("fer_plus", "other"):
        for name in arguments.only:
            stem = f"{name}_{learned}_seed_{{}}_{arguments.epochs}_epochs.parquet"
            paths = {seed: arguments.out / stem.format(seed) for seed in arguments.seeds}
            after = {seed: pd.read_parquet(path) for seed, path in paths.items() if path.is_file()}
            if len(after) < 2:
                continue
            before = {seed: predictions_of(arguments.data, seed) for seed in after}
            table = compare_over_seeds(
                before, after, attributes=[], emotions=EMOTIONS, params=inference, seed=0
            ).set_index("metric")
            row: dict[str, Any] = {"learned": learned, "variation": name, "n_seeds": len(after)}
            for metric in table.index:
                for column in ("difference", "ci_low", "ci_high"):
                    row[f"{metric}_{column}"] = table.loc[metric, column]
            rows.append(row)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
