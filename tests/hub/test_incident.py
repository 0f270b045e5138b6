"""An incident's transitions, by table; what is illegal raises and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from config.contract import INCIDENT_KINDS
from hub.incident import (
    EVENTS_KEPT,
    Deed,
    Incident,
    Resolution,
    State,
    in_doubt,
    incident_id,
    reckoned_earlier,
)
from hub.response import RESPONSES
from hub.transitions import (
    TABLE,
    Change,
    IllegalTransitionError,
    UnseenRoomsError,
    Wish,
    acknowledged,
    closed,
    confirmed,
    joined,
    noted,
    opened,
    resolved,
)
from tests.hub.making import T0, incident, press

REYES = Deed("Reyes", T0 + 5000, "board")
OVER = Resolution("Reyes", T0 + 9000, "board", "real")


def answered(*presses: Any) -> Incident:
    return acknowledged(incident(*presses), REYES).incident


def test_a_press_opens_an_incident() -> None:
    """Open, revision 1, its room asking, its id derived from the event that caused it."""
    change = opened("lincoln", "site", 41, press(second=1))
    made = change.incident
    assert (made.state, made.revision, made.number, made.kind) == ("open", 1, 41, "panic")
    assert made.id == incident_id("lincoln", "room-101", press(second=1).key)
    assert [room.place.device for room in made.open_rooms] == ["room-101"]
    assert made.opened_at == T0 + 1000
    assert change.reason == "pressed"
    assert opened("lincoln", "site", 41, press(late=True)).reason == "late"


def test_an_id_tells_site_device_and_event_apart() -> None:
    """The same event gives the same id for ever; another site, device or event another."""
    ids = {
        incident_id(*facts) for facts in (("s", "d", "e"), ("s", "d", "f"), ("s", "c", "e"), ("r", "d", "e"))
    }
    assert len(ids) == 4
    assert incident_id("s", "d", "e") == "i-e3264eba688d1e597058"


# (presses before, acknowledged?, the press, state after, asks anew?, plan starts again?, reason)
JOINS: list[tuple[list[Any], bool, Any, str, bool, bool, str]] = [
    ([press()], False, press(102, second=1), "open", True, False, "another room"),
    ([press()], True, press(102, second=1), "open", True, True, "reopened: another room"),
    ([press()], False, press(second=60), "open", False, False, "pressed again in a room that still asks"),
    (
        [press()], True, press(second=60), "acknowledged", False, False,
        "pressed again within 60 s of a press that is answered",
    ),
    (
        [press()], True, press(second=60.001), "open", True, True,
        "reopened: pressed again in the same room more than 60 s apart",
    ),
    (
        [press()], False, press(second=61), "open", True, False,
        "pressed again in the same room more than 60 s apart",
    ),
    ([press(kind="medical")], False, press(second=1), "open", True, True, "upgraded to panic"),
    ([press(kind="medical")], True, press(second=1), "open", True, True, "reopened: upgraded to panic"),
    ([press(kind="duress")], True, press(second=1), "open", True, True, "reopened: upgraded to panic"),
    (
        [press(), press(102, "assist", 1)], True, press(102, "medical", 2), "open", True, True,
        "reopened: a higher kind in the same room: medical",
    ),
    (
        [press()], True, press(101, "medical", 2), "acknowledged", False, False,
        "pressed again within 60 s of a press that is answered",
    ),
    ([press()], True, press(102, "assist", 2), "open", True, True, "reopened: another room"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "is_answered", "new", "state", "asks", "restarts", "reason"), JOINS)
def test_a_press_joins(
    before: list[Any], is_answered: bool, new: Any, state: str, asks: bool, restarts: bool, reason: str
) -> None:
    """Another room, a higher kind, or the same room after more than 60 s asks anew; nothing else does."""
    old = answered(*before) if is_answered else incident(*before)
    change = joined(old, new)
    after = change.incident
    room = next(room for room in after.rooms if room.place.device == new.place.device)
    assert (after.state, change.restarts, change.reason) == (state, restarts, reason)
    assert (room.asks and room.asks_since == after.revision) is asks
    assert after.revision == old.revision + 1
    assert after.events[-1] == replace(new, revision=after.revision)
    assert (after.acknowledged is None) is (state == "open")


def test_the_minute_runs_from_the_press_that_asked() -> None:
    """At 0, 50 and 70 s: the third is 70 s from the one that was answered, so somebody calls anew."""
    after = joined(answered(press(second=0)), press(second=50)).incident
    assert after.state == "acknowledged"
    assert joined(after, press(second=70)).incident.state == "open"


def test_the_highest_kind_names_it() -> None:
    """Kinds only rise."""
    made = incident(press(kind="assist"), press(102, "duress", 1), press(103, "medical", 2))
    assert made.kind == "duress"
    assert joined(made, press(104, "panic", 3)).incident.kind == "panic"


def test_the_earliest_press_opened_it_and_late_needs_all_late() -> None:
    """An old press that arrives second moves the opening back; one fresh press ends late."""
    made = incident(press(second=100, late=True))
    assert made.late
    after = joined(made, press(102, second=40, late=True)).incident
    assert (after.late, after.opened_at) == (True, T0 + 40_000)
    assert not joined(after, press(103, second=101)).incident.late


def test_it_keeps_the_newest_alarms() -> None:
    """No more than are told; the record has them all."""
    made = incident(*(press(second=n / 10) for n in range(EVENTS_KEPT + 5)))
    assert len(made.events) == EVENTS_KEPT
    assert made.events[-1].at == T0 + round((EVENTS_KEPT + 4) * 100)
    assert made.opened_at == T0


def test_an_alarm_in_doubt_opens_and_asks_like_any_other() -> None:
    """Its reason says what it may be; the certain one that follows says so, and asks anew."""
    change = opened("lincoln", "site", 41, press(cause="cut"))
    assert (change.incident.state, change.reason) == ("open", "pressed or cut: check the room")
    assert opened("lincoln", "site", 41, press(cause="cut", late=True)).reason.startswith(
        "late; pressed or cut"
    )
    joins = joined(change.incident, press(102, second=1, cause="short"))
    assert joins.reason == "another room; pressed or shorted: check the room"
    again = joined(joins.incident, press(second=1.5, cause="cut"))
    assert again.reason == "called again in a room that still asks; pressed or cut: check the room"
    sure = joined(joins.incident, press(second=2))
    assert sure.reason == ("pressed for certain; in doubt until now, certain from now on")
    assert in_doubt(sure.incident.events) == {("room-102", "wall"): "pressed or shorted: check the room"}
    assert joined(sure.incident, press(second=3)).reason == "pressed again in a room that still asks"


def test_an_incident_kept_by_an_older_release_is_read() -> None:
    """Its alarms have no cause: they are certain. A newer one's is kept."""
    made = incident(press(), press(102, second=1, cause="cut"))
    row = msgspec.to_builtins(made)
    assert msgspec.convert(row, Incident) == made
    for event in row["events"]:
        del event["cause"]
    assert [event.cause for event in msgspec.convert(row, Incident).events] == [None, None]


