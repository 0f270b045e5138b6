"""Codes and identities, as scripts: who holds which room, through every crash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from config.hub_settings import WalkTestSettings
from hub.asking import Refused
from hub.enrolment.asking import (
    Assigned,
    AssignSpare,
    CodeMade,
    Enrol,
    Enrolled,
    Hold,
    MakeCode,
    Renew,
    Revoke,
    Revoked,
    SessionOver,
)
from hub.enrolment.identity import Identity
from hub.inputs import Asked, DoorTried, TimeOver
from hub.store.retention import Due
from tests.scenarios.rig import Rig, site_settings
from tests.scenarios.test_walk_tests import begin, record, tells

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
T = TypeVar("T")


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def asked(rig: Rig, action: Any, kind: type[T]) -> T:
    answer = rig.ask(action)
    assert isinstance(answer, kind), answer
    return answer


def made(rig: Rig, secret: str, device: str | None = "room-101", **more: Any) -> CodeMade:
    """Lee makes a code."""
    return asked(
        rig, MakeCode(hashed(secret), device, more.pop("for_s", DAY_S), "Lee", "command", **more), CodeMade
    )


def shows(secret: str, key: str = "k1", device: str = "room-101", serial: str = "") -> Enrol:
    """What an agent's word is once the door has signed its key."""
    return Enrol(
        hashed(secret), serial or f"s-{key}", f"lincoln.{device}", hashed(key), f"PEM of {key}", "10.0.0.9"
    )


def enrols(rig: Rig, secret: str, key: str = "k1", device: str = "room-101", **more: Any) -> Identity:
    """An agent shows a code, and then its certificate."""
    one = asked(rig, shows(secret, key, device), Enrolled).identity
    return asked(rig, Hold(one.serial, "10.0.0.9"), Enrolled).identity


def enrolled(rig: Rig, key: str = "k1", **more: Any) -> Identity:
    made(rig, f"for {key}", **more)
    return enrols(rig, f"for {key}", key)


def refused(rig: Rig, action: Any, state: str | None) -> str:
    answer = asked(rig, action, Refused)
    assert answer.state == state, answer
    return answer.detail


def spare_of(rig: Rig, key: str) -> Identity:
    made(rig, f"spare {key}", None)
    return enrols(rig, f"spare {key}", key, f"spare-{hashed(key)[:8]}")


def states(rig: Rig) -> dict[str, str]:
    return {one.serial: one.state for one in rig.view.identities.values()}


def test_a_certificate_is_nobodys_until_its_agent_has_shown_it(rig: Rig) -> None:
    """Only then has it any right at the broker."""
    made(rig, "a")
    one = asked(rig, shows("a"), Enrolled).identity
    assert (one.state, one.device, one.name) == ("signed", "room-101", "lincoln.room-101")
    assert rig.site.book.rights().devices == frozenset()
    held = asked(rig, Hold(one.serial, "10.0.0.9"), Enrolled).identity
    assert held.state == "held"
    rights = rig.site.book.rights()
    assert (rights.devices, rights.revoked) == (frozenset({"room-101"}), ())
    assert record(rig, "code-made", "certificate-signed", "enrolled") == [
        "for Room 101",
        "its agent showed a code",
        "its agent has shown its certificate",
    ]


def test_a_code_is_used_once(rig: Rig) -> None:
    """By one key; whoever has another is told that it was used."""
    made(rig, "a")
    enrols(rig, "a")
    detail = refused(rig, shows("a", "k2"), "used")
    assert detail.startswith("this code was used by another agent on 2026-")
    assert states(rig) == {"s-k1": "held"}


def test_an_answer_that_was_lost_is_given_again_to_the_same_key(rig: Rig) -> None:
    """The same certificate, though the door has signed another meanwhile; also after a restart of the hub."""
    made(rig, "a")
    first = asked(rig, shows("a", serial="first"), Enrolled).identity
    rig.restart(5)
    again = asked(rig, shows("a", serial="second"), Enrolled).identity
    assert again == first
    asked(rig, Hold("first", "10.0.0.9"), Enrolled)
    assert asked(rig, shows("a", serial="third"), Enrolled).identity.serial == "first"
    assert asked(rig, Hold("first", "10.0.0.9"), Enrolled).identity.state == "held"
    assert states(rig) == {"first": "held"}


