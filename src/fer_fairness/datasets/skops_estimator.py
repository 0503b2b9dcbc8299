"""Fitted scikit-learn estimators as skops files."""

from pathlib import Path
from typing import Any, Final

from kedro.io.core import DatasetError

from fer_fairness.datasets.local_file import LocalFileDataset
from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.keras_file import reading
from fer_fairness.modeling.keras_file.archive import check_members

OWN_TYPES: Final = (
    "fer_fairness.labeling.probability_calibration.IsotonicCalibration",
    "fer_fairness.labeling.probability_calibration.TemperatureCalibration",
    "fer_fairness.labeling.classifier.AttributeClassifier",
    "fer_fairness.labeling.classifier.Candidate",
    "fer_fairness.labeling.classifier.FittedClassifier",
    "fer_fairness.labeling.groupings.Grouping",
    "fer_fairness.labeling.labeller.DemographicLabeller",
    "fer_fairness.labeling.labeller.Trial",
    # What scikit-learn's networks keep of their training; skops knows only its public classes.
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
)
"""Classes of this project that are saved this way, besides scikit-learn's own."""


class SkopsDataset(LocalFileDataset[Any]):
    """A fitted scikit-learn estimator, or an object made of such, in a skops file.

    Unlike a pickle, a skops file is read without running code of its own: every type in it must be
    one of scikit-learn's and NumPy's, of this project, or listed as `trusted` in `load_args`.

    Example of a catalog entry:
        ```yaml
        demographic_labeller:
          type: fer_fairness.datasets.SkopsDataset
          filepath: data/06_models/demographic_labeller.skops
        ```
    """

    def _read(self, path: Path) -> Any:  # noqa: ANN401  whatever was saved
        import skops.io

        trusted = [*OWN_TYPES, *self._load_args.get("trusted", ())]
        remedy = (
            "If the file is one of this project's, delete it and run the pipeline that makes it."
        )
        try:
            check_members(path)
            with reading(path, "the estimator", remedy=remedy):
                unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(trusted))
                if not unknown:
                    return skops.io.load(path, trusted=trusted)
        except InvalidInputError as error:
            raise DatasetError(str(error)) from error
        raise DatasetError(
            f"{path} holds types that are not trusted: {', '.join(unknown)}. If you know where "
            "the file comes from, list them as `trusted` under load_args in its catalog entry; "
            "otherwise delete it and run the pipeline that makes it."
        )

    def _write(self, data: Any, path: Path) -> None:  # noqa: ANN401  any estimator
        import skops.io

        skops.io.dump(data, path, **self._save_args)
