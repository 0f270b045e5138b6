"""The API as the contract has it, over a real socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from msgspec.structs import replace

from config.channel_settings import CapSettings
from hub.cap.document import NAMESPACE
from hub.console.api.openapi import answer, describe
from hub.console.api.table import operations
from hub.view import ChannelView
from tests.hub.cap.test_document import SCHEMA as CAP
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import SITE, ZONES, FrontDesk
from tests.hub.console.served import Served

A = "/api/v1"


@pytest.mark.parametrize(
    "path",
    [
        "incidents",
        "incidents/i-1",
        "devices",
        "doors",
        "drills",
        "troubles",
        "record/head",
        "stream",
        "openapi.json",
    ],
)
def test_without_a_token_of_ours_nothing_is_shown(served: Served, path: str) -> None:
    """401 in JSON, whatever is asked for."""
    for authorization in (None, "Bearer none-of-ours", "Basic eDp5", "Bearer", "Bearer \xff"):
        headers = {} if authorization is None else {"Authorization": authorization}
        reply = Caller(served.port).get(f"{A}/{path}", **headers)
        assert (reply.status, reply.json["error"]) == (401, "no-token"), authorization
        assert "detail" in reply.json


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        ("read", {"GET"}),
        ("acknowledge", {"acknowledge"}),
        ("resolve", {"resolve"}),
        ("all", {"GET", "acknowledge", "resolve"}),
    ],
)
def test_a_token_does_what_its_scopes_allow_and_no_more(
    desk: FrontDesk, served: Served, scope: str, may: set[str]
) -> None:
    """Each other call is a 403 that names the scope."""
    one = desk.press()
    caller = Caller(served.port, desk.office.add_token("t", frozenset({scope})))
    tried = {
        "GET": caller.get(f"{A}/incidents"),
        "acknowledge": caller.post(f"{A}/incidents/{one.id}/acknowledge"),
        "resolve": caller.post(f"{A}/incidents/{one.id}/resolve", {"disposition": "test"}),
    }
    assert {name for name, reply in tried.items() if reply.status == 200} == may
    for name, reply in tried.items():
        if name not in may:
            assert (reply.status, reply.json["error"]) == (403, "lacks-scope")


def test_incidents_come_the_highest_number_first_by_pages(desk: FrontDesk, api: Caller) -> None:
    """`next` is the `before` of the next page, and null on the last; no incident is missing or twice."""
    for n in range(7):
        desk.press(group=f"g{n}", device="room-101") if n else desk.press(group="g0")
        if n % 2:
            one = desk.view.unresolved()[-1]
            api.post(f"{A}/incidents/{one.id}/resolve", {"disposition": "test"})
    numbers: list[int] = []
    before: int | None = None
    while True:
        page = api.get(f"{A}/incidents?limit=3" + (f"&before={before}" if before else "")).json
        numbers += [one["number"] for one in page["incidents"]]
        assert len(page["incidents"]) <= 3
        before = page["next"]
        if before is None:
            break
    assert numbers == [7, 6, 5, 4, 3, 2, 1]


def test_incidents_can_be_asked_for_by_state(desk: FrontDesk, api: Caller) -> None:
    """Several states with commas."""
    first = desk.press(group="a")
    second = desk.press(group="b")
    desk.press(group="c")
    api.post(f"{A}/incidents/{first.id}/resolve", {"disposition": "false-alarm"})
    api.post(f"{A}/incidents/{second.id}/acknowledge")
    found = {
        states: [one["number"] for one in api.get(f"{A}/incidents?state={states}").json["incidents"]]
        for states in ("open", "acknowledged", "resolved", "open,acknowledged", "resolved,open", "")
    }
    assert found == {
        "open": [3],
        "acknowledged": [2],
        "resolved": [1],
        "open,acknowledged": [3, 2],
        "resolved,open": [3, 1],
        "": [3, 2, 1],
    }


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=501",
        "limit=ten",
        "limit=",
        "limit=1e2",
        "state=closed",
        "state=open,",
        "state=open,x",
        "before=x",
        "before=-1",
        "before=99999999999999999999",
        "limit=%00",
        "state=%F0%9F%92%A9",
    ],
)
def test_a_bad_query_is_422_and_says_what_is_allowed(api: Caller, query: str) -> None:
    """Never a 500, and never a page of something else."""
    reply = api.get(f"{A}/incidents?{query}")
    assert (reply.status, reply.json["error"]) == (422, "bad-input")
    assert reply.json["allowed"]


@pytest.mark.parametrize("limit", ["1", "50", "500"])
def test_the_limits_of_limit_are_allowed(api: Caller, limit: str) -> None:
    assert api.get(f"{A}/incidents?limit={limit}").json == {"incidents": [], "next": None}


def test_an_incident_has_its_timeline(desk: FrontDesk, api: Caller) -> None:
    """Oldest first, each with when, what, why and the rest."""
    one = desk.press()
    api.post(f"{A}/incidents/{one.id}/acknowledge", {"note": "on my way"})
    body = api.get(f"{A}/incidents/{one.id}").json
    assert body["incident"]["id"] == one.id
    assert [row["what"] for row in body["timeline"]] == ["opened", "acknowledged"]
    assert set(body["timeline"][0]) == {"at", "what", "reason", "detail"}
    assert body["timeline"][1]["detail"]["note"] == "on my way"


def test_an_unknown_incident_is_404(api: Caller) -> None:
    for path in ("incidents/nobody", "incidents/%00", "incidents/" + "x" * 3000):
        assert api.get(f"{A}/{path}").json["error"] == "not-found"
    assert api.post(f"{A}/incidents/nobody/acknowledge").status == 404
    assert api.post(f"{A}/incidents/nobody/resolve", {"disposition": "real"}).status == 404


def test_a_note_is_taken_with_its_words_and_not_without(api: Caller, desk: FrontDesk) -> None:
    """Who said it is the token's name; an empty one says nothing and is refused."""
    one = desk.press()
    reply = api.post(f"{A}/incidents/{one.id}/notes", {"note": "two officers at the door"})
    assert (reply.status, reply.json["revision"], reply.json["state"]) == (200, 2, "open")
    row = api.get(f"{A}/incidents/{one.id}").json["timeline"][-1]
    assert (row["detail"]["note"], row["detail"]["by"]) == ("two officers at the door", "radio")
    for body in ({}, {"note": None}, {"note": "  "}):
        refused = api.post(f"{A}/incidents/{one.id}/notes", body)
        assert (refused.status, refused.json["error"]) == (422, "bad-input")
    api.post(f"{A}/incidents/{one.id}/resolve", {"disposition": "real"})
    assert api.post(f"{A}/incidents/{one.id}/notes", {"note": "late"}).status == 409


