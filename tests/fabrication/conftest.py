"""Small fabricated datasets shared by the tests of this room."""

import pytest

from fer_fairness.fabrication import FabricatedDataset, fabricate
from fer_fairness.params.fabrication import (
    FabricationParameters,
    FairFaceFabrication,
    FerPlusFabrication,
    PlantedBias,
    RafDbFabrication,
)


@pytest.fixture(scope="session")
def small() -> FabricationParameters:
    return FabricationParameters(
        seed=5,
        fer_plus=FerPlusFabrication(train=60, validation=20, test=30, not_a_face_share=0.08),
        raf_db=RafDbFabrication(train=30, test=12, unsure_gender_share=0.2),
        fairface=FairFaceFabrication(train=12, val=6),
        planted=PlantedBias(label_noise_by_group={"gender": {"female": 0.3}}),
    )


@pytest.fixture(scope="session")
def datasets(small: FabricationParameters) -> dict[str, FabricatedDataset]:
    return fabricate(small)
