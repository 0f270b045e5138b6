"""What is owed to far sides: tried again, withdrawn, given up; and how a channel fares."""

from __future__ import annotations

import msgspec
import pytest

from hub.asking import Acknowledge, Note, Resolve
from hub.channels.lane import Lane
from hub.decision import Decision
from hub.delivery import LONGEST_PAUSE_S, Delivery, Outcome, Target, delivery_id, pause_s, urgency
from hub.inputs import Asked, Attempted
from hub.loaded import Loaded
from hub.outbound import UNHEARD_S
from hub.places import PLACES
from hub.site import Site
from tests.hub.making import T0, at, event_bytes, new_site, reasons, shown, take, tick
from tests.scenarios.rig import site_settings

DOWN, TAKEN, NEVER = (
    Outcome("temporary", "503"),
    Outcome("delivered", "200", "ref-7"),
    Outcome("permanent", "410"),
)


def told(site: Site, delivery: Delivery, outcome: Outcome, second: float) -> Decision:
    return shown(site.decide(Attempted(delivery.id, outcome), at(second)))


def first(site: Site) -> Delivery:
    return take(site, event_bytes()).owed[0]


def test_a_failure_is_tried_again_after_its_pause() -> None:
    """Not before; the attempt is in the timeline and the stored delivery says when the next comes."""
    site = new_site()
    delivery = first(site)
    decision = told(site, delivery, DOWN, 1)
    kept = decision.deliveries[delivery.id]
    pause = pause_s(kept)
    assert (kept.attempts, kept.state, kept.next_try) == (1, "owed", T0 + round((1 + pause) * 1000))
    assert reasons(decision, "delivery-failed") == [f"503 (attempt 1, 0 ms); again in {pause:.1f} s"]
    assert tick(site, 1 + pause - 0.01).owed == []
    again = tick(site, 1 + pause + 0.001).owed
    assert [(d.id, d.body) for d in again] == [(delivery.id, delivery.body)]


def test_pauses_double_to_a_minute_and_differ() -> None:
    """1 s to 60 s, each up to a tenth off, so that many deliveries don't fall together."""
    target = Target("sro", "hook", "-")
    pauses = []
    for attempts in range(1, 30):
        some = [
            pause_s(Delivery(str(n), "i", 1, target, "incident.opened", 1, 0, b"", "", 0, attempts=attempts))
            for n in range(50)
        ]
        middle = min(2.0 ** (attempts - 1), LONGEST_PAUSE_S)
        assert all(0.9 * middle <= pause <= 1.1 * middle for pause in some)
        assert len(set(some)) > 25
        pauses.append(middle)
    assert pauses[-1] == LONGEST_PAUSE_S


def test_what_was_delivered_is_not_owed() -> None:
    """With the far side's reference in the timeline, and the channel's last success kept."""
    site = new_site()
    delivery = first(site)
    decision = told(site, delivery, TAKEN, 2)
    assert decision.deliveries[delivery.id].state == "delivered"
    line = next(row for row in decision.record if row.what == "delivered")
    assert (line.reason, line.detail["reference"]) == ("200 (attempt 1, 0 ms)", "ref-7")
    assert decision.facts["channel sro"] == str(T0 + 2000)
    assert site.view.channels["sro"].last_success == T0 + 2000
    assert told(site, delivery, DOWN, 3).is_empty


def test_a_permanent_refusal_ends_it_and_is_a_trouble_at_once() -> None:
    """It is never tried again; the plan's next step begins at once, for nobody heard of it."""
    site = new_site()
    delivery = first(site)
    decision = told(site, delivery, NEVER, 2)
    assert decision.deliveries[delivery.id].state == "failed"
    assert [trouble.key for trouble in decision.troubles] == ["channel sro -"]
    assert [d.target.audience for d in decision.owed] == ["principal"]
    assert tick(site, 30).owed == []


def test_two_failures_are_a_trouble_until_a_success() -> None:
    """The trouble names what the far side said."""
    site = new_site()
    delivery = first(site)
    assert told(site, delivery, DOWN, 1).troubles == []
    (trouble,) = told(site, delivery, DOWN, 3).troubles
    assert (trouble.key, trouble.what, trouble.detail) == ("channel sro -", "channel", "sro: 503")
    (restored,) = told(site, delivery, TAKEN, 5).troubles
    assert restored.restored == T0 + 5000