def test_acknowledging_names_the_token_and_may_be_done_again(desk: FrontDesk, api: Caller) -> None:
    """200 with the incident, also the second time; `by` is the token's name."""
    one = desk.press()
    for _ in range(2):
        reply = api.post(f"{A}/incidents/{one.id}/acknowledge", {})
        assert reply.status == 200
        assert reply.json["state"] == reply.json["incident"]["state"] == "acknowledged"
        assert reply.json["incident"]["acknowledged"]["by"] == "radio"
        assert reply.json["incident"]["acknowledged"]["via"] == "api"
        assert "open_rooms" not in reply.json


def test_an_acknowledgement_of_an_older_revision_leaves_the_newer_room_open(
    desk: FrontDesk, api: Caller
) -> None:
    """The incident stays open and `open_rooms` names the room that the person had not been shown."""
    one = desk.press("room-101")
    desk.press("room-102")
    body = api.post(f"{A}/incidents/{one.id}/acknowledge", {"revision": one.revision}).json
    assert body["incident"]["state"] == "open"
    assert [room["room"] for room in body["open_rooms"]] == ["Room 102"]


def test_a_resolved_incident_refuses_both_with_409(desk: FrontDesk, api: Caller) -> None:
    """And says its state and what was allowed."""
    one = desk.press()
    assert api.post(f"{A}/incidents/{one.id}/resolve", {"disposition": "real", "note": "x"}).status == 200
    for deed, body in (("acknowledge", {}), ("resolve", {"disposition": "test"})):
        reply = api.post(f"{A}/incidents/{one.id}/{deed}", body)
        assert (reply.status, reply.json["state"]) == (409, "resolved")
        assert reply.json["allowed"] == ["open", "acknowledged"]


