"""What the causes of a zone's alarms, tampers and troubles are called in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from config.contract import shown
from config.topics import is_id

FAULTS: Final = {
    "cut": "wire cut",
    "short": "wire shorted",
    "conflict": "contacts contradict each other",
    "stuck": "pressed for more than 5 min: can't call again until it is released",
    "chatter": "opens and closes again and again",
    "unreadable": "can't be read",
}
"""The causes of a tamper or a trouble; one that isn't here is shown as it came."""

DOUBTS: Final = {
    "cut": "pressed or cut: check the room",
    "short": "pressed or shorted: check the room",
    "conflict": "pressed or contacts in conflict: check the room",
}
"""The causes of an alarm that may be a fault of the wires instead; an alarm of any other is certain."""


def fault_words(what: str, cause: str | None) -> str:
    """Return what is wrong with a zone, from a tamper's or a trouble's cause."""
    if cause:
        return FAULTS.get(cause) or shown(cause)
    return "a fault of its wiring, cause not told" if what == "tamper" else "cause not told"


def doubt(cause: str | None) -> str | None:
    """Return what people are told of an alarm with this cause; None where it is certainly a press."""
    return DOUBTS.get(cause or "")


def doubts(alarms: Iterable[tuple[tuple[str, str], str | None]]) -> dict[tuple[str, str], str]:
    """Return what is told of the buttons that may not have been pressed at all.

    ``alarms`` are all those of an incident, each as its button and its cause. One certain alarm of a
    button makes it certain.
    """
    found: dict[tuple[str, str], str] = {}
    certain = set()
    for button, cause in alarms:
        if (words := doubt(cause)) is None:
            certain.add(button)
        else:
            found[button] = words
    return {button: words for button, words in found.items() if button not in certain}


def fault_key(what: str, device: str, zone: str, cause: str | None) -> str:
    """Return the key of a zone's tamper or trouble, one for each cause that can be a name."""
    return f"{what} {device} {zone}" + (f" {cause}" if is_id(cause) else "")
