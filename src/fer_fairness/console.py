"""The console command `fer-fairness`: an audit of a file of predictions, without Kedro."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import click

from fer_fairness.auditing.options import Options
from fer_fairness.auditing.request import Request
from fer_fairness.auditing.wording import Way
from fer_fairness.errors import FerFairnessError, access_message
from fer_fairness.params.lists import parted
from fer_fairness.reporting.summary import reading_text

_FOLDER: Final = Path("audits")
_LISTS: Final = (
    "attributes",
    "class_names",
    "probabilities",
    "logits",
    "primary",
    "labels",
    "predicted_attributes",
    "age_cuts",
)

_COLUMNS: Final = {
    "y-true": "Column of the true emotion.",
    "attributes": 'Columns of groups, and intersections: "gender; gender x race". [default: all '
    "columns named like groups, and their pairs]",
    "person": "Column that tells people apart where they have several faces; none: every row is "
    "one.",
    "sample-id": "Column that tells the rows apart; none: number them.",
    "probabilities": "Columns of the predicted probabilities, or one column of lists.",
    "logits": "The same before the softmax.",
    "class-names": "All classes of the model, in the order of its codes.",
    "labels": "Files of true emotions or groups of the same pictures, where FILE lacks them.",
    "predicted-attributes": "Columns of groups that a labeller predicted. [default: those that "
    "--held-out-labels knows]",
    "groups": 'What the codes of groups stand for: "gender.0=female; gender.1=male".',
    "age-cuts": 'First year of each age group but the youngest. [default: "20; 40; 70"]',
}
"""Options that are texts; what is not given is guessed from the names of the columns."""


def _text_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, told in reversed(_COLUMNS.items()):
        command = click.option(f"--{name}", metavar="TEXT", help=told)(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fer-fairness")
def main() -> None:
    """Measure how unevenly a facial emotion recognition model treats people."""


@main.command()
@click.argument("file", type=click.Path())  # a text: a path would hide that it is an address
@click.option(
    "--y-pred",
    metavar="TEXT",
    multiple=True,
    help="Column of the predicted emotion. Given again, or with several in the file: the models "
    "are compared with the first.",
)
@_text_options
@click.option(
    "--several-faces",
    type=click.Choice(["largest", "all"]),
    help="Of a picture in which a tool found several. [default: largest]",
)
@click.option(
    "--held-out-labels",
    type=click.Path(),
    help="Where a labeller predicted the groups: a file with true_<attribute> and "
    "predicted_<attribute>.",
)
@click.option("--primary", metavar="TEXT", help='Named before looking: "accuracy_gap by race".')
@click.option("--name", help="What the report calls the model. [default: the name of the file]")
@click.option("--n-bootstrap", type=int, help="Resampled tables behind intervals. [default: 10000]")
@click.option("--n-permutations", type=int, help="Shuffles behind p-values. [default: 10000]")
@click.option("--n-scan-permutations", type=int, help="The same of the worst-served subgroup.")
@click.option("--significance", type=float, help="Level of the whole audit. [default: 0.05]")
@click.option("--minimum-group-size", type=int, help="Smaller groups are not compared.")
@click.option("--max-groups", type=int, help="Pairs with more groups are not formed.")
@click.option("--aif360", is_flag=True, default=None, help="AIF360's own metrics as well.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all draws.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the report. [default: one of its own in audits/]",
)
def audit(
    file: str,
    y_true: str | None,
    y_pred: tuple[str, ...],
    seed: int,
    output: Path | None,
    **given: object,
) -> None:
    """Audit a CSV (also .gz), Parquet or JSON FILE of predictions, one row a face.

    It needs the true emotion, the predicted one and a column of groups; several columns of
    predictions are one comparison. What was found is printed; audit.html, audit.json and the tables
    as Parquet files are written. Lists are parted by semicolons.
    """
    options = {
        name: parted(value) if name in _LISTS and ";" in str(value) else value
        for name, value in given.items()
        if value is not None
    }
    with _plainly_refused():
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)  # before minutes of measuring
        request = Request(file, y_true, seed, cast("Options", options), Way.CONSOLE)
        several = len(y_pred) > 1 or (not y_pred and request.has_several_models())
        found = (
            request.audit_models(y_pred or None)
            if several
            else request.audit(y_pred[0] if y_pred else None)
        )
        for warning in found.reading["warnings"]:
            click.echo(f"Warning: {warning}\n", err=True)
        written = found.write(output or _FOLDER / found.folder_name)
    click.echo(f"{found}\n\n{reading_text(found.reading)}\n")
    for path in written:
        click.echo(f"Written: {path}")


@contextmanager
def _plainly_refused() -> Iterator[None]:
    """End with the message alone where a user can do something about an error."""
    try:
        yield
    except FerFairnessError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        told = access_message(error) or f"{error}. Give another folder with --output."
        raise click.ClickException(told) from error
