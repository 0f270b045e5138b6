"""A modem that is none: what a SIM7600 or EC25 would say, for the demo and for tests. Pure.

It answers by 3GPP TS 27.005 and 27.007, as far as :mod:`hub.modem.scripts` asks; whoever holds it plays
the people at the other phones.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hub.sms import network
from hub.sms.parts import Joiner, split
from hub.sms.pdu import PduError

_LINE: Final = re.compile(rb"([^\r\x1a\x1b]*)([\r\x1a\x1b])")


class Seen(NamedTuple):
    """A text that was sent."""

    to: str
    text: str
    references: tuple[int, ...]


class SimulatedModem:
    """One modem, its SIM and the network around it."""

    def __init__(self, pin: str | None = None) -> None:
        self.echo = True
        self.sim = "READY" if pin is None else "SIM PIN"
        self.registration = 1
        self.operator = "Simulated"
        self.rssi = 18
        self.seen: list[Seen] = []
        """Texts that were sent, each whole."""
        self.held: dict[int, str] = {}
        """Units of texts in its memory, by place."""
        self.call: tuple[str, int] | None = None
        """Whom it calls, and how that stands: 0 answered, 2 dialling, 3 ringing."""
        self.called: list[str] = []
        self._pin = pin
        self._reference = 0
        self._notices = "0,0,0,0,0"
        self._waits_for_unit = False
        self._written = b""
        self._joiner = Joiner()
        self._parts: dict[str, list[int]] = {}
        self._incoming = 0
        self._tells_keys = ""

    # --- the line ---

    def write(self, octets: bytes) -> bytes:
        """Take what was written to it; returns what it says."""
        self._written += octets
        out = b""
        while found := _LINE.match(self._written):
            self._written = self._written[found.end() :]
            out += found[0] if self.echo else b""
            line = found[1].decode("ascii", "replace").strip()
            if self._waits_for_unit:
                self._waits_for_unit = False
                if found[2] == b"\x1b":
                    out += said("OK")
                else:
                    out += self.answer_unit(line)
            elif found[2] == b"\r" and line.upper().startswith("AT"):
                out += self.answer(line)
        return out

    def answer(self, line: str) -> bytes:
        """Return what it says to a command."""
        rest = line[2:]
        name, mark, value = re.match(r"(&?\+?[A-Za-z]+)?(=|\?)?(.*)", rest).groups(default="")  # type: ignore[union-attr]
        if rest.upper().startswith("D"):
            return self._dial(rest[1:].rstrip(";"))
        known = _ANSWERS.get(name.upper())
        if known is None:
            return said("OK") if not rest else said("ERROR")
        return known(self, mark, value)

    def answer_unit(self, line: str) -> bytes:
        """Return what it says to a text's unit: the network takes it."""
        try:
            found = network.read_submit(bytes.fromhex(line))
        except (PduError, ValueError):
            return said("+CMS ERROR: 304")
        self._reference = self._reference % 255 + 1
        references = self._parts.setdefault(found.number, [])
        references.append(self._reference)
        text = self._joiner.take(found.number, found.part, 0.0)
        if text is not None:
            self.seen.append(Seen(found.number, text, tuple(self._parts.pop(found.number))))
        return said(f"+CMGS: {self._reference}", "OK")

    # --- the people at the other phones ---

    def receive(self, sender: str, text: str) -> bytes:
        """Take a text from somebody; returns what the modem says of it unasked."""
        out = b""
        self._incoming = self._incoming % 255 + 1
        for part in split(text, self._incoming):
            place = next(n for n in range(1, 256) if n not in self.held)
            self.held[place] = network.deliver(sender, part)[0].hex().upper()
            out += said(f'+CMTI: "SM",{place}') if self._notices.startswith("2,1") else b""
        return out

    def report(self, reference: int, recipient: str, status: int = 0) -> bytes:
        """Take that a text has come to its phone, or not; returns what the modem says of it unasked."""
        unit, length = network.status_report(reference, recipient, status)
        return said(f"+CDS: {length}", unit.hex().upper())

    def pick_up(self) -> None:
        """Have the phone that is called answered."""
        assert self.call is not None  # noqa: S101 - nobody answers a phone that does not ring
        self.call = (self.call[0], 0)

    def press(self, key: str) -> bytes:
        """Have the person who was called press a key."""
        shown = str(ord(key)) if self._tells_keys == "+QTONEDET" else key
        return said(f"{self._tells_keys}: {shown}") if self._tells_keys else b""

    def hang_up(self, why: str = "NO CARRIER") -> bytes:
        """End the call from the other end."""
        self.call = None
        return said(why)

    # --- its commands ---

    def _ok(self, _: str, __: str) -> bytes:
        return said("OK")

    def _echo(self, _: str, value: str) -> bytes:
        self.echo = not value.endswith("0")
        return said("OK")

    def _cpin(self, mark: str, value: str) -> bytes:
        if mark == "?":
            return said(f"+CPIN: {self.sim}", "OK")
        if self.sim != "SIM PIN" or value.strip('"') != self._pin:
            return said("+CME ERROR: 16")
        self.sim = "READY"
        return said("OK")

    def _cnmi(self, mark: str, value: str) -> bytes:
        if mark == "=":
            self._notices = value
            return said("OK")
        return said(f"+CNMI: {self._notices}", "OK")

    def _creg(self, _: str, __: str) -> bytes:
        return said(f"+CREG: 0,{self.registration}", "OK")

    def _cereg(self, _: str, __: str) -> bytes:
        return said(f"+CEREG: 0,{self.registration}", "OK")

    def _csq(self, _: str, __: str) -> bytes:
        return said(f"+CSQ: {self.rssi},99", "OK")

    def _cops(self, _: str, __: str) -> bytes:
        return said(f'+COPS: 0,0,"{self.operator}",7', "OK")

    def _ddet(self, _: str, __: str) -> bytes:
        self._tells_keys = "+RXDTMF"
        return said("OK")

    def _cmgs(self, _: str, __: str) -> bytes:
        self._waits_for_unit = True
        return b"\r\n> "

    def _cmgl(self, _: str, __: str) -> bytes:
        lines = []
        for place, unit in sorted(self.held.items()):
            lines += [f"+CMGL: {place},1,,{len(unit) // 2 - 1}", unit]
        return said(*lines, "OK")

    def _cmgd(self, _: str, value: str) -> bytes:
        return said("OK") if self.held.pop(int(value), None) else said("+CMS ERROR: 321")

    def _dial(self, to: str) -> bytes:
        self.call = (to, 3)
        self.called.append(to)
        return said("OK")

    def _clcc(self, _: str, __: str) -> bytes:
        if self.call is None:
            return said("OK")
        to, stands = self.call
        return said(f'+CLCC: 1,0,{stands},0,0,"{to}",145', "OK")

    def _chup(self, _: str, __: str) -> bytes:
        self.call = None
        return said("OK")


def said(*lines: str) -> bytes:
    """Return lines as a modem says them."""
    return b"".join(b"\r\n" + line.encode("ascii", "replace") + b"\r\n" for line in lines)


_ANSWERS: Final = {
    "E": SimulatedModem._echo,
    "+CMEE": SimulatedModem._ok,
    "+CMGF": SimulatedModem._ok,
    "+CPIN": SimulatedModem._cpin,
    "+CNMI": SimulatedModem._cnmi,
    "+CREG": SimulatedModem._creg,
    "+CEREG": SimulatedModem._cereg,
    "+CSQ": SimulatedModem._csq,
    "+COPS": SimulatedModem._cops,
    "+DDET": SimulatedModem._ddet,
    "+CMGS": SimulatedModem._cmgs,
    "+CMGL": SimulatedModem._cmgl,
    "+CMGD": SimulatedModem._cmgd,
    "+CLCC": SimulatedModem._clcc,
    "+CHUP": SimulatedModem._chup,
}
