"""The site's posture: what it is, who set it, and which changes give protection up. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from config.contract import POSTURES, Posture, PostureName

RISES: Final[dict[PostureName, frozenset[PostureName]]] = {
    "normal": frozenset({"hold", "secure", "lockdown", "evacuate", "shelter"}),
    "hold": frozenset({"secure", "lockdown", "evacuate", "shelter"}),
    "secure": frozenset({"lockdown", "evacuate", "shelter"}),
    "lockdown": frozenset(),
    "evacuate": frozenset({"lockdown", "shelter"}),
    "shelter": frozenset({"lockdown", "evacuate"}),
}
"""From each posture: those that a person sets with one word.

Every other change gives protection up and is confirmed a second time. To leave a lockdown always is,
even for an evacuation: it sends people out of locked rooms.
"""

ORDER: Final[tuple[PostureName, ...]] = ("normal", "hold", "secure", "lockdown")
"""What a plan may raise through, lowest first. Evacuate and shelter answer other dangers: none of it."""
BY_PLAN: Final[tuple[PostureName, ...]] = ORDER[1:]
"""What a plan may set."""


LOST: Final = "the rooms were told it before the hub's record had it"
"""What is known of a posture that is found with a broker."""


class Question(Struct, frozen=True):
    """A person is asked which posture is to hold."""

    why: str
    since: int
    """Wall ms."""


class SitePosture(Struct, frozen=True):
    """The posture of a site, as it is kept and shown."""

    n: int
    posture: PostureName
    drill: bool
    since: str
    """As agents are told it."""
    drill_id: str | None = None
    """Of which drill, while ``drill``."""
    by: str | None = None
    """The person who set it; None: nobody did."""
    via: str | None = None
    note: str | None = None
    """What that person said with it: where to, which hazard."""
    automatic: bool | None = None
    """It came by itself; None: it is that of a site's first start, or of an older release."""
    why: str | None = None
    """What it came of, where it came by itself."""
    seen: int = 0
    """The newest incident's number when a person last set a posture: what they may have known of."""
    row: int = 0
    """Its row in the record, beside which the name and the words go when their time is over."""
    asked: Question | None = None
    asks: bool = False
    """It is not published until a person sets one."""

    @property
    def by_person(self) -> bool:
        """A person set it, and no drill: no plan replaces it."""
        return self.by is not None and not self.drill

    @property
    def is_said(self) -> bool:
        """A person set it, or the rooms hold it and nobody knows who did."""
        return self.by_person or self.why == LOST

    @property
    def is_first(self) -> bool:
        """It is that of a site's first start: nobody ever set one here."""
        return self.posture == "normal" and self.by is None and self.automatic is None and self.why is None

    def message(self) -> Posture | None:
        """Return what agents obey; None: nothing is said to them."""
        if self.asks:
            return None
        return Posture(
            v=1,
            n=self.n,
            posture=self.posture,
            drill=self.drill,
            since=self.since,
            automatic=self.automatic,
        )


def lowers(now: SitePosture, to: PostureName) -> bool:
    """Tell whether a person's change gives protection up, and is confirmed a second time.

    What a drill shows protects nobody: to call out something real over it is never asked twice.
    """
    if to == now.posture:
        return False
    real: PostureName = "normal" if now.drill and to != "normal" else now.posture
    return to not in RISES[real]


def outranks(asked_for: PostureName, now: SitePosture) -> bool:
    """Tell whether a plan's posture is higher than the one that holds."""
    if now.posture not in ORDER or asked_for not in BY_PLAN:
        return False
    return ORDER.index(asked_for) > ORDER.index(now.posture)


def confirmed_twice(now: SitePosture) -> tuple[PostureName, ...]:
    """Return what is asked twice from here."""
    return tuple(name for name in POSTURES if lowers(now, name))
