"""The dispatcher: hands deliveries to their channels, and what came of each attempt back.

One thread with an event loop of its own carries all channels. It decides no retry: each outcome goes
to ``report``, and who keeps the record submits the delivery again when it is due.
"""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from config import logs
from hub.channels.channel import BreaksOff, Channel, Desk, Hears, Probes, Warms
from hub.channels.lane import Lane
from hub.delivery import Delivery, Outcome

LONGEST_ATTEMPT_S: Final = 120.0
"""An attempt that outlives this is given up, whatever its channel promised: twice the longest time-out
that settings allow, so that only a channel's own fault comes to it."""
GRACE: Final = 0.7
"""The share of a stop's time-out that attempts under way have to end by themselves."""

_log = logs.get()


class Dispatcher:
    """All channels of a hub at work. Every method may be called from any thread."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        report: Callable[[str, Outcome], None],
        probed: Callable[[str, Outcome], None] | None = None,
        desk: Desk | None = None,
    ) -> None:
        """``report`` gets a delivery's id and outcome on the dispatcher's thread; it must not wait.

        ``probed`` gets a channel's name and whether its far side can be reached, of channels that can ask.
        ``desk`` hears people whose words come by a channel.
        """
        self._channels: dict[str, Channel] = {}
        self._lanes: dict[str, Lane] = {}
        self._report = report
        self._probed = probed
        self._desk = desk
        self._probing: dict[Channel, asyncio.Task[None]] = {}
        self._busy: Counter[Channel] = Counter()
        """Attempts under way."""
        self._retired: set[Channel] = set()
        """Channels in whose place others are, until their last attempt ends."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="channels", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: asyncio.Future[float] = self._loop.create_future()
        self._ending = False
        self._set(dict(channels))

    def start(self) -> None:
        """Begin; what was submitted before is attempted now."""
        self._thread.start()

    def submit(self, deliveries: Sequence[Delivery]) -> None:
        """Take deliveries, to be attempted as soon as their channels have a place.

        One whose id waits already or is under way is passed over. After :meth:`stop` nothing is
        taken: what is owed stays owed in the record.
        """
        if deliveries:
            self._call(self._take, tuple(deliveries))

    def withdraw(self, ids: Iterable[str]) -> None:
        """Drop those deliveries that have not begun; nothing is reported for them."""
        self._call(self._drop, tuple(ids))

    def retune(self, channels: Mapping[str, Channel]) -> None:
        """Carry these channels from now on: what is submitted after this goes by them.

        What waits for a channel whose name stays is attempted by the new one. One that is gone, or
        replaced, ends when its attempts under way have; what waited for one that is gone is dropped.
        """
        self._call(self._retune, dict(channels))

    def stop(self, timeout: float) -> bool:
        """Let attempts under way end, then end; what waits, or is cut off, stays owed.

        Returns within ``timeout`` seconds; False if a channel still holds the thread (which ends
        with the process).
        """
        if self._thread.ident is None:
            self._loop.close()
            return True
        self._call(self._finish, timeout)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _call(self, what: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *args)
        except RuntimeError:
            _log.debug("dispatcher has ended; nothing is taken", what=what.__name__)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._live())
        finally:
            self._loop.close()

    async def _live(self) -> None:
        for channel in self._channels.values():
            self._begin_with(channel)
        timeout = await self._end
        for probe in self._probing.values():
            probe.cancel()
        attempts = set(self._tasks)
        if attempts:
            await asyncio.wait(attempts, timeout=timeout * GRACE)
        for task in attempts:
            task.cancel()
        # One round for cancellations to arrive, and what is left of the time for farewells.
        left = {*self._channels.values(), *self._retired}
        farewells = {asyncio.create_task(channel.close()) for channel in left}
        if last := farewells | {task for task in attempts if not task.done()}:
            await asyncio.wait(last, timeout=timeout * (1 - GRACE) / 2)
        for task in farewells:
            if task.done() and not task.cancelled() and (error := task.exception()):
                _log.warning("a channel would not close", why=type(error).__name__)

    def _finish(self, timeout: float) -> None:
        self._ending = True
        if not self._end.done():
            self._end.set_result(timeout)

    def _set(self, channels: dict[str, Channel]) -> None:
        lanes: dict[str, Lane] = {}
        for name, channel in channels.items():
            lane = lanes[name] = self._lanes.get(name) or Lane(channel.at_once, len(channel.targets))
            lane.resize(channel.at_once, len(channel.targets))
        self._channels, self._lanes = channels, lanes

    def _begin_with(self, channel: Channel) -> None:
        if isinstance(channel, Hears) and self._desk is not None:
            channel.begin(self._desk)
        if isinstance(channel, Warms):
            self._spawn(self._warm_up(channel))
        if (
            isinstance(channel, Probes)
            and set(channel.targets) != set(channel.unasked)
            and self._probed is not None
        ):
            self._probing[channel] = self._loop.create_task(self._probe(channel, self._probed))

    def _retune(self, channels: dict[str, Channel]) -> None:
        if self._ending:
            return
        old = set(self._channels.values())
        new = [channel for channel in channels.values() if channel not in old]
        self._set(channels)
        for channel in old - set(channels.values()):
            if (probe := self._probing.pop(channel, None)) is not None:
                probe.cancel()
            self._retired.add(channel)
            self._let_go(channel)
        for channel in new:
            self._begin_with(channel)
        for name in channels:
            self._begin(name)

    def _let_go(self, channel: Channel) -> None:
        """Close a channel in whose place another is, once none of its attempts is under way."""
        if channel in self._retired and not self._busy[channel]:
            self._retired.discard(channel)
            del self._busy[channel]
            self._spawn(self._close(channel))

    async def _close(self, channel: Channel) -> None:
        try:
            await channel.close()
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            _log.warning("a channel would not close", why=type(error).__name__)

    def _take(self, deliveries: tuple[Delivery, ...]) -> None:
        if self._ending:
            return
        channels: dict[str, None] = {}
        for delivery in deliveries:
            lane = self._lanes.get(delivery.target.channel)
            if lane is None:
                said = f"the settings have no channel {delivery.target.channel!r}"
                self._tell(delivery, Outcome("permanent", said))
            elif lane.take(delivery):
                channels[delivery.target.channel] = None
        for name in channels:
            self._begin(name)

    def _drop(self, ids: tuple[str, ...]) -> None:
        for name, lane in self._lanes.items():
            channel = self._channels[name]
            for delivery in ids:
                lane.withdraw(delivery)
                if isinstance(channel, BreaksOff):
                    channel.break_off(delivery)

    def _begin(self, name: str) -> None:
        """Begin as many of a channel's attempts as it has places for."""
        lane, channel = self._lanes[name], self._channels[name]
        while not self._ending and (delivery := lane.begin()):
            self._busy[channel] += 1
            self._spawn(self._attempt(lane, channel, delivery))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, lane: Lane, channel: Channel, delivery: Delivery) -> None:
        began = time.perf_counter()
        try:
            outcome = await self._outcome(channel, delivery)
        finally:
            lane.end(delivery)
            self._busy[channel] -= 1
            self._let_go(channel)
        took = round((time.perf_counter() - began) * 1000)
        self._tell(delivery, replace(outcome, took_ms=took))
        if delivery.target.channel in self._lanes:
            self._begin(delivery.target.channel)

    async def _outcome(self, channel: Channel, delivery: Delivery) -> Outcome:
        """Make the attempt; whatever the channel raises is an outcome too."""
        try:
            async with asyncio.timeout(LONGEST_ATTEMPT_S):
                return await channel.deliver(delivery)
        except asyncio.CancelledError:
            if self._ending:
                raise
            return Outcome("temporary", "the channel broke its attempt off")
        except TimeoutError:
            return Outcome("temporary", f"the channel had not ended after {LONGEST_ATTEMPT_S:.0f} s")
        except Exception as error:  # noqa: BLE001 - a channel's fault must not end the others
            # An exception's own words may hold a URL with its credentials; its place never does.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
            _log.error("a channel failed", channel=channel.name, error=type(error).__name__, where=where)
            return Outcome("temporary", f"a fault in the channel itself ({type(error).__name__} at {where})")

    def _tell(self, delivery: Delivery, outcome: Outcome) -> None:
        _log.info(
            "delivery attempted",
            delivery=delivery.id,
            incident=delivery.incident,
            type=delivery.type,
            channel=delivery.target.channel,
            audience=delivery.target.audience,
            target=delivery.target.name,
            verdict=outcome.verdict,
            said=outcome.said,
            took_ms=outcome.took_ms,
        )
        try:
            self._report(delivery.id, outcome)
        except Exception:  # noqa: BLE001 - the channels go on; the record submits again what it misses
            _log.exception("an outcome could not be reported", delivery=delivery.id)

    async def _probe(self, channel: Probes, probed: Callable[[str, Outcome], None]) -> None:
        """Ask for a far side again and again; beside the notices, whose places it takes none of."""
        while True:
            try:
                probed(channel.name, await channel.probe())
            except Exception as error:  # noqa: BLE001 - a fault of ours says nothing of the far side
                _log.error("a channel's probe failed", channel=channel.name, error=type(error).__name__)
            await asyncio.sleep(channel.probe_every_s)

    async def _warm_up(self, channel: Warms) -> None:
        try:
            await channel.warm_up()
        except Exception as error:  # noqa: BLE001 - the first attempt will say what is wrong
            _log.warning("a channel could not be made ready", error=type(error).__name__)
