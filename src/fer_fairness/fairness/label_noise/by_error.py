"""How many people a labeller's errors alone would name after a group that is not there.

A labeller knows the groups that it was fitted with, whoever stands before it. Where it names no
more people after a group than it would by mistake, nothing says that anybody is of that group.
"""

from typing import Final

import numpy as np

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.draws import Seed
from fer_fairness.fairness.label_noise.confusion import LabelConfusion
from fer_fairness.fairness.metrics.reductions import Array

_STEPS: Final = 300
"""Of the fit; the shares of a handful of groups have settled long before."""

_LEVEL: Final = 0.95


def named_by_error(
    labelled: Counts, confusion: LabelConfusion, *, n: int, seed: Seed
) -> tuple[Array, Array]:
    """People whom errors alone would name after each group, if nobody were of it.

    For each group the shares of the others are those under which the labels are most likely
    (expectation and maximisation; Dempster, Laird and Rubin 1977). How often each of them is named
    after the group is drawn from what the held-out people leave open (Jeffreys's prior, so that
    what was never seen among few may still happen), and the people named from a Poisson law.

    Args:
        labelled: People by label, those without one last, int64 (groups + 1,).
        confusion: The labeller's confusion, in the same order.
        n: Number of draws.
        seed: Seed of the draws.

    Returns:
        Their expected number, and the number that 95 draws of 100 do not exceed; each (groups,).
        NaN where no other group has held-out people.
    """
    generator = np.random.default_rng(seed)
    n_groups = len(confusion.groups)
    expected, most = np.full(n_groups, np.nan), np.full(n_groups, np.nan)
    for group in range(n_groups):
        others = np.flatnonzero((np.arange(n_groups) != group) & (confusion.faces > 0))
        if len(others) == 0:
            continue
        people = labelled.sum() * _most_likely_shares(labelled, confusion.all_shares[others])
        expected[group] = people @ confusion.shares[others, group]
        wrong = confusion.counts[others, group]
        rates = generator.beta(
            wrong + 0.5, confusion.faces[others] - wrong + 0.5, size=(n, len(others))
        )
        most[group] = np.quantile(generator.poisson(rates @ people), _LEVEL)
    return expected, most


def _most_likely_shares(labelled: Counts, shares: Array) -> Array:
    """Shares of groups under which labels are most likely, (groups,).

    Labels that none of the groups is ever given tell nothing of them, and are passed over.

    Args:
        labelled: People by label, (labels,).
        shares: P(label | group), (groups, labels).
    """
    mix = np.full(len(shares), 1.0 / len(shares))
    for _ in range(_STEPS):
        joint = mix[:, np.newaxis] * shares
        total = joint.sum(axis=0)
        people = (joint / np.where(total > 0, total, 1.0)) @ labelled
        if people.sum() == 0:
            break
        mix = people / people.sum()
    return np.asarray(mix)
