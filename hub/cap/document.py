"""A CAP 1.2 message of one notice of an incident. Pure.

The first that reaches somebody is an ``Alert``; each later one names those before it. What was no alarm is
cancelled; what was one ends by an update whose response is ``AllClear``. Section numbers are those of
OASIS Common Alerting Protocol Version 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree import ElementTree as ET

from msgspec import Struct

from config.channel_settings import CapSettings
from config.clock import read_stamp
from hub.notice import in_doubt, sentence_of

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
CATEGORY: Final = {
    "panic": "Security",
    "duress": "Security",
    "medical": "Health",
    "assist": "Security",
    "door": "Security",
}
SEVERITY: Final = {
    "panic": "Extreme",
    "duress": "Extreme",
    "medical": "Severe",
    "assist": "Moderate",
    "door": "Minor",
}
EVENT: Final = {
    "panic": "Panic alarm",
    "duress": "Duress alarm",
    "medical": "Medical emergency",
    "assist": "Assistance asked for",
    "door": "Door alarm",
}
NO_ALARM: Final = frozenset({"false-alarm", "test"})
"""Dispositions by which what was told is taken back."""
HEADLINE: Final = 160
"""Characters: what an SMS or a pager has room for (3.2.2, headline)."""
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold (2.2), and no reference can bring in."""
_NOT_IN_A_NAME: Final = re.compile(r"[\s,<&]")
"""What identifier and sender must not hold (3.2.1)."""


class Reference(Struct, frozen=True):
    """A message that was sent before."""

    identifier: str
    sent: str
    """As :func:`time_of` writes it."""


def time_of(text: str, later_h: float = 0) -> str:
    """Return a moment, or some hours after it, as CAP has it (3.3.2): whole seconds, ``-00:00`` for UTC."""
    seconds = read_stamp(text) // 1000 + later_h * 3600
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def document(
    notice: Mapping[str, Any],
    identifier: str,
    references: Sequence[Reference],
    settings: CapSettings,
    school: str,
    timezone: str,
) -> bytes:
    """Return the XML of a notice's body (:func:`hub.notice.body`), UTF-8 with its declaration.

    ``references`` are the messages that were sent before of this incident; with none it is an ``Alert``.
    ``school`` and ``timezone`` are the site's, for people.
    """
    incident = notice["incident"]
    ET.register_namespace("", NAMESPACE)
    alert = ET.Element(f"{{{NAMESPACE}}}alert")
    resolved = incident["resolved"]
    _add(alert, "identifier", _NOT_IN_A_NAME.sub("_", identifier))
    _add(alert, "sender", settings.sender)
    _add(alert, "sent", time_of(notice["at"]))
    _add(alert, "status", "Test" if notice["test"] else "Exercise" if incident["drill"] else "Actual")
    _add(alert, "msgType", _kind(references, resolved))
    _add(alert, "source", school)
    _add(alert, "scope", "Restricted")
    _add(alert, "restriction", settings.restriction)
    if references:
        named = (f"{settings.sender},{one.identifier},{one.sent}" for one in references)
        _add(alert, "references", " ".join(named))
    _add(alert, "incidents", _NOT_IN_A_NAME.sub("_", incident["id"]))
    _info(alert, notice, settings, school, timezone)
    whole: bytes = ET.tostring(alert, encoding="utf-8", xml_declaration=True)
    return whole


def _kind(references: Sequence[Reference], resolved: Mapping[str, Any] | None) -> str:
    if not references:
        return "Alert"
    return "Cancel" if resolved and resolved["disposition"] in NO_ALARM else "Update"


def _info(
    alert: ET.Element, notice: Mapping[str, Any], settings: CapSettings, school: str, timezone: str
) -> None:
    incident = notice["incident"]
    kind, resolved = incident["kind"], incident["resolved"]
    title, text = sentence_of(notice, timezone)
    info = _add(alert, "info")
    _add(info, "language", settings.language)
    _add(info, "category", CATEGORY[kind])
    _add(info, "event", EVENT[kind])
    _add(info, "responseType", "AllClear" if resolved else "Execute")
    _add(info, "urgency", "Past" if resolved else "Immediate")
    _add(info, "severity", SEVERITY[kind])
    _add(info, "certainty", "Possible" if in_doubt(incident) else "Observed")
    _add(info, "onset", time_of(incident["opened_at"]))
    _add(info, "expires", time_of(notice["at"], 1 if resolved else settings.expires_h))
    _add(info, "senderName", school)
    _add(info, "headline", title[:HEADLINE])
    _add(info, "description", text)
    if settings.instruction:
        _add(info, "instruction", settings.instruction)
    if settings.contact:
        _add(info, "contact", settings.contact)
    for room in incident["rooms"]:
        _parameter(info, "room", room["room"])
    area = _add(info, "area")
    _add(area, "areaDesc", "; ".join([settings.area, *(_place(room) for room in incident["rooms"])]))
    if settings.circle:
        _add(area, "circle", settings.circle)
    for name, value in settings.geocodes.items():
        code = _add(area, "geocode")
        _add(code, "valueName", name)
        _add(code, "value", value)


def _place(room: Mapping[str, Any]) -> str:
    parts = [str(room["room"])]
    parts += [f"{room['building']} bldg"] if room["building"] else []
    parts += [f"floor {room['floor']}"] if room["floor"] else []
    return ", ".join(parts)


def _parameter(info: ET.Element, name: str, value: str) -> None:
    parameter = _add(info, "parameter")
    _add(parameter, "valueName", name)
    _add(parameter, "value", value)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text is not None:
        child.text = _NOT_XML.sub("\ufffd", text)
    return child
