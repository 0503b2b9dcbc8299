import zipfile
from pathlib import Path

import numpy as np
import pytest
from kedro.io.core import DatasetError
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fer_fairness.datasets import SkopsDataset
from fer_fairness.datasets.skops_estimator import OWN_TYPES


class Stranger(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """An estimator of nobody's."""


def test_round_trip_predicts_the_same(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    features, labels = generator.normal(size=(40, 3)), np.repeat(["a", "b"], 20)
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(features, labels)
    dataset = SkopsDataset(filepath=str(tmp_path / "estimator.skops"))
    dataset.save(estimator)
    np.testing.assert_array_equal(
        dataset.load().predict_proba(features), estimator.predict_proba(features)
    )


def test_an_unknown_type_is_named(tmp_path: Path) -> None:
    dataset = SkopsDataset(filepath=str(tmp_path / "estimator.skops"))
    dataset.save(Stranger())
    with pytest.raises(DatasetError, match=r"not trusted: .*Stranger"):
        dataset.load()


def test_a_listed_type_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "estimator.skops")
    SkopsDataset(filepath=path).save(Stranger())
    name = f"{Stranger.__module__}.{Stranger.__qualname__}"
    assert isinstance(SkopsDataset(filepath=path, load_args={"trusted": [name]}).load(), Stranger)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04", None])
def test_another_file_in_its_place_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "estimator.skops"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", "{}")
    else:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"estimator\.skops: .* cannot be read"):
        SkopsDataset(filepath=str(path)).load()


def test_an_archive_that_unfolds_without_measure_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "estimator.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", bytes(80 * 2**20))
    with pytest.raises(DatasetError, match="the archive unfolds to"):
        SkopsDataset(filepath=str(path)).load()


def test_the_own_types_are_where_they_are_said_to_be() -> None:
    from importlib import import_module

    for name in OWN_TYPES:
        module, _, class_name = name.rpartition(".")
        assert isinstance(getattr(import_module(module), class_name), type)
