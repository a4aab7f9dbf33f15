import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from helpers.listening import SILENT, Recorder
from helpers.mirror import Server, serve

from mnistcli.datasets import http
from mnistcli.errors import DataError, NoAnswerError
from mnistcli.system.listener import Listener

pytestmark = pytest.mark.usefixtures("short_limits")

NAME, BODY = "file", bytes(range(256)) * 64
FAILURES = {
    "busy": (DataError, "^HTTP status 503 Service Unavailable$"),
    "silent": (NoAnswerError, "^no answer within 1.0 s$"),
    "interim": (NoAnswerError, "^no answer within 1.0 s$"),
    "garbage": (NoAnswerError, r"^BadStatusLine\('\\x00"),
    "endless_headers": (NoAnswerError, "got more than 100 headers"),
    "endless_trailers": (NoAnswerError, "less than 1000 bytes per second"),
    "endless_redirects": (NoAnswerError, "Exceeded 30 redirects"),
    "endless": (DataError, "longer than 20000 bytes"),
    "local": (NoAnswerError, "No connection adapters were found for 'file:///"),
    "drips": (NoAnswerError, "less than 1000 bytes per second"),
    "slow": (NoAnswerError, "took longer than"),
    "stalls": (NoAnswerError, "less than 1000 bytes per second"),
    "short": (NoAnswerError, r"broke off: IncompleteRead\(\d+ bytes read, \d+ more expected"),
    "reset": (NoAnswerError, "broke off: Connection reset by peer"),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / NAME).write_bytes(BODY)
    with serve(tmp_path) as server:
        yield server


def get(source: str, seconds: float = 1.0, listener: Listener = SILENT) -> bytes:
    return http.get(f"{source}/{NAME}", seconds, 20_000, NAME, listener)


@pytest.mark.parametrize("way", ["good", "unsized", "moved", "encoded"])
def test_returns_the_body_as_it_is(way: str, server: Server) -> None:
    assert get(f"{server.url}/{way}") == BODY


@pytest.mark.slow
def test_a_slow_body_may_take_several_windows(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BODY_SECONDS", 60.0)

    assert get(f"{server.url}/slow") == BODY


@pytest.mark.slow
@pytest.mark.parametrize("way", FAILURES)
def test_a_failing_exchange_ends(way: str, server: Server) -> None:
    error, message = FAILURES[way]

    with pytest.raises(error, match=message) as caught:
        get(f"{server.url}/{way}", 10.0 if way == "endless_redirects" else 1.0)

    assert caught.type is error


@pytest.mark.parametrize(("way", "total"), [("good", len(BODY)), ("unsized", 0)])
def test_the_listener_sees_the_bytes(way: str, total: int, server: Server) -> None:
    listener = Recorder()

    get(f"{server.url}/{way}", listener=listener)

    assert listener.steps[-1] == (NAME, len(BODY), total, "")


def test_a_certificate_must_be_of_a_trusted_authority(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serve(server.files, context) as secured:
        source = secured.url.replace("http:", "https:") + "/good"
        with pytest.raises(NoAnswerError, match="certificate verify failed"):
            get(source, 5.0)
        assert secured.asked == []

        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
        assert get(source, 5.0) == BODY


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_asked(
    name: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, server.url)

    assert get("http://mirror.invalid/good") == BODY


def test_no_proxy_is_asked_for_excluded_hosts(
    server: Server, refusing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", refusing)
    with pytest.raises(NoAnswerError, match=r"^proxy: Connection refused"):
        get(f"{server.url}/good")

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert get(f"{server.url}/good") == BODY


@pytest.mark.slow
def test_the_lookup_of_a_name_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: is_over.wait(30))

    with pytest.raises(NoAnswerError, match="no answer within"):
        get("http://mirror.invalid")
    is_over.set()
