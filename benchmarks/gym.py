"""Which method closes which bias, on fabricated faces whose truth is known.

    python -m benchmarks.gym --out FOLDER                        # overnight on two cores
    python -m benchmarks.gym --out FOLDER --biases quality,label_noise --methods group_dro,focal
    python -m benchmarks.gym --out FOLDER --layout raf_db        # groups annotated, not predicted
    python -m benchmarks.gym --out FOLDER --planted more.yml     # further biases, of your own
    python -m benchmarks.gym --out FOLDER --runner fer_fairness.runners.DaskRunner  # side by side
    python -m benchmarks.gym --out FOLDER --table                # only what is there

For each bias a data root is drawn in FOLDER, and every method of conf/bench is run on it by the
project's own pipelines, with `seeds` training seeds. Given again, the command makes what is missing
or no longer fits and nothing else. A method that fails is named, with its log, and the rest goes
on. At the end gym.csv, gym.md and gym.png are written: what each method
changes against continued training, by the groups that faces were drawn with (methods are told those
that the labeller predicts, or those of RAF-DB), a verdict (`gym_findings.Verdict`), and the
settings that validation faces chose. What gym.csv in FOLDER has of other biases stays: each bias is
judged by itself, so that biases may be run one after the other, in one night or several. `--quick`
is for trying the command: so few faces and steps that its figures mean nothing.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

import pandas as pd
from benchmarks import gym_biases, gym_display, gym_findings

from fer_fairness.cli import failures_of
from fer_fairness.errors import FerFairnessError, InvalidInputError
from fer_fairness.fabrication.writing import TRUTH, drawn_with
from fer_fairness.files import replacing
from fer_fairness.mitigation.trials import Choice
from fer_fairness.pipelines.variants.structure import CONTROL, Structure
from fer_fairness.processes import exit_when_terminated

_TOLD_OF_LOG: Final = 3
"""Last lines of the log of a variant that failed."""
_WORDS: Final = dict.fromkeys(
    ["bias", "planted", "attribute", "groups_told", "variant", "verdict", "gap_metric", "settings"],
    str,
)
"""Columns of gym.csv that hold words."""
_ANOTHER: Final = "Take it away, or use another --out."


def main() -> None:
    """Read the command line, run, write the findings; the exit code tells of failures."""
    arguments = parse()
    exit_when_terminated()
    try:
        biases = gym_biases.biases_of(arguments.biases, arguments.planted)
        parameters = {
            arguments.out / _root(name, arguments.layout): gym_biases.parameters_for(
                planted, arguments.seeds, layout=arguments.layout, quick=arguments.quick
            )
            for name, planted in biases.items()
        }
        earlier_findings(arguments.out / "gym.csv")  # told now, not at the end of the night
        structure = gym_biases.structure_for(next(iter(parameters.values())), arguments.methods)
        failed: dict[str, str] = {}
        for root in [] if arguments.table else parameters:
            failed |= run_bias(root, parameters[root], structure, arguments.runner)
        tables = [found(root, structure, failed, arguments.layout) for root in parameters]
    except FerFairnessError as error:
        raise SystemExit(str(error)) from error
    write(pd.concat(tables, ignore_index=True), arguments.out)
    for name, reason in failed.items():
        print(f"Failed: {name}: {reason}")
    raise SystemExit(1 if failed else 0)


def parse() -> argparse.Namespace:
    """The command line."""

    def names(text: str) -> list[str]:
        return [name for name in re.split("[,;]", text) if name]

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gym",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="data roots and findings")
    parser.add_argument("--biases", type=names, default=[], help="names by comma; default: all")
    parser.add_argument("--planted", type=Path, help="a YAML file with further biases")
    parser.add_argument("--methods", type=names, default=[], help="by comma; default: all")
    parser.add_argument(
        "--layout", choices=gym_biases.LAYOUTS, default=gym_biases.LAYOUTS[0], help="of the faces"
    )
    parser.add_argument("--seeds", type=int, default=5, help="training seeds (default: 5)")
    parser.add_argument("--quick", action="store_true", help="few faces and steps, for trying")
    parser.add_argument("--runner", default="SequentialRunner", help="as of kedro run")
    parser.add_argument("--table", action="store_true", help="run nothing")
    return parser.parse_args()


def _root(bias: str, layout: str) -> str:
    return bias if layout == gym_biases.LAYOUTS[0] else f"{bias}_{layout}"


def run_bias(
    root: Path, parameters: gym_biases.Blocks, structure: Structure, runner: str
) -> dict[str, str]:
    """Draw the faces of a bias and run all variants on them.

    Returns:
        Those that failed, as `<bias>/<variant>`, each with the reason.
    """
    gym_biases.fabricate_faces(root, parameters)
    conf = gym_biases.write_conf(root, parameters)
    logs = root / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()

    def run_of(variants: list[str], pipelines: str) -> int:
        words = ["run", "--only-missing-outputs", "--runner", runner, "--pipelines", pipelines]
        words += ["--env", gym_biases.ENVIRONMENT, "--conf-source", str(conf.absolute())]
        words += ["--params", f"bench.methods={';'.join(variants)}"]
        name = variants[0] if len(variants) == 1 else f"{variants[0]}_to_{variants[-1]}"
        with (logs / f"{name}.log").open("w", encoding="utf-8") as log:
            return subprocess.run(  # noqa: S603
                [sys.executable, "-m", "kedro", *words],
                cwd=gym_biases.ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode

    print(f"{root.name}: {len(structure.variants)} variants", flush=True)
    return {
        f"{root.name}/{name}": f"{reason}{_end_of(logs / f'{name}.log')}"
        for name, reason in failures_of(structure, run_of).items()
    }


def _end_of(log: Path) -> str:
    if not log.is_file():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return "\n    ".join(["", str(log), *lines[-_TOLD_OF_LOG:]])


def found(root: Path, structure: Structure, failed: Collection[str], layout: str) -> pd.DataFrame:
    """The findings of a bias by what its folder holds; no rows where the control is not there."""
    frames = {
        name: predicted
        for name in structure.names
        if f"{root.name}/{name}" not in failed
        and (predicted := predictions_of(root, name, structure, layout))
    }
    if CONTROL not in frames:
        print(f"{root.name}: {CONTROL} has no predictions, so nothing can be compared with it.")
        return pd.DataFrame(columns=[*gym_findings.COLUMNS, "settings"])
    folder = root / "data/01_raw" / layout
    truth = pd.read_parquet(folder / TRUTH)
    planted = drawn_with(folder).planted
    told = root / "data/05_model_input" / layout / "test_labelled_faces.parquet"
    table = gym_findings.findings(root.name, frames, truth, planted, pd.read_parquet(told))
    return table.assign(settings=table["variant"].map(lambda name: settings_of(root, name, layout)))


def predictions_of(
    root: Path, variant: str, structure: Structure, layout: str
) -> dict[int, pd.DataFrame]:
    """A variant's predictions of the test faces by training seed.

    Empty where one is missing, or is of a model that another baseline than that of the control was
    trained on to, as an earlier run may have left it.
    """
    folder = root / "data/07_model_output"
    files = {
        seed: folder / structure.namespace(variant, seed) / f"{layout}_test_predictions.parquet"
        for seed in structure.seeds
    }
    if not all(file.is_file() for file in files.values()):
        return {}
    for seed in structure.seeds:
        start = _start_of(root, structure.namespace(variant, seed))
        if start not in (None, _start_of(root, structure.namespace(CONTROL, seed))):
            print(
                f"{root.name}/{variant}: was trained from another baseline than {CONTROL}, and is "
                "left out. Without --table it is trained anew."
            )
            return {}
    return {seed: pd.read_parquet(file) for seed, file in files.items()}


def _start_of(root: Path, namespace: str) -> str | None:
    """The fingerprint of the weights that training began with; None where they were random."""
    record = root / "data/06_models" / namespace / "training_record.json"
    if not record.is_file():
        return None
    start: str | None = json.loads(record.read_text(encoding="utf-8"))["start_fingerprint"]
    return start


def settings_of(root: Path, variant: str, layout: str) -> str:
    """The settings that validation faces chose; empty where none were, or the block's own."""
    folder = root / "data/06_models" / variant
    for file in (folder / "trials.json", folder / f"{layout}_trials.json"):
        if file.is_file():
            choice = Choice.model_validate_json(file.read_text(encoding="utf-8"))
            return choice.trials[choice.chosen].options if choice.trials else ""
    return ""


