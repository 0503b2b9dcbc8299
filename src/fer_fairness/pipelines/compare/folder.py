"""Which folder a comparison has: one of its own, so that none writes over another."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_fairness.auditing.reading import folder_name
from fer_fairness.auditing.written import results_file
from fer_fairness.errors import InvalidInputError
from fer_fairness.files import file_sha256, json_sha256
from fer_fairness.params.lists import parted
from fer_fairness.provenance import plain


def compare_folder(parameters: Mapping[str, Any]) -> str:
    """Such as `reports-1f3c9e02`: the same reports and settings go to the same folder.

    Args:
        parameters: As they are configured, not yet validated: what cannot be used is refused later.

    Returns:
        The name; `unnamed` where no reports are named.
    """
    block = parameters.get("compare")
    compare = dict(block) if isinstance(block, Mapping) else {}
    named = parted(compare.get("reports"))
    if not isinstance(named, list) or not named:
        return "unnamed"
    content = {**compare, "reports": [_content(str(one)) for one in named]}
    return folder_name("reports", json_sha256(plain({"seed": parameters.get("seed"), **content})))


def _content(named: str) -> str:
    try:
        path: Path = results_file(named)
        return file_sha256(path)
    except (InvalidInputError, OSError):
        return named  # whoever reads it says so
