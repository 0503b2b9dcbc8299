"""How a case may end, the record of all cases, and the table of it."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final


class Outcome(StrEnum):
    """How a case ended, from best to worst."""

    SURVIVED = "survived"
    """With the results of an undisturbed run."""
    REFUSED = "refused cleanly"
    """With an exit code and a message of the project's own."""
    WRONG = "wrong"
    """Without a word, with other results than those of an undisturbed run."""
    CRASHED = "crashed"
    """With a traceback, a signal, or not at all."""


@dataclass(frozen=True)
class Tried:
    """What was tried and how it ended.

    Attributes:
        kind: Of fault: the name of the module.
        case: Which one, in words that are enough to repeat it with the same seed.
        outcome: How it ended.
        detail: What differed, or what was said.
        n_inputs: How many inputs of this outcome the line stands for; one except in fuzzing.
    """

    kind: str
    case: str
    outcome: Outcome
    detail: str = ""
    n_inputs: int = 1


class Record:
    """A file of JSON lines, one a case."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, tried: Tried) -> None:
        """Write a case at the end of the file."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(tried), ensure_ascii=False) + "\n")

    def read(self) -> list[Tried]:
        """All cases so far; a line that was cut by a kill is passed over."""
        return list(self._lines()) if self.path.exists() else []

    def _lines(self) -> Iterator[Tried]:
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                fields = json.loads(line)
            except json.JSONDecodeError:
                continue
            yield Tried(**{**fields, "outcome": Outcome(fields["outcome"])})


_SHOWN: Final = 400
_OWN_MESSAGE: Final = re.compile(r"^Error: \S", re.MULTILINE)


def ended(done: subprocess.CompletedProcess[str]) -> tuple[Outcome, str]:
    """How a command ended by its exit code and what it printed; `SURVIVED` says nothing of results.

    Returns:
        The outcome, and of a command that did not end well what it said.
    """
    printed = done.stdout + done.stderr
    last = printed.strip()[-_SHOWN:]
    if "Traceback (most recent call last)" in printed or done.returncode < 0:
        return Outcome.CRASHED, f"exit code {done.returncode}: {last}"
    if done.returncode == 0:
        return Outcome.SURVIVED, ""
    if not _OWN_MESSAGE.search(printed):
        return Outcome.CRASHED, f"exit code {done.returncode} without a message: {last}"
    message = printed[_OWN_MESSAGE.search(printed).start() :]  # type: ignore[union-attr]
    return Outcome.REFUSED, message[:_SHOWN].strip()


def worst(outcomes: Sequence[tuple[Outcome, str]]) -> tuple[Outcome, str]:
    """The worst of several ends of one case; what is wrong is worse than what crashed."""
    order = [Outcome.SURVIVED, Outcome.REFUSED, Outcome.CRASHED, Outcome.WRONG]
    return max(outcomes, key=lambda found: order.index(found[0]))


def table(tried: Sequence[Tried]) -> str:
    """A table in Markdown: a line a kind, then all of them, then what was wrong or crashed."""
    kinds = list(dict.fromkeys(one.kind for one in tried))
    lines = [
        f"| kind | tried | {' | '.join(outcome.value for outcome in Outcome)} |",
        f"|---|{'--:|' * (len(Outcome) + 1)}",
    ]
    for name, of_kind in [*((kind, [t for t in tried if t.kind == kind]) for kind in kinds)]:
        lines.append(_row(name, of_kind))
    lines.append(_row("all", tried))
    bad = [one for one in tried if one.outcome in (Outcome.WRONG, Outcome.CRASHED)]
    if bad:
        lines += ["", "Wrong or crashed:", ""]
        lines += [f"- {t.kind}: {t.case}: {t.outcome.value}: {_one_line(t.detail)}" for t in bad]
    return "\n".join(lines) + "\n"


def _row(name: str, tried: Sequence[Tried]) -> str:
    counts = Counter[Outcome]()
    for one in tried:
        counts[one.outcome] += one.n_inputs
    cells = [f"{counts[outcome]:,}" for outcome in Outcome]
    return f"| {name} | {sum(counts.values()):,} | {' | '.join(cells)} |"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
