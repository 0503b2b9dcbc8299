"""Several models of one file, as the pipeline `audit` reads and measures them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.auditing.frames import CLASSES, DRAWS, PROBABILITIES, fabricated

from fer_fairness import audit_models
from fer_fairness.auditing import measuring
from fer_fairness.auditing.models import models_of, read_people_of_file
from fer_fairness.auditing.report import tidy_table
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import AuditParameters

MODELS = ("pred_old", "pred_new")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that fails women, and one that fails nobody and answers a class that none shows."""
    frame = fabricated(500).drop(columns=PROBABILITIES).rename(columns={"prediction": "pred_old"})
    generator = np.random.default_rng(1)
    right = generator.random(len(frame)) < 0.9
    other = generator.choice([*CLASSES, "sadness"], len(frame))
    path = tmp_path_factory.mktemp("given") / "both.csv"
    frame.assign(pred_new=np.where(right, frame["label"], other)).to_csv(path, index=False)
    return path


def parameters_of(file: Path, **columns: Any) -> AuditParameters:
    return AuditParameters.model_validate(
        {"predictions": str(file), "columns": columns, "inference": DRAWS}
    )


def test_columns_of_a_file_are_measured_as_from_python(file: Path) -> None:
    chosen = parameters_of(file, predicted=";".join(MODELS))
    people, reading, *_ = read_people_of_file(file, chosen)
    assert len(people) == 1000
    assert isinstance(people["predicted_emotion"].dtype, pd.CategoricalDtype)
    overall, groups, gaps, _ = measuring.evaluate_people(people, reading, chosen, 0)
    found = audit_models(file, y_pred=MODELS, **DRAWS)
    for name, own in found.audits.items():
        table = tidy_table(gaps, reading).query("model == @name").drop(columns="model")
        pd.testing.assert_frame_equal(table.reset_index(drop=True), own.table)
        for measured, expected in ((overall, own.overall), (groups, own.groups)):
            of_model = measured[measured["variant"] == name].reset_index(drop=True)
            pd.testing.assert_frame_equal(of_model[expected.columns], expected)
    changed = measuring.compare_models(people, reading, chosen, 0)
    pd.testing.assert_frame_equal(changed, found.changes)
    assert set(measuring.one_vs_rest(people, reading, chosen, 0)["variant"]) == set(MODELS)


def test_one_model_is_compared_with_none(file: Path) -> None:
    chosen = parameters_of(file, predicted="pred_new")
    people, reading, *_ = read_people_of_file(file, chosen)
    assert [part.variant for part in models_of(people, reading)] == ["both"]
    changed = measuring.compare_models(people, reading, chosen, 0)
    assert changed.empty
    assert "attribute_source" in changed.columns


def test_who_names_no_column_of_several_is_told_how_to_compare_them(file: Path) -> None:
    with pytest.raises(InvalidInputError, match=r'"audit\.columns\.predicted=pred_old;pred_new"'):
        read_people_of_file(file, parameters_of(file))


def test_a_column_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(InvalidInputError, match="names 'pred_knew', which is no column"):
        read_people_of_file(file, parameters_of(file, predicted="pred_old;pred_knew"))
