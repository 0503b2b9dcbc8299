"""Whole audits of files, groups and classes with hostile names."""

from random import Random
from typing import Final

from benchmarks.faults import audits, commands
from benchmarks.faults.outcomes import Outcome, Tried, ended
from benchmarks.faults.roots import Roots

_NAMES: Final = (
    "<script>alert(1)</script>", "</title><img src=x onerror=alert(1)>",
    "'\"><svg onload=alert(1)>",
    "{{ 7*7 }}", "{% raw %}", "${globals:seed}", "$}$", "$\\frac{1}{0}$", "^_^", "\\", "a_b_{c",
    "=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-2", "a x b", "b x c", "a", "b", "c", "x", " x ",
    "a \N{MULTIPLICATION SIGN} b", "..", "../../etc/passwd", "/", "a/b", "%s%n", "%",
    "null-ish", "None!",
    "NaN?", "true", "False", "0", "1e9", "00", "0.10", "group", "other", "overall", "metric",
    "e\u0301",
    "\u00e9", "\u202egnp.exe", "\u200b", "\ufeffq", "\U0001f469\u200d\U0001f680", "漢字", "ß", "ẞ",
    "İ", "i̇", "\x7f", "\x1b[31mred", "a\tb", "a,b", 'a"b', "a;b", "a|b", "#", "&amp;", "&lt;",
    "A" * 300,
    "any_difference", "index", "level_0", "sample_id", "y_true", "javascript:alert(1)",
)  # fmt: skip
_FILES: Final = (
    "plain.csv", "with blank.csv", "comma,semicolon;.csv", "<script>alert(1)</script>.csv",
    "=cmd.csv",
    "'quote.csv", "$}$.csv", "${globals:seed}.csv", "%s.csv", "漢字.csv",
    "\u202egnp.csv", "-rf.csv",
    "a=b.csv", "{{x}}.csv", "x.csv.csv", ".hidden.csv", "new\nline.csv", "\x1b[31m.csv",
    "e\u0301.csv",
    "audit.parquet", "~.parquet",
    "*.parquet", "#?.parquet", "A" * 120 + ".parquet",
)  # fmt: skip
_MARKUP: Final = ("<script>alert(1)", "<img src=x", "<svg onload")


def try_one(roots: Roots, random: Random, number: int) -> list[Tried]:
    """Audit a file whose names are drawn from the hostile ones."""
    file = random.choice(_FILES)
    groups = {name: _groups(random) for name in audits.ATTRIBUTES}
    classes = random.sample(_NAMES, 4) if random.random() < 0.5 else list(audits.CLASSES)
    if "/" in file:
        file = file.replace("/", "\N{FRACTION SLASH}")
    path = roots.folder / "cases" / f"names_{number}" / file
    frame = audits.draw(path, random, n=600, groups=groups, classes=classes)
    root = path.parent / "root"
    outcome, detail = ended(commands.run(audits.arguments(roots, root, path)))
    case = f"{file!r}, groups {groups}, classes {classes}"
    if outcome is Outcome.SURVIVED:
        found = [told for _, _, told in audits.results_in(root)]
        detail = audits.untrue(found[0], frame) if found else "no results"
        for page in (root / "08_reporting").rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            detail = detail or next((f"{one} is in the page" for one in _MARKUP if one in text), "")
        outcome = Outcome.WRONG if detail else outcome
    return [Tried("names", case, outcome, detail)]


def _groups(random: Random) -> list[str]:
    """Some names; such as differ in blanks around them are one group, and told to be."""
    drawn = {name.strip(): name for name in random.sample(_NAMES, random.randint(2, 5))}
    return list(drawn.values())