def test_a_newer_update_withdraws_an_older_one() -> None:
    """The older one is told nobody; the first notice stays owed whatever comes after it."""
    site = new_site()
    opened = first(site)
    take(site, event_bytes(id="e2"), 1, device="room-102")
    (older,) = tick(site, 2).owed
    take(site, event_bytes(id="e3"), 3, device="room-103")
    decision = tick(site, 4)
    (newer,) = decision.owed
    assert (older.type, newer.type) == ("incident.updated", "incident.updated")
    assert decision.withdrawn == [older.id]
    assert decision.deliveries[older.id].state == "withdrawn"
    assert reasons(decision, "delivery-withdrawn") == ["overtaken by revision 3"]
    late = told(site, older, TAKEN, 5)  # it was under way: what came of it is said, and changes nothing
    assert "under way when it was overtaken" in reasons(late, "delivered")[0]
    assert not late.deliveries
    assert told(site, older, TAKEN, 6).is_empty
    assert not told(site, opened, TAKEN, 5).is_empty


def test_an_answer_withdraws_updates() -> None:
    """Who hears that it is in hand need not hear of the update before."""
    site = new_site()
    incident = first(site).incident
    take(site, event_bytes(id="e2"), 1, device="room-102")
    (update,) = tick(site, 2).owed
    decision = site.decide(Asked(Acknowledge(incident, "Reyes", "board"), lambda _: None), at(3))
    assert decision.withdrawn == [update.id]
    assert [d.type for d in decision.owed] == ["incident.acknowledged"]


def test_what_a_start_finds_owed_is_handed_out() -> None:
    """At once, or at its next try; never later than the pause it had."""
    site = new_site()
    decision = take(site, event_bytes())
    (incident, course) = next(iter(decision.incidents.values()))
    fresh = decision.owed[0]
    waiting = told(site, fresh, DOWN, 1).deliveries[fresh.id]
    for owed, before, after in ((fresh, 2.0, 2.0), (waiting, 1.5, 2.2)):
        loaded = Loaded(seq=50, incidents=[(incident, course)], deliveries=[owed])
        back = new_site(loaded=loaded, start=before)
        assert [d.id for d in tick(back, after).owed if d.type == "incident.opened"] == [fresh.id]
    far_off = Loaded(deliveries=[waiting])
    behind = new_site(loaded=far_off, start=-86_400)
    deadline = behind.next_deadline()
    assert deadline is not None
    assert deadline <= at(-86_400).mono + pause_s(waiting)


def test_a_wall_clock_that_jumps_moves_stored_tries_with_it() -> None:
    """Rewritten, they name the same moment by the new wall clock."""
    site = new_site()
    delivery = first(site)
    kept = told(site, delivery, DOWN, 1).deliveries[delivery.id]
    later = at(1)._replace(wall=at(1).wall + 3_600_000)
    moved = site.rewritten(later, 3_600_000).deliveries[delivery.id]
    assert moved.next_try == pytest.approx(kept.next_try + 3_600_000, abs=1)


def test_ids_follow_from_facts() -> None:
    """The same facts give the same id; each fact is in it."""
    target = Target("sro", "hook", "-")
    one = delivery_id("i-1", "t", target, "incident.opened", 0)
    assert one == delivery_id("i-1", "t", target, "incident.opened", 0)
    others = {
        delivery_id("i-2", "t", target, "incident.opened", 0),
        delivery_id("i-1", "u", target, "incident.opened", 0),
        delivery_id("i-1", "t", Target("chief", "hook", "-"), "incident.opened", 0),
        delivery_id("i-1", "t", Target("sro", "mail", "-"), "incident.opened", 0),
        delivery_id("i-1", "t", Target("sro", "hook", "phone"), "incident.opened", 0),
        delivery_id("i-1", "t", target, "incident.updated", 0),
        delivery_id("i-1", "t", target, "incident.opened", 1),
    }
    assert len(others | {one}) == 8


def test_a_panics_first_notice_comes_before_everything() -> None:
    """First notices by kind, then all else by kind."""
    order = sorted(
        ((rank, kind) for rank in range(4) for kind in ("incident.updated", "incident.opened")),
        key=lambda pair: urgency(pair[0], pair[1]),  # type: ignore[arg-type]
    )
    assert order == [(rank, kind) for kind in ("incident.opened", "incident.updated") for rank in range(4)]


