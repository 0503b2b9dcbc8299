"""The exceptions a user of fer_fairness can meet, each a plain sentence with its remedy."""


class FerFairnessError(Exception):
    """Base of every error raised on purpose: the message says what is wrong and what to do."""


class DatasetNotFoundError(FerFairnessError):
    """A dataset is not where it was looked for."""


class DamagedDataError(FerFairnessError):
    """A file is there but is not what its publisher wrote, beyond what may be repaired."""


class InvalidInputError(FerFairnessError):
    """A table, array or value handed to a function cannot be used as it is."""


class TrainingError(FerFairnessError):
    """Training cannot start, continue or be taken up again."""
