"""Does a model trained on fabricated faces show what was planted, and nothing where nothing was?

    python benchmarks/planted_bias.py

For a few seeds: faces with nothing planted, and faces whose pictures of one group are worse. A
small CNN is trained on each, and the verdicts on its test predictions are printed.
Minutes on two cores.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fer_fairness.fabrication import fabricate_one
from fer_fairness.fairness.evaluation import evaluate
from fer_fairness.modeling import (
    TrainingData,
    TrainingSet,
    build_network,
    predict_logits,
    train,
)
from fer_fairness.params.fabrication import FabricationParameters
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import OnlineAugmentationParameters, TrainingParameters
from fer_fairness.taxonomy import EMOTIONS

SIZES = {
    "train": 2600,
    "validation": 300,
    "test": 1500,
    "not_a_face_share": 0.0,
    "ambiguous_share": 0.0,
}
ARCHITECTURE = ArchitectureParameters(
    blocks=((16, 16), (32, 32), (64,)), batch_normalisation_momentum=0.9
)
TRAINING = TrainingParameters(
    max_epochs=12,
    warmup_epochs=1,
    initial_learning_rate=5e-4,
    target_learning_rate=5e-3,
    learning_rate_patience=3,
    online_augmentation=OnlineAugmentationParameters(flip=True, shift_share=0.08),
)
EVALUATION = EvaluationParameters(n_bootstrap=300, n_permutations=1000)


def scored_faces(planted: Mapping[str, object], *, seed: int) -> pd.DataFrame:
    """Test faces with the emotion a freshly trained model sees in them, and their true groups."""
    params = FabricationParameters.model_validate(
        {
            "seed": seed,
            "fer_plus": SIZES,
            "planted": {"group_shares": {"race": {"white": 0.5, "black": 0.5}}, **planted},
        }
    )
    faces = fabricate_one(params, "fer_plus")
    truth = faces.truth
    codes = truth["labelled_emotion"].map(EMOTIONS.index).to_numpy()
    targets = np.eye(len(EMOTIONS), dtype=np.float32)[codes]
    rows = {name: np.flatnonzero(truth["split"] == name) for name in truth["split"].unique()}
    parts = {n: TrainingSet(faces.images, index, targets[index]) for n, index in rows.items()}
    model = build_network(ARCHITECTURE, seed=seed)
    train(
        model,
        TrainingData(parts["train"], parts["validation"]),
        TRAINING,
        seed=seed,
        checkpoint_folder=None,
        description="Training",
    )
    logits = predict_logits(
        model, faces.images, rows["test"], batch_size=256, description="Predicting"
    )
    return pd.DataFrame(
        {
            "sample_id": truth["sample_id"].iloc[rows["test"]].to_numpy(),
            "emotion": truth["labelled_emotion"].iloc[rows["test"]].to_numpy(),
            "predicted_emotion": [EMOTIONS[code] for code in logits.argmax(axis=1)],
            "gender": truth["gender"].iloc[rows["test"]].to_numpy(),
            "race": truth["race"].iloc[rows["test"]].to_numpy(),
        }
    )


def main() -> None:
    """Print group accuracies and verdicts for every seed and plan."""
    worse_pictures = {"image_quality_by_group": {"race": {"black": 0.5}}}
    for seed in (0, 1, 2):
        for name, planted in (("nothing planted", {}), ("worse pictures", worse_pictures)):
            scored = scored_faces(planted, seed=seed)
            right = scored["emotion"] == scored["predicted_emotion"]
            result = evaluate(
                scored,
                attributes=("gender", "race"),
                emotions=EMOTIONS,
                params=EVALUATION,
                seed=seed,
            )
            columns = ["attribute", "metric", "value", "null_95", "p_value_adjusted", "verdict"]
            headline = result.gaps["metric"].isin(["accuracy_gap", "equal_opportunity_gap"])
            print(f"\nseed {seed}, {name}: accuracy {right.mean():.3f}")
            print(right.groupby(scored["race"]).mean().round(3).to_dict())
            print(result.gaps.loc[headline, columns].round(3).to_string(index=False))


if __name__ == "__main__":
    main()
