"""What every method keeps to, over the whole registry: a new file is tested as soon as it is."""

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.mitigation import post_methods, trained_methods
from fer_fairness.mitigation.composition import training_faces
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.mitigation.tuning import nested, with_settings
from fer_fairness.modeling import GROUP, WEIGHT
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.pipelines.variants.structure import CONTROL, DEMOGRAPHIC_CONTROL
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS

SCRIPT = Path(__file__).with_name("contract_training.py")
FINE_TUNED = [name for name, method in trained_methods().items() if not method.starts_anew]
CONTROLS = (CONTROL, DEMOGRAPHIC_CONTROL)
METHODS: dict[str, Any] = {**trained_methods(), **post_methods()}


class Killed(BaseException):
    """Stands for a process that ends where nobody expects it."""


@cache
def contract() -> ModuleType:
    spec = importlib.util.spec_from_file_location("contract_training", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same(first: Any, second: Any) -> bool:
    return all(map(np.array_equal, first.model.get_weights(), second.model.get_weights()))


@cache
def in_own_setting(name: str) -> Any:
    return contract().train_with(contract().chosen(name))


def control() -> Any:
    return in_own_setting(CONTROL)


def test_the_control_of_methods_that_need_groups_is_the_control_on_the_same_faces() -> None:
    assert same(contract().train_with(contract().chosen(DEMOGRAPHIC_CONTROL)), control())


@pytest.mark.parametrize("name", METHODS)
def test_a_method_says_what_it_is_and_is_what_its_file_says(name: str) -> None:
    method = METHODS[name]
    assert method.label
    assert method.source
    assert method.__doc__
    assert method.__module__.rpartition(".")[2] == name, "one file a method, called as it is"


@pytest.mark.parametrize("name", [name for name in FINE_TUNED if name not in CONTROLS])
def test_in_its_neutral_setting_it_is_the_control_bit_for_bit(name: str) -> None:
    neutral = trained_methods()[name].neutral
    assert neutral, "say under which settings it is continued training"
    assert same(contract().train_with(contract().chosen(name, **neutral)), control())


@pytest.mark.parametrize("name", [name for name in FINE_TUNED if name not in CONTROLS])
def test_in_its_own_setting_it_is_not_the_control(name: str) -> None:
    assert not same(in_own_setting(name), control())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (name, path)
        for name in FINE_TUNED
        for path in trained_methods()[name].search
        if path not in LEARNING_RATES
    ],
)
def test_what_its_trials_vary_changes_what_is_learned(name: str, path: str) -> None:
    """A parameter that nothing reads would be searched in vain, and nobody would see it."""
    own = contract().chosen(name)
    blocks = [with_settings(own, nested({path: value})) for value in own.search[path]]
    other = next(block for block in blocks if block != own)
    assert not same(contract().train_with(other), in_own_setting(name))


@pytest.mark.parametrize("name", FINE_TUNED)
def test_killed_and_taken_up_it_is_what_it_is_undisturbed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = contract().everything_on(contract().chosen(name))
    whole = contract().train_with(contract().chosen(name), changes=everything)
    if whole.history.empty:
        return  # trains nothing, so that nothing can be taken up
    epoch_of = TrainingBatches.epoch

    def killed(self: TrainingBatches, epoch: int) -> Any:
        for step, batch in enumerate(epoch_of(self, epoch)):
            if (epoch, step) == (1, 1):
                raise Killed
            yield batch

    with monkeypatch.context() as patch:
        patch.setattr(TrainingBatches, "epoch", killed)
        with pytest.raises(Killed):
            contract().train_with(contract().chosen(name), tmp_path, everything)
    taken_up = contract().train_with(contract().chosen(name), tmp_path, everything)
    assert same(whole, taken_up)
    pd.testing.assert_frame_equal(
        whole.history.drop(columns="seconds"), taken_up.history.drop(columns="seconds")
    )


