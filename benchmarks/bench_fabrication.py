"""How fast faces are drawn: `pytest benchmarks/bench_fabrication.py`; one round is 50 faces."""

import numpy as np
import pandas as pd
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fer_fairness.fabrication import make_truth
from fer_fairness.fabrication.fabricating import STYLES, draw_truth
from fer_fairness.params.fabrication import FabricationParameters

FACES = 50


def _draw_all(truth: pd.DataFrame, layout: str) -> int:
    return int(np.sum([picture.size for picture, _ in draw_truth(truth, layout, 0)]))


@pytest.mark.parametrize("layout", STYLES)
def test_draw_fifty_faces(benchmark: BenchmarkFixture, layout: str) -> None:
    truth = make_truth(FabricationParameters(), layout).head(FACES)

    pixels = benchmark(_draw_all, truth, layout)

    assert pixels > 0
