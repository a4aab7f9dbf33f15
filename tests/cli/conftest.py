import pytest

from mnistcli.datasets import mnist


@pytest.fixture
def no_network(few_strokes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No mirror that can be reached, and few strokes to fall back to."""
    monkeypatch.setattr(mnist, "MIRRORS", ["nowhere/"])
