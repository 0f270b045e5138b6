"""The dispatcher, with channels that do as a test tells them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from hub.channels.dispatcher import Dispatcher
from hub.delivery import Delivery, Outcome
from tests.hub.channels.making import Outcomes, delivery, until

DELIVERED = Outcome("delivered", "HTTP 200")


class Line:
    """A channel whose attempts begin, and go on until the test lets them end."""

    kind = "line"

    def __init__(self, name: str = "hook", at_once: int = 1, targets: tuple[str, ...] = ("-",)) -> None:
        self.name = name
        self.at_once = at_once
        self.targets = targets
        self.begun: list[str] = []
        self.cut: list[str] = []
        self.closed = False
        self.go = threading.Event()
        self.act: Callable[[Delivery], Outcome] = lambda _: DELIVERED

    async def deliver(self, delivery: Delivery) -> Outcome:
        self.begun.append(delivery.id)
        try:
            while not self.go.is_set():
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            self.cut.append(delivery.id)
            raise
        return self.act(delivery)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def outcomes() -> Outcomes:
    return Outcomes()


@pytest.fixture
def run(outcomes: Outcomes) -> Iterator[Callable[..., Dispatcher]]:
    """Start a dispatcher of some channels; stopped after the test."""
    running = []

    def start(*channels: Line) -> Dispatcher:
        dispatcher = Dispatcher({channel.name: channel for channel in channels}, outcomes)
        dispatcher.start()
        running.append(dispatcher)
        return dispatcher

    yield start
    for dispatcher in running:
        dispatcher.stop(2)


Run = Callable[..., Dispatcher]


def test_a_delivery_is_attempted_and_its_outcome_reported(run: Run, outcomes: Outcomes) -> None:
    """The outcome is the channel's, with the time that it took."""
    line = Line()
    line.go.set()
    run(line).submit([delivery(1)])
    assert outcomes.of("d-1").verdict == "delivered"
    assert outcomes.of("d-1").said == "HTTP 200"
    assert outcomes.of("d-1").took_ms < 1000


def test_what_was_submitted_before_the_start_is_not_lost(outcomes: Outcomes) -> None:
    """A recorder may hand out what it still owes before the channels are up."""
    line = Line()
    line.go.set()
    dispatcher = Dispatcher({"hook": line}, outcomes)
    dispatcher.submit([delivery(1)])
    dispatcher.start()
    outcomes.of("d-1")
    assert dispatcher.stop(2)


def test_the_most_urgent_goes_first(run: Run, outcomes: Outcomes) -> None:
    """A panic's first notice does not wait behind the updates that were queued before it."""
    line = Line()
    dispatcher = run(line)
    dispatcher.submit([delivery(0)])
    until(lambda: line.begun)
    dispatcher.submit([delivery(1, urgency=12, owed_at=1), delivery(2, urgency=10, owed_at=2)])
    dispatcher.submit([delivery(3, urgency=0, owed_at=9)])
    line.go.set()
    until(lambda: len(outcomes.all) == 4)
    assert outcomes.ids() == ["d-0", "d-3", "d-2", "d-1"]


def test_a_channel_has_no_more_attempts_under_way_than_it_says(run: Run, outcomes: Outcomes) -> None:
    """The rest waits for a place."""
    line = Line(at_once=3)
    dispatcher = run(line)
    dispatcher.submit([delivery(number) for number in range(5)])
    until(lambda: len(line.begun) == 3)
    line.go.set()
    until(lambda: len(outcomes.all) == 5)


def test_a_hung_channel_delays_no_other(run: Run, outcomes: Outcomes) -> None:
    """With every place of one taken, another's delivery goes out at once."""
    hung, live = Line("hung"), Line("live")
    live.go.set()
    dispatcher = run(hung, live)
    dispatcher.submit([delivery(number, channel="hung") for number in range(20)])
    until(lambda: hung.begun)
    dispatcher.submit([delivery(99, channel="live")])
    assert outcomes.of("d-99").verdict == "delivered"
    assert outcomes.ids() == ["d-99"]


def test_an_id_that_waits_or_is_under_way_is_not_attempted_twice(run: Run, outcomes: Outcomes) -> None:
    """However often it is submitted; after its outcome it may be tried again."""
    line = Line()
    dispatcher = run(line)
    for _ in range(3):
        dispatcher.submit([delivery(1), delivery(2)])
    until(lambda: line.begun)
    dispatcher.submit([delivery(1), delivery(2)])
    line.go.set()
    until(lambda: len(outcomes.all) == 2)
    dispatcher.submit([delivery(1)])
    until(lambda: len(outcomes.all) == 3)
    assert line.begun == ["d-1", "d-2", "d-1"]


