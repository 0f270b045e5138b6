"""Devices and doors over the API."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from config.clock import stamp
from config.wiring import unsupervised
from hub.console import console
from hub.console.api.walk_tests import walk_test_json
from hub.console.known import all_devices, all_doors
from hub.incident import Place
from hub.store.tokens import Token
from hub.view import Bypass, Trouble
from hub.walk_test import Proof, WalkTest


async def devices(request: Request, _: Token) -> Response:
    """``GET devices``: those of the site file, and any other that was heard."""
    desk = console.of(request).desk
    rows = [
        {
            **_place(device.place),
            "standing": device.standing,
            "last_heard": _maybe(device.last_heard),
            "boot": device.boot,
            "version": device.version,
            "zones": [
                {
                    "zone": zone.zone,
                    "label": zone.label,
                    "kind": zone.kind,
                    "circuit": zone.circuit,
                    "condition": zone.condition,
                    "wiring": unsupervised(zone.kind, zone.circuit),
                    "walk_test": zone.walk_test,
                    "proved": _proved(desk.view.proved.get((device.place.device, zone.zone))),
                    "bypass": bypass_json(desk.view.bypasses.get((device.place.device, zone.zone))),
                }
                for zone in device.zones
            ],
            "health": device.health,
            "walk_test": _open_test(desk.view.walk_tests.get(device.place.device)),
            "unprotected": _unprotected(desk.view.troubles.get(f"unprotected {device.place.device}")),
        }
        for device in all_devices(desk.settings, desk.view)
    ]
    return JSONResponse({"devices": rows})


async def doors(request: Request, _: Token) -> Response:
    """``GET doors``; ``live`` is false where the state is only the last known, or is not known."""
    desk = console.of(request).desk
    rows = [
        {
            **_place(door.place),
            "zone": door.zone,
            "label": door.label,
            "state": door.state,
            "since": _maybe(door.since),
            "live": door.live,
            "unknown": door.why,
            "number": door.number,
            "exterior": door.exterior,
            "held_open": door.held_open,
        }
        for door in all_doors(desk.settings, desk.view, console.of(request).now().wall)
    ]
    return JSONResponse({"doors": rows})


async def record_head(request: Request, _: Token) -> Response:
    """``GET record/head``: both null while no row is written."""
    here = console.of(request)
    seq, value = await here.aside.call(here.desk.reading.head) or (None, None)
    return JSONResponse({"seq": seq, "hash": value})


def bypass_json(bypass: Bypass | None) -> dict[str, Any] | None:
    """Return a bypass as the API shows it."""
    if bypass is None:
        return None
    return {
        "by": bypass.by,
        "via": bypass.via,
        "reason": bypass.reason,
        "since": stamp(bypass.since),
        "until": stamp(bypass.until),
        "press_alarms": bypass.press_alarms,
    }


def _unprotected(trouble: Trouble | None) -> str | None:
    """Return why a room has no live button; None where it has one, as far as is known."""
    return None if trouble is None else trouble.detail


def _proved(proof: Proof | None) -> dict[str, Any] | None:
    return None if proof is None else {"at": stamp(proof.at), "by": proof.by}


def _open_test(test: WalkTest | None) -> dict[str, Any] | None:
    return None if test is None or test.ended is not None else walk_test_json(test)


def _place(place: Place) -> dict[str, Any]:
    return {
        "device": place.device,
        "room": place.room,
        "building": place.building,
        "floor": place.floor,
        "known": place.known,
    }


def _maybe(wall: int | None) -> str | None:
    return None if wall is None else stamp(wall)