def test_a_resolution_that_overlooks_a_room_is_refused_with_its_name(desk: FrontDesk, api: Caller) -> None:
    """With the revision that was shown; without one it covers the present."""
    one = desk.press("room-101")
    desk.press("room-102")
    reply = api.post(f"{A}/incidents/{one.id}/resolve", {"disposition": "real", "revision": 1})
    assert (reply.status, reply.json["error"], reply.json["state"]) == (409, "not-in-this-state", "open")
    assert reply.json["detail"] == "cannot resolve incident 1: Room 102 pressed after what was on the screen"
    assert [room["device"] for room in reply.json["open_rooms"]] == ["room-102"]
    assert api.post(f"{A}/incidents/{one.id}/resolve", {"disposition": "real"}).status == 200


def test_what_was_resolved_before_the_hub_started_is_409_all_the_same(desk: FrontDesk, api: Caller) -> None:
    """The recorder has forgotten it; the record has not. Only what never was is 404."""
    one = desk.press()
    api.post(f"{A}/incidents/{one.id}/resolve", {"disposition": "real"})
    desk.started_anew = True
    for deed, body in (("acknowledge", {}), ("resolve", {"disposition": "test"})):
        reply = api.post(f"{A}/incidents/{one.id}/{deed}", body)
        assert (reply.status, reply.json["state"]) == (409, "resolved")
        assert reply.json["allowed"] == ["open", "acknowledged"]
        assert api.post(f"{A}/incidents/i-never/{deed}", body).status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"1",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b"[" * 5000,
        b'{"revision":-1}',
        b'{"revision":0}',
        b'{"revision":"1"}',
        b'{"revision":true}',
        b'{"revision":1.5}',
        b'{"revision":99999999999999999999}',
        b'{"note":1}',
        b'{"note":"a\\u0000b"}',
        b'{"note":"\\ud800"}',
        b'{"note":"' + b"n" * 3000 + b'"}',
    ],
)
def test_a_bad_body_is_422_and_changes_nothing(desk: FrontDesk, api: Caller, body: bytes) -> None:
    one = desk.press()
    reply = api.post(f"{A}/incidents/{one.id}/acknowledge", body)
    assert (reply.status, reply.json["error"]) == (422, "bad-input"), body[:40]
    assert desk.view.incidents[one.id] == one


@pytest.mark.parametrize(
    "body",
    [{}, {"disposition": None}, {"disposition": "fire"}, {"disposition": ["real"]}, {"disposition": {}}],
)
def test_an_unknown_disposition_is_422_with_those_there_are(desk: FrontDesk, api: Caller, body: Any) -> None:
    one = desk.press()
    reply = api.post(f"{A}/incidents/{one.id}/resolve", body)
    assert reply.status == 422
    assert reply.json["allowed"] == ["real", "false-alarm", "drill", "test"]


@pytest.mark.parametrize("size", [65_537, 3_000_000])
def test_a_huge_body_is_413(desk: FrontDesk, api: Caller, size: int) -> None:
    """The answer arrives even though the client was still sending."""
    one = desk.press()
    reply = api.post(f"{A}/incidents/{one.id}/acknowledge", b'{"note":"' + b"x" * size + b'"}')
    assert (reply.status, reply.json["error"]) == (413, "too-large")


