"""Training, interrupted at random moments; its answer is timed, so nothing else must run."""

import itertools
import os
import shutil
import signal
import time
from collections.abc import Iterator
from random import Random

from stress.kills import KINDS, Whole, list_whole, make_data, stop
from stress.outcome import Effort, Outcome
from stress.tool import finish

SIGNAL_SECONDS = 2.0
"""Longest time from a signal to the end."""

STARTED = 0.5
"""Seconds after which Python has started, and a signal meets this project's code."""


def check(effort: Effort) -> Iterator[Outcome]:
    """Interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the background ignores it
    data = make_data(effort.directory)
    os.sync()  # or saving would wait until what others wrote before is on the disk
    for kind in KINDS if effort.is_long else ("softmax", "cnn"):
        yield interrupt(Whole(kind, data), effort.pick(1, 8))


def interrupt(whole: Whole, count: int) -> Outcome:
    """Interrupt runs at random moments, and let each go on to its end."""
    outcome = Outcome(
        f"Ctrl-C or SIGTERM at a random moment of training {whole.kind}",
        f"what was reached is saved, 130 or 143 within {SIGNAL_SECONDS:.0f} s, and the next start "
        "ends in the bits of an undisturbed run",
    )
    moments, longest = Random(f"signals {whole.kind}"), 0.0
    for number in itertools.count():
        if outcome.tried == count:
            break
        name, wanted = f"signal-{number}", (signal.SIGINT, signal.SIGTERM)[number % 2]
        process = whole.start(name)
        sent = stop(process, moments.uniform(STARTED, whole.seconds), wanted)
        ended = finish(process)
        if sent:
            outcome.tried += 1
            longest = max(longest, time.monotonic() - sent)
            outcome.expect(ended.code in (0, 128 + wanted), f"{name}: {ended.code} {ended.stderr}")
            outcome.expect("Traceback" not in ended.stderr, f"{name}: {ended.stderr[-300:]}")
            list_whole(whole.directory(name), outcome)
        again = finish(whole.start(name))
        outcome.expect(again.code == 0, f"{name}: {again.stderr[-300:]}")
        outcome.expect(whole.find_end(name) == whole.end, f"{name}: other weights")
        shutil.rmtree(whole.directory(name))
    outcome.expect(longest <= SIGNAL_SECONDS, f"{longest:.1f} s from the signal to the end")
    outcome.note = f"at most {longest:.1f} s"
    return outcome
