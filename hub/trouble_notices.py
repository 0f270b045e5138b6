"""Telling people of troubles: once each, many together, with time to end by themselves. Pure.

A trouble is told of when it has been open for a while, together with all others that wait: a broker
that silences 60 rooms is one notice with a list. Its end is told the same way, to whom its beginning
was. Notices of troubles are owed, tried and recorded like those of incidents, after all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec.structs import replace

from config.clock import Now
from config.trouble_settings import TroublesSettings
from hub.bypass import Bypasses
from hub.decision import Decision
from hub.delivery import TROUBLE_URGENCY, Delivery, Target, TroubleType, delivery_id
from hub.kept_course import to_mono
from hub.ledger import Ledger
from hub.notice import words_body
from hub.outbound import Outbound
from hub.signals import Signals
from hub.trouble_text import text_of, title_of, trouble_json
from hub.view import Trouble

UNPROTECTED: Final = frozenset({"unprotected", "reach"})
"""Troubles that are told to whoever answers for a room without a button."""
AGREEMENT: Final = frozenset({"agreement", "agreement-soon", "joint-test", "not-connected"})
"""Troubles that are told to whoever signs the agreement with the police, and whoever works by it."""
WEEK_S: Final = 7 * 86_400.0
"""So often is told again what is due only in weeks."""
SOON_S: Final = 3600.0
"""What would be told again within this is told with the rest."""
NOBODY_S: Final = 900.0
"""Seconds after which it is tried again to find somebody on duty."""
TOGETHER: Final = 500
"""Troubles that one notice names as data; its text counts them all."""
AGAIN: Final = ", again"
"""How the reason of a notice ends that repeats what somebody was told before, and names all of it."""


class TroubleNotices:
    """Which troubles people have been told of, and which wait for it."""

    def __init__(
        self, ledger: Ledger, outbound: Outbound, bypasses: Bypasses, signals: Signals, now: Now
    ) -> None:
        self._ledger = ledger
        self._signals = signals
        self._outbound = outbound
        self._bypasses = bypasses
        self._due: dict[str, float] = {}
        """When an open trouble is to be told of: for the first time, or again."""
        self._ended: dict[str, tuple[float, Trouble]] = {}
        """Those that are over and were told of, and when that is to be told."""
        self._armed: float | None = None
        for key, trouble in ledger.troubles.open.items():
            wait = self._settings.after_s
            if trouble.told_at is not None:
                again = to_mono(trouble.told_at, now) + self._repeat_s - now.mono
                wait = min(max(again, wait), self._repeat_s)
            self._due[key] = now.mono + wait
        self._arm()

    def take(self, news: Mapping[str, Trouble], decision: Decision, now: Now) -> None:
        """Take which troubles opened and which were restored."""
        if any(trouble.restored is not None for trouble in news.values()):
            self._let_go(decision, now)
        for key, trouble in news.items():
            if trouble.restored is None:
                self._opened(decision, trouble, now)
            elif self._due.pop(key, None) is not None and trouble.told_at is not None:
                self._ended[key] = (now.mono + self._settings.after_s, trouble)
        if news:
            self._arm()

    def _let_go(self, decision: Decision, now: Now) -> None:
        """Withdraw what was owed again of troubles all over; what nobody was told of is always told."""
        open_ = self._ledger.troubles.open
        self._outbound.withdraw(
            decision,
            lambda owed: owed.reason.endswith(AGAIN) and not any(key in open_ for key in _named(owed)),
            "all that it repeats is over",
            now,
        )

    def look(self, decision: Decision, now: Now) -> None:
        """Tell what is ripe, and with it all that waits."""
        self._armed = None
        ripe = [key for key, at in self._due.items() if at <= now.mono]
        ended = [key for key, (at, _) in self._ended.items() if at <= now.mono]
        if ripe or ended:
            troubles = self._ledger.troubles.open
            waiting = [
                key
                for key, at in self._due.items()
                if troubles[key].told_at is None or at <= now.mono + SOON_S
            ]
            self._tell_open(decision, dict.fromkeys((*ripe, *waiting)), now)
            self._tell_ended(decision, now)
        self._arm()

    @property
    def _settings(self) -> TroublesSettings:
        return self._ledger.settings.troubles

    @property
    def _repeat_s(self) -> float:
        return self._settings.repeat_h * 3600

    def _opened(self, decision: Decision, trouble: Trouble, now: Now) -> None:
        ended = self._ended.pop(trouble.key, None)
        if ended is None or ended[1].told_at is None:
            self._due[trouble.key] = now.mono + self._settings.after_s
            return
        # People still believe that it is open: it is, and there is nothing to say.
        known = self._ledger.troubles.open.get(trouble.key, trouble)
        self._ledger.mark(decision, replace(known, told_at=ended[1].told_at, tellings=1))
        self._due[trouble.key] = now.mono + self._repeat_s

    def _tell_open(self, decision: Decision, keys: Iterable[str], now: Now) -> None:
        by_target: dict[Target, list[Trouble]] = {}
        for key in keys:
            trouble = self._ledger.troubles.open[key]
            targets = () if self._bypasses.is_silent(trouble) else self._targets(trouble, now)
            if not targets:
                self._due[key] = now.mono + NOBODY_S  # silenced, or nobody is on duty: looked at again
                continue
            for target in targets:
                by_target.setdefault(target, []).append(trouble)
            self._due[key] = now.mono + (WEEK_S if trouble.what == "agreement-soon" else self._repeat_s)
        for target, troubles in by_target.items():
            self._owe(decision, "trouble.opened", target, troubles, now)
        for trouble in {t.key: t for troubles in by_target.values() for t in troubles}.values():
            self._ledger.mark(decision, replace(trouble, told_at=now.wall, tellings=trouble.tellings + 1))

    def _tell_ended(self, decision: Decision, now: Now) -> None:
        by_target: dict[Target, list[Trouble]] = {}
        for _, trouble in self._ended.values():
            for target in self._targets(trouble, now):
                by_target.setdefault(target, []).append(trouble)
        self._ended.clear()
        for target, troubles in by_target.items():
            self._owe(decision, "trouble.restored", target, troubles, now)

    def _targets(self, trouble: Trouble, now: Now) -> tuple[Target, ...]:
        settings = self._settings
        audiences = settings.unprotected if trouble.what in UNPROTECTED else settings.notify
        audiences = settings.agreement if trouble.what in AGREEMENT else audiences
        directory = self._ledger.directory
        found = {
            (target.channel, target.name): target
            for audience in reversed(audiences)
            for target in directory.reach(audience, now.wall).targets
            if target.channel not in directory.mute and not directory.why_not_told(target)
        }
        # An end that two audiences share is told once, for the first.
        return (*found.values(), *self._signals.receivers_told_of(trouble))

    def _owe(
        self, decision: Decision, kind: TroubleType, target: Target, troubles: list[Trouble], now: Now
    ) -> None:
        ledger = self._ledger
        more: dict[str, object] = {"troubles": [trouble_json(trouble) for trouble in troubles[:TOGETHER]]}
        if ledger.directory.is_receiver(target):
            # A station is told once: what is open stays so until its restoral.
            news = [t for t in troubles if kind == "trouble.restored" or t.told_at is None]
            ended = kind == "trouble.restored"
            more["signals"] = self._signals.of_troubles(decision, target.channel, news, now, restoral=ended)
            if not news:
                return
        facts = "\0".join(f"{t.key}\0{t.since}\0{t.tellings}" for t in troubles)
        trace = blake2b(facts.encode("utf-8", "replace"), digest_size=12).hexdigest()
        devices = dict(ledger.view.devices)
        is_again = kind == "trouble.opened" and len(troubles) <= TOGETHER and all(t.told_at for t in troubles)
        again = AGAIN if is_again else ""
        body = words_body(
            kind,
            ledger.settings.site,
            target.audience,
            now.wall,
            title_of(kind, troubles, devices),
            text_of(kind, troubles, devices, ledger.settings.name),
            **more,
        )
        delivery = Delivery(
            id=delivery_id("", trace, target, kind, 0),
            incident="",
            number=0,
            target=target,
            type=kind,
            revision=0,
            urgency=TROUBLE_URGENCY,
            body=body,
            reason=f"{len(troubles)} {'trouble' if len(troubles) == 1 else 'troubles'}{again}",
            owed_at=now.wall,
        )
        self._outbound.owe(decision, delivery, now)

    def _arm(self) -> None:
        moments = [*self._due.values(), *(at for at, _ in self._ended.values())]
        first = min(moments, default=None)
        if first is not None and (self._armed is None or first < self._armed):
            self._armed = first
            self._ledger.wake(first, "notices", "")


def _named(delivery: Delivery) -> list[str]:
    """Return the keys of the troubles that a notice names."""
    return [trouble["key"] for trouble in msgspec.json.decode(delivery.body)["troubles"]]