def test_the_record_head_is_told(desk: FrontDesk, api: Caller) -> None:
    """For whoever keeps it elsewhere; null before the first row."""
    assert api.get(f"{A}/record/head").json == {"seq": None, "hash": None}
    desk.press("room-101")
    seq, value = desk.reading.head()
    assert api.get(f"{A}/record/head").json == {"seq": seq, "hash": value}


def test_devices_doors_drills_and_troubles_are_listed(desk: FrontDesk, api: Caller) -> None:
    """What was not heard of is there too, and says so."""
    desk.hear("room-101")
    desk.trouble("silent room-102", "silent", "not heard for 45 s", device="room-102")
    desk.trouble("old", "old", "was", restored=desk.wall())
    devices = {row["device"]: row for row in api.get(f"{A}/devices").json["devices"]}
    assert devices["room-101"]["standing"] == "heard"
    assert devices["room-101"]["last_heard"].endswith("Z")
    assert devices["room-106"]["standing"] == "not heard yet"
    assert devices["room-106"]["last_heard"] is None
    doors = api.get(f"{A}/doors").json["doors"]
    assert [door["state"] for door in doors] == ["unknown"] * 6
    assert api.get(f"{A}/drills").json == {"drills": [], "due": []}
    troubles = api.get(f"{A}/troubles").json["troubles"]
    assert [(row["key"], row["restored"] is None) for row in troubles] == [
        ("silent room-102", True),
        ("old", False),
    ]


def test_what_is_not_there_and_what_is_not_possible_are_json_too(api: Caller) -> None:
    """404 for an unknown path under /api/, 405 with what is allowed for a wrong method."""
    for path in (
        "/api/v1/nothing",
        "/api/v2/incidents",
        "/api/",
        "/api/v1/incidents/a/b/c",
        "/api/v1/drills/a%0Ab",
    ):
        reply = api.get(path)
        assert (reply.status, reply.json["error"]) == (404, "not-found"), path
    for method, path in (
        ("DELETE", "incidents"),
        ("POST", "incidents"),
        ("GET", "incidents/x/resolve"),
        ("PUT", "stream"),
    ):
        reply = api.call(method, f"{A}/{path}")
        assert (reply.status, reply.json["error"]) == (405, "wrong-method")
        assert reply.json["allowed"]


def test_openapi_describes_exactly_what_is_served(api: Caller) -> None:
    """Every operation of the table is described, and every one described answers."""
    described = api.get(f"{A}/openapi.json").json
    assert described == describe(operations(answer))
    assert described["openapi"].startswith("3.1")
    served = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert served == {(one.method, f"{A}/{one.path}") for one in operations(answer)}
    for method, path in served:
        if path.endswith("/stream"):
            continue
        for name in ("id", "device", "zone", "name"):
            path = path.replace(f"{{{name}}}", "nobody")
        reply = api.call(method, path, b"{}" if method == "POST" else None)
        assert reply.status in (200, 404, 422), (method, path)
        assert reply.json.get("error") != "wrong-method"


def test_the_description_in_docs_is_the_one_that_is_served() -> None:
    """Else: ``python -m hub.console.api.openapi > docs/openapi.json``."""
    kept = Path(__file__).parents[3] / "docs" / "openapi.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == describe(operations(answer))


def test_health_and_metrics_need_no_token(desk: FrontDesk, served: Served) -> None:
    """200 while ready; 503 with the reason when not."""
    anybody = Caller(served.port)
    assert (anybody.get("/healthz").status, anybody.get("/healthz").json) == (
        200,
        {"ready": True, "why": None},
    )
    desk.view.ready, desk.view.why = False, "no session with the broker"
    reply = anybody.get("/healthz")
    assert (reply.status, reply.json) == (503, {"ready": False, "why": "no session with the broker"})
    metrics = anybody.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "tocsin_events_total" in metrics.text


def test_the_site_is_named_in_no_answer_to_a_stranger(served: Served) -> None:
    assert SITE not in Caller(served.port).get(f"{A}/incidents").text


BYPASS = f"{A}/devices/room-101/zones/wall/bypass"


