"""Train a digit classifier on MNIST and read digits off your own pictures."""

__version__ = "0.1.0"

TYPE_CHECKING = False  # as in typing, which takes longer to load than the rest
if TYPE_CHECKING:
    from mnistcli.api import (
        Box,
        DataError,
        MnistError,
        Model,
        ModelError,
        Page,
        PictureError,
        Result,
        Source,
        load_model,
        read,
        read_all,
    )

__all__ = [
    "Box",
    "DataError",
    "MnistError",
    "Model",
    "ModelError",
    "Page",
    "PictureError",
    "Result",
    "Source",
    "load_model",
    "read",
    "read_all",
]


def __getattr__(name: str) -> object:
    """Import what is asked for: the commands, which import this package, must start at once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mnistcli import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
