import numpy as np
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fabrication import contact_sheet
from fer_fairness.fabrication.sheets import CAPTION_HEIGHT


def test_faces_stand_in_rows_with_their_captions_below() -> None:
    images = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 1), np.uint8)

    sheet = contact_sheet(images * 40, ["a", "", "c"], 2, enlarge=2)

    assert sheet.shape == (2 * (16 + CAPTION_HEIGHT), 32, 3)
    assert (sheet[:16, :16] == 0).all()
    assert (sheet[:16, 16:] == 40).all()
    assert (sheet[16 : 16 + CAPTION_HEIGHT, 16:] == 255).all()
    assert (sheet[16 : 16 + CAPTION_HEIGHT, :16] < 100).any()
    assert (sheet[16 + CAPTION_HEIGHT : 32 + CAPTION_HEIGHT, :16] == 80).all()


def test_input_that_does_not_fit_is_refused() -> None:
    images = np.zeros((2, 8, 8, 1), np.uint8)

    with pytest.raises(InvalidInputError, match=r"found float64 \(2, 8, 8, 1\)"):
        contact_sheet(images.astype(float), ["a", "b"], 1)
    with pytest.raises(InvalidInputError, match="2 images but 1 labels"):
        contact_sheet(images, ["a"], 1)
    with pytest.raises(InvalidInputError, match="columns=0"):
        contact_sheet(images, ["a", "b"], 0)
