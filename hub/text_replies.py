"""Texts that come: what each person's phone was shown, and what their answers do. Pure.

A text is known by the number that it came from, and acknowledges what that phone had been shown some
seconds before: what came later nobody can have read.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

import msgspec

from config.clock import Now
from hub.asking import Acknowledge, Answer, Done, Note, Refused
from hub.decision import Decision
from hub.deeds import Deeds
from hub.delivery import Delivery
from hub.incident import Incident
from hub.incidents import Incidents
from hub.inputs import TextReported
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.replies import AsksStatus, Code, Other, Progress, kept, understood
from hub.text_words import TextCame, TextTaken
from hub.texts import code_of
from hub.view import Progress as Said

READ_MS: Final = 10_000
"""A text is read no sooner after the network took it: it takes some seconds, and so does a person."""
SHOWN_KEPT: Final = 20
"""Texts of one incident to one phone that are kept, the newest."""
STRANGERS: Final = 10
"""Texts of strangers that are written down within :data:`STRANGERS_S`; the others are counted."""
STRANGERS_S: Final = 600.0
_FACT: Final = "texted"
_PROGRESS: Final = "progress"
_HOW: Final = "Reply ACK and both numbers of the text to acknowledge. Reply STATUS for what is open."

_Shown = dict[str, dict[str, list[tuple[int, int]]]]
"""By incident and end: revisions, each with the wall time in ms at which the network took the text."""


class _Named(NamedTuple):
    """Which incident a text is of, or why that isn't known."""

    incident: Incident | None
    why: str = ""


