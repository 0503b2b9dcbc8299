"""How many faces an audit needs for a gap, or which gap it finds with given faces."""
