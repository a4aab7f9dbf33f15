"""A local server of files that misbehaves as the first part of a path says."""

import gzip
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

BLOCK = bytes(1 << 16)
LINE = b"X-Line: " + b"x" * 1000 + b"\r\n"
BOMB = gzip.compress(bytes(10_000_000)) * 10


class Mirror(BaseHTTPRequestHandler):
    """Each public method is a way to answer, asked for as ``/WAY/NAME``.

    As a proxy, it answers for every host.
    """

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append(time.monotonic())
        _, way, name = urlsplit(self.path).path.split("/")
        getattr(self, way)((self.server.files / name).read_bytes())

    # Ways that work.

    def good(self, body: bytes) -> None:
        self.answer(200, body)

    def unsized(self, body: bytes) -> None:
        self.begin(200, {"Connection": "close"})
        self.send(body)

    def moved(self, body: bytes) -> None:
        self.answer(302, b"", {"Location": self.path.replace("moved", "good")})

    def encoded(self, body: bytes) -> None:
        """Compress the body once more, if the client accepts that."""
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
        self.answer(200, body)

    def labelled(self, body: bytes) -> None:
        """Declare the file's own compression as one of the transfer."""
        self.answer(200, body, {"Content-Encoding": "gzip"})

    def slow(self, body: bytes) -> None:
        """Send 20 kB/s, steadily."""
        self.begin(200, {"Content-Length": len(body)})
        for start in range(0, len(body), 1000):
            self.send(body[start : start + 1000])
            self.pause(0.05)

    # Ways that fail.

    def busy(self, body: bytes) -> None:
        self.answer(503, b"", {"Retry-After": "0"})

    def reluctant(self, body: bytes) -> None:
        """Take a while to refuse."""
        self.pause(0.4)
        self.busy(body)

    def silent(self, body: bytes) -> None:
        self.pause(60)

    def interim(self, body: bytes) -> None:
        self.flood(b"HTTP/1.1 100 Continue\r\n\r\n")

    def garbage(self, body: bytes) -> None:
        self.send(bytes(range(256)) * 100)
        self.close_connection = True

    def endless_headers(self, body: bytes) -> None:
        self.send(b"HTTP/1.1 200 OK\r\n")
        self.flood(LINE)

    def endless_trailers(self, body: bytes) -> None:
        """Send the body in chunks, then headers without end."""
        self.begin(200, {"Transfer-Encoding": "chunked"})
        self.send(b"%x\r\n%s\r\n0\r\n" % (len(body), body))
        self.flood(LINE)

    def endless(self, body: bytes) -> None:
        self.begin(200, {"Connection": "close"})
        self.flood(BLOCK)

    def endless_redirects(self, body: bytes) -> None:
        """Redirect to the same place, with a body without end."""
        self.begin(302, {"Location": self.path, "Connection": "close"})
        self.flood(BLOCK)

    def local(self, body: bytes) -> None:
        """Redirect to the file itself."""
        self.answer(302, b"", {"Location": f"file://{self.server.files / Path(self.path).name}"})

    def drips(self, body: bytes) -> None:
        """Send 50 bytes/s."""
        self.begin(200, {"Content-Length": len(body)})
        for byte in body:
            self.send(bytes([byte]))
            self.pause(0.02)

    def stalls(self, body: bytes) -> None:
        self.short(body)
        self.pause(60)

    def short(self, body: bytes) -> None:
        """Send a part, and close the connection."""
        self.begin(200, {"Content-Length": len(body)})
        self.send(body[: self.server.cut(len(body))])
        self.close_connection = True

    def reset(self, body: bytes) -> None:
        """Send a part, and reset the connection."""
        self.short(body)
        self.pause(0.02)  # a reset overtakes what is underway
        no_linger = struct.pack("ii", 1, 0)  # closes by a reset
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        os.close(self.connection.detach())
        raise ConnectionResetError

    def html(self, body: bytes) -> None:
        self.answer(200, b"<!DOCTYPE html><title>Log in to this network</title>")

    def wrong(self, body: bytes) -> None:
        """Send other content of the right size."""
        content = gzip.decompress(body)
        self.answer(200, gzip.compress(content[:-1] + bytes([content[-1] ^ 1])))

    def swapped(self, body: bytes) -> None:
        """Send another of the files."""
        names = sorted(path.name for path in self.server.files.iterdir())
        other = names[names.index(Path(self.path).name) - 1]
        self.answer(200, (self.server.files / other).read_bytes())

    def bomb(self, body: bytes) -> None:
        self.answer(200, BOMB)

    # What the ways are made of.

    def answer(self, status: int, body: bytes, headers: dict[str, object] | None = None) -> None:
        self.begin(status, {"Content-Length": len(body), **(headers or {})})
        self.send(body)

    def begin(self, status: int, headers: dict[str, object]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def flood(self, block: bytes) -> None:
        """Send without end, but leave the processor to others."""
        while True:
            self.send(block * 10)
            self.pause(0.01)

    def send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.server.sent += len(data)

    def pause(self, seconds: float) -> None:
        if self.server.stopped.wait(seconds):
            raise ConnectionAbortedError

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Records when it was asked and how much it sent."""

    def __init__(self, files: Path) -> None:
        super().__init__(("127.0.0.1", 0), Mirror)
        self.files = files
        self.cut: Callable[[int], int] = lambda size: size // 2  # where a body breaks off
        self.stopped = threading.Event()
        self.asked: list[float] = []  # by the monotonic clock
        self.sent = 0  # bytes, to the socket

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *arguments: object) -> None:
        """Ignore clients that hang up."""


@contextmanager
def serve(files: Path, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server of a directory's files."""
    server = Server(files)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    run = partial(server.serve_forever, poll_interval=0.05)
    threading.Thread(target=run, daemon=True).start()
    yield server
    server.stopped.set()
    server.shutdown()
    server.server_close()
