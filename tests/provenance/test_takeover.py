"""After whatever happened to a data root, a run gives the results of an honest one, or refuses."""

import errno
import json
import logging
import os
from collections.abc import Callable

import click
import pytest
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Node, Pipeline
from tests.provenance.conftest import PARTS, KillAtSave, Killed, Project, ProjectMaker

from fer_fairness.datasets import JSONDataset
from fer_fairness.errors import DatasetNotFoundError, InvalidInputError
from fer_fairness.provenance import DataRootLock, Freshness
from fer_fairness.provenance.takeover import StaleResultsError, _covering

N_SAVES = sum(len(part.all_outputs()) for part in PARTS.values())

CHANGES: dict[str, Callable[[Project], None]] = {
    "nothing": lambda _: None,
    "raw data": lambda project: project.write_raw("other words were put there since"),
    "a parameter": lambda project: project.parameters.update(factor=5),
    "a parameter of the first node": lambda project: project.parameters.update(letters="o"),
}


def honest(make_project: ProjectMaker, like: Project) -> dict[str, str]:
    """The results of one undisturbed run on the same raw data and parameters."""
    project = make_project("honest")
    project.parameters = dict(like.parameters)
    project.write_raw((like.data / "raw.txt").read_text())
    project.run()
    return project.results()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("number", range(1, N_SAVES + 1))
@pytest.mark.parametrize("root", ["fresh", "used"])
def test_after_a_kill_at_any_save_what_is_missing_is_made_as_if_nothing_had_happened(
    root: str, number: int, change: str, make_project: ProjectMaker
) -> None:
    project = make_project("project")
    if root == "used":
        project.run()
    CHANGES[change](project)
    with pytest.raises(Killed):
        project.run(also=(KillAtSave(number),))
    project.run(only_missing=True)
    assert project.results() == honest(make_project, project)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_anew_what_depends_on_it_and_nothing_else(
    change: str, make_project: ProjectMaker, caplog: pytest.LogCaptureFixture
) -> None:
    project = make_project("project")
    project.run()
    CHANGES[change](project)
    with caplog.at_level(logging.INFO, logger="fer_fairness.hooks"):
        project.run(only_missing=True)
    expected = {
        "nothing": "because they fit: 4 nodes. To run: none",
        "raw data": "Nothing is taken over",
        "a parameter": "2 nodes. To run: 2 (stale are count: factor was 3 and is 5",
        "a parameter of the first node": "Nothing is taken over",
    }
    assert expected[change] in caplog.messages[-1]
    assert project.results() == honest(make_project, project)


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "nothing"])
def test_a_part_is_refused_where_what_it_reads_does_not_fit_and_the_remedy_mends_it(
    change: str, make_project: ProjectMaker
) -> None:
    project = make_project("project")
    project.run()
    CHANGES[change](project)
    before = project.results()
    with pytest.raises(StaleResultsError, match="--only-missing-outputs") as refusal:
        project.run("reporting")
    assert project.results() == before
    line = next(line for line in str(refusal.value).splitlines() if "kedro run" in line)
    project.run(*line.split("--pipelines ")[1].split()[0].split(","), only_missing=True)
    project.run("reporting")
    assert project.results() == honest(make_project, project)


def test_a_remedy_names_of_two_pipelines_that_end_alike_the_one_that_was_asked_for() -> None:
    reports = PARTS["counting"] + PARTS["reporting"]
    pipelines = {
        "__default__": sum(PARTS.values(), Pipeline([])),
        "reading": PARTS["reading"],
        "from_a_file": Pipeline([Node(len, "file", "number", name="measure")]) + PARTS["reporting"],
        "from_words": reports,
    }
    wanted = {node.name for node in (PARTS["reading"] + reports).nodes}
    assert _covering(wanted, pipelines) == ["reading", "from_words"]


def test_a_part_whose_inputs_fit_runs(make_project: ProjectMaker) -> None:
    project = make_project("project")
    project.run()
    (project.data / "report.txt").unlink()
    project.run("reporting")
    assert project.results() == honest(make_project, project)


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda old: old[:-2], lambda old: bytes([old[0] ^ 1]) + old[1:]]
)
@pytest.mark.parametrize("name", ["text.txt", "words.json", "number.json", "report.txt"])
def test_a_file_that_was_damaged_is_made_anew_with_what_follows(
    name: str, damage: Callable[[bytes], bytes], make_project: ProjectMaker
) -> None:
    project = make_project("project")
    project.run()
    file = project.data / name
    times = file.stat()
    file.write_bytes(damage(file.read_bytes()))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    project.run(only_missing=True)
    assert project.results() == honest(make_project, project)


