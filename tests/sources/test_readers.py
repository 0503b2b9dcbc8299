"""What holds for every reader of a dataset."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from fer_fairness import sources
from fer_fairness.errors import DatasetNotFoundError
from fer_fairness.sources import DatasetFacts

READERS = [
    (sources.FAIRFACE, sources.read_fairface),
    (sources.FER_PLUS, sources.read_fer_plus),
    (sources.IMAGES, sources.read_image_folder),
    (sources.RAF_DB, sources.read_raf_db),
]


@pytest.mark.parametrize(("facts", "read"), READERS)
def test_a_reader_takes_a_folder_and_the_parameters_that_its_facts_name(
    facts: DatasetFacts, read: Callable[..., object]
) -> None:
    annotations = inspect.get_annotations(read, eval_str=True)
    assert (annotations["folder"], annotations["params"]) == (Path, facts.parameters)


@pytest.mark.parametrize(
    ("facts", "read"), [pair for pair in READERS if pair[0].md5 or pair[0].n_rows]
)
def test_an_absent_dataset_says_where_it_was_looked_for_and_how_to_obtain_it(
    tmp_path: Path, facts: DatasetFacts, read: Callable[..., object]
) -> None:
    try:
        raw = read(tmp_path, facts.parameters())
    except DatasetNotFoundError as error:
        message = str(error)
    else:  # it need not be there
        assert isinstance(raw, sources.RawFaces)
        assert not len(raw.faces)
        message = str(raw.report["how_to_obtain"])
    for part in (str(tmp_path), facts.how_to_obtain, facts.licence, *facts.layouts):
        assert part in message