def test_a_withdrawn_delivery_is_not_attempted(run: Run, outcomes: Outcomes) -> None:
    """One that has begun goes on; nothing is reported of one that hadn't."""
    line = Line()
    dispatcher = run(line)
    dispatcher.submit([delivery(1), delivery(2), delivery(3)])
    until(lambda: line.begun)
    dispatcher.withdraw(["d-1", "d-2", "no such"])
    line.go.set()
    outcomes.of("d-3")
    assert outcomes.ids() == ["d-1", "d-3"]


def test_a_channel_that_raises_is_an_outcome_and_goes_on(run: Run, outcomes: Outcomes) -> None:
    """The words name the fault and its place, and nothing that the exception said."""
    line = Line()
    line.go.set()

    def fail(_: Delivery) -> Outcome:
        raise ZeroDivisionError("https://user:pa55word@hooks.example")

    line.act = fail
    dispatcher = run(line)
    dispatcher.submit([delivery(1)])
    said = outcomes.of("d-1")
    assert said.verdict == "temporary"
    assert "ZeroDivisionError at test_dispatcher.py:" in said.said
    assert "pa55word" not in said.said
    line.act = lambda _: DELIVERED
    dispatcher.submit([delivery(2)])
    assert outcomes.of("d-2") == Outcome("delivered", "HTTP 200", took_ms=outcomes.of("d-2").took_ms)


def test_a_channel_that_cancels_itself_is_an_outcome(run: Run, outcomes: Outcomes) -> None:
    """A cancellation that nobody asked for must not leave a delivery without an outcome."""
    line = Line()
    line.go.set()

    def cancel(_: Delivery) -> Outcome:
        raise asyncio.CancelledError

    line.act = cancel
    run(line).submit([delivery(1)])
    assert outcomes.of("d-1").verdict == "temporary"