def test_a_course_that_is_kept_knows_when_it_was() -> None:
    """What remained then is the most that can remain: see test_escalation."""
    site = new_site()
    decision = take(site, event_bytes())
    (_, course) = next(iter(decision.incidents.values()))
    assert course.kept_at == T0
    assert site.incidents.courses.kept(next(iter(decision.incidents)), at(5)).kept_at == T0 + 5000


def test_an_acknowledgement_not_yet_told_is_overtaken_by_the_opening_again() -> None:
    """A person whose phone was off must not hear "acknowledged" once the incident asks again: at once."""
    site = new_site()
    opened = first(site)
    told(site, opened, TAKEN, 0)
    acknowledged = site.decide(Asked(Acknowledge(opened.incident, "Reyes", "board"), lambda _: None), at(3))
    (calm,) = acknowledged.owed
    assert calm.type == "incident.acknowledged"
    reopened = take(site, event_bytes(id="e2"), 4, device="room-102")
    assert reopened.withdrawn == [calm.id]
    assert reasons(reopened, "delivery-withdrawn") == ["open at revision 3: nobody has all of it in hand"]
    assert [delivery.type for delivery in tick(site, 6).owed] == ["incident.updated"]


def test_a_delivery_of_which_nothing_is_heard_is_handed_out_again() -> None:
    """A channel that lost it must not keep it owed until a restart."""
    site = new_site()
    opened = first(site)
    assert opened.id not in {delivery.id for delivery in tick(site, UNHEARD_S - 1).owed}
    assert opened.id in {delivery.id for delivery in tick(site, UNHEARD_S + 1).owed}
    told(site, opened, TAKEN, UNHEARD_S + 2)
    assert opened.id not in {delivery.id for delivery in tick(site, 3 * UNHEARD_S).owed}


def test_what_a_start_hands_out_and_overtakes_at_once_is_not_told() -> None:
    """Owed and overtaken in one look: the update of before must not follow the one that says more."""
    site = new_site()
    told(site, first(site), TAKEN, 0)
    take(site, event_bytes(id="e2"), 1, device="room-102")
    (older,) = tick(site, 2).owed
    (kept,) = take(site, event_bytes(id="e3"), 3, device="room-103").incidents.values()
    loaded = Loaded(seq=50, incidents=[kept], deliveries=[older])
    back = tick(new_site(loaded=loaded, start=10), 10)
    assert back.deliveries[older.id].state == "withdrawn"
    assert [(delivery.type, delivery.revision) for delivery in back.owed] == [("incident.updated", 3)]


def test_a_reminder_is_overtaken_only_by_what_ends_its_reason() -> None:
    """An update has not its words; a note is a sign that somebody is at work, and withdraws it at once."""
    for sign in (None, "note", "resolve", "another room"):
        site = new_site()
        opened = first(site)
        told(site, opened, TAKEN, 0)
        (calm,) = site.decide(Asked(Acknowledge(opened.incident, "Reyes", "board"), str), at(3)).owed
        told(site, calm, TAKEN, 3)
        for second in (30, 60, 90):
            for owed in tick(site, second).owed:
                told(site, owed, TAKEN, second)
        (reminder,) = [owed for owed in tick(site, 304).owed if owed.incident]
        assert (reminder.reminds, reminder.quiet, reminder.type) == (True, True, "incident.updated")
        told(site, reminder, DOWN, 304)
        if sign is None:  # the same button again, soon after: told, and no sign of anybody at work
            take(site, event_bytes(id="e2", age_ms=280_000), 305)
            updates = [d for d in tick(site, 307).owed if d.target == reminder.target and not d.reminds]
            assert [update.revision for update in updates] == [3]
            assert reminder.id in site.outbound._owed
            continue
        if sign == "another room":
            decision = take(site, event_bytes(id="e2"), 305, device="room-102")
        else:
            note = Note(opened.incident, "Reyes", "board", "on my way")
            over = Resolve(opened.incident, "Reyes", "board", "real")
            decision = site.decide(Asked(note if sign == "note" else over, str), at(305))
        assert decision.deliveries[reminder.id].state == "withdrawn", sign
        (why,) = reasons(decision, "delivery-withdrawn")
        assert why in (
            "somebody was heard of",
            "overtaken by revision 3",
            "open at revision 3: nobody has all of it in hand",
        )


