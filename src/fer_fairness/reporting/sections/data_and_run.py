"""What the numbers rest on: the quality of the data, how a file was read, how the run was made."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.json_blocks import json_text, nested_blocks, spelled
from fer_fairness.reporting.json_values import Json, as_json
from fer_fairness.reporting.labels import attribute_label, capitalised, evaluation_set_label

_NAMES: Final = MappingProxyType(
    {
        "sha256": "SHA-256",
        "n_rows": "Rows",
        "columns": "Which column is what",
        "true": "True emotion",
        "predicted": "Predicted emotion",
        "sample_id": "Sample",
        "n_people": "People",
        "codes": "Integer codes",
        "n_by_class": "Faces by true emotion",
        "n_without_group": "Faces without a group",
    }
)


def quality_section(inputs: ReportInputs) -> page.Section:
    """What was found in the files before any training."""
    blocks: list[page.Block] = []
    for dataset, report in inputs.quality.items():
        label = evaluation_set_label(dataset)
        blocks.append(page.Folded(label, tuple(nested_blocks(report, title=label))))
    if not blocks:
        blocks.append(page.absent("No data-quality report was given."))
    return page.Section("quality", "Quality of the data", blocks)


def manifest_section(inputs: ReportInputs) -> page.Section:
    """How the run was made, so that it can be made again; how a file was read is told apart."""
    told_apart = "reading" if inputs.kind == "audit" else "trained_with"
    manifest = {key: value for key, value in inputs.manifest.items() if key != told_apart}
    blocks = nested_blocks(manifest, title="Run", counts=False, results_name=inputs.results_name)
    trained_with = inputs.manifest.get("trained_with")
    if inputs.kind == "project" and isinstance(trained_with, Mapping):
        blocks += [
            page.Heading("What the models were trained with"),
            *nested_blocks(_of_each_training(trained_with), title="Trained with", counts=False),
        ]
    return page.Section(
        "manifest", "How this run was made", blocks or [page.absent("No manifest was given.")]
    )


def _of_each_training(trained_with: Mapping[str, object]) -> dict[str, object]:
    """The parameters of each model; of `baseline_seed_1` where they are not those of `baseline`."""
    told: dict[str, object] = {}
    for name, parameters in trained_with.items():
        first = name.rpartition("_seed_")[0]
        if parameters is None or parameters != trained_with.get(first):
            told[name] = "not recorded" if parameters is None else parameters
    return told


def reading_section(inputs: ReportInputs) -> page.Section:
    """What the manifest's `reading` tells of an audited file.

    It may have any keys: a mapping (role to column, or columns) becomes a list of pairs under its
    name, and what is plain (the file's name, its sha256) stands first. Its `notes`, on what was
    assumed or left out, come before both; its `warnings` are left to the report's first screen.
    """
    reading = as_json(inputs.manifest.get("reading"))
    blocks: list[page.Block] = []
    if isinstance(reading, dict):
        notes = reading.get("notes")
        if isinstance(notes, list) and notes:
            blocks.append(page.Bullets(tuple(map(json_text, notes))))
        plain = {
            key: value
            for key, value in reading.items()
            if key not in ("notes", "warnings") and not isinstance(value, dict)
        }
        if plain:
            blocks.append(_pairs(plain, role_label))
        for key, value in reading.items():
            if isinstance(value, dict) and value:
                blocks += [page.Heading(role_label(key)), _pairs(value, _KEYS.get(key, str))]
    if not reading:
        blocks.append(page.absent("How the predictions were read was not recorded."))
    return page.Section("reading", "How the predictions were read", blocks)


def _pairs(values: Mapping[str, Json], names: Callable[[str], str]) -> page.Pairs:
    return page.Pairs(tuple((names(key), json_text(value)) for key, value in values.items()))


def role_label(key: str) -> str:
    """What a key of an audit's reading is called: `true` is the "True emotion"."""
    return capitalised(_NAMES.get(key, spelled(key)))


_KEYS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"columns": role_label, "n_without_group": attribute_label}
)
"""How keys are shown of what is keyed by our words or by attributes; other keys are the file's."""