@pytest.mark.parametrize("kept", [0, 1])
def test_a_crash_before_the_answer_leaves_a_code_that_can_be_used(rig: Rig, kept: int) -> None:
    """Whether what was decided is on the disk or not: the same agent asks again, and gets one certificate."""
    made(rig, "a")
    rig.disk = "hung"
    rig.ask(shows("a", serial="first"))
    rig.commit_only(kept)
    rig.restart(3)
    one = asked(rig, shows("a", serial="second"), Enrolled).identity
    assert one.serial == ("first" if kept else "second")
    assert asked(rig, Hold(one.serial, "10.0.0.9"), Enrolled).identity.state == "held"
    assert [each.state for each in rig.view.identities.values()] == ["held"]


def test_a_certificate_that_nobody_shows_is_revoked_in_the_end(rig: Rig) -> None:
    """With the code's end: nobody is left whom nobody is; and the same code says what to do."""
    made(rig, "a")
    asked(rig, shows("a"), Enrolled)
    rig.wait(DAY_S - 10)
    assert states(rig) == {"s-k1": "signed"}
    rig.restart(5)
    rig.wait(10)
    assert states(rig) == {"s-k1": "revoked"}
    assert rig.site.book.rights().revoked == ("s-k1",)
    assert "is revoked: never shown" in refused(rig, shows("a"), "revoked")
    assert "is revoked" in refused(rig, Hold("s-k1", "x"), "revoked")


@pytest.mark.parametrize("jump_s", [-365 * DAY_S, 365 * DAY_S])
def test_a_code_ends_by_true_time(rig: Rig, jump_s: float) -> None:
    """Wherever the hub's clock goes meanwhile."""
    made(rig, "a", for_s=HOUR_S)
    made(rig, "b", "room-102", for_s=HOUR_S)
    rig.wait(HOUR_S / 2)
    rig.wall_jumps(jump_s)
    rig.wait(HOUR_S / 2 - 10)
    enrols(rig, "a")
    rig.wait(20)
    assert "this code ended on" in refused(rig, shows("b", "k2", "room-102"), "ended")


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (MakeCode("d", "room-999", DAY_S, "Lee", "command"), "not-found"),
        (MakeCode("d", "room-101", 59, "Lee", "command"), "bad-input"),
        (MakeCode("d", "room-101", 31 * DAY_S, "Lee", "command"), "bad-input"),
        (shows("never made"), "not-found"),
        (Hold("nobody's", "x"), "not-found"),
        (Renew("nobody's", "s", "n", "k", "PEM", "x"), "not-found"),
        (AssignSpare("spare-1", "room-101", "Lee", "command"), "not-found"),
        (AssignSpare("room-101", "room-102", "Lee", "command"), "not-found"),
        (Revoke("room-101", "Lee", "command"), "not-found"),
    ],
)
def test_what_is_not_there_is_refused(rig: Rig, action: Any, error: str) -> None:
    """And nothing is kept of it."""
    assert asked(rig, action, Refused).error == error
    assert rig.view.codes == {}
    assert rig.view.identities == {}


def test_a_name_that_is_taken_is_refused(rig: Rig) -> None:
    """When the code is made, and when it is used, if another was enrolled meanwhile."""
    enrolled(rig)
    detail = refused(rig, MakeCode("d", "room-101", DAY_S, "Lee", "command"), "taken")
    assert detail.startswith("Room 101 (room-101) has an agent, since 2026-")
    made(rig, "b", "room-102")
    asked(rig, AssignSpare(spare_of(rig, "k3").device, "room-102", "Lee", "command"), Assigned)
    taken = Renew("s-k3", "s-new", "lincoln.room-102", hashed("k4"), "PEM", "x")
    asked(rig, Hold(asked(rig, taken, Enrolled).identity.serial, "x"), Enrolled)
    refused(rig, shows("b", "k5", "room-102"), "taken")


