"""Mirrors that misbehave, asked by the command line with its real limits of time."""

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
SILENCE = ANSWER + http.MOST_PIECES * http.STALL_SECONDS

START_SECONDS = 20.0
"""To start Python and load the program, while others do so on few cores."""

END_SECONDS = 5.0
"""To verify, write and report, among the same."""

MOST_MEMORY = 200  # MiB

MOST_BYTES = 64 << 20
"""Sent by a server until it finds that nobody listens: MNIST's content and what is underway."""

PROCESSES = 16
"""At a time; they wait more than they work."""


class Kind(NamedTuple):
    """One misbehaviour, and what must come of it."""

    way: str  # a method of the mirror
    fault: str
    code: int = 3
    seconds: float = AT_ONCE
    server: str = "plain"  # or tls, or one that stands for a proxy
    trusts: bool = False  # the server's certificate
    is_full: bool = False  # with the limits of size that MNIST has


KINDS = [  # the longest first
    Kind("slow", "a slow line, 50 kB/s", 0, http.BODY_SECONDS),
    Kind("drips", "a slow drip, 50 bytes/s", seconds=ANSWER + http.SPEED_SECONDS),
    Kind("stalls", "every body stalls half-way", seconds=SILENCE),
    Kind("trailers", "headers without end after the body", seconds=SILENCE),
    Kind("hiccups", "a body stalls once", 0, ANSWER + http.STALL_SECONDS),
    Kind("silent", "no answer", seconds=ANSWER),
    Kind("interim", "interim answers without end", seconds=ANSWER),
    Kind("always_busy", "503 for ever, with Retry-After: 0", seconds=ANSWER),
    Kind("limited", "429 once, with Retry-After: 0", 0),
    Kind("busy", "503 once, with Retry-After: 1", 0),
    Kind("resumable", "each body is cut off once", 0),
    Kind("torn", "each body is reset once", 0),
    Kind("anew", "each body is reset once, and no ranges", 0),
    Kind("lies_once", "a resume with other bytes", 0),
    Kind("elsewhere_once", "a resume elsewhere", 0),
    Kind("reset", "every body is reset half-way"),
    Kind("short", "every body is shorter than declared"),
    Kind("shortened", "every body is declared shorter than it is"),
    Kind("lies", "every resume lies"),
    Kind("longer", "10 MB too many"),
    Kind("endless", "an endless body", is_full=True),
    Kind("bomb", "a gzip bomb", is_full=True),
    Kind("heavy", "a gzip bomb as the body of a redirect", is_full=True),
    Kind("ever_moving", "redirects with an endless body", is_full=True),
    Kind("wrong", "wrong content of the right size"),
    Kind("swapped", "another of the four files, whose own hash is right"),
    Kind("doubled", "the compressed file compressed"),
    Kind("labelled", "Content-Encoding: gzip on the compressed file", 0),
    Kind("html", "a page of HTML with status 200"),
    Kind("partial", "a part that was not asked for"),
    Kind("missing", "404"),
    Kind("loop", "a redirect loop"),
    Kind("local", "a redirect to file://"),
    Kind("refuses", "429 with Retry-After: an hour"),
    Kind("closed", "503 with Retry-After: a date in 2100"),
    Kind("absurd", "503 with Retry-After of 5000 digits"),
    Kind("headers_without_end", "headers without end"),
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
    """What came of one process."""

    seconds: float  # from its first request on, or from its start if it made none
    memory: float  # MiB
    lost: list[str]


def check(effort: Effort) -> Iterator[Outcome]:
    """Download from each kind of mirror, in the long mode cut off anywhere."""
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
    """Return what must be there in the end."""
    return f"whole files or nothing; exit {code}" if code else "four whole files"


def try_once(kind: Kind, files: Path, effort: Effort) -> Run:
    """Run the command line against a server of its own."""
    scratch = Path(tempfile.mkdtemp(dir=effort.directory))
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(scratch / "authority.pem"))

    def cut(size: int) -> int:
        return random.randrange(1, size) if effort.is_long else size // 2

    with (
        socket.socket() as closed,
        mirror.serve(files, cut, context if kind.server == "tls" else None) as server,
    ):
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
        seconds = time.monotonic() - (server.begun or started)
        sent = server.sent
        most = kind.seconds + (END_SECONDS if server.begun else START_SECONDS)
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
    """Tell of what was printed whether it is what an exit code goes with."""
    out, err = ended.stdout, ended.stderr
    if not code:
        return {f"printed {out!r} and {err!r}": out.count("\n") == 4 and not err}
    is_one_line = err.startswith("error: ") and err.count("\n") == 1 and len(err) < 2000
    return {f"printed {out!r} and {err!r}": not out and is_one_line}


def find_files(data: Path, files: Path, code: int) -> dict[str, bool]:
    """Tell of each file whether it is whole, and whether all are there that have to be."""
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
