"""The machine is asked again and again how far its clock can be trusted."""

from __future__ import annotations

import pytest

from config.kernel_clock import Trust
from hub import clock_watch
from hub.inputs import ClockTrust
from tests.site import until


def test_it_asks_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it hears is an input; a question that fails is an answer, too: not known."""
    monkeypatch.setattr(clock_watch, "EVERY_S", 0.005)
    answers = [Trust(False), Trust(True, 7)]

    def ask() -> Trust:
        return answers.pop(0)  # and then raises

    put: list[ClockTrust] = []
    watch = clock_watch.ClockWatch(put.append, ask)
    watch.start()
    until("three answers", lambda: len(put) >= 3)
    watch.stop()
    assert put[:3] == [ClockTrust(False), ClockTrust(True, 7), ClockTrust(None)]
    count = len(put)
    watch.stop()
    assert len(put) == count


def test_one_that_never_started_may_be_stopped() -> None:
    clock_watch.ClockWatch(print).stop()


def test_this_machine_answers() -> None:
    assert clock_watch.trust().words in ("synchronised", "not synchronised", "not known")