def test_a_file_of_another_project_is_not_taken_for_ones_own(make_project: ProjectMaker) -> None:
    project, other = make_project("project"), make_project("other")
    other.parameters["factor"] = 7
    project.run()
    other.run()
    (other.data / "number.json").replace(project.data / "number.json")
    with pytest.raises(StaleResultsError, match="number is not what this node wrote"):
        project.run("reporting")
    project.run(only_missing=True)
    assert project.results() == honest(make_project, project)


def test_a_deleted_file_takes_with_it_all_that_follows(make_project: ProjectMaker) -> None:
    """What is made again may be another one, such as a model of another machine."""
    project = make_project("project")
    project.run()
    files = [project.data / name for name in ("report.txt", "more_text.txt")]
    followed, apart = (file.stat().st_mtime_ns for file in files)
    (project.data / "number.json").unlink()
    project.run(only_missing=True)
    assert files[0].stat().st_mtime_ns > followed
    assert files[1].stat().st_mtime_ns == apart
    assert project.results() == honest(make_project, project)


def test_a_part_that_makes_anew_what_others_between_were_made_from_is_refused(
    make_project: ProjectMaker,
) -> None:
    project = make_project("project")
    project.run()
    before = project.results()
    with pytest.raises(StaleResultsError, match="makes read anew and reads what others") as refusal:
        project.run("reading", "reporting")
    assert project.results() == before
    assert str(refusal.value).endswith("--pipelines reading,counting,doubling,reporting")


def test_results_of_earlier_versions_are_not_taken_over(make_project: ProjectMaker) -> None:
    project = make_project("project")
    project.run()
    for record in (project.data / ".provenance/nodes").iterdir():
        record.unlink()
    with pytest.raises(StaleResultsError, match="nothing says how it was made"):
        project.run("reporting")


@pytest.mark.parametrize("damage", ["", "{}", "[1]", '{"node": "read"}', "\x00"])
def test_a_damaged_record_is_none(damage: str, make_project: ProjectMaker) -> None:
    project = make_project("project")
    project.run()
    for record in (project.data / ".provenance").rglob("*.json"):
        record.write_text(damage)
    project.run(only_missing=True)
    assert project.results() == honest(make_project, project)


def test_exchanged_records_are_none(make_project: ProjectMaker) -> None:
    project = make_project("project")
    project.run()
    records = sorted((project.data / ".provenance/nodes").iterdir())
    texts = [record.read_text() for record in records]
    for record, text in zip(records, texts[1:] + texts[:1], strict=True):
        record.write_text(text)
    with pytest.raises(StaleResultsError, match="nothing says how it was made"):
        project.run("reporting")


def test_raw_data_may_be_taken_away_once_they_are_read(make_project: ProjectMaker) -> None:
    project = make_project("project")
    project.run()
    expected = project.results()
    (project.data / "raw.txt").unlink()
    project.run("reporting")
    project.run(only_missing=True)
    assert project.results() == expected
    with pytest.raises(DatasetNotFoundError, match=r"raw\.txt"):
        project.run()


def test_what_is_not_there_is_not_called_taken_over(
    make_project: ProjectMaker, caplog: pytest.LogCaptureFixture
) -> None:
    project = make_project("project")
    with caplog.at_level("INFO", "fer_fairness"), pytest.raises(DatasetNotFoundError):
        project.run("reporting", only_missing=True)
    assert "Nothing is taken over from earlier runs. To run: 1 nodes" in caplog.text


@pytest.mark.parametrize("only_missing", [False, True])
def test_nothing_is_recorded_of_a_run_whose_data_are_missing(
    only_missing: bool,  # noqa: FBT001
    make_project: ProjectMaker,
) -> None:
    project = make_project("project")
    (project.data / "raw.txt").unlink()
    with pytest.raises(DatasetNotFoundError, match=r"raw\.txt"):
        project.run(only_missing=only_missing)
    assert not (project.data / "run_manifest.json").exists()


def test_a_manifest_is_that_of_the_run_that_wrote_the_report(make_project: ProjectMaker) -> None:
    project = make_project("project")
    project.run()
    manifest = (project.data / "run_manifest.json").read_bytes()
    project.run(only_missing=True)
    assert (project.data / "run_manifest.json").read_bytes() == manifest


