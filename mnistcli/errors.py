"""What can go wrong in a user's hands: each kind of error with its exit code.

A message is one line that says what failed, where, what was expected and found,
and, where one helps, the command to run next.
"""


class MnistError(Exception):
    """Any failure that is reported to the user as one line."""

    exit_code: int = 3


class PictureError(MnistError):
    """A picture that can't be used; the others are still answered."""

    exit_code = 1


class GateError(MnistError):
    """A result below what the user asked for, as with ``--min-accuracy``."""

    exit_code = 1


class DataError(MnistError):
    """A data set that is missing, damaged or can't be fetched."""

    exit_code = 3


class NoAnswerError(DataError):
    """A source that can't be reached or went silent: no use in asking it for the next file."""


class ModelError(MnistError):
    """A checkpoint or a model that is missing, damaged or not the one asked for."""

    exit_code = 4


class StoppedError(MnistError):
    """Training ended by a signal, after its state was saved.

    The exit code is the shells' convention for a process that a signal ended: 128 + number.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        """Say what was saved; ``signal_number`` ended the run."""
        super().__init__(message)
        self.exit_code = 128 + signal_number
