import socket
from collections.abc import Iterator

import pytest

from mnistcli.datasets import http, mnist


@pytest.fixture
def refusing() -> Iterator[str]:
    """The URL of a port that nobody listens at."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{closed.getsockname()[1]}"


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fractions of a second instead of the usual times, and no proxy."""
    monkeypatch.setattr(mnist, "ANSWER_SECONDS", 1.5)
    monkeypatch.setattr(http, "WINDOW_SECONDS", 0.25)
    monkeypatch.setattr(http, "BODY_SECONDS", 0.6)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