@pytest.mark.slow
def test_every_method_trains_alike_on_tensorflow_and_jax() -> None:
    found = {}
    for back_end in ("tensorflow", "jax"):
        done = subprocess.run(
            [sys.executable, str(SCRIPT)],
            env={**os.environ, "KERAS_BACKEND": back_end, "JAX_PLATFORMS": "cpu"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        told = json.loads(done.stdout)
        assert told["back_end"] == back_end
        found[back_end] = told["losses"]
    assert set(found["jax"]) == set(FINE_TUNED)
    for name in FINE_TUNED:
        np.testing.assert_allclose(
            found["jax"][name], found["tensorflow"][name], rtol=1e-4, err_msg=name
        )


@pytest.mark.parametrize("nobody_is_known", [False, True])
@pytest.mark.parametrize("name", FINE_TUNED)
def test_only_training_faces_are_trained_on_and_unknown_groups_are_taken(
    name: str, *, nobody_is_known: bool
) -> None:
    faces, images = contract().development_faces()
    if nobody_is_known:
        faces[list(ATTRIBUTES)] = None
    method = contract().chosen(name)
    composed = method.training_set(faces, images, contract().told(faces, method.needs))
    training = set(faces.loc[faces["split"] == "train", "sample_id"])
    assert set(composed.columns["sample_id"]) <= training
    assert set(composed.added.faces["source_sample_id"]) <= training
    made = composed.training_set(faces, images)
    assert np.isfinite(made.column(WEIGHT)).all()
    assert made.column(GROUP).min() >= -1
    assert made.epoch_size <= len(training)
    assert method.objective(made, method.training_parameters(contract().FINE_TUNING))


@pytest.mark.parametrize("name", FINE_TUNED)
def test_numbers_stay_with_their_faces_whatever_other_rows_the_table_has(name: str) -> None:
    faces, images = contract().development_faces()
    method = contract().chosen(name)
    given = contract().told(faces, method.needs)
    mixed = method.training_set(faces, images, given).columns
    alone = method.training_set(training_faces(faces), images, given).columns
    pd.testing.assert_frame_equal(
        mixed, alone, obj="take rows and numbers from training_faces(faces)"
    )


@pytest.mark.parametrize("name", [n for n, m in METHODS.items() if m.pipeline == "mitigation"])
def test_the_guide_has_a_section_of_it(name: str) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "mitigation.md").read_text()
    heading = f"## {METHODS[name].label}\n"
    assert heading in guide, f"docs/mitigation.md has no section {heading!r}: write it"


@pytest.mark.parametrize("name", post_methods())
@pytest.mark.parametrize("groups", ["of three and unknown", "unknown", "none"])
def test_rules_survive_json_and_change_predictions_alone(name: str, groups: str) -> None:
    generator = np.random.default_rng(0)
    faces, _ = contract().development_faces()
    scored = contract().told(faces, ["training_predictions"]).predictions
    faces = faces.set_index("sample_id").loc[scored["sample_id"]].reset_index()
    for attribute in ATTRIBUTES:
        scored[attribute] = faces[attribute] if groups == "of three and unknown" else None
        scored[f"{attribute}_confidence"] = np.where(
            generator.random(len(scored)) < 0.5, 0.8, np.nan
        )
    scored = scored.sample(frac=1, random_state=generator.integers(99))
    scored = scored.iloc[:0] if groups == "none" else scored
    method = post_methods()[name].model_validate({})
    rules = method.fit(scored)
    assert json.loads(json.dumps(rules, allow_nan=False)) == rules
    changed = method.applied(scored, rules, seed=1)
    pd.testing.assert_frame_equal(changed, method.applied(scored, rules, seed=1))
    probabilities = changed.filter(like="probability_").to_numpy(dtype=np.float64)
    assert probabilities.shape == (len(scored), len(EMOTIONS))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert changed["predicted_emotion"].tolist() == [
        EMOTIONS[place] for place in probabilities.argmax(axis=1)
    ]
