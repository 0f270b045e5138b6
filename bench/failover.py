"""Fail-over: from the press to its event at a broker, when of two links one is sick, or both were.

    python -m bench.failover [--runs 20] [--silences 3] [--json FILE]

An agent with mock pins, in this process, has a link to each of two mosquittos, the first through a proxy
of ours that can swallow. The clock runs from just before the contact closes to the arrival at a subscriber
of the broker that is well, and so holds the 40 ms for which a contact must rest. Where both brokers were
gone, it runs from the moment at which one takes connections again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import structlog

from bench.measure import table
from config.connection import LONGEST_PAUSE_S
from tests.linked_room import LinkedRoom, Receipting
from tests.mosquitto import Mosquitto
from tests.proxy import Proxy
from tests.site import until

ZONE = "desk"
NOTHING: Callable[[], object] = lambda: None  # noqa: E731 - a value beside others of its kind


def main() -> int:
    """Measure, print a table, and write JSON if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20, help="presses of each kind")
    parser.add_argument("--silences", type=int, default=3, help="links that fall silent with no press")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    rows: dict[str, dict[str, float]] = {}
    with pair() as two:
        for what, fall, rise in (
            ("both well", NOTHING, NOTHING),
            ("one stopped", two.first.kill, two.first.start),
            ("one paused", two.first.pause, two.first.resume),
            ("one half-open", two.swallow, two.mend),
        ):
            taken = [two.press_when(fall, rise) for _ in range(options.runs)]
            rows[f"press to the other broker, {what} (ms)"] = figures(taken)
        # Long enough for the pauses between attempts to be at their longest, and in every phase of them.
        outages = [4 + LONGEST_PAUSE_S * i / options.runs for i in range(options.runs)]
        taken = [two.press_when_both_gone(outage) for outage in outages]
        rows["press while both are gone, from one's return (ms)"] = figures(taken)
        for what, fall, rise in (
            ("paused", two.first.pause, two.first.resume),
            ("half-open", two.swallow, two.mend),
        ):
            taken = [two.until_known(fall, rise) for _ in range(options.silences)]
            rows[f"until the loss is known, {what}, no press (ms)"] = figures(taken)
    taken = list(presses_alone(options.runs))
    rows["press over the only link, half-open, over its new connection (ms)"] = figures(taken)
    print(table(rows))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def figures(seconds: list[float]) -> dict[str, float]:
    """Return how many, the median and the longest, in ms."""
    if not seconds:
        return {"n": 0}
    return {
        "n": len(seconds),
        "median": round(median(seconds) * 1000, 1),
        "max": round(max(seconds) * 1000, 1),
    }


class Two:
    """A room with links to two brokers, and a subscriber at the second."""

    def __init__(
        self, first: Mosquitto, proxy: Proxy, second: Mosquitto, room: LinkedRoom, wire: Receipting
    ) -> None:
        self.first = first
        self._proxy = proxy
        self._second = second
        self._room = room
        self._wire = wire

    def swallow(self) -> None:
        """Make the first link half-open."""
        self._proxy.fault = "swallow"

    def mend(self) -> None:
        """Let bytes through again, over new connections."""
        self._proxy.fault = None
        self._proxy.drop()

    def press_when(self, fall: Callable[[], object], rise: Callable[[], object]) -> float:
        """Press right after the first link fell sick; return how long it took over the second."""
        self._room.wait_up("first", "second")
        fall()
        taken = press(self._room, self._wire)
        rise()
        return taken

    def press_when_both_gone(self, outage_s: float) -> float:
        """Press while no broker is there; return how long it took from the second's return.

        The press is at the beginning: it ends the pauses between attempts, which then grow again.
        """
        self._room.wait_up("first", "second")
        self._wire.close()
        self.first.kill()
        self._second.kill()
        self._room.wait_up()
        self._room.set_active(ZONE, True)
        until("the press is kept", lambda: self._room.look()["outbox"])
        time.sleep(outage_s)
        self._second.start()
        back = time.monotonic()
        self._wire = Receipting(self._second).open()
        taken = self._wire.press(ZONE).at - back
        release(self._room, self._wire, 0)
        self.first.start()
        return taken

    def until_known(self, fall: Callable[[], object], rise: Callable[[], object]) -> float:
        """Return how long the agent takes to know that a link is lost, without a press."""
        self._room.wait_up("first", "second")
        fall()
        fell = time.monotonic()
        self._room.wait_up("second", deadline_s=30)
        taken = time.monotonic() - fell
        rise()
        return taken

    def end(self) -> None:
        """Close the subscriber, which is another than at the beginning."""
        self._wire.close()


@contextlib.contextmanager
def pair() -> Iterator[Two]:
    """Two brokers, the proxy before the first, the room and the subscriber."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))
        first = stack.enter_context(Mosquitto(folder / "first"))
        second = stack.enter_context(Mosquitto(folder / "second"))
        proxy = stack.enter_context(Proxy(first.port))
        wire = Receipting(second).open()
        room = stack.enter_context(LinkedRoom(folder / "room", first=proxy.port, second=second.port))
        two = Two(first, proxy, second, room, wire)
        stack.callback(two.end)
        yield two


def presses_alone(runs: int) -> Iterator[float]:
    """Press where the only link's connection has become half-open, and a new one is well."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))
        broker = stack.enter_context(Mosquitto(folder / "broker"))
        proxy = stack.enter_context(Proxy(broker.port))
        wire = stack.enter_context(Receipting(broker))
        room = stack.enter_context(LinkedRoom(folder / "room", only=proxy.port))
        for _ in range(runs):
            room.wait_up("only")
            proxy.forget()
            yield press(room, wire)


def press(room: LinkedRoom, wire: Receipting) -> float:
    """Press and release; return how long the alarm took."""
    heard = len(wire.messages)
    pressed = time.monotonic()
    room.set_active(ZONE, True)
    taken = wire.press(ZONE, after=heard).at - pressed
    release(room, wire, heard)
    return taken


def release(room: LinkedRoom, wire: Receipting, heard: int) -> None:
    """Let the button go, and wait until the room has decided that and was told that all came."""
    room.set_active(ZONE, False)
    wire.restoral(ZONE, after=heard)
    until("all is received", lambda: room.look()["outbox"] == 0)


if __name__ == "__main__":
    raise SystemExit(main())