def test_the_alarm_that_makes_a_button_certain_is_kept_among_the_newest() -> None:
    """A wire that opens and closes for hours after a press doesn't put the press in doubt."""
    made = incident(press(), *(press(second=n / 10, cause="cut") for n in range(1, EVENTS_KEPT + 5)))
    assert len(made.events) == EVENTS_KEPT
    assert in_doubt(made.events) == {}
    assert made.events[0].cause is None
    assert made.events[-1].at == T0 + round((EVENTS_KEPT + 4) * 100)


def test_an_acknowledgement_covers_the_revision_that_was_shown() -> None:
    """Rooms whose press came later go on asking, and the incident stays open."""
    made = incident(press(), press(102, second=1), press(103, second=2))
    part = acknowledged(made, REYES, 2)
    assert part.incident.state == "open"
    assert part.incident.acknowledged is None
    assert [room.place.device for room in part.incident.open_rooms] == ["room-103"]
    assert part.reason == "acknowledged in part: revision 2 did not show every room"
    whole = acknowledged(part.incident, REYES)
    assert (whole.incident.state, whole.incident.acknowledged) == ("acknowledged", REYES)


def test_an_older_revision_does_not_cover_a_second_call_of_its_room() -> None:
    """Shown the press of 0 s, a person has not been shown the same room's press of 61 s."""
    made = incident(press(), press(second=61))
    assert acknowledged(made, REYES, 1).incident.state == "open"
    assert acknowledged(made, REYES, 2).incident.state == "acknowledged"