def test_a_zone_is_bypassed_and_that_is_ended(desk: FrontDesk, api: Caller) -> None:
    """With who, why and until when; the list of devices shows it meanwhile."""
    desk.hear_all()
    reply = api.post(BYPASS, {"reason": "the wire is being mended", "hours": 2})
    assert reply.status == 200
    made = reply.json["bypass"]
    assert (made["by"], made["via"], made["reason"]) == ("radio", "api", "the wire is being mended")
    assert made["press_alarms"] is True
    assert (reply.json["unprotected"], reply.json["recorded"]) == (None, True)
    zones = {z["zone"]: z for z in api.get(f"{A}/devices").json["devices"][0]["zones"]}
    assert zones["wall"]["bypass"] == made
    assert zones["desk"]["bypass"] is None
    ended = api.call("DELETE", BYPASS)
    assert (ended.status, ended.json["bypass"]) == (200, None)
    assert desk.view.bypasses == {}
    again = api.call("DELETE", BYPASS)
    assert (again.status, again.json["error"], again.json["state"]) == (
        409,
        "not-in-this-state",
        "not-bypassed",
    )


def test_a_bypass_that_leaves_no_live_button_says_so(desk: FrontDesk, api: Caller) -> None:
    """In its answer, with the reason; and a button that is stuck calls only from rest."""
    wall, desk_button, door = ZONES
    stuck = (replace(wall, condition="active"), replace(desk_button, condition="cut"), door)
    desk.hear("room-101", zones=stuck)
    reply = api.post(BYPASS, {"reason": "stuck", "hours": 24})
    assert reply.json["unprotected"] == (
        "no live button: wall: bypassed until it reads normal; desk: wire cut"
    )
    assert reply.json["bypass"]["press_alarms"] is False
    desk.trouble("unprotected room-101", "unprotected", reply.json["unprotected"], device="room-101")
    shown = {d["device"]: d["unprotected"] for d in api.get(f"{A}/devices").json["devices"]}
    assert shown["room-101"] == reply.json["unprotected"]
    assert shown["room-102"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"hours": 2},
        {"reason": "mended"},
        {"reason": "  ", "hours": 2},
        {"reason": "r" * 201, "hours": 2},
        {"reason": 7, "hours": 2},
        {"reason": "mended", "hours": 0},
        {"reason": "mended", "hours": -1},
        {"reason": "mended", "hours": 24.01},
        {"reason": "mended", "hours": "2"},
        {"reason": "mended", "hours": True},
        {"reason": "mended", "hours": None},
    ],
)
def test_a_bypass_has_a_reason_and_an_end_within_a_day(
    desk: FrontDesk, api: Caller, body: dict[str, Any]
) -> None:
    """422 for anything else, and nothing is bypassed."""
    desk.hear_all()
    reply = api.post(BYPASS, body)
    assert (reply.status, reply.json["error"]) == (422, "bad-input")
    assert desk.view.bypasses == {}


def test_only_a_zone_that_is_there_is_bypassed_and_only_with_the_scope(
    desk: FrontDesk, api: Caller, served: Served
) -> None:
    desk.hear_all()
    wanted = {"reason": "mended", "hours": 1}
    for path in (f"{A}/devices/none/zones/wall/bypass", f"{A}/devices/room-101/zones/none/bypass"):
        reply = api.post(path, wanted)
        assert (reply.status, reply.json["error"]) == (404, "not-found")
    reader = Caller(served.port, desk.office.add_token("r", frozenset({"read", "acknowledge", "resolve"})))
    assert reader.post(BYPASS, wanted).status == 403
    assert reader.call("DELETE", BYPASS).status == 403
    keeper = Caller(served.port, desk.office.add_token("k", frozenset({"maintain"})))
    assert keeper.post(BYPASS, wanted).status == 200


