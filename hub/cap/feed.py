"""Incidents as a feed of CAP messages, for whoever would rather fetch than be sent to. Pure.

Each message is of an incident as it stands: its identifier bears the revision, and each after the first
names the first. The index is Atom (RFC 4287).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

import msgspec

from config.channel_settings import CapSettings
from config.clock import stamp
from hub.cap.document import EVENT, Reference, document, time_of
from hub.incident import Incident
from hub.notice import NoticeType, notice_body

ATOM: Final = "http://www.w3.org/2005/Atom"
CAP_TYPE: Final = "application/cap+xml"
KEPT_H: Final = 24.0
"""For so long after its end an incident stays in the feed."""


def changed_at(incident: Incident) -> int:
    """Return when an incident last changed, in wall ms."""
    moments = [press.received_at for press in incident.events]
    moments += [deed.at for deed in (incident.acknowledged, incident.resolved) if deed is not None]
    return max(moments, default=incident.opened_at)


def message(incident: Incident, settings: CapSettings, school: str, timezone: str) -> bytes:
    """Return the message of an incident as it stands now."""
    kind: NoticeType = "incident.opened" if incident.revision == 1 else "incident.updated"
    if incident.state != "open":
        kind = "incident.resolved" if incident.resolved else "incident.acknowledged"
    notice = msgspec.json.decode(notice_body(incident, kind, "cap", changed_at(incident)))
    first = Reference(f"{incident.id}.1", time_of(stamp(incident.opened_at)))
    before = () if incident.revision == 1 else (first,)
    return document(notice, f"{incident.id}.{incident.revision}", before, settings, school, timezone)


def index(incidents: Sequence[Incident], school: str, site: str, now: int) -> bytes:
    """Return the Atom document that names each incident's message."""
    ET.register_namespace("atom", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    _add(feed, "id", f"urn:tocsin:{site}")
    _add(feed, "title", f"Incidents of {school}")
    _add(feed, "updated", stamp(max((changed_at(one) for one in incidents), default=now)))
    for one in incidents:
        entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "id", f"urn:tocsin:{site}:{one.id}.{one.revision}")
        _add(entry, "title", f"{EVENT[one.kind]}, incident {one.number}, {one.state}")
        _add(entry, "updated", stamp(changed_at(one)))
        author = ET.SubElement(entry, f"{{{ATOM}}}author")
        _add(author, "name", school)
        link = ET.SubElement(entry, f"{{{ATOM}}}link")
        link.set("href", f"cap/{one.id}")
        link.set("type", CAP_TYPE)
    whole: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return whole


def is_in(incident: Incident, now: int) -> bool:
    """Tell whether an incident is in the feed: one that is not over, or not for long; no door's."""
    if incident.kind == "door":
        return False
    return incident.resolved is None or now - incident.resolved.at < KEPT_H * 3_600_000


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}{name}").text = text
