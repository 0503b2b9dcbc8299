"""AIF360 without the noise and the minutes that its import brings along."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fer_fairness.extras import require_extra

_OPTIONAL_PARTS: Final = "will be unavailable. To install, run:"


@contextmanager
def quiet_aif360_import() -> Iterator[None]:
    """Import AIF360 inside this context.

    AIF360 logs a warning for each optional part whose library is absent, through `logging.warning`,
    which also installs a handler on the root logger: those records are dropped, and no handler is
    installed. Where TensorFlow is not loaded yet it stays so, which spares ten seconds and its own
    messages; AIF360 then leaves out `AdversarialDebiasing`, which needs it and which
    `adversarial_debiasing` runs elsewhere. Warnings of Python raised while the modules load are
    ignored: they are about AIF360's own code.

    Raises:
        MissingExtraError: AIF360 is not installed.
    """
    require_extra("aif360", needed_for="What AIF360 computes")
    root, silent = logging.getLogger(), logging.NullHandler()
    without_tensorflow = "tensorflow" not in sys.modules
    root.addHandler(silent)
    root.addFilter(_is_no_optional_part)
    if without_tensorflow:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]  # makes its import fail
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if without_tensorflow:
            del sys.modules["tensorflow"]
        root.removeFilter(_is_no_optional_part)
        root.removeHandler(silent)


def _is_no_optional_part(record: logging.LogRecord) -> bool:
    return _OPTIONAL_PARTS not in record.getMessage()