def test_of_two_that_were_signed_for_a_free_room_the_first_to_show_itself_has_it(rig: Rig) -> None:
    """The other is told so, and is on the list of the revoked."""
    made(rig, "a")
    asked(rig, shows("a"), Enrolled)
    made(rig, "b")
    asked(rig, shows("b", "k2"), Enrolled)
    asked(rig, Hold("s-k1", "x"), Enrolled)
    assert states(rig) == {"s-k1": "held", "s-k2": "revoked"}
    refused(rig, Hold("s-k2", "x"), "revoked")


def test_a_newer_code_for_a_room_ends_the_older(rig: Rig) -> None:
    """Whoever finds the first slip of paper can't use it."""
    made(rig, "a")
    assert made(rig, "b").instead_of == 1
    assert "a newer code was made" in refused(rig, shows("a"), "void")
    enrols(rig, "b")


def test_a_broken_pi_is_replaced_and_the_old_one_is_out_once_the_new_one_is_in(rig: Rig) -> None:
    """Until then it works; what was enrolled before stays to be seen."""
    enrolled(rig)
    made(rig, "new", replace=True)
    asked(rig, shows("new", "k2"), Enrolled)
    assert states(rig) == {"s-k1": "held", "s-k2": "signed"}
    asked(rig, Hold("s-k2", "10.0.0.10"), Enrolled)
    old = rig.view.identities["s-k1"]
    assert (old.state, old.why) == ("revoked", "room-101 has another certificate now")
    rights = rig.site.book.rights()
    assert (rights.devices, rights.revoked) == (frozenset({"room-101"}), ("s-k1",))
    assert [one.serial for one in rights.close] == ["s-k1"]
    assert record(rig, "replaced") == ["in the place of the agent that was there"]


def test_a_replaced_room_is_not_proved_until_somebody_presses_there(make_rig: Callable[..., Rig]) -> None:
    """In a walk test that a person opens; a new key of the same agent changes nothing."""
    rig = make_rig(site_settings(walk_tests=WalkTestSettings(prove_every_days=30)))
    enrolled(rig)
    tells(rig)
    prove(rig)
    assert rig.troubles("prove-again") == []
    rig.wait(2 * HOUR_S)
    asked(rig, Renew("s-k1", "s-k2", "lincoln.room-101", hashed("k2"), "PEM", "x"), Enrolled)
    asked(rig, Hold("s-k2", "x"), Enrolled)
    assert rig.troubles("prove-again") == []
    made(rig, "new", replace=True)
    enrols(rig, "new", "k3")
    rig.wait(1)
    assert rig.troubles("prove-again") == ["prove-again room-101"]
    why = rig.view.troubles["prove-again room-101"].detail
    assert "its device was replaced since it was proved: wall, desk" in why
    rig.restart(60)
    tells(rig)
    assert rig.troubles("prove-again") == ["prove-again room-101"]
    prove(rig)
    rig.wait(HOUR_S)
    assert rig.troubles("prove-again") == []


def prove(rig: Rig) -> None:
    begin(rig, room=101)
    for zone, kind in {
        "wall": "panic",
        "desk": "panic",
        "quiet": "duress",
        "nurse": "medical",
        "help": "assist",
    }.items():
        rig.press(101, zone, kind, test=True)
        rig.wait(5)


def test_an_agent_renews_its_key_and_not_too_often(rig: Rig) -> None:
    """Each of them makes the list of the revoked ones longer."""
    enrolled(rig)
    again = Renew("s-k1", "s-k2", "lincoln.room-101", hashed("k2"), "PEM", "x")
    refused(rig, again, "renewed")
    rig.wait(HOUR_S)
    asked(rig, again, Enrolled)
    refused(rig, Renew("s-k1", "s-k3", "lincoln.room-101", hashed("k3"), "PEM", "x"), "renewed")
    asked(rig, Hold("s-k2", "x"), Enrolled)
    assert states(rig) == {"s-k1": "revoked", "s-k2": "held"}
    assert record(rig, "renewed") == ["its agent has a new key"]


