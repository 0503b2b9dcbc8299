"""The container recipe takes nothing that git ignores; what its guide says is what it does."""

import json
import re
import shlex
from pathlib import Path
from typing import Final

import pytest
from tests.test_documented_commands import joined

OPTIONS_WITH_A_VALUE: Final = {"--volume", "--publish", "--user", "--env", "--tag"}


@pytest.fixture(scope="module")
def recipe(project_root: Path) -> list[tuple[str, str]]:
    """Instructions of the Dockerfile with what they say, in its order."""
    lines = joined((project_root / "Dockerfile").read_text()).splitlines()
    return [
        (keyword, words)
        for keyword, _, words in (line.partition(" ") for line in lines)
        if keyword.isupper()
    ]


@pytest.fixture(scope="module")
def targets(project_root: Path) -> set[str]:
    """What `make` can be asked for."""
    return set(re.findall(r"^([a-z]+):", (project_root / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def commands(project_root: Path) -> list[tuple[dict[str, list[str]], list[str]]]:
    """Options of each documented `docker run`, and the words after them."""
    lines = joined((project_root / "docs/scaling.md").read_text()).splitlines()
    return [
        options_of(shlex.split(line.partition("  #")[0])[2:])
        for line in map(str.strip, lines)
        if line.startswith("docker run ")
    ]


def options_of(words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    options: dict[str, list[str]] = {}
    words = list(words)
    while words and words[0].startswith("-"):
        name = words.pop(0)
        options.setdefault(name, []).append(words.pop(0) if name in OPTIONS_WITH_A_VALUE else "")
    return options, words


def said(recipe: list[tuple[str, str]], keyword: str) -> list[str]:
    return [words for found, words in recipe if found == keyword]


def test_every_file_that_is_copied_is_there(
    recipe: list[tuple[str, str]], project_root: Path
) -> None:
    copied = [
        source for words in said(recipe, "COPY") for source in options_of(words.split())[1][:-1]
    ]
    assert "requirements.txt" in copied
    assert [name for name in copied if not (project_root / name).exists()] == []


def test_what_git_ignores_never_enters_the_image(project_root: Path) -> None:
    def patterns(name: str) -> list[str]:
        lines = (project_root / name).read_text().splitlines()
        return [line for line in lines if line and not line.startswith("#")]

    # A pattern without a folder holds at every depth for git, at the first for Docker; and Docker
    # needs no exception for the folders on the way to a file.
    wanted = [
        line if "/" in line.rstrip("/") else f"**/{line.rstrip('/')}"
        for line in patterns(".gitignore")
        if not (line.startswith("!") and line.endswith("/"))
    ]
    assert patterns(".dockerignore") == ["**/.git", *wanted]


def test_it_asks_make_for_what_make_knows(recipe: list[tuple[str, str]], targets: set[str]) -> None:
    installs = re.findall(r" make ([a-z]+)$", "\n".join(said(recipe, "RUN")), re.MULTILINE)
    commands = [json.loads(words) for words in said(recipe, "CMD")]
    assert installs == ["install"]
    assert commands == [["make", "run"]]
    assert {"install", "run"} <= targets


def test_it_runs_as_somebody_with_a_number_who_is_not_root(recipe: list[tuple[str, str]]) -> None:
    assert int(said(recipe, "USER")[-1]) > 0


def test_documented_commands_are_those_of_the_recipe(
    recipe: list[tuple[str, str]],
    commands: list[tuple[dict[str, list[str]], list[str]]],
    targets: set[str],
    project_root: Path,
) -> None:
    (volume,), (port,) = said(recipe, "VOLUME"), said(recipe, "EXPOSE")
    served = []
    for options, (image, *command) in commands:
        assert image == "fer-fairness"
        assert [given.split(":")[1] for given in options.get("--volume", [])] in ([], [volume])
        assert all(given.endswith(f":{port}") for given in options.get("--publish", []))
        if command[:1] == ["make"]:
            assert set(command[1:]) <= targets
        if "http.server" in command:
            assert "--publish" in options
            served.append(command[command.index("--directory") + 1])
    (report,) = re.findall(
        r"^REPORT := (.*)$", (project_root / "Makefile").read_text(), re.MULTILINE
    )
    assert served == [str(Path(report).parent)]
