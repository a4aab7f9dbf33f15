"""Train a digit classifier on MNIST and read digits off your own pictures."""

__version__ = "0.1.0"
