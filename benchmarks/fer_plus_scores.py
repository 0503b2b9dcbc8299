"""FER+ scores of trained models by the authors' protocol, over seeds.

    python -m benchmarks.fer_plus_scores                       # data/06_models, seeds 0 to 4
    python -m benchmarks.fer_plus_scores --variant emotion_augmentation --seeds 0 1
    python -m benchmarks.fer_plus_scores --split validation    # for choosing: no test face is read
    python -m benchmarks.fer_plus_scores --model FILE          # one .keras file

Scored are the faces with a majority label (unknown and not-a-face dropped): once each, averaged
with their mirror images, and with both moved by two pixels in four directions too.
`--logit-adjustment` takes so many times the logarithm of the emotions' training shares off the
logits, which finds rare emotions more often (Menon et al. 2021, arXiv 2007.07314, equation 9).
`twins` are faces whose pixels also stand in FER2013's Training rows: the project drops those rows
from training, published figures mostly do not, so both parts are given. Needs
`kedro run --pipelines data_processing` and the models.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from benchmarks.common import ROOT, faces_and_images, of_seed

from fer_fairness.modeling import predict_logits, prepare_backend
from fer_fairness.tables import TARGET_COLUMNS, has_majority_emotion, has_target
from fer_fairness.taxonomy import EMOTIONS

if TYPE_CHECKING:
    import keras

VIEWS: Final[dict[str, dict[str, Any]]] = {
    "once": {},
    "mirrored": {"average_mirrored": True},
    "mirrored and moved": {"average_mirrored": True, "average_shifted_px": 2},
}


def main() -> None:
    arguments = parse()
    prepare_backend()
    development = faces_and_images(arguments.data, "fer_plus", "development")
    faces, images = development
    if arguments.split == "test":
        faces, images = faces_and_images(arguments.data, "fer_plus", "test")
    twins = standing_in_training(*development, images)
    scored = faces[has_majority_emotion(faces) & (faces["split"] == arguments.split)]
    is_twin = twins[scored["image_index"].to_numpy()]
    print(f"{len(scored)} faces with a majority label, {is_twin.sum()} of them twins\n")
    offsets = arguments.logit_adjustment * np.log(training_shares(development[0]))
    rows = []
    for name, path in models(arguments):
        for shown, views in VIEWS.items():
            right = recognised(load(path), scored, images, offsets, views)
            rows.append({"model": name, "shown": shown, **scores(scored, right, is_twin)})
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.4f}"))
    if table["model"].nunique() > 1:
        numbers = table.drop(columns="model").groupby("shown", sort=False)
        print("\nmean over models\n", numbers.mean().round(4).to_string())
        print("\nstandard deviation over models\n", numbers.std(ddof=1).round(4).to_string())


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="the data root")
    parser.add_argument("--variant", default="baseline")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--model", type=Path, help="one .keras file instead")
    parser.add_argument("--split", choices=["test", "validation"], default="test")
    parser.add_argument("--logit-adjustment", type=float, default=0.0, metavar="TIMES")
    return parser.parse_args()


def models(arguments: argparse.Namespace) -> list[tuple[str, Path]]:
    if arguments.model:
        return [(arguments.model.name, arguments.model)]
    folder, first = arguments.data / "06_models" / arguments.variant, arguments.seeds[0]
    paths = {seed: of_seed(folder, seed, first=first) / "model.keras" for seed in arguments.seeds}
    missing = [str(path) for path in paths.values() if not path.is_file()]
    if missing:
        raise SystemExit(f"Not there: {', '.join(missing)}. Train them, or name other --seeds.")
    return [(f"seed {seed}", path) for seed, path in paths.items()]


def load(path: Path) -> "keras.Model":
    import keras

    return keras.saving.load_model(path, compile=False)


def standing_in_training(
    faces: pd.DataFrame, development: np.ndarray, images: np.ndarray
) -> np.ndarray:
    """For each image, whether its pixels are those of a row of the Training split."""
    training = faces.loc[faces["split"] == "train", "image_index"]
    known = {development[row].tobytes() for row in training}
    return np.array([image.tobytes() in known for image in images])


def training_shares(faces: pd.DataFrame) -> np.ndarray:
    """Share of each emotion in the training targets, shape `(8,)`."""
    targets = faces.loc[has_target(faces) & (faces["split"] == "train"), list(TARGET_COLUMNS)]
    return targets.mean().to_numpy()


def recognised(
    model: "keras.Model",
    scored: pd.DataFrame,
    images: np.ndarray,
    offsets: np.ndarray,
    views: dict[str, Any],
) -> np.ndarray:
    """Whether each face is recognised, `offsets` taken off the logits."""
    logits = predict_logits(
        model,
        images,
        scored["image_index"].to_numpy(),
        batch_size=256,
        description="Predicting",
        **views,
    )
    predicted = np.array(EMOTIONS)[(logits - offsets).argmax(axis=1)]
    return np.asarray(predicted == scored["emotion"].to_numpy())


def scores(scored: pd.DataFrame, right: np.ndarray, is_twin: np.ndarray) -> dict[str, float]:
    emotions = scored["emotion"].to_numpy()
    recalls = {emotion: right[emotions == emotion].mean() for emotion in EMOTIONS}
    return {
        "accuracy": right.mean(),
        "mean_recall": float(np.mean(list(recalls.values()))),
        "without_twins": right[~is_twin].mean(),
        "twins": right[is_twin].mean() if is_twin.any() else np.nan,
        **recalls,
    }


if __name__ == "__main__":
    main()
