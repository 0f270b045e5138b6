"""A cellular modem as a state machine: octets and moments in, octets and what happened out. Pure.

One conversation is under way at a time; the next is chosen by what matters most: hanging up, a text,
the call, texts that came, how the modem is. A modem that does not answer in time, or answers with
another's words, is opened anew, and set up from the beginning.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from hub.modem import scripts
from hub.modem.at import BOOTED, CALL_ENDS, ESCAPE, Answer, Command, Exchange, Splitter, is_unit, key_of
from hub.modem.call import Call, CallOver
from hub.modem.scripts import Failed, Handed, Held, Said, State
from hub.sms import pdu
from hub.sms.parts import Joiner, Part
from hub.sms.pdu import PduError, StatusReport

LOOK_EVERY_S: Final = 10.0
"""How often an idle modem is asked how it is: they stall in silence."""
ROUSE_S: Final = 1.0
ROUSE_TIMES: Final = 8
"""A modem that starts answers nothing for some seconds."""
QUIET_S: Final = 0.5
"""After its first answer a modem is left alone for so long: what it says then is of what went before."""
SILENT_S: Final = 15.0
"""A modem that owes an answer for so long is told of as one that hangs, though a network may be slow."""
AGAIN_S: Final = 3.0
"""Before a modem is opened anew."""
READ_EVERY_S: Final = 60.0
"""Texts that came are looked for so often, should nobody have said that one did."""

NOT_YET: Final = "not opened yet"
"""Texts wait for the first try."""


class Write(NamedTuple):
    """Octets for the modem."""

    octets: bytes


class Reopen(NamedTuple):
    """The line is to be closed, and opened anew when the modem is next due."""

    why: str


class Sent(NamedTuple):
    """What came of a text."""

    job: str
    handed: Handed


class Came(NamedTuple):
    """A text that came; its places in the modem's memory are kept until :meth:`Modem.taken`."""

    sender: str
    text: str
    places: tuple[int, ...]


class Reported(NamedTuple):
    """What the network reports of a text that it had taken."""

    report: StatusReport


class KeyPressed(NamedTuple):
    """The person who was called has pressed a key."""

    job: str
    key: str


Effect = Write | Reopen | Sent | Came | Reported | KeyPressed | CallOver


class _Text(NamedTuple):
    job: str
    to: str
    parts: Sequence[Part]


