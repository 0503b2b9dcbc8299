"""Files in a bucket of a real S3 server on this machine: the same data, or one clear error."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io.core import DatasetError

from fer_fairness.datasets import (
    FigureDataset,
    JSONDataset,
    KerasModelDataset,
    NumpyArrayDataset,
    ParquetDataset,
    SkopsDataset,
)

pytest.importorskip("s3fs")
moto_server = pytest.importorskip("moto.server")

CREDENTIALS = {"key": "a", "secret": "b"}
FAST = {"config_kwargs": {"retries": {"max_attempts": 1}, "connect_timeout": 1}}


@pytest.fixture(scope="module")
def credentials() -> Iterator[dict[str, Any]]:
    """Of a server with an empty bucket `bucket`."""
    import s3fs

    server = moto_server.ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    given = {**CREDENTIALS, "client_kwargs": {"endpoint_url": f"http://{host}:{port}"}}
    s3fs.S3FileSystem(**given).mkdir("bucket")
    yield given
    server.stop()


def test_an_array_is_mapped_from_a_copy_that_a_newer_one_does_not_touch(
    credentials: dict[str, Any],
) -> None:
    dataset = NumpyArrayDataset(filepath="s3://bucket/images.npy", credentials=credentials)
    older, newer = np.arange(60_000).reshape(-1, 3), np.zeros((2, 5), "uint8")
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"s3://bucket/images\.npy is not there.*kedro run"):
        dataset.load()
    dataset.save(older)
    assert dataset.exists()
    mapped = dataset.load()
    assert isinstance(mapped, np.memmap)
    again = dataset.load()
    assert again.filename == mapped.filename  # not fetched twice
    dataset.save(newer)
    np.testing.assert_array_equal(dataset.load(), newer)
    np.testing.assert_array_equal(mapped, older)


def test_what_needs_a_file_of_its_own_comes_back_whole(credentials: dict[str, Any]) -> None:
    import keras
    from sklearn.linear_model import LogisticRegression

    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    kept = KerasModelDataset(filepath="s3://bucket/model.keras", credentials=credentials)
    kept.save(model)
    for found, given in zip(kept.load().get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, given)
    estimator = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    skops = SkopsDataset(filepath="s3://bucket/labeller.skops", credentials=credentials)
    skops.save(estimator)
    np.testing.assert_array_equal(skops.load().coef_, estimator.coef_)


def test_a_figure_is_a_picture_in_the_bucket(credentials: dict[str, Any]) -> None:
    from matplotlib.figure import Figure

    figure = FigureDataset(filepath="s3://bucket/gaps.png", credentials=credentials)
    figure.save(Figure())
    assert str(figure.preview()).startswith("iVBORw0KGgo")  # of every PNG in base64


@pytest.mark.parametrize("cls", [ParquetDataset, NumpyArrayDataset])
def test_an_object_that_was_cut_off_is_damaged_not_out_of_reach(
    cls: type[Any], credentials: dict[str, Any], tmp_path: Path
) -> None:
    import s3fs

    name = {"ParquetDataset": "cut.parquet", "NumpyArrayDataset": "cut.npy"}[cls.__name__]
    data = pd.DataFrame({"x": range(100)}) if cls is ParquetDataset else np.arange(100)
    cls(filepath=str(tmp_path / name)).save(data)
    s3fs.S3FileSystem(**credentials).pipe_file(
        f"bucket/{name}", (tmp_path / name).read_bytes()[:300]
    )
    with pytest.raises(DatasetError, match=r"cannot be read by .*damaged"):
        cls(filepath=f"s3://bucket/{name}", credentials=credentials).load()


@pytest.mark.parametrize("cls", [JSONDataset, NumpyArrayDataset])
class TestWhatCannotBeReached:
    def data(self, cls: type[Any]) -> tuple[str, Any]:
        return ("x.json", {"a": 1}) if cls is JSONDataset else ("x.npy", np.zeros(3))

    def test_no_such_bucket(self, cls: type[Any], credentials: dict[str, Any]) -> None:
        name, data = self.data(cls)
        dataset = cls(filepath=f"s3://no-such-bucket/{name}", credentials=credentials)
        with pytest.raises(DatasetError, match=r"s3://no-such-bucket/x.*cannot be reached"):
            dataset.save(data)

    def test_lost_server(self, cls: type[Any]) -> None:
        name, data = self.data(cls)
        gone = {**CREDENTIALS, "client_kwargs": {"endpoint_url": "http://127.0.0.1:9"}}
        dataset = cls(filepath=f"s3://bucket/{name}", credentials=gone, fs_args=FAST)
        for act in (dataset.load, lambda: dataset.save(data)):
            with pytest.raises(DatasetError, match=r"cannot be reached .*--only-missing-outputs"):
                act()

    def test_no_credentials(
        self, cls: type[Any], credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
        monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
        name, data = self.data(cls)
        dataset = cls(
            filepath=f"s3://bucket/{name}",
            credentials={"client_kwargs": credentials["client_kwargs"]},
        )
        with pytest.raises(DatasetError, match=r"cannot be reached .*credentials"):
            dataset.save(data)