def test_a_room_that_the_settings_no_longer_list_keeps_the_certificate_it_has(rig: Rig) -> None:
    """Renewed, it would be a spare's, without any right at the broker."""
    enrolled(rig)
    rig.wait(HOUR_S)
    rooms = tuple(room for room in rig.settings.rooms if room.device != "room-101")
    rig.reload(replace(rig.settings, rooms=rooms))
    again = Renew("s-k1", "s-k2", "lincoln.room-101", hashed("k2"), "PEM", "x")
    assert "the settings have no room with the device 'room-101'" in refused(rig, again, None)
    assert states(rig) == {"s-k1": "held"}
    assert rig.site.book.rights().devices == frozenset({"room-101"})


def test_what_another_key_took_the_place_of_is_told_to_the_broker(rig: Rig) -> None:
    """Its certificate has the room's name: nobody may speak with it."""
    asked(rig, AssignSpare(spare_of(rig, "k1").device, "room-101", "Lee", "board"), Assigned)
    asked(rig, Renew("s-k1", "s-k2", "lincoln.room-101", hashed("k2"), "PEM", "x"), Enrolled)
    again = Renew("s-k1", "s-k3", "lincoln.room-101", hashed("k3"), "PEM", "x")
    decision = rig.site.decide(Asked(again, lambda _: None), rig.now())
    assert [one.state for one in rig.site.book.all.values()] == ["held", "revoked", "signed"]
    assert decision.rights is not None
    assert (decision.rights.devices, decision.rights.revoked) == (frozenset(), ("s-k2",))


def test_a_stolen_pi_is_revoked(rig: Rig) -> None:
    """Its certificates, and the codes for its room; its session is owed an end until there is none."""
    enrolled(rig)
    made(rig, "b", replace=True)
    gone = asked(rig, Revoke("room-101", "Lee", "command", "stolen from the hall"), Revoked)
    assert (len(gone.identities), gone.codes) == (1, 1)
    refused(rig, shows("b", "k2"), "void")
    refused(rig, Hold("s-k1", "x"), "revoked")
    refused(rig, Renew("s-k1", "s-k2", "lincoln.room-101", hashed("k2"), "PEM", "x"), "revoked")
    assert record(rig, "revoked") == [""]  # who did it and why lie beside the chain
    rig.restart(5)
    rights = rig.site.book.rights()
    assert (rights.devices, rights.revoked) == (frozenset(), ("s-k1",))
    assert [one.serial for one in rights.close] == ["s-k1"]
    rig._input(SessionOver("s-k1"))
    assert rig.site.book.rights().close == ()
    rig.restart(5)
    assert rig.site.book.rights().close == ()
    enrolled(rig, "k5")  # the room is free again


def test_who_made_a_code_or_gave_a_room_goes_with_its_row(rig: Rig) -> None:
    """From what is kept outside the record, too."""
    enrolled(rig)
    spare = spare_of(rig, "k2").device
    asked(rig, AssignSpare(spare, "room-102", "Mo Giver", "board"), Assigned)
    asked(rig, Revoke("room-101", "Lee", "command", "stolen"), Revoked)
    due, after = Due(rig._reader, "lincoln"), (-1, "")
    while found := due.personal(rig.now().wall + 1, after):
        rig._input(TimeOver("older than its time", tuple(found)))
        after = found[-1]
    loaded = rig.journal.load()
    assert {code.by for code in loaded.codes} == {"(removed)"}
    assert {one.by for one in loaded.identities} == {"(removed)"}
    assert {one.room_by for one in loaded.identities} == {None, "(removed)"}


def test_whoever_tries_the_door_is_a_trouble(rig: Rig) -> None:
    """With how often, and from where; it is over after a quiet day."""
    rig._input(DoorTried("code", 12, "10.0.0.66"))
    rig._input(DoorTried("certificate", 1, "10.0.0.67", "serial 1f"))
    assert rig.troubles("door-code", "door-certificate") == ["door certificate", "door code"]
    assert rig.view.troubles["door code"].detail == (
        "12 with no code of this hub's came to the agents' door, the last from 10.0.0.66"
    )
    rig.wait(25 * HOUR_S)
    assert rig.troubles("door-code", "door-certificate") == []
