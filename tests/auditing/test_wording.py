"""Settings are named as whoever asked gives them."""

import ast
import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fer_fairness
from fer_fairness.auditing.options import Options
from fer_fairness.auditing.wording import Way, in_words_of, worded
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import AuditParameters
from fer_fairness.sources.foreign_tables.table import ROWS, quoted


@pytest.mark.parametrize(
    ("sentence", "python", "console"),
    [
        ("Say which with audit.columns.true.", "with y_true.", "with --y-true."),
        ("give audit.columns.person=none if", "give person='none' if", "give --person none if"),
        ("audit.columns.person='a b', or", "person='a b', or", "--person 'a b', or"),
        ("more than 50 (audit.max_groups): a.", "50 (max_groups): a.", "50 (--max-groups): a."),
        ("than 50,000 (audit.aif360_max_people).", "than 50,000.", "than 50,000."),
        ("audit.inference.n_bootstrap is 3", "n_bootstrap is 3", "--n-bootstrap is 3"),
        ("Name it in audit.intersections to", "in attributes to", "in --attributes to"),
    ],
)
def test_a_sentence_names_what_the_caller_gives(sentence: str, python: str, console: str) -> None:
    assert python in worded(sentence, Way.PYTHON)
    assert console in worded(sentence, Way.CONSOLE)


def test_a_file_that_is_called_audit_keeps_its_name() -> None:
    for way in Way:
        assert worded("audit.html: the file is empty.", way) == "audit.html: the file is empty."


def test_rows_of_a_table_have_no_header() -> None:
    assert worded(f"in row 3 ({ROWS})", Way.PYTHON) == "in row 3 (the first row is row 1)"
    assert worded(f"in row 3 ({ROWS})", Way.CONSOLE) == f"in row 3 ({ROWS})"


@given(st.text(st.characters(categories=["L", "N", "P", "Z"]), min_size=1))
def test_a_name_with_blanks_stays_whole(name: str) -> None:
    told = worded(f"give audit.columns.person={quoted(name)}, there", Way.CONSOLE)
    if "'" not in name:
        assert shlex.split(told.replace(", there", ""))[1:] == ["--person", name]


def test_every_setting_that_a_sentence_names_is_an_option_or_is_kedros_alone() -> None:
    package = Path(fer_fairness.__file__).parent
    named = set()
    for path in [*(package / "sources").glob("predictions*.py"), *package.glob("auditing/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named |= set(re.findall(r"\baudit\.(?:columns\.)(\w+)", node.value))
    options = {"y_true", "y_pred", *Options.__annotations__}
    assert {worded(f"audit.columns.{name}", Way.PYTHON) for name in named - {"true"}} <= options


def test_what_is_refused_inside_is_refused_in_the_same_words() -> None:
    with (
        pytest.raises(InvalidInputError, match=r"^n_permutations is 5: .*100\.$"),
        in_words_of(Way.PYTHON),
    ):
        AuditParameters.model_validate({"inference": {"n_permutations": 5}})
    with (
        pytest.raises(InvalidInputError, match=r"^Give --person none"),
        in_words_of(Way.CONSOLE),
    ):
        raise InvalidInputError("Give audit.columns.person=none.")