def test_an_attempt_without_end_is_given_up(
    run: Run, outcomes: Outcomes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel that breaks its promise of a time-out can't keep a delivery for ever."""
    monkeypatch.setattr("hub.channels.dispatcher.LONGEST_ATTEMPT_S", 0.05)
    run(Line()).submit([delivery(1)])
    assert outcomes.of("d-1").verdict == "temporary"


def test_an_unknown_channel_is_a_permanent_failure_with_its_name(run: Run, outcomes: Outcomes) -> None:
    """Such as one taken out of the settings while something was owed over it."""
    run(Line()).submit([delivery(1, channel="pager")])
    assert outcomes.of("d-1") == Outcome("permanent", "the settings have no channel 'pager'")


def test_a_report_that_raises_stops_nothing(run: Run) -> None:
    """The channels outlive a fault of who listens to them."""
    line, heard = Line(), Outcomes()
    line.go.set()

    def report(delivery: str, outcome: Outcome) -> None:
        heard(delivery, outcome)
        raise RuntimeError

    dispatcher = Dispatcher({"hook": line}, report)
    dispatcher.start()
    dispatcher.submit([delivery(1), delivery(2)])
    until(lambda: len(heard.all) == 2)
    assert dispatcher.stop(2)


def test_a_stop_lets_what_is_under_way_end(outcomes: Outcomes) -> None:
    """And begins nothing more: that stays owed in the record."""
    line = Line()
    dispatcher = Dispatcher({"hook": line}, outcomes)
    dispatcher.start()
    dispatcher.submit([delivery(1), delivery(2)])
    until(lambda: line.begun)
    threading.Timer(0.05, line.go.set).start()
    assert dispatcher.stop(5)
    assert outcomes.ids() == ["d-1"]
    assert line.closed


def test_a_stop_ends_in_time_with_a_hung_attempt(outcomes: Outcomes) -> None:
    """It is cut off, without an outcome: what came of it is not known."""
    line = Line()
    dispatcher = Dispatcher({"hook": line}, outcomes)
    dispatcher.start()
    dispatcher.submit([delivery(1)])
    until(lambda: line.begun)
    began = time.monotonic()
    assert dispatcher.stop(0.5)
    assert time.monotonic() - began < 0.5
    assert outcomes.all == []
    assert line.cut == ["d-1"]
    assert line.closed


def test_a_stop_ends_in_time_with_a_channel_that_blocks_the_loop(outcomes: Outcomes) -> None:
    """It says that it could not; the thread ends with the process."""
    line, release = Line(), threading.Event()
    line.go.set()

    def block(_: Delivery) -> Outcome:
        release.wait(20)
        return DELIVERED

    line.act = block
    dispatcher = Dispatcher({"hook": line}, outcomes)
    dispatcher.start()
    dispatcher.submit([delivery(1)])
    until(lambda: line.begun)
    began = time.monotonic()
    assert not dispatcher.stop(0.3)
    assert time.monotonic() - began < 1
    release.set()
    assert dispatcher.stop(5)


@pytest.mark.parametrize("started", [True, False])
def test_it_may_be_stopped_twice_and_takes_nothing_after(outcomes: Outcomes, started: bool) -> None:
    """A late submission or withdrawal is let go, not raised about."""
    line = Line()
    line.go.set()
    dispatcher = Dispatcher({"hook": line}, outcomes)
    if started:
        dispatcher.start()
    assert dispatcher.stop(2)
    assert dispatcher.stop(2)
    dispatcher.submit([delivery(1)])
    dispatcher.withdraw(["d-1"])
    assert line.begun == []


def test_a_channel_is_warmed_up_after_the_start_and_may_fail_at_it(outcomes: Outcomes) -> None:
    """What is slow to load is loaded before it is needed; a failure shows at the first attempt."""

    class Warm(Line):
        warmed = False

        async def warm_up(self) -> None:
            self.warmed = True
            raise OSError

    warm = Warm()
    warm.go.set()
    dispatcher = Dispatcher({"hook": warm}, outcomes)
    dispatcher.start()
    until(lambda: warm.warmed)
    dispatcher.submit([delivery(1)])
    assert outcomes.of("d-1").verdict == "delivered"
    assert dispatcher.stop(2)


def test_a_channel_in_the_place_of_another_takes_what_waits(run: Run, outcomes: Outcomes) -> None:
    """What is under way ends by the old one, which is then let go; what waited goes by the new one."""
    old, new = Line(), Line()
    dispatcher = run(old)
    dispatcher.submit([delivery(1), delivery(2)])
    until(lambda: old.begun == ["d-1"])
    dispatcher.retune({"hook": new})
    old.go.set()
    new.go.set()
    assert outcomes.of("d-1").verdict == outcomes.of("d-2").verdict == "delivered"
    assert old.begun == ["d-1"]
    assert new.begun == ["d-2"]
    assert until(lambda: old.closed)
    assert not new.closed


def test_a_channel_that_stays_is_not_touched(run: Run, outcomes: Outcomes) -> None:
    """Beside it one is new and one is gone: what waited for that is dropped without a word."""
    stays, goes, comes = Line("stays"), Line("goes"), Line("comes")
    dispatcher = run(stays, goes)
    dispatcher.submit(
        [delivery(1, channel="stays"), delivery(2, channel="goes"), delivery(3, channel="goes")]
    )
    until(lambda: stays.begun and goes.begun)
    dispatcher.retune({"stays": stays, "comes": comes})
    dispatcher.submit([delivery(4, channel="comes"), delivery(5, channel="goes")])
    for line in (stays, goes, comes):
        line.go.set()
    for number in (1, 2, 4):
        assert outcomes.of(f"d-{number}").verdict == "delivered"
    assert outcomes.of("d-5").verdict == "permanent"
    assert until(lambda: goes.closed)
    assert (stays.closed, comes.closed) == (False, False)
    assert "d-3" not in outcomes.ids()


def test_a_channel_with_more_places_uses_them_at_once(run: Run) -> None:
    """The new one may have three under way: what waited for the old one's single place begins."""
    old, new = Line(), Line(at_once=3)
    dispatcher = run(old)
    dispatcher.submit([delivery(n) for n in range(1, 4)])
    until(lambda: old.begun)
    dispatcher.retune({"hook": new})
    assert until(lambda: len(new.begun) == 2)
    old.go.set()
    new.go.set()


def test_channels_that_change_while_it_stops_change_nothing(run: Run) -> None:
    """A stop ends what is there; a reload that comes behind it is nobody's."""
    old, new = Line(), Line()
    dispatcher = run(old)
    assert dispatcher.stop(2)
    dispatcher.retune({"hook": new})
    assert old.closed
    assert new.begun == []
