"""Fabricated datasets as models of known recalls answer them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.taxonomy import probability_column

EMOTIONS = ("neutral", "happiness", "anger")
PARAMS = InferenceParameters(n_bootstrap=300)


def answered(
    recalls: Mapping[str, float],
    *,
    name: str = "here",
    n_faces: int = 400,
    draw: int = 0,
    emotions: Sequence[str] = EMOTIONS,
    loss_of_female: float = 0.0,
    sureness: float = 0.7,
    faces_of_a_person: int = 1,
) -> Audience:
    """A set whose emotions each model recognises with the same probability.

    Args:
        recalls: By model.
        name: Of the set.
        n_faces: Faces.
        draw: Seed.
        emotions: That the set labels, each shown as often as chance has it.
        loss_of_female: What of the recall female faces lose.
        sureness: Probability of the predicted emotion.
        faces_of_a_person: How many of the faces in a row are answered alike and of one person.
    """
    generator = np.random.default_rng(draw)
    n_emotions, n_people = len(emotions), n_faces // faces_of_a_person
    true = generator.integers(0, n_emotions, n_people).repeat(faces_of_a_person)
    gender = generator.choice(["female", "male"], n_people).repeat(faces_of_a_person)
    hard = generator.random(n_people).repeat(faces_of_a_person)
    table = pd.DataFrame(
        {
            "sample_id": [f"{name}/{place}" for place in range(len(true))],
            "emotion": np.array(emotions)[true],
            "gender": gender,
        }
    )
    if faces_of_a_person > 1:
        table["person"] = [f"p{place // faces_of_a_person}" for place in range(len(true))]
    frames = {}
    for model, recall in recalls.items():
        own = generator.random(n_people).repeat(faces_of_a_person)
        chance = recall - loss_of_female * (gender == "female")
        is_right = np.where(generator.random(n_people).repeat(faces_of_a_person) < 0.5, hard, own)
        shift = generator.integers(1, n_emotions, n_people).repeat(faces_of_a_person)
        given = np.where(is_right < chance, true, (true + shift) % n_emotions)
        shares = np.full((len(true), n_emotions), (1 - sureness) / (n_emotions - 1))
        shares[np.arange(len(true)), given] = sureness
        columns = {probability_column(e): shares[:, place] for place, e in enumerate(emotions)}
        frames[model] = {0: table.assign(predicted_emotion=np.array(emotions)[given], **columns)}
    return Audience(name, frames, ("gender",), tuple(emotions), {"gender": "annotated"})
