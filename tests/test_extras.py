"""Where a library of an extra is missing, the error names the extra."""

import pytest

from fer_fairness import extras
from fer_fairness.extras import MissingExtraError, require_extra


def test_what_is_installed_is_not_refused() -> None:
    require_extra("train", needed_for="A model")


@pytest.mark.parametrize("extra", ["train", "aif360"])
def test_what_is_missing_is_named_with_the_command_that_installs_it(
    extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=rf"^A model needs .*fer-fairness\[{extra}\]"):
        require_extra(extra, needed_for="A model")


def test_it_is_an_import_error_for_those_who_catch_one() -> None:
    assert issubclass(MissingExtraError, ImportError)
