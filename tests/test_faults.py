"""The bench of faults: that it sees what it is to see, and a few of its cases."""

import io
import subprocess
import sys
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from benchmarks.faults import audits
from benchmarks.faults.mutations import alike, spoilt
from benchmarks.faults.outcomes import Outcome, Record, Tried, ended, table
from benchmarks.faults.roots import differences


def command(code: int, *, out: str = "", err: str = "") -> tuple[Outcome, str]:
    return ended(subprocess.CompletedProcess(["kedro"], code, out, err))


@pytest.mark.parametrize(
    ("code", "printed", "outcome"),
    [
        (0, "", Outcome.SURVIVED),
        (1, "Error: a.csv: the file is empty. Export it again.", Outcome.REFUSED),
        (1, "", Outcome.CRASHED),
        (1, "Traceback (most recent call last):\nError: x", Outcome.CRASHED),
        (-11, "", Outcome.CRASHED),
    ],
)
def test_only_a_message_without_a_traceback_is_a_clean_refusal(
    code: int, printed: str, outcome: Outcome
) -> None:
    assert command(code, err=printed)[0] is outcome


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    """A case and an honest run of the same results, at other times and places."""
    case, honest = tmp_path / "cases" / "kills_1", tmp_path / "prepared" / "honest_base"
    for root, started in ((case, "2026-01-01T10:00:00"), (honest, "2026-02-02T11:00:00")):
        reports = root / "08_reporting"
        reports.mkdir(parents=True)
        manifest = f'{{"started_at": "{started}", "parameters": {{"data_root": "{root}"}}}}'
        finding = '{"accuracy_gap": 0.25}'
        text = f'{{"manifest": {manifest}, "findings": [{finding}]}}'
        (reports / "results.json").write_text(text)
        (reports / "report.html").write_text(f"<dd>{started}</dd>\n<td>0.25</td>\n<p>{root}</p>")
        pd.DataFrame({"a": [1]}).to_parquet(reports / "gaps.parquet")
    return case, honest


def test_times_and_places_do_not_count_as_other_results(roots: tuple[Path, Path]) -> None:
    assert differences(*roots) == []


@pytest.mark.parametrize("name", ["results.json", "report.html"])
def test_another_number_does(name: str, roots: tuple[Path, Path]) -> None:
    path = roots[0] / "08_reporting" / name
    path.write_text(path.read_text().replace("0.25", "0.26"))
    assert differences(*roots) == [f"08_reporting/{name}"]


def test_a_missing_or_damaged_table_does(roots: tuple[Path, Path]) -> None:
    path = roots[0] / "08_reporting/gaps.parquet"
    path.write_bytes(path.read_bytes()[:40])
    assert differences(*roots) == ["08_reporting/gaps.parquet"]
    path.unlink()
    assert differences(*roots) == ["08_reporting/gaps.parquet"]


def test_an_audit_of_another_file_is_untrue(tmp_path: Path) -> None:
    groups = {"gender": ("female", "male"), "race": ("asian", "black")}
    mine, other = (
        audits.draw(tmp_path / f"{seed}.csv", Random(seed), n=200, groups=groups) for seed in (1, 2)
    )
    right = mine["y_true"] == mine["y_pred"]
    told = pd.DataFrame(
        {
            "attribute": "gender",
            "group": group,
            "metric": "accuracy",
            "n_people": int(rows.size),
            "value": float(rows.mean()),
        }
        for group, rows in right.groupby(mine["gender"])
    )
    assert audits.untrue(told, mine) == ""
    assert "gender" in audits.untrue(told, other)


def test_the_record_goes_on_behind_a_line_that_was_cut(tmp_path: Path) -> None:
    record = Record(tmp_path / "tried.jsonl")
    record.add(Tried("kills", "one", Outcome.WRONG, "differs"))
    with record.path.open("a") as file:
        file.write('{"kind": "kills", "ca\n')
    record.add(Tried("readers", "many", Outcome.REFUSED, "", 1200))
    assert [one.case for one in record.read()] == ["one", "many"]
    text = table(record.read())
    assert "| readers | 1,200 | 0 | 1,200 | 0 | 0 |" in text
    assert "- kills: one: wrong: differs" in text


@pytest.mark.parametrize("text", [True, False])
def test_the_same_case_is_the_same_fault(text: bool) -> None:  # noqa: FBT001
    content = b"a,b\n1,2\n3,4\n"
    first, again = ([spoilt(content, Random(n), text=text) for n in range(50)] for _ in range(2))
    assert first == again
    assert len(set(first)) > 25


def test_a_table_rewritten_alike_holds_the_same_cells() -> None:
    frame = pd.DataFrame({"a": [1, 3], "b": [2, 4]})
    for n in range(50):
        rewritten = alike(frame.to_csv(index=False).encode(), Random(n))
        found = pd.read_csv(io.BytesIO(rewritten), encoding="utf-8-sig")
        pd.testing.assert_frame_equal(found[["a", "b"]], frame)


def tried(root: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A few cases of the bench."""
    words = (sys.executable, "-m", "benchmarks.faults", "--workers", "1", "--folder", str(folder))
    return subprocess.run(
        [*words, *arguments], cwd=root, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_readers_give_no_wrong_reading_and_no_traceback(project_root: Path, tmp_path: Path) -> None:
    done = tried(project_root, tmp_path, "--quick", "--kinds", "readers")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_stale_roots_and_audits_at_once_give_true_results_or_a_refusal(
    project_root: Path, tmp_path: Path
) -> None:
    done = tried(project_root, tmp_path, "--cases", "1", "--kinds", "changes,pairs")
    assert done.returncode == 0, done.stdout + done.stderr
