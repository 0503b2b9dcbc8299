"""Nodes of cross_dataset: what is trained on what, what is left out, what is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation import MethodBlock
from fer_fairness.params.cross_dataset import CrossDatasetParameters
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.pipelines.cross_dataset import nodes
from fer_fairness.pipelines.variants import nodes as variants
from fer_fairness.pipelines.variants.crossing import Crossing
from fer_fairness.tables import PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

CROSSED = Crossing(("fer_plus", "raf_db")).as_parameters()
MakeFaces = Callable[..., pd.DataFrame]


def block(**settings: Any) -> MethodBlock:
    return MethodBlock.model_validate({"method": "baseline", "name": "baseline"} | settings)


def pictures(n: int, draw: int) -> np.ndarray:
    return np.random.default_rng(draw).integers(0, 256, (n, 6, 6, 1), dtype=np.uint8)


def test_a_dataset_without_faces_is_named_with_how_to_leave_it_out(
    development: pd.DataFrame,
) -> None:
    counted = nodes.count_faces(CROSSED, development, development)
    assert counted["n_training_faces"].tolist() == [6, 6]
    assert counted["n_validation_faces"].tolist() == [4, 4]
    with pytest.raises(InvalidInputError, match=r"RAF-DB has 0 training and 0 validation"):
        nodes.count_faces(CROSSED, development, development.iloc[:0])
    with pytest.raises(InvalidInputError, match=r"cross_dataset\.datasets=raf_db"):
        nodes.count_faces(CROSSED, development[development["split"] == "train"], development)


def test_each_dataset_is_given_its_own_faces_and_images(
    development: pd.DataFrame, make_faces: MakeFaces
) -> None:
    test = make_faces(["test"] * 3, ["fear"] * 3)
    own, strange, both = pictures(10, 1), pictures(10, 2), pictures(3, 3)
    both[1] = own[7]
    given = [development, own, test, pictures(3, 4), development, strange, test, both]
    found = nodes.find_known_faces(CROSSED, *given)
    expected = [("raf_db", test["sample_id"].iloc[1], "fer_plus")]
    assert list(found.itertuples(index=False, name=None)) == expected


def test_models_of_several_datasets_see_all_their_pictures(
    development: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = development.assign(sample_id=[f"other/{place}" for place in range(10)])
    images = [pictures(10, 1), pictures(10, 2)]
    seen: dict[str, Any] = {}

    def compose(own: MethodBlock, faces: pd.DataFrame, pixels: np.ndarray, seed: int) -> Any:
        seen.update(block=own, faces=faces, images=pixels, seed=seed)
        return None, None, None, None

    monkeypatch.setattr(variants, "compose_training_set", compose)
    monkeypatch.setattr(variants, "train_model", lambda *given: given)
    model = {"name": "baseline_without_mine", "trained_on": ["fer_plus", "raf_db"]}
    nodes.train_on_sets(
        block(training={"distillation": {"weight": 0.5, "teachers": ["published_teacher"]}}),
        CrossDatasetParameters(),
        model,
        FineTuningParameters(),
        3,
        "somewhere",
        pd.DataFrame(),
        *(development, images[0], other, images[1]),
    )
    faces = seen["faces"]
    for place, table in enumerate((development, other)):
        ours = faces[faces["sample_id"].isin(table["sample_id"])]
        np.testing.assert_array_equal(
            seen["images"][ours["image_index"]], images[place][table["image_index"]]
        )
    assert seen["block"].root.name == "baseline_without_mine"
    assert seen["block"].root.training.distillation.weight == 0
    assert seen["block"].root.architecture.weights == "random"


def predicted(faces: pd.DataFrame, model: str, recall: float, draw: int) -> pd.DataFrame:
    generator = np.random.default_rng(draw)
    true = np.array([EMOTIONS.index(name) for name in faces["emotion"]])
    right = generator.random(len(true)) < recall
    given = np.where(right, true, (true + 1) % 7)
    shares = np.full((len(true), len(EMOTIONS)), 0.05)
    shares[np.arange(len(true)), given] = 0.65
    return pd.DataFrame(shares, columns=list(PROBABILITY_COLUMNS)).assign(
        sample_id=faces["sample_id"].to_numpy(),
        variant=model,
        seed=0,
        emotion=faces["emotion"].to_numpy(),
        predicted_emotion=np.array(EMOTIONS)[given],
    )


def test_groups_of_both_words_are_compared_and_known_faces_are_not(make_faces: MakeFaces) -> None:
    emotions = [name for name in EMOTIONS[:7] for _ in range(40)]
    sides = {
        "fer_plus": ("predicted", ["white", "black", "indian", "asian"]),
        "raf_db": ("annotated", ["caucasian", "african_american", "asian", "asian"]),
    }
    given: list[pd.DataFrame] = []
    for place, (name, (source, races)) in enumerate(sides.items()):
        faces = make_faces(
            ["test"] * 280, emotions, dataset=[name] * 280, race=races * 70, race_source=source
        ).assign(gender=None, age_group=None, sample_id=[f"{name}/{n}" for n in range(280)])
        own = ("baseline_on_fer_plus", "baseline_on_raf_db")
        given += [faces]
        given += [
            predicted(faces, model, 0.9 if own[place] == model else 0.5, 10 * place + number)
            for number, model in enumerate(own)
        ]
    known = pd.DataFrame(
        {"evaluation_set": "raf_db", "sample_id": ["raf_db/0"], "known_from": "fer_plus"}
    )
    parameters = EvaluationParameters(n_bootstrap=100, attributes=("race", "gender"))
    matrix, between, models, shared = nodes.measure(CROSSED, parameters, 0, known, *given)
    assert shared["groups"] == {"race": ["african_american", "asian", "caucasian"]}
    assert shared["n_known_faces"] == {"fer_plus": 0, "raf_db": 1}
    accuracy = matrix[matrix["metric"] == "accuracy"].set_index("evaluation_set")["n_people"]
    assert accuracy["raf_db"].unique().tolist() == [279]
    assert accuracy["fer_plus"].unique().tolist() == [280]
    main = between[(between["metric"] == "balanced_accuracy") & between["group"].isna()]
    assert set(main["verdict"]) == {"difference found"}
    quality = {"reading": {"fabricated": True}}
    counted = pd.DataFrame(
        [("fer_plus", 6, 4), ("raf_db", 6, 4)],
        columns=["dataset", "n_training_faces", "n_validation_faces"],
    )

    def reported(
        parameters: CrossDatasetParameters, matrix: pd.DataFrame = matrix
    ) -> tuple[str, Figure, dict[str, bytes], dict[str, Any]]:
        tables = (shared, matrix, between, models, counted)
        return nodes.report(*tables, block(), parameters, quality, quality)

    page, figure, files, results = reported(CrossDatasetParameters())
    assert {Path(name).suffix for name in files} == {".svg", ".pdf", ".csv", ".md"}
    assert "began with trained weights" not in page
    begun = CrossDatasetParameters(baseline={"architecture": {"weights": "published"}})
    assert "began with trained weights" in reported(begun)[0]
    assert "No gap is shown" not in page
    few = matrix[matrix["attribute"].isna() | (matrix["evaluation_set"] == "fer_plus")]
    assert "No gap is shown on RAF-DB by perceived race: fewer than two" in reported(begun, few)[0]
    assert "Trained on FER+ and scored on RAF-DB: mean recall" in page
    assert "These faces are fabricated" in page
    assert "Groups of FER+ are predicted by a labeller, not annotated." in page
    assert "Test faces of RAF-DB left out, which another dataset has too: 1." in page
    assert len(results["findings"]) == 2
    assert [panel.get_title(loc="left") for panel in figure.axes] == [
        "Mean recall",
        "Accuracy",
        "Calibration error",
        "Accuracy gap, perceived race",
    ]
