"""Files that known tools of face analysis write: their columns, faces in a picture, none found."""

from fer_fairness.sources.tool_outputs.faces import FACE, one_face_a_row
from fer_fairness.sources.tool_outputs.forms import ToolOutput, tool_output

__all__ = ["FACE", "ToolOutput", "one_face_a_row", "tool_output"]
