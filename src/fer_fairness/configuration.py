"""How the project's configuration is loaded: what follows from parameters is settled first."""

from typing import Any

from kedro.config import OmegaConfigLoader
from kedro.framework.project import settings
from omegaconf import OmegaConf

from fer_fairness.errors import InvalidInputError
from fer_fairness.hooks import stop
from fer_fairness.overview import fold_data_into_boxes
from fer_fairness.pipelines.audit.folder import audit_folder
from fer_fairness.pipelines.variants.structure import (
    refuse_impossible_fine_tunings,
    structure_of,
    with_structure,
)


class ProjectConfigLoader(OmegaConfigLoader):
    """Kedro's loader, which also says for which variants and seeds pipelines are to be built.

    Kedro builds pipelines without a configuration, and makes one loader a session, before it asks
    for them. So this one, made by `kedro run`, `kedro viz` and `kedro jupyter` alike, settles what
    follows from the parameters in Kedro's own `settings`, where `pipeline_registry` looks.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  what Kedro gives
        super().__init__(*args, **kwargs)
        parameters = super().__getitem__("parameters")
        try:
            structure = structure_of(parameters)
            refuse_impossible_fine_tunings(parameters, structure)
            self["parameters"] = with_structure(parameters, structure)
            folder = audit_folder(parameters)  # the catalog asks for it, once it is loaded
            OmegaConf.register_new_resolver("audit_folder", lambda: folder, replace=True)
        except InvalidInputError as error:
            stop(error)
        settings.set("STRUCTURE", structure)
        fold_data_into_boxes()
