"""A standing bench of faults: what the command line does when something goes wrong around it.

    python -m benchmarks.faults --minutes 60 --folder FOLDER [--kinds kills,disk] [--seed 0]

Run from the project's folder. Each case is written to FOLDER/tried.jsonl when it is done, so that
a bench that was stopped goes on where it was; FOLDER/table.md is the table. A kind is one module
with a function `try_one`: given the prepared roots, a random generator and the number of the case,
it tries the case and says how it ended. FAULTS_KEEP=1 keeps the roots of cases that were wrong or
crashed.
"""