class Modem:
    """One modem. Times are monotonic seconds."""

    def __init__(self, pin: str | None = None) -> None:
        self.state = State()
        self._pin = pin
        self._is_open = False
        self._lines = Splitter()
        self._effects: list[Effect] = []
        self._said: Said | None = None
        self._exchange: Exchange | None = None
        self._due = 0.0
        """When the command under way has waited long enough, or what is waited for begins."""
        self._asked_at = 0.0
        self._rousing = 0
        self._quiet = False
        self._next_look = 0.0
        self._next_read = 0.0
        self._texts: deque[_Text] = deque()
        self._sending: tuple[_Text, list[Handed]] | None = None
        self._call: Call | None = None
        self._hang_up = False
        self._looks = False
        """What is under way only asks how the modem is."""
        self._held: list[Held] = []
        self._seen: dict[int, str] = {}
        """Texts that were handed on and are not deleted yet, by their place."""
        self._places: dict[str, list[int]] = {}
        """Places of the parts of each sender's texts that aren't whole yet."""
        self._joiner = Joiner()
        self._to_delete: deque[int] = deque()
        self._report_next = False
        self._lost = NOT_YET
        """Why the line is closed, or closed last; empty once the modem has been set up."""

    # --- what the shell tells ---

    def opened(self, mono: float) -> list[Effect]:
        """Take that the line is open: whoever is at its other end is roused, and set up."""
        self._is_open = True
        self._rouse(mono)
        return self._out()

    def closed(self, why: str, mono: float) -> list[Effect]:
        """Take that the line can't be opened, or is gone: unplugged, or in other hands."""
        self._give_up(why, mono)
        self._effects = [effect for effect in self._effects if not isinstance(effect, Reopen)]
        return self._out()

    def heard(self, octets: bytes, mono: float) -> list[Effect]:
        """Take octets from the modem."""
        for line in self._lines.feed(octets):
            self._heed(line, mono)
        return self._out()

    def text(self, job: str, to: str, parts: Sequence[Part], mono: float) -> list[Effect]:
        """Send a text; :class:`Sent` says what came of it."""
        self._texts.append(_Text(job, to, parts))
        if not self._is_open and self._lost != NOT_YET:
            self._fail_texts(self._lost)
        self._go_on(mono)
        return self._out()

    def call(self, job: str, to: str, mono: float) -> list[Effect]:
        """Call somebody; :class:`~hub.modem.call.CallOver` says what came of it. One call at a time."""
        if self._call is not None:
            self._effects.append(CallOver(job, "another call stands"))
        elif why := self.why_not:
            self._effects.append(CallOver(job, why))
        else:
            self._call = Call(job, to)
            self._go_on(mono)
        return self._out()

    def withdraw(self, job: str, mono: float) -> list[Effect]:
        """Send or call no more what has not begun; a call that stands is ended."""
        self._texts = deque(text for text in self._texts if text.job != job)
        if self._call is not None and self._call.job == job:
            self._end_call("no longer wanted", mono)
        return self._out()

    def taken(self, places: Sequence[int], mono: float) -> list[Effect]:
        """Delete texts that came: what they said is written down."""
        self._to_delete.extend(place for place in places if place in self._seen)
        self._go_on(mono)
        return self._out()

    def tick(self, mono: float) -> list[Effect]:
        """Do what is due."""
        if self._is_open and mono >= self._due and (self._exchange is not None or self._rousing):
            self._late(mono)
        self._go_on(mono)
        return self._out()

    def farewell(self) -> bytes:
        """Return what is last said before the line is closed for good: a call that stands is ended."""
        return Command("AT+CHUP").octets if self._is_open and (self._call or self._hang_up) else b""

    @property
    def deadline(self) -> float:
        """When :meth:`tick` is due next."""
        if not self._is_open or self._exchange is not None or self._rousing:
            return self._due
        call = [] if self._call is None else [self._call.due]
        return min(self._next_look, self._next_read, *call)

    @property
    def wants_open(self) -> bool:
        """The line is closed; it is to be opened once :attr:`deadline` has come."""
        return not self._is_open

    @property
    def why_not(self) -> str:
        """Why nothing can be sent now; empty where it can."""
        return self._lost or self.state.why_not

    def health(self, mono: float) -> tuple[bool, str]:
        """Return whether a text would be sent now, and in words how the modem is, or why not."""
        waits = 0.0 if self._exchange is None else mono - self._asked_at
        if self._exchange is not None and waits > SILENT_S:
            return False, f"the modem has not answered {self._exchange.command.shown} for {waits:.0f} s"
        why = self.why_not
        return not why, why or self.state.words

    # --- the modem's words ---

    def _heed(self, line: str, mono: float) -> None:
        if not self._is_open:
            return
        if self._rousing:
            if line == "OK" and not self._quiet:
                self._quiet, self._due = True, mono + QUIET_S
            return
        if self._exchange is not None and not self._is_unasked_unit(line):
            answer = self._exchange.take(line)
            if isinstance(answer, Answer):
                self._exchange = None
                if self._looks and self._texts:  # it can be asked later
                    self._said = None
                    self._go_on(mono)
                else:
                    self._resume(answer, mono)
                return
            if answer:
                return
        self._unasked(line, mono)

    def _is_unasked_unit(self, line: str) -> bool:
        return self._report_next and is_unit(line)

    def _unasked(self, line: str, mono: float) -> None:
        if self._is_unasked_unit(line):
            self._report(line)
        self._report_next = line.startswith("+CDS:")
        if line.startswith(("+CMTI:", "+CDSI:")):
            self._next_read = mono
            self._go_on(mono)
        elif line in BOOTED:
            self._give_up("the modem started anew", mono)
        elif self._call is not None:
            if (key := key_of(line)) is not None:
                self._effects.append(KeyPressed(self._call.job, key))
                self._end_call("", mono)
            elif line in CALL_ENDS:
                self._over(self._call.ended(line))
                self._go_on(mono)

    def _report(self, line: str) -> None:
        try:
            found = pdu.read(bytes.fromhex(line))
        except PduError:
            return
        if isinstance(found, StatusReport):
            self._effects.append(Reported(found))

    # --- conversations ---

    def _go_on(self, mono: float) -> None:
        """Begin the next conversation, if none is under way."""
        while self._is_open and not self._rousing and self._said is None:
            said = self._next(mono)
            if said is None:
                return
            self._said = said
            self._resume(None, mono)

    def _next(self, mono: float) -> Said | None:
        self._looks = False
        if not self.state.ready:
            return scripts.begin(self.state, self._pin)
        if self._hang_up:
            self._hang_up = False
            return scripts.hang_up()
        if self._texts:
            text = self._texts.popleft()
            if why := self.state.why_not:
                self._effects.append(Sent(text.job, Handed(why=why)))
                return self._next(mono)
            self._sending = (text, [])
            return scripts.send(text.to, text.parts, self._sending[1])
        if self._call is not None and mono >= self._call.due:
            return self._call.begin(mono)
        if self._to_delete:
            place = self._to_delete.popleft()
            self._seen.pop(place, None)
            return scripts.delete(place)
        if mono >= self._next_read:
            self._next_read = mono + READ_EVERY_S
            self._held = []
            return scripts.read(self._held)
        if mono >= self._next_look:
            self._next_look = mono + LOOK_EVERY_S
            self._looks = True
            return scripts.look(self.state)
        return None

    def _resume(self, answer: Answer | None, mono: float) -> None:
        """Go on with a conversation; it says the next thing, or is over."""
        assert self._said is not None  # noqa: S101 - whoever calls has begun one
        try:
            command = next(self._said) if answer is None else self._said.send(answer)
        except StopIteration:
            self._said = None
            self._ended(mono)
            self._go_on(mono)
        except Failed as why:
            self._said = None
            self._give_up(str(why), mono)
        else:
            self._ask(command, mono)

    def _ask(self, command: Command, mono: float) -> None:
        self._exchange = Exchange(command)
        self._asked_at, self._due = mono, mono + command.within_s
        self._effects.append(Write(command.octets))

    def _ended(self, mono: float) -> None:
        """Take what a conversation that is over has brought."""
        if self.state.ready and self._lost:
            self._lost = ""
            self._next_read = mono
            self._next_look = mono + LOOK_EVERY_S
        if self._sending is not None:
            text, came = self._sending
            self._sending = None
            self._effects.append(Sent(text.job, came[-1]))
        for held in self._held:
            self._take_held(held, mono)
        self._held = []
        if self._call is not None:
            self._over(self._call.look(mono))

    def _take_held(self, held: Held, mono: float) -> None:
        """Hand on a text that the modem holds, once; what can't be read is deleted."""
        if self._seen.get(held.place) == held.unit:
            return
        self._seen[held.place] = held.unit
        try:
            found = pdu.read(bytes.fromhex(held.unit))
        except PduError:
            self._to_delete.append(held.place)
            return
        if isinstance(found, StatusReport):
            self._effects.append(Reported(found))
            self._to_delete.append(held.place)
            return
        places = self._places.setdefault(found.sender, [])
        places.append(held.place)
        text = self._joiner.take(found.sender, found.part, mono)
        if text is not None:
            self._effects.append(Came(found.sender, text, tuple(self._places.pop(found.sender))))
        for sender, part in self._joiner.given_up(mono):
            self._effects.append(Came(sender, part, tuple(self._places.pop(sender, ()))))

    # --- calls ---

    def _over(self, over: CallOver | None) -> None:
        if over is not None:
            self._call = None
            self._hang_up = self._hang_up or over.stands
            self._effects.append(over)

    def _end_call(self, why: str, mono: float) -> None:
        assert self._call is not None  # noqa: S101 - whoever calls has looked
        self._over(CallOver(self._call.job, why, stands=True))
        self._go_on(mono)

    # --- a modem that is not there ---

    def _rouse(self, mono: float) -> None:
        self._said = self._exchange = None
        self._lines.drop()
        self._report_next = False
        self.state.clear()
        self._rousing, self._quiet = 1, False
        self._due = mono + ROUSE_S
        # An escape ends a text that somebody had begun.
        self._effects.append(Write(ESCAPE + b"AT\r"))

    def _late(self, mono: float) -> None:
        """Take that what was waited for has not come."""
        if self._quiet:
            self._rousing, self._quiet = 0, False
        elif self._rousing and self._rousing < ROUSE_TIMES:
            self._rousing += 1
            self._due = mono + ROUSE_S
            self._effects.append(Write(b"AT\r"))
        elif self._rousing:
            self._give_up("the modem does not answer", mono)
        elif self._exchange is not None:
            self._give_up(f"the modem did not answer {self._exchange.command.shown}", mono)

    def _give_up(self, why: str, mono: float) -> None:
        """End everything; the line is opened anew in a while."""
        self._said = self._exchange = None
        self._rousing, self._quiet = 0, False
        self._lost = why
        if self._is_open:
            self._effects.append(Reopen(why))
        self._is_open = False
        self._due = mono + AGAIN_S
        self.state.ready = False
        self._held = []
        self._seen.clear()
        self._places.clear()
        self._joiner = Joiner()
        self._to_delete.clear()
        if self._sending is not None:
            self._effects.append(Sent(self._sending[0].job, Handed(why=why)))
            self._sending = None
        self._fail_texts(why)
        if self._call is not None:
            self._over(CallOver(self._call.job, why))
        self._hang_up = False

    def _fail_texts(self, why: str) -> None:
        self._effects += [Sent(text.job, Handed(why=why)) for text in self._texts]
        self._texts.clear()

    def _out(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects
