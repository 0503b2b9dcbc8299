"""The documentation site has every page once, and every page the pictures that it shows.

Links between pages are checked by the strict build of `make docs`, which says nothing of these.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
DOCUMENTS = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def pages_of(navigation: Any) -> Iterator[str]:
    """Paths of all pages below an entry of the navigation."""
    if isinstance(navigation, str):
        yield navigation
    else:
        entries = navigation.values() if isinstance(navigation, dict) else navigation
        for entry in entries:
            yield from pages_of(entry)


def test_the_navigation_has_every_page_once() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    named = Counter(pages_of(site["nav"]))
    assert named == Counter(str(page.relative_to(DOCS)) for page in PAGES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_document_shows_or_links_to_is_there(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", document.read_text())
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    missing = [target for target in local if not (document.parent / target).exists()]
    assert missing == []


def test_the_page_of_notebooks_names_each_of_them() -> None:
    named = re.findall(r"`(\w+\.ipynb)`", (DOCS / "notebooks.md").read_text())
    assert sorted(named) == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_every_picture_is_shown() -> None:
    shown = {
        (document.parent / target).resolve()
        for document in DOCUMENTS
        for target in re.findall(r"!\[[^\]]*\]\(([^)\s]+)", document.read_text())
        if "://" not in target
    }
    pictures = {
        path.resolve() for path in DOCS.rglob("*") if path.suffix in {".png", ".svg", ".jpg"}
    }
    assert pictures == shown
