"""Files that known tools of face analysis write: their columns, faces in a picture, none found."""

from fer_fairness.sources.tool_outputs.faces import FACE, one_face_a_row
from fer_fairness.sources.tool_outputs.forms import ToolOutput, tool_output
from fer_fairness.sources.tool_outputs.own_predictions import own_prediction, without_answers

__all__ = [
    "FACE",
    "ToolOutput",
    "one_face_a_row",
    "own_prediction",
    "tool_output",
    "without_answers",
]
