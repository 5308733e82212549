"""The process that computes answers ends what takes too long or too much, and goes on."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from playground.stubs import stub
from wengert.playground.worker import Worker, refusal


@pytest.fixture(scope="module")
def worker():
    worker = Worker(stub, seconds=10, memory=1 << 29)
    yield worker
    worker.close()


def message(answer):
    assert set(answer) == {"refused"}
    text = answer["refused"]["message"]
    assert "\n" not in text
    return text


def test_it_answers_in_another_process_that_is_kept(worker):
    first, second = worker.ask({"do": "hello"}), worker.ask({"do": "again"})
    assert (first["said"], second["said"]) == ("hello", "again")
    assert first["pid"] == second["pid"] != __import__("os").getpid()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux bounds and tells the memory of a process")
def test_too_much_memory_is_refused_and_the_process_goes_on(worker):
    before = worker.ask({"do": "hello"})["pid"]
    assert message(worker.ask({"do": "fill"})) == "This needs too much memory. Make the arrays smaller."
    assert worker.ask({"do": "hello"})["pid"] == before


def test_what_fails_is_said_in_one_line(worker):
    assert message(worker.ask({"do": "fail"})) == r"This failed. KeyError: 'two\nlines'"
    assert message(worker.ask({"do": "recurse"})) == "This is nested too deeply. Make the function smaller."


def test_a_process_that_ends_is_started_again(worker):
    before = worker.ask({"do": "hello"})["pid"]
    assert message(worker.ask({"do": "die"})).startswith("The computation was ended: it took more than 512 MiB")
    assert worker.ask({"do": "hello"})["pid"] != before


def test_what_takes_too_long_is_ended_and_the_next_one_is_answered():
    worker = Worker(stub, seconds=0.5)
    worker.start()
    try:
        before = worker.ask({"do": "hello"})["pid"]
        said = message(worker.ask({"do": "sleep"}))
        assert said == "This took longer than 0.5 seconds and was ended. Make the function smaller."
        worker.start()
        assert worker.ask({"do": "hello"})["pid"] != before
    finally:
        worker.close()


@pytest.mark.parametrize("what", ["sleep", "die"])
def test_another_process_comes_up_before_it_is_asked(what):
    worker = Worker(stub, seconds=1.0)
    worker.start()
    try:
        message(worker.ask({"do": what}))
        assert worker._process.is_alive()
        assert worker._connection.poll(60)  # it says that it is ready
        assert worker.ask({"do": "hello"})["pid"] == worker._process.pid
    finally:
        worker.close()


def test_it_ends_in_the_middle_of_an_answer_and_starts_no_other_process():
    worker = Worker(stub, seconds=50)
    worker.start()
    said = []
    asking = threading.Thread(target=lambda: said.append(message(worker.ask({"do": "sleep"}))))
    asking.start()
    while not worker._lock.locked():
        time.sleep(0.01)
    begin = time.monotonic()
    worker.close()
    asking.join(60)
    assert time.monotonic() - begin < 40  # and not the 50 seconds that an answer may take
    assert said[0].startswith("The computation was ended")
    assert worker._process is None
    assert message(worker.ask({"do": "hello"})).startswith("The process that computes did not start.")


def test_those_who_wait_too_long_are_told_that_it_is_busy():
    worker = Worker(stub, seconds=0.2)
    worker._lock.acquire()
    assert message(worker.ask({"do": "hello"})) == "The page is busy with other requests. Try again in a moment."


def test_requests_from_several_threads_do_not_mix(worker):
    said = {}

    def ask(k):
        said[k] = worker.ask({"do": f"hello {k}"})["said"]

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {k: f"hello {k}" for k in range(8)}


def test_a_refusal_is_one_line():
    assert refusal("a\n b", "point", (1, 2)) == {"refused": {"message": "a b", "field": "point", "span": (1, 2)}}
