"""A local server of a data set's files that misbehaves as the first part of the path says."""

import gzip
import os
import re
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

Cut = Callable[[int], int]
"""Tells after how many bytes of a body it breaks off."""

BLOCK = bytes(1 << 16)
LINE = b"X-Line: " + b"x" * 1000 + b"\r\n"


def make_bomb(megabytes: int) -> bytes:
    """Compress zeros, without holding them."""
    packer = zlib.compressobj(level=1, wbits=31)  # gzip's format
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


BOMB = make_bomb(100)


class Mirror(BaseHTTPRequestHandler):
    """Each public method is a way to answer, and may be asked for as ``/WAY/NAME``.

    Asked as a proxy, it answers for every host.
    """

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        _, way, name = urlsplit(self.path).path.split("/")
        self.server.asked.append(dict(self.headers))
        self.server.begun = self.server.begun or time.monotonic()
        getattr(self, way)((self.server.files / name).read_bytes())

    # What works.

    def good(self, body: bytes) -> None:
        self.answer(200, body)

    def unsized(self, body: bytes) -> None:
        self.answer(200, body, {"Connection": "close", "Content-Length": None})

    def moved(self, body: bytes) -> None:
        self.redirect(self.path.replace("moved", "good"))

    def encoded(self, body: bytes) -> None:
        """What servers do that compress all they send, if the client lets them."""
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
        self.answer(200, body)

    def labelled(self, body: bytes) -> None:
        """What servers do that take the file's compression for their own."""
        self.answer(200, body, {"Content-Encoding": "gzip", "Content-Type": "application/x-idx"})

    def slow(self, body: bytes) -> None:
        """Send what a poor line does, but steadily."""
        self.begin(200, {"Content-Length": len(body)})
        for start in range(0, len(body), 1000):
            self.send(body[start : start + 1000])
            self.pause(0.02)

    def resumable(self, body: bytes) -> None:
        """Break off once, and go on as asked."""
        if not self.go_on(body):
            self.short(body)

    def torn(self, body: bytes) -> None:
        """Reset once, and go on as asked."""
        if not self.go_on(body):
            self.reset(body)

    def hiccups(self, body: bytes) -> None:
        """Fall silent at the first file, and go on as asked."""
        if not self.go_on(body):
            self.stalls(body) if len(self.server.asked) == 1 else self.answer(200, body)

    def anew(self, body: bytes) -> None:
        """Break off once, and know nothing of ranges."""
        if self.is_first():
            self.reset(body)
        self.answer(200, body)

    def lies_once(self, body: bytes) -> None:
        """Go on with other bytes than were asked for, but send a whole one well."""
        self.lies(body) if self.is_first() or "Range" in self.headers else self.good(body)

    def elsewhere_once(self, body: bytes) -> None:
        """Go on elsewhere than was asked, and say so."""
        if self.is_first():
            self.reset(body)
        if "Range" in self.headers:
            self.answer(206, body[:10], {"Content-Range": f"bytes 0-9/{len(body)}"})
        else:
            self.answer(200, body)

    def busy(self, body: bytes) -> None:
        self.later(503, "1") if self.is_first() else self.answer(200, body)

    def limited(self, body: bytes) -> None:
        self.later(429, "0") if self.is_first() else self.answer(200, body)

    # What doesn't.

    def missing(self, body: bytes) -> None:
        self.answer(404, b"not here")

    def reluctant(self, body: bytes) -> None:
        """Answer after a while, to say that there is nothing."""
        self.pause(0.4)
        self.missing(body)

    def partial(self, body: bytes) -> None:
        self.answer(206, body[:100])

    def drips(self, body: bytes) -> None:
        self.begin(200, {"Content-Length": len(body)})
        for byte in body:
            self.send(bytes([byte]))
            self.pause(0.02)

    def reset(self, body: bytes) -> None:
        self.begin(200, {"Content-Length": len(body)})
        self.send(body[: self.server.cut(len(body))])
        self.pause(0.02)  # a reset overtakes what is underway
        linger_not = struct.pack("ii", 1, 0)  # closes by a reset
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        os.close(self.connection.detach())
        raise ConnectionResetError

    def short(self, body: bytes) -> None:
        self.answer(200, body[: self.server.cut(len(body))], {"Content-Length": len(body)})
        self.close_connection = True

    def shortened(self, body: bytes) -> None:
        """Declare the part that is sent as the whole."""
        self.answer(200, body[: self.server.cut(len(body))])

    def stalls(self, body: bytes) -> None:
        self.short(body)
        self.pause(30)

    def silent(self, body: bytes) -> None:
        self.pause(30)
        self.close_connection = True

    def html(self, body: bytes) -> None:
        self.answer(200, b"<!DOCTYPE html><title>Log in to this network</title>")

    def wrong(self, body: bytes) -> None:
        content = gzip.decompress(body)
        self.answer(200, gzip.compress(content[:-1] + bytes([content[-1] ^ 1])))

    def swapped(self, body: bytes) -> None:
        """Send another of the four files, whose own hash is right."""
        names = sorted(path.name for path in self.server.files.iterdir())
        name = Path(self.path).name
        self.answer(200, (self.server.files / names[names.index(name) - 1]).read_bytes())

    def longer(self, body: bytes) -> None:
        self.answer(200, body + bytes(10_000_000))

    def endless(self, body: bytes) -> None:
        self.begin(200, {"Connection": "close"})
        self.flood(BLOCK)

    def bomb(self, body: bytes) -> None:
        self.answer(200, BOMB)

    def doubled(self, body: bytes) -> None:
        """Compress the compressed file, unasked."""
        self.answer(200, gzip.compress(body), {"Content-Encoding": "gzip"})

    def lies(self, body: bytes) -> None:
        """Go on as asked by the headers, but with other bytes."""
        if not self.go_on(bytes(len(body))):
            self.reset(body)

    def loop(self, body: bytes) -> None:
        self.redirect(self.path)

    def local(self, body: bytes) -> None:
        self.redirect(f"file://{self.server.files / Path(self.path).name}")

    def heavy(self, body: bytes) -> None:
        """Move elsewhere, with a bomb for a body."""
        headers = {"Location": self.path, "Content-Encoding": "gzip"}
        self.answer(302, BOMB, headers)

    def ever_moving(self, body: bytes) -> None:
        """Move elsewhere, with a body without end."""
        self.begin(302, {"Location": self.path, "Connection": "close"})
        self.flood(BLOCK)

    def refuses(self, body: bytes) -> None:
        self.later(429, "3600")

    def closed(self, body: bytes) -> None:
        self.later(503, "Fri, 31 Dec 2100 23:59:59 GMT")

    def absurd(self, body: bytes) -> None:
        self.later(503, "9" * 5000)

    def always_busy(self, body: bytes) -> None:
        self.later(503, "0")

    def headers_without_end(self, body: bytes) -> None:
        self.begin(200, {}, is_open=True)
        self.flood(LINE)

    def interim(self, body: bytes) -> None:
        """Promise an answer, without end."""
        self.flood(b"HTTP/1.1 100 Continue\r\n\r\n")

    def trailers(self, body: bytes) -> None:
        """Send the whole, then headers without end."""
        self.begin(200, {"Transfer-Encoding": "chunked"})
        self.send(b"%x\r\n%s\r\n0\r\n" % (len(body), body))
        self.flood(LINE)

    def garbage(self, body: bytes) -> None:
        self.send(bytes(range(256)) * 100)
        self.close_connection = True

    # How.

    def answer(self, status: int, body: bytes, headers: dict[str, object] | None = None) -> None:
        self.begin(status, {"Content-Length": len(body), **(headers or {})})
        self.send(body)

    def begin(self, status: int, headers: dict[str, object], *, is_open: bool = False) -> None:
        self.send_response(status)
        for name, value in {**self.server.versions, **headers}.items():
            if value is not None:
                self.send_header(name, str(value))
        self.flush_headers() if is_open else self.end_headers()

    def redirect(self, target: str) -> None:
        self.answer(302, b"", {"Location": target})

    def later(self, status: int, when: str) -> None:
        self.answer(status, b"", {"Retry-After": when})

    def go_on(self, body: bytes) -> bool:
        """Send what is asked for by a range, if one is."""
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not match:
            return False
        start = int(match[1])
        place = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self.answer(206, body[start:], {"Content-Range": place})
        return True

    def is_first(self) -> bool:
        """Tell whether this has not been asked for before."""
        is_first = self.path not in self.server.paths
        self.server.paths.add(self.path)
        return is_first

    def flood(self, block: bytes) -> None:
        """Send without end, but leave the processor to others."""
        while not self.server.stopped.is_set():
            self.send(block * 10)
            self.pause(0.01)

    def send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.server.sent += len(data)

    def pause(self, seconds: float) -> None:
        if self.server.stopped.wait(seconds):
            raise ConnectionAbortedError

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Remembers what it was asked for and what it sent."""

    def __init__(self, files: Path, cut: Cut) -> None:
        super().__init__(("127.0.0.1", 0), Mirror)
        self.files, self.cut = files, cut
        self.stopped = threading.Event()
        self.versions = {"ETag": '"1"'}  # the headers that tell one
        self.paths: set[str] = set()
        self.asked: list[dict[str, str]] = []
        self.begun = 0.0  # when it was first asked, by the monotonic clock
        self.sent = 0  # bytes of bodies, to the socket

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *arguments: object) -> None:
        """Say nothing: a client that hung up is no news."""


@contextmanager
def serve(
    files: Path, cut: Cut = lambda size: size // 2, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """Run a server of a directory's files."""
    server = Server(files, cut)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    run = partial(server.serve_forever, poll_interval=0.05)
    threading.Thread(target=run, daemon=True).start()
    yield server
    server.stopped.set()
    server.shutdown()
    server.server_close()
