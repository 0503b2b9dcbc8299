"""Designs that are audited, and what is planted in them.

Sizes are such that the best single test finds about two of three.
"""

from dataclasses import dataclass

from benchmarks.planted_differences import ANGER, GENDER, RACE, RARE, TEN, THREE, Planted, sized

HAPPINESS, SADNESS, NEUTRAL = 3, 4, 6
DESIGNS = {
    design.name: design
    for design in (
        sized("3,068 faces", 3068),
        sized("with pairs", 3068, pairs=True),
        sized("ten groups", 3068, classes=8, attributes={"origin": TEN, "gender": GENDER}),
        sized("twelve people", 3068, attributes={**THREE, "race": RARE}),
        sized("unequal mixes", 3068, tilt=0.6),
        sized("three emotions", 3068, classes=3),
        sized("400 faces", 400),
        sized("400, gender", 400, classes=3, attributes={"gender": GENDER}),
        sized("20,000 faces", 20_000, classes=8, attributes={"race": RACE, "gender": GENDER}),
    )
}


@dataclass(frozen=True)
class Scenario:
    """A difference planted in a design."""

    design: str
    told: str
    planted: Planted


def _in_faces() -> tuple[Scenario, ...]:
    """The planted differences of RAF-DB's 3,068 faces."""
    sad_neutral = (SADNESS, NEUTRAL)
    cases = {
        "race: all emotions, smallest group": Planted("race", "recall", 0.075, 1),
        "race: all emotions, largest group": Planted("race", "recall", 0.054, 0),
        "race: sadness, smallest group": Planted("race", "recall", 0.265, 1, (SADNESS,)),
        "race: happiness, smallest group": Planted("race", "recall", 0.12, 1, (HAPPINESS,)),
        "race: sadness less, neutral more": Planted("race", "opposite", 0.19, 1, sad_neutral),
        "race: errors become anger": Planted("race", "errors_to", 0.195, 1, (ANGER,)),
        "race: anything becomes anger": Planted("race", "all_to", 0.034, 1, (ANGER,)),
        "race: overconfidence": Planted("race", "confidence", 0.34, 1),
        "gender: all emotions": Planted("gender", "recall", 0.04),
        "gender: sadness": Planted("gender", "recall", 0.145, 0, (SADNESS,)),
        "gender: sadness less, neutral more": Planted("gender", "opposite", 0.093, 0, sad_neutral),
        "gender: errors become anger": Planted("gender", "errors_to", 0.10, 0, (ANGER,)),
        "gender: anything becomes anger": Planted("gender", "all_to", 0.019, 0, (ANGER,)),
        "gender: overconfidence": Planted("gender", "confidence", 0.18, 0),
        "age: all emotions, smallest group": Planted("age", "recall", 0.135, 4),
        "age: sadness": Planted("age", "recall", 0.20, 3, (SADNESS,)),
        "age: trend": Planted("age", "trend", 0.0195),
        "age: anything becomes anger": Planted("age", "all_to", 0.024, 3, (ANGER,)),
    }
    return tuple(Scenario("3,068 faces", told, planted) for told, planted in cases.items())


SCENARIOS = (
    *_in_faces(),
    Scenario("with pairs", "an intersection", Planted("race x gender", "recall", 0.13, 2)),
    Scenario("with pairs", "race: all emotions", Planted("race", "recall", 0.085, 1)),
    Scenario("ten groups", "all, smallest group", Planted("origin", "recall", 0.18, 9)),
    Scenario("ten groups", "sadness", Planted("origin", "recall", 0.30, 4, (SADNESS,))),
    Scenario("ten groups", "anything to anger", Planted("origin", "all_to", 0.036, 3, (ANGER,))),
    Scenario("twelve people", "all, 12 people", Planted("race", "recall", 0.35, 1)),
    Scenario("twelve people", "sadness, some", Planted("race", "recall", 0.20, 2, (SADNESS,))),
    Scenario("unequal mixes", "all, smallest group", Planted("race", "recall", 0.075, 1)),
    Scenario("unequal mixes", "sadness", Planted("race", "recall", 0.255, 1, (SADNESS,))),
    Scenario("three emotions", "all, smallest group", Planted("race", "recall", 0.075, 1)),
    Scenario(
        "three emotions", "first less, last more", Planted("race", "opposite", 0.15, 1, (0, 2))
    ),
    Scenario("400 faces", "all, smallest group", Planted("race", "recall", 0.22, 1)),
    Scenario("400 faces", "all, largest group", Planted("race", "recall", 0.16, 0)),
    Scenario("400 faces", "happiness", Planted("race", "recall", 0.29, 2, (HAPPINESS,))),
    Scenario("400, gender", "all emotions", Planted("gender", "recall", 0.09)),
    Scenario("400, gender", "first emotion", Planted("gender", "recall", 0.34, 0, (0,))),
    Scenario("20,000 faces", "all, smallest group", Planted("race", "recall", 0.03, 1)),
    Scenario("20,000 faces", "sadness", Planted("race", "recall", 0.105, 1, (SADNESS,))),
    Scenario("20,000 faces", "anything to anger", Planted("race", "all_to", 0.013, 1, (ANGER,))),
)
