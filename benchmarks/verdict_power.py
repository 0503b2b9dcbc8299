"""Do verdicts find what is there, as often as the best single test, and nothing where nothing is?

    python -m benchmarks.verdict_power [--simulations 200] [--only alarms power] [--design race ...]

People are drawn as `planted_differences` tells, audited as `audit` does it, and tested by others
(`competing_tests`), each at 5 % for the whole audit: Bonferroni over attributes (pairs of them are
attributes of their own where they are audited), and AIF360's scan over all of them at once with a
p-value of its own by shuffles. Fairlearn's
bootstrap intervals of accuracy find something where those of two groups do not meet.

- alarms: how often anything at all is found where nothing is planted, by us and by the others;
- power: how often the attribute in which something is planted is found, that anything is, the same
  of the others, and how much more often we find it than the best of those that keep to 5 %.

False alarms are those of the audit as it is (`--whole`: with all rows, otherwise with those without
which there are none); power is that of shuffles that samples share (`quick_audit`), unless
`--own-shuffles` asks for the audit's own.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap

import numpy as np
import pandas as pd
from benchmarks.competing_tests import fairlearn_apart, p_values
from benchmarks.planted_differences import People, Planted, drawn
from benchmarks.planted_scenarios import DESIGNS, SCENARIOS, Scenario
from benchmarks.quick_audit import LEVEL, SharedShuffles, audited

from fer_fairness.fairness.subgroups import bias_scan

MOST_ALARMS = 0.07
"""A test that raises more false alarms than this in a design is no competitor in it."""


@dataclass(frozen=True)
class Draws:
    """How many of what.

    Attributes:
        simulations: Samples.
        shuffles: Of each sample.
        scan: Samples that are scanned.
        whole: Whether all rows of the audit are measured.
        own: Whether each sample is shuffled itself, also for power.
    """

    simulations: int
    shuffles: int = 999
    scan: int = 0
    whole: bool = False
    own: bool = False


def one(people: People, planted: Planted, found: dict[str, bool], number: int) -> dict[str, float]:
    """Who finds something in one sample: in the attribute planted, and (`any`) anywhere."""
    attributes = list(people.groups)
    level = LEVEL / len(attributes)
    touched = set(_single(planted.attribute))
    elsewhere = (yes for name, yes in found.items() if not touched & set(_single(name)))
    row: dict[str, float] = {
        "ours": found.get(planted.attribute, False),
        "ours any": any(found.values()),
        "ours elsewhere": any(elsewhere),
    }
    tested = [planted.attribute] if planted.attribute else attributes
    others = {name: p_values(people, name) for name in tested}
    for test in next(iter(others.values())):
        row[test] = others.get(planted.attribute, {}).get(test, 1.0) <= level
        row[f"{test} any"] = min(p[test] for p in others.values()) <= level
    apart = {
        name: fairlearn_apart(people.counts(name), level=level, n=2000, seed=number)
        for name in tested
    }
    row["Fairlearn"] = apart.get(planted.attribute, False)
    row["Fairlearn any"] = any(apart.values())
    return row


def _single(attribute: str) -> list[str]:
    return attribute.split(" x ")


def scanned(people: People, n: int, seed: int) -> float:
    """P-value of the scan over all attributes at once."""
    single = [name for name in people.groups if " x " not in name]
    table = bias_scan(people.frame(), attributes=single, n_permutations=n, seed=seed)
    p_value = float(table["p_value"].iloc[0])
    return p_value if np.isfinite(p_value) else 1.0


def simulated(scenario: Scenario, draws: Draws, shared: SharedShuffles | None) -> pd.DataFrame:
    """One row a sample."""
    design, planted = DESIGNS[scenario.design], scenario.planted
    place = sum(map(ord, scenario.design + scenario.told))
    rows = []
    for number in range(draws.simulations):
        people = drawn(design, planted, np.random.default_rng([number, place]))
        if shared is None:
            p = audited(people, n=draws.shuffles, seed=number, whole=draws.whole)
            found = {name: p_value <= LEVEL for name, p_value in p.items()}
        else:
            found = shared.found(people)
        row = one(people, planted, found, number)
        if number < draws.scan:
            row["scan"] = row["scan any"] = scanned(people, draws.shuffles, number) <= LEVEL
        rows.append(row)
    return pd.DataFrame(rows).astype(float)


def compared(rows: pd.DataFrame, names: Sequence[str]) -> str:
    """What the best of the others finds, and how much more we do, with its standard error."""
    best = max(names, key=lambda name: rows[name].mean())
    mine = rows["ours any" if best == "scan" else "ours"]
    more = (mine - rows[best]).dropna()
    error = float(more.std() / np.sqrt(len(more)))
    return f"best: {best:10} {rows[best].mean():.2f}   more: {more.mean():+.3f} ({error:.3f})"


def print_alarms(designs: Sequence[str], draws: Draws) -> dict[str, dict[str, float]]:
    """Shares of samples with anything found where nothing is planted, by design and test."""
    print("\nNothing planted: share of audits in which anything is found")
    alarms = {}
    for name in designs:
        rows = simulated(Scenario(name, "nothing", Planted()), draws, None)
        shares = {str(column): float(share) for column, share in rows.mean().items()}
        alarms[name] = {
            test.removesuffix(" any"): share
            for test, share in shares.items()
            if test.endswith(" any")
        }
        print(f"{name:16}", _told(alarms[name]), f"({len(rows)} samples)", flush=True)
    pooled = float(np.mean([found["ours"] for found in alarms.values()]))
    print(f"ours over all designs: {pooled:.4f}")
    return alarms


def print_power(scenarios: Sequence[Scenario], draws: Draws, excess: dict[str, set[str]]) -> None:
    """Shares of samples in which what is planted is found."""
    print("\nPlanted: share of audits in which the attribute is found")
    shuffles: dict[tuple[str, bool], SharedShuffles] = {}
    for scenario in scenarios:
        key = scenario.design, scenario.planted.kind == "confidence"
        if key not in shuffles and not draws.own:
            shuffles[key] = SharedShuffles(DESIGNS[scenario.design], calibrated=key[1])
        rows = simulated(scenario, draws, shuffles.get(key))
        names = [str(column) for column in rows]
        shown = [name for name in names if not name.endswith((" any", " elsewhere"))]
        others = [
            name
            for name in shown
            if name != "ours" and name not in excess.get(scenario.design, set())
        ]
        means = rows.mean()
        told = _told({name: float(means[name]) for name in [*shown, "ours any", "ours elsewhere"]})
        print(f"{scenario.design:14} {scenario.told:36} {told}")
        print(f"{'':51} {compared(rows, others)}", flush=True)


def _told(shares: dict[str, float]) -> str:
    return "  ".join(starmap("{} {:.3f}".format, shares.items()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--shuffles", type=int, default=999)
    parser.add_argument("--scan", type=int, default=0, help="samples that are scanned (slow)")
    parser.add_argument("--whole", action="store_true", help="measure all rows of audits")
    parser.add_argument("--own-shuffles", action="store_true", help="power of the audit itself")
    parser.add_argument("--only", choices=("alarms", "power"), nargs="*")
    parser.add_argument("--design", choices=list(DESIGNS), nargs="*", default=list(DESIGNS))
    given = parser.parse_args()
    draws = Draws(given.simulations, given.shuffles, given.scan, given.whole, given.own_shuffles)
    wanted = given.only or ("alarms", "power")
    excess: dict[str, set[str]] = {}
    if "alarms" in wanted:
        alarms = print_alarms(given.design, draws)
        excess = {
            design: {name for name, share in found.items() if share > MOST_ALARMS}
            for design, found in alarms.items()
        }
    if "power" in wanted:
        print_power([case for case in SCENARIOS if case.design in given.design], draws, excess)


if __name__ == "__main__":
    main()
