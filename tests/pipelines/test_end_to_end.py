"""One run of everything on the command line, from nothing to the report, and what it leaves."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from nbclient import NotebookClient

from fer_fairness.pipelines.variants.configured import structure_of
from fer_fairness.reporting import read_table
from fer_fairness.taxonomy import EMOTIONS, RAF_DB_EMOTIONS

pytestmark = pytest.mark.slow

SEEDS = "seeds=0;1"
CONFIGURED = structure_of(
    OmegaConfigLoader(
        str(Path(__file__).parents[2] / "conf"), base_env="base", default_run_env="base"
    )["parameters"]
)
VARIANTS = CONFIGURED.names
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
TRAINED = CONFIGURED.trained


@dataclass(frozen=True)
class FinishedRun:
    """Where a run wrote and what it printed."""

    data: Path
    conf: Path
    output: str


def kedro(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Kedro's command in the project, as wide as no line needs to be broken."""
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=root,
        env={**os.environ, "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )


def table(run: FinishedRun, name: str) -> pd.DataFrame:
    """A table that the results name."""
    return read_table(run.data / "08_reporting/results.json", name)


@pytest.fixture(scope="module")
def run(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    folder = tmp_path_factory.mktemp("project")
    conf = folder / "conf"
    shutil.copytree(project_root / "conf", conf)
    shutil.copytree(project_root / "tests/environments/tiny", conf / "tiny")
    done = kedro(
        project_root,
        "run",
        "--env=tiny",
        f"--conf-source={conf}",
        "--pipelines=fabrication,__default__",
        f"--params=data_root={folder / 'data'},{SEEDS}",
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return FinishedRun(data=folder / "data", conf=conf, output=done.stdout + done.stderr)


def test_prints_no_warning_and_names_the_report(run: FinishedRun) -> None:
    assert not re.search(r"warning|retracing|oneDNN|cuda|absl", run.output, re.IGNORECASE)
    assert str(run.data / "08_reporting/report.html") in run.output


def test_scores_every_variant_on_both_evaluation_sets_over_its_emotions(run: FinishedRun) -> None:
    results = json.loads((run.data / "08_reporting/results.json").read_text())
    overall = table(run, "overall")
    assert set(overall["variant"]) == set(VARIANTS)
    assert set(overall["evaluation_set"]) == {"fer_plus", "raf_db"}
    recalls = overall[overall["metric"].str.startswith("recall_")]
    on_raf_db = set(recalls.loc[recalls["evaluation_set"] == "raf_db", "metric"])
    assert on_raf_db == {f"recall_{emotion}" for emotion in RAF_DB_EMOTIONS}
    assert results["manifest"]["seed"] == 0
    assert set(results["tables"]["gaps"]["columns"]) >= {"ci_low", "verdict", "n_people"}


def test_report_is_one_page_that_says_the_faces_are_fabricated(run: FinishedRun) -> None:
    page = (run.data / "08_reporting/report.html").read_text()
    assert (run.data / "08_reporting/results.json").stat().st_size < 1_000_000
    assert "fabricated" in page
    assert not re.search(r'(src|href)="https?:', page)
    assert page.count("<svg") > 10


def test_scored_faces_are_the_test_faces_and_trained_ones_are_not(run: FinishedRun) -> None:
    for dataset in ("fer_plus", "raf_db"):
        faces = pd.read_parquet(run.data / f"03_primary/{dataset}/test_faces.parquet")
        development = pd.read_parquet(run.data / f"03_primary/{dataset}/development_faces.parquet")
        assert set(faces["split"]) == {"test"}
        assert set(development["split"]) == {"train", "validation"}
        for variant in VARIANTS:
            path = run.data / f"07_model_output/{variant}/{dataset}_test_predictions.parquet"
            assert set(pd.read_parquet(path)["sample_id"]) <= set(faces["sample_id"])
    for trained in TRAINED:
        path = run.data / f"05_model_input/{trained.name}/augmented_faces.parquet"
        sources = set(pd.read_parquet(path)["source_sample_id"])
        if sources:
            train = pd.read_parquet(
                run.data / f"03_primary/{_dataset(sources)}/development_faces.parquet"
            )
            assert sources <= set(train.loc[train["split"] == "train", "sample_id"])


def test_every_variant_has_a_model_of_its_own_for_every_seed(run: FinishedRun) -> None:
    for variant in VARIANTS:
        predictions = [
            pd.read_parquet(
                run.data / f"07_model_output/{variant}{seed}/fer_plus_test_predictions.parquet"
            )
            for seed in ("", "_seed_1")
        ]
        assert [set(each["seed"]) for each in predictions] == [{0}, {1}]
        assert predictions[0]["sample_id"].tolist() == predictions[1]["sample_id"].tolist()
        probabilities = [each.filter(like="probability_").to_numpy() for each in predictions]
        assert not np.allclose(probabilities[0], probabilities[1]), "one model for both seeds"
    checkpoints = {path.name for path in (run.data / "06_models/checkpoints").iterdir()}
    assert {f"{one.name}_seed_{seed}" for one in TRAINED for seed in (0, 1)} <= checkpoints


def test_the_report_compares_the_means_over_seeds(run: FinishedRun) -> None:
    results = json.loads((run.data / "08_reporting/results.json").read_text())
    assert results["manifest"]["seeds"] == [0, 1]
    scores, differences = (table(run, f"{name}_over_seeds") for name in ("scores", "comparisons"))
    assert set(scores["variant"]) == set(VARIANTS)
    assert set(differences["variant"]) == set(VARIANTS) - {"baseline"}
    for rows in (scores, differences):
        assert set(rows["n_seeds"]) == {2}
        assert set(rows["evaluation_set"]) == {"fer_plus", "raf_db"}
        sources = rows.dropna(subset=["attribute"]).groupby("evaluation_set")["attribute_source"]
        assert {key: set(found) for key, found in sources} == {
            "fer_plus": {"predicted"},
            "raf_db": {"annotated"},
        }
    accuracy = scores[scores["metric"] == "accuracy"].set_index(["variant", "evaluation_set"])
    of_seeds = [
        pd.read_parquet(
            run.data / f"07_model_output/reweighing{seed}/raf_db_test_predictions.parquet"
        )
        for seed in ("", "_seed_1")
    ]
    right = [(each["emotion"] == each["predicted_emotion"]).mean() for each in of_seeds]
    assert accuracy.loc[("reweighing", "raf_db"), "value"] == pytest.approx(np.mean(right))
    assert 'id="over-seeds"' in (run.data / "08_reporting/report.html").read_text()


def test_every_model_says_where_it_started_and_with_which_parameters(run: FinishedRun) -> None:
    results = json.loads((run.data / "08_reporting/results.json").read_text())
    models = table(run, "models")
    trained = {variant.name for variant in TRAINED}
    assert {(row.variant, row.seed) for row in models.itertuples()} == {
        (name, seed) for name in VARIANTS for seed in (0, 1)
    }
    assert models.loc[models["variant"].isin(trained), "fingerprint"].nunique() == 2 * len(trained)
    for seed in ("", "_seed_1"):
        for name in trained:
            with_what = results["manifest"]["trained_with"][f"{name}{seed}"]
            training = with_what.get("fine_tuning", with_what)["training"]
            assert training["max_epochs"] == (2 if name == "baseline" else 1)
    augmented = results["manifest"]["trained_with"]["demographic_augmentation"]["method"]
    assert augmented["augmentation"]["mode"] == "on_the_fly"
    assert not any("baseline" in note for note in results["notes"])


def test_a_report_of_a_baseline_trained_again_beside_models_of_the_earlier_one_is_refused(
    run: FinishedRun, project_root: Path
) -> None:
    before = (run.data / "08_reporting/results.json").read_bytes()
    params = f"data_root={run.data},{SEEDS}"
    arguments = ("run", "--env=tiny", f"--conf-source={run.conf}")
    for changed in ("baseline.architecture.form=separable", "seed=0"):
        done = kedro(
            project_root,
            *arguments,
            "--pipelines=baseline,fairness_reporting",
            f"--params={params},{changed}",
        )
        assert done.returncode == 1
        assert "anew and reads what others made from its earlier results" in done.stderr
        assert "baseline,mitigation,demographic_augmentation,emotion_augmentation" in done.stderr
    done = kedro(
        project_root,
        *arguments,
        "--pipelines=fairness_reporting",
        f"--params={params},baseline.training.max_epochs=3",
    )
    assert done.returncode == 1
    assert "baseline.training.max_epochs was 2 and is 3" in done.stderr
    assert (run.data / "08_reporting/results.json").read_bytes() == before


def test_raf_db_arrays_hold_every_face_and_more_than_one_race(run: FinishedRun) -> None:
    embeddings = np.load(run.data / "04_feature/raf_embeddings.npy")
    labels = np.load(run.data / "04_feature/raf_labels.npy", allow_pickle=False)
    assert len(embeddings) == len(labels) == 300 + 240
    assert len(np.unique(labels["race"])) > 1
    assert np.isfinite(embeddings).all()


def test_finished_parts_are_not_done_again(run: FinishedRun, project_root: Path) -> None:
    """As after a kill: of the second seed one model is missing, and all that comes after it."""
    models = run.data / "06_models"
    finished = [models / name / "model.keras" for name in ("baseline", "baseline_seed_1")]
    report = run.data / "08_reporting/report.html"
    missing = [report, models / "reweighing_seed_1/model.keras"]
    before = [path.stat().st_mtime_ns for path in finished]
    for path in missing:
        path.unlink()
    done = kedro(
        project_root,
        "run",
        "--env=tiny",
        f"--conf-source={run.conf}",
        "--only-missing-outputs",
        f"--params=data_root={run.data},{SEEDS}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(path.exists() for path in missing)
    assert [path.stat().st_mtime_ns for path in finished] == before


def test_the_report_is_written_anew_by_its_node_alone(run: FinishedRun, project_root: Path) -> None:
    results = run.data / "08_reporting/results.json"
    before = json.loads(results.read_text())
    results.unlink()
    done = kedro(
        project_root,
        "run",
        "--env=tiny",
        f"--conf-source={run.conf}",
        "--nodes=fairness_reporting.write_report",
        f"--params=data_root={run.data},{SEEDS}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(results.read_text())["tables"] == before["tables"]


@pytest.mark.parametrize("dataset", ["fer_plus", "raf_db"])
def test_audit_of_the_baselines_own_file_finds_what_the_run_found(
    dataset: str, run: FinishedRun, project_root: Path
) -> None:
    done = kedro(
        project_root,
        "run",
        "--env=tiny",
        f"--conf-source={run.conf}",
        "--pipelines=audit_model",
        f"--params=data_root={run.data},audit.dataset={dataset},"
        # After so little training its answers tell no order of classes.
        f"audit.columns.class_names={';'.join(EMOTIONS)},"
        f"audit.model={run.data / '06_models/baseline/model.keras'}",
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert not re.search(r"warning|retracing|oneDNN|cuda|absl", printed, re.IGNORECASE)
    page = Path(re.findall(r"Report: (.*audit\.html)", printed)[-1])
    assert page.parent.parent == run.data / "08_reporting/audit"
    folders = (run.data / "08_reporting/baseline", page.parent)
    both = [pd.read_parquet(folder / "overall.parquet") for folder in folders]
    own, audited = (
        each[each["evaluation_set"] == dataset].set_index("metric")["value"] for each in both
    )
    assert set(audited.index) == set(own.index)
    pd.testing.assert_series_equal(audited, own.loc[audited.index], rtol=1e-6)
    results = json.loads(page.with_suffix(".json").read_text())
    compared = read_table(page.with_suffix(".json"), "gaps")
    assert set(compared["attribute"]) >= {"gender", "race"}
    assert results["manifest"]["reading"]["file"] == "model.keras"


def test_no_two_numbers_of_the_results_contradict_one_another(run: FinishedRun) -> None:
    gaps = table(run, "gaps")
    shown = gaps[gaps["value"].notna() & gaps["p_value"].notna()]
    low, high, equal = (shown[name] for name in ("ci_low", "ci_high", "equal_treatment"))
    assert shown["value"].between(low - 1e-12, high + 1e-12).all()
    found = shown["verdict"] == "difference found"
    assert ((low > equal) | (high < equal)).equals(found)
    assert (
        (shown.loc[~found, "value"] - equal)
        .abs()
        .le(shown["minimum_detectable"].fillna(np.inf) + 1e-12)[~found]
        .all()
    )
    of_baseline = gaps[gaps["family"] == "summary"].set_index(
        ["variant", "evaluation_set", "attribute", "metric"]
    )["value"]
    for name in ("comparisons", "comparisons_over_seeds"):
        changes = table(run, name)
        changes = changes[changes["difference"].notna() & changes["ci_low"].notna()]
        assert len(changes)
        difference = changes["value"] - changes["baseline_value"]
        np.testing.assert_allclose(difference, changes["difference"], rtol=0, atol=1e-12)
        low, high = changes["ci_low"], changes["ci_high"]
        assert changes["difference"].between(low - 1e-12, high + 1e-12).all()
        assert ((low > 0) | (high < 0)).equals(changes["verdict"] == "difference found")
    first = table(run, "comparisons")
    first = first[first["attribute"].notna() & first["value"].notna()]
    keys = first[["variant", "evaluation_set", "attribute", "metric"]]
    same = of_baseline.loc[pd.MultiIndex.from_frame(keys)]
    np.testing.assert_array_equal(same.to_numpy(), first["value"])


def test_predicted_groups_stand_beside_their_corrected_values(run: FinishedRun) -> None:
    told = table(run, "label_noise_attributes")
    assert set(told["evaluation_set"]) == {"fer_plus"}, "RAF-DB's groups are annotated"
    assert set(told["variant"]) == set(VARIANTS)
    scores = table(run, "label_noise_scores")
    assert {"as_labelled", "soft_labels", "bounds"} <= set(scores["method"])
    agreement = table(run, "agreement")
    assert set(agreement["attribute"]) == {"gender", "race", "age_group"}
    conditions = {"full_size", "colour_100", "grey_48"}
    assert set(table(run, "labeller_summary")["condition"]) == conditions
    assert 'id="predicted"' in (run.data / "08_reporting/report.html").read_text()


def test_a_folder_of_images_is_labelled_and_its_problems_are_listed(
    run: FinishedRun, project_root: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    shutil.copytree(run.data / "01_raw/fairface/val", folder)
    (folder / "cut.jpg").write_bytes(next(folder.glob("1*.jpg")).read_bytes()[:900])
    done = kedro(
        project_root,
        "run",
        "--env=tiny",
        f"--conf-source={run.conf}",
        "--pipelines=label_images",
        f"--params=data_root={run.data},label_images.folder={folder}",
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    out = run.data / "08_reporting/images"
    labels = pd.read_csv(out / "labels.csv")
    assert len(labels) == 121
    problems = labels.set_index("file")["problem"].dropna()
    rejected = pd.read_csv(out / "rejected.csv")
    assert list(problems.index) == ["cut.jpg"] or list(rejected["file"]) == ["cut.jpg"]
    shares = pd.read_csv(out / "composition.csv")
    assert set(shares["attribute"]) == {"gender", "race", "age_group"}
    assert shares.loc[shares["attribute"] == "gender", "share_labelled"].sum() == pytest.approx(1)
    assert pd.read_csv(out / "agreement.csv").empty


def test_label_images_without_a_folder_says_how_to_name_one(
    run: FinishedRun, project_root: Path
) -> None:
    done = kedro(
        project_root,
        "run",
        "--env=tiny",
        f"--conf-source={run.conf}",
        "--pipelines=label_images",
        f"--params=data_root={run.data}",
    )
    assert done.returncode == 1
    assert "label_images.folder=FOLDER" in done.stdout + done.stderr


def test_the_gallery_of_the_documentation_finds_its_pictures_in_a_report(
    run: FinishedRun, project_root: Path, tmp_path: Path
) -> None:
    script = str(project_root / "docs/gallery.py")
    report = str(run.data / "08_reporting/report.html")
    subprocess.run([sys.executable, script, report, str(tmp_path)], check=True)
    committed = project_root / "docs/images/gallery"
    assert {one.name for one in tmp_path.iterdir()} == {one.name for one in committed.iterdir()}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_with_the_catalog_that_kedro_jupyter_gives(
    run: FinishedRun, path: Path
) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), (
        "strip outputs before committing"
    )
    begin = f"%reload_kedro --env sample --params data_root={run.data}"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(begin))
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        extra_arguments=["--ext", "kedro.ipython"],  # as `kedro jupyter` does
        resources={"metadata": {"path": path.parent}},
    ).execute()
    errors = [o for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert errors == []


def test_misspelt_parameter_stops_the_run_before_anything_is_done(
    project_root: Path, tmp_path: Path
) -> None:
    done = kedro(
        project_root, "run", f"--params=data_root={tmp_path},baseline.trainng.max_epochs=2"
    )
    assert done.returncode == 1
    assert "did you mean training?" in done.stderr
    assert "Parameter 'baseline'" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_missing_dataset_is_one_plain_error_with_its_remedy(
    project_root: Path, tmp_path: Path
) -> None:
    done = kedro(
        project_root, "run", "--pipelines=data_processing", f"--params=data_root={tmp_path}"
    )
    assert done.returncode == 1
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed
    assert str(tmp_path / "01_raw") in printed
    assert "--env sample" in printed


def _dataset(sample_ids: set[str]) -> str:
    return "raf_db" if next(iter(sample_ids)).startswith("raf_db") else "fer_plus"
