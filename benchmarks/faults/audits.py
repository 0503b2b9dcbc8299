"""Audits on the command line: drawn predictions, and whether what is reported is true of them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

import pandas as pd
import yaml
from benchmarks.faults.roots import BASE, ENVIRONMENT, Roots, copy

from fer_fairness.errors import FerFairnessError
from fer_fairness.reporting import read_results, read_table

CLASSES: Final = ("anger", "fear", "happiness", "sadness")
ATTRIBUTES: Final = ("gender", "race")


def draw(
    path: Path,
    random: Random,
    *,
    n: int,
    groups: Mapping[str, Sequence[str]],
    classes: Sequence[str] = CLASSES,
) -> pd.DataFrame:
    """Write predictions of `n` people, each group recognised with a rate of its own."""
    rates = {name: {group: random.uniform(0.3, 0.95) for group in groups[name]} for name in groups}
    rows = []
    for _ in range(n):
        true = random.choice(classes)
        row = {name: random.choice(groups[name]) for name in groups}
        right = all(random.random() < rates[name][row[name]] for name in row)
        rows.append({"y_true": true, "y_pred": true if right else random.choice(classes), **row})
    frame = pd.DataFrame(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return frame


def arguments(roots: Roots, root: Path, predictions: Path) -> list[str]:
    """Kedro's arguments of an audit; the file is named in a configuration, where any name fits."""
    settings = roots.folder / "audit_conf" / hashlib.sha256(str(predictions).encode()).hexdigest()
    words = roots.arguments(root, BASE, "--pipelines=audit")
    if not settings.exists():
        _configuration(roots, settings, predictions)
    return [word if "--conf" not in word else f"--conf-source={settings}" for word in words]


def _configuration(roots: Roots, folder: Path, predictions: Path) -> None:
    copy(roots.conf, folder)
    path = folder / ENVIRONMENT / "parameters_audit.yml"
    block = yaml.safe_load(path.read_text())["audit"]
    columns = {"true": "y_true", "predicted": "y_pred", "attributes": list(ATTRIBUTES)}
    # What Kedro would take for its own notation is written so that it does not.
    named = str(predictions).replace("${", "\\${")
    path.write_text(yaml.safe_dump({"audit": {**block, "predictions": named, "columns": columns}}))


def results_in(root: Path) -> Iterator[tuple[Path, str | None, pd.DataFrame]]:
    """Of every audit in a root the results, what file they name and their scores of groups.

    Results that cannot be read, or whose table is another one, name no file and have no scores.
    """
    for path in sorted((root / "08_reporting" / "audit").rglob("audit.json")):
        try:
            reading = read_results(path).manifest.get("reading", {})
            yield path, reading.get("file"), read_table(path, "groups")
        except FerFairnessError:
            yield path, None, pd.DataFrame()


def untrue(told: pd.DataFrame, frame: pd.DataFrame) -> str:
    """What scores of groups say of predictions that is not so, as a sentence; empty where nothing.

    Numbers of people and accuracies are looked at, of each group by its attribute and, as names may
    be written in another way, of all groups by their numbers alone.
    """
    if told.empty:
        return "no groups"
    told = told[told["metric"] == "accuracy"]
    right = frame["y_true"] == frame["y_pred"]
    by = {name: frame[name] for name in ATTRIBUTES}
    by["gender x race"] = pd.Series(list(zip(frame["gender"], frame["race"], strict=True)))
    for name, groups in by.items():
        found = told[told["attribute"].str.replace(" \N{MULTIPLICATION SIGN} ", " x ") == name]
        if found.empty:
            continue
        true = right.groupby(groups).agg(["size", "mean"])
        expected = sorted((int(n), round(float(share), 9)) for n, share in true.to_numpy())
        pairs = found[["n_people", "value"]].dropna().to_numpy()
        seen = sorted((int(n), round(float(share), 9)) for n, share in pairs)
        if not set(seen) <= set(expected):
            return f"{name}: people and accuracy of groups are {seen}, planted {expected}"
    return ""