def test_of_more_alarms_than_a_notice_carries_none_goes_untold() -> None:
    """A far side that is down while 1,300 alarms come: what stays owed to it says every one of them."""
    site = new_site()
    told(site, first(site), DOWN, 0)
    sent = {"e1"}
    for number in range(2, 1301):
        sent.add(f"e{number}")
        second = number / 10
        take(site, event_bytes(id=f"e{number}", seq=number), second, device=f"room-{101 + number % 60}")
        if number % 20 == 0:
            tick(site, second)
    tick(site, 140)
    owed = [d for d in site.outbound._owed.values() if d.target.channel == "sro" and d.incident]
    said = {e["id"] for d in owed for e in msgspec.json.decode(d.body)["incident"]["events"]}
    assert said == sent
    assert len(owed) <= 6


def test_an_alarm_receiver_is_told_each_rooms_alarm_at_once_and_it_stays_owed() -> None:
    """Its channel is down: each room's alarm is owed as a first notice; other changes overtake each other."""
    site = new_site(kinds={"sro": "dc-09"})
    (opened,) = take(site, event_bytes()).owed
    rooms = []
    for second, room in ((0.1, 102), (0.2, 103)):
        decision = take(site, event_bytes(id=f"e{room}"), second, device=f"room-{room}")
        rooms += decision.owed
        assert (decision.withdrawn, [d.urgency for d in decision.owed]) == ([], [0])
    assert [d.reason for d in rooms] == ["revision 2; Room 102", "revision 3; Room 103"]
    assert take(site, event_bytes(id="again"), 0.3, device="room-103").owed == []  # no other room
    over = site.decide(Asked(Resolve(opened.incident, "Reyes", "board", "real"), str), at(5))
    assert over.withdrawn == [] or set(over.withdrawn).isdisjoint({d.id for d in (opened, *rooms)})
    owed = [d for d in site.outbound._owed.values() if d.target.channel == "sro"]
    assert {d.id for d in owed} >= {opened.id, *(d.id for d in rooms)}
    told_person = new_site()
    take(told_person, event_bytes())
    assert take(told_person, event_bytes(id="e2"), 0.1, device="room-102").owed == []


def test_a_channel_holds_so_many_and_the_rest_waits_in_order() -> None:
    """A storm of incidents on a far side that hangs: so many of its first notices at a time, oldest first."""
    site = new_site(site_settings("device"))
    rooms = range(101, 101 + PLACES + 24)
    out = [d for n in rooms for d in take(site, event_bytes(), device=f"room-{n}").owed]
    assert [d.number for d in out] == list(range(1, PLACES + 1))
    assert len(site.outbound._owed) == len(rooms)
    following = told(site, out[3], TAKEN, 1).owed
    assert [d.number for d in following] == [PLACES + 1]
    assert told(site, out[4], DOWN, 1).owed[0].number == PLACES + 2
    for second, delivery in ((1.5, following[0]), (1.6, out[5])):
        assert len([d for d in told(site, delivery, NEVER, second).owed if d.target.channel == "sro"]) == 1


def test_what_is_most_urgent_never_waits_for_a_place() -> None:
    """However many updates are with a channel, a first notice goes to it at once; a panic's before a call."""
    site = new_site(site_settings("device"))
    for n in range(101, 101 + PLACES + 24):
        take(site, event_bytes(zone="nurse", kind="medical"), device=f"room-{n}")
    (panic,) = take(site, event_bytes(id="p"), 1, device="room-900").owed
    assert (panic.type, panic.urgency) == ("incident.opened", 0)
    lane = Lane(at_once=1, targets=1)
    for delivery in (*site.outbound._owed.values(),):
        lane.take(delivery)
    begun = lane.begin()
    assert begun is not None
    assert begun.id == panic.id


def test_whoever_hears_that_it_is_over_has_heard_of_it() -> None:
    """A first notice in its pause goes out with the resolution, ahead of it: later it would be an alarm."""
    site = new_site()
    opened = first(site)
    for second in (1, 3, 6, 11):
        told(site, opened, DOWN, second)
    over = site.decide(Asked(Resolve(opened.incident, "Reyes", "board", "real"), str), at(12))
    mine = [d.type for d in over.owed if d.target.channel == "sro"]
    assert mine == ["incident.opened", "incident.resolved"]
