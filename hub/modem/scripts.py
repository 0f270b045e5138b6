"""What is said to a modem, one conversation at a time. Pure.

Each is a generator of commands that is sent their answers.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final, NamedTuple

from hub.modem.at import PROMPT, Answer, Command, fields, is_unit, number
from hub.modem.errors import is_for_good, words
from hub.sms import pdu
from hub.sms.parts import Part

Said = Generator[Command, Answer, None]

REGISTERED: Final = frozenset({1, 5, 6, 7})
"""``+CREG`` and ``+CEREG`` (TS 27.007 clauses 7.2, 10.1.22): at home, roaming, and each for texts only."""
_REGISTRATION: Final = {
    0: "not registered, and not searching",
    2: "searching for a network",
    3: "the network refused the SIM",
    4: "out of coverage",
    8: "emergency calls only",
}
UNASKED: Final = "AT+CNMI=2,1,0,1,0"
"""Say when a text came (+CMTI), and hand reports over at once (+CDS): TS 27.005 clause 3.4.1."""
_HOLDS: Final = ["2", "1", "0", "1", "0"]
PIN_TRIES: Final = 2
"""Of three that a SIM allows; one that was answered by a refusal is the last."""
SEND_WITHIN_S: Final = 60.0
"""A network takes 3 to 6 s for a text; makers' manuals allow it 40 to 120."""
_READ: Final = Command("AT+CMGL=4", "+CMGL:", 15.0, with_units=True)
"""Every text that the modem holds, read or not."""


class State:
    """What is known of a modem, by what it last said."""

    def __init__(self) -> None:
        self.pin_tries = 0
        """How often the PIN was tried since the SIM took it last: the third wrong one locks the SIM."""
        self.clear()

    def clear(self) -> None:
        """Know nothing: it may be another modem, or another SIM."""
        self.sim = ""
        self.registration: int | None = None
        self.operator = ""
        self.signal: int | None = None
        self.ready = False
        """It is set up, and may be asked for everything."""

    @property
    def registered(self) -> bool:
        """A network has it."""
        return self.registration in REGISTERED

    @property
    def why_not(self) -> str:
        """Why no text can be sent; empty where one can."""
        if self.sim and self.sim != "READY":
            return _SIM.get(self.sim, self.sim)
        if not self.ready:
            return "the modem is being set up"
        if not self.registered:
            return _REGISTRATION.get(-1 if self.registration is None else self.registration, "not registered")
        return ""

    @property
    def words(self) -> str:
        """The network and how well it is heard."""
        where = f"registered with {self.operator}" if self.operator else "registered"
        roams = ", roaming" if self.registration in (5, 7) else ""
        heard = "" if self.signal is None else f", signal {self.signal} dBm"
        return f"{where}{roams}{heard}"


_SIM: Final = {
    "SIM PIN": "the SIM wants its PIN",
    "SIM PUK": "the SIM is locked: it wants its PUK",
    "PIN": "the SIM did not take the PIN of the settings; it is not tried again",
}


class Failed(Exception):  # noqa: N818 - no error: how a conversation ends early
    """A modem did not do what everything else stands on."""


def begin(state: State, pin: str | None) -> Said:
    """Set a modem up, from whatever state it was left in; raises :class:`Failed` where it can't be."""
    yield Command("ATE0")
    yield Command("AT+CMEE=1")
    yield from hang_up()  # what an earlier run, or one that hung, left standing
    yield from _unlock(state, pin)
    for line in ("AT+CMGF=0", UNASKED):
        answer = yield Command(line)
        if not answer.ok:
            raise Failed(f"{line}: {words(answer.final)}")
    # Which of them it knows depends on its maker; the other is refused, and that is all.
    yield Command("AT+DDET=1")
    yield Command("AT+QTONEDET=1")
    state.ready = True
    yield from look(state)


def _unlock(state: State, pin: str | None) -> Said:
    answer = yield Command("AT+CPIN?", "+CPIN:", 10.0)
    _note_sim(state, answer)
    if state.sim == "SIM PIN" and pin is not None:
        state.sim = "PIN"
        if state.pin_tries < PIN_TRIES:
            state.pin_tries += 1
            answer = yield Command(f'AT+CPIN="{pin}"', within_s=15.0, hidden=True)
            if answer.ok:
                state.sim, state.pin_tries = "READY", 0
            elif "SIM" not in words(answer.final):  # a refusal, and not a SIM that isn't awake yet
                state.pin_tries = PIN_TRIES
    if state.sim != "READY":
        raise Failed(_SIM.get(state.sim, state.sim))