def test_a_manifest_names_the_runs_whose_results_were_taken_over(
    make_project: ProjectMaker,
) -> None:
    project = make_project("project")
    project.run()
    manifest = project.data / "run_manifest.json"
    assert json.loads(manifest.read_text())["taken_over"] == {}
    first = f"run of factor {project.parameters['factor']}"
    project.parameters["factor"] = 5
    project.run(only_missing=True)
    assert json.loads(manifest.read_text())["taken_over"] == {first: 2}


def test_what_is_missing_and_cannot_be_made_is_named(make_project: ProjectMaker) -> None:
    project = make_project("project")
    project.run()
    (project.data / "raw.txt").unlink()
    (project.data / "text.txt").unlink()
    with pytest.raises(DatasetNotFoundError, match=r"raw\.txt"):
        project.run(only_missing=True)


def test_a_data_root_that_was_moved_or_copied_stays_fresh(make_project: ProjectMaker) -> None:
    project = make_project("project")
    project.run()
    project.data.rename(project.root / "moved")
    project.parameters["data_root"] = "moved"
    moved = type("Moved", (Project,), {"data": property(lambda self: self.root / "moved")})
    files = list((project.root / "moved").glob("[a-z]*.*"))
    before = [path.stat().st_mtime_ns for path in files]
    moved(project.root, project.parameters).run(only_missing=True)
    assert before == [path.stat().st_mtime_ns for path in files]


def test_inputs_that_change_during_a_run_are_told(make_project: ProjectMaker) -> None:
    project = make_project("project")

    class Meddler:
        @hook_impl
        def after_node_run(self) -> None:
            project.write_raw("somebody saved this meanwhile")

    with pytest.raises(InvalidInputError, match="was changed while read"):
        project.run(also=(Meddler(),))


def test_code_that_a_person_calls_harmless_is_accepted(
    make_project: ProjectMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project("project")
    project.run()
    monkeypatch.setattr("fer_fairness.provenance.freshness.code_sha256", lambda *_: "other code")
    with pytest.raises(StaleResultsError, match="the code was changed") as refusal:
        project.run("reporting")
    assert "kedro state --accept-code" in str(refusal.value)
    freshness = Freshness(project.catalog(), project.parameters, project.data)
    nodes = [node for part in PARTS.values() for node in part.nodes]
    assert all(freshness.accept_code(node) for node in nodes)
    assert not any(freshness.accept_code(node) for node in nodes)
    project.run("reporting")


def test_what_a_named_file_holds_counts_and_not_where_it_lies(
    make_project: ProjectMaker, caplog: pytest.LogCaptureFixture
) -> None:
    project = make_project("project")
    first, second = project.root / "first", project.root / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "letters.txt").write_text("ae")
    project.parameters["letters"] = str(first / "letters.txt")
    project.run()
    project.parameters["letters"] = str(second / "letters.txt")
    with caplog.at_level(logging.INFO, logger="fer_fairness.hooks"):
        project.run(only_missing=True)
        assert "To run: none" in caplog.messages[-1]
        (second / "letters.txt").write_text("io")
        project.run(only_missing=True)
    assert "read: letters names a file with other contents" in caplog.messages[-1]
    records = (project.data / ".provenance").rglob("*.json")
    assert not any(str(project.root) in record.read_text() for record in records)


def test_a_catalog_that_keeps_a_dataset_in_another_way_makes_it_anew(
    make_project: ProjectMaker, caplog: pytest.LogCaptureFixture
) -> None:
    project = make_project("project")
    project.run()
    catalog = project.catalog()
    catalog["number"] = JSONDataset(
        filepath=str(project.data / "number.json"), save_args={"indent": 8}
    )
    project.catalog = lambda: catalog  # type: ignore[method-assign]
    with caplog.at_level(logging.INFO, logger="fer_fairness.hooks"):
        project.run(only_missing=True)
    assert "the catalog keeps number in another way" in caplog.messages[-1]


def test_a_manifest_that_finds_no_room_ends_the_run_with_one_sentence(
    make_project: ProjectMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project("project")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fer_fairness.files.os.replace", full)
    with (
        click.Context(click.Command("run")),
        pytest.raises(click.ClickException, match=r"^There is no room for .*run_manifest\.json"),
    ):
        project.run()
    monkeypatch.undo()
    lock = DataRootLock()
    lock.acquire(project.data, None, "another run")
    lock.release()
