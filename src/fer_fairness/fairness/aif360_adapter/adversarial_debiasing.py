"""AIF360's classes that need TensorFlow's eager execution off, in a process of their own.

Switched off in this process, eager execution would stay off, and Keras would train no more.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.fairness.aif360_adapter import adversarial_worker
from fer_fairness.fairness.aif360_adapter.adversarial_worker import LIBRARY_ABSENT

Array = npt.NDArray[np.float64]

ADVERSARIAL_WORKER: Final = Path(adversarial_worker.__file__)

_LINES_TOLD: Final = 8


@dataclass(frozen=True)
class AdversarialOptions:
    """AIF360's options of `AdversarialDebiasing`, with its defaults.

    Attributes:
        n_epochs: Passes over the people.
        batch_size: People a step; AIF360 leaves out the last, incomplete step of a pass.
        n_hidden_units: Width of the classifier's one hidden layer.
        adversary_loss_weight: How much the adversary counts, who guesses the group from the score
            and the label.
    """

    n_epochs: int = 50
    batch_size: int = 128
    n_hidden_units: int = 200
    adversary_loss_weight: float = 0.1


def adversarial_debiasing_predictions(
    features: Array,
    labels: npt.NDArray[np.bool_],
    groups: npt.NDArray[np.bool_],
    *,
    features_to_score: Array,
    seed: int,
    options: AdversarialOptions | None = None,
    time_limit_s: float = 600.0,
) -> Array:
    """Scores of one emotion from a classifier that an adversary should not read the group off.

    AIF360's `AdversarialDebiasing` (Zhang, Lemoine and Mitchell 2018, arXiv 1801.07593): a network
    of one hidden layer on the features, for one emotion against all others and two groups (the
    adversary's shape is fixed). The group is no feature, so that people without one can be scored.

    Args:
        features: float64, shape (people, features), of training people, each scaled to about 1.
        labels: bool, shape (people,): whether the emotion is shown.
        groups: bool, shape (people,): whether the person is of the privileged group.
        features_to_score: float64, shape (others, features).
        seed: Seed of the initial weights and of the order of people.
        options: AIF360's options.
        time_limit_s: Seconds after which training is given up.

    Returns:
        float64, shape (others,): the probability of the emotion.

    Raises:
        InvalidInputError: If shapes do not agree, a number is not finite, all are of one label or
            group, or there are no epochs or fewer people than one batch, with which AIF360 would
            train nothing and say nothing.
        TrainingError: As for `run_in_subprocess`.
    """
    options = options or AdversarialOptions()
    _check_training(features, labels, groups, features_to_score, options)
    arrays = {
        "features": features,
        "labels": labels,
        "groups": groups,
        "features_to_score": features_to_score,
        "seed": np.array(seed),
        **{name: np.array(value) for name, value in vars(options).items()},
    }
    result = run_in_subprocess(ADVERSARIAL_WORKER, arrays, time_limit_s=time_limit_s)
    return np.asarray(result["scores"], dtype=np.float64)


def run_in_subprocess(
    worker: Path, arrays: Mapping[str, npt.NDArray[np.generic]], *, time_limit_s: float
) -> dict[str, npt.NDArray[np.generic]]:
    """Run a script in a fresh Python process, on arrays, to arrays.

    Arrays travel as npz files in a temporary folder, never pickled.

    Args:
        worker: A script that takes two paths: the npz file to read and the one to write. Exit
            status `LIBRARY_ABSENT` means that it cannot import TensorFlow or AIF360.
        arrays: What it is given, by name.
        time_limit_s: Seconds after which the process and all its children are ended.

    Returns:
        What it wrote, by name.

    Raises:
        TrainingError: If the time limit passes, the worker fails (with the last lines of what it
            said), lacks a library, or writes no result that NumPy reads without pickle.
    """
    with tempfile.TemporaryDirectory(prefix="fer_fairness_") as folder:
        given, result, said = (Path(folder) / name for name in ("in.npz", "out.npz", "stderr.txt"))
        np.savez(given, allow_pickle=False, **arrays)
        status = _run([worker, given, result], said, time_limit_s)
        last_lines = _last_lines(said)
        if status is None:
            raise TrainingError(
                f"{worker.name} was ended after its time limit of {time_limit_s:g} s. Allow more "
                f"time, or give it fewer people or epochs. It last said:\n{last_lines}"
            )
        if status == LIBRARY_ABSENT:
            raise TrainingError(
                f"{worker.name} needs TensorFlow and AIF360, which cannot be imported here: "
                f"{last_lines}\n"
                "Install the versions in requirements.txt."
            )
        if status != 0 or not result.is_file():
            raise TrainingError(
                f"{worker.name} ended with exit status {status}, expected 0 and a result. "
                f"It last said:\n{last_lines}"
            )
        try:
            with np.load(result, allow_pickle=False) as written:
                return {name: written[name] for name in written.files}
        except (ValueError, OSError, BadZipFile) as error:
            raise TrainingError(
                f"{worker.name} wrote a result that is no npz file of plain arrays ({error}). "
                f"It last said:\n{last_lines}"
            ) from error


def _run(arguments: list[Path], said: Path, time_limit_s: float) -> int | None:
    """Exit status of the script, None where it was ended for time."""
    # -P keeps the script's own folder, whose metrics.py and so on are not for AIF360, off the path.
    command = [sys.executable, "-P", *map(str, arguments)]
    with said.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and script
            command, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
        )
        try:
            return process.wait(timeout=time_limit_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process and its children, whatever made us leave, an interrupt too."""
    if os.name == "posix":
        # Where all have ended by themselves there is no such group, or (macOS) none of ours.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _last_lines(said: Path) -> str:
    lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return "\n".join(lines[-_LINES_TOLD:]) or "nothing"


def _check_training(
    features: Array,
    labels: npt.NDArray[np.bool_],
    groups: npt.NDArray[np.bool_],
    features_to_score: Array,
    options: AdversarialOptions,
) -> None:
    n_people = len(features)
    if features.ndim != 2 or not labels.shape == groups.shape == (n_people,):
        raise InvalidInputError(
            "AdversarialDebiasing needs features of shape (people, features), and a label and a "
            f"group a person, found shapes {features.shape}, {labels.shape} and {groups.shape}."
        )
    if features_to_score.ndim != 2 or features_to_score.shape[1] != features.shape[1]:
        raise InvalidInputError(
            f"AdversarialDebiasing was given {features.shape[1]} features a person for training "
            f"and shape {features_to_score.shape} to score: expected as many features."
        )
    if not (np.isfinite(features).all() and np.isfinite(features_to_score).all()):
        raise InvalidInputError(
            "AdversarialDebiasing was given a feature that is not finite. Leave such people out."
        )
    for what, flags in (("label", labels), ("group", groups)):
        if len(np.unique(flags)) < 2:
            raise InvalidInputError(
                f"AdversarialDebiasing was given one {what} only, found {flags[:1].tolist()} of "
                f"all {n_people} people, expected both. Train on people of both."
            )
    if options.batch_size < 1 or options.n_epochs < 1:
        raise InvalidInputError(
            f"AdversarialDebiasing found batch_size {options.batch_size} and n_epochs "
            f"{options.n_epochs}, expected at least 1 each: with less AIF360 trains nothing."
        )
    if n_people < options.batch_size:
        raise InvalidInputError(
            f"AdversarialDebiasing was given {n_people} people and batches of "
            f"{options.batch_size}: AIF360 would train on none of them. Make batch_size smaller."
        )
