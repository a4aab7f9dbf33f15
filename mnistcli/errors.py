"""The errors that users see, each with its exit code.

A message is one line. It says what failed and where, what was expected and found, and, if one
helps, the command to run next.
"""


class MnistError(Exception):
    """Any failure that is reported to the user as one line."""

    exit_code: int = 3


class PictureError(MnistError):
    """A picture that can't be used; the other pictures are still answered."""

    exit_code = 1


class GateError(MnistError):
    """A result below a limit that the user set, such as ``--min-accuracy``."""

    exit_code = 1


class DataError(MnistError):
    """A data set that is missing, damaged or can't be downloaded."""

    exit_code = 3


class OtherDataError(DataError):
    """A file in a data set's place that may be another one of the user's, and is never replaced."""


class UnavailableError(DataError):
    """A data set that no source has."""

    def __init__(self, message: str, reasons: str) -> None:
        """Say what each source answered; ``reasons`` says it in brief."""
        super().__init__(message)
        self.reasons = reasons


class NoAnswerError(DataError):
    """A source that can't be reached or stopped sending: the next file would fail as well."""


class ModelError(MnistError):
    """A checkpoint or a model that is missing, damaged, or not the one that was asked for."""

    exit_code = 4


class StoppedError(MnistError):
    """Training that a signal ended, after its state was saved.

    The exit code follows the shells' convention for signals: 128 + number.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        """Say what was saved; ``signal_number`` is the signal that ended training."""
        super().__init__(message)
        self.exit_code = 128 + signal_number