def earlier_findings(file: Path) -> pd.DataFrame:
    """What an earlier run wrote; no rows where there is no file.

    Raises:
        InvalidInputError: The file holds something else.
    """
    columns = [*gym_findings.COLUMNS, "settings"]
    if not file.is_file():
        return pd.DataFrame(columns=columns)
    try:
        # As they stand: an empty word, or a bias called "null", is no missing value.
        missing = {name: [""] for name in columns if name not in _WORDS}
        earlier = pd.read_csv(file, dtype=_WORDS, keep_default_na=False, na_values=missing)
    except ValueError as error:
        raise InvalidInputError(f"{file} is no table: {error}. {_ANOTHER}") from error
    if list(earlier.columns) != columns:
        raise InvalidInputError(
            f"{file} has the columns {', '.join(earlier.columns)}: expected {', '.join(columns)}. "
            f"{_ANOTHER}"
        )
    return earlier


def write(table: pd.DataFrame, out: Path) -> None:
    """Print the findings; write them as gym.csv, gym.md and gym.png, with those of other biases.

    Biases of which there are no findings now keep what `gym.csv` has of them, and their place.
    """
    print(gym_display.markdown(table))
    if table.empty:
        return
    earlier = earlier_findings(out / "gym.csv")
    others = earlier[~earlier["bias"].isin(table["bias"])]
    places = list(dict.fromkeys([*earlier["bias"], *table["bias"]]))
    both = table if others.empty else pd.concat([others, table], ignore_index=True)
    both = both.sort_values("bias", key=lambda biases: biases.map(places.index), kind="stable")
    with replacing(out / "gym.csv") as path:
        both.to_csv(path, index=False)
    with replacing(out / "gym.md") as path:
        path.write_text(gym_display.markdown(both), encoding="utf-8")
    with replacing(out / "gym.png") as path:
        gym_display.heat_map(both).savefig(path, dpi=150)
    if len(others):
        print(f"As written before: {', '.join(others['bias'].unique())}.")


if __name__ == "__main__":
    main()
