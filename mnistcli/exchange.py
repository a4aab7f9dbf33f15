"""A request over HTTP and what comes of it, received in a thread that can be left behind.

The timeouts of requests are those of single receptions. They bound neither the resolution of a
name, its addresses tried in turn and redirects, nor interim answers without end and lines that
come byte by byte.
"""

import queue
import threading
from http.client import HTTPException
from types import TracebackType
from typing import Any, TypeVar

import requests
import urllib3

from mnistcli import __version__
from mnistcli.errors import NoAnswerError

CHUNK = 1 << 16

LONGEST_REASON = 200
"""Characters of a failure's reason, which may quote what the server sent."""

FAILURES = (OSError, ValueError, HTTPException, urllib3.exceptions.HTTPError)
"""What requests and the libraries below it raise, of which requests' own are an OSError."""

T = TypeVar("T")


class Exchange:
    """A GET request, begun at once; on leaving it as a context, the connection is given up."""

    def __init__(self, url: str, headers: dict[str, str], silence: float, limit: int) -> None:
        """Ask; a connection that is silent for ``silence`` seconds, or sends more than ``limit``
        bytes of a body, ends the thread.
        """
        self._received: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._is_left = False
        arguments = (url, headers, silence, limit)
        threading.Thread(target=self._run, args=arguments, daemon=True).start()

    def __enter__(self) -> "Exchange":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_left = True

    def answer(self, seconds: float) -> requests.Response:
        """Wait for the status and the headers.

        Raises:
            NoAnswerError: there is no connection, or no answer within ``seconds``.
        """
        return self._take(requests.Response, seconds, "no answer within")

    def chunk(self, seconds: float) -> bytes:
        """Wait for the next bytes of the body as they are sent, at its end none.

        Raises:
            NoAnswerError: the connection failed, or nothing came within ``seconds``.
        """
        return self._take(bytes, seconds, "nothing for")

    def _take(self, kind: type[T], seconds: float, otherwise: str) -> T:
        try:
            received = self._received.get(timeout=seconds)
        except queue.Empty:
            raise NoAnswerError(f"{otherwise} {seconds:.1f} s") from None
        if isinstance(received, kind):
            return received
        if isinstance(received, FAILURES):
            raise NoAnswerError(_reason(received)) from received
        raise received

    def _run(self, url: str, headers: dict[str, str], silence: float, limit: int) -> None:
        """Receive in the thread, at most ``limit`` bytes and a chunk."""
        usual = {"User-Agent": f"mnistcli/{__version__}", "Accept-Encoding": "identity"}
        try:
            with requests.get(
                url,
                headers={**usual, **headers},
                stream=True,
                timeout=silence,
                hooks={"response": _leave_redirect},
            ) as response:
                self._received.put(response)
                size = 0
                while size <= limit and not self._is_left:
                    chunk = response.raw.read1(CHUNK, decode_content=False)
                    self._received.put(chunk)
                    size += len(chunk)
                    if not chunk:
                        break
        except Exception as error:  # raised by _take
            self._received.put(error)


def _leave_redirect(response: requests.Response, **options: Any) -> None:
    """Close a redirect, whose body requests would read and unpack, however large it is."""
    if response.is_redirect:
        response.close()


def _reason(error: Exception) -> str:
    """Return the innermost cause of an error in words, without the layers around it."""
    where = "proxy: " if isinstance(error, requests.exceptions.ProxyError) else ""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    if isinstance(cause, HTTPException):  # may be no more than what the server sent
        return repr(cause)[:LONGEST_REASON]
    reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return f"{where}{reason}"[:LONGEST_REASON]
