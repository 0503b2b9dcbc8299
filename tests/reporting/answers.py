"""Tables of what one variant answers, made of fabricated faces."""

from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.fairness.answers import answer_tables

GROUPS = {"gender": ("female", "male"), "race": ("asian", "caucasian")}


def fabricated_answers(variant: str, n: int = 600) -> dict[str, Any]:
    """The tables `answers` and `answer_curves` of RAF-DB: women are answered less surely."""
    generator = np.random.default_rng(5)
    table = pd.DataFrame(
        {name: generator.choice(np.array(groups), n) for name, groups in GROUPS.items()}
    )
    sure = generator.random(n) ** np.where(table["gender"] == "female", 0.8, 0.4)
    right = generator.random(n) < sure
    table = table.assign(
        sample_id=[f"face-{number}" for number in range(n)],
        emotion="fear",
        predicted_emotion=np.where(right, "fear", "anger"),
        abstained=sure < 0.4,
    )
    made = answer_tables(
        table, sure, attributes=("gender", "race", "gender x race"), confidence=0.95
    )
    return {
        name: part.assign(
            variant=variant,
            evaluation_set="raf_db",
            attribute_source=part["attribute"].map(lambda name: name and "annotated"),
        )
        for name, part in made._asdict().items()
    }
