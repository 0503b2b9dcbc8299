"""Every audit has a folder of its own, and the same audit the same one."""

import os
from pathlib import Path
from typing import Any

import pytest

from fer_fairness.pipelines.audit.folder import audit_folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my model v1.2.csv.gz"
    path.write_text("true,predicted\n")
    return path


def parameters(file: Path, **audit: Any) -> dict[str, Any]:
    return {"seed": 0, "audit": {"predictions": str(file), "model": None, **audit}}


def test_the_same_audit_has_the_same_folder_wherever_its_file_lies(file: Path) -> None:
    folder = audit_folder(parameters(file))
    other = file.parent / "elsewhere" / file.name
    other.parent.mkdir()
    os.link(file, other)
    assert folder == audit_folder(parameters(other))
    assert folder.startswith("my_model_v1.2-")


def test_other_contents_settings_or_seeds_have_another(file: Path) -> None:
    folders = {
        audit_folder(parameters(file)),
        audit_folder(parameters(file, inference={"significance": 0.1})),
        audit_folder(parameters(file) | {"seed": 1}),
        audit_folder(parameters(file, name="a name")),
    }
    file.write_text("true,predicted\nanger,fear\n")
    assert len(folders | {audit_folder(parameters(file))}) == 5


@pytest.mark.parametrize("name", ["../../up", ".hidden", "ü/ß", "a" * 300, "-rf", "\n"])
def test_no_name_leads_out_of_the_folder_of_audits(name: str, file: Path) -> None:
    folder = audit_folder(parameters(file, name=name))
    assert Path(folder).name == folder
    assert folder[0] not in ".-"
    assert len(folder) < 80


@pytest.mark.parametrize("block", [{}, None, "text", {"predictions": None}, {"model": ""}])
def test_without_a_file_there_is_a_name_too(block: object) -> None:
    assert audit_folder({"audit": block}) == "unnamed"
    assert audit_folder({}) == "unnamed"


def test_a_file_that_is_not_there_is_told_later(tmp_path: Path) -> None:
    assert audit_folder(parameters(tmp_path / "no.csv")).startswith("no-")


@pytest.mark.parametrize("name", ["/dev/zero", "~nobody_at_all/a.csv", "a\0b", "x" * 5000])
def test_what_is_no_file_is_not_read(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for named in (name, str(tmp_path / "pipe")):
        assert "-" in audit_folder(parameters(Path(named)))