def test_an_older_revision_covers_a_second_push_of_a_button_that_asks() -> None:
    """The push of 30 s asked nothing new."""
    assert acknowledged(incident(press(), press(second=30)), REYES, 1).incident.state == "acknowledged"


@pytest.mark.parametrize("revision", [0, -1])
def test_a_revision_that_showed_nothing_changes_nothing(revision: int) -> None:
    """Not even the revision rises."""
    made = incident()
    assert acknowledged(made, REYES, revision).incident is made


def test_a_revision_from_the_future_is_the_present_one() -> None:
    """Nobody takes in hand what has not happened."""
    made = acknowledged(incident(), REYES, 99).incident
    assert made.state == "acknowledged"
    assert joined(made, press(102, second=1)).incident.state == "open"


def test_acknowledging_again_changes_nothing() -> None:
    """It is the first person's."""
    made = answered()
    assert acknowledged(made, Deed("Ortiz", T0, "api")).incident is made


@pytest.mark.parametrize("disposition", ["real", "false-alarm", "drill", "test"])
def test_a_resolution_ends_it(disposition: Any) -> None:
    """From open and from acknowledged; no room asks any more, and who acknowledged stays."""
    over = Resolution("Ortiz", T0 + 9000, "api", disposition)
    for made in (incident(), answered()):
        after = resolved(made, over).incident
        assert (after.state, after.resolved, after.open_rooms) == ("resolved", over, ())
        assert after.acknowledged == made.acknowledged
        assert after.revision == made.revision + 1


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (lambda i: joined(i, press(102)), "cannot join a press to incident 41: resolved; allowed: open"),
        (lambda i: acknowledged(i, REYES), "cannot acknowledge incident 41: resolved; allowed: open"),
        (lambda i: resolved(i, OVER), "cannot resolve incident 41: resolved; allowed: open, acknowledged"),
    ],
)
def test_what_is_resolved_takes_nothing_more(wish: Any, words: str) -> None:
    """It says which incident, the state it is in and what was allowed; the incident is as it was."""
    made = resolved(incident(), OVER).incident
    before = repr(made)
    with pytest.raises(IllegalTransitionError, match=words) as caught:
        wish(made)
    assert (caught.value.state, caught.value.allowed) == ("resolved", ("open", "acknowledged"))
    assert repr(made) == before


def test_a_resolution_ends_no_call_that_its_person_was_not_shown() -> None:
    """A room that asks since a later revision refuses it; a second push of one that was shown does not."""
    pushed_again = incident(press(101), press(101, second=1))
    assert resolved(pushed_again, OVER, 1).incident.state == "resolved"
    two = incident(press(101), press(101, second=1), press(102, second=2))
    words = "cannot resolve incident 41: Room 102 pressed after what was on the screen"
    with pytest.raises(UnseenRoomsError, match=words) as refused:
        resolved(two, OVER, 2)
    assert [room.place.device for room in refused.value.rooms] == ["room-102"]
    assert resolved(two, OVER, 3).incident.state == "resolved"
    assert resolved(two, OVER).incident.state == "resolved"


