"""What README and guides tell people to type is accepted by the parameter models."""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from kedro.framework.cli.utils import _split_params
from kedro.framework.session import KedroSession

from fer_fairness.hooks import unknown_parameters

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def documented() -> list[tuple[str, str]]:
    """Documents and the value of every `--params` of a `kedro run` in them."""
    commands = [
        (document.name, line)
        for document in DOCUMENTS
        for line in re.findall(
            r"^kedro run .*--params .*$", joined(document.read_text()), re.MULTILINE
        )
    ]
    found = []
    for name, line in commands:
        words = shlex.split(line.partition("  #")[0])
        found.append((name, words[words.index("--params") + 1]))
    return found


def joined(text: str) -> str:
    """A command over several lines as one."""
    return re.sub(r"\\\n\s*", "", text)


def test_commands_are_found() -> None:
    assert len(documented()) > 8


@pytest.mark.parametrize(("document", "given"), documented())
def test_parameters_of_a_documented_command_are_accepted(
    kedro_project: Path, document: str, given: str
) -> None:
    context, option = click.Context(click.Command("run")), click.Option(["--params"])
    parameters: dict[str, Any] = _split_params(context, option, given)
    session = KedroSession.create(project_path=kedro_project, env="base", runtime_params=parameters)
    found = session.load_context().params
    assert unknown_parameters(found) == [], document
