"""What of a notice a station is told."""

from __future__ import annotations

import msgspec
import pytest

from hub.dc09.signal import Signal
from hub.dc09.what_to_send import signals_of, words_of
from hub.notice import NoticeType
from tests.hub.channels.making import notice


def test_the_signals_of_a_notice_are_its_own() -> None:
    """In order, with the numbers they were given."""
    wanted = (Signal("cancel", 7), Signal("panic", 8, 17, restoral=True, text="Room 101"))
    assert signals_of(msgspec.json.encode({"type": "incident.resolved", "signals": wanted})) == wanted


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("incident.opened", 1),
        ("incident.updated", 1),
        ("incident.acknowledged", 0),
        ("incident.resolved", 0),
    ],
)
def test_a_call_that_was_owed_to_somebody_else_is_an_alarm_all_the_same(kind: NoticeType, count: int) -> None:
    """Without a zone; that of a drill is none."""
    found = signals_of(notice(kind))
    assert len(found) == count
    if count:
        assert (found[0].event, found[0].zone, found[0].text) == ("panic", 0, "Room 101")
    drill = notice(kind).replace(b'"drill":false', b'"drill":true')
    assert signals_of(drill) == ()


def test_a_marked_test_of_the_channel_is_a_manual_test() -> None:
    """Asked for by a person; no two in a row bear one number."""
    bodies = [b'{"type":"channel.test","title":"TEST of Lincoln","at":"%d"}' % n for n in (1, 2)]
    first, second = (signals_of(body)[0] for body in bodies)
    assert (first.event, first.zone, first.text) == ("manual-test", 0, "TEST of Lincoln")
    assert first.sequence != second.sequence
    assert 1 <= first.sequence <= 9999


def test_what_tells_of_no_incident_is_nothing_for_a_station() -> None:
    """A question to the officer, the record's head."""
    assert signals_of(b'{"type":"record.head","title":"t","text":"t"}') == ()


def test_signals_in_words() -> None:
    """As a dispatcher would say them."""
    signals = [Signal("panic", 1, 17), Signal("panic", 2, 17, restoral=True), Signal("cancel", 3)]
    assert words_of(signals) == "E120 zone 17, R120 zone 17, E406"
