"""Audits that take a tenth of the time."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from tests.auditing.frames import PROBABILITIES, fabricated

from fer_fairness.fairness import gap_rows
from fer_fairness.fairness.testing.detectability import Detectable
from fer_fairness.fairness.testing.gap_tests import AttributeTests


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Leave the simulation of power out: `detectability` has its own tests, in a tenth the time."""

    def any_number(tests: AttributeTests, *_: object, **__: object) -> Detectable:
        return Detectable(0.1, np.full(tests.metrics.shape[1], 0.1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gap_rows, "detectable", any_number)
        yield


@pytest.fixture(scope="module")
def sure() -> pd.DataFrame:
    """With probabilities, which are found by their names."""
    return fabricated()


@pytest.fixture(scope="module")
def frame(sure: pd.DataFrame) -> pd.DataFrame:
    return sure.drop(columns=PROBABILITIES)
