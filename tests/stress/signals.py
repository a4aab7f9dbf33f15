"""Training interrupted at random moments; it is timed, so nothing else must run."""

import itertools
import os
import shutil
import signal
import time
from collections.abc import Iterator
from random import Random

from stress.kills import KINDS, Reference, make_data, read_checkpoints, stop
from stress.outcome import Effort, Outcome
from stress.tool import finish

SIGNAL_SECONDS = 2.0
"""Longest time from a signal to the end of the process."""

STARTED = 0.5
"""Seconds until Python has started: then a signal meets this project's code."""


def check(effort: Effort) -> Iterator[Outcome]:
    """Interrupt training."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    data = make_data(effort.directory)
    os.sync()  # or saving would wait for what others wrote before
    for kind in KINDS if effort.is_long else ("softmax", "cnn"):
        yield interrupt(Reference(kind, data), effort.pick(1, 8))


def interrupt(reference: Reference, count: int) -> Outcome:
    """Interrupt runs at random moments, then resume each to its end."""
    outcome = Outcome(
        f"Ctrl-C or SIGTERM at a random moment of training {reference.kind}",
        f"the reached step is saved, exit 130 or 143 within {SIGNAL_SECONDS:.0f} s, and the next "
        "start ends in the bits of an undisturbed run",
    )
    moments, longest = Random(f"signals {reference.kind}"), 0.0
    for number in itertools.count():
        if outcome.tried == count:
            break
        name, wanted = f"signal-{number}", (signal.SIGINT, signal.SIGTERM)[number % 2]
        process = reference.start(name)
        sent = stop(process, moments.uniform(STARTED, reference.seconds), wanted)
        ended = finish(process)
        if sent:
            outcome.tried += 1
            longest = max(longest, time.monotonic() - sent)
            outcome.expect(ended.code in (0, 128 + wanted), f"{name}: {ended.code} {ended.stderr}")
            outcome.expect("Traceback" not in ended.stderr, f"{name}: {ended.stderr[-300:]}")
            read_checkpoints(reference.directory(name), outcome)
        again = finish(reference.start(name))
        outcome.expect(again.code == 0, f"{name}: {again.stderr[-300:]}")
        outcome.expect(reference.find_end(name) == reference.end, f"{name}: other weights")
        shutil.rmtree(reference.directory(name))
    outcome.expect(longest <= SIGNAL_SECONDS, f"{longest:.1f} s from the signal to the end")
    outcome.note = f"at most {longest:.1f} s"
    return outcome
