"""Why what a node made is not what it would make now, in words."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from fer_fairness.provenance.records import NodeRecord
from fer_fairness.provenance.values import changes

CODE_CHANGED: Final = "the code was changed"
"""The one reason that only a person can call harmless."""


def differences(
    record: NodeRecord,
    expected: NodeRecord,
    found: Mapping[str, str | None],
    passed_over: Collection[str],
) -> Iterator[str]:
    """Compare how something was made with how it would be.

    Args:
        record: How it was.
        expected: How it would be.
        found: SHA-256 of its outputs as they are; None of one that is not there.
        passed_over: Inputs of which nothing is to be said.

    Yields:
        A clause a reason; none where it fits.
    """
    for name, sha256 in found.items():
        if sha256 is not None and sha256 != record.outputs.get(name):
            yield f"{name} is not what this node wrote"
    yield from changes(record.parameters, expected.parameters)
    for name, sha256 in expected.files.items():
        if sha256 != record.files.get(name):
            yield f"{name} names a file with other contents"
    yield from _other_data(record, expected, passed_over)
    if (record.function, record.code) != (expected.function, expected.code):
        yield CODE_CHANGED


def _other_data(
    record: NodeRecord, expected: NodeRecord, passed_over: Collection[str]
) -> Iterator[str]:
    for name in sorted(expected.datasets.keys() & record.datasets.keys()):
        if expected.datasets[name] != record.datasets[name]:
            yield f"the catalog keeps {name} in another way"
    if expected.inputs.keys() != record.inputs.keys():
        yield "it reads other datasets now"
    for name in sorted(expected.inputs.keys() - set(passed_over)):
        sha256 = expected.inputs[name]
        if sha256 != record.inputs.get(name, sha256):
            yield f"{name} is another than it was made from"
