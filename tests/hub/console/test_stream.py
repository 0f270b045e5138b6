"""The API's stream: live, and resumed without a gap or a repeat."""

from __future__ import annotations

import itertools

import pytest

from tests.hub.console.caller import Caller, Told
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served

PATH = "/api/v1/stream"


def _take(caller: Caller, count: int, **headers: str) -> list[Told]:
    stream = caller.stream(PATH, **headers)
    try:
        return list(itertools.islice(stream, count))
    finally:
        stream.close()


def test_changes_come_as_they_happen_named_as_the_webhook_names_them(desk: FrontDesk, api: Caller) -> None:
    stream = api.stream(PATH)
    blocks = stream.blocks()
    assert next(blocks)[0].startswith("retry")
    assert stream.answer.headers["content-type"].startswith("text/event-stream")
    one = desk.press("room-101")
    desk.press("room-102")
    api.post(f"/api/v1/incidents/{one.id}/acknowledge")
    api.post(f"/api/v1/incidents/{one.id}/resolve", {"disposition": "test"})
    told = list(itertools.islice(stream, 4))
    stream.close()
    assert [each.name for each in told] == [
        "incident.opened",
        "incident.updated",
        "incident.acknowledged",
        "incident.resolved",
    ]
    assert [each.id for each in told] == [1, 2, 3, 4]
    assert told[0].data["type"] == "incident.opened"
    assert told[0].data["site"] == "oak-hill"
    assert told[1].data["incident"]["rooms"][1]["room"] == "Room 102"


@pytest.mark.parametrize("last", range(6))
def test_a_reader_resumes_after_any_event(desk: FrontDesk, api: Caller, last: int) -> None:
    """From the ring of changes, without the disk."""
    for n in range(1, 7):
        desk.press(f"room-10{n}")
    told = _take(api, 6 - last, **{"Last-Event-ID": str(last)})
    assert [each.id for each in told] == list(range(last + 1, 7))


@pytest.mark.parametrize("last", [0, 3, 5])
def test_a_reader_resumes_over_a_restart_of_the_console(
    desk: FrontDesk, served: Served, api: Caller, last: int
) -> None:
    """From the record, then live: no gap, no repeat where the two meet."""
    for n in range(1, 6):
        desk.press(f"room-10{n}")
    served.stop()
    served.start()
    desk.press("room-106")
    stream = api.stream(PATH, **{"Last-Event-ID": str(last)})
    told = list(itertools.islice(stream, 6 - last))
    desk.press("room-106", zone="wall")
    told += list(itertools.islice(stream, 1))
    stream.close()
    assert [each.id for each in told] == list(range(last + 1, 8))


def test_what_no_disk_has_taken_yet_is_in_the_replay(desk: FrontDesk, served: Served, api: Caller) -> None:
    """Changes that live in memory alone, while the disk is sick, are no gap."""
    desk.press("room-101")
    served.stop()
    served.start()
    desk.press("room-102")
    desk.disk_writes = False
    desk.press("room-103")
    told = _take(api, 3, **{"Last-Event-ID": "0"})
    assert [each.id for each in told] == [1, 2, 3]


def test_changes_told_out_of_order_are_neither_lost_nor_repeated(desk: FrontDesk, api: Caller) -> None:
    """A reader that had the later number first still gets the earlier one that followed it."""
    from hub.view import StreamEvent

    one = desk.press("room-101")
    for seq in (5, 4, 6):
        desk.view.tell(StreamEvent(seq, "incident.updated", one))
    assert [each.id for each in _take(api, 2, **{"Last-Event-ID": "5"})] == [4, 6]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30])
def test_a_last_event_id_that_is_none_of_ours_is_422(api: Caller, last: str) -> None:
    reply = api.get(PATH, **{"Last-Event-ID": last})
    assert (reply.status, reply.json["error"]) == (422, "bad-input")


def test_an_open_stream_does_not_hold_up_the_stop(desk: FrontDesk, served: Served, api: Caller) -> None:
    """Both kinds of stream end by themselves when the console stops."""
    import time

    desk.office.add("lee", "correct horse")
    person = Caller(served.port)
    person.sign_in("lee", "correct horse")
    streams = [api.stream(PATH), person.stream("/board/stream")]
    for stream in streams:
        next(stream.blocks())
    began = time.monotonic()
    served.stop()
    assert time.monotonic() - began < 2.0
    for stream in streams:
        list(stream.blocks())
        stream.close()
