"""What all tests share: quiet back ends, the project's root, a faces table on demand."""

import os
import resource
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from fer_fairness.tables import FACES_SCHEMA, VOTES_COLUMNS
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS, target_column

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

# A crowded machine is slow, not wrong; the same examples every time keep CI repeatable.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

FacesBuilder = Callable[..., pd.DataFrame]

PROJECT_ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder that holds pyproject.toml and conf."""
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def kedro_project(project_root: Path) -> Path:
    """The project, known to Kedro: its settings, pipelines and configuration can be read."""
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(project_root)
    return project_root


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """A server of S3 on this machine, which knows anybody; its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket of it, for which the environment has keys."""
    import s3fs

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    name = f"bucket-{uuid4().hex[:8]}"
    s3fs.S3FileSystem(skip_instance_cache=True).mkdir(name)
    return name


@pytest.fixture
def largest_file() -> Iterator[None]:
    """No file can grow beyond 150 kB: a disk that is full, as far as one file goes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="session")
def make_faces() -> FacesBuilder:
    """Build a `faces` table from its splits and emotions; other columns by keyword."""

    def build(
        splits: Sequence[str], emotions: Sequence[str | None], **columns: Sequence[object]
    ) -> pd.DataFrame:
        n = len(splits)
        table: dict[str, object] = {
            "sample_id": [f"face_{row}" for row in range(n)],
            "image_index": np.arange(n),
            "image_file": [None] * n,
            "dataset": ["fabricated"] * n,
            "split": list(splits),
            "emotion": list(emotions),
            "excluded_reason": [None] * n,
        }
        table |= dict.fromkeys(VOTES_COLUMNS, np.full(n, np.nan))
        for emotion in EMOTIONS:
            table[target_column(emotion)] = [float(found == emotion) for found in emotions]
        for attribute in ATTRIBUTES:
            table[attribute] = columns.get(attribute, [None] * n)
            known = [value is not None for value in columns.get(attribute, [None] * n)]
            table[f"{attribute}_source"] = ["annotated" if given else "none" for given in known]
            table[f"{attribute}_confidence"] = [1.0 if given else np.nan for given in known]
        return FACES_SCHEMA.validate(pd.DataFrame(table | columns))

    return build


@pytest.fixture
def development(make_faces: FacesBuilder) -> pd.DataFrame:
    """Six training and four validation faces of FER+."""
    emotions = ["neutral", "fear"] * 5
    return make_faces(["train"] * 6 + ["validation"] * 4, emotions, dataset=["fer_plus"] * 10)
