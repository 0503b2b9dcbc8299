"""Mitigation: methods that train otherwise, or that change predictions, one a module.

A new module under `methods` or `post` is found by itself; docs/adding_a_method.md.
"""

from fer_fairness.mitigation.cells import cell_codes
from fer_fairness.mitigation.composition import Composition
from fer_fairness.mitigation.method import Given, Method, Need
from fer_fairness.mitigation.post_method import Json, PostMethod
from fer_fairness.mitigation.registry import (
    MethodBlock,
    PostMethodBlock,
    post_methods,
    trained_methods,
    unknown_method_sentence,
)

__all__ = [
    "Composition",
    "Given",
    "Json",
    "Method",
    "MethodBlock",
    "Need",
    "PostMethod",
    "PostMethodBlock",
    "cell_codes",
    "post_methods",
    "trained_methods",
    "unknown_method_sentence",
]
