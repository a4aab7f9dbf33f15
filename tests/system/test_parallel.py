import itertools
import os
import signal
import subprocess
import sys

import pytest
from helpers import work

from mnistcli.system import parallel
from mnistcli.system.parallel import map_ahead


@pytest.fixture(autouse=True)
def start_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "START_AFTER_SECONDS", 1e-3)
    monkeypatch.setattr(parallel, "count_cores", lambda: 3)


@pytest.mark.slow
def test_results_keep_their_order_and_come_from_several_processes() -> None:
    made = list(map_ahead(work.tell_process, range(300)))

    assert [item for item, _ in made] == list(range(300))
    processes = {process for _, process in made}
    assert os.getpid() in processes
    assert len(processes) == 3


@pytest.mark.parametrize("items", [[], [7]])
def test_little_work_stays_in_this_process(items: list[int]) -> None:
    assert list(map_ahead(work.tell_process, items)) == [(item, os.getpid()) for item in items]


def test_a_single_core_has_a_single_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "count_cores", lambda: 1)

    assert {process for _, process in map_ahead(work.tell_process, range(20))} == {os.getpid()}


def test_only_a_few_items_are_taken_ahead() -> None:
    taken = itertools.count()
    stream = map_ahead(work.tell_process, taken)

    for _ in range(200):
        next(stream)

    assert next(taken) < 200 + 50
    stream.close()


@pytest.mark.slow
@pytest.mark.parametrize("function", [work.die_elsewhere, work.die_in_the_middle])
def test_the_work_of_a_process_that_dies_is_done_in_this_one(function) -> None:
    assert list(map_ahead(function, range(300))) == [function(item) for item in range(300)]


def test_all_is_done_in_this_process_if_others_cannot_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    made = list(map_ahead(work.tell_process, range(100)))

    assert made == [(item, os.getpid()) for item in range(100)]


@pytest.mark.slow
def test_closing_the_stream_ends_the_processes() -> None:
    stream = map_ahead(work.tell_process, itertools.count())
    others = {process for _, process in itertools.islice(stream, 300)} - {os.getpid()}

    stream.close()

    assert others
    for process in others:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_other_processes_end_with_this_one(number: int) -> None:
    script = [sys.executable, work.__file__]
    process = subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout.readline() == b"shared\n"

    process.send_signal(number)

    process.communicate(timeout=30)  # ends when all of them have closed standard output
    assert process.returncode
