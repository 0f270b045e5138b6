"""How the site's posture changes: by a person, by a plan that may only raise it, by a drill. Pure.

Nothing that comes by itself lowers a posture, but that a drill's own goes with its drill. Each change
is a row of the record, bears a higher number, and leaves once it is committed, or from memory while
the disk is sick.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from config.clock import Now, read_stamp, stamp
from config.contract import OBEYED_N, Posture, PostureName
from hub.asking import Answer, PostureSet, Refused, SetPosture
from hub.decision import Decision
from hub.incident import Incident
from hub.inputs import Link, PostureHeard
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.posture import LOST, ORDER, RISES, Question, SitePosture, lowers, outranks
from hub.posture_notices import PostureNotices
from hub.record_chain import FORGOTTEN, Gone

FACT: Final = "posture"
"""The fact that keeps it. One that a restored backup brings may bear ``asks``."""
UNPUBLISHED: Final = "it is kept from before, and nobody has said that it still holds"
"""Why a person is asked, where nothing else is said."""
ASKED_MS: Final = 60_000
"""For so long a question answers every other: each press of a drill that became real would ask anew."""
QUESTION_KEPT: Final = 400
"""Characters of why a person is asked that are kept: what came last stands first."""
HEAR_S: Final = 2.0
"""Seconds that a hub on which nobody ever set a posture listens for the one that a broker keeps, once it is
connected, before it says its own. A broker sends what it keeps with its answer to the subscription."""
LAST_N: Final = 253_402_300_799_999
"""The highest number that is taken up: the last ms of the year 9999. No hub's clock gave a higher one, and
below what agents obey there is room for all that is still to be said."""


class Postures:
    """The posture of a site; ``normal`` at its first start."""

    def __init__(self, ledger: Ledger, notices: PostureNotices, facts: KeptFacts, now: Now) -> None:
        self._ledger = ledger
        self._notices = notices
        kept = facts.read(FACT, SitePosture)
        if kept is not None:
            self.current = kept
            if self.current.asks and self.current.asked is None:
                self.current = replace(self.current, asked=Question(UNPUBLISHED, now.wall))
        else:
            self.current = SitePosture(now.wall, "normal", drill=False, since=stamp(now.wall))
        self._began_empty = self.current.is_first
        self._was_linked = False
        self._listens_until = now.mono
        if FACT in facts.unread:
            self.say_nothing_yet()
        ledger.view.posture = self.current

    def kept(self) -> dict[str, str]:
        """Return what to store."""
        return {FACT: msgspec.json.encode(self.current).decode()}

    # --- by a person ---

    def take(self, decision: Decision, action: SetPosture, now: Now) -> Answer:
        """Set what a person says; what gives protection up is refused until it is confirmed."""
        was, to = self.current, action.posture
        if lowers(was, to) and action.confirm != was.n:
            return _unconfirmed(was, action)
        who: dict[str, Any] = {"by": action.by, "via": action.via, "note": action.note}
        if to == was.posture and was.by_person and was.asked is None:
            again = replace(was, seen=self._ledger.numbers.latest)
            self._ledger.record(
                decision, now, "posture-again", f"{to} still holds", detail=who | {"n": was.n}
            )
            self._keep(decision, again, now)
            return PostureSet(again, changed=False)
        set_ = self._changed(now, to, **who, automatic=False, seen=self._ledger.numbers.latest)
        self._put(decision, set_, _words(was, set_), who, now)
        return PostureSet(self.current, changed=True)

    def ask(self, decision: Decision, why: str, now: Now) -> None:
        """Ask the officer which posture is to hold; boards show it until a person sets one.

        One who holds a real posture has answered it. Another reason than a question's that has lain for a
        while asks once more, and the older one stands beside it: whoever let that lie hasn't heard of this.
        """
        was = self.current
        if was.by_person and was.posture != "normal" and was.asked is None:
            return
        if was.asked is None:
            self._question(decision, why, now)
        elif why not in was.asked.why and abs(now.wall - was.asked.since) > ASKED_MS:
            self._question(decision, f"{why}; before that: {was.asked.why}"[:QUESTION_KEPT], now)

    def _question(self, decision: Decision, why: str, now: Now) -> None:
        self._ledger.record(decision, now, "posture-asked", why, detail={"n": self.current.n})
        self._keep(decision, replace(self.current, asked=Question(why, now.wall)), now)

    def hold_back(self, decision: Decision, why: str, now: Now) -> None:
        """Publish nothing until a person sets a posture: nobody knows whether this one still holds."""
        self._ledger.record(decision, now, "posture-held-back", why, detail={"n": self.current.n})
        self._keep(decision, replace(self.current, asks=True, asked=Question(why, now.wall)), now)

    @property
    def may_be_said_again(self) -> bool:
        """A broker that is there again may be told at once; else :meth:`linked` sees to it, or a person."""
        return not (self.current.asks or self.current.is_first)

    def has_heard(self, now: Now) -> bool:
        """Tell whether a broker has had its time to say what it keeps: before that nothing is lowered.

        A hub that was killed may have told a real posture from memory, which its record doesn't have.
        """
        return self._was_linked and now.mono >= self._listens_until

    def linked(self, fact: Link, now: Now) -> None:
        """A broker is there: where nobody ever set a posture here, hear first what it keeps.

        This record may be a new one, of a site whose rooms are in lockdown.
        """
        if fact.which == "rest" and fact.up:
            self._was_linked = True
            self._listens_until = now.mono + HEAR_S
            if self.current.is_first:
                self._ledger.wake(self._listens_until, "posture", "")

    def look(self, decision: Decision, now: Now) -> None:
        """Say the first posture, if every broker has had its time to say another."""
        if self.current.is_first and now.mono >= self._listens_until:
            decision.posture = self.current.message()

    def heard(self, decision: Decision, fact: PostureHeard, now: Now) -> None:
        """Take up a newer one than ours: the rooms were told it, and our record has lost it.

        So a hub died that had told it from memory while the disk was sick, or this one has an older
        record, or none. The rooms obey nothing older; who set it isn't known, so a person is asked.
        """
        said, was = fact.posture, self.current
        if said.n > LAST_N:
            if said.n <= was.n:
                return  # our own, come back, or older: the rooms obey none that isn't newer
            words = f"a posture of number {said.n} ({said.posture}) was with the broker: no hub gave it"
            if said.n == OBEYED_N:
                words += "; no higher one is left that rooms which heard it obey: start their agents anew"
            self._ledger.trouble(decision, now, "posture far", "posture-far", words)
            if said.n < OBEYED_N:  # the rooms obey it, and nothing that isn't newer
                after = replace(was, n=said.n + 1)
                self._put(decision, after, f"{_words(was, after)}: numbered above what no hub gave", {}, now)
            else:
                decision.posture = was.message()
            return
        is_lost = said.posture != was.posture and (was.is_first or self._gave_up_unheard(said, now))
        if said.n <= was.n and not is_lost:
            return
        try:
            since = stamp(read_stamp(said.since))
        except ValueError:  # agents don't look at it
            since = stamp(now.wall)
        drill = " (drill)" if said.drill else ""
        why = f"the rooms hold {said.posture}{drill} since {since}: this hub's record has lost who set it"
        after = SitePosture(
            max(said.n, was.n + 1 if is_lost else 0),
            said.posture,
            said.drill,
            since,
            automatic=said.automatic,
            why=LOST,
            seen=was.seen,
            asked=Question(why, now.wall),
            asks=was.asks,
        )
        self._put(decision, after, f"{_words(was, after)}: {LOST}", {}, now)

    def _gave_up_unheard(self, said: Posture, now: Now) -> bool:
        """Tell whether an empty record came by itself to one that lowers what is heard only now."""
        was = self.current
        if not self._began_empty or was.by_person or now.mono >= self._listens_until:
            return False
        return not said.drill and lowers(SitePosture(said.n, said.posture, False, said.since), was.posture)

    def say_nothing_yet(self) -> None:
        """Let nobody be told the posture that was loaded: it is about to be held back."""
        self.current = self._ledger.view.posture = replace(self.current, asks=True)

    # --- by a plan ---

    def raise_for(
        self,
        decision: Decision,
        incident: Incident,
        posture: PostureName,
        now: Now,
        *,
        upgraded: bool = False,
    ) -> None:
        """Raise it as an incident's plan says; never in a drill, nor over what a person set.

        ``upgraded``: the incident has come to be of a higher kind now, which nobody could have known of.
        """
        was = self.current
        if incident.drill or (was.posture == posture and not was.drill):
            return
        if (why_not := self._why_not(incident, posture, upgraded=upgraded)) is not None:
            reason = f"its plan asks for {posture}; {was.posture} holds: {why_not}"
            self._ledger.record(decision, now, "posture-not-raised", reason, incident=incident.id)
            would_rise = posture in RISES[was.posture] and incident.kind != "duress"
            if was.by_person and was.asked is None and would_rise:
                words = (
                    f"incident {incident.number}: its plan asks for {posture}, and a person set {was.posture}"
                )
                self._question(decision, words, now)
            return
        why = f"incident {incident.number}"
        raised = self._changed(now, posture, automatic=True, why=why, seen=was.seen, asked=was.asked)
        reason = f"{_words(was, raised)}, by the plan of {why}"
        self._put(decision, raised, reason, {}, now, incident=incident.id)

    def _why_not(self, incident: Incident, posture: PostureName, *, upgraded: bool) -> str | None:
        """Name what keeps a plan from raising it; None where nothing does."""
        was = self.current
        if not self._ledger.settings.posture.plans_may_raise:
            return "the school lets no plan raise it"
        if incident.kind == "duress":
            return "a silent call, which nothing may show"
        if was.drill and incident.kind != "panic":
            return "it is a drill's, which a panic alone ends"
        if was.asks:
            return "a person is to say first which one does"
        if was.by_person and was.posture != "normal":
            return "a person set it"
        if incident.number <= was.seen and not upgraded:
            return "a person set it after this incident had opened"
        if was.posture not in ORDER:
            return "it answers another danger"
        return None if outranks(posture, was) else "it is no lower"

    # --- by a drill ---

    def begin_drill(self, decision: Decision, posture: PostureName, drill: str, now: Now) -> bool:
        """Show a drill's posture; False where a real one holds, which stays."""
        was = self.current
        if was.drill or was.posture != "normal" or was.asks:
            reason = f"drill {drill} has no posture: {was.posture} holds"
            self._ledger.record(decision, now, "posture-not-of-drill", reason, detail={"drill": drill})
            return False
        begun = self._changed(
            now,
            posture,
            drill=True,
            drill_id=drill,
            automatic=False,
            why=f"drill {drill}",
            seen=was.seen,
            asked=was.asked,
        )
        self._put(decision, begun, f"{_words(was, begun)}, of drill {drill}", {}, now)
        return True

    def end_drill(self, decision: Decision, drill: str, why: str, now: Now) -> None:
        """Go back to normal where the drill's own posture still stands with its mark; a question stays."""
        was = self.current
        if not was.drill or was.drill_id != drill:
            return
        over = f"drill {drill} is over"
        after = self._changed(
            now, "normal", automatic=True, why=over, seen=was.seen, asked=was.asked, asks=was.asks
        )
        self._put(decision, after, f"{_words(was, after)}: drill {drill}: {why}", {}, now)

    def take_drill_off(self, decision: Decision, why: str, now: Now) -> None:
        """Let the word drill go, the posture stay: something real happened. The officer is asked at once."""
        was = self.current
        if not was.drill:
            return
        question = Question(f"{why}: the {was.posture} of a drill is real from now on", now.wall)
        real = self._changed(
            now, was.posture, automatic=True, why=why, seen=was.seen, asked=question, asks=was.asks
        )
        self._put(decision, real, f"{_words(was, real)}: {why}", {}, now)

    # --- writing ---

    def _changed(self, now: Now, posture: PostureName, *, drill: bool = False, **more: Any) -> SitePosture:
        """Return the next posture, with a number that every agent takes for newer."""
        before = self.current.n if self.current.n < OBEYED_N else 0  # an older release took up any
        n = max(before + 1, now.wall)
        return SitePosture(n, posture, drill, stamp(now.wall), **more)

    def _put(
        self,
        decision: Decision,
        after: SitePosture,
        reason: str,
        who: dict[str, Any],
        now: Now,
        incident: str | None = None,
    ) -> None:
        was = self.current
        detail = {
            "from": was.posture,
            "to": after.posture,
            "n": after.n,
            "drill": after.drill_id,
            "was_drill": was.drill_id,
            "automatic": after.automatic,
            "why": after.why,
            **who,
        }
        row = self._ledger.record(decision, now, "posture", reason, incident=incident, detail=detail)
        self._keep(decision, replace(after, row=row), now)
        decision.posture = after.message()

    def forget(self, decision: Decision, gone: Gone, now: Now) -> None:
        """Let go of who set the posture, and what they said, as the record does."""
        current = self.current
        bare = replace(
            current,
            by=FORGOTTEN if gone.names(current.row, "by", current.by) else current.by,
            note=FORGOTTEN if gone.names(current.row, "note", current.note) else current.note,
        )
        if bare != current:
            self._keep(decision, bare, now)

    def _keep(self, decision: Decision, after: SitePosture, now: Now) -> None:
        was, view = self.current, self._ledger.view
        self.current = after
        if was.asked is not None and after.asked != was.asked:
            self._notices.answered(decision, "the officer has answered, or is asked more", now)
        if after.asked is not None and after.asked != was.asked:
            self._notices.ask(decision, after.asked, after, now)
        decision.facts.update(self.kept())
        decision.shown.append(lambda: setattr(view, "posture", after))


def _words(was: SitePosture, after: SitePosture) -> str:
    return f"{_name(was)} → {_name(after)}"


def _name(one: SitePosture) -> str:
    return f"{one.posture} (drill)" if one.drill else one.posture


def _unconfirmed(was: SitePosture, action: SetPosture) -> Refused:
    asked = f"cannot set {action.posture}: {_name(was)} holds, and that gives it up"
    if action.confirm is None:
        detail = f"{asked}; confirm it with confirm = {was.n}"
    else:
        detail = f"{asked}; what was confirmed is not what holds now; look again, and confirm = {was.n}"
    return Refused("not-in-this-state", detail, was.posture, (f"confirm = {was.n}",), confirm=was.n)
