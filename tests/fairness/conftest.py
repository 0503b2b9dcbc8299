"""What tests of whole audits share."""

import pytest

from fer_fairness.fairness import gaps


@pytest.fixture
def fewer_shuffles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough for some to be found; all that are wanted take a few times as long."""
    monkeypatch.setattr(gaps, "shuffles_needed", lambda *_: 900)
