"""A local server of files that misbehaves as the first part of a path says."""

import gzip
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, cycle
from pathlib import Path
from urllib.parse import urlsplit

Part = bytes | float
"""Bytes to send, or seconds to wait."""

RESET = b"reset the connection"
BLOCKS: list[Part] = [bytes(1 << 19), 0.01]
LINES: list[Part] = [(b"X-Line: " + b"x" * 1000 + b"\r\n") * 10, 0.01]
INTERIM: list[Part] = [b"HTTP/1.1 100 Continue\r\n\r\n" * 10, 0.01]
BOMB = gzip.compress(bytes(10_000_000)) * 10
PAGE = b"<!DOCTYPE html><title>Log in to this network</title>"


class Mirror(BaseHTTPRequestHandler):
    """Answers ``/WAY/NAME``, also as a proxy for any host, and then closes the connection."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append(time.monotonic())
        _, way, name = urlsplit(self.path).path.split("/")
        for part in self.choose_parts(way, self.server.files / name):
            if isinstance(part, float):
                if self.server.stopped.wait(part):
                    return
            elif part is RESET:
                linger = struct.pack("ii", 1, 0)  # for no time: so closing resets
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                os.close(self.connection.detach())
            else:
                self.wfile.write(part)
                self.server.sent += len(part)

    def choose_parts(self, way: str, path: Path) -> Iterable[Part]:
        """Return what is sent for a file."""
        file = path.read_bytes()
        sized = head(200, Content_Length=len(file))
        cut_off = sized + file[: self.server.cut(len(file))]
        chunked = head(200, Transfer_Encoding="chunked") + b"%x\r\n%s\r\n0\r\n" % (len(file), file)
        encoded = gzip.compress(file) if "gzip" in str(self.headers["Accept-Encoding"]) else file
        ways: dict[str, Iterable[Part]] = {
            # What works: a good client has the file in the end.
            "good": [sized, file],
            "unsized": [head(200), file],
            "moved": [head(302, Location=f"/good/{path.name}")],
            "encoded": [head(200, Content_Encoding="gzip"), encoded],
            "slow": chain([sized], trickle(file, 1000, 0.05)),
            # What fails.
            "busy": [head(503, Retry_After=0)],
            "reluctant": [0.4, head(503)],
            "silent": [60.0],
            "interim": cycle(INTERIM),
            "garbage": [bytes(range(256)) * 100],
            "endless_headers": chain([b"HTTP/1.1 200 OK\r\n"], cycle(LINES)),
            "endless_trailers": chain([chunked], cycle(LINES)),
            "endless": chain([head(200)], cycle(BLOCKS)),
            "endless_redirects": chain([head(302, Location=self.path)], cycle(BLOCKS)),
            "local": [head(302, Location=f"file://{path}")],
            "drips": chain([sized], trickle(file, 1, 0.02)),
            "stalls": [cut_off, 60.0],
            "short": [cut_off],
            "reset": [cut_off, 0.02, RESET],  # a reset overtakes what is underway
            "html": [head(200), PAGE],
            "wrong": chain([head(200)], change(file)),
            "bomb": [head(200), BOMB],
        }
        return ways[way]

    def log_message(self, *arguments: object) -> None:
        pass


def head(status: int, **headers: object) -> bytes:
    """Return the head of a response."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def trickle(body: bytes, size: int, seconds: float) -> Iterator[Part]:
    """Send a body little by little."""
    for start in range(0, len(body), size):
        yield from (body[start : start + size], seconds)


def change(file: bytes) -> Iterator[Part]:
    """Send a file whose content has another last bit."""
    content = gzip.decompress(file)
    yield gzip.compress(content[:-1] + bytes([content[-1] ^ 1]))


class Server(ThreadingHTTPServer):
    """Records when it was asked, and how many bytes it sent."""

    def __init__(self, files: Path) -> None:
        super().__init__(("127.0.0.1", 0), Mirror)
        self.files = files
        self.cut: Callable[[int], int] = lambda size: size // 2  # where a body breaks off
        self.stopped = threading.Event()
        self.asked: list[float] = []  # by the monotonic clock
        self.sent = 0

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
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    yield server
    server.stopped.set()
    server.shutdown()
    server.server_close()
