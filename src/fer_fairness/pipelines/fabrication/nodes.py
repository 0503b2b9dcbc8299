"""Nodes of the fabrication pipeline."""

from fer_fairness.fabrication import FabricatedDataset, fabricate
from fer_fairness.params.fabrication import FabricationParameters


def fabricate_datasets(
    parameters: FabricationParameters,
) -> tuple[FabricatedDataset, FabricatedDataset, FabricatedDataset]:
    """Draw FER+, RAF-DB and FairFace look-alikes; their dataset classes write the layouts."""
    datasets = fabricate(parameters)
    return datasets["fer_plus"], datasets["raf_db"], datasets["fairface"]
