"""A URL's bytes, had within bounds of time and size, or a one-line reason why not."""

import queue
import threading
import time
from collections.abc import Callable

import requests
import urllib3

from mnistcli import __version__
from mnistcli.errors import DataError, NoAnswerError

STALL_SECONDS = 10.0
"""Longest silence within a body."""

BODY_SECONDS = 600.0
"""Longest time for one body: MNIST's largest file, 10 MB, at 17 kB/s."""

CHUNK = 1 << 16

Progress = Callable[[int, int], None]
"""Called with the bytes received so far and the length of the body, 0 if unknown."""


def get(url: str, answer_seconds: float, limit: int, progress: Progress) -> bytes:
    """Fetch a URL's body of at most ``limit`` bytes, following redirects, by environment proxies.

    Raises:
        NoAnswerError: no connection, no answer within ``answer_seconds``, or a body that stalls
            or is cut short.
        DataError: an answer other than 200, or a body that is too long.
    """
    with _open(url, answer_seconds) as response:
        if response.status_code != 200:
            raise DataError(f"HTTP status {response.status_code} {response.reason}")
        declared = response.headers.get("Content-Length", "")
        length = int(declared) if declared.isdecimal() and len(declared) < 16 else 0
        return _read(response, limit, length, progress)


def _read(response: requests.Response, limit: int, length: int, progress: Progress) -> bytes:
    body = bytearray()
    deadline = time.monotonic() + BODY_SECONDS
    try:
        while chunk := response.raw.read1(CHUNK, decode_content=False):
            body += chunk
            progress(len(body), length)
            if len(body) > limit:
                raise DataError(f"the body is longer than {limit} bytes")
            if time.monotonic() > deadline:
                raise NoAnswerError(f"the body took longer than {BODY_SECONDS:.0f} s")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NoAnswerError(f"the body broke off: {_reason(error)}") from error
    return bytes(body)


def _open(url: str, seconds: float) -> requests.Response:
    """Wait for an answer's headers, in a thread.

    Neither name resolution nor the addresses of a name, tried in turn, nor redirects are
    bounded by requests' timeouts.
    """
    answers: queue.Queue[requests.Response | Exception] = queue.Queue()

    def ask() -> None:
        headers = {"User-Agent": f"mnistcli/{__version__}", "Accept-Encoding": "identity"}
        try:
            answers.put(
                requests.get(url, headers=headers, stream=True, timeout=(seconds, STALL_SECONDS))
            )
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:  # requests' and others
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise NoAnswerError(f"no answer within {seconds:.1f} s") from None
    if isinstance(answer, requests.Response):
        return answer
    raise NoAnswerError(_reason(answer)) from answer


def _reason(error: BaseException) -> str:
    """Return the innermost cause of an error in words, without the layers around it."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
