"""Which event to send now, over which link: repeated until the hub's receipt, never in its own way.

An event goes out on every link that is up. Without the broker's answer (PUBACK) within 1 s, or the
hub's receipt within 3 s, it is sent again, with pauses that double up to 30 s, for ever. What a broker
has accepted while no hub is heard is sent again only every 10 min, or copies would fill the broker;
and at once when the hub is heard again. A press goes before everything and waits for nothing.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

PUBACK_S: Final = 1.0
RECEIPT_S: Final = 3.0
LONGEST_S: Final = 30.0
UNHEARD_S: Final = 600.0
"""Between two copies of an event that a broker has, while no hub is heard."""
WINDOW = 100
"""Events other than presses that may wait for a broker's answer at once, on one link."""

Why = Literal["first", "no-puback", "no-receipt", "refused", "hub-unheard", "hub-heard-again", "link-up"]


class Send(NamedTuple):
    """Send an event over a link, with a fresh age."""

    link: str
    event: str
    why: Why


class Renew(NamedTuple):
    """A press got no answer: give the link's connection up and open a new one."""

    link: str


@dataclass(slots=True)
class _Copy:
    """One event on one link."""

    event: str
    urgent: bool
    order: int
    why: Why = "first"
    sends: int = 0
    sent_at: float | None = None
    answered: Literal["puback", "refused"] | None = None
    version: int = 0
    """Raised whenever it is scheduled anew: an entry of the heap with an older one is void."""

    @property
    def in_flight(self) -> bool:
        return self.sent_at is not None and self.answered is None


@dataclass(slots=True)
class _Link:
    up: bool = False
    beat: bool = False
    copies: dict[str, _Copy] = field(default_factory=dict)
    timers: list[tuple[float, int, str]] = field(default_factory=list)
    ready: list[tuple[bool, int, int, str]] = field(default_factory=list)
    """Due now: presses first, then in the order in which they happened."""
    in_flight: int = 0
    """Copies other than presses that wait for the broker's answer."""


class Retransmission:
    """Every event that is owed, on every link; it reads no clock."""

    def __init__(self, links: tuple[str, ...]) -> None:
        self._links = {name: _Link() for name in links}
        self._owed: dict[str, tuple[bool, int]] = {}

    def owe(self, event: str, *, urgent: bool, order: int) -> None:
        """An event is to be sent until :meth:`settle`; ``urgent`` for a press. Due at once."""
        self._owed[event] = (urgent, order)
        for link in self._links.values():
            copy = link.copies[event] = _Copy(event, urgent, order)
            if link.up:
                _make_ready(link, copy, "first")

    def settle(self, event: str) -> bool:
        """The hub has it, or it was given up: it is sent no more. False if it wasn't owed."""
        if self._owed.pop(event, None) is None:
            return False
        for link in self._links.values():
            copy = link.copies.pop(event)
            link.in_flight -= copy.in_flight and not copy.urgent
        return True

    def link_up(self, name: str, *, session_present: bool) -> None:
        """A link has a new connection: what no broker has accepted goes out at once.

        A broker that lost our session may have lost all it had accepted, too.
        """
        link = self._links[name]
        link.up, link.in_flight = True, 0
        link.timers.clear()
        link.ready.clear()
        for copy in link.copies.values():
            if not session_present or copy.answered != "puback":
                _make_ready(link, copy, "link-up" if copy.sends else "first")
            elif copy.sent_at is not None:
                _wait(link, copy, copy.sent_at)

    def link_down(self, name: str) -> None:
        """A link's connection is gone: nothing is sent on it until it is up again."""
        link = self._links[name]
        link.up, link.beat, link.in_flight = False, False, 0
        link.timers.clear()
        link.ready.clear()
        for copy in link.copies.values():
            if copy.answered is None:
                copy.sent_at = None  # what was unsent went with the connection

    def beat(self, name: str, *, heard: bool) -> None:
        """The hub is heard on a link, or no longer; heard again, it is sent all it may have missed."""
        link = self._links[name]
        if heard and not link.beat and link.up:
            for copy in link.copies.values():
                if copy.answered == "puback":
                    copy.sends = 0
                    _make_ready(link, copy, "hub-heard-again")
        link.beat = heard and link.up

    def answered(self, name: str, event: str, *, refused: bool) -> None:
        """The broker accepted a copy, or refused it."""
        link = self._links[name]
        copy = link.copies.get(event)
        if copy is None or copy.sent_at is None or not link.up:
            return
        link.in_flight -= copy.in_flight and not copy.urgent
        copy.answered = "refused" if refused else "puback"
        _wait(link, copy, copy.sent_at)

    def due(self, now: float) -> list[Send | Renew]:
        """Return what to do now, presses first, and take it as done."""
        wanted: list[Send | Renew] = []
        for name, link in self._links.items():
            renew = False
            for copy in _expired(link, now):
                renew |= copy.urgent and copy.why == "no-puback"
            if renew:
                # The copies that wait go out when the new connection is up.
                wanted.append(Renew(name))
                self.link_down(name)
                continue
            wanted += _take(name, link, now)
        rank = {event: (not urgent, order) for event, (urgent, order) in self._owed.items()} if wanted else {}
        wanted.sort(key=lambda want: rank[want.event] if isinstance(want, Send) else (False, -1))
        return wanted

    def next_deadline(self) -> float | None:
        """Return when :meth:`due` should be asked next, if nothing is told before."""
        soonest: float | None = None
        for link in self._links.values():
            _drop_void(link)
            if link.timers and (soonest is None or link.timers[0][0] < soonest):
                soonest = link.timers[0][0]
        return soonest

    def __len__(self) -> int:
        return len(self._owed)


