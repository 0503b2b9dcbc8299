"""What is told of folders of the machine: nothing but names of files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.reporting.passed_on import passed_on, passed_on_command, passed_on_mapping

FOLDERS = st.text(alphabet="abcXYZ09_-. éß", min_size=1, max_size=8).map(
    lambda name: f"s{name.strip('. ')}t"
)
START = st.sampled_from(["/", "~/", "~jo/", "file:///", "C:\\", "\\\\server\\", "../", "D:/"])


def path_of(start: str, folders: list[str], name: str) -> str:
    return start + ("\\" if "\\" in start else "/").join([*folders, name])


@given(START, st.lists(FOLDERS, min_size=1, max_size=3), st.sampled_from(["a.csv", "m.keras"]))
def test_a_path_is_cut_wherever_it_stands(start: str, folders: list[str], name: str) -> None:
    path = path_of(start, [f"{folder}QZ" for folder in folders], name)
    told = passed_on_mapping(
        {
            "predictions": path,
            "nested": [{"deep": path}],
            "note": f"The file {path} has no rows. See '{path}' and {path}: it is empty.",
        }
    )
    assert "QZ" not in repr(told)
    assert told["predictions"] == name
    assert told["nested"] == [{"deep": name}]
    assert told["note"] == f"The file {name} has no rows. See '{name}' and {name}: it is empty."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no file /srv/secret/x.csv.", "no file x.csv."),
        ("read [Errno 2] '/srv/my secret/x.csv'", "read [Errno 2] 'x.csv'"),
        ("at C:\\Users\\Jo Doe\\x.csv, line 3", "at x.csv, line 3"),
        ("in 'C:\\\\Users\\\\Jo\\\\x.csv'", "in 'x.csv'"),
        ("in \\\\server\\share\\x.csv now", "in x.csv now"),
        ("in file:///home/jo/x.csv now", "in x.csv now"),
        ("in ~/secret/x.csv now", "in x.csv now"),
        ("below /srv/secret/folder for it", "below … for it"),
        ("data_root=/secret is set", "data_root=… is set"),
    ],
)
def test_paths_in_sentences(text: str, expected: str) -> None:
    assert passed_on(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "see https://arxiv.org/abs/1810.03993 and/or n/a",
        "48 / 48 pixels, 3/4 of all, w/o labels",
        "s3://bucket/x.csv",
        "gender: female / male",
        "Kärkkäinen & Joo 2021 (FairFace: a/b)",
        "/",
        "",
    ],
)
def test_what_is_no_path_stays(text: str) -> None:
    assert passed_on(text) == text


def test_folders_are_hidden_by_their_keys_and_files_below_them_keep_their_names() -> None:
    told = passed_on_mapping(
        {"data_root": "secret", "checkpoint_root": "/x/secret/06", "predictions": "secret/x.csv"}
    )
    assert told == {"data_root": "…", "checkpoint_root": "…", "predictions": "x.csv"}
    address = "postgresql://ann:secret@host/home"
    assert passed_on({"budget": {"study": address}}) == {"budget": {"study": "…"}}
    command = passed_on_command(["--params", "budget.trials=3,budget.study=sqlite:////h/ann/s.db"])
    assert command == "--params budget.trials=3,budget.study=s.db"


def test_a_command_keeps_its_settings_and_names_of_files() -> None:
    told = passed_on_command(
        [
            "kedro",
            "run",
            "--conf-source=/opt/secret/conf",
            "--params",
            "audit.predictions=/home/jo doe/x.csv,data_root=secret,seed=7,audit.columns.true=y",
        ]
    )
    assert told == (
        "kedro run --conf-source=… --params "
        "audit.predictions=x.csv,data_root=…,seed=7,audit.columns.true=y"
    )
