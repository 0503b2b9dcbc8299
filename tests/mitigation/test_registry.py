"""Which files hold a method, and what is said of those that do not."""

import sys
from pathlib import Path

import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation import registry
from fer_fairness.mitigation.post_method import PostMethod

HEAD = """
from typing import ClassVar, Literal
from fer_fairness.mitigation.post_method import PostMethod
"""
METHOD = """
class {name}(PostMethod):
    label: ClassVar[str] = "Twice"
    source: ClassVar[str] = "{source}"
    method: Literal["twice"] = "twice"
"""


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([("One", "a paper"), ("Two", "a paper")], r"twice\.py holds two methods, One and Two"),
        ([("One", "")], r"The method One of written/twice\.py does not say \['source'\]"),
    ],
)
def test_a_file_holds_one_method_that_says_what_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    classes: list[tuple[str, str]],
    message: str,
) -> None:
    package = tmp_path / "written"
    package.mkdir()
    (package / "__init__.py").touch()
    written = [METHOD.format(name=name, source=source) for name, source in classes]
    (package / "twice.py").write_text(HEAD + "\n".join(written))
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("written", "written.twice"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(InvalidInputError, match=message):
        registry._found_in(__import__("written"), PostMethod)
