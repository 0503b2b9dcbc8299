"""Any value of a report as JSON."""

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd
from pydantic import BaseModel

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


def as_json(value: object) -> Json:
    """Any value of the report as JSON: arrays as lists, missing as null, the rest as text."""
    if isinstance(value, pd.DataFrame):
        return [as_json(record) for record in value.to_dict("records")]
    if isinstance(value, BaseModel):
        return as_json(value.model_dump(mode="json"))
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return as_json(value.tolist())
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((as_json(item) for item in value), key=str)
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bool, int, str)):
        return value
    return str(value)
