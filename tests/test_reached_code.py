"""A changed step is another code, a changed comment is not."""

import functools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fer_fairness import reached_code as code
from fer_fairness.fairness.metrics import gap_metrics
from fer_fairness.reached_code import code_sha256

MODULES = {
    "__init__": "",
    "reached": '"""Words."""\nfrom package.below import deep\n\ndef f():\n    return deep()\n',
    "below/__init__": "def deep():\n    from package.late import g\n    return g()\n",
    "late": "def g():\n    return 1\n",
    "apart": "def h():\n    return 2\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package whose `reached` imports `below`, which imports `late` in a function."""
    for name, text in MODULES.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/page.html").write_text("a page")
    monkeypatch.setattr(code, "_ROOT", tmp_path)
    monkeypatch.setattr(code, "_PACKAGE", "package")
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    for name in ("_modules_sha256", "_source", "_named", "_module_sha256"):
        getattr(code, name).cache_clear()


def reached(module: str = "package.reached") -> str:
    forget()

    def function() -> None: ...

    function.__module__ = module
    return code_sha256(functools.partial(function))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("reached.py", "return deep()", "return deep() + 1"),
        ("below/__init__.py", "return g()", "return -g()"),
        ("late.py", "return 1", "return 2"),
        ("templates/page.html", "a page", "another page"),
    ],
)
def test_what_can_be_reached_counts(file: str, old: str, new: str, package: Path) -> None:
    before = reached()
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))
    assert reached() != before


@pytest.mark.parametrize(
    ("file", "new"),
    [
        ("apart.py", "def h():\n    return 3\n"),
        ("late.py", "# why\ndef g():\n    '''Words.'''\n\n    return (1)\n"),
        ("reached.py", MODULES["reached"].replace("Words", "Other words")),
    ],
)
def test_what_cannot_be_reached_and_what_is_no_step_does_not(
    file: str, new: str, package: Path
) -> None:
    before = reached()
    (package / file).write_text(new)
    assert reached() == before


def test_an_argument_brings_the_module_of_its_class(package: Path) -> None:
    given = type("Method", (), {"__module__": "package.apart"})()
    forget()
    before = code_sha256(reached, given)
    (package / "apart.py").write_text("def h():\n    return 3\n")
    forget()
    assert code_sha256(reached, given) != before


def test_functions_of_one_room_do_not_depend_on_another() -> None:
    from fer_fairness.reporting import render_report

    forget()
    assert "fer_fairness.reporting.html" not in code._reached(frozenset({gap_metrics.__name__}))
    assert code_sha256(render_report) != code_sha256(gap_metrics.accuracy_gap)


def test_rooms_narrow_what_counts(package: Path) -> None:
    forget()

    def function() -> None: ...

    function.__module__ = "package.reached"
    before = code_sha256(function, rooms=("reached", "below"))
    (package / "late.py").write_text("def g():\n    return 5\n")
    forget()
    assert code_sha256(function, rooms=("reached", "below")) == before
    (package / "below/__init__.py").write_text("def deep():\n    return 3\n")
    forget()
    assert code_sha256(function, rooms=("reached", "below")) != before


def test_what_was_edited_since_the_process_began_is_like_nothing_of_another_process(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(package / "late.py", (1e9, 1e9))
    old = code._module_sha256(code._source("package.late"))
    os.utime(package / "late.py")
    forget()
    edited = code._module_sha256(code._source("package.late"))
    monkeypatch.setattr(code, "_STARTED", code._STARTED - 1)
    forget()
    assert len({old, edited, code._module_sha256(code._source("package.late"))}) == 3
