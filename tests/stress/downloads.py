"""Mirrors that misbehave, asked by the command line with its real time limits."""

import gzip
import os
import random
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import trustme
from helpers import mirror, small

from mnistcli.datasets import http, mnist
from stress.outcome import Effort, Outcome
from stress.tool import Finished, finish, spawn

AT_ONCE = 10.0
ANSWER = mnist.ANSWER_SECONDS
BODY = ANSWER + 2 * http.WINDOW_SECONDS
"""A body may be too slow in its second window only."""

START_SECONDS = 20.0
"""To start Python and load the program, while other processes do the same."""

END_SECONDS = 5.0
"""To verify, write and report, while other processes do the same."""

MOST_MEMORY = 200  # MiB

MOST_BYTES = 64 << 20
"""Sent by a server until the connection closes: MNIST's content and what is underway."""

PROCESSES = 16
"""At a time: most of them wait."""


class Kind(NamedTuple):
    """One way to misbehave, and the expected result."""

    way: str  # of the mirror
    fault: str
    code: int = 3
    seconds: float = AT_ONCE
    server: str = "plain"  # or tls, or the state of a proxy
    trusts: bool = False  # the server's certificate
    is_full: bool = False  # with MNIST's own sizes as limits


KINDS = [  # the slowest first
    Kind("slow", "a slow line, 20 kB/s", 0, http.BODY_SECONDS),
    Kind("drips", "a body at 50 bytes/s", seconds=BODY),
    Kind("stalls", "a body that stalls half-way", seconds=BODY),
    Kind("endless_trailers", "headers without end after the body", seconds=BODY),
    Kind("silent", "no answer", seconds=ANSWER),
    Kind("interim", "interim answers without end", seconds=ANSWER),
    Kind("endless_headers", "headers without end"),
    Kind("endless_redirects", "redirects without end, with bodies without end", is_full=True),
    Kind("endless", "a body without end", is_full=True),
    Kind("bomb", "a gzip bomb", is_full=True),
    Kind("reset", "a body that is reset half-way"),
    Kind("short", "a body that is shorter than declared"),
    Kind("wrong", "wrong content of the right size"),
    Kind("html", "a page of HTML with status 200"),
    Kind("encoded", "Content-Encoding: gzip on the compressed file", 0),
    Kind("unsized", "a body of undeclared length", 0),
    Kind("moved", "a redirect", 0),
    Kind("local", "a redirect to file://"),
    Kind("busy", "503 with Retry-After"),
    Kind("garbage", "an answer that is not HTTP"),
    Kind("good", "a certificate of an unknown authority", server="tls"),
    Kind(
        "good", "a certificate of an authority in REQUESTS_CA_BUNDLE", 0, server="tls", trusts=True
    ),
    Kind("good", "HTTP_PROXY", 0, server="proxy"),
    Kind("good", "HTTP_PROXY of a dead proxy", server="dead proxy"),
    Kind("good", "a dead proxy, but NO_PROXY", 0, server="no proxy"),
]


class Run(NamedTuple):
    """The result of one process."""

    seconds: float  # from its first request on, or from its start if it made none
    memory: float  # MiB
    lost: list[str]


def check(effort: Effort) -> Iterator[Outcome]:
    """Download from each kind of mirror; in the long mode, bodies break off anywhere."""
    files = effort.directory / "files"
    small.make(files)
    turns = KINDS * effort.pick(1, 12)
    with ThreadPoolExecutor(PROCESSES) as pool:
        futures = [pool.submit(try_once, kind, files, effort) for kind in turns]
        for number, kind in enumerate(KINDS):
            runs = [future.result() for future in futures[number :: len(KINDS)]]
            yield Outcome(
                f"download: {kind.fault}",
                f"{describe(kind.code)} within {kind.seconds:.0f} s",
                tried=len(runs),
                lost=[what for run in runs for what in run.lost],
                note=f"at most {max(run.seconds for run in runs):.1f} s, "
                f"{max(run.memory for run in runs):.0f} MiB",
            )


def describe(code: int) -> str:
    """Return what must be in the data directory, in words."""
    return f"exit {code}; intact files or none" if code else "four intact files"


def try_once(kind: Kind, files: Path, effort: Effort) -> Run:
    """Run the command line against a server of its own."""
    scratch = Path(tempfile.mkdtemp(dir=effort.directory))
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(scratch / "authority.pem"))

    with (
        socket.socket() as closed,
        mirror.serve(files, context if kind.server == "tls" else None) as server,
    ):
        if effort.is_long:
            server.cut = lambda size: random.randrange(1, size)
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}"
        source = "http://mirror.invalid" if kind.server == "proxy" else server.url
        if kind.server == "tls":
            source = source.replace("http:", "https:")
        settings = {
            "proxy": {"HTTP_PROXY": server.url},
            "dead proxy": {"HTTP_PROXY": dead},
            "no proxy": {"HTTP_PROXY": dead, "NO_PROXY": "127.0.0.1"},
        }.get(kind.server, {})
        if kind.trusts:
            settings = {"REQUESTS_CA_BUNDLE": str(scratch / "authority.pem")}
        program = ["-m", "mnistcli"] if kind.is_full else [small.__file__, str(files)]
        arguments = ["-q", "download", "--data-dir", "data", "--from", f"{source}/{kind.way}/"]
        started = time.monotonic()
        process = spawn(
            [sys.executable, *program, *arguments],
            is_measured=True,
            cwd=scratch,
            env=clean() | settings,
        )
        ended = finish(process, 2 * (kind.seconds + START_SECONDS))
        seconds = time.monotonic() - (server.asked or [started])[0]
        sent = server.sent
        most = kind.seconds + (END_SECONDS if server.asked else START_SECONDS)
    lost = [
        what
        for what, holds in {
            f"exit {ended.code}": ended.code == kind.code,
            f"took {seconds:.1f} s": seconds < most,
            f"took {ended.memory:.0f} MiB": ended.memory < MOST_MEMORY,
            f"received {sent} bytes": sent < MOST_BYTES,
            **find_prints(ended, kind.code),
            **find_files(scratch / "data", files, kind.code),
        }.items()
        if not holds
    ]
    return Run(seconds, ended.memory, lost)


def clean() -> dict[str, str]:
    """Return the environment without settings of proxies, certificates and the program."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith(("_proxy", "_ca_bundle")) and not name.startswith("MNISTCLI_")
    }


def find_prints(ended: Finished, code: int) -> dict[str, bool]:
    """Return whether what was printed suits an exit code."""
    out, err = ended.stdout, ended.stderr
    if not code:
        return {f"printed {out!r} and {err!r}": out.count("\n") == 4 and not err}
    is_one_line = err.startswith("error: ") and err.count("\n") == 1 and len(err) < 2000
    return {f"printed {out!r} and {err!r}": not out and is_one_line}


def find_files(data: Path, files: Path, code: int) -> dict[str, bool]:
    """Return whether each file is intact, and whether all expected ones are there."""
    found = sorted(path.name for path in data.iterdir()) if data.is_dir() else []
    expected = sorted(path.name for path in files.iterdir())
    holds = {f"left {found}": found == expected if not code else set(found) <= set(expected)}
    for name in set(found) & set(expected):
        content = gzip.decompress((files / name).read_bytes())
        try:
            holds[f"{name} is wrong"] = gzip.decompress((data / name).read_bytes()) == content
        except (OSError, EOFError):
            holds[f"{name} is damaged"] = False
    return holds
