"""The registry of evaluation sets: the project's own, and those that parameters describe."""

import subprocess
import sys

import pytest

from fer_fairness.evaluation_sets import EVALUATION_SETS, EvaluationSet, EvaluationSets

MINE = EvaluationSet(
    name="mine",
    label="My faces",
    emotions=("anger", "fear"),
    condition="colour_100",
    embedded_from="files",
)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> EvaluationSets:
    monkeypatch.setenv("FER_FAIRNESS_DESCRIBED_DATASETS", "[]")
    return EvaluationSets(*EVALUATION_SETS.values())


def test_described_sets_come_after_the_projects_own_and_take_one_anothers_place(
    registry: EvaluationSets,
) -> None:
    own = list(registry)
    registry.describe([MINE])
    assert list(registry) == [*own, "mine"]
    assert len(registry) == len(own) + 1
    assert registry["mine"] is MINE
    registry.describe([])
    assert list(registry) == own
    with pytest.raises(KeyError):
        registry["mine"]


def test_a_process_that_is_started_anew_knows_them(registry: EvaluationSets) -> None:
    registry.describe([MINE])
    code = "from fer_fairness.evaluation_sets import EVALUATION_SETS as s; print(repr(s['mine']))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == repr(MINE)
