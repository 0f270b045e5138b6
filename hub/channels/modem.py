"""The channel of text messages, by a cellular modem: texts out, people's answers in."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Final, NamedTuple

from config import logs
from hub.asking import Acknowledge, Answer
from hub.channels.aside import aside
from hub.channels.channel import PATH_PROBE_S, Desk
from hub.channels.modem_port import ModemPort
from hub.delivery import Delivery, Outcome
from hub.inputs import TextReported
from hub.modem.call import CallOver
from hub.modem.modem import Came, Effect, KeyPressed, Reported, Sent
from hub.modem.scripts import Handed
from hub.sms.parts import split
from hub.sms.pdu import StatusReport
from hub.text_words import TextCame, TextTaken
from hub.texts import text_of

LONGEST_S: Final = 100.0
"""An attempt lasts so long at most: a text of three parts on a slow network."""
STOP_S: Final = 3.0
SENT_KEPT: Final = 1000
"""Texts whose reports are waited for, the newest."""
NATIONAL: Final = 9
"""Digits of a number without its country's code by which it may be known."""

_log = logs.get()


class _Out(NamedTuple):
    """A text that the network has, and of whose parts it may report."""

    delivery: Delivery
    parts: frozenset[int]
    """References of those that have not been reported of."""


class Texts:
    """Texts to people, and by the same modem what they answer, and their phones ringing."""

    kind = "modem"
    at_once = 1
    """A modem sends one at a time: what is most urgent goes next, however much waits."""
    unasked: tuple[str, ...] = ()
    probe_every_s = PATH_PROBE_S

    def __init__(
        self,
        name: str,
        port: ModemPort,
        numbers: Mapping[str, str],
        people: Mapping[str, str],
        timezone: str,
    ) -> None:
        """``numbers`` and ``people`` have, by each target's name, its number and who it is."""
        self.name = name
        self.targets = tuple(numbers)
        self._port = port
        self._numbers = dict(numbers)
        self._people = dict(people)
        self._timezone = timezone
        self._jobs = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Effect]] = {}
        self._calls: dict[str, Delivery] = {}
        self._callers: dict[str, str] = {}
        self._sent: OrderedDict[tuple[str, int], _Out] = OrderedDict()
        """By number and reference."""
        self._desk: Desk | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self, desk: Desk) -> None:
        """Open the modem's line, and hear who answers."""
        self._desk, self._loop = desk, asyncio.get_running_loop()
        self._port.start(self._happened)

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Send one text."""
        number = self._numbers.get(delivery.target.name)
        if number is None:
            return Outcome("permanent", f"the settings have no number {delivery.target.name!r} any more")
        job = self._job()
        parts = split(text_of(delivery, self._timezone), next(self._jobs) % 256)
        effect = await self._outcome(job, lambda: self._port.text(job, number, parts))
        if not isinstance(effect, Sent):
            return Outcome("temporary", f"the modem did not send it within {LONGEST_S:.0f} s")
        return self._sent_as(delivery, number, effect.handed)

    async def ring(self, delivery: Delivery, number: str, by: str) -> Outcome:
        """Call somebody until they press a key; who does is ``by``."""
        job = self._job()
        self._calls[job], self._callers[job] = delivery, by
        try:
            effect = await self._outcome(job, lambda: self._port.call(job, number))
        finally:
            del self._calls[job], self._callers[job]
        if not isinstance(effect, CallOver):
            return Outcome("temporary", f"the call was not over within {LONGEST_S:.0f} s")
        return Outcome("temporary", effect.why) if effect.why else Outcome("delivered", "answered with a key")

    def break_off(self, delivery: str) -> None:
        """End the call of a delivery; a text that has begun is sent."""
        for job in [job for job, called in self._calls.items() if called.id == delivery]:
            self._port.withdraw(job)

    async def probe(self) -> Outcome:
        """Say whether the modem would send a text now; it is asked how it is every few seconds."""
        well, words = self._port.health()
        return Outcome("delivered" if well else "temporary", words)

    async def close(self) -> None:
        """Let the modem go."""
        await aside(lambda: self._port.stop(STOP_S), name=f"modem {self.name} ends")

    def _job(self) -> str:
        return str(next(self._jobs))

    async def _outcome(self, job: str, begin: Callable[[], None]) -> Effect | None:
        """Begin a job and wait for what comes of it; None where nothing does in time."""
        waiting: asyncio.Future[Effect] = asyncio.get_running_loop().create_future()
        self._waiting[job] = waiting
        try:
            begin()
            async with asyncio.timeout(LONGEST_S):
                return await waiting
        except TimeoutError:
            return None
        finally:
            del self._waiting[job]
            if not waiting.done() or waiting.cancelled():
                self._port.withdraw(job)

    def _sent_as(self, delivery: Delivery, number: str, handed: Handed) -> Outcome:
        if handed.why:
            return Outcome("permanent" if handed.for_good else "temporary", handed.why)
        out = _Out(delivery, frozenset(handed.references))
        for reference in handed.references:
            self._sent[number, reference] = out
            self._sent.move_to_end((number, reference))
        while len(self._sent) > SENT_KEPT:
            self._sent.popitem(last=False)
        shown = ", ".join(map(str, handed.references))
        return Outcome("delivered", f"the network has it (reference {shown})", shown)

    # --- on the port's thread ---

    def _happened(self, effect: Effect) -> None:
        assert self._loop is not None  # noqa: S101 - the port was started by begin
        try:
            self._loop.call_soon_threadsafe(self._take, effect)
        except RuntimeError:
            _log.debug("the channels have ended", channel=self.name)

    # --- on the loop ---

    def _take(self, effect: Effect) -> None:
        if isinstance(effect, Sent | CallOver):
            waiting = self._waiting.get(effect.job)
            if waiting is not None and not waiting.done():
                waiting.set_result(effect)
        elif isinstance(effect, Came):
            self._came(effect)
        elif isinstance(effect, Reported):
            self._reported(effect.report)
        elif isinstance(effect, KeyPressed):
            self._key(effect)

    def _key(self, pressed: KeyPressed) -> None:
        """Take that the person who was called has it in hand."""
        delivery = self._calls.get(pressed.job)
        if delivery is None or self._desk is None or not delivery.incident:
            return
        by = self._callers[pressed.job]
        self._desk.ask(Acknowledge(delivery.incident, by, "call", delivery.revision))

    def _came(self, came: Came) -> None:
        assert self._desk is not None  # noqa: S101 - as above
        target = self._whose(came.sender)
        by = self._people.get(target, "")
        asked = self._desk.ask(TextCame(self.name, target, came.sender, came.text, by))
        asked.add_done_callback(lambda answer: self._answered(came, answer))

    def _answered(self, came: Came, answered: Future[Answer]) -> None:
        """Delete a text once what it said is written down, and say what its sender is to be told."""
        answer = answered.result()
        self._port.taken(came.places)
        number = self._numbers.get(self._whose(came.sender))
        if isinstance(answer, TextTaken) and answer.reply and number is not None:
            self._port.text("reply", number, split(answer.reply, len(answer.reply) % 256))

    def _reported(self, report: StatusReport) -> None:
        number = self._numbers.get(self._whose(report.recipient), report.recipient)
        out = self._sent.get((number, report.reference))
        if out is None or report.progress == "trying" or self._desk is None:
            return
        delivery = out.delivery
        del self._sent[number, report.reference]
        left = out.parts - {report.reference}
        for reference in left:
            if (number, reference) in self._sent:
                self._sent[number, reference] = _Out(delivery, left)
        reached = report.progress == "delivered"
        if reached and left:
            return
        if not reached:
            for reference in left:
                self._sent.pop((number, reference), None)
        words = "the phone has it" if reached else f"the network gave it up (status {report.status})"
        self._desk.reported(TextReported(delivery.incident, delivery.target, reached, words))

    def _whose(self, number: str) -> str:
        """Return the target of a number; empty where it is nobody's.

        Some networks give a number without its country's code: then its last digits stand for it.
        """
        digits = number.lstrip("+0")
        national = len(digits) >= NATIONAL and not number.startswith("+")
        for name, known in self._numbers.items():
            if known == number or (national and known.endswith(digits)):
                return name
        return ""
