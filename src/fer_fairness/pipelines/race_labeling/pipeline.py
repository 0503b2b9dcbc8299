"""Wiring of the race_labeling pipeline."""

from collections.abc import Callable, Iterator

from kedro.pipeline import Pipeline

from fer_fairness.evaluation_sets import CONDITIONS, EVALUATION_SETS, EvaluationSet
from fer_fairness.pipelines.namespaces import grouped, step
from fer_fairness.pipelines.race_labeling import nodes

_SPLITS = ("development", "test")


def create_pipeline() -> Pipeline:
    """From FairFace to an embedder, labellers and their errors, and labels of other faces."""
    sets = EVALUATION_SETS.values()
    return grouped(
        "race_labeling",
        [
            _embedder(),
            *(part for condition in CONDITIONS for part in _labeller(condition)),
            _measurement(),
            *(part for chosen in sets for split in _SPLITS for part in _labels(chosen, split)),
            *(_export(chosen.name) for chosen in sets if chosen.annotates_demographics),
            _agreement(),
            _demographic_dataset(),
        ],
    )


def _embedder() -> Pipeline:
    return step(
        nodes.fit_face_embedder,
        inputs=[
            "fairface.development_faces",
            "fairface.raw",
            "params:embedder",
            "params:seed",
            "params:checkpoint_root",
        ],
        outputs="embedder",
        name="fit_embedder",
        tags=["embed", "trains"],
    )


def _embeddings(
    function: Callable[..., object], faces: str, images: str, condition: str, written: str
) -> Pipeline:
    """Embeddings of faces from their images; `written` begins the names of what it makes."""
    namespace, split = written.split(".")
    return step(
        function,
        inputs=[
            "embedder",
            faces,
            images,
            f"params:conditions.{condition}",
            "params:embedding",
            "params:embedding_cache_root",
        ],
        outputs=[f"{written}_embeddings", f"{written}_unembedded"],
        name=f"{namespace}.embed_{split}",
        tags="embed",
    )


def _labeller(condition: str) -> Iterator[Pipeline]:
    """Fitted on FairFace as it looks in a condition."""
    for split in _SPLITS:
        faces, written = f"fairface.{split}_faces", f"{condition}.{split}"
        yield _embeddings(nodes.embed_files, faces, "fairface.raw", condition, written)
    yield step(
        nodes.fit_demographic_labeller,
        inputs=[
            f"{condition}.development_embeddings",
            "fairface.development_faces",
            "params:embedder",
            "params:labeller",
            "params:seed",
        ],
        outputs=f"{condition}.demographic_labeller",
        name=f"{condition}.fit_labeller",
        tags=["label", "trains"],
    )


def _measurement() -> Pipeline:
    return step(
        nodes.measure_labellers,
        inputs=[
            "fairface.test_faces",
            *(f"{condition}.demographic_labeller" for condition in CONDITIONS),
            *(f"{condition}.test_embeddings" for condition in CONDITIONS),
        ],
        outputs=[
            *(f"{condition}.held_out_labels" for condition in CONDITIONS),
            *(f"tables.{table}" for table in nodes.MEASUREMENTS),
        ],
        name="measure_labellers",
        tags="label",
    )


def _labels(chosen: EvaluationSet, split: str) -> Iterator[Pipeline]:
    """Embeddings of an evaluation set's faces, their predicted groups, and both put together."""
    part = f"{chosen.name}.{split}"
    how: tuple[Callable[..., object], str, str]
    if chosen.embedded_from == "files":
        how = (nodes.embed_files, f"{part}_faces", f"{chosen.name}.raw")
    else:
        how = (nodes.embed_pixels, f"{part}_faces", f"{part}_images")
    yield _embeddings(*how, chosen.condition, part)
    yield step(
        nodes.predict_demographics,
        inputs=[
            f"{chosen.condition}.demographic_labeller",
            f"{part}_embeddings",
            f"{part}_faces",
        ],
        outputs=f"{part}_demographics",
        name=f"{chosen.name}.label_{split}",
        tags="label",
    )
    yield step(
        nodes.attach_demographics,
        inputs=[f"{part}_faces", f"{part}_demographics"],
        outputs=f"{part}_labelled_faces",
        name=f"{chosen.name}.attach_{split}",
        tags="label",
    )


def _export(dataset: str) -> Pipeline:
    return step(
        nodes.export_embeddings_and_labels,
        inputs=[
            f"{dataset}.{split}_{what}"
            for what in ("embeddings", "demographics", "faces")
            for split in _SPLITS
        ],
        outputs=[f"{dataset}.all_embeddings", f"{dataset}.all_labels"],
        name=f"{dataset}.export",
        tags="label",
    )


def _agreement() -> Pipeline:
    return step(
        nodes.measure_agreement,
        inputs=[
            f"{dataset}.{split}_{what}"
            for dataset in EVALUATION_SETS
            for what in ("demographics", "faces")
            for split in _SPLITS
        ],
        outputs=["tables.agreement", "tables.agreement_counts"],
        name="measure_agreement",
        tags="label",
    )


def _demographic_dataset() -> Pipeline:
    return step(
        nodes.choose_demographic_dataset,
        inputs=[
            *("params:demographic_dataset", "params:train_on"),
            *(
                f"{dataset}.development_{what}"
                for dataset in EVALUATION_SETS
                for what in ("labelled_faces", "images")
            ),
        ],
        outputs=["demographic.development_faces", "demographic.development_images"],
        name="choose_demographic_dataset",
        tags="label",
    )