def test_a_note_is_a_change() -> None:
    """The revision rises and nothing else moves."""
    made = answered()
    after = noted(made).incident
    assert after.revision == made.revision + 1
    assert (after.state, after.rooms, after.events) == (made.state, made.rooms, made.events)


def test_an_earlier_reckoning_moves_one_press_and_never_forward() -> None:
    """Its own time and the opening; no new revision, no other event."""
    made = incident(press(second=10), press(102, second=20))
    moved = reckoned_earlier(made, "room-102", press(102, second=20).key, T0 + 5000)
    assert [event.at - T0 for event in moved.events] == [10_000, 5_000]
    assert (moved.opened_at, moved.revision) == (T0 + 5000, made.revision)
    assert reckoned_earlier(made, "room-102", press(102, second=20).key, T0 + 99_000) == made
    assert reckoned_earlier(made, "room-103", press(102, second=20).key, T0).events == made.events


def test_an_earlier_reckoning_moves_what_its_room_asks_with() -> None:
    """The minute after which a press asks anew runs from the press as it is reckoned now."""
    first = press(second=40)
    moved = reckoned_earlier(answered(first), "room-101", first.key, T0)
    assert (moved.rooms[0].asked_at, moved.rooms[0].waits_from) == (T0, T0)
    assert joined(moved, press(second=70)).incident.state == "open"
    again = press(second=50)
    two = joined(incident(first), again).incident
    other = reckoned_earlier(two, "room-101", again.key, T0)
    assert (other.rooms[0].asked_at, other.rooms[0].waits_from) == (T0 + 40_000, T0)


def test_a_room_waits_from_its_oldest_press_without_an_answer() -> None:
    """A later press of it asks anew, and waits no shorter; an answer ends the waiting."""
    made = incident(press(), press(second=100))
    assert (made.rooms[0].asked_at, made.rooms[0].waits_from) == (T0 + 100_000, T0)
    after = joined(acknowledged(made, REYES).incident, press(second=200)).incident
    assert after.rooms[0].waits_from == T0 + 200_000
    assert replace(after.rooms[0], called_at=None).waits_from == T0 + 200_000  # as an older release kept it


def test_a_press_that_is_held_says_so() -> None:
    """Its second alarm is no press of its own, answered or not."""
    held = press(second=3, held=True)
    for made in (incident(), answered()):
        assert joined(made, held).reason == "held for 3 s"
    assert joined(incident(press(102)), held).reason == "another room"


def test_two_ways_to_one_revision_are_told_apart() -> None:
    """A revision made by another press, or by an answer, bears another trace; the same way the same."""
    made = incident()
    after = [
        joined(made, press(102, second=1)).incident,
        joined(made, press(103, second=1)).incident,
        acknowledged(made, REYES).incident,
        resolved(made, OVER).incident,
        noted(made).incident,
    ]
    assert {one.revision for one in after} == {2}
    assert len({one.trace for one in after}) == 5
    assert joined(made, press(102, second=1)).incident == after[0]


ROOMS = st.integers(101, 103)
KINDS = st.sampled_from(["panic", "duress", "medical", "assist"])


@given(st.lists(st.one_of(st.tuples(ROOMS, KINDS, st.integers(0, 300)), st.integers(0, 30)), max_size=20))
def test_the_state_follows_from_who_asks(steps: list[Any]) -> None:
    """After any presses and answers it is open exactly while a room asks, and revisions only rise."""
    made = incident()
    for step in steps:
        old = made
        if isinstance(step, int):
            made = acknowledged(made, REYES, step).incident
        else:
            number, kind, second = step
            made = joined(made, press(number, kind, second)).incident
            assert made.revision == old.revision + 1
        assert made.revision >= old.revision
        assert made.state == ("open" if made.open_rooms else "acknowledged")
        assert (made.acknowledged is not None) == (made.state == "acknowledged")
        assert all(room.asks_since <= made.revision for room in made.rooms)
        assert len({room.place.device for room in made.rooms}) == len(made.rooms)


