"""The project as Kedro loads it: its pipelines are those of the training seeds configured."""

from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines

from fer_fairness.errors import InvalidInputError
from fer_fairness.hooks import stop
from fer_fairness.pipelines.seeds import with_training_seeds


class ProjectContext(KedroContext):
    """Reads the list of training seeds first, and has the pipelines built for it.

    Kedro builds pipelines without a configuration. A hook would do for `kedro run`, but Kedro-Viz
    runs no hooks; every command makes a context.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  what Kedro gives
        super().__init__(*args, **kwargs)
        # Kedro imports its settings, and so this module, for commands that need no pipeline.
        from fer_fairness.pipeline_registry import register_pipelines

        try:
            parameters = with_training_seeds(self.config_loader["parameters"])
        except InvalidInputError as error:
            stop(error)
        self.config_loader["parameters"] = parameters
        # Always: another context in the same process may have had other seeds.
        pipelines.update(register_pipelines(parameters["seeds"]))
