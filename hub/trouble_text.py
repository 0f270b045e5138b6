"""What is told of troubles: as data, and to people a title and a text. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from config.clock import stamp
from hub.delivery import TroubleType
from hub.trouble_words import TroubleLine, line
from hub.troubles import happened
from hub.view import DeviceView, Trouble

BY_NAME: Final = 3
"""Troubles of one kind that are each told in a sentence; of more, their rooms are listed."""
ROOMS: Final = 30
"""Rooms that one line lists."""


def trouble_json(trouble: Trouble) -> dict[str, Any]:
    """Return a trouble as the API and webhooks show it."""
    return {
        "key": trouble.key,
        "what": trouble.what,
        "device": trouble.device,
        "zone": trouble.zone,
        "cause": trouble.cause,
        "detail": trouble.detail,
        "since": stamp(trouble.since),
        "last": stamp(trouble.last),
        "count": trouble.count,
        "restored": None if trouble.restored is None else stamp(trouble.restored),
        "flapping": trouble.flapping,
        "clearable": trouble.restored is None and happened(trouble.key),
    }


def title_of(kind: TroubleType, troubles: Sequence[Trouble], devices: Mapping[str, DeviceView]) -> str:
    """Return a notice's one line; what leaves a room unprotected comes first."""
    groups = _groups(troubles, devices)
    head = groups[0]
    said = head[0].heading
    if head[0].trouble.what == "unprotected":
        said = said.upper()
    rooms = {each.trouble.device for each in head} - {None}
    if len(head) > max(len(rooms), 1):
        said += f", {len(head)} times"
    if len(rooms) > 1:
        where = f"{len(rooms)} rooms"
    else:
        where = head[0].where if len(head) == 1 else head[0].where.partition(", ")[0] if rooms else ""
    title = f"{said}: {where}" if where else said
    others = len(troubles) - len(head)
    if others:
        title += f", and {others} other trouble" + ("" if others == 1 else "s")
    return f"Over: {title}" if kind == "trouble.restored" else title


def text_of(
    kind: TroubleType, troubles: Sequence[Trouble], devices: Mapping[str, DeviceView], school: str
) -> str:
    """Return a notice's text."""
    lines = [title_of(kind, troubles, devices)]
    for group in _groups(troubles, devices):
        heading = group[0].heading
        if len(group) <= BY_NAME:
            lines += [f"- {heading}: {each.sentence}" for each in group]
        else:
            names = list(dict.fromkeys(each.where or each.detail for each in group))
            more = f" and {len(names) - ROOMS} more" if len(names) > ROOMS else ""
            lines.append(f"- {heading}, {len(group)} times: {', '.join(names[:ROOMS])}{more}")
    over = "It is well again." if kind == "trouble.restored" else "See the board's page of troubles."
    return "\n".join([*lines, f"{school}. {over}"])


def _groups(troubles: Sequence[Trouble], devices: Mapping[str, DeviceView]) -> list[list[TroubleLine]]:
    """Return troubles of a kind together, in the order in which they opened, rooms without a button first."""
    found: dict[str, list[TroubleLine]] = {}
    ordered = sorted(troubles, key=lambda trouble: (trouble.what != "unprotected", trouble.since))
    for trouble in ordered:
        found.setdefault(trouble.what, []).append(line(trouble, devices))
    return list(found.values())
