"""Which folder an audit has: one of its own, so that no audit writes over another."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fer_fairness.auditing.reading import folder_name, name_of_file
from fer_fairness.files import file_sha256, json_sha256
from fer_fairness.params.lists import parted
from fer_fairness.provenance import named_path, plain

_FILES: Final = ("predictions", "model", "held_out_labels")


def audit_folder(parameters: Mapping[str, Any]) -> str:
    """The folder's name: that of the audit, and eight digits of what was audited, and how.

    The same audit again goes to the same folder; another file, even of the same name, or other
    settings go to another one.

    Args:
        parameters: As they are configured, not yet validated: what cannot be used is refused later.

    Returns:
        Such as `my_model-1f3c9e02`; `unnamed` where nothing is named to be audited.
    """
    block = parameters.get("audit")
    audit = dict(block) if isinstance(block, Mapping) else {}
    named = [str(audit[key]) for key in _FILES[:2] if audit.get(key)]
    if not named:
        return "unnamed"
    name = str(audit.get("name") or name_of_file(Path(named[0])))
    held: dict[str, object] = {key: _content(audit[key]) for key in _FILES if audit.get(key)}
    if beside := parted(audit.get("labels")):
        held["labels"] = [_content(one) for one in beside] if isinstance(beside, list) else beside
    content = plain({"seed": parameters.get("seed"), "audit": audit | held})
    return folder_name(name, json_sha256(content))


def _content(named: object) -> str:
    path = named_path(str(named))
    try:
        return str(named) if path is None else file_sha256(path)
    except OSError:
        return str(named)  # not to be read: whoever reads it says so
