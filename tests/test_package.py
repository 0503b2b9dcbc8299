"""What the package gives at its top, and what looking at it loads."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

import fer_fairness
from fer_fairness import auditing
from fer_fairness.pipelines.data_processing import nodes
from fer_fairness.reached_code import _reached


def test_the_names_of_the_top_are_those_of_the_room_of_audits() -> None:
    for name in auditing.__all__:
        assert getattr(fer_fairness, name) is getattr(auditing, name)
        assert name in dir(fer_fairness)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'audits'"):
        fer_fairness.audits  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_loads_no_library() -> None:
    command = "import sys, fer_fairness; print('numpy' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "False"


def test_a_step_that_is_no_audit_does_not_reach_the_code_of_audits_and_reports() -> None:
    reached = _reached(frozenset({nodes.__name__}))
    assert "fer_fairness" in reached
    assert find_spec("fer_fairness.auditing") is not None
    assert not {name for name in reached if name.startswith("fer_fairness.auditing")}
