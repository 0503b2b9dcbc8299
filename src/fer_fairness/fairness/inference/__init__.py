"""How sure: draws, tests, intervals, corrections, and what could have been seen."""