def test_a_certain_press_asks_anew_where_all_was_in_doubt() -> None:
    """Whoever took "pressed or cut" in hand for a broken wire must learn that somebody did press."""
    change = joined(answered(press(cause="cut")), press(second=20))
    assert change.restarts
    assert change.incident.state == "open"
    assert "pressed for certain" in change.reason
    again = joined(acknowledged(change.incident, REYES).incident, press(second=40))
    assert again.incident.state == "acknowledged"


def test_more_doubt_asks_nobody_anew() -> None:
    """A wire that goes on being cut is what the person has in hand."""
    assert (
        joined(answered(press(cause="cut")), press(second=20, cause="cut")).incident.state == "acknowledged"
    )


def _deed(wish: Wish) -> Callable[[Incident], Change]:
    """Return a call that is this wish, whichever state its incident is in."""
    calls: dict[Wish, Callable[[Incident], Change]] = {
        "press: higher kind": lambda i: joined(i, press(101, second=1)),
        "press: another room": lambda i: joined(i, press(103, "medical", 1)),
        "press: higher kind in its room": lambda i: joined(i, press(102, "medical", 1)),
        "press: same room later": lambda i: joined(i, press(101, "medical", 61)),
        "press: certain at last": lambda i: joined(i, press(104, "medical", 1)),
        "press: not expected in its drill": lambda i: joined(
            i, replace(press(101, "medical", 1), in_drill="not-expected")
        ),
        "press: same room": lambda i: joined(i, press(101, "medical", 1)),
        "acknowledge: all shown": lambda i: acknowledged(i, REYES),
        "acknowledge: part shown": lambda i: acknowledged(i, REYES, 1),
        "acknowledge: none shown": lambda i: acknowledged(i, REYES, 0),
        "door closed": lambda i: closed(i, 5),
        "note": noted,
        "confirm": lambda i: confirmed(i, "by Reyes"),
        "resolve: all shown": lambda i: resolved(i, OVER),
        "resolve: part shown": lambda i: resolved(i, OVER, 1),
    }
    return calls[wish]


@pytest.mark.parametrize("state", ["open", "acknowledged", "resolved"])
@pytest.mark.parametrize("wish", get_args(Wish))
def test_what_happens_is_what_the_table_says(state: State, wish: Wish) -> None:
    """Every wish in every state, through the functions that people's words and presses go through."""
    rooms = press(101, "medical"), press(102, "assist"), press(104, "medical", cause="cut")
    made = incident(*rooms)
    if state != "open":
        made = acknowledged(made, REYES).incident
    if state == "resolved":
        made = resolved(made, OVER).incident
    rule = TABLE.get((state, wish))
    if state == "acknowledged" and wish.endswith(("part shown", "none shown")):
        rule = TABLE[(state, "acknowledge: all shown" if wish.startswith("a") else "resolve: all shown")]
    if rule is None:
        with pytest.raises((IllegalTransitionError, UnseenRoomsError)):
            _deed(wish)(made)
        return
    change = _deed(wish)(made)
    after = change.incident
    assert (after.state, change.restarts) == (rule.becomes, rule.restarts)
    if wish.startswith("press"):
        room = next(room for room in after.rooms if room.place == after.events[-1].place)
        assert (room.asks_since == after.revision) is rule.asks


def test_every_kind_has_a_response_of_the_protocol() -> None:
    """A panic is a lockdown, somebody hurt is a hold; a silent call names nothing to announce."""
    assert set(RESPONSES) == set(INCIDENT_KINDS)
    assert (RESPONSES["panic"].posture, RESPONSES["medical"].posture) == ("lockdown", "hold")
    assert RESPONSES["duress"].posture is None
