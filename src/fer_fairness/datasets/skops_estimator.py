"""Fitted scikit-learn estimators as skops files."""

from pathlib import Path
from typing import Any, Final

from kedro.io.core import DatasetError, Version

from fer_fairness.datasets._file import FileDataset

OWN_TYPES: Final = (
    "fer_fairness.labeling.calibration.IsotonicCalibration",
    "fer_fairness.labeling.calibration.TemperatureCalibration",
    "fer_fairness.labeling.classifier.AttributeClassifier",
    "fer_fairness.labeling.classifier.Candidate",
    "fer_fairness.labeling.classifier.FittedClassifier",
    "fer_fairness.labeling.groups.Grouping",
    "fer_fairness.labeling.labeller.DemographicLabeller",
    "fer_fairness.labeling.labeller.Trial",
    # What scikit-learn's networks keep of their training; skops knows only its public classes.
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
)
"""Classes of this project that are saved this way, besides scikit-learn's own."""


class SkopsDataset(FileDataset[Any]):
    """A fitted scikit-learn estimator, or an object made of such, in a skops file.

    Unlike a pickle, a skops file is read without running code of its own: every type in it must be
    one of scikit-learn's and NumPy's, of this project, or listed under `trusted`.

    Example of a catalog entry:
        ```yaml
        demographic_labeller:
          type: fer_fairness.datasets.SkopsDataset
          filepath: data/06_models/demographic_labeller.skops
        ```
    """

    def __init__(
        self,
        *,
        filepath: str,
        trusted: list[str] | None = None,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Make the dataset; neither skops nor the file is touched yet.

        Args:
            filepath: The `.skops` file on a local disk.
            trusted: Fully qualified names of further types that the file may hold.
            save_args: Further arguments of `skops.io.dump`.
            version: Given by Kedro where the catalog says `versioned: true`.
            metadata: Not used by Kedro; read by plugins such as kedro-viz.
        """
        super().__init__(filepath=filepath, save_args=save_args, version=version, metadata=metadata)
        self._trusted = [*OWN_TYPES, *(trusted or [])]

    def _read(self, path: Path) -> Any:  # noqa: ANN401  whatever was saved
        import skops.io

        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(self._trusted))
        if unknown:
            raise DatasetError(
                f"{path} holds types that are not trusted: {', '.join(unknown)}. If you know where "
                "the file comes from, list them under `trusted` in its catalog entry; otherwise "
                "delete it and run the pipeline that makes it."
            )
        return skops.io.load(path, trusted=self._trusted)

    def _write(self, data: Any, path: Path) -> None:  # noqa: ANN401  any estimator
        import skops.io

        skops.io.dump(data, path, **self._save_args)

    def _describe(self) -> dict[str, Any]:
        return {**super()._describe(), "trusted": self._trusted}
