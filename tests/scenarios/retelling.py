"""What the append-only record alone tells, row by row: is it what the hub's tables say?"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Engine

from hub.delivery import Delivery
from hub.incident import Incident, rank
from hub.store.chain import said

CHANGES = ("alarm", "confirmed", "acknowledged", "note", "resolved", "drill-answer")
DELIVERIES = {
    "owed": "owed",
    "delivered": "delivered",
    "delivery-withdrawn": "withdrawn",
    "delivery-given-up": "failed",
}
TROUBLES = ("trouble", "trouble-restored")


def contradictions(engine: Engine, site: str) -> list[str]:
    """Return what the record's rows, retold from the first, say otherwise than the tables of the state."""
    retold, kept = _retold(engine, site), _kept(engine)
    return [
        f"{part} {name}: {kept[part].get(name)}, by the record {retold[part].get(name)}"
        for part in kept
        for name in sorted(kept[part].keys() | retold[part].keys())
        if kept[part].get(name) != retold[part].get(name)
    ]


def _retold(engine: Engine, site: str) -> dict[str, dict[str, Any]]:
    incidents: dict[str, dict[str, Any]] = {}
    deliveries: dict[str, str] = {}
    troubles: dict[str, bool] = {}
    whats = (*CHANGES, *DELIVERIES, *TROUBLES)
    for row in said(engine, site, whats, -(2**62), 2**62):
        what, detail = row["what"], row["detail"]
        if what == "drill-answer" and "revision" not in detail:
            continue  # the drill's own row of it
        if what in CHANGES:
            incident = incidents.setdefault(row["incident"], {"state": "open", "events": [], "by": None})
            _change(incident, what, row["reason"], detail)
        elif what in DELIVERIES:
            if deliveries.get(detail["delivery"]) != "withdrawn":  # it was under way when it was overtaken
                deliveries[detail["delivery"]] = DELIVERIES[what]
        elif what == "trouble":
            troubles[detail["key"]] = True
        else:
            troubles.pop(detail["key"])
    return {"incident": incidents, "delivery": deliveries, "open trouble": troubles}


def _change(incident: dict[str, Any], what: str, reason: str, detail: dict[str, Any]) -> None:
    incident["revision"] = detail["revision"]
    if what == "alarm":
        incident["events"].append((detail["device"], detail["id"]))
        incident["kind"] = min(incident.get("kind", detail["kind"]), detail["kind"], key=rank)
        if reason.startswith("reopened"):
            incident |= {"state": "open", "by": None}
    elif what == "acknowledged" and not reason.startswith("acknowledged in part"):
        incident |= {"state": "acknowledged", "by": (detail["by"], detail["via"])}
    elif what == "resolved":
        incident |= {"state": "resolved", "as": detail["disposition"]}


def _kept(engine: Engine) -> dict[str, dict[str, Any]]:
    with engine.connect() as connection:
        bodies = connection.exec_driver_sql("SELECT body FROM incidents").scalars().all()
        rows = connection.exec_driver_sql("SELECT row FROM deliveries").scalars().all()
        keys = connection.exec_driver_sql("SELECT key FROM troubles WHERE open").scalars().all()
    incidents = [msgspec.json.decode(body, type=Incident) for body in bodies]
    deliveries = [msgspec.json.decode(row, type=Delivery) for row in rows]
    return {
        "incident": {incident.id: _facts(incident) for incident in incidents},
        "delivery": {delivery.id: delivery.state for delivery in deliveries},
        "open trouble": dict.fromkeys(keys, True),
    }


def _facts(incident: Incident) -> dict[str, Any]:
    by = incident.acknowledged
    found: dict[str, Any] = {
        "state": incident.state,
        "events": [(event.place.device, event.id) for event in incident.events],
        "by": None if by is None else (by.by, by.via),
        "revision": incident.revision,
        "kind": incident.kind,
    }
    return found if incident.resolved is None else found | {"as": incident.resolved.disposition}
