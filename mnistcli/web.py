"""A URL's body, had whole and within bounds of time and size, or a one-line reason why not."""

import re
import time
from collections.abc import Callable
from typing import TypeVar

import requests
import urllib3

from mnistcli.errors import DataError, NoAnswerError
from mnistcli.exchange import Exchange

STALL_SECONDS = 10.0
"""Longest silence within a body."""

SLOWEST = 1000
"""Bytes per second below which a body is given up: MNIST's largest file would take 3 hours."""

SPEED_SECONDS = 30.0
"""Over which the speed is taken: lines that come back, as on a train, do so within that."""

BODY_SECONDS = 600.0
"""Longest time for one body: MNIST's largest file, 10 MB, at 17 kB/s."""

MOST_PIECES = 3
"""How often a body that breaks off is asked for: if by silence, that takes half a minute."""

SHORTEST_WAIT = 1.0
"""Seconds until a busy server is asked again, even if it says that none are needed."""

CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15})")

T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Called with the bytes received so far and the length of the body, 0 if unknown."""


def get(
    url: str,
    answer_seconds: float,
    limit: int,
    progress: Progress,
    accept: Callable[[bytes], T],
) -> T:
    """Return what ``accept`` makes of a URL's body, of at most ``limit`` bytes.

    Redirects are followed, and proxies are those of the environment. A body that breaks off is
    gone on with; if ``accept`` then refuses it by a :class:`DataError`, the whole is asked for
    once more. All this takes at most ``answer_seconds`` and ``BODY_SECONDS``.

    Raises:
        NoAnswerError: no connection, no answer within ``answer_seconds``, or one that asks to
            wait for longer than that; or a body that keeps breaking off or is too slow.
        DataError: any other answer, a body that is too long, or one that isn't accepted.
    """
    transfer = _Transfer(url, answer_seconds, limit, progress)
    body = transfer.receive(MOST_PIECES)
    try:
        return accept(body)
    except DataError:
        if not transfer.is_pieced:
            raise
    transfer.begin_anew()
    return accept(transfer.receive(1))


class _BrokeOffError(NoAnswerError):
    """A body ended early; the rest of it may still be had."""


class _Transfer:
    """A body on its way, in one piece or more."""

    def __init__(self, url: str, answer_seconds: float, limit: int, progress: Progress) -> None:
        self.url = url
        self.answer_seconds = answer_seconds
        self.limit = limit
        self.progress = progress
        self.deadline = time.monotonic() + answer_seconds + BODY_SECONDS
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was received."""
        self.body = bytearray()
        self.length = 0  # of the whole, if known
        self.condition: dict[str, str] = {}  # on which to go on: the file is still the same
        self.is_pieced = False

    def receive(self, most_pieces: int) -> bytes:
        """Return the body, asked for so often that it is whole."""
        for _ in range(most_pieces):
            try:
                self._receive_piece()
                return bytes(self.body)
            except _BrokeOffError as error:
                failure = error
        raise failure

    def _receive_piece(self) -> None:
        """Receive what is missing, from a server that may ask to be asked again later."""
        deadline = time.monotonic() + min(self.answer_seconds, self._find_left())
        silence = self.answer_seconds + STALL_SECONDS  # more than is waited for here
        place = {"Range": f"bytes={len(self.body)}-", **self.condition} if self.body else {}
        before = ""
        while True:
            with Exchange(self.url, place, silence, self.limit) as exchange:
                try:
                    response = exchange.answer(max(deadline - time.monotonic(), 0))
                except NoAnswerError as error:
                    raise NoAnswerError(f"{before}{error}") from error
                wait = _find_wait(response)
                if wait is None:
                    self._begin(response)
                    self._add(exchange)
                    return
            status = _describe(response)
            if wait > deadline - time.monotonic():
                raise NoAnswerError(f"{status}, to be asked again in {wait:.0f} s")
            before = f"{status}, then "
            time.sleep(wait)

    def _begin(self, response: requests.Response) -> None:
        """Make ready for what an answer brings: the whole, or what is missing."""
        if response.status_code == 206 and self.body:
            place = response.headers.get("Content-Range", "")
            match = CONTENT_RANGE.fullmatch(place)
            expected = len(self.body)
            if not match or int(match[1]) != expected or self.length not in (0, int(match[2])):
                self.begin_anew()
                raise _BrokeOffError(f"asked for bytes from {expected} on, it sent {place[:50]!r}")
            self.is_pieced = True
            return
        self.begin_anew()
        if response.status_code != 200:
            raise DataError(_describe(response))
        declared = response.headers.get("Content-Length", "")
        self.length = int(declared) if declared.isdecimal() and len(declared) < 16 else 0
        version = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if version and not version.startswith("W/"):  # a weak tag
            self.condition["If-Range"] = version

    def _add(self, exchange: Exchange) -> None:
        """Receive the bytes of one answer."""
        since, before = time.monotonic(), len(self.body)
        while chunk := self._next(exchange):
            self.body += chunk
            self.progress(len(self.body), self.length)
            if len(self.body) > self.limit:
                raise DataError(f"the body is longer than {self.limit} bytes")
            now = time.monotonic()
            if now - since > SPEED_SECONDS:
                if len(self.body) - before < SLOWEST * SPEED_SECONDS:
                    raise NoAnswerError(f"fewer than {SLOWEST} bytes per second came")
                since, before = now, len(self.body)

    def _next(self, exchange: Exchange) -> bytes:
        patience = min(STALL_SECONDS, self._find_left())
        try:
            return exchange.chunk(patience)
        except NoAnswerError as error:
            raise _BrokeOffError(f"the body broke off: {error}") from error

    def _find_left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise NoAnswerError(f"the body took longer than {BODY_SECONDS:.0f} s")
        return left


def _find_wait(response: requests.Response) -> float | None:
    """Return the seconds after which a busy server asks to be asked again."""
    if response.status_code not in (429, 503):
        return None
    try:
        wait = urllib3.Retry().get_retry_after(response.raw)
        return None if wait is None else max(float(wait), SHORTEST_WAIT)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):  # no time, or none near
        return None


def _describe(response: requests.Response) -> str:
    """Return an answer's status in words."""
    return f"HTTP status {response.status_code} {response.reason}"[:100]