def test_a_bypass_that_the_disk_does_not_take_says_so(desk: FrontDesk, api: Caller) -> None:
    """It holds, and is not recorded yet."""
    desk.hear_all()
    desk.disk_writes = False
    assert api.post(BYPASS, {"reason": "mended", "hours": 1}).json["recorded"] is False


def test_a_trouble_that_happened_is_cleared(desk: FrontDesk, api: Caller) -> None:
    """By whoever has seen to it, once; one that is so now is not, and says when it ends."""
    desk.trouble("seq-gap room-101", "seq-gap", "event 7 never came", device="room-101")
    desk.trouble("silent room-102", "silent", "nothing heard", device="room-102")
    listed = {row["key"]: row["clearable"] for row in api.get(f"{A}/troubles").json["troubles"]}
    assert listed == {"seq-gap room-101": True, "silent room-102": False}
    reply = api.post(f"{A}/troubles/clear", {"key": "seq-gap room-101", "note": "its outbox was lost"})
    assert reply.status == 200
    assert (reply.json["trouble"]["what"], reply.json["recorded"]) == ("seq-gap", True)
    again = api.post(f"{A}/troubles/clear", {"key": "seq-gap room-101"})
    assert (again.status, again.json["error"]) == (404, "not-found")
    refused = api.post(f"{A}/troubles/clear", {"key": "silent room-102"})
    assert (refused.status, refused.json["state"]) == (409, "so now")
    assert "it ends by itself when it is well" in refused.json["detail"]


def test_incidents_are_a_feed_of_cap(desk: FrontDesk, api: Caller) -> None:
    """Where the settings have such a channel; each message as its incident stands."""
    assert api.get(f"{A}/cap").status == 404
    cap = CapSettings(url="http://127.0.0.1:1/", sender="tocsin@oak.example.org", area="Oak Hill School")
    desk.settings = replace(desk.settings, channels={"county": cap})
    one = desk.press()
    index = api.get(f"{A}/cap")
    assert index.headers["content-type"] == "application/atom+xml"
    assert f'href="cap/{one.id}"' in index.text
    message = api.get(f"{A}/cap/{one.id}")
    assert message.headers["content-type"] == "application/cap+xml"
    found = etree.fromstring(message.text.encode())
    CAP.assertValid(found)
    assert found.findtext(f"{{{NAMESPACE}}}msgType") == "Alert"
    api.post(f"{A}/incidents/{one.id}/acknowledge", {})
    found = etree.fromstring(api.get(f"{A}/cap/{one.id}").text.encode())
    CAP.assertValid(found)
    assert found.findtext(f"{{{NAMESPACE}}}references", "").startswith(f"tocsin@oak.example.org,{one.id}.1,")
    assert api.get(f"{A}/cap/nobody").status == 404


def test_channels_are_listed_and_tested(desk: FrontDesk, api: Caller) -> None:
    """Each with what it last delivered; a test goes to every end, or is refused by name."""
    desk.view.channels["webhook"] = ChannelView("webhook", "webhook", desk.wall())
    [row] = api.get(f"{A}/channels").json["channels"]
    assert (row["name"], row["kind"], row["unasked"], row["troubles"]) == ("webhook", "webhook", [], [])
    reply = api.post(f"{A}/channels/webhook/test", {})
    assert (reply.status, reply.json["recorded"], len(reply.json["deliveries"])) == (200, True, 1)
    assert [owed.type for owed in desk.owed] == ["channel.test"]
    unknown = api.post(f"{A}/channels/pager/test", {})
    assert (unknown.status, unknown.json["allowed"]) == (404, ["webhook"])
    assert api.post(f"{A}/channels/webhook/test", {"target": "x"}).json["allowed"] == ["-"]
    assert api.post(f"{A}/channels/webhook/test", {"target": 7}).status == 422


@pytest.mark.parametrize("key", [None, "", 7, "k" * 513])
def test_a_trouble_is_named_by_its_key(desk: FrontDesk, api: Caller, key: object) -> None:
    assert api.post(f"{A}/troubles/clear", {} if key is None else {"key": key}).status == 422