class TextReplies:
    """Takes texts; keeps what each phone was shown."""

    def __init__(self, ledger: Ledger, incidents: Incidents, deeds: Deeds, facts: KeptFacts) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._deeds = deeds
        self._shown: _Shown = facts.read(_FACT, _Shown) or {}
        self._progress = facts.read(_PROGRESS, dict[str, tuple[Said, ...]]) or {}
        ledger.view.progress = dict(self._progress)
        self._helped: set[str] = set()
        """Numbers that were told how to answer, since they last sent something that is understood."""
        self._strangers: deque[float] = deque()
        self._unsaid = 0
        """Strangers' texts that were only counted."""

    def attempted(self, decision: Decision, delivery: Delivery, now: Now, *, delivered: bool) -> None:
        """Note that a phone is shown an incident at a revision."""
        is_text = delivery.target.channel in self._ledger.directory.texts
        if not (delivered and delivery.incident and is_text):
            return
        shown = self._shown.setdefault(delivery.incident, {}).setdefault(
            _end(delivery.target.channel, delivery.target.name), []
        )
        shown.append((delivery.revision, now.wall))
        del shown[:-SHOWN_KEPT]
        self._keep(decision)

    def reported(self, decision: Decision, fact: TextReported, now: Now) -> None:
        """Write down what the network reports of a text; one that has not come through is a trouble."""
        target = fact.target
        detail = {"audience": target.audience, "channel": target.channel, "target": target.name}
        what = "text-arrived" if fact.reached else "text-lost"
        self._ledger.record(decision, now, what, fact.words, incident=fact.incident or None, detail=detail)
        key = f"channel {target.channel} {target.name}"
        if not fact.reached:
            self._ledger.trouble(decision, now, key, "channel", f"{target.channel}: {fact.words}")
            if fact.incident:
                self._incidents.attempted(decision, fact.incident, target, now, delivered=False)

    def rewrite(self, decision: Decision, moved_ms: int, _: Now) -> None:
        """Store every moment anew, by a wall clock that has jumped by this much."""
        for ends in self._shown.values():
            for end, shown in ends.items():
                ends[end] = [(revision, at + moved_ms) for revision, at in shown]
        if self._shown:
            self._keep(decision)

    def take(self, decision: Decision, came: TextCame, now: Now) -> Answer:
        """Do what a text asks, and say what its sender is to be told."""
        if not came.target:
            self._stranger(decision, came, now)
            return TextTaken()
        meaning = understood(came.text)
        if isinstance(meaning, Other):
            return self._not_understood(decision, came, now)
        self._helped.discard(came.number)
        if isinstance(meaning, AsksStatus):
            self._record(decision, came, "asks for the status", now)
            return TextTaken(self._status(came))
        named = self._named(came, meaning.code, bare=isinstance(meaning, Progress))
        if named.incident is None:
            self._record(decision, came, named.why, now)
            return TextTaken(named.why)
        if isinstance(meaning, Progress):
            self._show(decision, named.incident, Said(came.by, meaning.word, now.wall))
            answer = self._deeds.answer(
                decision, Note(named.incident.id, came.by, came.via, kept(came.text)), now
            )
            return TextTaken(answer.detail if isinstance(answer, Refused) else "")
        return self._acknowledge(decision, came, named.incident, now)

    def _show(self, decision: Decision, incident: Incident, said: Said) -> None:
        """Have the board show what somebody said last; what they said before goes."""
        others = [one for one in self._progress.get(incident.id, ()) if one.by != said.by]
        kept = self._progress | {incident.id: (*others, said)}
        self._progress = {one: words for one, words in kept.items() if self._incidents.get(one) is not None}
        decision.facts[_PROGRESS] = msgspec.json.encode(self._progress).decode()
        shown = dict(self._progress)
        decision.shown.append(lambda: setattr(self._ledger.view, "progress", shown))

    def _acknowledge(self, decision: Decision, came: TextCame, incident: Incident, now: Now) -> Answer:
        revision = self._was_shown(came, incident, now)
        answer = self._deeds.answer(decision, Acknowledge(incident.id, came.by, came.via, revision), now)
        if isinstance(answer, Refused):
            return TextTaken(answer.detail)
        assert isinstance(answer, Done)  # noqa: S101 - an acknowledgement is refused, or this
        if answer.incident is incident:
            return TextTaken(f"Nothing to acknowledge: incident {incident.number} is {incident.state}.")
        return TextTaken()  # the notice of it comes by itself

    def _was_shown(self, came: TextCame, incident: Incident, now: Now) -> int:
        """Return up to which revision the sender can have read; the first that they were shown, in doubt."""
        shown = self._shown.get(incident.id, {}).get(_end(came.channel, came.target), [])
        read = [revision for revision, at in shown if at + READ_MS <= now.wall]
        return max(read, default=min((revision for revision, _ in shown), default=1))

    def _named(self, came: TextCame, code: Code | None, *, bare: bool) -> _Named:
        """Find the incident of a code; ``bare``: without one, the only one that this phone was told of."""
        unresolved, end = self._unresolved(), _end(came.channel, came.target)
        mine = [one for one in unresolved if end in self._shown.get(one.id, {})]
        if code is None:
            if bare and len(mine) == 1:
                return _Named(mine[0])
            return _Named(None, _which(came, mine))
        found = next((one for one in unresolved if one.number == code.number), None)
        if found is None:
            return _Named(None, f"Incident {code.number} is not open. Reply STATUS for what is.")
        if code_of(found.id, came.channel, came.target) != code.code:
            return _Named(None, f"That is not the code of your text. {_which(came, mine)}")
        return _Named(found)

    def _unresolved(self) -> list[Incident]:
        """Return the unresolved incidents, the gravest and the newest first."""
        found = self._incidents.unresolved()
        return sorted(
            found, key=lambda one: (one.kind == "door", one.drill, one.state != "open", -one.number)
        )

    def _status(self, came: TextCame) -> str:
        unresolved = self._unresolved()
        if not unresolved:
            return "Nothing is open."
        said = [f"{len(unresolved)} open"]
        for one in unresolved[:3]:
            rooms = f"{one.rooms[0].place.room}" + (f" +{len(one.rooms) - 1}" if len(one.rooms) > 1 else "")
            who = f", {one.acknowledged.by} has it" if one.acknowledged is not None else ""
            code = code_of(one.id, came.channel, came.target)
            drill = "DRILL " if one.drill else ""
            said.append(f"{drill}{one.kind.upper()} {rooms}{who} (ACK {one.number} {code})")
        return ": ".join((said[0], "; ".join(said[1:])))

    def _not_understood(self, decision: Decision, came: TextCame, now: Now) -> Answer:
        """Say once how to answer: whatever answers by itself would go on for ever."""
        self._record(decision, came, "not understood", now)
        if came.number in self._helped:
            return TextTaken()
        self._helped.add(came.number)
        return TextTaken(_HOW)

    def _stranger(self, decision: Decision, came: TextCame, now: Now) -> None:
        while self._strangers and self._strangers[0] + STRANGERS_S <= now.mono:
            self._strangers.popleft()
        if len(self._strangers) >= STRANGERS:
            self._unsaid += 1
            return
        self._strangers.append(now.mono)
        more = f"; {self._unsaid} more were only counted" if self._unsaid else ""
        self._unsaid = 0
        detail = {"channel": came.channel, "person": kept(came.number), "note": kept(came.text)}
        why = f"from a number that the settings don't have: nothing is done{more}"
        self._ledger.record(decision, now, "text-ignored", why, detail=detail)

    def _record(self, decision: Decision, came: TextCame, why: str, now: Now) -> None:
        detail = {"by": came.by, "via": came.via, "channel": came.channel, "note": kept(came.text)}
        self._ledger.record(decision, now, "text-came", why, detail=detail)

    def _keep(self, decision: Decision) -> None:
        """Keep what was shown of incidents that are not over."""
        self._shown = {one: ends for one, ends in self._shown.items() if self._incidents.get(one) is not None}
        decision.facts[_FACT] = msgspec.json.encode(self._shown).decode()


def _end(channel: str, name: str) -> str:
    return f"{channel}/{name}"


def _which(came: TextCame, incidents: list[Incident]) -> str:
    """Say what to send."""
    if not incidents:
        return "Nothing that you were told of is open."
    codes = [f"ACK {one.number} {code_of(one.id, came.channel, came.target)}" for one in incidents[:3]]
    return f"Reply {' or '.join(codes)}"
