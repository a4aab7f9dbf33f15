"""One GET request, bounded in size and in time, whatever the server does.

The timeouts of requests are those of single receptions. They bound neither the lookup of a host's
name, its addresses tried in turn, nor redirects, interim responses or headers without end. So a
thread receives, and is left behind when the time is over.
"""

import queue
import threading
import time
from http.client import HTTPException
from typing import Any, TypeVar

import requests
import urllib3

from mnistcli import __version__
from mnistcli.errors import DataError, NoAnswerError
from mnistcli.system.listener import Listener

WINDOW_SECONDS = 15.0
"""Time within which MIN_SPEED must be reached, as a mean: longer than most interruptions."""

MIN_SPEED = 1000
"""Bytes per second: below it, MNIST's largest file would take 3 hours."""

BODY_SECONDS = 600.0
"""Longest time for a body: MNIST's largest file, 10 MB, at 17 kB/s."""

CHUNK_BYTES = 1 << 16
"""Most bytes that are received at once."""

MAX_REASON_LENGTH = 200
"""Characters of a failure's reason, which may quote what the server sent."""

FAILURES = (OSError, ValueError, HTTPException, urllib3.exceptions.HTTPError)
"""What requests (whose own errors are OSErrors) and the libraries below it raise."""

Received = TypeVar("Received")


def get(url: str, answer_seconds: float, limit: int, label: str, listener: Listener) -> bytes:
    """Return the body of a URL, of at most ``limit`` bytes.

    Redirects are followed; proxies and certificates are those of the environment. It takes at most
    ``answer_seconds`` plus BODY_SECONDS.

    Args:
        url: of the file.
        answer_seconds: time until the response's headers must be complete.
        limit: greatest length of the body, in bytes.
        label: the file's name in the progress.
        listener: is shown the progress.

    Raises:
        NoAnswerError: no connection, no answer in time, or a body that breaks off or is too slow.
        DataError: any other response, or a body that is too long.
    """
    with _Exchange(url, answer_seconds + 2 * WINDOW_SECONDS, limit) as exchange:
        response = exchange.take(requests.Response, answer_seconds)
        if response is None:
            raise NoAnswerError(f"no answer within {answer_seconds:.1f} s")
        if response.status_code != 200:
            raise DataError(f"HTTP status {response.status_code} {response.reason}"[:100])
        declared = response.headers.get("Content-Length", "")
        length = int(declared) if declared.isdecimal() and len(declared) < 16 else 0
        return _receive_body(exchange, length, limit, label, listener)


def _receive_body(
    exchange: "_Exchange", length: int, limit: int, label: str, listener: Listener
) -> bytes:
    body = bytearray()
    started = window = time.monotonic()
    received = 0  # before this window
    with listener.progress(label, length, "bytes") as advance:
        while True:
            now = time.monotonic()
            if now - started >= BODY_SECONDS:
                raise NoAnswerError(f"the body took longer than {BODY_SECONDS:.0f} s")
            if now - window >= WINDOW_SECONDS:
                if len(body) - received < MIN_SPEED * WINDOW_SECONDS:
                    raise NoAnswerError(f"the body came at less than {MIN_SPEED} bytes per second")
                window, received = now, len(body)
            left = min(window + WINDOW_SECONDS, started + BODY_SECONDS) - now
            try:
                chunk = exchange.take(bytes, left)
            except NoAnswerError as error:
                raise NoAnswerError(f"the body broke off: {error}") from error
            if chunk is None:  # the time is over
                continue
            if not chunk:
                return bytes(body)
            body += chunk
            advance(len(body))
            if len(body) > limit:
                raise DataError(f"the body is longer than {limit} bytes")


class _Exchange:
    """A request and its response, received by a thread."""

    def __init__(self, url: str, silence: float, limit: int) -> None:
        """Send the request; the thread ends after ``silence`` seconds or ``limit`` bytes."""
        self.received: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.is_left = False
        arguments = (url, silence, limit)
        threading.Thread(target=self._run, args=arguments, daemon=True).start()

    def __enter__(self) -> "_Exchange":
        return self

    def __exit__(self, *error: object) -> None:
        self.is_left = True

    def take(self, kind: type[Received], seconds: float) -> Received | None:
        """Wait for the response, or for the next bytes of its body, which end with ``b""``.

        Returns:
            None if nothing came in time.

        Raises:
            NoAnswerError: the connection failed.
        """
        try:
            item = self.received.get(timeout=max(seconds, 0))
        except queue.Empty:
            return None
        if isinstance(item, kind):
            return item
        if isinstance(item, FAILURES):
            raise NoAnswerError(_find_reason(item)) from item
        raise item

    def _run(self, url: str, silence: float, limit: int) -> None:
        headers = {"User-Agent": f"mnistcli/{__version__}", "Accept-Encoding": "identity"}
        hooks = {"response": _close_redirect}
        try:
            with requests.get(
                url, headers=headers, stream=True, timeout=silence, hooks=hooks
            ) as response:
                self.received.put(response)
                size = 0
                while size <= limit and not self.is_left:
                    chunk = response.raw.read1(CHUNK_BYTES, decode_content=False)
                    self.received.put(chunk)
                    size += len(chunk)
                    if not chunk:
                        break
        except Exception as error:  # raised by take
            self.received.put(error)


def _close_redirect(response: requests.Response, **options: Any) -> None:
    """Close a redirect, whose body requests would read and unpack, however large it is."""
    if response.is_redirect:
        response.close()


def _find_reason(error: Exception) -> str:
    """Return the innermost cause of an error in words."""
    where = "proxy: " if isinstance(error, requests.exceptions.ProxyError) else ""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    if isinstance(cause, HTTPException):  # may be no more than what the server sent
        return repr(cause)[:MAX_REASON_LENGTH]
    reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return f"{where}{reason}"[:MAX_REASON_LENGTH]