def _backed_off(first: float, sends: int) -> float:
    return min(first * 2.0 ** min(max(sends - 1, 0), 10), LONGEST_S)


def _patience(copy: _Copy, *, beat: bool) -> tuple[float, Why]:
    """How long after it was sent a copy is sent again, and why."""
    if copy.answered == "refused":
        return LONGEST_S, "refused"
    if copy.answered is None:
        return _backed_off(PUBACK_S, copy.sends), "no-puback"
    if beat:
        return _backed_off(RECEIPT_S, copy.sends), "no-receipt"
    return UNHEARD_S, "hub-unheard"


def _make_ready(link: _Link, copy: _Copy, why: Why) -> None:
    link.in_flight -= copy.in_flight and not copy.urgent
    copy.why, copy.sent_at, copy.answered = why, None, None
    copy.version += 1
    heapq.heappush(link.ready, (not copy.urgent, copy.order, copy.version, copy.event))


def _wait(link: _Link, copy: _Copy, since: float) -> None:
    seconds, copy.why = _patience(copy, beat=link.beat)
    copy.version += 1
    heapq.heappush(link.timers, (since + seconds, copy.version, copy.event))


def _drop_void(link: _Link) -> None:
    while link.timers and _is_void(link, link.timers[0][2], link.timers[0][1]):
        heapq.heappop(link.timers)


def _is_void(link: _Link, event: str, version: int) -> bool:
    copy = link.copies.get(event)
    return copy is None or copy.version != version


def _expired(link: _Link, now: float) -> list[_Copy]:
    """Take the copies whose patience is over, and make them ready again."""
    expired: list[_Copy] = []
    while link.timers and link.timers[0][0] <= now:
        _, version, event = heapq.heappop(link.timers)
        if _is_void(link, event, version):
            continue
        copy = link.copies[event]
        sent_at = copy.sent_at if copy.sent_at is not None else now
        if sent_at + _patience(copy, beat=link.beat)[0] > now:
            _wait(link, copy, sent_at)  # the hub fell silent meanwhile: patience is longer now
            continue
        _make_ready(link, copy, copy.why)
        expired.append(copy)
    return expired


def _take(name: str, link: _Link, now: float) -> list[Send]:
    taken: list[Send] = []
    while link.ready:
        later, _, version, event = link.ready[0]
        if not _is_void(link, event, version):
            if later and link.in_flight >= WINDOW:
                break
            copy = link.copies[event]
            taken.append(Send(name, event, copy.why))
            copy.sends += 1
            copy.sent_at, copy.answered = now, None
            link.in_flight += not copy.urgent
            _wait(link, copy, now)
        heapq.heappop(link.ready)
    return taken
