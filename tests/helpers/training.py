"""Requests to train, as the command line makes them when no option is given."""

from pathlib import Path

from mnistcli.runs.plan import Request

UNSET = (
    *("pictures", "model", "dataset", "seed", "batch_size", "learning_rate"),
    *("steps", "log_dir"),
)


def make_request(checkpoint_dir: Path, **options: object) -> Request:
    """Return a request with the given options."""
    usual = {"data_dir": Path("MNIST_data"), "save_every": 1000, "keep": 5, "log_every": 100}
    unset = dict.fromkeys(UNSET)
    return Request(checkpoint_dir, **unset | usual | {"restart": False} | options)
