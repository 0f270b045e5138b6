"""A signal: one thing that a monitoring station is told, by the event codes of the field. Pure.

Contact ID codes are those of SIA DC-05, two-letter codes those of SIA DC-03; docs/dispatch.md says from
where each is known.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, get_args

from msgspec import Struct

SignalEvent = Literal[
    "panic",
    "duress",
    "medical",
    "assist",
    "door-open",
    "door-secure",
    "tamper",
    "trouble",
    "supervision",
    "bypass",
    "cancel",
    "periodic-test",
    "manual-test",
    "on-test",
    "tested",
]
SIGNAL_EVENTS: Final[tuple[SignalEvent, ...]] = get_args(SignalEvent)
HIGHEST_ZONE: Final = 999
"""Contact ID has three digits for a zone."""
NO_ZONE: Final = 0
"""Contact ID: no particular zone, or no particular user."""


class Code(NamedTuple):
    """How an event is called."""

    contact_id: str
    """Three digits."""
    sia: str
    """Two letters, as it begins."""
    sia_restoral: str
    """Two letters, as it is over."""
    words: str
    """For the text of a signal."""


CODES: Final[dict[SignalEvent, Code]] = {
    "panic": Code("120", "PA", "PH", "Panic"),
    "duress": Code("121", "HA", "HH", "Duress"),
    "medical": Code("100", "MA", "MH", "Medical"),
    "assist": Code("101", "QA", "QH", "Assistance"),
    "door-open": Code("426", "DL", "DH", "Door left open"),
    "door-secure": Code("423", "DF", "DR", "Door open that is to be closed"),
    "tamper": Code("383", "TA", "TR", "Tamper"),
    "trouble": Code("380", "UT", "UJ", "Trouble"),
    "supervision": Code("382", "EM", "EN", "Not heard from"),
    "bypass": Code("570", "UB", "UU", "Bypass"),
    "cancel": Code("406", "OC", "OC", "Cancelled"),
    "periodic-test": Code("602", "RP", "RP", "Periodic test"),
    "manual-test": Code("601", "RX", "RX", "Manual test"),
    "on-test": Code("607", "TS", "TE", "Test"),
    "tested": Code("615", "TX", "TX", "Tested, no alarm"),
}


class Signal(Struct, frozen=True):
    """What a monitoring station is told of."""

    event: SignalEvent
    sequence: int
    """Its number in DC-09, 1 to 9999: every try bears the same, so that a receiver knows a repeat."""
    zone: int = NO_ZONE
    """0 to :data:`HIGHEST_ZONE`; 0 is none in particular."""
    restoral: bool = False
    """It is over."""
    text: str = ""
    """For people: the room, most important first."""
