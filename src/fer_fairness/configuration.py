"""How the project's configuration is loaded: what follows from parameters is settled first."""

from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from kedro.framework.project import settings
from omegaconf import OmegaConf

from fer_fairness.errors import InvalidInputError, did_you_mean
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.hooks import stop
from fer_fairness.mirror import is_remote
from fer_fairness.overview import fold_data_into_boxes
from fer_fairness.pipelines.audit.folder import audit_folder
from fer_fairness.pipelines.compare.folder import compare_folder
from fer_fairness.pipelines.described import raw_folders
from fer_fairness.pipelines.variants.configured import (
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
        self.remote_data_root = self._mirrored_data_root()
        try:
            parameters = super().__getitem__("parameters")
        except MissingConfigException:
            told = _unknown_environment(self.env, Path(self.conf_source))
            if not told:
                raise
            stop(InvalidInputError(told))
        try:
            structure = structure_of(parameters)
            EVALUATION_SETS.describe(structure.described)
            refuse_impossible_fine_tunings(parameters, structure)
            self["parameters"] = with_structure(parameters, structure)
            folder = audit_folder(parameters)  # the catalog asks for it, once it is loaded
            OmegaConf.register_new_resolver("audit_folder", lambda: folder, replace=True)
            pair = compare_folder(parameters)
            OmegaConf.register_new_resolver("compare_folder", lambda: pair, replace=True)
        except InvalidInputError as error:
            stop(error)
        settings.set("STRUCTURE", structure)
        fold_data_into_boxes()

    def __getitem__(self, key: str) -> dict[str, Any]:
        """A kind of configuration; the catalog has the folders that described datasets name."""
        found: dict[str, Any] = super().__getitem__(key)
        return found | raw_folders(self["parameters"]) if key == "catalog" else found

    def _mirrored_data_root(self) -> str | None:
        """The data root's address where it lies elsewhere: to all else it is the mirror of it."""
        given = (self.runtime_params or {}).get("data_root")
        try:
            place = str(given or self["globals"].get("data_root", ""))
        except MissingConfigException:
            return None
        if not is_remote(place):
            return None
        protocol, _, path = place.partition("://")
        if "@" in path.partition("/")[0]:
            stop(
                InvalidInputError(
                    f"data_root names somebody and perhaps a password ({protocol}://…@…): give "
                    "them under data_root in conf/local/credentials.yml, and the address without."
                )
            )
        mirror = Path("data/mirror", protocol, path.strip("/"))
        self.runtime_params = {**(self.runtime_params or {}), "data_root": mirror.as_posix()}
        return place


def _unknown_environment(env: str | None, conf: Path) -> str:
    """That there is no folder of an environment; empty where there is."""
    there = sorted(path.name for path in conf.iterdir() if path.is_dir()) if conf.is_dir() else []
    if env is None or env in there:
        return ""
    meant = did_you_mean(env, there)
    return f"There is no environment {env} in {conf}.{meant} There are {', '.join(there)}."
