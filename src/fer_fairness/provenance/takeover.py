"""What a run takes over of earlier ones: decided before anything runs, told in one line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kedro.pipeline import Pipeline

from fer_fairness.errors import FerFairnessError
from fer_fairness.provenance.differences import CODE_CHANGED
from fer_fairness.provenance.freshness import Freshness, NodeState

_NAMED: Final = 5
"""Reasons that are told; the others are counted."""

_DOES_NOT_FIT: Final = "This run reads what earlier runs made, and some of that does not fit:"


class StaleResultsError(FerFairnessError):
    """A part of the project was asked for, and what it reads no longer fits."""


@dataclass(frozen=True)
class Takeover:
    """What runs, and what is taken over.

    Attributes:
        runs: Names of the nodes that run.
        taken_over: Those before them, and beside them, whose results are there and fit.
        stale: Of `runs`, the states of those that were made before and no longer fit.
        missing: Of `runs`, how many have nothing to be used, or not all of it.
    """

    runs: frozenset[str]
    taken_over: frozenset[str]
    stale: tuple[NodeState, ...]
    missing: int

    def line(self) -> str:
        """For the log of a run."""
        stale = [state for state in self.stale if state.reasons]
        following = len(self.stale) - len(stale)
        parts = [f"{self.missing} with something missing"] if self.missing else []
        parts += [f"stale are {'; '.join(_first(causes(stale)))}"] if stale else []
        parts += [f"{following} that follow"] if following else []
        why = f" ({', '.join(parts)})" if parts else ""
        if not self.taken_over:
            return f"Nothing is taken over from earlier runs. To run: {len(self.runs)} nodes{why}"
        told = f"Taken over from earlier runs, because they fit: {len(self.taken_over)} nodes"
        return f"{told}. To run: {len(self.runs) or 'none'}{why}"


def take_over(
    pipeline: Pipeline,
    whole: Pipeline,
    freshness: Freshness,
    *,
    only_missing: bool,
    pipelines: Mapping[str, Pipeline],
    options: str = "",
) -> Takeover:
    """Decide what runs.

    Args:
        pipeline: What was asked for.
        whole: All pipelines that make what it reads.
        freshness: Of the data root.
        only_missing: Whether what is there and fits is left as it is; else all of `pipeline` runs.
        pipelines: By name, for the remedy.
        options: Of the command line, with a blank before each, for the remedy.

    Raises:
        StaleResultsError: What `pipeline` reads does not fit and is not made by itself.
    """
    asked = {node.name for node in pipeline.nodes}
    chain = whole.to_nodes(*asked)
    states = freshness.examine(
        chain,
        made_anew=lambda state: state.node in asked and (not only_missing or bool(state.missing)),
    )
    outside = [state for name, state in states.items() if name not in asked]
    stale = [state for state in outside if not state.fits]
    if stale:
        raise StaleResultsError(_refusal(stale, asked, pipelines, options))
    chosen = [state for name, state in states.items() if name in asked]
    running = [state for state in chosen if not (only_missing and state.is_fresh)]
    runs = frozenset(state.node for state in running)
    return Takeover(
        runs=runs,
        taken_over=frozenset(name for name, state in states.items() if state.is_fresh) - runs,
        stale=tuple(
            state for state in running if only_missing and not state.fits and not state.missing
        ),
        missing=sum(bool(state.missing) for state in running) if only_missing else 0,
    )


def _refusal(
    stale: Sequence[NodeState], asked: set[str], pipelines: Mapping[str, Pipeline], options: str
) -> str:
    names = ",".join(_covering({state.node for state in stale} | asked, pipelines))
    changed = [state for state in stale if state.reasons]
    following = [state for state in stale if not state.reasons]
    if not changed:
        before = following[0].follows[0]
        return (
            f"This run makes {before} anew and reads what others made from its earlier results: "
            f"{_nodes([state.node for state in following])}. Have these made anew with it:\n"
            f"  kedro run --pipelines {names}{options}"
        )
    lines = [_DOES_NOT_FIT, *(f"  {cause}" for cause in _first(causes(changed)))]
    lines += [f"  and {len(following)} nodes that follow from these"] if following else []
    lines += [
        "Make that anew:",
        f"  kedro run --pipelines {names} --only-missing-outputs{options}",
        "Or run with the parameters and data that it was made with. All of it is shown by:",
        f"  kedro state{options}",
    ]
    if all(state.reasons == (CODE_CHANGED,) for state in changed):
        lines.append(
            "If no result depends on that change of code:\n"
            f"  kedro state --accept-code --pipelines {names}{options}"
        )
    return "\n".join(lines)


def _covering(wanted: set[str], pipelines: Mapping[str, Pipeline]) -> list[str]:
    """Names of pipelines that have all of these nodes, without those that the others make up for.

    Pipelines that have nodes in common may not run together: both audits write one report.
    """
    parts = {
        name: wanted & {node.name for node in part.nodes}
        for name, part in pipelines.items()
        if name != "__default__"
    }
    for name in list(parts):
        others: set[str] = set().union(*(part for one, part in parts.items() if one != name))
        if parts[name] <= others:
            del parts[name]
    return list(parts)


def causes(states: Sequence[NodeState]) -> list[str]:
    """Why nodes are stale, each reason once, after the nodes that it is of."""
    by_reason: dict[str, list[str]] = {}
    for state in states:
        by_reason.setdefault("; ".join(state.reasons), []).append(state.node)
    return [f"{_nodes(names)}: {reason}" for reason, names in by_reason.items()]


def _first(told: Sequence[str]) -> list[str]:
    more = len(told) - _NAMED
    return [*told[:_NAMED], *([f"{more} more reasons"] if more > 0 else [])]


def _nodes(names: Sequence[str]) -> str:
    more = len(names) - 2
    return ", ".join(names[:2]) + (f" and {more} more node{'s' * (more > 1)}" if more > 0 else "")