def _note_sim(state: State, answer: Answer) -> None:
    found = [line.partition(":")[2].strip() for line in answer.lines]
    state.sim = found[-1] if answer.ok and found else words(answer.final)


def look(state: State) -> Said:
    """Ask a modem how it is; raises :class:`Failed` where it has forgotten what it was set up to."""
    answer = yield Command("AT+CNMI?", "+CNMI:")
    if answer.ok and fields((answer.lines or (":",))[-1]) != _HOLDS:
        raise Failed("the modem has forgotten its settings")
    _note_sim(state, (yield Command("AT+CPIN?", "+CPIN:", 10.0)))
    if state.sim != "READY":
        raise Failed(_SIM.get(state.sim, state.sim))
    found: list[int] = []
    for line, prefix in (("AT+CREG?", "+CREG:"), ("AT+CEREG?", "+CEREG:")):
        answer = yield Command(line, prefix, 10.0)
        found += [stat for text in answer.lines if (stat := registration(text)) is not None]
    state.registration = next((stat for stat in found if stat in REGISTERED), found[0] if found else None)
    answer = yield Command("AT+CSQ", "+CSQ:")
    state.signal = next((dbm for text in answer.lines if (dbm := signal(text)) is not None), None)
    answer = yield Command("AT+COPS?", "+COPS:", 15.0)
    state.operator = next((named for text in answer.lines if (named := operator(text))), "")


def registration(line: str) -> int | None:
    """Return the state in a ``+CREG`` or ``+CEREG`` line: an answer's second field, the first unasked."""
    found = fields(line)
    asked = len(found) > 1 and number(found[1]) is not None and '"' not in line.partition(",")[2][:2]
    return number(found[1] if asked else found[0])


def signal(line: str) -> int | None:
    """Return the dBm of a ``+CSQ`` line (TS 27.007 clause 8.5); None where it isn't known."""
    rssi = number(fields(line)[0])
    return None if rssi is None or rssi > 31 else -113 + 2 * rssi


def operator(line: str) -> str:
    """Return the operator's name in a ``+COPS`` line (TS 27.007 clause 7.3)."""
    found = fields(line)
    return found[2][:40] if len(found) > 2 else ""


class Handed(NamedTuple):
    """What came of a text that was handed to the modem."""

    references: tuple[int, ...] = ()
    """One for each of its parts, once the network has them all."""
    why: str = ""
    """Why it hasn't."""
    for_good: bool = False


def send(to: str, parts: Sequence[Part], came: list[Handed]) -> Said:
    """Send the parts of a text; what came of it goes on ``came``.

    Only a reference from the network and ``OK`` behind it, both after the unit was written, count.
    """
    references: list[int] = []
    for part in parts:
        unit, length = pdu.submit(to, part)
        answer = yield Command(f"AT+CMGS={length}", prompts=True)
        if answer.final == PROMPT:
            answer = yield Command(unit.hex().upper(), "+CMGS:", SEND_WITHIN_S, is_unit=True)
        given = [number(fields(line)[0]) for line in answer.lines]
        if not answer.ok or not given or given[-1] is None:
            said = "no reference from the network" if answer.ok else words(answer.final)
            behind = f" after {len(references)} of {len(parts)} parts" if references else ""
            came.append(Handed(why=f"{said}{behind}", for_good=is_for_good(answer.final)))
            return
        references.append(given[-1])
    came.append(Handed(tuple(references)))


class Held(NamedTuple):
    """A text in the modem's memory."""

    place: int
    unit: str


def read(held: list[Held]) -> Said:
    """List the texts that the modem holds, onto ``held``."""
    answer = yield _READ
    place: int | None = None
    for line in answer.lines:
        if line.startswith("+CMGL:"):
            place = number(fields(line)[0])
        elif place is not None and is_unit(line):
            held.append(Held(place, line))
            place = None


def delete(place: int) -> Said:
    """Delete a text from the modem's memory."""
    yield Command(f"AT+CMGD={place}", within_s=15.0)


def dial(to: str, came: list[str]) -> Said:
    """Dial a number for a voice call; the final result goes on ``came``."""
    answer = yield Command(f"ATD{to};", within_s=30.0, dials=True)
    came.append(answer.final)


def progress(came: list[int | None]) -> Said:
    """Ask how the call stands, by TS 27.007 clause 7.18: 0 is active, 2 dialling, 3 ringing; None: over."""
    answer = yield Command("AT+CLCC", "+CLCC:")
    voice = [found for line in answer.lines if len(found := fields(line)) > 3 and found[1] == "0" == found[3]]
    if answer.ok:
        came.append(number(voice[0][2]) if voice else None)


def hang_up() -> Said:
    """End every call."""
    yield Command("AT+CHUP", within_s=10.0)
